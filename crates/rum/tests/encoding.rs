//! What is recorded is what is sent.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

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
use rum::{Count, Limits, Millis, Next, Options, Pipeline};
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
    pipeline.body().to_vec()
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
    assert_eq!(pipeline.metrics().get(Count::Malformed), 0);
}

/// What arrives of what was pushed.
fn arrived(options: Options, rows: &[SpanRow<'_>], defined: &[&str]) -> Seen {
    let mut writer = SpanWriter::default();
    for text in defined {
        writer.define(text);
    }
    for row in rows {
        writer.span(row, Grouped::default());
    }
    let mut pipeline = Pipeline::new(options);
    pipeline.push(&writer.bytes, Millis(0));
    assert_eq!(pipeline.metrics().get(Count::Malformed), 0);
    decode(&body(&mut pipeline))
}

/// With unix times, as a receiver sees it.
fn received(mut row: SpanRow<'static>) -> SpanRow<'static> {
    row.start.0 += ORIGIN;
    row.end.0 += ORIGIN;
    for event in &mut row.events {
        event.time.0 += ORIGIN;
    }
    row
}

/// `Debug`, since NaN is not equal to itself.
#[track_caller]
fn check_same(seen: &[SpanRow<'_>], expected: &[SpanRow<'_>]) {
    assert_eq!(format!("{seen:#?}"), format!("{expected:#?}"));
}

#[test]
fn all_fields_arrive() {
    let seen = arrived(Options { origin: ORIGIN, ..Options::default() }, &[full()], &["GET", "a", "v"]);
    check_same(&seen.spans, &[received(full())]);
    assert_eq!((&*seen.scope.name, &*seen.scope.version), ("flamefall-rum", env!("CARGO_PKG_VERSION")));
}

fn value() -> impl Strategy<Value = AnyValue<'static>> {
    let leaf = prop_oneof![
        Just(AnyValue::Empty),
        any::<String>().prop_map(AnyValue::from),
        any::<bool>().prop_map(AnyValue::Bool),
        any::<i64>().prop_map(AnyValue::Int),
        any::<f64>().prop_map(AnyValue::Double),
        vec(any::<u8>(), 0..5).prop_map(|bytes| AnyValue::Bytes(bytes.into())),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(AnyValue::Array),
            vec((any::<String>(), inner), 0..3).prop_map(|list| AnyValue::Map(
                list.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect()
            )),
        ]
    })
}

/// Short texts from a small alphabet are often defined.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ab\"\\n]{0,2}", any::<String>()]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue<'static>>> {
    vec((text(), value()), 0..4)
        .prop_map(|list| list.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect())
}

prop_compose! {
    fn event()(time in 0..u64::MAX / 4, name in text(), attributes in attributes(), dropped in any::<u32>())
        -> EventRow<'static> {
        EventRow { time: UnixNanos(time), name: name.into(), attributes, dropped_attributes_count: dropped }
    }
}

prop_compose! {
    fn link()(ids in any::<(u128, u64)>(), state in text(), attributes in attributes(), counts in any::<(u32, u32)>())
        -> LinkRow<'static> {
        LinkRow {
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            trace_state: state.into(),
            attributes,
            dropped_attributes_count: counts.0,
            flags: counts.1,
        }
    }
}

prop_compose! {
    fn span()(
        ids in any::<(u128, u64, u64)>(),
        texts in (text(), text(), text()),
        numbers in any::<(u32, u32, u32, u32)>(),
        times in (0..u64::MAX / 4, 0..u64::MAX / 4),
        kind in 0_u64..6,
        code in 0_u64..3,
        attributes in attributes(),
        events in vec(event(), 0..3),
        links in vec(link(), 0..3),
    ) -> SpanRow<'static> {
        SpanRow {
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            parent_span_id: SpanId(ids.2),
            trace_state: texts.0.into(),
            flags: numbers.0 | 1,
            name: texts.1.into(),
            kind: SpanKind::from_number(kind).unwrap_or_default(),
            start: UnixNanos(times.0),
            end: UnixNanos(times.0 + times.1),
            attributes,
            dropped_attributes_count: numbers.1,
            events,
            dropped_events_count: numbers.2,
            links,
            dropped_links_count: numbers.3,
            status_code: StatusCode::from_number(code).unwrap_or_default(),
            status_message: texts.2.into(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_recorded_arrives(rows in vec(span(), 1..4), defined in vec("[ab\"\\n]{0,2}", 0..5)) {
        let defined: Vec<&str> = defined.iter().map(String::as_str).collect();
        let seen = arrived(Options { origin: ORIGIN, ..Options::default() }, &rows, &defined);
        check_same(&seen.spans, &rows.into_iter().map(received).collect::<Vec<_>>());
    }

    /// Whatever comes in: no panic, what came before stays, and what goes out is OTLP JSON.
    #[test]
    fn malformed_pushes(row in span(), flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4), end in any::<prop::sample::Index>()) {
        let mut writer = SpanWriter::default();
        writer.define("a");
        writer.span(&full(), Grouped::default());
        let mut pipeline = pipeline();
        pipeline.push(&writer.bytes, Millis(0));
        let good = writer.bytes.len();
        writer.span(&row, Grouped::default());
        let mut bad = writer.bytes.split_off(good);
        for (at, byte) in flips {
            let at = at.index(bad.len());
            bad[at] = byte;
        }
        bad.truncate(end.index(bad.len() + 1));
        pipeline.push(&bad, Millis(0));
        let body = body(&mut pipeline);
        // Bytes that are not UTF-8 pass through: the page writes none.
        let body = String::from_utf8_lossy(&body).into_owned();
        let mut seen = Lenient::default();
        let mut decoder = Decoder::new();
        decoder.push(body.as_bytes(), &mut seen).unwrap();
        decoder.finish(&mut seen).unwrap();
        prop_assert_eq!(format!("{:?}", seen.0.spans.first()), format!("{:?}", Some(received(full()))));
        prop_assert_eq!(seen.0.spans.len() as u64, pipeline.metrics().get(Count::Recorded));
    }

    #[test]
    fn noise(bytes in vec(any::<u8>(), 0..400), limit in 0_u32..3) {
        let limits = Limits { attributes: limit, events: limit, links: limit, attributes_per_item: limit, value_length: limit };
        let mut pipeline = Pipeline::new(Options { limits, ..Options::default() });
        pipeline.set_resource(&bytes);
        pipeline.push(&bytes, Millis(0));
        let mut tagged = vec![2, 0];
        tagged.extend(bytes);
        pipeline.push(&tagged, Millis(0));
        while !pipeline.exit(10_000, true, Millis(0)).is_empty() {
            pipeline.left(0);
        }
    }
}

/// Times that do not fit are only odd.
#[derive(Debug, Default)]
struct Lenient(Seen);

impl SpanSink for Lenient {
    fn open_resource(&mut self) -> ResourceRef {
        self.0.open_resource()
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.0.close_resource(resource, content);
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.0.open_scope()
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.0.close_scope(scope, content);
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.0.span(resource, scope, span);
    }

    fn warn(&mut self, warning: Warning) {
        assert_eq!(warning.kind, otel::WarningKind::TooDeep, "{warning:?}");
    }
}

fn attribute(number: usize) -> KeyValue<'static> {
    KeyValue::new(format!("k{number}"), number as i64)
}

#[test]
fn more_than_the_limits() {
    let list = |count: usize| (0..count).map(attribute).collect::<Vec<_>>();
    let mut row = SpanRow { trace_id: TraceId(1), flags: 1, attributes: list(5), ..SpanRow::default() };
    row.dropped_attributes_count = 10;
    let event = EventRow { name: "e".into(), attributes: list(4), ..EventRow::default() };
    row.events = vec![event; 3];
    let link = LinkRow { trace_id: TraceId(2), attributes: list(3), ..LinkRow::default() };
    row.links = vec![link; 3];
    let limits = Limits { attributes: 3, events: 2, links: 1, attributes_per_item: 2, value_length: 0 };
    let seen = arrived(Options { limits, ..Options::default() }, &[row.clone(), row.clone()], &["k4", "e"]);

    row.attributes.truncate(3);
    row.dropped_attributes_count = 12;
    row.events.truncate(2);
    row.dropped_events_count = 1;
    for event in &mut row.events {
        event.attributes.truncate(2);
        event.dropped_attributes_count = 2;
    }
    row.links.truncate(1);
    row.dropped_links_count = 2;
    row.links[0].attributes.truncate(2);
    row.links[0].dropped_attributes_count = 1;
    check_same(&seen.spans, &[row.clone(), row]);
}

#[test]
fn long_values() {
    let values = |long: &'static str, bytes: &'static [u8]| {
        let text = AnyValue::from(long);
        let bytes = AnyValue::Bytes(Cow::Borrowed(bytes));
        let map = AnyValue::Map(vec![KeyValue::new("key stays", text.clone())]);
        vec![
            KeyValue::new("inline", AnyValue::Array(vec![text.clone(), bytes, map])),
            KeyValue::new("key stays", 1_i64),
            KeyValue::new("short", "ab"),
        ]
    };
    let row = |attributes| SpanRow { trace_id: TraceId(1), flags: 1, attributes, ..SpanRow::default() };
    let limits = Limits { value_length: 3, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    for defined in [&[][..], &["a\"€😀", "key stays"]] {
        let seen = arrived(options, &[row(values("a\"€😀", b"abcd"))], defined);
        check_same(&seen.spans, &[row(values("a\"€", b"abc"))]);
    }
}

#[test]
fn deep_values() {
    let nested = |depth: usize| {
        (0..depth).fold(AnyValue::from("x"), |value, level| {
            if level % 2 == 0 {
                AnyValue::Array(vec![value, AnyValue::from(7_i64)])
            } else {
                AnyValue::Map(vec![KeyValue::new("k", value)])
            }
        })
    };
    let mut writer = SpanWriter::default();
    let attributes = vec![KeyValue::new("deep", nested(66)), KeyValue::new("after", "y")];
    let row = SpanRow { trace_id: TraceId(1), flags: 1, attributes, ..SpanRow::default() };
    writer.span(&row, Grouped::default());
    let mut pipeline = pipeline();
    pipeline.push(&writer.bytes, Millis(0));
    let body = String::from_utf8(body(&mut pipeline)).unwrap();
    // 64 of 66 levels, in the innermost of which stands nothing.
    assert_eq!(body.matches("arrayValue").count() + body.matches("kvlistValue").count(), 64);
    assert_eq!(body.matches("{}").count(), 1 + body.matches("\"resource\":{}").count());
    assert!(
        !body.contains("\"x\"") && body.contains("\"y\"") && body.contains("\"droppedAttributesCount\":1")
    );
}

#[test]
fn texts_of_a_push_that_was_cut_are_not_confused() {
    let mut pipeline = pipeline();
    let mut writer = SpanWriter::default();
    writer.define("first");
    pipeline.push(&writer.bytes, Millis(0));
    // The second text is lost with a push that is cut.
    pipeline.push(&[9], Millis(0));
    let mut writer = SpanWriter::default();
    writer.define("third");
    pipeline.push(&writer.bytes, Millis(0));
    assert_eq!(pipeline.metrics().get(Count::Malformed), 2);
}

#[test]
fn texts_that_are_too_many() {
    let mut pipeline = pipeline();
    for number in 0..4097 {
        let mut writer = SpanWriter::default();
        writer.define(&number.to_string());
        pipeline.push(&writer.bytes, Millis(0));
    }
    assert_eq!(pipeline.metrics().get(Count::Malformed), 1);
}
