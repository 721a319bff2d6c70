//! Log records and exemplars beside spans.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{ask, load, open, otlp};
use engine::{Engine, LogLevel, Request, Response};
use otel::{AnyValue, ExemplarRow, KeyValue, LogRow, Severity, SpanId, TraceId, UnixNanos};

const SHOP: &str = "
    shop checkout 100..200ms id=1 trace=a
      cart get    110..120ms id=2 trace=a
";

fn spans() -> Vec<u8> {
    otlp(|sink| fixtures::trace(SHOP).feed(sink))
}

/// Log records of trace and span, and exemplars.
fn signals(logs: &[(u128, u64)], exemplars: &[(u128, u64)]) -> Vec<u8> {
    otlp(|sink| {
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        for &(trace, span) in logs {
            let row = LogRow { trace_id: TraceId(trace), span_id: SpanId(span), ..LogRow::default() };
            sink.log(resource, scope, &LogRow { body: "card declined".into(), ..row });
        }
        for &(trace, span) in exemplars {
            let row =
                ExemplarRow { trace_id: TraceId(trace), span_id: SpanId(span), ..ExemplarRow::default() };
            sink.exemplar(resource, scope, &ExemplarRow { metric: "latency".into(), ..row });
        }
    })
}

#[test]
fn no_spans() {
    let check = |bytes: &[u8], expected: &str| {
        let mut engine = Engine::new();
        match load(&mut engine, false, &[("logs.json", bytes)], 61) {
            Response::Refused(failure) => {
                assert_eq!((failure.kind.as_str(), failure.name.as_str()), ("notATrace", "logs.json"));
                assert_eq!(failure.message, expected);
            }
            other => panic!("{other:?}"),
        }
        assert!(engine.store().is_none());
    };
    check(
        &signals(&[(10, 1), (10, 2), (11, 0)], &[(12, 1)]),
        "3 log records in 3 traces, but no spans: open the trace file together with this one.",
    );
    check(
        &signals(&[(10, 1)], &[]),
        "1 log record in 1 trace, but no spans: open the trace file together with this one.",
    );
    check(
        &signals(&[(0, 0), (0, 0)], &[]),
        "2 log records without a trace id, and no spans: nothing here leads to a trace.",
    );
    check(
        &signals(&[], &[(10, 1), (10, 2)]),
        "2 exemplars of metrics in 1 trace, but no spans: open the trace file together with this one.",
    );
    check(
        br#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{}]}}]}]}]}"#,
        "Metrics without exemplars, and no spans: nothing here leads to a trace.",
    );
}

#[test]
fn in_whatever_order_they_come() {
    let (spans, logs) = (spans(), signals(&[(10, 1), (10, 2), (11, 1)], &[(10, 2)]));
    let check = |engine: &Engine, how: &str| {
        let store = engine.store().unwrap();
        let trace = store.traces().indices().next().unwrap();
        let of: Vec<(usize, usize)> = store
            .trace(trace)
            .indices()
            .map(|span| (store.logs(span).len(), store.exemplars(span).len()))
            .collect();
        assert_eq!(of, [(1, 0), (1, 1)], "{how}");
        let found: Vec<_> = store.warnings().iter().map(|known| (known.kind.name(), known.count)).collect();
        assert_eq!(found, [("logOfOtherTrace", 1)], "{how}");
    };
    let files: [(&str, &[u8]); 2] = [("spans", &spans), ("logs", &logs)];
    for (how, [first, second]) in [
        ("spans first", files),
        ("logs first", {
            let [spans, logs] = files;
            [logs, spans]
        }),
    ] {
        let mut engine = Engine::new();
        assert!(matches!(load(&mut engine, false, &[first, second], 61), Response::Opened(_)));
        check(&engine, how);
        // One after the other: log records wait for their spans.
        for append in [false, true] {
            let mut engine = Engine::new();
            load(&mut engine, append, &[first], 61);
            match load(&mut engine, true, &[second], 61) {
                Response::Opened(opened) => {
                    assert_eq!(opened.bytes, (spans.len() + logs.len()) as u64);
                    assert_eq!(opened.name, format!("{}, {}", first.0, second.0));
                }
                other => panic!("{other:?}"),
            }
            check(&engine, how);
        }
    }
    // Whoever opens anew does not want them.
    let mut engine = Engine::new();
    load(&mut engine, false, &[("logs", &logs)], 61);
    load(&mut engine, false, &[("spans", &spans)], 61);
    assert_eq!(engine.store().unwrap().log_count(), 0);
}

#[test]
fn the_summary_counts_them() {
    let lines = [spans(), signals(&[(10, 1), (11, 1)], &[(10, 2)])].concat();
    let (mut engine, opened) = open(&lines);
    assert_eq!(opened.unwrap().format, "OTLP JSON Lines");
    let summary: serde_json::Value = serde_json::from_str(&ask!(engine, Request::Summary, Json)).unwrap();
    assert_eq!((&summary["logCount"], &summary["exemplarCount"]), (&2.into(), &1.into()));
}

#[test]
fn details_and_search_tell_of_them() {
    let text = otlp(|sink| {
        fixtures::trace(SHOP).feed(sink);
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        let start = fixtures::BASE.0 + 100_000_000;
        let log = |span, after: u64, severity, body: &'static str| LogRow {
            trace_id: TraceId(10),
            span_id: SpanId(span),
            time: UnixNanos(start + after),
            severity: Severity::from_number(severity).unwrap(),
            body: body.into(),
            ..LogRow::default()
        };
        sink.log(resource, scope, &log(1, 30, 17, "card declined"));
        sink.log(resource, scope, &log(1, 20, 13, "card is old"));
        sink.log(resource, scope, &LogRow { flags: Some(0), ..log(0, 10, 9, "of the trace") });
        sink.log(resource, scope, &log(2, 0, 9, "in the cart"));
        let attributes = vec![KeyValue::new("service.name", "sidecar")];
        sink.close_resource(resource, &otel::Resource { attributes, ..otel::Resource::default() });
        sink.close_scope(scope, &otel::Scope { name: "logger".into(), ..otel::Scope::default() });
        let exemplar = ExemplarRow {
            metric: "latency".into(),
            unit: "s".into(),
            value: 0.5.into(),
            trace_id: TraceId(10),
            span_id: SpanId(2),
            ..ExemplarRow::default()
        };
        sink.exemplar(resource, scope, &exemplar);
    });
    let (mut engine, _) = open(&text);
    ask!(engine, Request::Search { text: "DECLINED".to_owned(), trace: Some(0) }, Matches);
    let head = ask!(engine, Request::Trace { trace: 0 }, Trace);
    assert_eq!(head.log_count, 4);
    let details = ask!(engine, Request::Details { span: 0 }, Details);
    let shown: Vec<_> = details
        .logs
        .iter()
        .map(|log| {
            (log.offset, log.severity.as_str(), log.level, log.body.as_str(), log.of_trace, log.matched)
        })
        .collect();
    assert_eq!(
        shown,
        [
            (20, "WARN", LogLevel::Warning, "card is old", false, false),
            (30, "ERROR", LogLevel::Error, "card declined", false, true),
            (10, "INFO", LogLevel::Quiet, "of the trace", true, false),
        ]
    );
    let last = details.logs.last().unwrap();
    assert_eq!((last.service.as_str(), last.scope.as_str(), last.flags), ("sidecar", "logger", Some(0)));
    assert_eq!(details.log_count, 3);
    let details = ask!(engine, Request::Details { span: 1 }, Details);
    assert_eq!(details.logs.len(), 1);
    let shown: Vec<_> =
        details.exemplars.iter().map(|of| (of.metric.as_str(), of.value.as_str(), of.offset)).collect();
    assert_eq!(shown, [("latency", "0.5 s", 0)]);
}

/// OTLP JSON, store, OTLP JSON.
#[test]
fn a_store_writes_what_it_read() {
    let given = otlp(|sink| {
        fixtures::trace(SHOP).feed(sink);
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        let attributes = vec![KeyValue::new("service.name", "logger"), KeyValue::new("n", 1_i64)];
        sink.log(
            resource,
            scope,
            &LogRow {
                time: UnixNanos(1_700_000_000_000_000_001),
                observed_time: UnixNanos(7),
                severity: Severity::from_number(18).unwrap(),
                severity_text: "ERR".into(),
                body: AnyValue::Map(vec![KeyValue::new("k", 0.5)]),
                attributes: attributes.clone(),
                dropped_attributes_count: 3,
                flags: Some(0),
                trace_id: TraceId(10),
                span_id: SpanId(2),
                event_name: "event".into(),
            },
        );
        sink.log(resource, scope, &LogRow::default());
        for value in [AnyValue::Int(-1), AnyValue::Double(0.25)] {
            sink.exemplar(
                resource,
                scope,
                &ExemplarRow {
                    metric: "latency".into(),
                    unit: "s".into(),
                    time: UnixNanos(8),
                    value,
                    trace_id: TraceId(11),
                    span_id: SpanId(77),
                    filtered_attributes: attributes.clone(),
                },
            );
        }
        sink.close_resource(resource, &otel::Resource { attributes, ..otel::Resource::default() });
        sink.close_scope(scope, &otel::Scope { name: "log".into(), ..otel::Scope::default() });
    });
    let mut engine = Engine::new();
    assert!(matches!(load(&mut engine, false, &[("file", &given)], 61), Response::Opened(_)));
    let written = otlp(|sink| engine.store().unwrap().feed(sink));
    assert_eq!(String::from_utf8(written).unwrap(), String::from_utf8(given).unwrap());
}
