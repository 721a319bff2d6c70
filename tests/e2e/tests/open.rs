//! Every way in: dropped, chosen, pasted, addressed, and by the element's methods.

mod common;

use common::{drawn, file, folder, open_sample, sample};
use e2e::{Page, Result, Setup, Site, run};
use serde_json::{Value, json};

const CART: &str = r"
    shop  GET /cart  0..90ms  server
      shop  lookup   10..40ms client
";
const PAY: &str = r"
    till  POST /pay  0..50ms  server trace=b0b
      till  charge   10..40ms client trace=b0b
";

/// A page on which nothing is open, with [`CART`] and [`PAY`] served as `files/cart.json` and `files/pay.json`.
fn start(name: &str, story: impl FnOnce(&Page) -> Result) -> Result {
    file("cart.json", &drawn(CART));
    file("pay.json", &drawn(PAY));
    run(Setup::new(name).site(|site: Site| site.mount("/files", folder())), |page| {
        page.open("")?;
        page.idle()?;
        page.listen()?;
        story(page)
    })
}

/// Is the cart open, and nothing else?
fn shows_cart(page: &Page) -> Result {
    page.idle()?;
    page.sees(&["GET /cart shop", "2 spans", "1 service"])?;
    let names: Vec<_> = page.rows()?.into_iter().map(|row| (row.level, row.name, row.duration)).collect();
    let row = |level, name: &str, duration: &str| (level, name.to_owned(), duration.to_owned());
    assert_eq!(names, [row(1, "shop GET /cart", "90 ms"), row(2, "shop lookup", "30 ms")]);
    page.expect_quiet()
}

/// Are both open, as a list?
fn shows_both(page: &Page) -> Result {
    page.idle()?;
    page.sees(&["2 traces", "shop GET /cart", "till POST /pay"])?;
    assert_eq!(page.state_of("view")?, "traces");
    page.expect_quiet()
}

#[test]
fn a_dropped_file() -> Result {
    start("a-dropped-file", |page| {
        page.drop_files((700, 450), &[&file("cart.json", &drawn(CART))])?;
        // The browser reads the file in its own time: idle() knows of it once the drop has arrived.
        page.until("heard.length > 0")?;
        shows_cart(page)
    })
}

#[test]
fn dropped_over_what_is_open() -> Result {
    start("dropped-over", |page| {
        open_sample(page, "slow-query.json")?;
        page.sees(&["86 spans"])?;
        page.drop_bytes(&page.element(".stage")?, "cart.json", &drawn(CART))?;
        shows_cart(page)
    })
}

#[test]
fn two_chosen_files() -> Result {
    start("two-chosen-files", |page| {
        let picker = page.find("viewer.shadowRoot.querySelector('input[type=file]')")?;
        page.choose_files(&picker, &[&file("cart.json", &drawn(CART)), &file("pay.json", &drawn(PAY))])?;
        page.until("heard.length > 0")?;
        page.sees(&["cart.json, pay.json · 4 spans"])?;
        shows_both(page)
    })
}

#[test]
fn the_button_opens_the_file_dialog() -> Result {
    start("file-dialog", |page| {
        let opens = "const input = viewer.shadowRoot.querySelector('input[type=file]'); \
            input.click = () => { window.asked = true }";
        page.viewer(opens, &[])?;
        page.press("Choose files")?;
        assert_eq!(page.eval("return window.asked === true", &[])?, json!(true));
        Ok(())
    })
}

#[test]
fn pasted_text() -> Result {
    start("pasted-text", |page| {
        paste(page, "document.body", &String::from_utf8(drawn(CART))?)?;
        shows_cart(page)
    })
}

#[test]
fn a_pasted_address() -> Result {
    start("a-pasted-address", |page| {
        paste(page, "document.body", &page.url("files/cart.json"))?;
        shows_cart(page)
    })
}

#[test]
fn text_pasted_into_the_search_is_searched() -> Result {
    start("pasted-into-search", |page| {
        open_sample(page, "slow-query.json")?;
        paste(page, "viewer.shadowRoot.querySelector('.search input')", &String::from_utf8(drawn(CART))?)?;
        page.idle()?;
        page.sees(&["86 spans"])
    })
}

/// As Ctrl V does.
fn paste(page: &Page, target: &str, text: &str) -> Result {
    let body = format!(
        "const clipboardData = new DataTransfer(); clipboardData.setData('text/plain', args[0]); \
         {target}.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData, bubbles: true, composed: true, cancelable: true }}))"
    );
    page.viewer(&body, &[json!(text)])?;
    Ok(())
}

#[test]
fn an_address_in_the_query() -> Result {
    start("an-address", |page| {
        page.open("?src=files/cart.json")?;
        shows_cart(page)?;
        open_sample(page, "busy-minute.json.gz")?;
        page.sees(&["busy-minute.json.gz · 20,000 spans", "300 traces"])?;
        page.expect_quiet()
    })
}

#[test]
fn an_address_typed_on_the_page() -> Result {
    start("an-address-typed", |page| {
        page.press("Open a URL")?;
        page.type_into(&page.element("input[name=url]")?, "files/cart.json")?;
        page.hit(&["Enter"])?;
        shows_cart(page)
    })
}

#[test]
fn the_samples() -> Result {
    for (title, says) in [
        ("One slow query", ["POST /api/checkout", "86 spans"]),
        ("N+1 in a loop", ["GET /api/orders", "412 spans"]),
        ("A busy minute", ["300 traces", "20,000 spans"]),
    ] {
        start("the-samples", |page| {
            page.press(title)?;
            page.sees(&says)?;
            page.expect_quiet()
        })?;
    }
    Ok(())
}

#[test]
fn open_takes_anything() -> Result {
    start("open-takes-anything", |page| {
        let gzipped = std::fs::read(sample("busy-minute.json.gz"))?.len();
        let inputs = [
            ("new File([text], 'a.json')", "a.json"),
            ("new Blob([text])", "trace"),
            ("new TextEncoder().encode(text).buffer", "trace"),
            ("new TextEncoder().encode(text)", "trace"),
            ("new TextEncoder().encode('##' + text).subarray(2)", "trace"),
            ("text", "pasted text"),
            ("'files/cart.json'", "cart.json"),
            ("new URL('files/cart.json', location)", "cart.json"),
            ("[text]", "pasted text"),
        ];
        for (input, name) in inputs {
            let body = format!("const text = args[0]; return await viewer.open({input})");
            let summary = page.viewer(&body, &[json!(String::from_utf8(drawn(CART))?)])?;
            let got = (&summary["name"], &summary["spanCount"], &summary["traceCount"]);
            assert_eq!(got, (&json!(name), &json!(2), &json!(1)), "{input}: {summary}");
            shows_cart(page)?;
        }
        let named = page.viewer(
            "return await viewer.open(args[0], { name: 'mine' })",
            &[json!(String::from_utf8(drawn(CART))?)],
        )?;
        assert_eq!(named["name"], "mine");
        let gzip = "const gzip = await (await fetch('examples/busy-minute.json.gz')).arrayBuffer(); \
            return [await viewer.open(gzip), gzip.byteLength]";
        let gzip = page.viewer(gzip, &[])?;
        assert_eq!((&gzip[0]["spanCount"], &gzip[1]), (&json!(20_000), &json!(gzipped)), "{gzip}");
        Ok(())
    })
}

#[test]
fn the_summary() -> Result {
    start("the-summary", |page| {
        let summary = page.viewer("return await viewer.open('files/cart.json')", &[])?;
        let size = drawn(CART).len();
        let expected = json!({
            "format": summary["format"], "name": "cart.json", "bytes": summary["bytes"], "spanCount": 2, "traceCount": 1,
            "logCount": 0, "exemplarCount": 0,
            "services": ["shop"], "warnings": [],
            "traces": [{
                "traceId": summary["traces"][0]["traceId"], "rootName": "GET /cart", "rootService": "shop",
                "spanCount": 2, "serviceCount": 1, "depth": summary["traces"][0]["depth"], "errorCount": 0, "orphanCount": 0,
                "startTimeUnixNano": fixtures::BASE.0.to_string(), "durationNano": "90000000",
            }],
        });
        assert_eq!(summary, expected);
        assert_eq!(summary["bytes"].to_string().trim_matches('"'), size.to_string());
        assert!(
            summary["format"].as_str().is_some_and(|format| format.to_lowercase().contains("otlp")),
            "{summary}"
        );
        assert_eq!(summary["traces"][0]["traceId"].as_str().map(str::len), Some(32));
        Ok(())
    })
}

#[test]
fn several_inputs_open_together() -> Result {
    start("several-inputs", |page| {
        let summary = page.viewer(
            "return await viewer.open(['files/cart.json', args[0]])",
            &[json!(String::from_utf8(drawn(PAY))?)],
        )?;
        assert_eq!((&summary["spanCount"], &summary["traceCount"]), (&json!(4), &json!(2)), "{summary}");
        shows_both(page)
    })
}

#[test]
fn append_adds_to_what_is_open() -> Result {
    start("append", |page| {
        page.viewer("await viewer.open('files/cart.json')", &[])?;
        shows_cart(page)?;
        let summary = page.viewer("return await viewer.append('files/pay.json')", &[])?;
        assert_eq!((&summary["spanCount"], &summary["traceCount"]), (&json!(4), &json!(2)), "{summary}");
        page.idle()?;
        // The trace one reads stays where it is.
        page.sees(&["GET /cart shop", "4 spans"])?;
        page.hit(&["1"])?;
        shows_both(page)
    })
}

#[test]
fn append_to_nothing_opens() -> Result {
    start("append-to-nothing", |page| {
        page.viewer("await viewer.append('files/cart.json')", &[])?;
        shows_cart(page)
    })
}

/// What a call rejects with: kind, and words of the message.
fn rejects(page: &Page, call: &str, kind: &str, words: &[&str]) -> Result<Value> {
    let body = format!(
        "try {{ await viewer.{call}; return null }} catch (error) {{ \
         return {{ kind: error.kind, message: error.message, offset: error.offset ?? null, isError: error instanceof Error }} }}"
    );
    let error = page.viewer(&body, &[])?;
    let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    assert_eq!(field("kind"), kind, "{call}: {error}");
    assert!(
        words.iter().all(|word| field("message").contains(word)),
        "{call}: {error} lacks one of {words:?}"
    );
    assert_eq!(error.get("isError"), Some(&json!(true)), "{call}");
    page.idle()?;
    Ok(error)
}

#[test]
fn open_rejects_with_reasons() -> Result {
    start("open-rejects", |page| {
        let garbage = rejects(page, "open(new Blob(['\\u0000\\u0001\\u0002 no']))", "notJson", &[])?;
        assert_eq!(garbage["offset"], 0, "{garbage}");
        rejects(page, r#"open('{"hello": [1, 2, 3]}')"#, "notATrace", &[])?;
        rejects(page, "open(new Blob([]))", "empty", &[])?;
        rejects(page, "open('files/not-there.json')", "unreachable", &["404"])?;
        rejects(page, "open(17)", "unsupportedInput", &["File", "Blob", "URL"])?;
        rejects(page, "open([])", "unsupportedInput", &["empty"])?;
        rejects(page, "append(undefined)", "unsupportedInput", &[])?;
        // Events are as loud as promises.
        let kinds: Vec<_> =
            page.heard()?.into_iter().map(|(name, detail)| (name, detail["kind"].clone())).collect();
        let expected =
            ["notJson", "notATrace", "empty", "unreachable"].map(|kind| ("error".to_owned(), json!(kind)));
        assert_eq!(kinds, expected);
        page.viewer("await viewer.open('files/cart.json')", &[])?;
        page.console()?;
        shows_cart(page)
    })
}

#[test]
fn events_tell_what_happens() -> Result {
    start("events", |page| {
        let summary = page.viewer("return await viewer.open('files/cart.json')", &[])?;
        page.idle()?;
        let trace = &summary["traces"][0]["traceId"];
        let heard = page.heard()?;
        let details = |name: &str| {
            heard.iter().filter(|(it, _)| it == name).map(|(_, detail)| detail.clone()).collect::<Vec<_>>()
        };
        assert_eq!(details("load"), std::slice::from_ref(&summary));
        assert_eq!(details("select"), [json!({ "traceId": trace })]);
        assert_eq!(details("viewchange"), [json!({ "view": "waterfall" })]);
        page.hit(&["j"])?;
        let heard = page.heard()?;
        let span = page.state_of("span")?;
        assert_eq!(heard, [("select".to_owned(), json!({ "traceId": trace, "spanId": span }))]);
        page.hit(&["3"])?;
        assert_eq!(page.heard()?, [("viewchange".to_owned(), json!({ "view": "flame" }))]);
        page.hit(&["Escape"])?;
        assert_eq!(page.heard()?, [("select".to_owned(), json!({ "traceId": trace }))]);
        Ok(())
    })
}

#[test]
fn methods_navigate() -> Result {
    start("methods", |page| {
        page.viewer("await viewer.open(['files/cart.json', 'files/pay.json'])", &[])?;
        page.idle()?;
        let analysis = page.viewer("return await viewer.analyze()", &[])?;
        let traces = analysis["traces"].as_array().unwrap();
        assert_eq!(traces.len(), 2, "{analysis}");
        for trace in traces {
            // Sections are back to back and sum to the root's duration.
            let path = trace["criticalPath"].as_array().unwrap();
            let nanos = |value: &Value| value.as_str().unwrap().parse::<u64>().unwrap();
            let sum: u64 =
                path.iter().map(|it| nanos(&it["endTimeUnixNano"]) - nanos(&it["startTimeUnixNano"])).sum();
            assert!(sum == 90_000_000 || sum == 50_000_000, "{trace}");
        }
        let one = page.viewer("return await viewer.analyze(args[0])", &[traces[1]["traceId"].clone()])?;
        assert_eq!(one["traces"], json!([traces[1]]));

        let found = page.viewer("return await viewer.query('charge')", &[])?;
        assert_eq!(found["spans"].as_array().map(Vec::len), Some(1), "{found}");
        let (trace, span) = (&found["spans"][0]["traceId"], &found["spans"][0]["spanId"]);
        let select = "return await viewer.select({ traceId: args[0], spanId: args[1] })";
        assert_eq!(page.viewer(select, &[trace.clone(), span.clone()])?, json!(true));
        page.idle()?;
        assert_eq!(json!([page.state_of("trace")?, page.state_of("span")?]), json!([trace, span]));
        assert_eq!(page.selected_row()?.map(|row| row.name).as_deref(), Some("till charge"));
        assert_eq!(page.viewer(select, &[json!("00"), Value::Null])?, json!(false));

        page.viewer("viewer.view = 'flame'", &[])?;
        page.idle()?;
        assert_eq!((page.state_of("view")?.as_str(), page.has(".flame-bar")?), ("flame", true));
        let state = page.viewer("return viewer.state", &[])?;
        page.viewer("viewer.view = 'traces'", &[])?;
        page.idle()?;
        page.sees(&["2 traces"])?;
        page.viewer("viewer.state = args[0]; await viewer.idle()", std::slice::from_ref(&state))?;
        page.idle()?;
        assert_eq!(page.viewer("return viewer.state", &[])?, state);
        assert!(page.has(".flame-bar")?);
        page.viewer("await viewer.close()", &[])?;
        page.idle()?;
        page.sees(&["Open a trace."])
    })
}
