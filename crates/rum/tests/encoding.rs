//! What is recorded is what is sent.

#[cfg(test)]
mod support;

use std::borrow::Cow;

use formats::Decoder;
use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, ResourceRef, Scope, ScopeRef, SpanId, SpanKind, SpanRow,
    SpanSink, StatusCode, TraceId, UnixNanos, Warning,
};
use proptest::collection::vec;
use proptest::prelude::*;
use rum::{Limits, Millis, Next, Options, Pipeline};
use support::{Grouped, SpanWriter};

/// 2026-11-21 in nanoseconds.
const ORIGIN: u64 = 1_795_219_200_000_000_007;

/// What a body says.
#[derive(Debug, Default)]
struct Seen {
    resource: Resource<'static>,
    scope: Scope<'static>,
    spans: Vec<SpanRow<'static>>,
}

impl SpanSink for Seen {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(0)
    }

    fn close_resource(&mut self, _: ResourceRef, content: &Resource<'_>) {
        self.resource = content.clone().into_owned();
    }

    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(0)
    }

    fn close_scope(&mut self, _: ScopeRef, content: &Scope<'_>) {
        self.scope = content.clone().into_owned();
    }

    fn span(&mut self, _: ResourceRef, _: ScopeRef, span: &SpanRow<'_>) {
        self.spans.push(span.clone().into_owned());
    }

    fn warn(&mut self, warning: Warning) {
        panic!("{warning:?}");
    }
}

fn decode(body: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut decoder = Decoder::new();
    decoder.push(body, &mut seen).unwrap();
    decoder.finish(&mut seen).unwrap();
    seen
}

/// The body of everything pushed, written in slices.
fn body(pipeline: &mut Pipeline) -> Vec<u8> {
    pipeline.flush();
    assert_eq!(pipeline.next(Millis(0)), Next::Encode);
    while !pipeline.encode(300) {}
    pipeline.body()
}

fn pipeline() -> Pipeline {
    Pipeline::new(Options { origin: ORIGIN, ..Options::default() })
}

/// A span of every field.
fn full() -> SpanRow<'static> {
    SpanRow {
        trace_id: TraceId(0x5b8e_fff7_9803_8103_d269_b633_813f_c60c),
        span_id: SpanId(0xeee1_9b7e_c3c1_b174),
        parent_span_id: SpanId(0x0001),
        trace_state: "ot=th:c".into(),
        flags: 0x101,
        name: "GET".into(),
        kind: SpanKind::Client,
        start: UnixNanos(1_000_000_123),
        end: UnixNanos(1_013_000_000),
        attributes: vec![
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("quoted", "say \"hi\"\\\n\u{1}ü€😀"),
            KeyValue::new("int", i64::MIN),
            KeyValue::new("double", 0.1),
            KeyValue::new("nan", f64::NAN),
            KeyValue::new("yes", true),
            KeyValue::new("no", false),
            KeyValue::new("empty", AnyValue::Empty),
            KeyValue::new("bytes", AnyValue::Bytes(Cow::Borrowed(&[0xFF, 0xFE, 1, 2]))),
            KeyValue::new("array", AnyValue::Array(vec!["a".into(), 1_i64.into(), AnyValue::Array(vec![])])),
            KeyValue::new("map", AnyValue::Map(vec![KeyValue::new("k", 2.5), KeyValue::new("l", "v")])),
        ],
        dropped_attributes_count: 1,
        events: vec![
            EventRow {
                time: UnixNanos(1_001_000_000),
                name: "fetchStart".into(),
                attributes: vec![],
                dropped_attributes_count: 0,
            },
            EventRow {
                time: UnixNanos(999_000_000),
                name: "exception".into(),
                attributes: vec![KeyValue::new("exception.type", "TypeError")],
                dropped_attributes_count: 2,
            },
        ],
        dropped_events_count: 3,
        links: vec![LinkRow {
            trace_id: TraceId(7),
            span_id: SpanId(8),
            trace_state: "a=b".into(),
            attributes: vec![KeyValue::new("link", 1_i64)],
            dropped_attributes_count: 4,
            flags: 0x301,
        }],
        dropped_links_count: 5,
        status_code: StatusCode::Error,
        status_message: "it failed".into(),
    }
}

#[test]
fn golden() {
    let mut writer = SpanWriter::default();
    for text in ["http.request.method", "GET", "say \"hi\"\\\n\u{1}ü€😀"] {
        writer.define(text);
    }
    writer.span(&full(), Grouped::default());
    let bare = SpanRow { trace_id: TraceId(1), span_id: SpanId(2), flags: 1, ..SpanRow::default() };
    writer.span(&bare, Grouped { group: 3, root: true });
    let mut pipeline = pipeline();
    let mut resource = SpanWriter::default();
    resource.resource(&[KeyValue::new("service.name", "shop"), KeyValue::new("n", 3_i64)]);
    pipeline.set_resource(&resource.bytes);
    pipeline.push(&writer.bytes, Millis(0));
    let body = String::from_utf8(body(&mut pipeline)).unwrap();
    // One line a span, event and link.
    insta::assert_snapshot!(
        body.replace("{\"traceId", "\n{\"traceId").replace("{\"timeUnix", "\n{\"timeUnix")
    );
    assert_eq!(pipeline.metrics().get(rum::Count::Malformed), 0);
}
