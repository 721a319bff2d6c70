//! Traces of shapes and sizes that break what recurses, rescans or keeps.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{ask, load, open, otlp};
use engine::{Engine, Fold, ListQuery, Request, Response, StepAmong};
use otel::{SpanSink, WarningKind};
use scene::{FlameMode, FlameRequest, WaterfallRequest};

/// Asks everything a page can ask about the only trace.
fn ask_everything(engine: &mut Engine) {
    let head = ask!(engine, Request::Trace { trace: 0 }, Trace);
    let last = head.span_count - 1;
    let end = head.duration as f64;
    let waterfall = WaterfallRequest { first_row: last / 2, row_count: 100, start: 0.0, end, px: 1000.0 };
    let mut requests = vec![
        Request::Summary,
        Request::Analyze { trace_id: None },
        Request::Traces { list: ListQuery::default(), first: 0, count: 9 },
        Request::Minimap { trace: 0, width: 1400.0, height: 52.0 },
        Request::Waterfall { trace: 0, request: waterfall },
        Request::Search { text: "op".to_owned(), trace: Some(0) },
        Request::Waterfall { trace: 0, request: waterfall },
    ];
    for mode in [FlameMode::InTime, FlameMode::Merged] {
        let flame =
            FlameRequest { mode, start: 0.0, end, first_lane: 0, lane_count: 50, px: 1000.0, focus: None };
        requests.push(Request::Flame { trace: 0, request: flame });
        requests.push(Request::Flame { trace: 0, request: FlameRequest { focus: Some(last), ..flame } });
    }
    for fold in [Fold::CloseLevel, Fold::OpenLevel, Fold::CloseAll, Fold::OpenSubtree(0), Fold::Toggle(last)]
    {
        requests.push(Request::Fold { trace: 0, fold });
    }
    for among in [StepAmong::Rows, StepAmong::Matches, StepAmong::Errors] {
        requests.push(Request::Step { trace: 0, from: Some(last), by: -1, among });
    }
    for span in [0, last / 2, last] {
        requests.extend([
            Request::Details { span },
            Request::Raw { span },
            Request::Reveal { trace: 0, span },
        ]);
    }
    for request in requests {
        let answer = engine.handle(request.clone());
        assert!(!matches!(answer, Response::Refused(_)), "{request:?}: {answer:?}");
        let bytes = postcard::to_allocvec(&answer).unwrap().len();
        let document = matches!(answer, Response::Json(_));
        assert!(document || bytes < 500_000, "{bytes} bytes in answer to {request:?}");
    }
}

/// Opens, asks everything, and gives depth and warnings.
fn check(feed: impl FnOnce(&mut dyn SpanSink), expected: (u64, u32, &[(WarningKind, u64)])) {
    let (mut engine, opened) = open(&otlp(feed));
    let opened = opened.unwrap();
    let warnings: Vec<_> =
        opened.warnings.iter().map(|warning| (warning.kind.as_str(), warning.count)).collect();
    let head = ask!(engine, Request::Trace { trace: 0 }, Trace);
    let (spans, depth, kinds) = expected;
    let kinds: Vec<_> = kinds.iter().map(|(kind, count)| (kind.name(), *count)).collect();
    assert_eq!((opened.span_count, head.depth, warnings), (spans, depth, kinds));
    ask_everything(&mut engine);
}

#[test]
fn a_chain_of_100_000() {
    check(|sink| fixtures::chain(100_000).feed(sink), (100_000, 100_000, &[]));
}

#[test]
fn a_star_of_100_000() {
    check(|sink| fixtures::star(100_000).feed(sink), (100_001, 2, &[]));
}

#[test]
fn a_tree_that_keeps_no_rule_of_time() {
    let (mut engine, opened) = open(&otlp(|sink| fixtures::random_tree(7, 3_000).feed(sink)));
    assert_eq!(opened.unwrap().span_count, 3_000);
    ask_everything(&mut engine);
}

/// A thousand spans, drawn.
fn lines(line: impl Fn(u32) -> String) -> String {
    (1..=1_000).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_circle_of_1_000() {
    let circle = lines(|id| format!("a op {id}..2000us id={id:x} parent={:x}", id % 1_000 + 1));
    check(|sink| fixtures::trace(&circle).feed(sink), (1_000, 1_000, &[(WarningKind::Cycle, 1)]));
}

#[test]
fn a_thousand_spans_of_one_id() {
    let same = lines(|at| format!("a op {at}..2000us id=1"));
    check(|sink| fixtures::trace(&same).feed(sink), (1_000, 1, &[(WarningKind::DuplicateSpanId, 999)]));
}

#[test]
fn times_at_both_ends_of_their_range() {
    let bounds = format!("base={}\na op 0ns..1ns\n  a op 0ns..0ns\nbase=0\na op 1ns..2ns\n", u64::MAX - 1);
    check(|sink| fixtures::trace(&bounds).feed(sink), (3, 2, &[]));
}

#[test]
fn opening_and_closing_100_times_does_not_grow() {
    let files = [
        otlp(|sink| fixtures::collector_file(1, 2_000, sink)),
        otlp(|sink| fixtures::one_trace(2, 2_000, sink)),
    ];
    let mut engine = Engine::new();
    let mut held = [0; 2];
    for round in 0..100 {
        let which = round % 2;
        let file = files[which].as_slice();
        let Response::Opened(opened) = load(&mut engine, false, &[("file", file)], 1 << 16) else {
            panic!("refused")
        };
        engine.handle(Request::Search { text: "get".to_owned(), trace: None });
        for trace in 0..opened.trace_count.min(3) {
            engine.handle(Request::Trace { trace });
        }
        assert_eq!(opened.generation, round as u32 + 1);
        if round >= 2 {
            assert_eq!(opened.memory, held[which], "in round {round}");
        }
        held[which] = opened.memory;
        if round % 3 == 0 {
            engine.handle(Request::Close);
            assert!(engine.store().is_none());
        }
    }
    assert!(held.iter().all(|&memory| memory > 100_000 && memory < 2_000_000), "{held:?}");
}

#[test]
fn appending_100_times_is_as_opening_once() {
    let parts: Vec<Vec<u8>> =
        (0..100).map(|seed| otlp(|sink| fixtures::collector_file(seed, 60, sink))).collect();
    let mut engine = Engine::new();
    for part in &parts {
        load(&mut engine, true, &[("part", part)], usize::MAX);
    }
    let named: Vec<_> = parts.iter().map(|part| ("part", part.as_slice())).collect();
    let mut once = Engine::new();
    load(&mut once, false, &named, usize::MAX);
    let (mut appended, mut whole) =
        (ask!(engine, Request::Summary, Json), ask!(once, Request::Summary, Json));
    assert_eq!(appended, whole);
    (appended, whole) = (
        ask!(engine, Request::Analyze { trace_id: None }, Json),
        ask!(once, Request::Analyze { trace_id: None }, Json),
    );
    assert_eq!(appended, whole);
}
