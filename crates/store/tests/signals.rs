//! Log records and exemplars find their spans, in whatever order they come, and nothing of them is lost.

use std::fmt::Write as _;

use fixtures::{Collected, collect};
use otel::{
    AnyValue, ExemplarRow, KeyValue, LogRow, Severity, SpanId, SpanRow, SpanSink, TraceId, UnixNanos,
    WarningKind,
};
use store::{TraceStore, TraceStoreBuilder};

const TRACES: &str = "
    shop  root   100..200ms  id=1 trace=a
      cart child 110..120ms  id=2 trace=a
    shop  other  300..400ms  id=3 trace=b
";

fn log(trace: u128, span: u64, time: u64, body: &'static str) -> LogRow<'static> {
    LogRow {
        trace_id: TraceId(trace),
        span_id: SpanId(span),
        time: UnixNanos(time),
        body: body.into(),
        ..LogRow::default()
    }
}

fn exemplar(trace: u128, span: u64, time: u64, metric: &'static str) -> ExemplarRow<'static> {
    ExemplarRow {
        trace_id: TraceId(trace),
        span_id: SpanId(span),
        time: UnixNanos(time),
        metric: metric.into(),
        value: AnyValue::Int(5),
        ..ExemplarRow::default()
    }
}

fn give(sink: &mut dyn SpanSink, logs: &[LogRow<'_>], exemplars: &[ExemplarRow<'_>]) {
    let (resource, scope) = (sink.open_resource(), sink.open_scope());
    for log in logs {
        sink.log(resource, scope, log);
    }
    for exemplar in exemplars {
        sink.exemplar(resource, scope, exemplar);
    }
}

/// A line a trace and a span that owns any: what it owns, in order.
fn draw(store: &TraceStore) -> Vec<String> {
    let mut lines = Vec::new();
    for trace in store.traces().indices() {
        let of = store.trace(trace);
        let mut line = format!("trace {:x}:", of.id.0);
        for log in store.trace_logs(trace) {
            write!(line, " {}", log.body().as_str().unwrap_or("?")).unwrap_or_default();
        }
        for exemplar in store.trace_exemplars(trace) {
            write!(line, " {}", exemplar.metric().0).unwrap_or_default();
        }
        lines.push(line);
        for span in of.indices() {
            let mut line = format!("  {}:", store.name(span));
            for log in store.logs(span) {
                write!(line, " {}", log.body().as_str().unwrap_or("?")).unwrap_or_default();
            }
            for exemplar in store.exemplars(span) {
                write!(line, " {}", exemplar.metric().0).unwrap_or_default();
            }
            lines.push(line);
        }
    }
    lines.retain(|line| !line.ends_with(':'));
    lines
}

type Feed<'a> = &'a dyn Fn(&mut dyn SpanSink);

/// Whether the log records come before the spans or after them, together or appended.
fn check(
    logs: &[LogRow<'_>],
    exemplars: &[ExemplarRow<'_>],
    expected: &[&str],
    warnings: &[(WarningKind, u64)],
) {
    let spans = |sink: &mut dyn SpanSink| fixtures::trace(TRACES).feed(sink);
    let signals = |sink: &mut dyn SpanSink| give(sink, logs, exemplars);
    let [spans, signals]: [Feed<'_>; 2] = [&spans, &signals];
    for (name, [first, last]) in [("spans first", [spans, signals]), ("spans last", [signals, spans])] {
        let mut together = TraceStoreBuilder::new();
        first(&mut together);
        last(&mut together);
        let mut before = TraceStoreBuilder::new();
        first(&mut before);
        let mut appended = TraceStoreBuilder::from_store(&before.seal());
        last(&mut appended);
        for (how, store) in [("together", together.seal()), ("appended", appended.seal())] {
            assert_eq!(draw(&store), expected, "{name}, {how}");
            let found: Vec<_> =
                store.warnings().iter().map(|warning| (warning.kind, warning.count)).collect();
            assert_eq!(found, warnings, "{name}, {how}");
            assert_eq!((store.log_count(), store.exemplar_count()), (logs.len(), exemplars.len()));
        }
    }
}

#[test]
fn they_find_their_spans() {
    check(
        &[
            log(0xa, 2, 30, "c"),
            log(0xb, 3, 5, "other"),
            log(0xa, 2, 10, "a"),
            log(0xa, 1, 20, "b"),
            log(0xa, 2, 10, "a2"),
        ],
        &[exemplar(0xa, 2, 1, "late"), exemplar(0xa, 2, 0, "early")],
        &["  root: b", "  child: a a2 c early late", "  other: other"],
        &[],
    );
}

#[test]
fn what_names_no_span_belongs_to_the_trace() {
    check(
        &[log(0xa, 0, 2, "no-span"), log(0xa, 99, 1, "lost-span"), log(0xa, 3, 3, "of-the-other-trace")],
        &[exemplar(0xb, 0, 1, "m")],
        &["trace a: lost-span no-span of-the-other-trace", "trace b: m"],
        &[],
    );
}

#[test]
fn what_names_no_open_trace_is_counted_and_kept() {
    let unsampled = LogRow { flags: Some(0), ..log(0xc, 1, 1, "x") };
    check(
        &[log(0, 0, 1, "nowhere"), log(0xc, 1, 1, "elsewhere"), unsampled.clone(), log(0, 1, 1, "nowhere")],
        &[exemplar(0xd, 1, 1, "m")],
        &[],
        &[
            (WarningKind::LogOfOtherTrace, 2),
            (WarningKind::LogWithoutTrace, 2),
            (WarningKind::ExemplarOfOtherTrace, 1),
        ],
    );
    let mut builder = TraceStoreBuilder::new();
    give(&mut builder, &[log(0xc, 1, 1, "x"), unsampled], &[]);
    assert_eq!((builder.log_count(), builder.named_trace_count()), (2, 1));
    let store = builder.seal();
    let words: Vec<&str> = store.warnings().iter().map(|known| known.example.as_str()).collect();
    assert_eq!(
        words,
        [
            "2 log records belong to traces that are not open; 1 of them were written in traces that were not sampled"
        ]
    );
    // The trace comes later.
    let mut builder = TraceStoreBuilder::from_store(&store);
    fixtures::trace("a late 0..1ms id=1 trace=c").feed(&mut builder);
    let store = builder.seal();
    assert_eq!(draw(&store), ["  late: x x"]);
    assert!(store.warnings().is_empty());
}

#[test]
fn a_time_may_be_missing() {
    let observed = |body, time| LogRow { observed_time: UnixNanos(time), ..log(0xa, 1, 0, body) };
    check(&[observed("c", 9), log(0xa, 1, 8, "b"), observed("a", 7)], &[], &["  root: a b c"], &[]);
}

#[test]
fn severity_by_number_or_words() {
    let severity = |number, text: &'static str| {
        let severity = Severity::from_number(number).unwrap_or_default();
        let mut builder = TraceStoreBuilder::new();
        fixtures::trace(TRACES).feed(&mut builder);
        give(&mut builder, &[LogRow { severity, severity_text: text.into(), ..log(0xa, 1, 1, "x") }], &[]);
        let store = builder.seal();
        store.logs_by_span().map(|(_, log)| log.severity().name()).next()
    };
    assert_eq!(severity(13, "error"), Some("WARN"));
    assert_eq!(severity(0, "Error"), Some("ERROR"));
    assert_eq!(severity(0, ""), Some(""));
}

/// Everything that went in comes out, in order of arrival, with its resource and scope.
#[test]
fn nothing_is_lost() {
    let feed = |sink: &mut dyn SpanSink| {
        fixtures::trace(TRACES).feed(sink);
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        let attributes =
            vec![KeyValue::new("service.name", "logger"), KeyValue::new("list", AnyValue::Array(vec![]))];
        sink.log(
            resource,
            scope,
            &LogRow {
                time: UnixNanos(1),
                observed_time: UnixNanos(2),
                severity: Severity::from_number(18).unwrap_or_default(),
                severity_text: "ERR".into(),
                body: AnyValue::Map(vec![KeyValue::new("k", 0.5)]),
                attributes: attributes.clone(),
                dropped_attributes_count: 3,
                flags: Some(1),
                trace_id: TraceId(0xa),
                span_id: SpanId(2),
                event_name: "event".into(),
            },
        );
        sink.log(resource, scope, &LogRow { flags: Some(0), body: 5_i64.into(), ..LogRow::default() });
        sink.exemplar(
            resource,
            scope,
            &ExemplarRow {
                metric: "m".into(),
                unit: "s".into(),
                time: UnixNanos(7),
                value: 0.25.into(),
                trace_id: TraceId(0xb),
                span_id: SpanId(77),
                filtered_attributes: attributes.clone(),
            },
        );
        sink.exemplar(resource, scope, &ExemplarRow { trace_id: TraceId(9), ..ExemplarRow::default() });
        sink.close_resource(resource, &otel::Resource { attributes, ..otel::Resource::default() });
        sink.close_scope(scope, &otel::Scope { name: "log".into(), ..otel::Scope::default() });
    };
    let mut builder = TraceStoreBuilder::new();
    feed(&mut builder);
    let given = collect(feed);
    let store = builder.seal();
    let services: Vec<&str> = store.services().as_slice().iter().map(String::as_str).collect();
    assert_eq!(services, ["cart", "shop"], "a service that only logs is not in the traces");
    let kept = collect(|sink| store.feed(sink));
    let logs = |of: &Collected| {
        let content = |(resource, scope, row): &(otel::ResourceRef, otel::ScopeRef, LogRow<'static>)| {
            let resource = of.resources.get(resource.0 as usize).cloned();
            (resource, of.scopes.get(scope.0 as usize).cloned(), row.clone())
        };
        of.logs.iter().map(content).collect::<Vec<_>>()
    };
    assert_eq!(logs(&kept), logs(&given));
    let exemplars = |of: &Collected| {
        let content = |(resource, scope, row): &(otel::ResourceRef, otel::ScopeRef, ExemplarRow<'static>)| {
            let resource = of.resources.get(resource.0 as usize).cloned();
            (resource, of.scopes.get(scope.0 as usize).cloned(), row.clone())
        };
        of.exemplars.iter().map(content).collect::<Vec<_>>()
    };
    assert_eq!(exemplars(&kept), exemplars(&given));
}

/// A million log records of one trace with a hundred thousand spans, and as many traces of a record each.
#[test]
fn a_million_log_records() {
    const SPANS: u64 = 100_000;
    const LOGS: u64 = 1_000_000;
    let mut builder = TraceStoreBuilder::new();
    let (resource, scope) = (builder.open_resource(), builder.open_scope());
    for id in 1..=SPANS {
        let row =
            |trace, id| SpanRow { trace_id: trace, span_id: id, start: UnixNanos(1), ..SpanRow::default() };
        builder.span(resource, scope, &row(TraceId(1), SpanId(id)));
        builder.span(resource, scope, &row(TraceId(u128::from(id) + 1), SpanId(1)));
    }
    let empty = builder.seal();
    let mut builder = TraceStoreBuilder::from_store(&empty);
    let (resource, scope) = (builder.open_resource(), builder.open_scope());
    for i in 0..LOGS {
        let (trace, span) = if i % 2 == 0 { (1, i % SPANS + 1) } else { (u128::from(i % SPANS) + 2, 1) };
        builder.log(resource, scope, &log(trace, span, LOGS - i, "body"));
    }
    let store = builder.seal();
    assert_eq!(store.logs_by_span().count() as u64, LOGS);
    assert!(store.warnings().iter().all(|known| known.kind < WarningKind::LogOfOtherTrace));
    let each = (store.memory() - empty.memory()) / LOGS as usize;
    assert!(each < 60, "{each} bytes a record");
}
