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

/// Values of every kind that a record writes in a way of its own: again and again, once, long, and not ASCII.
const VALUES: &str = "['GET', '', 'ü€😀', '7'.repeat(64), 'x'.repeat(65), 'y'.repeat(199), 'z'.repeat(500), 'é'.repeat(150), `once ${number}`, \
    number, -(2 ** 40) - number, 2 ** 53 - 1, 0.5, true, ['GET', 1], { key: 'GET' }]";

#[test]
fn values_that_repeat_are_what_they_were() -> Result {
    run(setup("listeners-values"), |page| {
        open(page, "delivery.html", &json!({ "endpoint": null }))?;
        page.eval(
            "window.plain = (it) => it.stringValue ?? it.boolValue ?? it.doubleValue ?? (it.intValue && Number(it.intValue)) \
                ?? it.arrayValue?.values.map(plain) ?? Object.fromEntries(it.kvlistValue.values.map(({ key, value }) => [key, plain(value)])); \
             window.seen = {}; \
             window.listen = () => rum.onSpans((json) => JSON.parse(json).resourceSpans.flatMap((it) => it.scopeSpans).flatMap((it) => it.spans) \
                .forEach(({ name, attributes }) => (seen[name] = attributes.filter((it) => /^v/.test(it.key)).map((it) => plain(it.value)))))",
            &[],
        )?;
        let record = format!(
            "window.values = (number) => {VALUES}; \
             window.record = (number) => rum.startSpan(`span ${{number}}`, Object.fromEntries(values(number).map((it, at) => [`v${{at}}`, it]))).end()"
        );
        page.eval(&record, &[])?;
        page.eval(
            "for (let number = 0; number < 5; number++) record(number); await rum.flush(); listen()",
            &[],
        )?;
        // What cannot be read is dropped alone.
        page.eval(
            "rum.startSpan('unreadable', { v: { get it() { throw new Error('mine'); } }, fresh: 1 }).end()",
            &[],
        )?;
        page.eval("for (let number = 5; number < 10; number++) record(number); await rum.flush()", &[])?;
        page.until("seen['span 9']")?;
        for number in 5..10 {
            let (seen, expected) = (
                page.eval("return seen[`span ${args[0]}`]", &[json!(number)])?,
                page.eval("return values(args[0])", &[json!(number)])?,
            );
            assert_eq!(seen, expected, "span {number}");
        }
        assert_eq!(page.eval("return Object.keys(seen).length", &[])?, json!(5));
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
