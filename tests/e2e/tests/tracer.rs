//! The tracer in a page: clicks are roots, and what they cause stays with them.

use std::time::Duration;

use e2e::spans::{Spans, attribute, text};
use e2e::{Page, Response, Result, Setup, Site, run};
use serde_json::json;

/// Pages of `tests/tracer` at `/t/`, and a service at `/svc/` that answers anything.
fn setup(name: &str) -> Setup {
    Setup::new(name).csp("").site(|site: Site| {
        site.mount("/t/", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tracer")).route("/svc", |request| {
            // Long enough that two clicks overlap.
            Response::json(200, json!({ "path": request.path }).to_string()).after(Duration::from_millis(5))
        })
    })
}

/// What the clicks of the page's cases ask for, and whose click it is. Without a second name both are the same.
const CONTINUATIONS: &[(&str, &str)] = &[
    ("sync", "sync"),
    ("xhr-sync", "xhr-sync"),
    ("await-micro", "await-micro"),
    ("await-fetch-pre", "await-fetch"),
    ("await-fetch", "await-fetch"),
    ("await-json-sleep-pre", "await-json-sleep"),
    ("await-json-sleep", "await-json-sleep"),
    ("then", "then"),
    ("fetch-then-pre", "fetch-then"),
    ("fetch-then", "fetch-then"),
    ("setTimeout", "setTimeout"),
    ("setTimeout-later", "setTimeout-later"),
    ("setTimeout-late", "setTimeout-late"),
    ("setInterval", "setInterval"),
    ("queueMicrotask", "queueMicrotask"),
    ("rAF", "rAF"),
    ("rIC", "rIC"),
    ("postTask", "postTask"),
    ("sched-yield", "sched-yield"),
    ("MessageChannel", "MessageChannel"),
    ("MutationObserver", "MutationObserver"),
    ("dispatchEvent", "dispatchEvent"),
    ("xhr-onload-pre", "xhr-onload"),
    ("xhr-onload", "xhr-onload"),
    ("for-await", "for-await"),
    ("worker", "worker"),
    ("idb", "idb"),
    ("pushState", "pushState"),
    ("delegated", "delegated"),
    ("multi", "multi"),
    ("ilvB", "ilvB"),
    ("ilvA", "ilvA"),
    ("submit", "submit"),
    // Beyond the 33.
    ("stream", "stream"),
    ("reader", "reader"),
    ("digest", "digest"),
    ("image", "image"),
    ("lock", "lock"),
    ("file", "file"),
    ("blob", "blob"),
    ("all", "all"),
    ("intersection", "intersection"),
    ("rejected", "rejected"),
    ("run", "run"),
    ("onclick", "onclick"),
    ("animation", "animation"),
    ("onfinish", "onfinish"),
    ("view-transition-pre", "view-transition"),
    ("view-transition", "view-transition"),
    ("pipe", "pipe"),
    ("tee", "tee"),
    ("cache", "cache"),
    ("timeout-signal", "timeout-signal"),
    ("abort-signal", "abort-signal"),
    ("nested", "nested"),
    ("element", "element"),
    ("comlink", "comlink"),
    ("reused-second", "reused"),
    ("reused", "reused"),
    ("onreadystatechange", "onreadystatechange"),
    ("jsonp", "jsonp"),
    ("canvas", "canvas"),
    ("postTask-signal", "postTask-signal"),
    ("abort-other", "abort-other"),
];

/// What a browser does not tell the cause of. It is nobody's, with a hint; [`precisely`] some of it is somebody's.
const UNKNOWN: &[&str] = &["import", "window-message", "broadcast"];

/// All requests are below the click that caused them.
fn expect_parents(spans: &Spans, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (name, click) in cases {
        let path = format!("/svc/{name}");
        let Some(request) = spans.request(&path) else {
            wrong.push(format!("{name}: no span"));
            continue;
        };
        let ancestors = spans.ancestors(request);
        if ancestors.last() != Some(&format!("click \"{click}\"").as_str()) {
            wrong.push(format!("{name}: {ancestors:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} lost: {wrong:#?}", wrong.len(), cases.len());
}

/// Clicks a case's button: as a person does, the browser says.
fn click(page: &Page, case: &str) -> Result {
    page.click(&page.find(&format!("document.querySelector('[data-case=\"{case}\"]')"))?)
}

#[test]
fn continuations_keep_their_click() -> Result {
    run(setup("continuations"), |page| {
        page.open("t/matrix.html")?;
        page.until("window.ready && asked.has('poll-bg')")?;
        let mut clicks: Vec<&str> = CONTINUATIONS.iter().map(|&(_, click)| click).chain(UNKNOWN.iter().copied()).collect();
        clicks.dedup();
        // A overlaps B.
        clicks.retain(|click| *click != "ilvA" && *click != "ilvB");
        clicks.extend(["ilvA", "ilvB"]);
        for case in &clicks {
            click(page, case)?;
        }
        for name in clicks.iter().chain(&["setTimeout-late", "ilvA"]) {
            page.until(&format!("asked.has('{name}')"))?;
        }
        let spans = Spans::of(page)?;
        expect_parents(&spans, CONTINUATIONS);
        for name in UNKNOWN {
            let path = format!("/svc/{name}");
            let request = spans.request(&path).ok_or(*name)?;
            assert_eq!(text(request, "parentSpanId"), "", "{name} is nobody's");
            let hint = attribute(request, "flamefall.interaction.recent_id");
            assert!(hint.as_str().is_some_and(|id| spans.0.contains_key(id)), "{name} has a hint");
        }
        for poll in spans.requests("poll-bg") {
            assert_eq!(spans.ancestors(poll), Vec::<&str>::new(), "a background poll stays outside");
        }
        for click in &clicks {
            assert_eq!(spans.named(&format!("click \"{click}\"")).count(), 1, "one root a click: {click}");
        }
        Ok(())
    })
}
