//! Bad input is data: what can be read is shown, what cannot is counted, and the page goes on.

mod common;

use common::{drawn, file, folder, json};
use e2e::{Fault, Page, Result, Setup, Site, run};

const CART: &str = r"
    shop  GET /cart  0..90ms  server
      shop  lookup   10..40ms client
      shop  render   50..80ms
";

fn start(name: &str, site: impl FnOnce(Site) -> Site, story: impl FnOnce(&Page) -> Result) -> Result {
    file("good.json", &drawn(CART));
    run(Setup::new(name).site(|it: Site| site(it.mount("/files", folder()))), |page| {
        page.open("")?;
        page.idle()?;
        story(page)
    })
}

fn drop(page: &Page, name: &str, content: &[u8]) -> Result {
    page.drop_bytes(&page.element(".drop, .stage, .traces")?, name, content)?;
    page.idle()
}

/// The page still opens what is good.
fn usable(page: &Page) -> Result {
    page.drop_bytes(&page.element(".drop, .stage, .traces")?, "good.json", &drawn(CART))?;
    page.idle()?;
    page.sees(&["GET /cart shop", "3 spans"])?;
    assert_eq!(page.rows()?.len(), 3);
    assert!(!page.has("[role=alert]")?, "nothing is left of what went wrong");
    Ok(())
}

/// Refused: says so in these words, and goes on.
fn refused(name: &str, content: &[u8], words: &[&str]) -> Result {
    start(
        name,
        |site| site,
        |page| {
            drop(page, name, content)?;
            let alert = page.text_of("[role=alert]")?;
            for word in words.iter().chain(&[name]) {
                assert!(alert.contains(word), "{word:?} not in {alert:?}");
            }
            assert!(
                !alert.contains('!') && !alert.contains("undefined") && !alert.contains("panic"),
                "{alert}"
            );
            page.sees(&["Drop files here"])?;
            usable(page)?;
            // Over what is open it says so too, and leaves it open.
            drop(page, name, content)?;
            assert!(page.text_of("[role=alert]")?.contains(name));
            page.sees(&["GET /cart shop", "3 spans"])?;
            page.press("Dismiss")?;
            assert!(!page.has("[role=alert]")?);
            page.expect_quiet()
        },
    )
}

#[test]
fn garbage() -> Result {
    refused("holiday.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF", &["could not be opened", "not JSON", "byte 0"])
}

#[test]
fn prose() -> Result {
    refused("notes.txt", b"Dear all, here is the trace you asked for.", &["could not be opened", "not JSON"])
}

#[test]
fn not_a_trace() -> Result {
    refused(
        "package.json",
        br#"{"name": "shop", "version": "1.0.0", "dependencies": {}}"#,
        &["could not be opened"],
    )
}

#[test]
fn empty() -> Result {
    refused("empty.json", b"", &["empty"])
}

#[test]
fn blank() -> Result {
    refused("blank.json", b" \n\n ", &["nothing but white space"])
}

#[test]
fn damaged_gzip() -> Result {
    refused("damaged.json.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03nonsense", &["could not be opened"])
}

/// Shown, and the data-quality dialog says what was not.
fn repaired(name: &str, content: &[u8], shows: &[&str], says: &[&str]) -> Result {
    start(
        name,
        |site| site,
        |page| {
            drop(page, name, content)?;
            page.sees(shows)?;
            page.click(&page.element("button.file")?)?;
            page.idle()?;
            let dialog = page.text_of("[role=dialog]")?;
            for word in says.iter().chain(&[name]) {
                assert!(dialog.contains(word), "{word:?} not in {dialog}");
            }
            page.hit(&["Escape"])?;
            assert!(!page.has("[role=dialog]")?);
            usable(page)?;
            // What is well says so as well.
            page.click(&page.element("button.file")?)?;
            page.sees(&["good.json", "Nothing odd was found in it."])?;
            page.expect_quiet()
        },
    )
}

#[test]
fn truncated() -> Result {
    let text = drawn(CART);
    let last = String::from_utf8_lossy(&text).rfind("render").unwrap();
    repaired("cut.json", &text[..last], &["2 spans", "GET /cart"], &["cut off at the end", "byte"])
}

#[test]
fn a_broken_line() -> Result {
    let line = String::from_utf8(drawn(CART))?.replace('\n', "");
    let other = String::from_utf8(drawn("till POST /pay 0..5ms trace=b0b"))?.replace('\n', "");
    let lines = format!("{line}\n{{\"resourceSpans\": oh no\n{other}\n");
    repaired("lines.jsonl", lines.as_bytes(), &["4 spans", "2 traces", "POST /pay"], &["not JSON", "byte"])
}

#[test]
fn odd_spans() -> Result {
    let odd = drawn(
        r"
        shop  GET /cart     0..90ms
          shop  reversed    60..50ms
        shop  lost          20..30ms  parent=77
        shop  left          40..44ms  id=a1 parent=a2
        shop  right         41..43ms  id=a2 parent=a1
        ",
    );
    repaired(
        "odd.json",
        &odd,
        &["5 spans", "GET /cart"],
        &["parent is missing", "circle of parents", "ends before it starts"],
    )
}

#[test]
fn one_of_two_files_is_bad() -> Result {
    start(
        "one-of-two",
        |site| site,
        |page| {
            file("bad.json", b"nope");
            page.viewer(
                "await viewer.open(['files/good.json', 'files/bad.json', 'files/absent.json'])",
                &[],
            )?;
            page.idle()?;
            page.sees(&["GET /cart shop", "3 spans"])?;
            page.click(&page.element("button.file")?)?;
            page.sees(&["bad.json: not read", "absent.json: not read", "404"])?;
            Ok(())
        },
    )
}

#[test]
fn an_address_that_is_not_there() -> Result {
    start(
        "not-there",
        |site| site,
        |page| {
            page.open("?src=files/not-there.json")?;
            page.idle()?;
            page.sees(&["not-there.json could not be reached", "404", "Drop files here"])?;
            usable(page)
        },
    )
}

#[test]
fn a_server_that_fails() -> Result {
    start(
        "fails",
        |site| site.fault("/files/good.json", Fault::Status(503)),
        |page| {
            page.open("?src=files/good.json")?;
            page.idle()?;
            page.sees(&["good.json could not be reached", "503"])?;
            usable(page)
        },
    )
}

#[test]
fn no_server_at_all() -> Result {
    start(
        "no-server",
        |site| site,
        |page| {
            // Nobody listens on the port that nobody may have.
            page.viewer("await viewer.open('http://127.0.0.1:1/trace.json').catch(() => 0)", &[])?;
            page.idle()?;
            page.sees(&["trace.json could not be reached", "could not be fetched", "drop it here"])?;
            usable(page)
        },
    )
}

#[test]
fn a_connection_that_breaks_off() -> Result {
    // Large: of a few bytes the browser may tell nothing but the error.
    let large = json(|sink| fixtures::one_trace(3, 5_000, sink));
    file("large.json", &large);
    start(
        "breaks-off",
        |site| site.fault("/files/large.json", Fault::CutAfter(large.len() as u64 * 3 / 4)),
        |page| {
            let summary = page.viewer("return await viewer.open('files/large.json')", &[])?;
            let spans = summary.get("spanCount").and_then(serde_json::Value::as_u64).unwrap_or_default();
            assert!((1_000..5_000).contains(&spans), "{spans} spans");
            page.idle()?;
            // What had arrived is shown, with the reason why there is no more.
            page.click(&page.element("button.file")?)?;
            page.sees(&["large.json", "broke off", "cut off at the end"])?;
            page.hit(&["Escape"])?;
            usable(page)
        },
    )
}
