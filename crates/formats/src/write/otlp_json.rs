//! OTLP JSON as the specification spells it: lowerCamelCase names, hexadecimal ids, 64-bit integers as strings,
//! numbers for enums. What is absent or zero is left out.

use std::io::{self, Write};

use otel::{
    AnyValue, EventRow, ExemplarRow, KeyValue, LinkRow, LogRow, Resource, ResourceRef, Scope, ScopeRef,
    SpanRow, SpanSink, Warning,
};

use super::json::Json;
use super::{Contents, Output};
use crate::base64::Base64;

impl Json {
    fn attributes(&mut self, attributes: &[KeyValue<'_>]) {
        self.attributes_member("attributes", attributes);
    }

    fn attributes_member(&mut self, name: &str, attributes: &[KeyValue<'_>]) {
        if !attributes.is_empty() {
            self.name(name);
            self.list(attributes, Self::attribute);
        }
    }

    fn attribute(&mut self, attribute: &KeyValue<'_>) {
        self.object(|json| {
            json.name("key");
            json.string(&attribute.key);
            json.name("value");
            json.value(&attribute.value);
        });
    }

    /// Recursion as deep as the value: decoders bound it.
    fn value(&mut self, value: &AnyValue<'_>) {
        self.object(|json| match value {
            AnyValue::Empty => {}
            AnyValue::Str(text) => {
                json.name("stringValue");
                json.string(text);
            }
            AnyValue::Bool(value) => {
                json.name("boolValue");
                json.display(value);
            }
            AnyValue::Int(value) => {
                json.name("intValue");
                json.quoted(value);
            }
            AnyValue::Double(value) => {
                json.name("doubleValue");
                json.double(*value);
            }
            AnyValue::Bytes(bytes) => {
                json.name("bytesValue");
                json.quoted(Base64(bytes));
            }
            AnyValue::Array(values) => {
                json.name("arrayValue");
                json.object(|json| {
                    json.name("values");
                    json.list(values, Self::value);
                });
            }
            AnyValue::Map(entries) => {
                json.name("kvlistValue");
                json.object(|json| {
                    json.name("values");
                    json.list(entries, Self::attribute);
                });
            }
        });
    }

    fn span(&mut self, span: &SpanRow<'_>) {
        self.object(|json| {
            json.id_member("traceId", span.trace_id.is_absent(), span.trace_id);
            json.id_member("spanId", span.span_id.is_absent(), span.span_id);
            json.text_member("traceState", &span.trace_state);
            json.id_member("parentSpanId", span.parent_span_id.is_absent(), span.parent_span_id);
            json.count_member("flags", span.flags);
            json.text_member("name", &span.name);
            json.count_member("kind", span.kind as u32);
            json.u64_member("startTimeUnixNano", span.start.0);
            json.u64_member("endTimeUnixNano", span.end.0);
            json.attributes(&span.attributes);
            json.count_member("droppedAttributesCount", span.dropped_attributes_count);
            if !span.events.is_empty() {
                json.name("events");
                json.list(&span.events, Self::event);
            }
            json.count_member("droppedEventsCount", span.dropped_events_count);
            if !span.links.is_empty() {
                json.name("links");
                json.list(&span.links, Self::link);
            }
            json.count_member("droppedLinksCount", span.dropped_links_count);
            let code = span.status_code as u32;
            if code != 0 || !span.status_message.is_empty() {
                json.name("status");
                json.object(|json| {
                    json.text_member("message", &span.status_message);
                    json.count_member("code", code);
                });
            }
        });
    }

    fn event(&mut self, event: &EventRow<'_>) {
        self.object(|json| {
            json.u64_member("timeUnixNano", event.time.0);
            json.text_member("name", &event.name);
            json.attributes(&event.attributes);
            json.count_member("droppedAttributesCount", event.dropped_attributes_count);
        });
    }

    fn link(&mut self, link: &LinkRow<'_>) {
        self.object(|json| {
            json.id_member("traceId", link.trace_id.is_absent(), link.trace_id);
            json.id_member("spanId", link.span_id.is_absent(), link.span_id);
            json.text_member("traceState", &link.trace_state);
            json.attributes(&link.attributes);
            json.count_member("droppedAttributesCount", link.dropped_attributes_count);
            json.count_member("flags", link.flags);
        });
    }

    fn log(&mut self, log: &LogRow<'_>) {
        self.object(|json| {
            json.u64_member("timeUnixNano", log.time.0);
            json.u64_member("observedTimeUnixNano", log.observed_time.0);
            json.count_member("severityNumber", log.severity.number().into());
            json.text_member("severityText", &log.severity_text);
            if log.body != AnyValue::Empty {
                json.name("body");
                json.value(&log.body);
            }
            json.attributes(&log.attributes);
            json.count_member("droppedAttributesCount", log.dropped_attributes_count);
            if let Some(flags) = log.flags {
                json.name("flags");
                json.display(flags);
            }
            json.id_member("traceId", log.trace_id.is_absent(), log.trace_id);
            json.id_member("spanId", log.span_id.is_absent(), log.span_id);
            json.text_member("eventName", &log.event_name);
        });
    }

    fn exemplar(&mut self, exemplar: &ExemplarRow<'_>) {
        self.object(|json| {
            json.attributes_member("filteredAttributes", &exemplar.filtered_attributes);
            json.u64_member("timeUnixNano", exemplar.time.0);
            match exemplar.value {
                AnyValue::Double(value) => {
                    json.name("asDouble");
                    json.double(value);
                }
                AnyValue::Int(value) => {
                    json.name("asInt");
                    json.quoted(value);
                }
                _ => {}
            }
            json.id_member("spanId", exemplar.span_id.is_absent(), exemplar.span_id);
            json.id_member("traceId", exemplar.trace_id.is_absent(), exemplar.trace_id);
        });
    }

    /// The start of an element of `resourceSpans`, up to its scopes.
    fn resource(&mut self, resource: &Resource<'_>) {
        self.name("resource");
        self.object(|json| {
            json.attributes(&resource.attributes);
            json.count_member("droppedAttributesCount", resource.dropped_attributes_count);
        });
        self.text_member("schemaUrl", &resource.schema_url);
    }

    fn scope(&mut self, scope: &Scope<'_>) {
        self.name("scope");
        self.object(|json| {
            json.text_member("name", &scope.name);
            json.text_member("version", &scope.version);
            json.attributes(&scope.attributes);
            json.count_member("droppedAttributesCount", scope.dropped_attributes_count);
        });
        self.text_member("schemaUrl", &scope.schema_url);
    }
}

/// One span as a whole OTLP JSON document, indented.
pub fn span_to_json(span: &SpanRow<'_>, resource: &Resource<'_>, scope: &Scope<'_>) -> String {
    let mut json = Json::indented();
    json.object(|json| {
        json.name("resourceSpans");
        json.list([()], |json, ()| {
            json.object(|json| {
                json.resource(resource);
                json.name("scopeSpans");
                json.list([()], |json, ()| {
                    json.object(|json| {
                        json.scope(scope);
                        json.name("spans");
                        json.list([span], Json::span);
                    });
                });
            });
        });
    });
    String::from_utf8(json.out).unwrap_or_default()
}

/// What a document holds. Its names in OTLP: of the list, and of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Spans,
    Logs,
    Metrics,
}

impl Signal {
    /// What begins a document, the scopes of a resource, and the items of a scope.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Spans => ["{\"resourceSpans\":[", "\"scopeSpans\":[", "\"spans\":["],
            Self::Logs => ["{\"resourceLogs\":[", "\"scopeLogs\":[", "\"logRecords\":["],
            Self::Metrics => ["{\"resourceMetrics\":[", "\"scopeMetrics\":[", "\"metrics\":["],
        }
    }
}

/// What follows each other, of one signal, one resource and one scope.
#[derive(Debug)]
struct Group {
    signal: Signal,
    resource: ResourceRef,
    scope: ScopeRef,
    /// Name and unit, where these are exemplars: all of one metric.
    metric: (String, String),
    items: Vec<u8>,
}

/// A group longer than this is written without waiting for its end.
const GROUP: usize = 1 << 20;

/// Writes what it is given as OTLP JSON: one document, or, where there are log records or exemplars beside spans, a
/// document a line for each run of one signal (JSON Lines, as the Collector's file exporter writes them). Of a metric,
/// its name, its unit and its exemplars are written, as a gauge.
///
/// A group of spans is written when the next begins and its resource and scope are known, so memory is one group where
/// their content comes before their last span or right after it.
#[derive(Debug)]
pub struct OtlpJsonWriter<W> {
    out: Output<W>,
    /// Members of an element of `resourceSpans`, up to its scopes.
    resources: Contents,
    /// Members of an element of `scopeSpans`, up to its spans.
    scopes: Contents,
    /// Not yet written, in order. Never empty once there was a span.
    groups: Vec<Group>,
    /// The document that was begun.
    signal: Option<Signal>,
    /// The resource whose scopes are being written.
    open: Option<ResourceRef>,
}

impl<W: Write> OtlpJsonWriter<W> {
    /// Writes to `out` in pieces; needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self {
            out: Output::new(out, ""),
            resources: Contents::default(),
            scopes: Contents::default(),
            groups: Vec::new(),
            signal: None,
            open: None,
        }
    }

    /// Writes what is left. Resources and scopes that were never given stay empty.
    ///
    /// # Errors
    /// The first error `out` returned.
    pub fn finish(mut self) -> io::Result<W> {
        for group in std::mem::take(&mut self.groups) {
            self.write_group(&group);
        }
        if self.signal.is_none() {
            self.begin(Signal::Spans);
        }
        self.end();
        self.out.finish()
    }

    /// Writes the groups at the front that are known and over.
    fn write_known(&mut self, current_too: bool) {
        let over = self.groups.len() - usize::from(!current_too && !self.groups.is_empty());
        let known = |group: &Group| {
            self.resources.given(group.resource.0).is_some() && self.scopes.given(group.scope.0).is_some()
        };
        let ready = self.groups.iter().take(over).take_while(|group| known(group)).count();
        let rest = self.groups.split_off(ready);
        for group in std::mem::replace(&mut self.groups, rest) {
            self.write_group(&group);
        }
        self.out.flush();
    }

    /// Ends the document that was begun, if one was, and begins another on a line of its own.
    fn begin(&mut self, signal: Signal) {
        if self.signal.is_some() {
            self.end();
            self.out.text.push(b'\n');
        }
        let [document, ..] = signal.names();
        self.out.text.extend_from_slice(document.as_bytes());
        self.signal = Some(signal);
    }

    fn end(&mut self) {
        if self.open.take().is_some() {
            self.out.text.extend_from_slice(b"]}");
        }
        self.out.text.extend_from_slice(b"]}");
    }

    fn write_group(&mut self, group: &Group) {
        if self.signal != Some(group.signal) {
            self.begin(group.signal);
        }
        let [_, scopes, items] = group.signal.names();
        let text = &mut self.out.text;
        if self.open == Some(group.resource) {
            text.push(b',');
        } else {
            text.extend_from_slice(if self.open.is_some() { b"]},{" } else { b"{" });
            text.extend_from_slice(self.resources.given(group.resource.0).unwrap_or_default());
            if text.last() != Some(&b'{') {
                text.push(b',');
            }
            text.extend_from_slice(scopes.as_bytes());
            self.open = Some(group.resource);
        }
        text.push(b'{');
        text.extend_from_slice(self.scopes.given(group.scope.0).unwrap_or_default());
        if text.last() != Some(&b'{') {
            text.push(b',');
        }
        text.extend_from_slice(items.as_bytes());
        if group.signal == Signal::Metrics {
            let (name, unit) = &group.metric;
            let mut json = Json::compact(std::mem::take(text));
            json.open(b'{');
            json.text_member("name", name);
            json.text_member("unit", unit);
            json.name("gauge");
            *text = json.out;
            text.extend_from_slice(b"{\"dataPoints\":[{\"exemplars\":[");
            text.extend_from_slice(&group.items);
            text.extend_from_slice(b"]}]}}");
        } else {
            text.extend_from_slice(&group.items);
        }
        text.extend_from_slice(b"]}");
    }

    /// Adds to the current group, or begins the next.
    fn add(
        &mut self,
        signal: Signal,
        (resource, scope): (ResourceRef, ScopeRef),
        (metric, unit): (&str, &str),
        write: impl FnOnce(&mut Json),
    ) {
        let same = self.groups.last().is_some_and(|group| {
            (group.signal, group.resource, group.scope) == (signal, resource, scope)
                && group.metric.0 == metric
                && group.metric.1 == unit
        });
        if !same {
            let metric = (metric.to_owned(), unit.to_owned());
            self.groups.push(Group { signal, resource, scope, metric, items: Vec::new() });
            self.write_known(false);
        }
        let Some(group) = self.groups.last_mut() else { return };
        if !group.items.is_empty() {
            group.items.push(b',');
        }
        let mut json = Json::compact(std::mem::take(&mut group.items));
        write(&mut json);
        group.items = json.out;
        if group.items.len() > GROUP {
            self.write_known(true);
        }
    }
}

impl<W: Write> SpanSink for OtlpJsonWriter<W> {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(self.resources.open())
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.resources.give(resource.0, |json| json.resource(content));
    }

    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(self.scopes.open())
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.scopes.give(scope.0, |json| json.scope(content));
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.add(Signal::Spans, (resource, scope), ("", ""), |json| json.span(span));
    }

    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.add(Signal::Logs, (resource, scope), ("", ""), |json| json.log(log));
    }

    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        let metric = (&*exemplar.metric, &*exemplar.unit);
        self.add(Signal::Metrics, (resource, scope), metric, |json| json.exemplar(exemplar));
    }

    /// What was odd in an input is not written again.
    fn warn(&mut self, _: Warning) {}
}
