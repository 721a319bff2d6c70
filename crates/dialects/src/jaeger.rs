//! Jaeger's JSON: what its UI exports and its query API answers (`model/json/model.go`), its elder forms, and the JSON of
//! `model.proto`'s `Batch`.

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, ResourceRef, Scope, SpanKind, SpanRow, StatusCode,
    TraceId, UnixNanos, WarningKind,
};

use crate::base64::decode_base64;
use crate::json::Json;
use crate::notes::Notes;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Jaeger JSON", tells, goes_on: |_| false, open: || Box::<Jaeger>::default() };

/// A span names its operation; a trace has spans beside processes; an answer of the API that holds no trace still has
/// its frame.
fn tells(shape: &Shape<'_>) -> bool {
    shape.depth_of(&["operationName", "references"]).is_some()
        || shape.depth_of(&["operationName", "spanID"]).is_some()
        || shape.depth_of(&["operationName", "spanId", "startTime"]).is_some()
        || shape.depth_of(&["operation_name", "span_id", "start_time"]).is_some()
        || shape.depth_of(&["spans", "processes"]).is_some()
        || shape.has_all_at(1, &["data", "total", "limit", "offset", "errors"])
}

/// Spans stand before or after the processes they name.
#[derive(Default)]
pub(super) struct Jaeger {
    processes: Vec<Process>,
}

struct Process {
    id: String,
    resource: ResourceRef,
    closed: bool,
}

impl Jaeger {
    /// The resource of a process that may be described later.
    fn process(&mut self, id: &str, out: &mut Out<'_>) -> ResourceRef {
        if let Some(process) = self.processes.iter().find(|process| process.id == id) {
            return process.resource;
        }
        let resource = out.open_resource();
        self.processes.push(Process { id: id.to_owned(), resource, closed: false });
        resource
    }

    fn describe(&mut self, id: &str, process: &Json<'_>, out: &mut Out<'_>) {
        self.process(id, out);
        let content = resource(process, out.notes);
        let Some(known) = self.processes.iter_mut().find(|known| known.id == id) else { return };
        if !std::mem::replace(&mut known.closed, true) {
            out.close_resource(known.resource, &content);
        }
    }
}

impl JsonFormat for Jaeger {
    fn step(&mut self, path: Path<'_>, _first: u8) -> Take {
        match name_at(path) {
            // The document, a trace, a list of them.
            "" | "data" => match path.iter().rev().nth(1) {
                Some(Step::Member(name)) if name == "spans" => Take::Record,
                _ => Take::Enter,
            },
            "spans" => Take::Enter,
            "processes" | "process" => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        match name_at(path) {
            "processes" => {
                for (id, process) in record.members() {
                    self.describe(id, process, out);
                }
            }
            // Of a batch, whose spans name none.
            "process" => self.describe("", record, out),
            _ => self.span(record, out),
        }
    }

    fn leave(&mut self, path: Path<'_>, _out: &mut Out<'_>) {
        // Names of processes are those of one trace.
        if name_at(path) != "spans" {
            self.processes.clear();
        }
    }
}

impl Jaeger {
    pub(super) fn span(&mut self, span: &Json<'_>, out: &mut Out<'_>) {
        if span.members().is_empty() {
            out.skipped("it is not an object, or has nothing in it");
            return;
        }
        let notes = &mut *out.notes;
        let trace_id = span.any(&["traceID", "traceId", "trace_id"]).trace_id("traceID", notes);
        let start = time(span.any(&["startTime", "start_time"]));
        let duration = match span.get("duration") {
            // The JSON of protobuf: "0.001500s".
            Json::Str(text) if text.ends_with('s') => {
                Json::Str(Cow::Borrowed(text.trim_end_matches('s'))).nanos_in(Unit::Seconds)
            }
            // Go's JSON of it.
            duration if !span.get("start_time").is_null() => duration.u64(),
            duration => duration.nanos_in(Unit::Micros),
        };
        let mut row = SpanRow {
            trace_id,
            span_id: span.any(&["spanID", "spanId", "span_id"]).span_id("spanID", notes),
            flags: span.get("flags").u64().map_or(0, |flags| flags as u32),
            name: Cow::Borrowed(span.any(&["operationName", "operation_name"]).text()),
            start,
            end: UnixNanos(start.0.saturating_add(duration.unwrap_or(0))),
            ..SpanRow::default()
        };
        references(span, &mut row, notes);
        let scope = tags(span, &mut row);
        row.events = span.get("logs").elements().iter().map(event).collect();
        semantics::complete(&mut row.attributes);
        for warning in span.get("warnings").elements() {
            row.attributes.push(KeyValue::new("jaeger.warning", warning.text()));
        }

        // Elasticsearch and the batch carry the process in the span.
        let process = span.get("process");
        let resource = if process.is_null() {
            self.process(span.get("processID").text(), out)
        } else {
            let content = resource(process, out.notes);
            out.resource(&content)
        };
        let scope = out.scope(&scope);
        out.span(resource, scope, &row);
    }
}

/// Microseconds since the epoch, or a date.
fn time(time: &Json<'_>) -> UnixNanos {
    time.time_in(Unit::Micros).unwrap_or_default()
}

/// The first reference within the trace leads to the parent, whatever its type; all others are links.
fn references(span: &Json<'_>, row: &mut SpanRow<'_>, notes: &mut Notes) {
    let references = span.get("references").elements();
    let trace_of = |reference: &Json<'_>, notes: &mut Notes| {
        let id = reference.any(&["traceID", "traceId", "trace_id"]);
        if id.is_null() { row.trace_id } else { id.trace_id("references.traceID", notes) }
    };
    let is_child = |reference: &Json<'_>| !matches!(ref_type(reference), "FOLLOWS_FROM" | "1");
    let within: Vec<TraceId> = references.iter().map(|reference| trace_of(reference, notes)).collect();
    let parents =
        || references.iter().zip(&within).enumerate().filter(|(_, (_, trace))| **trace == row.trace_id);
    let parent = parents()
        .find(|(_, (reference, _))| is_child(reference))
        .or_else(|| parents().next())
        .map(|(place, _)| place);
    for (place, (reference, &trace_id)) in references.iter().zip(&within).enumerate() {
        let span_id = reference.any(&["spanID", "spanId", "span_id"]).span_id("references.spanID", notes);
        if Some(place) == parent {
            row.parent_span_id = span_id;
        } else {
            if span_id.is_absent() {
                continue;
            }
            let kind = match ref_type(reference) {
                "0" => "CHILD_OF",
                "1" => "FOLLOWS_FROM",
                kind => kind,
            };
            let mut link = LinkRow { trace_id, span_id, ..LinkRow::default() };
            if !kind.is_empty() {
                link.attributes.push(KeyValue::new("opentracing.ref_type", kind.to_ascii_lowercase()));
            }
            row.links.push(link);
        }
    }
    if row.parent_span_id.is_absent() {
        row.parent_span_id =
            span.any(&["parentSpanID", "parentSpanId", "parent_span_id"]).span_id("parentSpanID", notes);
    }
}

fn ref_type<'t>(reference: &'t Json<'_>) -> &'t str {
    reference.any(&["refType", "ref_type"]).text()
}

/// A tag's value. Its type is said; where it is not, the JSON tells.
fn value<'t>(tag: &'t Json<'_>) -> AnyValue<'t> {
    let value = tag.get("value");
    if !value.is_null() {
        return match tag.any(&["type", "vType"]).text() {
            "int64" | "INT64" => value.i64().map_or_else(|| value.value(), AnyValue::Int),
            "float64" | "FLOAT64" => value.f64().map_or_else(|| value.value(), AnyValue::Double),
            "bool" | "BOOL" => value.bool().map_or_else(|| value.value(), AnyValue::Bool),
            "binary" | "BINARY" => match decode_base64(value.str()) {
                Some(bytes) => AnyValue::Bytes(Cow::Owned(bytes)),
                None => value.value(),
            },
            _ => value.value(),
        };
    }
    // The JSON of protobuf has one field a type, and leaves out what is zero.
    match tag.any(&["vType", "v_type"]).text() {
        "INT64" | "2" => AnyValue::Int(tag.any(&["vInt64", "v_int64"]).i64().unwrap_or(0)),
        "FLOAT64" | "3" => AnyValue::Double(tag.any(&["vFloat64", "v_float64"]).f64().unwrap_or(0.0)),
        "BOOL" | "1" => AnyValue::Bool(tag.any(&["vBool", "v_bool"]).bool().unwrap_or(false)),
        "BINARY" | "4" => {
            let bytes = decode_base64(tag.any(&["vBinary", "v_binary"]).str());
            AnyValue::Bytes(Cow::Owned(bytes.unwrap_or_default()))
        }
        _ => tag.any(&["vStr", "v_str"]).str().into(),
    }
}

fn attribute<'t>(tag: &'t Json<'_>) -> KeyValue<'t> {
    KeyValue::new(tag.get("key").text(), value(tag))
}

/// Tags of a span or process: a list, and the map that Elasticsearch can search, with `@` for the dots in its names.
fn all_tags<'t>(of: &'t Json<'_>) -> impl Iterator<Item = KeyValue<'t>> {
    let list = of.get("tags").elements().iter().map(attribute);
    let map = of.get("tag").members().iter();
    list.chain(map.map(|(key, value)| KeyValue::new(key.replace('@', "."), value.value())))
}

/// What tags say in OpenTelemetry's own terms (its specification of the Jaeger exporter) goes where it belongs; all else
/// is an attribute. Gives back the scope.
fn tags<'t>(span: &'t Json<'_>, row: &mut SpanRow<'t>) -> Scope<'t> {
    let mut scope = Scope::default();
    for tag in all_tags(span) {
        let AnyValue::Str(text) = &tag.value else {
            if tag.key == "error" && tag.value == AnyValue::Bool(true) {
                row.status_code = StatusCode::Error;
            } else {
                row.attributes.push(tag);
            }
            continue;
        };
        match &*tag.key {
            "span.kind" => match kind(text) {
                Some(kind) => row.kind = kind,
                None => row.attributes.push(tag),
            },
            "otel.scope.name" | "otel.library.name" => scope.name.clone_from(text),
            "otel.scope.version" | "otel.library.version" => scope.version.clone_from(text),
            "otel.status_code" => {
                row.status_code = match &**text {
                    "ERROR" => StatusCode::Error,
                    "OK" => StatusCode::Ok,
                    _ => row.status_code,
                };
            }
            "otel.status_description" => row.status_message.clone_from(text),
            "w3c.tracestate" => row.trace_state.clone_from(text),
            "error" if text == "true" => row.status_code = StatusCode::Error,
            _ => row.attributes.push(tag),
        }
    }
    scope
}

fn kind(text: &str) -> Option<SpanKind> {
    Some(match text {
        "server" => SpanKind::Server,
        "client" => SpanKind::Client,
        "producer" => SpanKind::Producer,
        "consumer" => SpanKind::Consumer,
        "internal" => SpanKind::Internal,
        _ => return None,
    })
}

/// `logs` of a span: the field `event` is its name.
fn event<'t>(log: &'t Json<'_>) -> EventRow<'t> {
    let fields = log.get("fields").elements();
    let name = fields.iter().find(|field| field.get("key").text() == "event");
    let others = fields.iter().filter(|field| name.is_none_or(|name| !std::ptr::eq(*field, name)));
    EventRow {
        time: time(log.get("timestamp")),
        name: name.map_or(Cow::Borrowed("log"), |field| match value(field) {
            AnyValue::Str(text) => text,
            _ => Cow::Borrowed(field.get("value").text()),
        }),
        attributes: others.map(attribute).collect(),
        dropped_attributes_count: 0,
    }
}

fn resource<'t>(process: &'t Json<'_>, notes: &mut Notes) -> Resource<'t> {
    let mut attributes = Vec::new();
    match process.any(&["serviceName", "service_name"]) {
        Json::Null => notes.add(WarningKind::WrongType, format_args!("a process has no serviceName")),
        name => attributes.push(KeyValue::new("service.name", name.text())),
    }
    attributes.extend(all_tags(process));
    Resource { attributes, ..Resource::default() }
}
