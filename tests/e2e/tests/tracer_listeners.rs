//! Who listens on the page is told of what ends on it: soon, once, and whatever becomes of it elsewhere.

mod pages;

use e2e::receiver::{Habits, Receiver};
use e2e::{Page, Response, Result, run};
use pages::{open, setup};
use serde_json::json;

const LISTENS: &str = "window.names = []; \
    window.stop = rum.onSpans((json) => names.push(...JSON.parse(json).resourceSpans \
        .flatMap((it) => it.scopeSpans).flatMap((it) => it.spans).map((it) => it.name)))";

/// Spans of these names, one after the other, each as soon as the last was told of.
fn tells(page: &Page, names: &[&str]) -> Result {
    for (number, name) in names.iter().enumerate() {
        page.eval("rum.run(args[0], () => {}, { 'app.step': args[0] })", &[json!(name)])?;
        page.until(&format!("names.length > {number}"))?;
    }
    assert_eq!(page.eval("return names", &[])?, json!(names));
    Ok(())
}

#[test]
fn without_waiting_for_a_batch() -> Result {
    run(setup("listeners-soon"), |page| {
        // It leaves for the collector in an hour.
        open(page, "delivery.html", &json!({ "endpoint": null }))?;
        page.eval(LISTENS, &[])?;
        tells(page, &["one", "two", "three"])
    })
}

#[test]
fn where_a_collector_refuses_everything() -> Result {
    check("listeners-refused", 404)
}

#[test]
fn once_where_a_collector_is_asked_again() -> Result {
    check("listeners-again", 503)
}

fn check(name: &str, status: u16) -> Result {
    let answers = vec![Response::json(status, "{}"); 100];
    let receiver = Receiver::start(Habits { answers, ..Habits::default() })?;
    run(setup(name), |page| {
        open(
            page,
            "delivery.html",
            &json!({ "endpoint": receiver.endpoint(), "scheduledDelayMillis": 1, "compression": "none" }),
        )?;
        page.eval(LISTENS, &[])?;
        // More than it takes for a collector to be left alone.
        tells(page, &["one", "two", "three", "four", "five", "six", "seven", "eight"])?;
        page.until("rum.metrics().failures > 1")?;
        let failures = page.eval("return rum.metrics().failures", &[])?;
        assert!(failures.as_u64() <= Some(6), "told without being sent: {failures}");
        assert_eq!(page.eval("return names.length", &[])?, json!(8), "nobody was told twice");
        Ok(())
    })
}

#[test]
fn who_begins_later_knows_what_names_were() -> Result {
    run(setup("listeners-later"), |page| {
        open(page, "delivery.html", &json!({ "endpoint": null }))?;
        page.eval("await rum.flush(); for (const name of ['one', 'two']) rum.run(name, () => {}, { 'app.step': name })", &[])?;
        page.eval(LISTENS, &[])?;
        tells(page, &["two", "three", "one"])?;
        // And who stops and comes back.
        page.eval("stop(); rum.run('unheard', () => {}, { 'app.unheard': 1 })", &[])?;
        page.eval("await rum.flush()", &[])?;
        page.eval(LISTENS, &[])?;
        tells(page, &["two", "four"])
    })
}
