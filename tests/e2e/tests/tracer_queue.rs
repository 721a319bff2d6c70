//! Which spans are kept, what is sent of them and when, and what becomes of the rest: the tracer's own module, by itself, with
//! numbers for time and chance.

mod pages;

use e2e::{Page, Result, run};
use pages::setup;
use serde_json::{Value, json};

/// What a script returns on the page of `tracer/queue.js`.
fn check_all(name: &str, cases: &[(&str, Value)]) -> Result {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/rum-web/js");
    run(setup(name).site(|site| site.mount("/js", sources)), |page: &Page| {
        page.open("t/queue.html")?;
        page.until("window.ready")?;
        for (script, expected) in cases {
            assert_eq!(page.eval(script, &[])?, *expected, "{script}");
        }
        Ok(())
    })
}

#[test]
fn when_a_batch_is_sent() -> Result {
    check_all(
        "queue-batches",
        &[
            // Full, old, or asked for; and never two at once.
            (
                "begin({ maxQueueSize: 6, maxExportBatchSize: 3 }); const idle = next(0); write('a'); const first = next(100); \
                 write('b'); const waits = next(3000), ab = request(5100); write('c d e f'); const busy = next(60_000); \
                 answer(200, 5300); const cde = request(5300); answer(200, 5400); const rest = next(5400); \
                 flushAll(); const f = request(5400); answer(200, 5500); \
                 return [String(idle), first, waits, ab, String(busy), cde, rest, f, String(next(5500)), counted()]",
                json!([
                    "Infinity", 5000, 2100, "a b", "Infinity", "c d e", 4900, "f", "Infinity",
                    { "recorded": 6, "exported": 6 }
                ]),
            ),
            // All that is here when it is asked for, a batch after the other.
            (
                "begin({ maxExportBatchSize: 2 }); write('a b c d e'); flushAll(); const all = []; \
                 while (count()) { all.push(request(0)); answer(200) } return all",
                json!(["a b", "c d", "e"]),
            ),
            // What comes after that waits again.
            (
                "begin({}); write('a'); flushAll(); request(0); answer(200); next(0); write('b'); return next(10)",
                json!(5000),
            ),
            // Options that are none.
            (
                "begin({ maxExportBatchSize: NaN, scheduledDelayMillis: 'soon' }); write('a b'); return request(0)",
                json!("a b"),
            ),
        ],
    )
}

#[test]
fn nothing_grows_without_bound() -> Result {
    check_all(
        "queue-bounds",
        &[
            // The newest are dropped.
            (
                "begin({ maxQueueSize: 6, maxExportBatchSize: 3 }); write('a b c d e f g'); told(); const abc = request(0); \
                 write('h'); told(); answer(200); write('i'); told(); return [abc, request(0), counted()]",
                json!(["a b c", "d e f", { "recorded": 9, "exported": 3, "droppedFull": 2 }]),
            ),
            // By their bytes too.
            (
                "begin({ maxQueueSize: 100 }); for (let i = 0; i < 100; i++) write(String(i).repeat(20_000)); \
                 return [size() < 320_000, counts.recorded, counts.droppedFull + count()]",
                json!([true, 100, 100]),
            ),
            // Memory goes with the spans.
            (
                "begin({ maxQueueSize: 20_000, maxExportBatchSize: 20_000 }); \
                 for (let i = 0; i < 10_000; i++) write('GET'); const each = size() / 10_000; \
                 take(0); answer(200); return [each < 60, size(), count()]",
                json!([true, 0, 0]),
            ),
            // Nothing enters what has not begun.
            (
                "configure(); write('a'); unsampled('b', 1); settle({ group: 1, traceFlags: 0 }); return count()",
                json!(0),
            ),
            // What cannot be read is not here, and what comes after it is.
            (
                "begin({}); const { write: whole } = await import('/js/queue.js'); \
                 whole({ name: 'bad', traceFlags: 1, get attributes() { throw new Error('mine') } }); write('a'); \
                 return [here(), counted()]",
                json!(["a", { "recorded": 1 }]),
            ),
        ],
    )
}

#[test]
fn what_may_pass_is_tried_again() -> Result {
    let refused = |status: u32| (format!("return [waits([{status}]), counted()]"), "droppedRefused");
    let mut cases: Vec<(String, Value)> = [400, 401, 404, 500, 501, 300]
        .into_iter()
        .map(|status| {
            let (script, why) = refused(status);
            (script, json!(["-", { "recorded": 3, "failures": 1, (why): 3 }]))
        })
        .collect();
    for status in [0, 429, 502, 503, 504] {
        cases.push((format!("return waits([{status}, {status}, {status}])"), json!("1000 1500 2250")));
    }
    for (script, expected) in [
        ("return waits([503, 503, 503], 0)", json!("800 1200 1800")),
        ("return waits([503, 503, 503], 1)", json!("1200 1800 2700")),
        (
            "return [waits([503, 503, 200]), counted()]",
            json!(["1000 1500 -", { "recorded": 3, "retries": 2, "failures": 2, "exported": 3 }]),
        ),
        // By `Retry-After`, which is not always believed, and not where nothing is to be tried again.
        ("return waits([[429, { after: 7000 }], 503, [429, { after: 0 }]])", json!("7000 1500 0")),
        ("return waits([[429, { after: 1e12 }]])", json!("3600000")),
        ("return waits([[400, { after: 7000 }]])", json!("-")),
        // After five failures in a row, one request a minute.
        (
            "return [waits([0, 0, 0, 0, 0, 0, 0, 0]), counted()]",
            json!([
                "1000 1500 2250 3375 60000 60000 60000 -",
                { "recorded": 3, "retries": 7, "failures": 8, "droppedUnreachable": 3 }
            ]),
        ),
        // Refusals count, too: a wrong address is not asked for every batch. And what gets through ends it.
        (
            "begin({ maxExportBatchSize: 3 }); for (let now = 0; now < 5; now++) { write('a b c'); request(now); answer(404, now) } \
             write('d e f'); const wait = next(5); request(60_004); answer(200, 60_004); write('g h i'); \
             return [wait, next(60_005)]",
            json!([59_999, 0]),
        ),
    ] {
        cases.push((script.to_owned(), expected));
    }
    let cases: Vec<_> = cases.iter().map(|(script, expected)| (script.as_str(), expected.clone())).collect();
    check_all("queue-retries", &cases)
}

#[test]
fn what_a_receiver_says_of_a_batch() -> Result {
    check_all(
        "queue-answers",
        &[
            // A partial success is never sent again.
            (
                "return [waits([[200, { rejected: 2 }]]), counted()]",
                json!(["-", { "recorded": 3, "exported": 1, "rejected": 2 }]),
            ),
            (
                "return [waits([[200, { rejected: 200 }]]), counted()]",
                json!(["-", { "recorded": 3, "rejected": 3 }]),
            ),
            // What is too large is halved.
            (
                "begin({ maxExportBatchSize: 5 }); write('a b c d e f'); const sent = []; \
                 for (const it of [413, 413, 413, 200, 200, 200, 413, 200]) { flushAll(); sent.push(request(0)); answer(it) } \
                 return [sent, counted()]",
                json!([
                    ["a b c d e", "a b", "a", "b", "c", "d", "e", "f"],
                    { "recorded": 6, "exported": 4, "droppedLarge": 2 }
                ]),
            ),
            // A body that was sent again was sent twice.
            ("waits([503, 200]); return counts.bytes", json!(200)),
        ],
    )
}

#[test]
fn what_leaves_with_the_page() -> Result {
    check_all(
        "queue-exit",
        &[
            // What is being sent stays first of all, and is answered for.
            (
                "begin({ maxExportBatchSize: 2 }); write('a b c d'); const ab = request(0); left(sending(), 1, 50); \
                 const rest = here(); answer(200); return [ab, rest, here(), counted(), counts.bytes]",
                json!(["a b", "a b d", "d", { "recorded": 4, "left": 1, "exported": 2 }, 150]),
            ),
            // What is cut goes too, and its answer says nothing about spans that are gone.
            (
                "begin({ maxExportBatchSize: 2 }); write('a b c'); request(0); release(); left(0, 3, 50); write('d'); \
                 answer(503); flushAll(); return [request(0), counted()]",
                json!(["d", { "recorded": 4, "left": 3 }]),
            ),
            // While a batch waits to be tried again.
            (
                "begin({ maxExportBatchSize: 3 }); write('a b c d'); request(0); answer(503); const all = here(); \
                 left(sending(), 4, 50); return [all, String(next(99_999))]",
                json!(["a b c d", "Infinity"]),
            ),
            // A part of it.
            (
                "begin({ maxExportBatchSize: 3 }); write('a b c d'); request(0); answer(503); left(0, 2, 50); \
                 return [request(9000), here()]",
                json!(["c", "c d"]),
            ),
        ],
    )
}

#[test]
fn interactions_worth_keeping() -> Result {
    let tail = "keep: { errors: true, slowerThan: 1000 }";
    let groups = |options: &str, groups: &[&str]| {
        let recorded = (1..).zip(groups).map(|(group, spans)| format!("unsampled('{spans}', {group}); "));
        let settled =
            (1..=groups.len()).map(|group| format!("settle({{ group: {group}, traceFlags: 0 }}); "));
        let all: String = recorded.chain(settled).collect();
        format!("begin({{ maxQueueSize: 6, {options} }}); {all} return [count() ? here() : '', counted()]")
    };
    let late = format!(
        "begin({{ {tail} }}); unsampled('a', 1); unsampled('b!', 2); \
         for (const group of [1, 2]) settle({{ group, traceFlags: 0 }}); \
         unsampled('c! ^d', 1); unsampled('e ^f', 2); unsampled('g!', 0); unsampled('h!', 3); return [here(), counted()]"
    );
    let remembered = format!(
        "begin({{ {tail} }}); unsampled('a!', 1); for (let group = 1; group < 1000; group++) settle({{ group, traceFlags: 0 }}); \
         unsampled('b', 999); unsampled('c!', 1); settleAll(); return here()"
    );
    let cases = [
        (
            groups(tail, &["c! ^d", "e ^f+", "g+ ^h"]),
            json!(["c d!error e f!slow", { "recorded": 6, "droppedUnsampled": 2 }]),
        ),
        (groups(tail, &["^b+ a!"]), json!(["b!error a", { "recorded": 2 }])),
        (
            groups("keep: { errors: false, slowerThan: 1000 }", &["a! ^b", "c ^d+"]),
            json!(["c d!slow", { "recorded": 4, "droppedUnsampled": 2 }]),
        ),
        // Errors are kept unless it is said otherwise.
        (groups("", &["a! ^b", "c ^d+"]), json!(["a b!error", { "recorded": 4, "droppedUnsampled": 2 }])),
        // The oldest group makes room; one alone may be too much, and what comes of it later.
        (
            groups(tail, &["a! b c", "d! e", "f! g h"]),
            json!(["d e f g h", { "recorded": 8, "droppedWaiting": 3 }]),
        ),
        (
            groups(tail, &["a! b c d e f g h"]),
            json!(["", { "recorded": 8, "droppedWaiting": 7, "droppedUnsampled": 1 }]),
        ),
        // Late spans follow their group; none is of no group, or of one that has not ended.
        (late, json!(["b e f!error", { "recorded": 8, "droppedUnsampled": 4 }])),
        // Not for ever.
        (remembered, json!("a c")),
        // Spans that were sampled do not wait.
        (format!("begin({{ {tail} }}); write('a', 1); unsampled('b', 1); return here()"), json!("a")),
        // When the page is left all end.
        (
            format!(
                "begin({{ {tail} }}); unsampled('d! ^e', 1); unsampled('f', 2); settleAll(); return [here(), counted()]"
            ),
            json!(["d e!error", { "recorded": 3, "droppedUnsampled": 1 }]),
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(script, expected)| (script.as_str(), expected.clone())).collect();
    check_all("queue-tail", &cases)
}

#[test]
fn who_listens_is_told_of_all() -> Result {
    check_all(
        "queue-listeners",
        &[
            (
                "begin({ maxExportBatchSize: 2 }); write('a b c'); const first = untold(); tell(2); const second = untold(); \
                 tell(1); const none = untold(); write('d'); return [first, second, none, untold()]",
                json!([[0, 2], [2, 1], [3, 0], [3, 1]]),
            ),
            // Also of what was sent meanwhile only once, and of what is left nothing less.
            (
                "begin({ maxExportBatchSize: 2 }); write('a b c'); tell(1); request(0); answer(200); \
                 return [untold(), here()]",
                json!([[0, 1], "c"]),
            ),
            // More than can be sent is told, and dropped then.
            (
                "begin({ maxQueueSize: 3 }); write('a b c d e f g'); const all = untold(); tell(6); \
                 return [all, here(), untold(), counted()]",
                json!([[0, 6], "a b c", [3, 0], { "recorded": 7, "droppedFull": 4 }]),
            ),
        ],
    )
}
