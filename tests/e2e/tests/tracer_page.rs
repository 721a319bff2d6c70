//! What a page view is: its load, its ways, what people do on it, how that feels, and what goes wrong.

use std::time::Duration;

use e2e::spans::{Spans, attribute, text};
use e2e::{Page, Response, Result, Setup, Site, run};
use serde_json::{Value, json};

/// Pages of `tests/tracer` at `/t/`, and a service at `/svc/` that says which `traceparent` it got.
fn setup(name: &str) -> Setup {
    Setup::new(name).csp("").site(|site: Site| {
        site.mount("/t/", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tracer")).route("/svc", |request| {
            let status = if request.path.ends_with("fails") { 500 } else { 200 };
            let body = json!({ "traceparent": request.header("traceparent") });
            Response::json(status, body.to_string()).after(Duration::from_millis(5))
        })
    })
}

/// Opens `page.html` with options for `start`.
fn open(page: &Page, options: &Value) -> Result {
    page.open(&format!("t/page.html?options={}", encoded(&options.to_string())))?;
    page.until("window.rum && document.readyState === 'complete'")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn click(page: &Page, id: &str) -> Result {
    let element = page.find(&format!("document.getElementById('{id}')"))?;
    page.click(&element)
}

/// All spans, once there is one of this name.
fn spans_with(page: &Page, name: &str) -> Result<Spans> {
    page.until(&format!("named({}).length", json!(name)))?;
    Spans::of(page)
}

/// The only span of a name.
fn only<'a>(spans: &'a Spans, name: &str) -> Result<&'a Value> {
    let all: Vec<&Value> = spans.0.values().filter(|span| text(span, "name") == name).collect();
    match all.as_slice() {
        [one] => Ok(one),
        _ => Err(format!("{} spans {name:?} among {:?}", all.len(), names(spans)).into()),
    }
}

fn names(spans: &Spans) -> Vec<&str> {
    spans.0.values().map(|span| text(span, "name")).collect()
}

fn events<'a>(span: &'a Value, name: &str) -> Vec<&'a Value> {
    let events = span.get("events").and_then(Value::as_array);
    events.into_iter().flatten().filter(|event| text(event, "name") == name).collect()
}

fn nanos(of: &Value, key: &str) -> i128 {
    text(of, key).parse().unwrap_or_default()
}

#[test]
fn names_tell_what_the_page_shows() -> Result {
    run(setup("names"), |page| {
        open(page, &json!({}))?;
        let cases = [
            ("document.getElementById('plain')", "click \"Place order (#)\"", "#plain"),
            ("document.querySelector('#plain b')", "click \"Place order (#)\"", "#plain"),
            ("document.getElementById('labelled')", "click \"Close the dialog\"", "#labelled"),
            ("document.getElementById('by')", "click \"Sort by\"", "#by"),
            ("document.getElementById('icon')", "click \"Basket\"", "#icon"),
            ("document.getElementById('given')", "click buy 42", "#given"),
            ("document.getElementById('save')", "click button#save", "#save"),
            ("document.getElementById('ab:12')", "click button", "#ab:12"),
            (
                "document.querySelector('#host').shadowRoot.querySelector('button')",
                "click \"In the shadow\"",
                "button",
            ),
            ("document.getElementById('inline')", "click \"Inline\"", "#inline"),
            ("document.getElementById('edit')", "click \"Comment\"", "#edit"),
            ("document.getElementById('email')", "click \"Email\"", "#email"),
        ];
        for (target, name, selector) in cases {
            page.eval("spans.length = 0", &[])?;
            let element = page.find(target)?;
            page.click(&element)?;
            let spans = spans_with(page, name).map_err(|failure| format!("{target}: {failure:?}"))?;
            let span = only(&spans, name)?;
            assert_eq!(attribute(span, "browser.css_selector"), json!(selector), "{target}");
        }
        let spans = Spans::of(page)?;
        assert!(
            !Value::from_iter(spans.0.values().cloned()).to_string().contains("typed"),
            "input is never told"
        );
        Ok(())
    })
}

#[test]
fn events_of_a_gesture_are_one_interaction() -> Result {
    run(setup("gestures"), |page| {
        open(page, &json!({ "interactions": ["click", "submit", "change", "keydown"] }))?;
        // Of a label the box, which changes.
        click(page, "check")?;
        let spans = spans_with(page, "click \"Remember me\"")?;
        assert_eq!(interactions(&spans), ["click \"Remember me\""]);

        // A key in a field: it changes, the button is clicked for the person, and submits.
        page.eval("spans.length = 0", &[])?;
        click(page, "email")?;
        page.until("named('click \"Email\"').length")?;
        page.eval("spans.length = 0", &[])?;
        page.keys(&["x", "Enter"])?;
        let spans = spans_with(page, "submit \"Sign in\"")?;
        assert_eq!(interactions(&spans), ["submit \"Sign in\""]);
        page.until("asked.has('signed')")?;
        let spans = Spans::of(page)?;
        let request = spans.request("/svc/signed").ok_or("no request")?;
        assert_eq!(spans.ancestors(request), ["submit \"Sign in\""]);

        // What was typed is committed when another takes the focus: two acts.
        page.eval("spans.length = 0", &[])?;
        page.keys(&["y"])?;
        click(page, "plain")?;
        let spans = spans_with(page, "click \"Place order (#)\"")?;
        page.until("named('change \"Email\"').length")?;
        let spans = Spans::of(page).unwrap_or(spans);
        assert_eq!(interactions(&spans), ["change \"Email\"", "click \"Place order (#)\""]);

        // A button by its key.
        page.eval("spans.length = 0", &[])?;
        page.keys(&["Enter"])?;
        let spans = spans_with(page, "click \"Place order (#)\"")?;
        assert_eq!(interactions(&spans), ["click \"Place order (#)\""]);

        // A key that is nothing else.
        page.eval("spans.length = 0", &[])?;
        page.keys(&["Escape"])?;
        let spans = spans_with(page, "key Escape")?;
        assert_eq!(interactions(&spans), ["key Escape"]);
        Ok(())
    })
}

/// Names of the interactions, sorted.
fn interactions(spans: &Spans) -> Vec<&str> {
    let is_one = |span: &&Value| {
        let kind = attribute(span, "flamefall.interaction.type");
        !kind.is_null() && kind != json!("page_load")
    };
    let mut found: Vec<&str> = spans.0.values().filter(is_one).map(|span| text(span, "name")).collect();
    found.sort_unstable();
    found
}

#[test]
fn ignored_parts_are_left_alone() -> Result {
    run(setup("ignored"), |page| {
        open(page, &json!({}))?;
        click(page, "ignored")?;
        click(page, "plain")?;
        let spans = spans_with(page, "click \"Place order (#)\"")?;
        assert_eq!(interactions(&spans), ["click \"Place order (#)\""]);
        Ok(())
    })
}

#[test]
fn an_interaction_lasts_as_long_as_its_work() -> Result {
    run(setup("lasts"), |page| {
        open(page, &json!({}))?;
        // Frames for ever are no work.
        click(page, "spins")?;
        click(page, "asks")?;
        let spans = spans_with(page, "click \"Asks\"")?;
        for (name, path) in [("click \"Asks\"", "/svc/asked"), ("click \"Spins\"", "/svc/spins")] {
            let spans = if name.contains("Spins") { spans_with(page, name)? } else { spans.clone() };
            let root = only(&spans, name)?;
            let request = spans.request(path).ok_or("no request")?;
            let after = nanos(root, "endTimeUnixNano") - nanos(request, "endTimeUnixNano");
            assert!((0..100_000_000).contains(&after), "{name} ends {after} ns after its request");
            assert_eq!(attribute(root, "flamefall.interaction.end"), Value::Null);
        }
        Ok(())
    })
}

#[test]
fn the_load_of_a_page_is_a_trace() -> Result {
    let site = |site: Site| {
        site.route("/hello.html", |_| Response {
            status: 200,
            headers: vec![
                ("Content-Type".to_owned(), "text/html".to_owned()),
                ("Server-Timing".to_owned(), format!("db;dur=3, traceparent;desc=\"{PARENT}\"")),
            ],
            body: HELLO.into(),
            delay: Duration::ZERO,
        })
    };
    run(setup("load"), |page| {
        open(page, &json!({ "resources": true }))?;
        let spans = spans_with(page, "page load")?;
        let load = only(&spans, "page load")?;
        assert_eq!(text(load, "parentSpanId"), "");
        for phase in ["domInteractive", "domContentLoadedEventStart", "domComplete", "loadEventEnd"] {
            assert_eq!(events(load, phase).len(), 1, "{phase}");
        }
        let end = events(load, "loadEventEnd")
            .first()
            .map(|event| nanos(event, "timeUnixNano"))
            .unwrap_or_default();
        assert!(nanos(load, "endTimeUnixNano") >= end);
        let document = spans.requests("options=REDACTED").next().ok_or("no document")?;
        assert_eq!(spans.ancestors(document), ["page load"]);
        assert_eq!(document.get("kind"), Some(&json!(3)));
        assert_eq!(attribute(document, "http.response.status_code"), json!("200"));
        assert_eq!(events(document, "responseStart").len(), 1);
        // Asked for before the load, by nobody; but what goes on and on is not the load's.
        let early = spans.request("/svc/early").ok_or("nothing early")?;
        assert_eq!(spans.ancestors(early), ["page load"]);
        page.until("asked.has('poll')")?;
        let spans = Spans::of(page)?;
        assert!(spans.requests("/svc/poll").count() > 0);
        for poll in spans.requests("/svc/poll") {
            assert_eq!(spans.ancestors(poll), Vec::<&str>::new());
        }
        page.until("spans.some((it) => JSON.stringify(it).includes('page.css'))")?;
        let spans = Spans::of(page)?;
        let style = spans.request("page.css").ok_or("no resources")?;
        assert_eq!(spans.ancestors(style), ["page load"]);
        assert_eq!(attribute(style, "flamefall.resource.type"), json!("link"));
        Ok(())
    })?;
    run(setup("load-parent").site(site), |page| {
        for (path, parent) in [("hello.html", "00f067aa0ba902b7"), ("t/parent.html", "b7ad6b7169203331")] {
            page.open(path)?;
            let spans = spans_with(page, "page load")?;
            let load = only(&spans, "page load")?;
            assert_eq!(text(load, "parentSpanId"), parent);
            assert_eq!(
                load.get("flags"),
                Some(&json!(0x301)),
                "the parent is elsewhere, and its id need not be random"
            );
        }
        Ok(())
    })
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const HELLO: &str = "<!doctype html><link rel=icon href=data:,><script type=module src=/t/small.js></script>";
