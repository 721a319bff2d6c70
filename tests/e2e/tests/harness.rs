//! What the harness does to a page reaches the page: checked on a page that only takes notes.

use std::path::Path;

use e2e::{Fault, Page, Result, Setup, run};
use serde_json::json;

/// Does something to the page of notes, and compares what it noted.
fn check(name: &str, act: impl FnOnce(&Page) -> Result, expected: &[&str]) -> Result {
    let notes = |site: e2e::Site| site.mount("/notes", folder());
    run(Setup::new(name).csp("").site(notes), |page| {
        page.open("notes/")?;
        page.idle()?;
        act(page)?;
        page.idle()?;
        assert_eq!(page.viewer("return viewer.take()", &[])?, json!(expected));
        page.expect_quiet()
    })
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/harness"))
}

#[test]
fn keys() -> Result {
    let keys = ["a", "Escape", "Control+ArrowDown", "+"];
    check(
        "keys",
        |page| page.keys(&keys),
        &["key a", "key Escape", "key ctrl+Control", "key ctrl+ArrowDown", "key shift++"],
    )
}

#[test]
fn pointer() -> Result {
    check(
        "pointer",
        |page| {
            page.click_at((300, 200))?;
            page.drag((400, 300), (500, 310))?;
            page.wheel((400, 300), (0, 120), "")?;
            page.wheel((400, 300), (7, -40), "Control")
        },
        &[
            "pointerdown 300,200",
            "pointerup 300,200",
            "click 300,200",
            "pointerdown 400,300",
            "pointerup 500,310",
            "click 500,310",
            "wheel 0,120",
            "key ctrl+Control",
            "wheel ctrl+7,-40",
        ],
    )
}

#[test]
fn files() -> Result {
    let file = folder().join("harness.js");
    let act = |page: &Page| {
        page.choose_files(
            &page.find("document.querySelector('input')")?,
            &[&file, &folder().join("index.html")],
        )?;
        page.drop_files((600, 400), &[&file])?;
        page.drop_bytes(&page.find("document.querySelector('main')")?, "made.json", b"{\"a\":1}")
    };
    check(
        "files",
        act,
        &["chosen harness.js", "chosen index.html", "drop harness.js // N", "drop made.json {\"a\""],
    )
}

#[test]
fn what_is_loud_fails() -> Result {
    run(Setup::new("loud"), |page| {
        page.open("")?;
        page.idle()?;
        page.expect_quiet()?;
        page.eval("console.error('too loud')", &[])?;
        assert!(page.expect_quiet().is_err_and(|failure| format!("{failure:?}").contains("too loud")));
        assert!(page.eval("throw new Error('no')", &[]).is_err());
        Ok(())
    })
}

#[test]
fn servers_misbehave() -> Result {
    let faults = |site: e2e::Site| {
        site.fault("/flamefall.css", Fault::Status(503)).fault("/flamefall.js", Fault::CutAfter(10))
    };
    run(Setup::new("faults").site(faults), |page| {
        page.open("")?;
        let fetched = "try { const answer = await fetch(args[0]); return [answer.status, (await answer.text()).length > 10] } catch { return 'broke' }";
        assert_eq!(page.eval(fetched, &[json!("flamefall.css")])?, json!([503, false]));
        assert_eq!(page.eval(fetched, &[json!("flamefall.js")])?, json!("broke"));
        assert_eq!(page.eval(fetched, &[json!("index.html")])?, json!([200, true]));
        Ok(())
    })
}

#[test]
fn memory_is_measured() -> Result {
    run(Setup::new("memory"), |page| {
        page.open("")?;
        page.idle()?;
        let before = page.memory()?;
        page.eval("window.kept = new Uint8Array(200e6).fill(1)", &[])?;
        let during = page.memory()?;
        page.eval("window.kept = undefined", &[])?;
        let after = page.memory()?;
        assert!(during.resident > before.resident + 150_000_000, "{before:?} {during:?}");
        assert!(after.resident < during.resident - 150_000_000, "{during:?} {after:?}");
        assert!(before.js_heap > 100_000 && after.peak >= during.resident / 2, "{before:?} {after:?}");
        Ok(())
    })
}
