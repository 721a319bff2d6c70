//! Jaeger's JSON as its UI opens it and its query API answers it (`model/json/model.go`), by the rules of
//! OpenTelemetry's specification of the Jaeger exporter.

use std::io::{self, Write};

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, ResourceRef, Scope, ScopeRef, SpanId, SpanKind, SpanRow,
    SpanSink, StatusCode, TraceId, Warning,
};

use super::json::{Json, value_to_json};
use super::{
    Contents, DROPPED_ATTRIBUTES, Output, SERVICE_NAME, TRACE_STATE, UNKNOWN_SERVICE, dropped_tags, micros,
    micros_between, scope_tags, service_name, status_code,
};
use crate::base64::Base64;

/// Beyond 2^53 - 1, integers stand in quotes: JavaScript would round them.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Writes what it is given as one Jaeger JSON document, `{"data":[{traceID,spans,processes,warnings}]}`.
///
/// - Times are whole microseconds: start and end are cut, so order and nesting stay.
/// - Kind, status, scope, trace state and dropped counts are tags. A resource is a process.
/// - A link is a `FOLLOWS_FROM` reference after the parent's, or what its `opentracing.ref_type` says; its attributes
///   are lost. Readers of Jaeger JSON, its UI too, take the first reference within the trace for the parent: so a root's
///   link into its own trace becomes one.
/// - Arrays and maps are JSON in a string.
/// - Spans of a trace have to follow each other, or it becomes several elements of `data`.
#[derive(Debug)]
pub struct JaegerJsonWriter<W> {
    out: Output<W>,
    /// Members of an element of `processes`.
    processes: Contents,
    /// Tags of a scope's spans.
    scopes: Contents,
    /// The trace that is being written.
    trace: Option<TraceId>,
    /// How many traces have begun.
    traces: u32,
    /// By resource: the last trace that named it.
    named_in: Vec<u32>,
    /// What the trace has named so far.
    named: Vec<ResourceRef>,
}

impl<W: Write> JaegerJsonWriter<W> {
    /// Writes to `out` in pieces; needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self {
            out: Output::new(out, "{\"data\":["),
            processes: Contents::default(),
            scopes: Contents::default(),
            trace: None,
            traces: 0,
            named_in: Vec::new(),
            named: Vec::new(),
        }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The first error `out` returned.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_trace();
        self.out.text.extend_from_slice(b"]}");
        self.out.finish()
    }

    fn begin_trace(&mut self, trace: TraceId) {
        self.end_trace();
        self.out.text.extend_from_slice(if self.traces == 0 { b"{" } else { b",{" });
        self.trace = Some(trace);
        self.traces += 1;
        self.out.json(|json| {
            json.name("traceID");
            json.quoted(trace);
            json.name("spans");
        });
        self.out.text.push(b'[');
    }

    fn end_trace(&mut self) {
        if self.trace.take().is_none() {
            return;
        }
        self.out.text.extend_from_slice(b"],");
        let (named, processes) = (std::mem::take(&mut self.named), &self.processes);
        self.out.json(|json| {
            json.name("processes");
            json.object(|json| {
                for resource in named {
                    json.name(&process_id(resource));
                    json.object(|json| match processes.given(resource.0) {
                        Some(process) => json.raw(process),
                        None => json.string_member("serviceName", UNKNOWN_SERVICE),
                    });
                }
            });
            json.name("warnings");
            json.display("null");
        });
        self.out.text.push(b'}');
    }
}

impl<W: Write> SpanSink for JaegerJsonWriter<W> {
    fn open_resource(&mut self) -> ResourceRef {
        self.named_in.push(0);
        ResourceRef(self.processes.open())
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.processes.give(resource.0, |json| process(json, content));
    }

    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(self.scopes.open())
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.scopes.give(scope.0, |json| {
            for it in scope_tags(content) {
                json.next();
                attribute(json, &it);
            }
        });
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, row: &SpanRow<'_>) {
        if self.trace == Some(row.trace_id) {
            self.out.text.push(b',');
        } else {
            self.begin_trace(row.trace_id);
        }
        if let Some(named) = self.named_in.get_mut(resource.0 as usize)
            && *named != self.traces
        {
            *named = self.traces;
            self.named.push(resource);
        }
        let scope = self.scopes.given(scope.0).unwrap_or_default();
        self.out.json(|json| span(json, row, scope, &process_id(resource)));
        self.out.flush_piece();
    }

    /// What was odd in an input is not written again.
    fn warn(&mut self, _: Warning) {}
}

fn process_id(resource: ResourceRef) -> String {
    format!("p{}", u64::from(resource.0) + 1)
}

fn process(json: &mut Json, resource: &Resource<'_>) {
    let name = service_name(resource);
    json.string_member("serviceName", if name.is_empty() { UNKNOWN_SERVICE } else { &name });
    json.name("tags");
    json.list(resource.attributes.iter().filter(|attribute| attribute.key != SERVICE_NAME), attribute);
}

fn span(json: &mut Json, span: &SpanRow<'_>, scope: &[u8], process: &str) {
    json.object(|json| {
        json.name("traceID");
        json.quoted(span.trace_id);
        json.id_member("spanID", span.span_id.is_absent(), span.span_id);
        json.count_member("flags", span.flags);
        json.string_member("operationName", &span.name);
        json.name("references");
        json.open(b'[');
        if !span.parent_span_id.is_absent() {
            json.next();
            reference(json, "CHILD_OF", span.trace_id, span.parent_span_id);
        }
        for link in &span.links {
            json.next();
            reference(json, ref_type(link), link.trace_id, link.span_id);
        }
        json.close(b']');
        json.name("startTime");
        json.display(micros(span.start.0));
        json.name("duration");
        json.display(micros_between(span));
        json.name("tags");
        json.open(b'[');
        tags(json, span);
        json.raw(scope);
        json.close(b']');
        json.name("logs");
        json.list(&span.events, log);
        json.string_member("processID", process);
        json.name("warnings");
        json.display("null");
    });
}

fn reference(json: &mut Json, kind: &str, trace: TraceId, span: SpanId) {
    json.object(|json| {
        json.string_member("refType", kind);
        json.name("traceID");
        json.quoted(trace);
        json.name("spanID");
        json.quoted(span);
    });
}

/// A link that came from `OpenTracing` says of which kind it was.
fn ref_type(link: &LinkRow<'_>) -> &'static str {
    let said = link.attributes.iter().find(|attribute| attribute.key == "opentracing.ref_type");
    match said.map(|said| &said.value) {
        Some(AnyValue::Str(kind)) if kind == "child_of" => "CHILD_OF",
        _ => "FOLLOWS_FROM",
    }
}

/// Attributes, then what Jaeger has no field for.
fn tags(json: &mut Json, span: &SpanRow<'_>) {
    let failed = span.status_code == StatusCode::Error;
    // Written below.
    let again = |it: &KeyValue<'_>| failed && it.key == "error" && it.value == AnyValue::Bool(true);
    for it in span.attributes.iter().filter(|it| !again(it)) {
        json.next();
        attribute(json, it);
    }
    let mut more = |key, value: AnyValue<'_>| {
        json.next();
        tag(json, key, &value);
    };
    // Internal too, which the specification leaves out: it is not the same as a kind that nobody told.
    if span.kind != SpanKind::Unspecified {
        more("span.kind", span.kind.name().into());
    }
    if failed {
        more("error", true.into());
    }
    if let Some(code) = status_code(span) {
        more("otel.status_code", code.into());
    }
    if !span.status_message.is_empty() {
        more("otel.status_description", (*span.status_message).into());
    }
    if !span.trace_state.is_empty() {
        more(TRACE_STATE, (*span.trace_state).into());
    }
    for (key, count) in dropped_tags(span) {
        more(key, i64::from(count).into());
    }
}

/// An event: its name is the field `event`, unless an attribute has that name.
fn log(json: &mut Json, event: &EventRow<'_>) {
    json.object(|json| {
        json.name("timestamp");
        json.display(micros(event.time.0));
        json.name("fields");
        json.open(b'[');
        if event.attributes.iter().all(|it| it.key != "event") {
            json.next();
            tag(json, "event", &(*event.name).into());
        }
        for it in &event.attributes {
            json.next();
            attribute(json, it);
        }
        if event.dropped_attributes_count != 0 {
            json.next();
            tag(json, DROPPED_ATTRIBUTES, &i64::from(event.dropped_attributes_count).into());
        }
        json.close(b']');
    });
}

fn attribute(json: &mut Json, attribute: &KeyValue<'_>) {
    tag(json, &attribute.key, &attribute.value);
}

fn tag(json: &mut Json, key: &str, value: &AnyValue<'_>) {
    let kind = match value {
        AnyValue::Bool(_) => "bool",
        AnyValue::Int(_) => "int64",
        AnyValue::Double(_) => "float64",
        AnyValue::Bytes(_) => "binary",
        AnyValue::Empty | AnyValue::Str(_) | AnyValue::Array(_) | AnyValue::Map(_) => "string",
    };
    json.object(|json| {
        json.string_member("key", key);
        json.string_member("type", kind);
        json.name("value");
        match value {
            AnyValue::Empty => json.string(""),
            AnyValue::Str(text) => json.string(text),
            AnyValue::Bool(value) => json.display(value),
            AnyValue::Int(value) if value.unsigned_abs() > MAX_SAFE_INTEGER => json.quoted(value),
            AnyValue::Int(value) => json.display(value),
            AnyValue::Double(value) => json.double(*value),
            AnyValue::Bytes(bytes) => json.quoted(Base64(bytes)),
            AnyValue::Array(_) | AnyValue::Map(_) => json.string(&value_to_json(value)),
        }
    });
}
