//! The tracer in a page: clicks are roots, and what they cause stays with them.

use std::time::Duration;

use e2e::spans::{Spans, attribute, text};
use e2e::{Page, Response, Result, Setup, Site, run};
use serde_json::{Value, json};

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

/// Waits until the roots of so many clicks have ended.
fn until_clicks(page: &Page, count: usize) -> Result {
    page.until(&format!(
        "(await rum.flush(), spans.filter((it) => it.name.startsWith('click')).length === {count})"
    ))
}

#[test]
fn continuations_keep_their_click() -> Result {
    run(setup("continuations"), |page| {
        page.open("t/matrix.html")?;
        page.until("window.ready && asked.has('poll-bg')")?;
        let mut clicks: Vec<&str> =
            CONTINUATIONS.iter().map(|&(_, click)| click).chain(UNKNOWN.iter().copied()).collect();
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
        until_clicks(page, clicks.len())?;
        let spans = Spans::of(page)?;
        expect_parents(&spans, CONTINUATIONS);
        for name in UNKNOWN {
            let path = format!("/svc/{name}");
            let request = spans.request(&path).ok_or(*name)?;
            assert_eq!(
                text(request, "parentSpanId"),
                "",
                "{name} is nobody's, and not of {:?}",
                spans.ancestors(request)
            );
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

/// Twelve clicks whose work overlaps, in an order that the seed says. Each request that the work of a click makes has that
/// click for its root, or, `lenient`, none; returns how many have none.
fn interleaved(page: &Page, seed: u32, more: &Value, lenient: bool) -> Result<usize> {
    let mut it = more.clone();
    it.as_object_mut().ok_or("no object")?.insert("seed".to_owned(), seed.into());
    page.open(&format!("t/interleave.html?it={it}"))?;
    page.until("window.ready")?;
    let buttons: Vec<String> = ('a'..='l').map(|letter| format!("button {letter}")).collect();
    for button in &buttons {
        page.click(&page.find(&format!("document.getElementById('{button}')"))?)?;
    }
    page.until("ended.size === 12")?;
    until_clicks(page, 12)?;
    let log = page.eval("return log", &[])?;
    let spans = Spans::of(page)?;
    let (mut lost, mut wrong) = (0, Vec::new());
    for button in &buttons {
        for step in 0..8 {
            let path = format!("/svc/{}/{step}", button.replace(' ', "%20"));
            let request = spans.request(&path).ok_or_else(|| format!("{path} has no span"))?;
            match spans.ancestors(request).last() {
                Some(root) if *root == format!("click \"{button}\"") => {}
                None if text(request, "parentSpanId").is_empty() && lenient => lost += 1,
                root => wrong.push(format!("{button} {step}: {root:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "seed {seed}: {wrong:#?} after {log:#}");
    Ok(lost)
}

/// Clicks that overlap do not mix.
#[test]
fn clicks_do_not_mix() -> Result {
    run(setup("interleaved"), |page| {
        for seed in [1, 2, 3] {
            interleaved(page, seed, &json!({}), false)?;
        }
        Ok(())
    })
}

/// Where they work through one loop, or one ends what the other waits for, some are nobody's, and none somebody else's.
#[test]
fn tangled_clicks_do_not_mix() -> Result {
    run(setup("tangled"), |page| {
        for seed in [4, 5, 6] {
            let lost = interleaved(page, seed, &json!({ "tangled": true }), true)?;
            assert!(lost < 48, "more than half are nobody's: {lost}");
        }
        Ok(())
    })
}

/// Precisely: also where they wait for the same promise, for a batch, or for a module.
#[test]
fn precise_where_promises_are_shared() -> Result {
    run(setup("precise"), |page| {
        for seed in [7, 8, 9] {
            interleaved(page, seed, &json!({ "shared": true, "options": { "precise": true } }), false)?;
        }
        let same = page.eval(
            "rum.shutdown(); const { value, writable, enumerable } = Object.getOwnPropertyDescriptor( \
            Promise.prototype, 'constructor'); return value === Promise && writable && !enumerable",
            &[],
        )?;
        assert_eq!(same, json!(true), "shutdown restores Promise.prototype.constructor");
        Ok(())
    })
}

/// Where the platform keeps a context by itself, `run` uses that: here by a stand-in that only knows who runs.
#[test]
fn the_context_of_the_platform() -> Result {
    run(setup("async-context"), |page| {
        page.open("t/interleave.html?it={\"seed\":1}")?;
        page.until("window.ready")?;
        let body = "rum.shutdown(); \
            window.AsyncContext = { Variable: class { run(value, body) { const outer = this.value; this.value = value; \
                try { return body() } finally { this.value = outer } } get() { return this.value } } }; \
            const { start } = await import('/rum/flamefall-rum.js'); \
            window.rum = start({ endpoint: null }); rum.onSpans((json) => spans.push(...JSON.parse(json).resourceSpans[0].scopeSpans[0].spans)); \
            rum.run('outer', () => { fetch('/svc/outer'); rum.run('inner', () => fetch('/svc/inner-one')); window.bound = rum.bind(() => fetch('/svc/bound')); }); \
            bound(); await fetch('/svc/outside');";
        page.eval(body, &[])?;
        page.until("(await rum.flush(), spans.some((it) => JSON.stringify(it).includes('svc/outside')))")?;
        let spans = Spans::of(page)?;
        let of = |path: &'static str| spans.request(path).map(|it| spans.ancestors(it)).unwrap_or_default();
        assert_eq!(of("/svc/outer"), ["outer"]);
        assert_eq!(of("/svc/inner-one"), ["inner", "outer"]);
        assert_eq!(of("/svc/bound"), ["outer"]);
        assert!(spans.request("/svc/outside").is_some() && of("/svc/outside").is_empty());
        Ok(())
    })
}
