//! What a page view is: its load, its ways, what people do on it, how that feels, and what goes wrong.

mod pages;

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use e2e::spans::{Spans, attribute, text};
use e2e::{Page, Response, Result, run};
use pages::{click, setup};
use serde_json::{Value, json};

fn open(page: &Page, options: &Value) -> Result {
    pages::open(page, "page.html", options)
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

/// An attribute that is a number, or one below all.
fn number(of: &Value, key: &str) -> f64 {
    let value = attribute(of, key);
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(f64::MIN)
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
            !spans.0.values().cloned().collect::<Value>().to_string().contains("typed"),
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
    let site = |site: e2e::Site| {
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

/// `exception.type` of the exceptions of a span.
fn exceptions(span: &Value) -> Vec<Value> {
    events(span, "exception").into_iter().map(|event| attribute(event, "exception.type")).collect()
}

#[test]
fn errors_are_of_the_interaction_that_made_them() -> Result {
    run(setup("errors"), |page| {
        open(page, &json!({ "consoleErrors": true }))?;
        for (id, name, kind) in [
            ("throws", "click \"Throws\"", "TypeError"),
            ("rejects", "click \"Rejects\"", "RangeError"),
            ("logs", "click \"Logs\"", "URIError"),
        ] {
            click(page, id)?;
            let spans = spans_with(page, name)?;
            let root = only(&spans, name)?;
            assert_eq!(exceptions(root), [json!(kind)], "{name}");
            assert_eq!(attribute(root, "error.type"), json!(kind));
            assert_eq!(root.pointer("/status/code"), Some(&json!(2)), "{name}");
        }
        // Its interaction has ended by then: a child of it.
        click(page, "late")?;
        let spans = spans_with(page, "exception")?;
        let span = only(&spans, "exception")?;
        assert_eq!(exceptions(span), [json!("SyntaxError")]);
        let spans = spans_with(page, "click \"Throws late\"")?;
        assert_eq!(spans.ancestors(only(&spans, "exception")?), ["click \"Throws late\""]);
        // Nobody's.
        page.eval("spans.length = 0; nobody()", &[])?;
        let spans = spans_with(page, "exception")?;
        let span = only(&spans, "exception")?;
        assert_eq!(exceptions(span), [json!("EvalError")]);
        assert_eq!(text(span, "parentSpanId"), "");
        Ok(())
    })?;
    run(setup("errors-off"), |page| {
        open(page, &json!({ "errors": false }))?;
        click(page, "throws")?;
        let spans = spans_with(page, "click \"Throws\"")?;
        assert_eq!(exceptions(only(&spans, "click \"Throws\"")?), Vec::<Value>::new());
        Ok(())
    })
}

#[test]
fn ways_through_the_page_are_told() -> Result {
    run(setup("ways"), |page| {
        open(page, &json!({}))?;
        page.until("await more()")?;
        click(page, "go")?;
        let spans = spans_with(page, "click \"Go\"")?;
        let root = only(&spans, "click \"Go\"")?;
        assert_eq!(attribute(root, "flamefall.navigation.path"), json!("/t/orders/:id/lines/:id"));
        let pushed = events(root, "browser.navigation");
        assert_eq!(pushed.len(), 1);
        assert_eq!(attribute(pushed.first().ok_or("no event")?, "browser.navigation.type"), json!("push"));
        let known =
            page.eval("return PerformanceObserver.supportedEntryTypes.includes('soft-navigation')", &[])?;
        assert_eq!(events(root, "soft_navigation").len(), usize::from(known == json!(true)));
        // Back, by nobody's click: its own root, and what it causes.
        page.eval("setTimeout(() => history.back(), 0)", &[])?;
        let spans = spans_with(page, "navigation /t/page.html")?;
        let root = only(&spans, "navigation /t/page.html")?;
        assert_eq!(attribute(root, "flamefall.interaction.type"), json!("navigation"));
        let request = spans.request("/svc/popped").ok_or("no request")?;
        assert_eq!(spans.ancestors(request), ["navigation /t/page.html"]);
        Ok(())
    })
}

#[test]
fn what_the_browser_measures_is_on_the_interaction() -> Result {
    run(setup("timing"), |page| {
        open(page, &json!({}))?;
        page.until("await more()")?;
        click(page, "long")?;
        let spans = spans_with(page, "click \"Takes long\"")?;
        let root = only(&spans, "click \"Takes long\"")?;
        assert!(number(root, "flamefall.interaction.processing") >= 119.0, "{root}");
        assert!(number(root, "flamefall.interaction.input_delay") >= 0.0, "{root}");
        assert!(number(root, "flamefall.interaction.presentation") >= 0.0, "{root}");
        let frames = events(root, "long_animation_frame");
        let frame = frames.first().ok_or("no long frame")?;
        assert!(number(frame, "flamefall.duration") >= 119.0, "{frame}");
        assert_eq!(attribute(frame, "flamefall.invoker"), json!("BUTTON#long.onclick"));
        assert!(
            attribute(frame, "code.file.path").as_str().is_some_and(|it| it.ends_with("/t/page.js")),
            "{frame}"
        );
        Ok(())
    })
}

#[test]
fn rage_and_dead_clicks_are_told() -> Result {
    run(setup("frustration"), |page| {
        open(page, &json!({}))?;
        page.until("await more()")?;
        let how = |id: &str, name: &str| -> Result<Value> {
            click(page, id)?;
            let spans = spans_with(page, name)?;
            Ok(attribute(only(&spans, name)?, "flamefall.interaction.frustration"))
        };
        assert_eq!(how("dead", "click \"Does nothing\"")?, json!("dead_click"));
        for (id, name) in [
            ("alive", "click \"Does something\""),
            ("asks", "click \"Asks\""),
            ("go", "click \"Go\""),
            ("check", "click \"Remember me\""),
            ("email", "click \"Email\""),
        ] {
            assert_eq!(how(id, name)?, Value::Null, "{id}");
        }
        page.eval("spans.length = 0", &[])?;
        let at = page.eval(
            "const { x, y, width, height } = document.getElementById('plain').getBoundingClientRect(); \
             return [Math.round(x + width / 2), Math.round(y + height / 2)]",
            &[],
        )?;
        let at = |index: usize| at.get(index).and_then(Value::as_i64).unwrap_or_default() as i32;
        page.clicks_at((at(0), at(1)), 4)?;
        page.until("named('click \"Place order (#)\"').length === 4")?;
        let spans = Spans::of(page)?;
        let mut clicks: Vec<&Value> = spans.named("click \"Place order (#)\"").collect();
        clicks.sort_by_key(|span| nanos(span, "startTimeUnixNano"));
        let raged =
            clicks.iter().map(|it| attribute(it, "flamefall.interaction.frustration") == json!("rage_click"));
        assert_eq!(raged.collect::<Vec<_>>(), [false, false, true, true]);
        Ok(())
    })
}

/// The `web-vitals` library, which is installed from npm once; or why it is not there.
fn web_vitals() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache =
        cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache"))).ok_or("no HOME")?;
    let folder = cache.join("flamefall/tools/web-vitals-6.2.3");
    let library = folder.join("node_modules/web-vitals/dist");
    if !library.is_dir() {
        let status = Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix"])
            .arg(&folder)
            .arg("web-vitals@6.2.3")
            .status()?;
        if !status.success() {
            return Err("npm could not install it".into());
        }
    }
    Ok(library)
}

/// By name: value, rating and navigation type, of the spans `web vitals` that left since the page was last asked.
fn vitals(page: &Page) -> Result<BTreeMap<String, (f64, Value, Value)>> {
    let mut found = BTreeMap::new();
    for span in Spans::of(page)?.named("web vitals") {
        for event in events(span, "browser.web_vital") {
            let of = |key: &str| attribute(event, &format!("browser.web_vital.{key}"));
            let name = of("name").as_str().unwrap_or_default().to_owned();
            found.insert(
                name,
                (number(event, "browser.web_vital.value"), of("rating"), of("navigation_type")),
            );
        }
    }
    Ok(found)
}

#[test]
fn web_vitals_are_those_of_the_library() -> Result {
    let library = match web_vitals() {
        Ok(library) => library,
        Err(reason) => {
            println!("skipped: the web-vitals library: {reason:?}");
            return Ok(());
        }
    };
    let site = setup("vitals").site(|site| site.mount("/web-vitals", library));
    run(site, |page| {
        page.open("t/vitals.html")?;
        page.until("window.shifted && theirs.cls?.value > 0 && theirs.lcp && theirs.fcp && theirs.ttfb")?;
        click(page, "slow")?;
        page.until("theirs.inp?.value >= 150")?;
        let compare = |names: &[&str], within: f64| -> Result {
            page.eval("cover(true); cover(false)", &[])?;
            let ours = vitals(page)?;
            let theirs = page.eval("return theirs", &[])?;
            assert_eq!(ours.keys().collect::<Vec<_>>(), names);
            for (name, (value, rating, kind)) in &ours {
                let field =
                    |field: &str| theirs.pointer(&format!("/{name}/{field}")).cloned().unwrap_or_default();
                let expected = field("value").as_f64().unwrap_or(f64::MIN);
                assert!((value - expected).abs() <= within, "{name}: {value}, not {expected}");
                assert_eq!((rating, kind), (&field("rating"), &field("type")), "{name}");
            }
            Ok(())
        };
        compare(&["cls", "fcp", "inp", "lcp", "ttfb"], 1e-6)?;
        let spans = Spans::of(page)?;
        assert_eq!(spans.ancestors(only(&spans, "web vitals")?), ["page load"]);
        // Told again is only what has changed.
        page.eval("spans.length = 0; cover(true); cover(false)", &[])?;
        assert_eq!(vitals(page)?.len(), 0);
        // Back from the browser's cache all begin anew. Painted is when two frames have been.
        page.until("await restored()")?;
        page.eval("spans.length = 0", &[])?;
        compare(&["cls", "fcp", "lcp", "ttfb"], 20.0)
    })
}

#[test]
fn what_is_switched_off_is_not_there() -> Result {
    run(setup("off"), |page| {
        let off = json!({ "pageLoad": false, "webVitals": false, "timing": false, "frustration": false, "navigation": false, "storage": false });
        open(page, &off)?;
        click(page, "dead")?;
        click(page, "long")?;
        spans_with(page, "click \"Takes long\"")?;
        page.eval("cover(true); cover(false)", &[])?;
        let spans = Spans::of(page)?;
        assert_eq!(interactions(&spans), ["click \"Does nothing\"", "click \"Takes long\""]);
        assert_eq!(spans.named("page load").count() + spans.named("web vitals").count(), 0);
        let root = only(&spans, "click \"Takes long\"")?;
        assert_eq!(attribute(root, "flamefall.interaction.processing"), Value::Null);
        assert_eq!(events(root, "long_animation_frame").len(), 0);
        Ok(())
    })
}

#[test]
fn a_session_lasts_while_somebody_acts() -> Result {
    run(setup("session"), |page| {
        let session = |options: &Value| -> Result<(String, Value)> {
            open(page, options)?;
            let spans = spans_with(page, "page load")?;
            let load = only(&spans, "page load")?;
            let id = attribute(load, "session.id").as_str().unwrap_or_default().to_owned();
            assert_eq!(id.len(), 32, "{id}");
            Ok((id, attribute(load, "session.previous_id")))
        };
        // In memory.
        let (first, _) = session(&json!({}))?;
        let (second, _) = session(&json!({}))?;
        assert_ne!(first, second);
        for (kind, storage) in [("tab", "sessionStorage"), ("browser", "localStorage")] {
            let options = json!({ "session": kind });
            let (first, previous) = session(&options)?;
            assert_eq!(previous, Value::Null);
            assert_eq!(
                session(&options)?,
                (first.clone(), Value::Null),
                "the page after it is of the same visit"
            );
            // Nobody acted for half an hour; it began more than four hours ago; its text is somebody else's.
            let age = |place: u32, minutes: u32| {
                format!(
                    "const it = JSON.parse({storage}['flamefall.session']); it[{place}] -= {minutes} * 60000; \
                     {storage}['flamefall.session'] = JSON.stringify(it)"
                )
            };
            page.eval(&age(2, 31), &[])?;
            let (second, previous) = session(&options)?;
            assert_ne!(second, first);
            assert_eq!(previous, json!(first));
            page.eval(&age(1, 241), &[])?;
            let (third, previous) = session(&options)?;
            assert_eq!((third != second, previous), (true, json!(second)));
            page.eval(&format!("{storage}['flamefall.session'] = '{{'"), &[])?;
            let (fourth, previous) = session(&options)?;
            assert_eq!((fourth != third, previous), (true, Value::Null));
        }
        let resource = page.eval("return resource", &[])?;
        assert_eq!(attribute(&resource, "flamefall.page.id").as_str().map(str::len), Some(16));
        assert_eq!(attribute(&resource, "browser.mobile"), json!(false));
        assert!(attribute(&resource, "browser.language").is_string());
        Ok(())
    })
}

#[test]
fn nothing_before_consent() -> Result {
    run(setup("consent"), |page| {
        open(page, &json!({ "consent": false, "session": "browser" }))?;
        click(page, "asks")?;
        page.until("asked.has('asked')")?;
        page.eval("rum.run('mine', () => {})", &[])?;
        let state =
            page.eval("return [headers.asked, headers.early, Object.keys(localStorage), spans.length]", &[])?;
        assert_eq!(state, json!([null, null, [], 0]));
        page.eval("asked.clear(); rum.consent(true)", &[])?;
        click(page, "asks")?;
        let spans = spans_with(page, "click \"Asks\"")?;
        let request = spans.request("/svc/asked").ok_or("no request")?;
        let header = page.eval("return [headers.asked, localStorage.length]", &[])?;
        let sent = format!("00-{}-{}-03", text(request, "traceId"), text(request, "spanId"));
        assert_eq!(header, json!([sent, 1]));
        assert_eq!(spans.named("mine").count(), 0, "what was done before stays unknown");
        // Taken back.
        page.eval("asked.clear(); spans.length = 0; rum.consent(false)", &[])?;
        click(page, "asks")?;
        page.until("asked.has('asked')")?;
        assert_eq!(
            page.eval("await rum.flush(); return [headers.asked, spans.length]", &[])?,
            json!([null, 0])
        );
        Ok(())
    })
}

#[test]
fn global_privacy_control_is_respected() -> Result {
    run(setup("gpc"), |page| {
        let source =
            "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })";
        page.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source }))?;
        open(page, &json!({ "session": "browser", "endpoint": "/v1/traces" }))?;
        page.until("await more()")?;
        click(page, "plain")?;
        let spans = spans_with(page, "click button#plain")?;
        assert_eq!(interactions(&spans), ["click button#plain"]);
        let stored = page.eval("return [localStorage.length, (await indexedDB.databases()).length]", &[])?;
        assert_eq!(stored, json!([0, 0]));
        Ok(())
    })
}

#[test]
fn secrets_stay_on_the_page() -> Result {
    run(setup("secrets"), |page| {
        open(
            page,
            &json!({
                "attributes": { "app.secret": "s3cret", "app.plan": "gold" },
                "allowQuery": ["page"],
                "drop": ["app.secret"],
            }),
        )?;
        page.eval(
            "history.replaceState({}, '', '?token=s3cret&page=2#s3cret'); await fetch('/svc/it?token=s3cret&page=3#s3cret')",
            &[],
        )?;
        click(page, "email")?;
        page.keys(&["s", "3", "c", "r", "e", "t", "Enter"])?;
        let spans = spans_with(page, "submit \"Sign in\"")?;
        let root = only(&spans, "submit \"Sign in\"")?;
        let url = attribute(root, "browser.document.url.full");
        assert!(url.as_str().is_some_and(|it| it.ends_with("?token=REDACTED&page=2")), "{url}");
        assert!(spans.request("/svc/it?token=REDACTED&page=3").is_some());
        assert_eq!(attribute(root, "app.plan"), json!("gold"));
        let all = spans.0.values().cloned().collect::<Value>().to_string();
        assert!(!all.contains("s3cret"), "{all}");
        Ok(())
    })
}
