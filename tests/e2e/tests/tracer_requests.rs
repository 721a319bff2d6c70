//! `fetch` and `XMLHttpRequest`: what their spans say, who gets which header, and that a page cannot tell the tracer is there.

mod pages;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::spans::{Spans, attribute, text};
use e2e::{Fault, Page, Request, Response, Result, Setup, run};
use pages::open;
use propagation::{Baggage, Format, Headers, SamplingState};
use serde_json::{Value, json};

/// What is the same whenever the same page asks.
fn echo(request: &Request) -> Response {
    let mut headers: Vec<String> = request
        .headers
        .iter()
        // Ours, and not the page's own.
        .filter(|(name, value)| !name.eq_ignore_ascii_case("traceparent") || value.contains("11111111"))
        // The page is told by its query whether to start.
        .map(|(name, value)| {
            format!("{}: {}", name.to_lowercase(), value.split("?options").next().unwrap_or(""))
        })
        .collect();
    headers.sort();
    let body = String::from_utf8_lossy(&request.body);
    let it = json!({ "method": request.method, "path": request.path, "query": request.query, "headers": headers, "body": body });
    Response::json(200, it.to_string())
}

fn setup(name: &str) -> Setup {
    pages::setup(name).site(|site| {
        site.route("/echo", echo)
            .route("/moved", |_| Response::json(302, "").header("Location", "/echo/moved"))
            .route("/slow", |_| Response::json(200, "{}").after(Duration::from_secs(2)))
            .route("/missing", |_| Response::json(404, "{}"))
    })
}

#[test]
fn a_page_cannot_tell() -> Result {
    let mut lines = Vec::new();
    for (name, options) in
        [("without", ""), ("with", "?options={}"), ("precisely", "?options={\"precise\":true}")]
    {
        run(setup(&format!("probes-{name}")), |page| {
            page.open(&format!("t/probes.html{options}"))?;
            page.until("window.probed")?;
            let port = page.url("");
            let port = port.trim_end_matches('/').rsplit(':').next().unwrap_or_default().to_owned();
            let found = page.eval("return await probed", &[])?;
            let found = found.as_array().into_iter().flatten();
            lines.push(found.map(|it| it.as_str().unwrap_or("").replace(&port, "PORT")).collect::<Vec<_>>());
            Ok(())
        })?;
    }
    let Some((without, others)) = lines.split_first() else { return Ok(()) };
    for with in others {
        let differences: Vec<_> = without.iter().zip(with).filter(|(one, two)| one != two).collect();
        assert!(differences.is_empty() && without.len() == with.len(), "{differences:#?}");
    }
    // All of them came to their end.
    assert!(without.len() > 90 && !without.concat().contains("not a function"), "{without:#?}");
    Ok(())
}

/// A started page's tracer, asked by script: nothing here needs a person.
fn started(page: &Page, options: &Value) -> Result {
    open(page, "small.html", options)
}

/// The span of the only request whose URL ends so. Not flushed: it would not wait for what is measured.
fn request(page: &Page, end: &str) -> Result<Value> {
    page.until(&format!("spans.some((it) => JSON.stringify(it.attributes).includes('{end}\"'))"))?;
    let mut spans = Spans::default();
    spans.add(&page.eval("return spans", &[])?);
    let found: Vec<_> = spans.requests(end).collect();
    let [one] = found.as_slice() else { return Err(format!("{} requests {end}", found.len()).into()) };
    Ok((*one).clone())
}

#[test]
fn spans_say_how_requests_went() -> Result {
    // How it is asked, where, and then: status, `error.type`, whether it is an error.
    let cases: &[(&str, &str, Option<u16>, &str)] = &[
        ("await fetch('/echo/get')", "/echo/get", Some(200), ""),
        ("await fetch(new URL('/echo/url', location), { method: 'post' })", "/echo/url", Some(200), ""),
        (
            "await fetch(new Request('/echo/request', { method: 'PUT', body: 'x' }))",
            "/echo/request",
            Some(200),
            "",
        ),
        ("await fetch('/echo/strange', { method: 'STRANGE' })", "/echo/strange", Some(200), ""),
        ("await fetch('/moved')", "/moved", Some(200), ""),
        ("await fetch('/moved?manual', { redirect: 'manual' })", "/moved?manual=REDACTED", None, ""),
        (
            "await fetch(location.origin.replace('127.0.0.1', 'localhost') + '/echo/opaque', { mode: 'no-cors' })",
            "/echo/opaque",
            None,
            "",
        ),
        ("await fetch('/missing/fetch')", "/missing/fetch", Some(404), "404"),
        ("await fetch('/svc/fails')", "/svc/fails", Some(500), "500"),
        ("await fetch('http://127.0.0.1:1/refused').catch(() => {})", "/refused", None, "network_error"),
        (
            "await fetch('/slow/timeout', { signal: AbortSignal.timeout(5) }).catch(() => {})",
            "/slow/timeout",
            None,
            "timeout",
        ),
        (
            "const it = new AbortController(); setTimeout(() => it.abort(), 5); await fetch('/slow/abort', { signal: it.signal }).catch(() => {})",
            "/slow/abort",
            None,
            "abort",
        ),
        (
            "const it = new AbortController(); setTimeout(() => it.abort('enough'), 5); await fetch('/slow/reason', { signal: it.signal }).catch(() => {})",
            "/slow/reason",
            None,
            "abort",
        ),
        ("await xhr('POST', '/echo/xhr')", "/echo/xhr", Some(200), ""),
        ("await xhr('GET', '/missing/xhr')", "/missing/xhr", Some(404), "404"),
        ("await xhr('GET', 'http://127.0.0.1:1/xhr-refused')", "/xhr-refused", None, "network_error"),
        (
            "await xhr('GET', '/slow/xhr-timeout', (it) => (it.timeout = 5))",
            "/slow/xhr-timeout",
            None,
            "timeout",
        ),
        (
            "await xhr('GET', '/slow/xhr-abort', (it) => setTimeout(() => it.abort(), 5))",
            "/slow/xhr-abort",
            None,
            "abort",
        ),
        (
            "const it = new XMLHttpRequest(); it.open('GET', '/echo/xhr-sync', false); it.send()",
            "/echo/xhr-sync",
            Some(200),
            "",
        ),
        (
            "const it = new XMLHttpRequest(); it.open('GET', 'http://127.0.0.1:1/sync-refused', false); try { it.send() } catch {}",
            "/sync-refused",
            None,
            "network_error",
        ),
        (
            "const it = new XMLHttpRequest(); it.open('GET', '/slow/reopened'); it.send(); it.open('GET', '/echo/other')",
            "/slow/reopened",
            None,
            "abort",
        ),
    ];
    let xhr = "const xhr = (method, url, then = () => {}) => new Promise((resolve) => { const it = new XMLHttpRequest(); \
        it.onloadend = resolve; it.open(method, url); then(it); it.send(); });";
    run(setup("requests"), |page| {
        started(page, &json!({}))?;
        for &(ask, end, status, error) in cases {
            page.eval(&format!("{xhr} {ask}"), &[])?;
            let span = request(page, end)?;
            let what = format!("{ask}: {span:#}");
            assert_eq!(
                attribute(&span, "http.response.status_code"),
                status.map_or(Value::Null, |it| json!(it.to_string())),
                "{what}"
            );
            assert_eq!(attribute(&span, "error.type").as_str().unwrap_or(""), error, "{what}");
            let code = span.pointer("/status/code").and_then(Value::as_u64).unwrap_or(0);
            assert_eq!(code, if error.is_empty() { 0 } else { 2 }, "{what}");
            assert_eq!(span.get("kind"), Some(&json!(3)), "{what}");
            let strange = ask.contains("STRANGE");
            let method = attribute(&span, "http.request.method");
            assert_eq!(
                text(&span, "name"),
                if strange { "HTTP" } else { method.as_str().unwrap_or("") },
                "{what}"
            );
            assert_eq!(
                attribute(&span, "http.request.method_original"),
                if strange { json!("STRANGE") } else { Value::Null }
            );
            let url = attribute(&span, "url.full");
            let authority = url
                .as_str()
                .and_then(|it| it.split('/').nth(2))
                .and_then(|it| it.split_once(':'))
                .ok_or("no port")?;
            assert_eq!(attribute(&span, "server.address"), authority.0, "{what}");
            assert_eq!(attribute(&span, "server.port"), authority.1, "{what}");
        }
        // What was measured comes as events, in their order and within the span.
        let span = request(page, "/echo/get")?;
        let events = span.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
        let names: Vec<_> = events.iter().map(|event| text(event, "name")).collect();
        for name in ["fetchStart", "requestStart", "responseStart", "responseEnd"] {
            assert!(names.contains(&name), "{names:?}");
        }
        let ends = text(&span, "endTimeUnixNano");
        assert!(events.iter().all(|event| text(event, "timeUnixNano") <= ends), "{span:#}");
        assert_eq!(attribute(&span, "network.protocol.version"), "1.1");
        Ok(())
    })
}

/// Each request has its own timing, however many are alike, and also when the browser keeps no more of them.
#[test]
fn timings_of_requests_that_are_alike() -> Result {
    run(setup("timings"), |page| {
        open(page, "small.html", &json!({}))?;
        let full = "const full = new Promise((go) => performance.addEventListener('resourcetimingbufferfull', go)); \
                    performance.setResourceTimingBufferSize(1); await (await fetch('/echo/one')).text(); await full";
        for (at, before) in ["", full, "performance.clearResourceTimings()"].into_iter().enumerate() {
            let ask =
                "await Promise.all(Array.from({ length: 4 }, async () => (await fetch(args[0])).text()))";
            page.eval(
                &format!("await (await fetch('/echo/first')).text(); {before}; {ask}"),
                &[json!(format!("/echo/alike{at}"))],
            )?;
            page.until(&format!(
                "spans.filter((it) => JSON.stringify(it).includes('/echo/alike{at}')).length === 4"
            ))?;
            let timings = page.eval(
                "return spans.filter((it) => JSON.stringify(it).includes(args[0])).map((it) => it.events?.find((it) => it.name === 'responseEnd')?.timeUnixNano)",
                &[json!(format!("/echo/alike{at}"))],
            )?;
            let timings: Vec<_> = timings.as_array().into_iter().flatten().collect();
            assert!(timings.len() == 4 && timings.iter().all(|it| it.is_string()), "{before}: {timings:?}");
        }
        Ok(())
    })
}

/// What of the headers of a request is about tracing.
type Seen = Arc<Mutex<Vec<Request>>>;

fn recording(name: &str) -> (Setup, Seen) {
    let seen = Seen::default();
    let list = Arc::clone(&seen);
    let site = setup(name).site(|site| {
        site.route("/seen", move |request| {
            if let Ok(mut list) = list.lock() {
                list.push(request.clone());
            }
            let allow = |it: Response, name: &str, value: &str| {
                it.header(&format!("Access-Control-Allow-{name}"), value)
            };
            let it = allow(Response::json(200, "{}"), "Origin", "*");
            allow(allow(it, "Headers", "*"), "Methods", "*")
        })
    });
    (site, seen)
}

/// The request of that path and method, and no other.
fn seen(list: &Seen, path: &str) -> Result<Request> {
    let Ok(list) = list.lock() else { return Err("the route panicked".into()) };
    let found: Vec<_> = list.iter().filter(|it| it.path == path && it.method != "OPTIONS").collect();
    let [one] = found.as_slice() else { return Err(format!("{} requests {path}", found.len()).into()) };
    Ok((*one).clone())
}

fn headers(request: &Request) -> Vec<(&str, &str)> {
    request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[test]
fn every_format_is_read_as_it_was_meant() -> Result {
    let formats = [
        ("w3c", Format::TraceContext),
        ("b3", Format::B3Single),
        ("b3multi", Format::B3Multi),
        ("datadog", Format::Datadog),
        ("xray", Format::XRay),
    ];
    for ratio in [1, 0] {
        let (site, list) = recording(&format!("formats-{ratio}"));
        run(site, |page| {
            for (name, format) in formats {
                // Kept for its error, so that its ids are known when it is not sampled, too.
                started(
                    page,
                    &json!({ "propagators": [name], "sampling": { "ratio": ratio }, "pageLoad": false }),
                )?;
                let path = format!("/seen/{name}-{ratio}");
                page.eval(
                    "await rum.run('it', async (span) => { span.setStatus(2); await fetch(args[0]); })",
                    &[json!(path)],
                )?;
                let span = request(page, &path)?;
                let arrived = seen(&list, &path)?;
                let fields = headers(&arrived);
                let context =
                    format.extract(Headers(&fields)).ok_or_else(|| format!("{name}: {fields:?}"))?;
                assert_eq!(context.span().trace_id.to_string(), text(&span, "traceId"), "{name}");
                assert_eq!(context.span().span_id.to_string(), text(&span, "spanId"), "{name}");
                let meant = if ratio == 1 { SamplingState::Accept } else { SamplingState::Deny };
                assert_eq!(context.state(), meant, "{name}");
                let others = formats.iter().filter(|(other, _)| other != &name && !other.starts_with("b3"));
                for (other, format) in others {
                    assert!(format.extract(Headers(&fields)).is_none(), "{other} beside {name}");
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

#[test]
fn headers_go_to_whom_they_may() -> Result {
    let (site, list) = recording("headers");
    run(site, |page| {
        page.open("t/small.html?options={\"pageLoad\":false}")?;
        page.until("window.rum")?;
        // Options that JSON cannot say.
        page.eval(
            "rum.shutdown(); const { start } = await import('/rum/flamefall-rum.js'); window.dry = []; \
             window.other = location.origin.replace('127.0.0.1', 'localhost'); \
             window.again = (more) => { rum.shutdown(); window.rum = start({ endpoint: null, pageLoad: false, ...more }); };",
            &[],
        )?;
        // Options, what is asked for, and whether it gets a traceparent.
        let cases = [
            ("{}", "fetch(`${location.origin}/seen/1`)", true),
            ("{}", "fetch(`${other}/seen/2`)", false),
            ("{ propagateTo: [other] }", "fetch(`${other}/seen/3`)", true),
            ("{ propagateTo: other }", "fetch(`${other}/seen/4`)", true),
            ("{ propagateTo: [/^http:\\/\\/localhost/g] }", "fetch(`${other}/seen/5`)", true),
            (
                "{ propagateTo: [new URLPattern({ hostname: 'localhost' })] }",
                "fetch(`${other}/seen/6`)",
                true,
            ),
            // A part of an origin, and what only the query says.
            ("{ propagateTo: ['http://localhost'] }", "fetch(`${other}/seen/7`)", false),
            ("{ propagateTo: [/example/] }", "fetch(`${other}/seen/8?to=example`)", false),
            ("{ propagateTo: [other] }", "fetch(`${other}/seen/9`, { mode: 'no-cors' })", false),
            ("{ propagateTo: [other], dryRun: (it) => dry.push(it) }", "fetch(`${other}/seen/10`)", false),
            (
                "{ propagateTo: [other], dryRun: (it) => dry.push(it) }",
                "fetch(`${other}/seen/11`, { method: 'PUT' })",
                false,
            ),
            ("{ ignoreUrls: [/seen/] }", "fetch('/seen/12')", false),
            ("{ consent: false }", "fetch('/seen/13')", false),
            ("{ propagateTo: 5 }", "fetch('/seen/14')", true),
        ];
        for (at, (options, ask, gets)) in cases.into_iter().enumerate() {
            page.eval(&format!("again({options}); await {ask}"), &[])?;
            let arrived = seen(&list, &format!("/seen/{}", at + 1))?;
            assert_eq!(arrived.header("traceparent").is_some(), gets, "{options} {ask}");
        }
        let dry = page
            .eval("return dry.map(({ url, ...rest }) => ({ path: new URL(url).pathname, ...rest }))", &[])?;
        let expected = json!([
            { "path": "/seen/10", "method": "GET", "headers": ["traceparent"], "wouldCausePreflight": true },
            { "path": "/seen/11", "method": "PUT", "headers": ["traceparent"], "wouldCausePreflight": false },
        ]);
        assert_eq!(dry, expected);

        // The page's own stay, by format.
        page.eval("again({ propagators: ['w3c', 'baggage', 'b3'], baggage: () => ({ 'user.tier': 'gold & ü', 'no token': 1 }) })", &[])?;
        page.eval("await fetch('/seen/own', { headers: { traceparent: 'mine' } })", &[])?;
        let own = seen(&list, "/seen/own")?;
        assert_eq!(own.header("traceparent"), Some("mine"));
        assert!(own.header("b3").is_some());
        let fields = headers(&own);
        let baggage = Baggage::extract(Headers(&fields));
        assert_eq!(baggage.members().len(), 1);
        assert_eq!(baggage.get("user.tier"), Some("gold & ü"));
        page.eval(
            "await new Promise((resolve) => { const it = new XMLHttpRequest(); it.onload = resolve; it.open('GET', '/seen/xhr'); \
             it.setRequestHeader('B3', '0'); it.send(); })",
            &[],
        )?;
        let xhr = seen(&list, "/seen/xhr")?;
        assert_eq!(xhr.header("b3"), Some("0"));
        assert!(xhr.header("traceparent").is_some());
        Ok(())
    })
}

/// Names of listeners of an object of the page, as the browser knows them.
fn listeners(page: &Page, object: &str) -> Result<usize> {
    let found = page.cdp("Runtime.evaluate", &json!({ "expression": object }))?;
    let id = found.pointer("/result/objectId").cloned().ok_or("no object")?;
    let found = page.cdp("DOMDebugger.getEventListeners", &json!({ "objectId": id }))?;
    Ok(found.get("listeners").and_then(Value::as_array).map_or(0, Vec::len))
}

#[test]
fn shutdown_restores_everything() -> Result {
    run(setup("shutdown"), |page| {
        page.open("t/probes.html?options={\"precise\":true}")?;
        page.until("window.probed")?;
        page.eval("await probed; await rum.run('it', () => fetch('/echo/it'))", &[])?;
        page.click(&page.find("document.querySelector('#it')")?)?;
        let changed = page.eval("return changed()", &[])?;
        assert!(
            changed.as_array().is_some_and(|it| it.len() > 50),
            "the comparison sees our hooks: {changed}"
        );
        page.eval("rum.shutdown(); rum.shutdown()", &[])?;
        // These the page has frozen itself.
        assert_eq!(page.eval("return changed()", &[])?, json!(["fetch.length", "fetch.name"]));
        // What the page itself still waits for is gone first.
        page.until("timers.size === 0")?;
        for object in ["window", "document", "document.documentElement", "document.body"] {
            assert_eq!(listeners(page, object)?, 0, "{object}");
        }
        page.eval("window.before = spans.length; await fetch('/echo/after')", &[])?;
        let calls = "let thrown = 0; for (const it of [() => rum.run('a', () => 1), () => rum.bind(() => {})(), () => rum.setAttributes({}), \
            () => rum.recordException(1), () => rum.onSpans(() => {}), () => rum.metrics(), () => rum.consent(true)]) { try { it() } catch { thrown++ } } \
            await rum.flush(); return [thrown, spans.length - before, changed().length - 2, timers.size, await rum.run('b', async () => 2)]";
        assert_eq!(page.eval(calls, &[])?, json!([0, 0, 0, 0, 2]));
        Ok(())
    })
}

#[test]
fn start_never_throws() -> Result {
    run(setup("start"), |page| {
        started(page, &json!({}))?;
        page.eval("window.module = await import('/rum/flamefall-rum.js')", &[])?;
        let bad = [
            "undefined",
            "null",
            "5",
            "'x'",
            "[]",
            "{ endpoint: 'http://[' }",
            "{ endpoint: {} }",
            "{ interactions: 5 }",
            "{ propagateTo: [5], propagators: [5] }",
            "{ propagators: 'none' }",
            "{ attributeFilter: 5 }",
            "{ ignoreUrls: [5] }",
            "{ sampling: { rules: 5 } }",
            "{ limits: 5, keep: 5 }",
            "{ attributes: 5, resourceAttributes: 5 }",
            "{ baggage: 5, propagators: ['baggage'] }",
            "{ get endpoint() { throw new Error('it') } }",
            "{ wasm: 'http://[' }",
            "{ headers: 5, maxQueueSize: -1, scheduledDelayMillis: NaN }",
            "{ dryRun: 5, propagateTo: [/./] }",
            "{ session: {} , serviceName: Symbol() }",
        ];
        for options in bad {
            let body = format!(
                "const rum = module.start({options}); const got = rum.run('it', () => 7); const it = await fetch('/echo/it'); \
                 document.body.click(); rum.bind(() => 1)(); rum.recordException(new Error('it')); await rum.flush(); rum.shutdown(); return [got, it.status]"
            );
            let got = page.eval(&body, &[]).map_err(|failure| format!("{options}: {failure:?}"))?;
            assert_eq!(got, json!([7, 200]), "{options}");
        }
        // Twice is once, and the first handle no longer ends the second.
        let body = "const one = module.start({ endpoint: null }), two = module.start({ endpoint: null }); const seen = []; two.onSpans((it) => seen.push(it)); \
            one.shutdown(); await fetch('/echo/second'); await two.flush(); two.shutdown(); return seen.join().split('/echo/second').length";
        assert_eq!(page.eval(body, &[])?, json!(2));
        Ok(())
    })
}

#[test]
fn without_wasm_headers_are_still_sent() -> Result {
    let (site, list) = recording("no-wasm");
    let policy = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:";
    run(site.csp(policy), |page| {
        page.open("t/small.html")?;
        page.until("window.rum && document.readyState === 'complete'")?;
        // Under this policy no script may be evaluated: the driver's own is not the page's.
        for at in 0..3 {
            page.eval("await rum.run('it', () => fetch(`/seen/${args[0]}`))", &[json!(at)])?;
            assert!(seen(&list, &format!("/seen/{at}"))?.header("traceparent").is_some());
        }
        let held = page.eval(
            "for (let at = 0; at < 20000; at++) rum.run(`it ${at}`, (span) => span.setAttribute('some.key', 'some text'.repeat(20))); \
             await rum.flush(); return [spans.length, rum.metrics().memory]",
            &[],
        )?;
        assert_eq!(held, json!([0, 0]));
        let before = page.memory()?.js_heap;
        page.eval("for (let at = 0; at < 50000; at++) rum.run('it', (span) => span.setAttribute('some.key', `${at} some text`.repeat(20)))", &[])?;
        let grown = page.memory()?.js_heap.saturating_sub(before);
        assert!(grown < 1 << 20, "{grown} bytes more");
        Ok(())
    })
}

#[test]
fn without_its_second_module_headers_are_still_sent() -> Result {
    let (site, list) = recording("no-module");
    run(site.site(|site| site.fault("/rum/flamefall-rum-later.js", Fault::Status(404))), |page| {
        open(page, "small.html", &json!({}))?;
        page.eval("await rum.flush()", &[])?;
        page.eval("await rum.run('it', () => fetch('/seen/it')); await rum.flush()", &[])?;
        assert!(seen(&list, "/seen/it")?.header("traceparent").is_some());
        assert_eq!(page.eval("rum.shutdown(); return [spans.length, rum.metrics()]", &[])?, json!([0, {}]));
        Ok(())
    })
}

#[test]
fn the_first_millisecond_is_kept() -> Result {
    let late = Fault::Delay(Duration::from_millis(1500));
    run(setup("first").site(|site| site.fault("/rum/flamefall-rum.wasm", late)), |page| {
        page.open("t/first.html")?;
        page.until("window.rum && window.asked")?;
        page.click(&page.find("document.querySelector('#it')")?)?;
        page.until("window.clicked")?;
        assert_eq!(page.eval("return spans.length", &[])?, json!(0), "wasm is not there yet");
        page.until("(await rum.flush(), named('click \"it\"').length && named('page load').length)")?;
        let spans = Spans::of(page)?;
        let first = spans.request("/svc/first").ok_or("the first request has no span")?;
        assert_eq!(spans.ancestors(first), ["page load"]);
        let clicked = spans.request("/svc/clicked").ok_or("the request of the click has no span")?;
        assert_eq!(spans.ancestors(clicked), ["click \"it\""]);
        Ok(())
    })
}

/// What one module hands to the other has no names, but an order.
#[test]
fn both_modules_have_one_order() -> Result {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/rum-web/js");
    let names = |file: &str, from: &str, to: &str| -> Result<String> {
        let text = std::fs::read_to_string(format!("{folder}/{file}"))?;
        let list = text.split_once(from).and_then(|(_, rest)| rest.split_once(to));
        Ok(list.ok_or_else(|| format!("{file} has no {from}"))?.0.to_owned())
    };
    let handed = names("index.js", "const core = [", "]")?;
    assert_eq!(names("core.js", "  [", "] = core")?, handed);
    assert_eq!(names("core.js", "export let tracer, ", ";")?, handed);
    Ok(())
}

/// The options that the types name are those that the tracer reads.
#[test]
fn types_name_every_option() -> Result {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/rum-web/js");
    let types = std::fs::read_to_string(format!("{folder}/flamefall-rum.d.ts"))?;
    let named = types
        .split("export interface Options {")
        .nth(1)
        .and_then(|it| it.split("\n}").next())
        .ok_or("no options")?;
    let field = |line: &str| Some(line.strip_prefix("  ")?.split_once("?:")?.0.to_owned());
    let named: BTreeSet<String> = named.lines().filter_map(field).filter(|it| !it.starts_with(' ')).collect();
    let mut read = BTreeSet::new();
    let mut all = String::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.extension().is_some_and(|it| it == "js") {
            all += &std::fs::read_to_string(path)?;
        }
    }
    let word = |text: &str| text.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    read.extend(all.split("options.").skip(1).map(word));
    for line in
        all.lines().filter(|line| line.trim_end().ends_with("} = options;") || line.contains("options;"))
    {
        let inside =
            line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(inside, _)| inside);
        read.extend(inside.split(',').map(|it| word(it.trim())).filter(|it| !it.is_empty()));
    }
    let unnamed: Vec<_> = read.difference(&named).filter(|it| !it.is_empty()).collect();
    assert!(unnamed.is_empty(), "read, but not in the types: {unnamed:?}");
    let unread: Vec<_> = named.iter().filter(|it| !all.contains(it.as_str())).collect();
    assert!(unread.is_empty(), "in the types, but not read: {unread:?}");
    assert!(named.len() > 30, "{named:?}");
    Ok(())
}
