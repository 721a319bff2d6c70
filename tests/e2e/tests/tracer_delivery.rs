//! What the tracer records arrives: at the page's exit, after a crash, through receivers that are slow, strict or broken.

mod pages;

use std::time::{Duration, Instant};

use e2e::receiver::{Habits, Received, Receiver};
use e2e::{Page, Response, Result, run};
use pages::{open, setup};
use serde_json::{Value, json};

/// As far away as in life: what a page sends at its exit waits for the answer to a preflight.
fn far() -> Habits {
    Habits { preflight: Duration::from_millis(150), ..Habits::default() }
}

/// What a Collector allows for unless it is told more: no `Content-Encoding`.
fn plain() -> Habits {
    Habits { allows: "content-type", ..far() }
}

/// Opens the page with these options, and waits until the tracer has all it needs.
fn start(page: &Page, endpoint: &str, options: &Value) -> Result {
    let mut options = options.clone();
    if let Some(options) = options.as_object_mut() {
        options.insert("endpoint".to_owned(), endpoint.into());
    }
    open(page, "delivery.html", &options)?;
    page.eval("await rum.flush()", &[])?;
    Ok(())
}

/// Waits until the page that follows is here. A question that waits in the page would end with it.
fn until_left(page: &Page) -> Result {
    let start = Instant::now();
    while page.eval("return document.title", &[]).ok() != Some(json!("Elsewhere")) {
        if start.elapsed() > Duration::from_mins(1) {
            return Err("the page was not left".into());
        }
    }
    Ok(())
}

/// Waits until the tracer can store what does not get out: when all of it is there, a task after the load event.
fn until_stored(page: &Page) -> Result {
    page.until("document.readyState === 'complete'")?;
    page.eval("await rum.flush(); await new Promise((go) => setTimeout(go))", &[])?;
    Ok(())
}

#[derive(Clone, Copy, Debug)]
enum Exit {
    Navigation,
    Close,
}

/// Does `work` on the page in a tab of its own and leaves it in the same breath.
fn visit(page: &Page, exit: Exit, receiver: &Receiver, options: &Value, work: &str) -> Result {
    page.open_tab()?;
    start(page, &receiver.endpoint(), options)?;
    match exit {
        Exit::Navigation => {
            page.eval(&format!("(async () => {{ {work}; leave(); }})()"), &[])?;
            until_left(page)?;
        }
        Exit::Close => {
            page.eval(work, &[])?;
            page.close_tab()?;
        }
    }
    Ok(())
}

/// How much of `work`, done right before each kind of exit, arrives.
fn check_exits(name: &str, work: &str, first: &str, expected: usize) -> Result {
    run(setup(name), |page| {
        for exit in [Exit::Navigation, Exit::Close] {
            let receiver = Receiver::start(far())?;
            visit(page, exit, &receiver, &json!({}), work)?;
            receiver.until(&format!("{name}, {exit:?}"), |it| it.count(first) == expected)?;
            let received = receiver.received();
            assert!(received.times.values().all(|&times| times == 1), "{:?}", received.times);
        }
        Ok(())
    })
}

#[test]
fn requests_that_finished_just_before_the_exit() -> Result {
    check_exits("finished", "await ask(5, 'fresh')", "GET", 5)
}

#[test]
fn requests_in_flight_at_the_exit() -> Result {
    check_exits("in-flight", "ask(5, 'slow')", "GET", 5)
}

#[test]
fn five_hundred_spans_at_the_exit() -> Result {
    // What has got through once tells that compression is allowed for.
    check_exits("500", "record(1, 'first'); await rum.flush(); record(500)", "work", 500)
}

#[test]
fn requests_in_flight_are_marked_and_may_come_back() -> Result {
    run(setup("come-back"), |page| {
        let receiver = Receiver::start(far())?;
        start(page, &receiver.endpoint(), &json!({}))?;
        // Another tab is looked at, the answer comes, and this one is looked at again.
        page.eval(
            "let answer; const { fetch } = window; window.asked = fetch('/svc/slow-1'); \
             Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }); \
             document.dispatchEvent(new Event('visibilitychange')); \
             delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'));",
            &[],
        )?;
        receiver.until("the request", |it| it.count("GET") == 1)?;
        page.eval("record(1, 'later'); await ask(1, 'fresh'); await rum.flush()", &[])?;
        receiver.until("what came later", |it| it.count("later") == 1 && it.count("GET") == 2)?;
        let received = receiver.received();
        let slow = received.spans.request("slow-1").ok_or("no span")?;
        assert_eq!(e2e::spans::attribute(slow, "flamefall.ended_by"), "page_hidden");
        let fresh = received.spans.request("fresh-0").ok_or("no span")?;
        assert_eq!(e2e::spans::attribute(fresh, "flamefall.ended_by"), Value::Null);
        Ok(())
    })
}

#[test]
fn what_does_not_fit_comes_with_the_next_visit() -> Result {
    run(setup("stored"), |page| {
        // Plain JSON: a fraction of it fits.
        let receiver = Receiver::start(plain())?;
        start(page, &receiver.endpoint(), &json!({}))?;
        until_stored(page)?;
        page.eval("record(500); leave()", &[])?;
        until_left(page)?;
        receiver.until("what fits", |it| it.count("work") >= 50)?;
        assert!(receiver.received().count("work") < 200, "the budget of keepalive holds no more");
        // Two at once do not send it twice.
        start(page, &receiver.endpoint(), &json!({}))?;
        page.open_tab()?;
        start(page, &receiver.endpoint(), &json!({}))?;
        receiver.until("the rest", |it| it.count("work") == 500)?;
        let received = receiver.received();
        assert!(received.times.values().all(|&times| times == 1), "{:?}", received.times);
        Ok(())
    })
}

#[test]
fn what_is_under_way_at_the_exit_and_too_large_to_outlive_it() -> Result {
    run(setup("cut"), |page| {
        let receiver = Receiver::start(plain())?;
        start(page, &receiver.endpoint(), &json!({ "compression": "none" }))?;
        until_stored(page)?;
        // The preflight takes longer than the page stays.
        page.eval("record(300); rum.flush(); await new Promise(requestAnimationFrame); leave()", &[])?;
        until_left(page)?;
        receiver.until("what fits", |it| it.count("work") >= 50)?;
        start(page, &receiver.endpoint(), &json!({ "compression": "none" }))?;
        receiver.until("the rest", |it| it.count("work") == 300)
    })
}

#[test]
fn every_way_to_leave_is_noticed() -> Result {
    run(setup("ways-to-leave"), |page| {
        let receiver = Receiver::start(far())?;
        start(page, &receiver.endpoint(), &json!({}))?;
        for way in [
            "window.dispatchEvent(new PageTransitionEvent('pagehide'))",
            "document.dispatchEvent(new Event('freeze'))",
        ] {
            let sent = receiver.received().posts.len();
            page.eval(&format!("record(3); {way}"), &[])?;
            receiver.until(way, |it| it.posts.len() > sent)?;
        }
        assert_eq!(receiver.received().posts.len(), 2);
        Ok(())
    })
}

#[test]
fn nothing_is_sent_after_a_shutdown() -> Result {
    run(setup("shutdown"), |page| {
        let receiver = Receiver::start(far())?;
        start(page, &receiver.endpoint(), &json!({ "scheduledDelayMillis": 10 }))?;
        page.eval("record(3, 'before'); rum.shutdown(); record(3, 'after')", &[])?;
        receiver.until("what was recorded before", |it| it.count("before") == 3)?;
        // What another tracer sends comes after all that the first one could have sent.
        start(page, &receiver.endpoint(), &json!({}))?;
        page.eval("record(1, 'last'); await rum.flush()", &[])?;
        receiver.until("the next", |it| it.count("last") == 1)?;
        assert_eq!(receiver.received().count("after"), 0);
        Ok(())
    })
}

#[test]
fn what_is_too_old_is_not_sent() -> Result {
    run(setup("too-old"), |page| {
        let receiver = Receiver::start(plain())?;
        start(page, &receiver.endpoint(), &json!({}))?;
        until_stored(page)?;
        // As a visit of two days ago, and one of today, leave them.
        let put = "const put = async (name, age) => { \
              const body = JSON.stringify({ resourceSpans: [{ \
                resource: { attributes: [{ key: 'service.name', value: { stringValue: 'delivery' } }] }, scopeSpans: [{ \
                scope: { name: 'flamefall-rum', version: '0' }, spans: [{ traceId: '1'.repeat(32), spanId: name.repeat(16), \
                name, kind: 1, startTimeUnixNano: '1', endTimeUnixNano: '2' }] }] }] }); \
              const stream = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip')); \
              const bytes = new Uint8Array(await new Response(stream).arrayBuffer()); \
              localStorage.setItem(`flamefall ${args[0]} ${Date.now() - age} 0`, String.fromCharCode(...bytes)); \
            }; \
            await put('a', 48 * 3_600_000); await put('b', 1)";
        page.eval(put, &[json!(receiver.endpoint())])?;
        start(page, &receiver.endpoint(), &json!({}))?;
        receiver.until("today's", |it| it.count("b") == 1)?;
        assert_eq!(receiver.received().count("a"), 0);
        Ok(())
    })
}

#[test]
fn a_crash_loses_little() -> Result {
    run(setup("crash"), |page| {
        let receiver = Receiver::start(far())?;
        start(page, &receiver.endpoint(), &json!({}))?;
        page.eval("record(300)", &[])?;
        page.until("shadows.at(-1)?.includes('\"work 299\"')")?;
        // The driver finds its page gone.
        page.open("chrome://crash").ok();
        receiver.until("the shadow", |it| it.count("work 299") == 1)?;
        let received = receiver.received();
        let bytes: usize = received.posts.iter().map(|it| it.bytes).sum();
        assert!(bytes > 62_000, "{bytes} of the last 64 000 bytes");
        let oldest = 300 - received.count("work");
        assert_eq!(received.count(&format!("work {oldest}")), 1, "the newest, without a gap");
        Ok(())
    })
}

#[test]
fn a_shadow_is_not_sent_beside_what_it_shadows() -> Result {
    run(setup("shadow"), |page| {
        let receiver = Receiver::start(far())?;
        visit(
            page,
            Exit::Navigation,
            &receiver,
            &json!({}),
            "record(20); while (!shadows.length) await new Promise(requestAnimationFrame)",
        )?;
        receiver.until("all", |it| it.count("work") == 20)?;
        // The next visit has shadows of its own; when its spans are here, those of the first one are.
        visit(page, Exit::Close, &receiver, &json!({}), "record(1, 'second'); await rum.flush()")?;
        receiver.until("the next", |it| it.count("second") == 1)?;
        assert!(receiver.received().times.values().all(|&times| times == 1));
        Ok(())
    })
}

/// Exports `count` times, as options have it, and tells what came of it.
fn check_exports(
    name: &str,
    habits: Habits,
    options: &Value,
    work: &str,
    expected: impl Fn(&Received) -> bool,
    then: impl Fn(&Page, &Received) -> Result,
) -> Result {
    run(setup(name), |page| {
        let receiver = Receiver::start(habits)?;
        start(page, &receiver.endpoint(), options)?;
        page.eval(work, &[])?;
        receiver.until(name, expected)?;
        then(page, &receiver.received())
    })
}

/// One of the tracer's counts.
fn metric(page: &Page, name: &str) -> Result<Value> {
    page.eval("return rum.metrics()[args[0]]", &[json!(name)])
}

#[test]
fn a_receiver_that_forbids_its_answers_to_be_stored_does_not_wedge_exports() -> Result {
    // Bodies of which nobody reads the answer would fill the 64 KiB of keepalive after two.
    let habits = Habits { headers: vec![("Cache-Control", "no-store")], ..far() };
    check_exports(
        "no-store",
        habits,
        &json!({ "compression": "none" }),
        "for (let i = 0; i < 10; i++) { record(40); await rum.flush(); }",
        |it| it.count("work") == 400,
        |page, received| {
            let bytes: usize = received.posts.iter().map(|it| it.bytes).sum();
            assert!(bytes > 200_000, "{bytes}");
            let kept = page.eval("return sent.map((it) => it.keepalive)", &[])?;
            assert_eq!(kept, json!(vec![true; 10]), "none had to be tried twice");
            assert_eq!(metric(page, "failures")?, 0);
            Ok(())
        },
    )
}

#[test]
fn exports_go_on_where_the_page_needs_the_budget_of_keepalive_itself() -> Result {
    check_exports(
        "budget",
        far(),
        &json!({ "compression": "none" }),
        "for (let i = 0; i < 3; i++) { \
           fetch('/svc/slow-ping', { method: 'POST', keepalive: true, body: 'x'.repeat(20_000) }); } \
         record(40); await rum.flush()",
        |it| it.count("work") == 40,
        |page, _| {
            assert_eq!(metric(page, "failures")?, 0);
            Ok(())
        },
    )
}

#[test]
fn compressed_where_it_is_allowed() -> Result {
    check_exports(
        "gzip",
        far(),
        &json!({}),
        "record(200); await rum.flush()",
        |it| it.count("work") == 200,
        |_, received| {
            assert_eq!(received.posts.len(), 1);
            assert!(
                received.posts[0].gzip && received.posts[0].bytes < 30_000,
                "{:?}",
                received.posts[0].bytes
            );
            Ok(())
        },
    )
}

#[test]
fn plain_for_good_where_compression_is_not_allowed() -> Result {
    check_exports(
        "plain",
        plain(),
        &json!({}),
        "for (let i = 0; i < 3; i++) { record(5); await rum.flush(); }",
        |it| it.count("work") == 15,
        |page, received| {
            let gzip = received.preflights.iter().filter(|it| it.contains("content-encoding")).count();
            assert_eq!((gzip, received.posts.len()), (1, 3), "compression was tried once");
            assert_eq!(metric(page, "failures")?, 0);
            Ok(())
        },
    )
}

#[test]
fn plain_where_compression_is_not_understood() -> Result {
    let habits = Habits { answers: vec![Response::json(415, "{}")], ..far() };
    check_exports(
        "415",
        habits,
        &json!({}),
        "for (let i = 0; i < 2; i++) { record(5); await rum.flush(); }",
        |it| it.count("work") == 10,
        |_, received| {
            let gzip: Vec<bool> = received.posts.iter().map(|it| it.gzip).collect();
            assert_eq!(gzip, [true, false, false]);
            Ok(())
        },
    )
}

#[test]
fn tried_again_when_the_receiver_says() -> Result {
    let busy = Response::json(503, "").header("Retry-After", "2");
    check_exports(
        "retry",
        Habits { answers: vec![busy], ..far() },
        &json!({}),
        "record(5); await rum.flush()",
        |it| it.count("work") == 5,
        |page, received| {
            let waited = received.posts[1].at - received.posts[0].at;
            assert!(waited >= Duration::from_secs(2), "{waited:?}");
            page.until("rum.metrics().exported === 5")?;
            assert_eq!(metric(page, "retries")?, 1);
            Ok(())
        },
    )
}

#[test]
fn tried_again_after_a_timeout() -> Result {
    let late = Response::json(200, "{}").after(Duration::from_secs(20));
    check_exports(
        "timeout",
        // What is given up counts as taken here: the receiver has answered, too late.
        Habits { answers: vec![late], ..far() },
        &json!({ "timeoutMillis": 3_000 }),
        "record(5); await rum.flush()",
        |it| it.posts.len() == 2,
        |page, _| page.until("rum.metrics().exported === 5 && rum.metrics().failures > 0"),
    )
}

#[test]
fn a_partial_success_is_told_and_not_repeated() -> Result {
    let partial = r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"two are too long"}}"#;
    check_exports(
        "partial",
        Habits { answers: vec![Response::json(200, partial)], ..far() },
        &json!({}),
        "record(5); await rum.flush(); record(1, 'next'); await rum.flush()",
        |it| it.count("next") == 1,
        |page, received| {
            assert_eq!(received.posts.len(), 2);
            page.until("rum.metrics().exported === 4")?;
            assert_eq!(metric(page, "rejected")?, 2);
            Ok(())
        },
    )
}

#[test]
fn halved_where_it_is_too_large_and_dropped_where_it_is_refused() -> Result {
    let answers = [413, 413, 200, 200, 200, 200, 400].map(|status| Response::json(status, "{}")).to_vec();
    check_exports(
        "413",
        Habits { answers, ..far() },
        &json!({ "compression": "gzip" }),
        "record(8); await rum.flush(); record(3, 'bad'); await rum.flush(); record(1, 'next'); await rum.flush()",
        |it| it.count("next") == 1,
        |page, received| {
            let sizes: Vec<usize> = received.posts.iter().map(|it| it.names.len()).collect();
            assert_eq!((received.count("work"), received.count("bad")), (8, 0), "{sizes:?}");
            assert_eq!(sizes[..3], [8, 4, 2]);
            assert_eq!(metric(page, "droppedRefused")?, 3);
            Ok(())
        },
    )
}

#[test]
fn nothing_grows_while_nobody_answers() -> Result {
    run(setup("nobody"), |page| {
        // A port that nobody listens on.
        let receiver = Receiver::start(Habits::default())?;
        let endpoint = receiver.endpoint();
        drop(receiver);
        start(page, &endpoint, &json!({}))?;
        page.eval("for (let i = 0; i < 40; i++) { record(500); await rum.flush(); }", &[])?;
        let metrics = page.eval("return rum.metrics()", &[])?;
        let count = |name: &str| metrics.get(name).and_then(Value::as_u64).unwrap_or(0);
        assert_eq!(count("recorded"), 20_000);
        assert!(count("droppedFull") > 17_000 && count("memory") < 6 << 20, "{metrics}");
        assert!(count("failures") <= 5, "the circuit is broken: {metrics}");
        Ok(())
    })
}
