//! Spans as OpenTelemetry's SDKs print them: Go's `stdouttrace` and dumps of its `SpanStub`, JavaScript's `ReadableSpan`,
//! Python's `ConsoleSpanExporter` (and what Phoenix exports in its manner).

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, Scope, SpanId, SpanKind, SpanRow, StatusCode, TraceId,
    UnixNanos,
};

use crate::json::Json;
use crate::notes::Notes;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take};

pub(crate) const GO: Entry = Entry {
    name: "Go SDK spans",
    tells: |shape| shape.depth_of(&["SpanContext", "Name"]).is_some() && shape.has("TraceID"),
    goes_on: |_| false,
    open: || Box::new(Printed(go)),
};

pub(crate) const JAVASCRIPT: Entry = Entry {
    name: "JavaScript SDK spans",
    tells: |shape| {
        shape.has("spanContext")
            || shape.has("_spanContext")
            || shape.depth_of(&["traceId", "id", "kind", "timestamp", "instrumentationScope"]).is_some()
    },
    goes_on: |_| false,
    open: || Box::new(Printed(javascript)),
};

pub(crate) const PYTHON: Entry = Entry {
    name: "Python SDK spans",
    tells: |shape: &Shape<'_>| {
        (1..=3).any(|depth| {
            shape.has_at(depth, "context")
                && shape.has_all_at(depth + 1, &["trace_id", "span_id"])
                && shape.has_at(depth, "name")
        })
    },
    goes_on: |_| false,
    open: || Box::new(Printed(python)),
};

/// A span a document, or lists of them.
struct Printed(fn(&Json<'_>, &mut Out<'_>));

impl JsonFormat for Printed {
    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        match path.last() {
            Some(Step::Member(_)) => Take::Over,
            _ if first == b'[' => Take::Enter,
            _ => Take::Record,
        }
    }

    fn record(&mut self, _path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        if record.members().is_empty() {
            out.skipped("it is not an object, or has nothing in it");
        } else {
            (self.0)(record, out);
        }
    }
}

fn count(value: &Json<'_>) -> u32 {
    value.u64().map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
}

// Go.

/// `[{"Key": …, "Value": {"Type": …, "Value": …}}]`.
fn go_attributes<'t>(list: &'t Json<'_>) -> Vec<KeyValue<'t>> {
    let value = |told: &'t Json<'_>| -> AnyValue<'t> {
        let value = told.get("Value");
        match told.get("Type").text() {
            "FLOAT64" => value.f64().map_or_else(|| value.value(), AnyValue::Double),
            _ => value.value(),
        }
    };
    list.elements()
        .iter()
        .map(|told| KeyValue::new(told.get("Key").text(), value(told.get("Value"))))
        .collect()
}

fn go(span: &Json<'_>, out: &mut Out<'_>) {
    let ids = |context: &Json<'_>, notes: &mut Notes| {
        (context.get("TraceID").trace_id("TraceID", notes), context.get("SpanID").span_id("SpanID", notes))
    };
    let flags = |context: &Json<'_>| u32::from_str_radix(context.get("TraceFlags").text(), 16).unwrap_or(0);
    let time = |value: &Json<'_>| value.time_in(Unit::Nanos).unwrap_or_default();
    let context = span.get("SpanContext");
    let (trace_id, span_id) = ids(context, out.notes);
    let status = span.get("Status");
    let mut row = SpanRow {
        trace_id,
        span_id,
        parent_span_id: ids(span.get("Parent"), out.notes).1,
        trace_state: Cow::Borrowed(context.get("TraceState").text()),
        flags: flags(context),
        name: Cow::Borrowed(span.get("Name").text()),
        kind: span.get("SpanKind").u64().and_then(SpanKind::from_number).unwrap_or_default(),
        start: time(span.get("StartTime")),
        end: time(span.get("EndTime")),
        attributes: go_attributes(span.get("Attributes")),
        dropped_attributes_count: count(span.get("DroppedAttributes")),
        dropped_events_count: count(span.get("DroppedEvents")),
        dropped_links_count: count(span.get("DroppedLinks")),
        // Go's numbers are not those of the protocol: 1 is an error, 2 is well.
        status_code: match status.get("Code").text() {
            "Error" | "1" => StatusCode::Error,
            "Ok" | "2" => StatusCode::Ok,
            _ => StatusCode::Unset,
        },
        status_message: Cow::Borrowed(status.get("Description").text()),
        ..SpanRow::default()
    };
    let event = |told| EventRow {
        time: time(Json::get(told, "Time")),
        name: Cow::Borrowed(told.get("Name").text()),
        attributes: go_attributes(told.get("Attributes")),
        dropped_attributes_count: count(told.get("DroppedAttributeCount")),
    };
    row.events = span.get("Events").elements().iter().map(event).collect();
    for told in span.get("Links").elements() {
        let context = told.get("SpanContext");
        let (trace_id, span_id) = ids(context, out.notes);
        row.links.push(LinkRow {
            trace_id,
            span_id,
            trace_state: Cow::Borrowed(context.get("TraceState").text()),
            attributes: go_attributes(told.get("Attributes")),
            dropped_attributes_count: count(told.get("DroppedAttributeCount")),
            flags: flags(context),
        });
    }
    let resource = Resource { attributes: go_attributes(span.get("Resource")), ..Resource::default() };
    let told = span.any(&["InstrumentationScope", "InstrumentationLibrary"]);
    let scope = Scope {
        name: Cow::Borrowed(told.get("Name").text()),
        version: Cow::Borrowed(told.get("Version").text()),
        schema_url: Cow::Borrowed(told.any(&["SchemaURL", "SchemaUrl"]).text()),
        ..Scope::default()
    };
    let (resource, scope) = (out.resource(&resource), out.scope(&scope));
    out.span(resource, scope, &row);
}

// JavaScript.

/// `HrTime`: seconds and nanoseconds. Its console exporter prints µs.
fn hr_time(time: &Json<'_>) -> UnixNanos {
    match time.elements() {
        [seconds, nanos] => {
            let whole = seconds.nanos_in(Unit::Seconds).unwrap_or(0);
            UnixNanos(whole.saturating_add(nanos.nanos_in(Unit::Nanos).unwrap_or(0)))
        }
        _ => time.time_in(Unit::Micros).unwrap_or_default(),
    }
}

fn javascript(span: &Json<'_>, out: &mut Out<'_>) {
    let ids = |context: &Json<'_>, notes: &mut Notes| {
        (context.get("traceId").trace_id("traceId", notes), context.get("spanId").span_id("spanId", notes))
    };
    let flags = |context: &Json<'_>| context.get("traceFlags").u64().map_or(0, |flags| flags as u32);
    let context = span.any(&["spanContext", "_spanContext"]);
    let (trace_id, span_id) = if context.is_null() {
        (span.get("traceId").trace_id("traceId", out.notes), span.get("id").span_id("id", out.notes))
    } else {
        ids(context, out.notes)
    };
    let parent = span.any(&["parentSpanId", "parentId"]);
    let parent = if parent.is_null() { span.at(&["parentSpanContext", "spanId"]) } else { parent };
    let status = span.get("status");
    let start = hr_time(span.any(&["startTime", "timestamp"]));
    let end = match span.get("endTime") {
        Json::Null => match span.get("duration") {
            Json::Null => UnixNanos(0),
            duration => UnixNanos(start.0.saturating_add(hr_time(duration).0)),
        },
        end => hr_time(end),
    };
    let mut row = SpanRow {
        trace_id,
        span_id,
        parent_span_id: parent.span_id("parentSpanId", out.notes),
        flags: flags(context),
        name: Cow::Borrowed(span.get("name").text()),
        // Its numbers are one less than the protocol's.
        kind: span
            .get("kind")
            .u64()
            .and_then(|kind| SpanKind::from_number(kind.checked_add(1)?))
            .unwrap_or_default(),
        start,
        end,
        attributes: span.get("attributes").attributes(),
        dropped_attributes_count: count(span.get("droppedAttributesCount")),
        dropped_events_count: count(span.get("droppedEventsCount")),
        dropped_links_count: count(span.get("droppedLinksCount")),
        status_code: status.get("code").u64().and_then(StatusCode::from_number).unwrap_or_default(),
        status_message: Cow::Borrowed(status.get("message").text()),
        ..SpanRow::default()
    };
    let event = |told| EventRow {
        time: hr_time(Json::get(told, "time")),
        name: Cow::Borrowed(told.get("name").text()),
        attributes: told.get("attributes").attributes(),
        dropped_attributes_count: count(told.get("droppedAttributesCount")),
    };
    row.events = span.get("events").elements().iter().map(event).collect();
    for told in span.get("links").elements() {
        let (trace_id, span_id) = ids(told.get("context"), out.notes);
        row.links.push(LinkRow {
            trace_id,
            span_id,
            attributes: told.get("attributes").attributes(),
            dropped_attributes_count: count(told.get("droppedAttributesCount")),
            flags: flags(told.get("context")),
            ..LinkRow::default()
        });
    }
    let resource = span.get("resource").any(&["attributes", "_attributes", "_syncAttributes"]);
    let resource = Resource { attributes: resource.attributes(), ..Resource::default() };
    let told = span.any(&["instrumentationScope", "instrumentationLibrary"]);
    let scope = Scope {
        name: Cow::Borrowed(told.get("name").text()),
        version: Cow::Borrowed(told.get("version").text()),
        schema_url: Cow::Borrowed(told.get("schemaUrl").text()),
        ..Scope::default()
    };
    let (resource, scope) = (out.resource(&resource), out.scope(&scope));
    out.span(resource, scope, &row);
}

// Python.

/// Ids are printed with `0x` before them.
fn python_ids(context: &Json<'_>, notes: &mut Notes) -> (TraceId, SpanId) {
    let plain = |name| Json::Str(Cow::Borrowed(context.get(name).text().trim_start_matches("0x")));
    (plain("trace_id").trace_id("trace_id", notes), plain("span_id").span_id("span_id", notes))
}

fn python(span: &Json<'_>, out: &mut Out<'_>) {
    let time = |value: &Json<'_>| value.time_in(Unit::Nanos).unwrap_or_default();
    let (trace_id, span_id) = python_ids(span.get("context"), out.notes);
    let parent = span.get("parent_id").text().trim_start_matches("0x");
    let status = span.get("status");
    let status_code = if status.is_null() { span.get("status_code") } else { status.get("status_code") };
    let status_message =
        if status.is_null() { span.get("status_message") } else { status.any(&["description", "message"]) };
    let mut row = SpanRow {
        trace_id,
        span_id,
        parent_span_id: Json::Str(Cow::Borrowed(parent)).span_id("parent_id", out.notes),
        name: Cow::Borrowed(span.get("name").text()),
        kind: match span.get("kind").text() {
            "SpanKind.INTERNAL" => SpanKind::Internal,
            "SpanKind.SERVER" => SpanKind::Server,
            "SpanKind.CLIENT" => SpanKind::Client,
            "SpanKind.PRODUCER" => SpanKind::Producer,
            "SpanKind.CONSUMER" => SpanKind::Consumer,
            _ => SpanKind::Unspecified,
        },
        start: time(span.get("start_time")),
        end: time(span.get("end_time")),
        attributes: span.get("attributes").attributes(),
        status_code: match status_code.text() {
            "ERROR" | "StatusCode.ERROR" => StatusCode::Error,
            "OK" | "StatusCode.OK" => StatusCode::Ok,
            _ => StatusCode::Unset,
        },
        status_message: Cow::Borrowed(status_message.text()),
        ..SpanRow::default()
    };
    if !span.get("span_kind").is_null() {
        row.attributes.push(KeyValue::new("openinference.span.kind", span.get("span_kind").value()));
    }
    let event = |told| EventRow {
        time: time(Json::get(told, "timestamp")),
        name: Cow::Borrowed(told.get("name").text()),
        attributes: told.get("attributes").attributes(),
        dropped_attributes_count: 0,
    };
    row.events = span.get("events").elements().iter().map(event).collect();
    for told in span.get("links").elements() {
        let (trace_id, span_id) = python_ids(told.get("context"), out.notes);
        row.links.push(LinkRow {
            trace_id,
            span_id,
            attributes: told.get("attributes").attributes(),
            ..LinkRow::default()
        });
    }
    let told = span.get("resource");
    let attributes = if told.get("attributes").is_null() { told } else { told.get("attributes") };
    let resource = Resource {
        attributes: attributes.attributes(),
        schema_url: Cow::Borrowed(told.get("schema_url").text()),
        ..Resource::default()
    };
    let (resource, scope) = (out.resource(&resource), out.no_scope());
    out.span(resource, scope, &row);
}
