//! Spans as documents of Elasticsearch and `OpenSearch`, where several put them: Elastic APM, Data Prepper, Jaeger, the
//! Collector. Alone a line, after the actions of a bulk request, or in the answer of a search.

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, LogRow, Resource, Scope, SpanKind, SpanRow, StatusCode, UnixNanos,
};

use super::elastic::exit_kind;
use super::fields::{flatten, kind, put, rename, severity};
use super::jaeger::Jaeger;
use crate::json::Json;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take};

pub(crate) const ENTRY: Entry = Entry {
    name: "Elasticsearch documents",
    tells,
    goes_on: |shape| is_action(shape) || shape.has("_source"),
    open: || Box::<Documents>::default(),
};

/// What only documents of spans have, by who writes them.
const KINDS: [&[&str]; 7] = [
    &["traceId", "spanId", "durationInNanos"],
    &["traceId", "spanId", "traceGroup"],
    &["operationName", "startTimeMillis"],
    &["processor", "trace"],
    &["processor.event", "trace.id"],
    &["@timestamp", "trace_id", "span_id"],
    &["@timestamp", "traceId", "spanId"],
];

fn tells(shape: &Shape<'_>) -> bool {
    is_action(shape) || KINDS.iter().any(|names| shape.depth_of(names).is_some())
}

/// `{"index": {"_index": "spans", "_id": "1"}}`
fn is_action(shape: &Shape<'_>) -> bool {
    let names_document = ["_id", "_index", "_type", "routing"].iter().any(|name| shape.has_at(2, name));
    shape.arrays() == 0
        && shape.count_at(1) == 1
        && ["index", "create"].contains(&shape.first())
        && (names_document || shape.count_at(2) == 0)
}

#[derive(Default)]
struct Documents {
    /// The documents are in the answer of a search.
    wrapped: bool,
    jaeger: Jaeger,
}

impl JsonFormat for Documents {
    fn begin(&mut self, shape: &Shape<'_>) {
        self.wrapped = shape.has("_source") || shape.has("hits") || shape.has_at(1, "_index");
    }

    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        match path.last() {
            Some(Step::Member(name)) if name == "_source" || name == "fields" => Take::Record,
            Some(Step::Member(name)) if name == "hits" || name == "responses" || name == "rawResponse" => {
                Take::Enter
            }
            Some(Step::Member(_)) => Take::Over,
            None | Some(Step::Element) if first == b'{' && !self.wrapped => Take::Record,
            None | Some(Step::Element) => Take::Enter,
        }
    }

    fn record(&mut self, _path: Path<'_>, document: &Json<'_>, out: &mut Out<'_>) {
        if !document.get("operationName").is_null() {
            self.jaeger.span(document, out);
        } else if !document.any(&["spanId", "span_id"]).is_null()
            && document.any(&["processor", "processor.event"]).is_null()
        {
            otel_span(document, out);
        } else if !document.any(&["trace", "trace.id"]).is_null() {
            elastic(document, out);
        }
        // All else is an action of a bulk request, or no span.
    }
}

/// Members of `object` and of those that stand beside it with dots in their names (`span.attributes.http@method`), as
/// attributes. Data Prepper writes `@` for dots.
fn attributes<'t>(document: &'t Json<'_>, path: &[&str]) -> Vec<KeyValue<'t>> {
    let mut found = Vec::new();
    flatten(&mut found, "", document.at(path));
    let prefix = path.join(".") + ".";
    for (name, value) in document.members() {
        if let Some(name) = name.strip_prefix(&prefix) {
            put(&mut found, name, value.value());
        }
    }
    for attribute in &mut found {
        if attribute.key.contains('@') {
            attribute.key = Cow::Owned(attribute.key.replace('@', "."));
        }
    }
    found
}

/// A field that may be nested or have dots in its name.
fn field<'t, 'j>(document: &'t Json<'j>, path: &[&str]) -> &'t Json<'j> {
    let dotted = document.get(&path.join("."));
    if dotted.is_null() { document.at(path) } else { dotted }
}

/// Data Prepper's, and what the Collector's exporter writes in its mode `otel`.
fn otel_span(document: &Json<'_>, out: &mut Out<'_>) {
    let notes = &mut *out.notes;
    let start = document.any(&["startTime", "@timestamp"]).time_in(Unit::Millis).unwrap_or_default();
    let duration = document.any(&["durationInNanos", "duration"]).nanos_in(Unit::Nanos);
    let end = document.get("endTime").time_in(Unit::Millis);
    let mut row = SpanRow {
        trace_id: document.any(&["traceId", "trace_id"]).trace_id("traceId", notes),
        span_id: document.any(&["spanId", "span_id"]).span_id("spanId", notes),
        parent_span_id: document.any(&["parentSpanId", "parent_span_id"]).span_id("parentSpanId", notes),
        trace_state: Cow::Borrowed(document.any(&["traceState", "trace_state"]).str()),
        name: Cow::Borrowed(document.get("name").text()),
        kind: kind(document.get("kind").str()).unwrap_or_default(),
        start,
        end: end.unwrap_or_else(|| UnixNanos(start.0.saturating_add(duration.unwrap_or(0)))),
        status_code: match field(document, &["status", "code"]).text() {
            "2" | "Error" | "ERROR" | "STATUS_CODE_ERROR" => StatusCode::Error,
            "1" | "Ok" | "OK" | "STATUS_CODE_OK" => StatusCode::Ok,
            _ => StatusCode::Unset,
        },
        status_message: Cow::Borrowed(field(document, &["status", "message"]).str()),
        attributes: attributes(document, &["span", "attributes"]),
        dropped_attributes_count: count(
            document.any(&["droppedAttributesCount", "dropped_attributes_count"]),
        ),
        dropped_events_count: count(document.any(&["droppedEventsCount", "dropped_events_count"])),
        dropped_links_count: count(document.any(&["droppedLinksCount", "dropped_links_count"])),
        ..SpanRow::default()
    };
    for attribute in attributes(document, &["attributes"]) {
        put(&mut row.attributes, attribute.key, attribute.value);
    }
    put(&mut row.attributes, "traceGroup", field(document, &["traceGroup"]).value());
    for event in document.get("events").elements() {
        row.events.push(EventRow {
            time: event.any(&["time", "@timestamp"]).time_in(Unit::Millis).unwrap_or_default(),
            name: Cow::Borrowed(event.get("name").text()),
            attributes: attributes(event, &["attributes"]),
            dropped_attributes_count: count(event.get("droppedAttributesCount")),
        });
    }
    for link in document.get("links").elements() {
        row.links.push(LinkRow {
            trace_id: link.any(&["traceId", "trace_id"]).trace_id("links.traceId", notes),
            span_id: link.any(&["spanId", "span_id"]).span_id("links.spanId", notes),
            trace_state: Cow::Borrowed(link.any(&["traceState", "trace_state"]).str()),
            attributes: attributes(link, &["attributes"]),
            dropped_attributes_count: count(link.get("droppedAttributesCount")),
            flags: 0,
        });
    }
    semantics::complete(&mut row.attributes);
    let mut resource =
        Resource { attributes: attributes(document, &["resource", "attributes"]), ..Resource::default() };
    put(&mut resource.attributes, "service.name", document.get("serviceName").value());
    let scope = |part: &str| {
        ["instrumentationLibrary", "instrumentationScope", "scope"]
            .iter()
            .map(|scope| field(document, &[scope, part]).str())
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    };
    let scope = Scope {
        name: Cow::Borrowed(scope("name")),
        version: Cow::Borrowed(scope("version")),
        ..Scope::default()
    };
    let (resource, scope) = (out.resource(&resource), out.scope(&scope));
    out.span(resource, scope, &row);
}

fn count(count: &Json<'_>) -> u32 {
    count.u64().and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// Fields that tell of the process, and OpenTelemetry's names for them.
const PROCESS: &[(&str, &str)] = &[
    ("service.name", "service.name"),
    ("service.version", "service.version"),
    ("service.environment", "deployment.environment.name"),
    ("service.node.name", "service.instance.id"),
    ("service.language.name", "telemetry.sdk.language"),
    ("service.runtime.name", "process.runtime.name"),
    ("service.runtime.version", "process.runtime.version"),
    ("service.framework.name", "service.framework.name"),
    ("service.framework.version", "service.framework.version"),
    ("agent.name", "telemetry.sdk.name"),
    ("agent.version", "telemetry.sdk.version"),
    ("host.hostname", "host.name"),
    ("host.name", "host.name"),
    ("host.architecture", "host.arch"),
    ("host.os.platform", "os.type"),
    ("container.id", "container.id"),
    ("kubernetes.namespace", "k8s.namespace.name"),
    ("kubernetes.pod.name", "k8s.pod.name"),
    ("kubernetes.pod.uid", "k8s.pod.uid"),
    ("kubernetes.node.name", "k8s.node.name"),
    ("process.pid", "process.pid"),
    ("cloud.provider", "cloud.provider"),
    ("cloud.region", "cloud.region"),
    ("cloud.availability_zone", "cloud.availability_zone"),
    ("cloud.account.id", "cloud.account.id"),
    ("cloud.instance.id", "host.id"),
];

/// Fields that are told in the span itself, or speak of the index.
const TAKEN: &[&str] = &[
    "@timestamp",
    "timestamp.us",
    "trace.id",
    "span.id",
    "span.name",
    "span.duration.us",
    "transaction.duration.us",
    "parent.id",
    "processor.event",
    "processor.name",
    "ecs.version",
    "data_stream.type",
    "data_stream.dataset",
    "data_stream.namespace",
    "error.exception",
];

const ALIASES: &[(&str, &str)] = &[
    ("span.db.statement", "db.query.text"),
    ("span.db.instance", "db.namespace"),
    ("span.message.queue.name", "messaging.destination.name"),
    ("transaction.message.queue.name", "messaging.destination.name"),
    ("url.original", "url.full"),
    ("url.domain", "server.address"),
    ("url.port", "server.port"),
    ("destination.address", "server.address"),
    ("destination.port", "server.port"),
    ("client.ip", "client.address"),
];

/// A document of Elastic APM: a transaction, a span or an error, its fields those of ECS. What a search gives as `fields`
/// has every value in an array.
fn elastic(document: &Json<'_>, out: &mut Out<'_>) {
    let mut fields = Vec::new();
    flatten(&mut fields, "", document);
    for field in &mut fields {
        if let AnyValue::Array(values) = &mut field.value
            && values.len() == 1
            && !field.key.starts_with("error.exception")
            && let Some(value) = values.pop()
        {
            field.value = value;
        }
    }
    let value = |key: &str| fields.iter().find(|field| field.key == key).map(|field| field.value.clone());
    let text = |key: &str| match value(key) {
        Some(AnyValue::Str(text)) => Json::Str(text),
        _ => Json::Null,
    };
    let micros = |key: &str| match value(key) {
        Some(AnyValue::Int(micros)) => u64::try_from(micros).ok().map(|micros| micros.saturating_mul(1000)),
        _ => None,
    };
    let event = text("processor.event");
    let is_span = event.str() == "span" || (event.is_null() && !text("span.id").is_null());
    let time = micros("timestamp.us").map(UnixNanos).or_else(|| text("@timestamp").time_in(Unit::Millis));
    let time = time.unwrap_or_default();
    let notes = &mut *out.notes;
    let trace_id = text("trace.id").trace_id("trace.id", notes);
    let id = if is_span { "span.id" } else { "transaction.id" };
    let (own, parent) = (text(id), text("parent.id"));
    let parent = if is_span && parent.is_null() { text("transaction.id") } else { parent };
    let (span_id, parent_span_id) = (own.span_id(id, notes), parent.span_id("parent.id", notes));

    let mut resource = Resource::default();
    for (key, name) in PROCESS {
        put(&mut resource.attributes, *name, value(key).unwrap_or_default());
    }
    let mut attributes: Vec<_> = fields
        .iter()
        .filter(|field| {
            let key = &*field.key;
            !TAKEN.contains(&key)
                && !PROCESS.iter().any(|(taken, _)| *taken == key)
                && !key.starts_with("observer.")
        })
        .cloned()
        .collect();
    rename(&mut attributes, ALIASES);
    semantics::complete(&mut attributes);
    let scope = out.no_scope();
    match event.str() {
        "error" => {
            let raised = document.at(&["error", "exception"]);
            let raised = raised.elements().first().unwrap_or(raised);
            put(&mut attributes, "exception.type", raised.get("type").value());
            put(&mut attributes, "exception.message", raised.get("message").value());
            let body = value("message").or_else(|| value("error.log.message"));
            let log = LogRow {
                time,
                severity: severity("error"),
                body: body.unwrap_or_else(|| raised.get("message").value()),
                attributes,
                trace_id,
                span_id: if parent_span_id.is_absent() { span_id } else { parent_span_id },
                event_name: Cow::Borrowed("exception"),
                ..LogRow::default()
            };
            let resource = out.resource(&resource);
            out.log(resource, scope, &log);
        }
        "span" | "transaction" | "" if !own.is_null() => {
            let (name, duration, of) = if is_span {
                ("span.name", "span.duration.us", "span.type")
            } else {
                ("transaction.name", "transaction.duration.us", "transaction.type")
            };
            let of = text(of);
            if is_span && of.str() == "db" {
                put(&mut attributes, "db.system.name", value("span.subtype").unwrap_or_default());
            }
            let row = SpanRow {
                trace_id,
                span_id,
                parent_span_id,
                name: Cow::Owned(text(name).str().to_owned()),
                kind: match (kind(text("span.kind").str()), of.str()) {
                    (Some(kind), _) => kind,
                    (None, of) if is_span => exit_kind(of, text("span.action").str()),
                    (None, "request") => SpanKind::Server,
                    (None, "messaging") => SpanKind::Consumer,
                    (None, _) => SpanKind::Unspecified,
                },
                start: time,
                end: UnixNanos(time.0.saturating_add(micros(duration).unwrap_or(0))),
                status_code: match text("event.outcome").str() {
                    "failure" => StatusCode::Error,
                    _ => StatusCode::Unset,
                },
                attributes,
                ..SpanRow::default()
            };
            let resource = out.resource(&resource);
            out.span(resource, scope, &row);
        }
        _ => {}
    }
}
