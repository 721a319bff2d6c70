//! Any rows.

use otel::{
    AnyValue, EventRow, ExemplarRow, KeyValue, LinkRow, LogRow, Resource, Scope, Severity, SpanId, SpanKind,
    SpanRow, StatusCode, TraceId, UnixNanos,
};
use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) fn value() -> impl Strategy<Value = AnyValue<'static>> {
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

pub(crate) fn attributes() -> impl Strategy<Value = Vec<KeyValue<'static>>> {
    vec((any::<String>(), value()), 0..4)
        .prop_map(|list| list.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect())
}

prop_compose! {
    fn event()(time in any::<u64>(), name in any::<String>(), attributes in attributes(), dropped in any::<u32>())
        -> EventRow<'static> {
        EventRow { time: UnixNanos(time), name: name.into(), attributes, dropped_attributes_count: dropped }
    }
}

prop_compose! {
    fn link()(trace in any::<u128>(), span in any::<u64>(), state in any::<String>(), attributes in attributes(),
        counts in any::<(u32, u32)>()) -> LinkRow<'static> {
        LinkRow {
            trace_id: TraceId(trace),
            span_id: SpanId(span),
            trace_state: state.into(),
            attributes,
            dropped_attributes_count: counts.0,
            flags: counts.1,
        }
    }
}

prop_compose! {
    pub(crate) fn span()(
        ids in any::<(u128, u64, u64)>(),
        texts in any::<(String, String, String)>(),
        numbers in any::<(u32, u32, u32, u32)>(),
        times in any::<(u64, u64)>(),
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
            flags: numbers.0,
            name: texts.1.into(),
            kind: SpanKind::from_number(kind).unwrap_or_default(),
            start: UnixNanos(times.0),
            end: UnixNanos(times.1),
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

/// Spans of one resource and scope.
pub(crate) type Group = (Resource<'static>, Scope<'static>, Vec<SpanRow<'static>>);

pub(crate) fn resource() -> impl Strategy<Value = Resource<'static>> {
    (attributes(), any::<u32>(), any::<String>()).prop_map(|(attributes, dropped, schema)| Resource {
        attributes,
        dropped_attributes_count: dropped,
        schema_url: schema.into(),
    })
}

pub(crate) fn scope() -> impl Strategy<Value = Scope<'static>> {
    (any::<(String, String, String)>(), attributes(), any::<u32>()).prop_map(
        |(texts, attributes, dropped)| Scope {
            name: texts.0.into(),
            version: texts.1.into(),
            attributes,
            dropped_attributes_count: dropped,
            schema_url: texts.2.into(),
        },
    )
}

pub(crate) fn groups() -> impl Strategy<Value = Vec<Group>> {
    vec((resource(), scope(), vec(span(), 1..4)), 1..4)
}

prop_compose! {
    pub(crate) fn log()(
        ids in any::<(u128, u64)>(),
        texts in any::<(String, String)>(),
        times in any::<(u64, u64)>(),
        severity in 0_u64..25,
        body in value(),
        attributes in attributes(),
        dropped in any::<u32>(),
        flags in any::<Option<u32>>(),
    ) -> LogRow<'static> {
        LogRow {
            time: UnixNanos(times.0),
            observed_time: UnixNanos(times.1),
            severity: Severity::from_number(severity).unwrap_or_default(),
            severity_text: texts.0.into(),
            body,
            attributes,
            dropped_attributes_count: dropped,
            flags,
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            event_name: texts.1.into(),
        }
    }
}

prop_compose! {
    pub(crate) fn exemplar()(
        ids in any::<(u128, u64)>(),
        texts in any::<(String, String)>(),
        time in any::<u64>(),
        value in prop_oneof![any::<i64>().prop_map(AnyValue::Int), any::<f64>().prop_map(AnyValue::Double)],
        filtered_attributes in attributes(),
    ) -> ExemplarRow<'static> {
        ExemplarRow {
            metric: texts.0.into(),
            unit: texts.1.into(),
            time: UnixNanos(time),
            value,
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            filtered_attributes,
        }
    }
}
