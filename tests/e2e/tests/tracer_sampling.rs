//! Which traces are kept: the page decides as `propagation` does, and never against what it has sent.

mod pages;

use e2e::spans::{Spans, attribute, text};
use e2e::{Page, Result, run};
use otel::TraceId;
use pages::{click, open, setup};
use propagation::{Decision, Probability, Sampler as _, SamplingParameters};
use serde_json::{Value, json};

/// Of so many new traces of this operation: id, whether it is sampled, tracestate.
fn decided(page: &Page, name: &str, count: u32) -> Result<Vec<(String, bool, String)>> {
    let made = page.eval(
        "return Array.from({ length: args[1] }, () => rum.run(args[0], (it) => [it.traceId, it.traceFlags, it.traceState]))",
        &[json!(name), json!(count)],
    )?;
    let one = |it: &Value| {
        let text = |index: usize| it.get(index).and_then(Value::as_str).unwrap_or_default().to_owned();
        let flags = it.get(1).and_then(Value::as_u64).unwrap_or_default();
        assert_eq!(flags & !1, 2, "its id is random, whatever is decided");
        (text(0), flags & 1 == 1, text(2))
    };
    Ok(made.as_array().into_iter().flatten().map(one).collect())
}

fn sampled(decisions: &[(String, bool, String)]) -> usize {
    decisions.iter().filter(|it| it.1).count()
}

#[test]
fn a_ratio_decides_as_elsewhere() -> Result {
    run(setup("ratio"), |page| {
        for ratio in [1.0, 0.999, 0.5, 0.3, 0.25, 0.0137, 1e-9, 0.0, -1.0] {
            open(page, "small.html", &json!({ "sampling": { "ratio": ratio } }))?;
            let mut sampler = Probability::new(ratio);
            for (id, sampled, state) in decided(page, "it", 1000)? {
                let trace_id = TraceId::from_hex(id.as_bytes())?;
                let expected =
                    sampler.should_sample(&SamplingParameters { trace_id, ..SamplingParameters::default() });
                assert_eq!(sampled, expected.decision == Decision::RecordAndSample, "{ratio}: {id}");
                assert_eq!(state, expected.trace_state.as_str(), "{ratio}: {id}");
            }
        }
        // Nobody asked: all, and nothing to tell.
        open(page, "small.html", &json!({}))?;
        let all = decided(page, "it", 10)?;
        assert!(all.iter().all(|(_, sampled, state)| *sampled && state.is_empty()), "{all:?}");
        Ok(())
    })
}

#[test]
fn the_first_rule_that_fits_decides() -> Result {
    run(setup("rules"), |page| {
        let rules = json!([
            { "name": { "regexp": "^pay" }, "ratio": 1 },
            { "name": "heartbeat", "ratio": 0 },
            { "attributes": { "user.tier": "gold" }, "ratio": 1 },
            // What stands elsewhere is no attribute: the first key, and a value.
            { "attributes": { "user.id": "user.tier" }, "ratio": 1 },
            { "attributes": { "none": "session.id" }, "ratio": 1 },
        ]);
        let options =
            json!({ "sampling": { "ratio": 0, "rules": rules }, "attributes": { "user.tier": "none" } });
        open(page, "small.html", &options)?;
        let count = |name: &str| Ok::<_, e2e::Failure>(sampled(&decided(page, name, 20)?));
        assert_eq!((count("pay")?, count("pay now")?, count("heartbeat")?, count("other")?), (20, 20, 0, 0));
        page.eval("rum.setAttributes({ 'user.tier': 'gold' })", &[])?;
        assert_eq!((count("heartbeat")?, count("other")?), (0, 20));
        Ok(())
    })
}

#[test]
fn a_rate_is_not_exceeded() -> Result {
    run(setup("rate"), |page| {
        open(page, "small.html", &json!({ "sampling": { "perSecond": 5 }, "pageLoad": false }))?;
        let decisions = decided(page, "it", 50)?;
        assert_eq!(sampled(&decisions), 5);
        assert!(decisions.iter().all(|(_, _, state)| state.is_empty()), "a rate has no probability");
        // Credit comes with time, and not more than for a second.
        page.until("rum.run('it', (it) => it.traceFlags & 1)")?;
        Ok(())
    })
}

#[test]
fn traces_of_a_session_share_the_decision() -> Result {
    run(setup("session-sampling"), |page| {
        let mut seen = [false; 2];
        for _ in 0..40 {
            open(
                page,
                "small.html",
                &json!({ "sampling": { "ratio": 0.5, "session": true }, "keep": false }),
            )?;
            let decisions = decided(page, "it", 20)?;
            let (_, kept, state) = decisions.first().ok_or("nothing")?;
            assert!(decisions.iter().all(|it| it.1 == *kept && it.2 == *state), "{decisions:?}");
            let randomness = state.rsplit(':').next().unwrap_or_default();
            assert_eq!(randomness.len(), 14, "{state}");
            assert_eq!(*kept, randomness >= "80000000000000", "{state}");
            assert_eq!(*state, format!("ot={}rv:{randomness}", if *kept { "th:8;" } else { "" }));
            seen[usize::from(*kept)] = true;
            if seen == [true; 2] {
                return Ok(());
            }
        }
        Err("forty sessions, and all decided alike".into())
    })
}

#[test]
fn a_parent_elsewhere_has_decided() -> Result {
    run(setup("parent"), |page| {
        open(page, "parent.html", &json!({ "sampling": { "ratio": 0 }, "keep": false }))?;
        page.until("named('page load').length")?;
        let spans = Spans::of(page)?;
        assert!(spans.named("page load").all(|it| text(it, "traceId") == "0af7651916cd43dd8448eb211c80319c"));
        // Not so what begins here.
        assert_eq!(sampled(&decided(page, "it", 10)?), 0);
        Ok(())
    })
}

#[test]
fn an_error_is_kept_and_what_was_sent_stays_true() -> Result {
    run(setup("kept"), |page| {
        let options = json!({ "sampling": { "ratio": 0 }, "keep": { "errors": true, "slowerThan": 10_000 } });
        open(page, "page.html", &options)?;
        for id in ["asks", "fails", "throws", "plain"] {
            click(page, id)?;
        }
        page.until("named('click \"Fails\"').length && named('click \"Throws\"').length")?;
        let spans = Spans::of(page)?;
        let root = spans.named("click \"Fails\"").next().ok_or("no click")?;
        assert_eq!(attribute(root, "flamefall.sampling.kept"), json!("error"));
        let request = spans.request("/svc/fails").ok_or("no request")?;
        assert_eq!(spans.ancestors(request), ["click \"Fails\""]);
        let sent = page.eval("return headers.fails", &[])?;
        assert_eq!(sent, json!(format!("00-{}-{}-02", text(request, "traceId"), text(request, "spanId"))));
        for span in [root, request] {
            assert_eq!(span.get("flags").and_then(Value::as_u64).map(|it| it & 1), Some(0));
        }
        let thrown = spans.named("click \"Throws\"").next().ok_or("no click")?;
        assert_eq!(attribute(thrown, "flamefall.sampling.kept"), json!("error"));
        // What went well is gone, though it was told to others that it might be.
        assert_eq!(spans.request("/svc/asked"), None);
        assert_eq!(
            spans.named("click \"Asks\"").count() + spans.named("click \"Place order (#)\"").count(),
            0
        );
        Ok(())
    })?;
    // The browser is late to tell of the request, and its interaction does not wait for that.
    run(setup("kept-late"), |page| {
        let source = "const { prototype } = PerformanceObserver, { observe } = prototype; \
            prototype.observe = function (it) { if (it.type !== 'resource') observe.call(this, it); };";
        page.cdp("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": source }))?;
        open(page, "page.html", &json!({ "sampling": { "ratio": 0 } }))?;
        click(page, "fails")?;
        page.until("named('click \"Fails\"').length")?;
        let spans = Spans::of(page)?;
        let request = spans.request("/svc/fails").ok_or("no request")?;
        assert_eq!(spans.ancestors(request), ["click \"Fails\""]);
        Ok(())
    })?;
    run(setup("kept-slow"), |page| {
        let options = json!({ "sampling": { "ratio": 0 }, "keep": { "errors": false, "slowerThan": 60 } });
        open(page, "page.html", &options)?;
        for id in ["fails", "alive", "long"] {
            click(page, id)?;
        }
        page.until("named('click \"Takes long\"').length")?;
        let spans = Spans::of(page)?;
        let root = spans.named("click \"Takes long\"").next().ok_or("no click")?;
        assert_eq!(attribute(root, "flamefall.sampling.kept"), json!("slow"));
        assert_eq!(spans.named("click \"Does something\"").count(), 0);
        Ok(())
    })
}
