//! Google Cloud Trace: `Trace` and `ListTracesResponse` of the API's version 1, spans of version 2 (`BatchWriteSpans`).

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, SpanId, SpanKind, SpanRow, StatusCode, TraceId,
    UnixNanos,
};

use crate::json::Json;
use crate::notes::Notes;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Google Cloud Trace JSON", tells, goes_on: |_| false, open: || Box::<Google>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    shape.depth_of(&["projectId", "traceId", "spans"]).is_some()
        || shape.depth_of(&["spanId", "displayName", "startTime"]).is_some()
        || shape.depth_of(&["spanId", "labels", "startTime"]).is_some()
}

#[derive(Default)]
struct Google {
    project: String,
    trace_id: TraceId,
}

impl JsonFormat for Google {
    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        match name_at(path) {
            "traces" | "spans" => Take::Enter,
            "projectId" | "traceId" => Take::Record,
            "" if first == b'[' => Take::Enter,
            // An element of `spans` is a span, every other object holds some.
            "" => match path.iter().rev().nth(1) {
                Some(Step::Member(name)) if name == "spans" => Take::Record,
                _ => Take::Enter,
            },
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        match name_at(path) {
            "projectId" => record.text().clone_into(&mut self.project),
            "traceId" => self.trace_id = record.trace_id("traceId", out.notes),
            _ if record.get("spanId").is_null() => out.skipped("it has no spanId, or is not an object"),
            _ if record.get("displayName").is_null() => self.version_1(record, out),
            _ => version_2(record, out),
        }
    }
}

/// Ids of version 1 are decimal numbers of 64 bits, in text.
fn decimal(id: &Json<'_>, notes: &mut Notes) -> SpanId {
    id.u64().map_or_else(|| id.span_id("spanId", notes), SpanId)
}

fn resource<'t>(project: &'t str, service: &'t str) -> Resource<'t> {
    let mut resource = Resource::default();
    for (key, value) in [("service.name", service), ("gcp.project.id", project)] {
        if !value.is_empty() {
            resource.attributes.push(KeyValue::new(key, value));
        }
    }
    resource
}

/// What labels and attributes tell of the service.
const SERVICE: [&str; 4] =
    ["service.name", "g.co/gae/app/module", "g.co/r/k8s_container/container_name", "/component"];

fn kind(text: &str) -> SpanKind {
    match text {
        "RPC_SERVER" | "SERVER" => SpanKind::Server,
        "RPC_CLIENT" | "CLIENT" => SpanKind::Client,
        "PRODUCER" => SpanKind::Producer,
        "CONSUMER" => SpanKind::Consumer,
        "INTERNAL" => SpanKind::Internal,
        _ => SpanKind::Unspecified,
    }
}

impl Google {
    fn version_1(&self, span: &Json<'_>, out: &mut Out<'_>) {
        let labels = span.get("labels");
        let mut row = SpanRow {
            trace_id: self.trace_id,
            span_id: decimal(span.get("spanId"), out.notes),
            parent_span_id: decimal(span.get("parentSpanId"), out.notes),
            name: Cow::Borrowed(span.get("name").text()),
            kind: kind(span.get("kind").text()),
            start: span.get("startTime").time_in(Unit::Seconds).unwrap_or_default(),
            end: span.get("endTime").time_in(Unit::Seconds).unwrap_or_default(),
            attributes: labels.attributes(),
            ..SpanRow::default()
        };
        let failure = labels.any(&["/error/message", "/error/name"]);
        let code = labels.get("/http/status_code").u64().unwrap_or(0);
        if !failure.is_null() || code >= 500 {
            row.status_code = StatusCode::Error;
            row.status_message = Cow::Borrowed(failure.text());
        }
        semantics::complete(&mut row.attributes);
        let resource = out.resource(&resource(&self.project, labels.any(&SERVICE).text()));
        let scope = out.no_scope();
        out.span(resource, scope, &row);
    }
}

/// `TruncatableString`: an object with the text and what was cut off.
fn truncatable<'t>(text: &'t Json<'_>) -> &'t str {
    if text.get("value").is_null() { text.text() } else { text.get("value").text() }
}

fn attributes<'t>(attributes: &'t Json<'_>) -> Vec<KeyValue<'t>> {
    let value = |value: &'t Json<'_>| -> AnyValue<'t> {
        if let Some(int) = value.get("intValue").i64() {
            AnyValue::Int(int)
        } else if let Some(bool) = value.get("boolValue").bool() {
            AnyValue::Bool(bool)
        } else {
            truncatable(value.get("stringValue")).into()
        }
    };
    attributes
        .get("attributeMap")
        .members()
        .iter()
        .map(|(key, told)| KeyValue::new(&**key, value(told)))
        .collect()
}

fn dropped(attributes: &Json<'_>, name: &str) -> u32 {
    attributes.get(name).u64().map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
}

fn version_2(span: &Json<'_>, out: &mut Out<'_>) {
    // projects/PROJECT/traces/TRACE/spans/SPAN
    let parts: Vec<&str> = span.get("name").text().split('/').collect();
    let part = |name: &str| {
        parts
            .iter()
            .position(|part| *part == name)
            .and_then(|at| parts.get(at + 1))
            .copied()
            .unwrap_or_default()
    };
    let trace_id = Json::Str(Cow::Borrowed(part("traces"))).trace_id("name", out.notes);
    let given = span.get("attributes");
    let time = |value: &Json<'_>| value.time_in(Unit::Seconds).unwrap_or_default();
    let mut row = SpanRow {
        trace_id,
        span_id: span.get("spanId").span_id("spanId", out.notes),
        parent_span_id: span.get("parentSpanId").span_id("parentSpanId", out.notes),
        name: Cow::Borrowed(truncatable(span.get("displayName"))),
        kind: kind(span.get("spanKind").text()),
        start: time(span.get("startTime")),
        end: time(span.get("endTime")),
        attributes: attributes(given),
        dropped_attributes_count: dropped(given, "droppedAttributesCount"),
        ..SpanRow::default()
    };
    let events = span.get("timeEvents");
    row.events =
        events.get("timeEvent").elements().iter().map(|told| event(told, time(told.get("time")))).collect();
    row.dropped_events_count = dropped(events, "droppedAnnotationsCount")
        .saturating_add(dropped(events, "droppedMessageEventsCount"));
    let links = span.get("links");
    for told in links.get("link").elements() {
        row.links.push(LinkRow {
            trace_id: told.get("traceId").trace_id("links.traceId", out.notes),
            span_id: told.get("spanId").span_id("links.spanId", out.notes),
            attributes: attributes(told.get("attributes")),
            dropped_attributes_count: dropped(told.get("attributes"), "droppedAttributesCount"),
            ..LinkRow::default()
        });
    }
    row.dropped_links_count = dropped(links, "droppedLinksCount");
    // `google.rpc.Status`: zero is OK.
    if span.at(&["status", "code"]).i64().unwrap_or(0) != 0 {
        row.status_code = StatusCode::Error;
    }
    row.status_message = Cow::Borrowed(span.at(&["status", "message"]).text());
    semantics::complete(&mut row.attributes);
    let service =
        SERVICE.iter().find_map(|name| match row.attributes.iter().find(|known| known.key == *name) {
            Some(KeyValue { value: AnyValue::Str(text), .. }) => Some(text.to_string()),
            _ => None,
        });
    let resource = out.resource(&resource(part("projects"), &service.unwrap_or_default()));
    let scope = out.no_scope();
    out.span(resource, scope, &row);
}

fn event<'t>(told: &'t Json<'_>, time: UnixNanos) -> EventRow<'t> {
    let (annotation, message) = (told.get("annotation"), told.get("messageEvent"));
    if annotation.is_null() {
        let name = if message.is_null() { "" } else { "message" };
        return EventRow {
            time,
            name: Cow::Borrowed(name),
            attributes: message.attributes(),
            ..EventRow::default()
        };
    }
    EventRow {
        time,
        name: Cow::Borrowed(truncatable(annotation.get("description"))),
        attributes: attributes(annotation.get("attributes")),
        dropped_attributes_count: dropped(annotation.get("attributes"), "droppedAttributesCount"),
    }
}
