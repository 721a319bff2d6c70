//! Each request, on a trace small enough to see.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{ask, load, open, otlp};
use engine::{Engine, Failure, Fold, ListQuery, ListSort, Request, Response, RowsInfo, StepAmong, ValueKind};
use serde_json::{Value, json};

const SHOP: &str = r#"
    shop      POST /checkout    0..100ms   server http.response.status_code:int=500 !error id=a1
      shop    validate          1..11ms    internal
      payment Charge            20..90ms   client !error "card declined" error.type=card_declined
        bank  POST /charge      25..80ms   server http.response.status_code:int=402 !error error.type=card_declined @30ms:exception{exception.type=DeclinedError}
        bank  audit             81..89ms   link=1 link=9/1 link=2/b1
    shop      GET /             200..230ms server trace=2 id=b1
"#;

/// An engine that has opened a drawn trace.
fn drawn(text: &str) -> Engine {
    let trace = fixtures::trace(text);
    let (engine, opened) = open(&otlp(|sink| trace.feed(sink)));
    opened.unwrap();
    engine
}

// What is refused.

fn check_refused(engine: &mut Engine, request: &Request, kind: &str) {
    match engine.handle(request.clone()) {
        Response::Refused(failure) => {
            assert!(failure.kind == kind && !failure.message.is_empty(), "{failure:?}");
        }
        other => panic!("{request:?}: {other:?}"),
    }
}

#[test]
fn nothing_is_open() {
    let mut engine = Engine::new();
    for request in [
        Request::Summary,
        Request::Trace { trace: 0 },
        Request::Details { span: 0 },
        Request::Search { text: "a".to_owned(), trace: None },
        Request::Chunk(vec![1]),
        Request::EndSource,
        Request::Finish,
    ] {
        check_refused(&mut engine, &request, "notOpen");
    }
    for request in [Request::Close, Request::Cancel] {
        assert_eq!(engine.handle(request), Response::Done);
    }
}

#[test]
fn numbers_from_elsewhere() {
    let mut engine = drawn(SHOP);
    for request in [
        Request::Trace { trace: 2 },
        Request::Minimap { trace: u32::MAX, width: 10.0, height: 10.0 },
        Request::Details { span: 6 },
        Request::Raw { span: u32::MAX },
        Request::Reveal { trace: 0, span: 5 },
        Request::Fold { trace: 1, fold: Fold::Toggle(0) },
        Request::Analyze { trace_id: Some("77".to_owned()) },
        Request::Search { text: "a".to_owned(), trace: Some(9) },
    ] {
        check_refused(&mut engine, &request, "notFound");
    }
}

#[test]
fn sizes_from_elsewhere() {
    let mut engine = drawn(SHOP);
    for size in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0, 1e300] {
        ask!(engine, Request::Minimap { trace: 0, width: size, height: size }, Minimap);
        let list = ListQuery::default();
        ask!(engine, Request::Charts { list, width: size as f32, height: size as f32 }, Charts);
    }
    let list = ListQuery { start: Some((9, 1)), duration: Some((0, u64::MAX)), ..ListQuery::default() };
    assert_eq!(ask!(engine, Request::Traces { list, first: u32::MAX, count: u32::MAX }, Traces).rows, []);
}

// Loading.

#[test]
fn several_sources_are_one_store() {
    let mut engine = Engine::new();
    let one = otlp(|sink| fixtures::trace("a x 0..1ms\n").feed(sink));
    let two = otlp(|sink| fixtures::trace("b y 0..1ms trace=2\n").feed(sink));
    let files: &[(&str, &[u8])] = &[("one", &one), ("junk", b"junk"), ("two", &two)];
    let Response::Opened(opened) = load(&mut engine, false, files, 10) else { panic!("not opened") };
    assert_eq!((opened.name.as_str(), opened.span_count, opened.trace_count), ("one, two", 2, 2));
    assert_eq!(opened.bytes, (one.len() + two.len() + 4) as u64);
    assert_eq!(opened.refused.iter().map(|failure| failure.name.as_str()).collect::<Vec<_>>(), ["junk"]);

    let three = otlp(|sink| fixtures::trace("c z 0..1ms parent=1 id=2\n").feed(sink));
    let Response::Opened(more) = load(&mut engine, true, &[("three", &three)], 99) else {
        panic!("not opened")
    };
    assert_eq!((more.name.as_str(), more.span_count, more.trace_count), ("one, two, three", 3, 2));
    assert_eq!(more.bytes, opened.bytes + three.len() as u64);
    assert_eq!(more.generation, opened.generation + 1);
    let names: Vec<_> = more.services.iter().map(|service| service.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    let Response::Opened(same) = load(&mut engine, true, &[("two", &three)], 99) else {
        panic!("not opened")
    };
    assert_eq!((same.name, same.format), (more.name, more.format), "each name is said once");
}

#[test]
fn what_was_open_stays_until_the_next_is_there() {
    let mut engine = drawn(SHOP);
    let before = ask!(engine, Request::Summary, Json);
    match load(&mut engine, false, &[("a.txt", b"hello"), ("b.txt", b"")], 2) {
        Response::Refused(Failure { kind, message, name, .. }) => {
            assert_eq!((kind.as_str(), name.as_str()), ("notJson", "a.txt"));
            assert!(message.starts_with("None of 2 files could be opened. a.txt: "), "{message}");
        }
        other => panic!("{other:?}"),
    }
    engine.handle(Request::Begin { append: false });
    engine.handle(Request::Source { name: "half".to_owned() });
    engine.handle(Request::Chunk(b"{\"resourceSpans\":[".to_vec()));
    assert_eq!(ask!(engine, Request::Summary, Json), before);
    engine.handle(Request::Cancel);
    check_refused(&mut engine, &Request::Finish, "notOpen");
    engine.handle(Request::Begin { append: true });
    check_refused(&mut engine, &Request::Finish, "empty");
    assert_eq!(ask!(engine, Request::Summary, Json), before);
    engine.handle(Request::Close);
    check_refused(&mut engine, &Request::Summary, "notOpen");
}

#[test]
fn progress_counts() {
    let mut engine = Engine::new();
    let bytes = otlp(|sink| fixtures::trace(SHOP).feed(sink));
    engine.handle(Request::Begin { append: false });
    assert_eq!(ask!(engine, Request::Source { name: "f".to_owned() }, Progress).name, "f");
    let progress = ask!(engine, Request::Chunk(bytes.clone()), Progress);
    assert_eq!((progress.bytes, progress.spans, progress.traces), (bytes.len() as u64, 6, 2));
    assert_eq!(ask!(engine, Request::EndSource, Progress).spans, 6);
}

// Documents.

fn document(engine: &mut Engine, request: Request) -> Value {
    serde_json::from_str(&ask!(engine, request, Json)).unwrap()
}

#[test]
fn summary() {
    let mut engine = drawn(SHOP);
    let summary = document(&mut engine, Request::Summary);
    assert_eq!(summary["bytes"], engine_bytes(SHOP));
    let mut summary = summary;
    summary.as_object_mut().unwrap().remove("bytes");
    assert_eq!(
        summary,
        json!({
            "format": "OTLP JSON", "name": "file.json", "spanCount": 6, "traceCount": 2, "logCount": 0, "exemplarCount": 0,
            "services": ["bank", "payment", "shop"],
            "warnings": [],
            "traces": [
                {
                    "traceId": "00000000000000000000000000000001",
                    "rootName": "POST /checkout", "rootService": "shop",
                    "spanCount": 5, "serviceCount": 3, "depth": 3, "errorCount": 3, "orphanCount": 0,
                    "startTimeUnixNano": "1795262584123000000", "durationNano": "100000000",
                },
                {
                    "traceId": "00000000000000000000000000000002",
                    "rootName": "GET /", "rootService": "shop",
                    "spanCount": 1, "serviceCount": 1, "depth": 1, "errorCount": 0, "orphanCount": 0,
                    "startTimeUnixNano": "1795262584323000000", "durationNano": "30000000",
                },
            ],
        })
    );
}

fn engine_bytes(text: &str) -> usize {
    otlp(|sink| fixtures::trace(text).feed(sink)).len()
}

#[test]
fn analysis() {
    let mut engine =
        drawn("a root 0..10ms\n  b work 2..7ms\n  b work 3..4ms id=2\n  b work 8..9ms id=none\n");
    let expected = json!({
        "traces": [{
            "traceId": "00000000000000000000000000000001",
            "criticalPath": [
                { "spanId": "0000000000000001", "startTimeUnixNano": "1795262584123000000", "endTimeUnixNano": "1795262584125000000" },
                { "spanId": "0000000000000002", "startTimeUnixNano": "1795262584125000000", "endTimeUnixNano": "1795262584130000000" },
                { "spanId": "0000000000000001", "startTimeUnixNano": "1795262584130000000", "endTimeUnixNano": "1795262584131000000" },
                { "spanId": "0000000000000000", "startTimeUnixNano": "1795262584131000000", "endTimeUnixNano": "1795262584132000000" },
                { "spanId": "0000000000000001", "startTimeUnixNano": "1795262584132000000", "endTimeUnixNano": "1795262584133000000" },
            ],
            "selfTimeNano": { "0000000000000001": "4000000", "0000000000000002": "5000000" },
            "findings": [],
        }],
    });
    assert_eq!(document(&mut engine, Request::Analyze { trace_id: None }), expected);
    assert_eq!(document(&mut engine, Request::Analyze { trace_id: Some("1".to_owned()) }), expected);
}

#[test]
fn query() {
    let mut engine = drawn(SHOP);
    let answer = document(&mut engine, Request::Query { text: "bank audit".to_owned() });
    let trace = "00000000000000000000000000000001";
    assert_eq!(
        answer,
        json!({ "spans": [{ "traceId": trace, "spanId": "0000000000000005" }], "traces": [trace] })
    );
    let nothing = document(&mut engine, Request::Query { text: "nothing of the kind".to_owned() });
    assert_eq!(nothing, json!({ "spans": [], "traces": [] }));
}

#[test]
fn find() {
    let mut engine = drawn(SHOP);
    let mut check = |trace_id: &str, span_id: Option<&str>, expected: Option<(u32, Option<u32>)>| {
        let request = Request::Find { trace_id: trace_id.to_owned(), span_id: span_id.map(str::to_owned) };
        let found = ask!(engine, request, Found).map(|found| (found.trace, found.span));
        assert_eq!(found, expected, "{trace_id} {span_id:?}");
    };
    check("00000000000000000000000000000001", None, Some((0, None)));
    check("1", Some("A1"), Some((0, Some(0))));
    check(" 2 ", Some("00000000000000B1"), Some((1, Some(5))));
    check("2", Some("a1"), Some((1, None)));
    check("2", Some("0"), Some((1, None)));
    check("3", None, None);
    check("", None, None);
    check("xyz", Some("1"), None);
}

// The list.

fn list(engine: &mut Engine, list: ListQuery) -> Vec<String> {
    let rows = ask!(engine, Request::Traces { list, first: 0, count: 10 }, Traces);
    assert_eq!(rows.total as usize, rows.rows.len());
    rows.rows.iter().map(|row| format!("{} {}", row.root_service, row.root_name)).collect()
}

#[test]
fn traces() {
    let mut engine = drawn(SHOP);
    let base = fixtures::BASE.0;
    let with = |change: fn(&mut ListQuery)| {
        let mut query = ListQuery::default();
        change(&mut query);
        query
    };
    assert_eq!(list(&mut engine, ListQuery::default()), ["shop POST /checkout", "shop GET /"]);
    assert_eq!(list(&mut engine, with(|q| q.descending = false)), ["shop GET /", "shop POST /checkout"]);
    assert_eq!(list(&mut engine, with(|q| q.filter = "bank".to_owned())), ["shop POST /checkout"]);
    assert_eq!(list(&mut engine, with(|q| q.filter = "nobody".to_owned())), [""; 0]);
    assert_eq!(list(&mut engine, with(|q| q.duration = Some((30_000_000, 30_000_000)))), ["shop GET /"]);
    let at = ListQuery { start: Some((base, base)), sort: ListSort::Start, ..ListQuery::default() };
    assert_eq!(list(&mut engine, at), ["shop POST /checkout"]);

    let part = ask!(engine, Request::Traces { list: ListQuery::default(), first: 1, count: 1 }, Traces);
    assert_eq!((part.total, part.first, part.longest, part.rows.len()), (2, 1, 100_000_000, 1));
    let all = ask!(engine, Request::Traces { list: ListQuery::default(), first: 0, count: 1 }, Traces);
    let row = &all.rows[0];
    assert_eq!((row.service_count, row.span_count, row.error_count, row.colours.len()), (3, 5, 3, 3));
    assert_eq!(row.colours[0], part.rows[0].colours[0], "the root's service comes first");
}

#[test]
fn charts_show_what_filter_and_ranges_let_through() {
    let mut engine = drawn(SHOP);
    let request = |list| Request::Charts { list, width: 900.0, height: 150.0 };
    let charts = ask!(engine, request(ListQuery::default()), Charts);
    assert_eq!((charts.count, charts.points.len()), (2, 2));
    assert_eq!(charts.start, (fixtures::BASE.0, fixtures::BASE.0 + 200_000_000));
    assert_eq!(charts.duration, (30_000_000, 100_000_000));
    assert_eq!(charts.points.iter().filter(|point| point.error).count(), 1);
    assert_eq!(charts.buckets.iter().map(|bucket| bucket.count).sum::<u32>(), 2);
    assert_eq!(charts.buckets.iter().map(|bucket| bucket.errors).sum::<u32>(), 1);
    // Percentiles of what was selected in time; the chart in which durations are selected asks without them.
    let chosen = ListQuery { start: Some((fixtures::BASE.0, fixtures::BASE.0)), ..ListQuery::default() };
    assert_eq!(ask!(engine, request(chosen), Charts).p50, 100_000_000);
    let filtered = ListQuery { filter: "bank".to_owned(), ..ListQuery::default() };
    assert_eq!(ask!(engine, request(filtered), Charts).count, 1);
}

// A trace.

#[test]
fn head() {
    let mut engine = drawn(SHOP);
    let head = ask!(engine, Request::Trace { trace: 0 }, Trace);
    assert_eq!(
        (head.trace_id.as_str(), head.root_service.as_str()),
        ("00000000000000000000000000000001", "shop")
    );
    assert_eq!((head.span_count, head.service_count, head.error_count, head.error_origins), (5, 3, 3, 1));
    assert_eq!((head.depth, head.row_count, head.first_span, head.duration), (3, 5, 0, 100_000_000));
    let critical: Vec<_> =
        head.critical.iter().map(|of| (of.service.name.as_str(), of.time / 1_000_000)).collect();
    assert_eq!(critical, [("bank", 63), ("shop", 30), ("payment", 7)]);
    let total: f32 = head.critical.iter().map(|of| of.share).sum();
    assert!((total - 1.0).abs() < 1e-5, "{total}");
    assert_eq!(ask!(engine, Request::Trace { trace: 1 }, Trace).first_span, 5);
}

#[test]
fn details() {
    let mut engine = drawn(SHOP);
    let bank = ask!(engine, Request::Details { span: 3 }, Details);
    assert_eq!(
        (bank.name.as_str(), bank.service.name.as_str(), bank.kind.as_str()),
        ("POST /charge", "bank", "server")
    );
    assert_eq!(
        (bank.span_id.as_str(), bank.parent_span_id.as_str()),
        ("0000000000000004", "0000000000000003")
    );
    assert_eq!((bank.trace, bank.parent, bank.child_count, bank.descendant_count), (0, Some(2), 0, 0));
    assert_eq!(
        (bank.status.as_str(), bank.error.as_str(), bank.error_origin),
        ("error", "402 card_declined", true)
    );
    assert_eq!((bank.start, bank.duration, bank.self_time), (25_000_000, 55_000_000, 55_000_000));
    assert_eq!((bank.critical, bank.trace_duration), (55_000_000, 100_000_000));
    assert_eq!(bank.start_unix, fixtures::BASE.0 + 25_000_000);
    let event = &bank.events[0];
    assert_eq!((event.name.as_str(), event.offset, event.error), ("exception", 5_000_000, true));
    assert_eq!(event.attributes[0].value, "DeclinedError");
    assert_eq!((bank.resource[0].key.as_str(), bank.resource[0].value.as_str()), ("service.name", "bank"));
    assert_eq!(bank.scope_name, "fixtures");

    let payment = ask!(engine, Request::Details { span: 2 }, Details);
    assert_eq!((payment.error.as_str(), payment.error_origin), ("card_declined", false));
    assert_eq!((payment.child_count, payment.descendant_count, payment.self_time), (2, 2, 7_000_000));
    let root = ask!(engine, Request::Details { span: 0 }, Details);
    assert_eq!((root.error.as_str(), root.parent, root.parent_span_id.as_str()), ("500", None, ""));
}

#[test]
fn links_lead_where_their_span_is() {
    let mut engine = drawn(SHOP);
    let audit = ask!(engine, Request::Details { span: 4 }, Details);
    let links: Vec<_> = audit
        .links
        .iter()
        .map(|l| (l.target.map(|found| (found.trace, found.span)), l.target_name.as_str()))
        .collect();
    assert_eq!(links, [(Some((0, None)), ""), (None, ""), (Some((1, Some(5))), "shop GET /")]);
}

#[test]
fn reasons() {
    let check = |annotations: &str, expected: &str| {
        let mut engine = drawn(&format!("a op 0..1ms {annotations}\n"));
        assert_eq!(ask!(engine, Request::Details { span: 0 }, Details).error, expected, "{annotations}");
    };
    check("http.response.status_code:int=500", "");
    check("!error", "error");
    check(r#"!error "no such host""#, "no such host");
    check("!error http.response.status_code:int=503", "503");
    check("!error http.status_code=503 error.type=503", "503");
    check("!error http.response.status_code:int=200 error.type=timeout", "timeout");
    check(r#"!error "402 Payment Required" http.response.status_code:int=402"#, "402 Payment Required");
    check("!error rpc.grpc.status_code:int=14", "UNAVAILABLE");
    check(r#"!error "try later" rpc.grpc.status_code:int=4"#, "DEADLINE_EXCEEDED try later");
    check("!error rpc.grpc.status_code:int=99", "99");
    check(r#"!error "message" error.type=_OTHER @0ms:exception{exception.type=Boom}"#, "Boom");
    check(r#"!error "first\nsecond""#, "first");
    check(&format!("!error {:?}", "ä".repeat(200)), &format!("{}…", "ä".repeat(80)));
}

#[test]
fn values() {
    let check = |value: &str, kind: ValueKind, text: &str| {
        let mut engine = drawn(&format!("a op 0..1ms {value}\n"));
        let details = ask!(engine, Request::Details { span: 0 }, Details);
        let attribute = &details.attributes[0];
        assert_eq!(
            (attribute.key.as_str(), attribute.kind, attribute.value.as_str()),
            ("k", kind, text),
            "{value}"
        );
    };
    check("k=text", ValueKind::Text, "text");
    check("k:bool=true", ValueKind::Bool, "true");
    check("k:int=-9223372036854775808", ValueKind::Int, "-9223372036854775808");
    check("k:double=1", ValueKind::Double, "1.0");
    check("k:double=NaN", ValueKind::Double, "NaN");
    check("k:bytes=00ff", ValueKind::Bytes, "AP8=");
    check("k:empty=", ValueKind::Empty, "");
    check("k=[a,:int=5,{b=c}]", ValueKind::Array, r#"["a",5,{"b":"c"}]"#);
    check("k={b:bytes=00ff}", ValueKind::Map, r#"{"b":"AP8="}"#);
}

#[test]
fn repairs_are_told() {
    let mut engine = drawn("a lost 0..1ms parent=77\n  a twice 0..1ms id=1\na cut 1ms..?\na back 2..1ms\n");
    let check = |engine: &mut Engine, name: &str, expected: &[&str]| {
        let store = engine.store().unwrap();
        let span = store.trace(store::TraceIdx(0)).indices().find(|&span| store.name(span) == name).unwrap();
        let details = ask!(engine, Request::Details { span: span.0 }, Details);
        assert_eq!(details.repairs.len(), expected.len(), "{:?}", details.repairs);
        for (told, expected) in details.repairs.iter().zip(expected) {
            assert!(told.contains(expected), "{told}");
        }
    };
    check(&mut engine, "lost", &["parent 0000000000000077 is not in the input"]);
    check(&mut engine, "twice", &["came before with the same id"]);
    check(&mut engine, "cut", &["no end time"]);
    check(&mut engine, "back", &["ends before it starts"]);
}

// Folding and walking. Rows of SHOP: 0 checkout, 1 validate, 2 Charge (3 POST, 4 audit).

fn rows(info: &RowsInfo) -> (u32, Option<u32>, Option<u32>, &[u32]) {
    (info.total, info.span, info.row, &info.folded)
}

#[test]
fn folds() {
    let mut engine = drawn(SHOP);
    let mut check = |fold: Fold, total: u32, folded: &[u32]| {
        let info = ask!(engine, Request::Fold { trace: 0, fold: fold.clone() }, Rows);
        assert_eq!((info.total, info.folded.as_slice()), (total, folded), "{fold:?}");
    };
    check(Fold::Toggle(2), 3, &[2]);
    check(Fold::Toggle(2), 5, &[]);
    check(Fold::CloseLevel, 3, &[2]);
    check(Fold::CloseLevel, 1, &[0, 2]);
    check(Fold::OpenLevel, 3, &[2]);
    check(Fold::CloseAll, 1, &[0, 2]);
    check(Fold::OpenAll, 5, &[]);
    check(Fold::CloseSubtree(0), 1, &[0, 2]);
    check(Fold::OpenSubtree(2), 1, &[0]);
    check(Fold::OpenSubtree(0), 5, &[]);
    check(Fold::Set(vec![2]), 3, &[2]);
    // A link may be about another file.
    check(Fold::Set(vec![0, 99, 1]), 1, &[0]);
    assert_eq!(ask!(engine, Request::Trace { trace: 0 }, Trace).row_count, 1);
}

#[test]
fn reveal() {
    let mut engine = drawn(SHOP);
    engine.handle(Request::Fold { trace: 0, fold: Fold::CloseAll });
    let info = ask!(engine, Request::Reveal { trace: 0, span: 4 }, Rows);
    assert_eq!(rows(&info), (5, Some(4), Some(4), [].as_slice()));
    assert_eq!(info.time, (81_000_000, 8_000_000));
    let folded = ask!(engine, Request::Fold { trace: 0, fold: Fold::Toggle(2) }, Rows);
    assert_eq!((folded.folded, folded.folded_ids), (vec![2], vec!["0000000000000003".to_owned()]));
    let hidden = ask!(engine, Request::Step { trace: 0, from: Some(4), by: 0, among: StepAmong::Rows }, Rows);
    assert_eq!((hidden.span, hidden.row), (Some(2), Some(2)), "the nearest visible one");
}

#[test]
fn steps_among_rows() {
    let mut engine = drawn(SHOP);
    engine.handle(Request::Fold { trace: 0, fold: Fold::Toggle(2) });
    let mut check = |from: Option<u32>, by: i32, expected: u32| {
        let info = ask!(engine, Request::Step { trace: 0, from, by, among: StepAmong::Rows }, Rows);
        assert_eq!((info.span, info.row), (Some(expected), Some(expected)), "{from:?} {by}");
    };
    check(None, 1, 0);
    check(None, -1, 2);
    check(Some(0), 1, 1);
    check(Some(0), -1, 0);
    check(Some(1), 5, 2);
    check(Some(4), -1, 1);
    check(Some(1), i32::MIN, 0);
    check(Some(1), i32::MAX, 2);
}

#[test]
fn steps_among_errors_and_matches() {
    let mut engine = drawn(SHOP);
    engine.handle(Request::Fold { trace: 0, fold: Fold::CloseAll });
    let check = |engine: &mut Engine,
                 from: Option<u32>,
                 by: i32,
                 among: StepAmong,
                 expected: Option<(u32, u32, u32)>| {
        let info = ask!(engine, Request::Step { trace: 0, from, by, among }, Rows);
        let found = info.span.zip(info.ordinal).map(|(span, (place, count))| (span, place, count));
        assert_eq!(found, expected, "{from:?} {by} {among:?}");
    };
    check(&mut engine, None, 1, StepAmong::Errors, Some((3, 1, 1)));
    assert_eq!(
        ask!(engine, Request::Trace { trace: 0 }, Trace).row_count,
        5,
        "what the step led to was unfolded"
    );
    check(&mut engine, Some(3), 1, StepAmong::Errors, Some((3, 1, 1)));
    check(&mut engine, None, 1, StepAmong::Matches, None);

    let counts = ask!(engine, Request::Search { text: "SHOP".to_owned(), trace: Some(0) }, Matches);
    assert_eq!((counts.spans, counts.traces, counts.in_trace), (3, 2, 2));
    let counts = ask!(engine, Request::Search { text: "SHOP".to_owned(), trace: Some(1) }, Matches);
    assert_eq!((counts.spans, counts.traces, counts.in_trace), (3, 2, 1));
    check(&mut engine, None, 1, StepAmong::Matches, Some((0, 1, 2)));
    check(&mut engine, Some(0), 1, StepAmong::Matches, Some((1, 2, 2)));
    check(&mut engine, Some(1), 1, StepAmong::Matches, Some((0, 1, 2)));
    check(&mut engine, Some(0), -1, StepAmong::Matches, Some((1, 2, 2)));
    check(&mut engine, Some(3), 1, StepAmong::Matches, Some((0, 1, 2)));
    check(&mut engine, Some(3), -1, StepAmong::Matches, Some((1, 2, 2)));
    check(&mut engine, None, -1, StepAmong::Matches, Some((1, 2, 2)));
    check(&mut engine, Some(1), 0, StepAmong::Matches, Some((1, 2, 2)));

    ask!(engine, Request::Search { text: " ".to_owned(), trace: Some(0) }, Matches);
    check(&mut engine, None, 1, StepAmong::Matches, None);
}

#[test]
fn attributes_say_whether_the_search_matches_them() {
    let mut engine = drawn(SHOP);
    let mut check = |text: &str, expected: &[&str]| {
        ask!(engine, Request::Search { text: text.to_owned(), trace: None }, Matches);
        let details = ask!(engine, Request::Details { span: 3 }, Details);
        let all = details.attributes.iter().chain(&details.resource);
        let matched: Vec<_> = all.filter(|of| of.matched).map(|of| of.key.as_str()).collect();
        assert_eq!(matched, expected, "{text}");
    };
    check("402", &["http.response.status_code"]);
    check("DECLINED bank", &["error.type", "service.name"]);
    check("error.type=card", &["error.type"]);
    check(r#""no such phrase" declined"#, &["error.type"]);
    check(r#"error.type="card_declined""#, &["error.type"]);
    check(r#"error.type="declined card""#, &[]);
    check("", &[]);
}

// What goes round.

#[test]
fn what_was_opened_is_written_again() {
    let trace = fixtures::trace(SHOP);
    let before = otlp(|sink| trace.feed(sink));
    let (mut engine, _) = open(&before);
    let after = otlp(|sink| engine.store().unwrap().feed(sink));
    assert_eq!(String::from_utf8(after), String::from_utf8(before));

    let mut raw = Vec::new();
    for span in 0..6 {
        raw.extend(ask!(engine, Request::Raw { span }, Json).into_bytes());
        raw.push(b'\n');
    }
    let (again, _) = open(&raw);
    assert_eq!(fixtures::collect(|sink| again.store().unwrap().feed(sink)).trace(), {
        let mut sorted = trace;
        sorted.spans.sort_by_key(|(_, row)| (row.trace_id, row.start));
        sorted
    });
}

#[test]
fn requests_and_answers_cross_the_boundary() {
    let chunk = Request::Chunk(vec![0, 255, 1]);
    let bytes = postcard::to_allocvec(&chunk).unwrap();
    assert_eq!(bytes.len(), 5, "bytes are not written one by one");
    assert_eq!(postcard::from_bytes::<Request>(&bytes).unwrap(), chunk);
    let mut engine = drawn(SHOP);
    for request in [
        Request::Details { span: 3 },
        Request::Trace { trace: 0 },
        Request::Step { trace: 0, from: None, by: 1, among: StepAmong::Errors },
    ] {
        let answer = engine.handle(request);
        let bytes = postcard::to_allocvec(&answer).unwrap();
        assert_eq!(postcard::from_bytes::<Response>(&bytes).unwrap(), answer);
    }
}

#[test]
#[should_panic(expected = "The engine was asked to panic.")]
fn panic() {
    Engine::new().handle(Request::Panic);
}

// Clocks.

/// What the trace's head says of clocks.
fn check_clocks(text: &str, expected: &str) {
    let clocks = ask!(drawn(text), Request::Trace { trace: 0 }, Trace).clocks;
    assert_eq!(clocks.map(|note| note.headline()).unwrap_or_default(), expected, "{text}");
}

#[test]
fn clocks_that_differ_are_told() {
    check_clocks(SHOP, "");
    check_clocks(
        "
        shop   a 100..200ms client
          cart b 66..146ms server",
        "Clocks differ: 1 span of cart starts before its caller, by 34\u{2009}ms",
    );
    check_clocks(
        "
        shop   a 100..200ms client
          cart b 66..146ms server
          ad   c 90..150ms server
          ad   d 98..150ms server",
        "Clocks differ: 3 spans of ad and cart start before their callers, by up to 34\u{2009}ms",
    );
    check_clocks(
        "
        shop   a 100..200ms client
          cart b 66..146ms server
          ad   c 90..150ms server
          -    d 98..150ms server",
        "Clocks differ: 3 spans of 3 services start before their callers, by up to 34\u{2009}ms",
    );
}

#[test]
fn a_span_tells_of_its_clock() {
    let mut engine = drawn(
        "
        shop     a 100..200ms client
          cart   b 66..146ms server
            cart c 70..80ms",
    );
    let note = ask!(engine, Request::Trace { trace: 0 }, Trace).clocks.unwrap();
    assert_eq!((note.early, note.behind), (34_000_000, 44_000_000));
    assert!(note.explanation().contains("up to 44\u{2009}ms behind"), "{}", note.explanation());
    let clocks: Vec<String> =
        (0..3).map(|span| ask!(engine, Request::Details { span }, Details).clock).collect();
    let told =
        "It starts 34\u{2009}ms before its caller. Its clock seems 44\u{2009}ms behind its caller's (shop).";
    assert_eq!(clocks, ["", told, ""]);
}
