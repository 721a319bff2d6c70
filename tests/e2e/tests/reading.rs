//! From a list of traces to what one span says, and the same again from the address.

mod common;

use common::{drawn, file, folder, open_sample, row_at};
use e2e::{Page, Result, Setup, Site, run};
use serde_json::json;

/// Height of a box of the flame graph.
const LANE: i32 = 26;

#[test]
fn list_to_trace_to_span() -> Result {
    run(Setup::new("list-to-span"), |page| {
        open_sample(page, "busy-minute.json.gz")?;
        page.sees(&["300 traces", "Duration over time", "p50", "frontend POST /api/checkout"])?;
        // The longest is on top.
        page.sees(&["7.26 s"])?;
        page.click(&page.element("[role=grid] .trace")?)?;
        page.idle()?;
        assert_eq!(page.state_of("view")?, "waterfall");
        page.sees(&["POST /api/checkout frontend", "7.26 s", "83 spans", "critical path:"])?;
        assert!(!page.has("[aria-label^='Details of']")?, "nothing is selected yet");

        // A bar is drawn in each row; the second one is clicked.
        let y = row_at(page, 1)?;
        let bars = page.coloured(y)?;
        let &(from, to) = bars.last().ok_or("no bar in the second row")?;
        page.click_at((i32::midpoint(from, to), y))?;
        page.idle()?;
        let row = page.selected_row()?.ok_or("nothing is selected")?;
        assert_eq!(row.index, 2);
        let (_, name) = row.name.split_once(' ').unwrap();
        let details = page.text_of("[aria-label^='Details of']")?;
        for word in [name, "Attributes", "Events", "Links", "Raw", "total", "self", "of trace"] {
            assert!(details.contains(word), "{word} not in {details}");
        }
        page.expect_quiet()
    })
}

/// Everything a span can say.
const TALKATIVE: &str = r#"
    shop  GET /cart   0..90ms  server
      shop  lookup    10..40ms client !error "no route to host" n:int=5 ratio:double=0.5 ok:bool=true raw:bytes=c0ffee list=[a,:int=5] map={a=b,c:int=5} @25ms:cache.miss{key=cart} @30ms:exception{exception.type=Boom,exception.message=bang} link=1{why=because} link=f/2 dropped=1/2/3
      other found     trace=f 0..1ms
"#;

#[test]
fn details_say_everything() -> Result {
    file("talkative.json", &drawn(TALKATIVE));
    run(Setup::new("details").site(|site: Site| site.mount("/files", folder())), |page| {
        page.open("?src=files/talkative.json")?;
        page.idle()?;
        let select = "await viewer.open('files/talkative.json'); \
            const found = await viewer.query('lookup'); await viewer.select(found.spans[0]); await viewer.idle()";
        page.viewer(select, &[])?;
        page.idle()?;
        page.sees(&["lookup", "shop · client · starts at 10 ms", "no route to host", "30 ms total"])?;
        let body = || page.text_of("#details-body");
        for word in [
            "ratio",
            "0.5",
            "double",
            "wP/u",
            "bytes",
            "bool",
            "array",
            "map",
            "service.name",
            "trace id",
            "span id",
            "parent span id",
        ] {
            let body = body()?;
            assert!(body.contains(word), "{word} not in {body}");
        }
        page.press("Events")?;
        for word in ["cache.miss", "15 ms", "exception", "20 ms", "Boom", "bang", "2 events were dropped"] {
            let body = body()?;
            assert!(body.contains(word), "{word} not in {body}");
        }
        page.press("Links")?;
        for word in ["why", "because", "this trace", "other trace", "GET /cart", "3 links were dropped"] {
            let body = body()?;
            assert!(body.contains(word), "{word} not in {body}");
        }
        page.press("Raw")?;
        let raw =
            page.viewer("return JSON.parse(viewer.shadowRoot.querySelector('pre.raw').textContent)", &[])?;
        assert!(raw.to_string().contains(r#""name":"lookup""#), "{raw}");
        assert!(raw.to_string().contains(r#""message":"no route to host""#), "{raw}");
        // A link leads to the span it names.
        page.press("Links")?;
        page.click(&page.element(".links .go")?)?;
        page.idle()?;
        assert_eq!(page.selected_row()?.map(|row| row.name).as_deref(), Some("shop GET /cart"));
        // So does the parent.
        page.viewer(select, &[])?;
        page.press("Attributes")?;
        page.click(&page.element("button.text.value")?)?;
        page.idle()?;
        assert_eq!(page.selected_row()?.map(|row| row.name).as_deref(), Some("shop GET /cart"));
        page.press("Close the details")?;
        assert!(!page.has("[aria-label^='Details of']")?);
        page.expect_quiet()
    })
}

#[test]
fn attributes_filter_find_and_copy() -> Result {
    run(Setup::new("attributes"), |page| {
        open_sample(page, "slow-query.json")?;
        page.hit(&["e"])?;
        page.type_into(&page.element("[aria-label='Filter attributes']")?, "status")?;
        page.idle()?;
        let body = page.text_of("#details-body")?;
        assert!(body.contains("http.response.status_code") && !body.contains("url.path"), "{body}");
        // "find" searches for the spans that have the same.
        page.move_to({
            let (x, y, width, height) = page.place_of("#details-body .attribute")?;
            (x + width / 2, y + height / 2)
        })?;
        page.click(&page.element("#details-body .attribute .act")?)?;
        page.idle()?;
        let search = page.viewer("return viewer.shadowRoot.querySelector('.search input').value", &[])?;
        assert_eq!(search, "http.response.status_code=402");
        page.sees(&["match"])?;
        page.cdp(
            "Browser.grantPermissions",
            &json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] }),
        )?;
        page.click(&page.element("#details-body .attribute .act:last-child")?)?;
        page.until("viewer.shadowRoot.querySelector('.done')")?;
        assert_eq!(page.eval("return await navigator.clipboard.readText()", &[])?, "402");
        page.expect_quiet()
    })
}

#[test]
fn the_list_sorts_and_filters() -> Result {
    run(Setup::new("list"), |page| {
        open_sample(page, "busy-minute.json.gz")?;
        let first = |column: usize| -> Result<Vec<String>> {
            let body = "return deep('[role=grid] .trace').slice(0, 8).map((row) => named(row.querySelectorAll('[role=gridcell]')[args[0]]))";
            let cells = page.inside(body, &[json!(column)])?;
            Ok(cells
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it.as_str().unwrap_or_default().to_owned())
                .collect())
        };
        let numbers = |column| -> Result<Vec<u32>> {
            Ok(first(column)?.iter().map(|it| it.parse().unwrap_or(0)).collect())
        };
        page.press("Spans")?;
        assert!(numbers(2)?.is_sorted_by(|a, b| a >= b), "{:?}", numbers(2)?);
        assert_eq!(page.state_of("sort")?, "-spans");
        page.press("Spans")?;
        assert!(numbers(2)?.is_sorted(), "{:?}", numbers(2)?);
        assert_eq!(page.inside("return named(deep('[aria-sort=ascending]')[0])", &[])?, json!("Spans ▴"));
        page.press("Errors")?;
        assert!(numbers(3)?[0] > 0);
        page.press("Start")?;
        assert!(first(4)?.is_sorted() && first(4)?[0].starts_with("12:03:"), "{:?}", first(4)?);
        page.press("Root")?;
        assert!(first(0)?.is_sorted(), "{:?}", first(0)?);
        page.type_into(&page.element("[aria-label='Filter traces']")?, "checkout")?;
        page.idle()?;
        assert!(first(0)?.iter().all(|root| root.contains("checkout")));
        page.sees(&["of 300 traces"])?;
        page.type_into(&page.element("[aria-label='Filter traces']")?, " nothing of the kind")?;
        page.idle()?;
        page.sees(&["0 of 300 traces", "No trace has “checkout nothing of the kind”"])?;
        page.press("Show all 300 traces")?;
        page.sees(&["300 traces"])?;
        page.expect_quiet()
    })
}

#[test]
fn charts_select_traces() -> Result {
    run(Setup::new("charts"), |page| {
        open_sample(page, "busy-minute.json.gz")?;
        let (left, top, width, height) = page.place_of(".charts canvas")?;
        page.drag((left + width / 4, top + height / 4), (left + width / 2, top + height * 3 / 4))?;
        page.idle()?;
        page.sees(&["of 300 traces", "Clear selection"])?;
        let state = page.state()?;
        assert!(state.contains_key("starts"), "{state:?}");
        page.press("Clear selection")?;
        page.sees(&["300 traces"])?;
        assert!(!page.state()?.contains_key("starts"));
        page.expect_quiet()
    })
}

/// Sets the page up by hand, and compares with a fresh page at the same address.
fn restores(name: &str, src: &str, act: impl FnOnce(&Page) -> Result, keys: &[&str]) -> Result {
    run(Setup::new(name), |page| {
        open_sample(page, src)?;
        act(page)?;
        // A tooltip is no part of a link.
        page.move_to((700, 5))?;
        page.idle()?;
        let told = |page: &Page| -> Result<_> {
            Ok((page.viewer("return viewer.state", &[])?, page.rows()?, page.text()?))
        };
        let before = told(page)?;
        let state = page.state()?;
        for key in keys {
            assert!(state.contains_key(*key), "{key} is not in {state:?}");
        }
        let address = page.eval("return location.href", &[])?;
        page.open("about:blank")?;
        page.open(address.as_str().unwrap_or_default())?;
        page.idle()?;
        assert_eq!(told(page)?, before);
        assert_eq!(page.eval("return location.href", &[])?, address);
        page.expect_quiet()
    })
}

#[test]
fn the_address_restores_a_waterfall() -> Result {
    restores(
        "restore-waterfall",
        "slow-query.json",
        |page| {
            let select = "const found = await viewer.query('stock'); await viewer.select(found.spans[1])";
            page.viewer(select, &[])?;
            page.idle()?;
            page.hit(&["z", "ArrowUp", "d"])?;
            page.press("Events")?;
            page.hit(&["/"])?;
            page.keys(&["s", "t", "o", "c", "k"])?;
            page.idle()
        },
        &["src", "view", "trace", "span", "t", "q", "tab"],
    )
}

#[test]
fn the_address_restores_folds() -> Result {
    restores(
        "restore-folds",
        "slow-query.json",
        |page| page.hit(&["j", "j", "j", "j", "j", "j", "Enter", "s"]),
        &["trace", "span", "folded", "row"],
    )
}

#[test]
fn the_address_restores_a_list() -> Result {
    restores(
        "restore-list",
        "busy-minute.json.gz",
        |page| {
            page.press("Spans")?;
            page.type_into(&page.element("[aria-label='Filter traces']")?, "checkout")?;
            let (left, top, width, height) = page.place_of(".charts canvas")?;
            page.drag((left + width / 4, top + height / 4), (left + width / 2, top + height * 3 / 4))
        },
        &["sort", "filter", "starts"],
    )
}

#[test]
fn the_address_restores_a_merged_flame_graph() -> Result {
    restores(
        "restore-flame",
        "n-plus-one.json",
        |page| {
            page.hit(&["3"])?;
            page.press("Merged")?;
            let (left, top, width, _) = page.place_of("canvas")?;
            page.click_at((left + width / 4, top + 10 + 3 * LANE + 12))
        },
        &["view", "flame", "focus"],
    )
}

#[test]
fn back_leads_back() -> Result {
    run(Setup::new("back"), |page| {
        open_sample(page, "busy-minute.json.gz")?;
        page.click(&page.element("[role=grid] .trace")?)?;
        page.idle()?;
        page.hit(&["3"])?;
        assert_eq!(page.state_of("view")?, "flame");
        for (view, says) in [("waterfall", "SERVICE"), ("traces", "300 traces")] {
            page.eval("history.back(); await new Promise((done) => addEventListener('popstate', done, { once: true }))", &[])?;
            page.idle()?;
            assert_eq!(page.state_of("view")?, view);
            if view == "traces" {
                page.sees(&[says])?;
            } else {
                assert!(page.has("[role=treegrid]")?);
            }
        }
        page.eval("history.forward(); await new Promise((done) => addEventListener('popstate', done, { once: true }))", &[])?;
        page.idle()?;
        assert_eq!(page.state_of("view")?, "waterfall");
        page.sees(&["7.26 s"])?;
        page.expect_quiet()
    })
}
