//! OTLP JSON as the specification spells it: lowerCamelCase names, hexadecimal ids, 64-bit integers as strings,
//! numbers for enums. What is absent or zero is left out.

use std::io::{self, Write};

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning,
};

use crate::base64::Base64;

/// Puts commas and line breaks where they belong.
struct Json {
    out: Vec<u8>,
    /// Spaces a level; none: one line.
    indent: usize,
    depth: usize,
    /// Nothing yet stands in the innermost array or object.
    first: bool,
}

impl Json {
    fn compact(out: Vec<u8>) -> Self {
        Self { out, indent: 0, depth: 0, first: true }
    }

    fn line(&mut self) {
        if self.indent > 0 {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + self.indent * self.depth, b' ');
        }
    }

    /// Before every member and element.
    fn next(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        if self.depth > 0 {
            self.line();
        }
    }

    fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth += 1;
        self.first = true;
    }

    fn close(&mut self, bracket: u8) {
        self.depth = self.depth.saturating_sub(1);
        if !self.first {
            self.line();
        }
        self.out.push(bracket);
        self.first = false;
    }

    fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.open(b'{');
        write(self);
        self.close(b'}');
    }

    fn list<T>(&mut self, elements: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        self.open(b'[');
        for element in elements {
            self.next();
            write(self, element);
        }
        self.close(b']');
    }

    fn name(&mut self, name: &str) {
        self.next();
        self.string(name);
        self.out.extend_from_slice(if self.indent > 0 { b": " } else { b":" });
    }

    fn string(&mut self, text: &str) {
        // Writing to memory cannot fail, and a string is always JSON.
        if serde_json::to_writer(&mut self.out, text).is_err() {
            self.out.extend_from_slice(b"\"\"");
        }
    }

    fn display(&mut self, value: impl std::fmt::Display) {
        if write!(self.out, "{value}").is_err() {
            self.out.push(b'0');
        }
    }

    fn quoted(&mut self, value: impl std::fmt::Display) {
        self.out.push(b'"');
        self.display(value);
        self.out.push(b'"');
    }

    fn text_member(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            self.string(text);
        }
    }

    fn count_member(&mut self, name: &str, count: u32) {
        if count != 0 {
            self.name(name);
            self.display(count);
        }
    }

    fn u64_member(&mut self, name: &str, value: u64) {
        if value != 0 {
            self.name(name);
            self.quoted(value);
        }
    }

    fn id_member(&mut self, name: &str, absent: bool, id: impl std::fmt::Display) {
        if !absent {
            self.name(name);
            self.quoted(id);
        }
    }

    fn attributes(&mut self, attributes: &[KeyValue<'_>]) {
        if !attributes.is_empty() {
            self.name("attributes");
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

    /// As JSON has it, without the names of the kinds.
    fn plain(&mut self, value: &AnyValue<'_>) {
        match value {
            AnyValue::Empty => self.display("null"),
            AnyValue::Str(text) => self.string(text),
            AnyValue::Bool(value) => self.display(value),
            AnyValue::Int(value) => self.display(value),
            AnyValue::Double(value) => self.double(*value),
            AnyValue::Bytes(bytes) => self.quoted(Base64(bytes)),
            AnyValue::Array(values) => self.list(values, Self::plain),
            AnyValue::Map(entries) => self.object(|json| {
                for KeyValue { key, value } in entries {
                    json.name(key);
                    json.plain(value);
                }
            }),
        }
    }

    fn double(&mut self, value: f64) {
        if value.is_nan() {
            self.string("NaN");
        } else if value.is_infinite() {
            self.string(if value > 0.0 { "Infinity" } else { "-Infinity" });
        } else {
            // Rust's `Debug` of a finite number is JSON, and reads back as the same number. It is here for 5 kB; that of
            // serde_json, which must read but need not write numbers, takes 10.
            self.display(format_args!("{value:?}"));
        }
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

/// A value as plain JSON: arrays and objects as such, bytes in base64, numbers that JSON has not by their names.
pub fn value_to_json(value: &AnyValue<'_>) -> String {
    let mut json = Json::compact(Vec::new());
    json.plain(value);
    String::from_utf8(json.out).unwrap_or_default()
}

/// One span as a whole OTLP JSON document, indented.
pub fn span_to_json(span: &SpanRow<'_>, resource: &Resource<'_>, scope: &Scope<'_>) -> String {
    let mut json = Json { indent: 2, ..Json::compact(Vec::new()) };
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

/// Spans that follow each other, of one resource and one scope.
#[derive(Debug)]
struct Group {
    resource: ResourceRef,
    scope: ScopeRef,
    spans: Vec<u8>,
}

/// A group longer than this is written without waiting for its end.
const GROUP: usize = 1 << 20;

/// Writes what it is given as one OTLP JSON document.
///
/// A group of spans is written when the next begins and its resource and scope are known, so memory is one group where
/// their content comes before their last span or right after it.
#[derive(Debug)]
pub struct OtlpJsonWriter<W> {
    out: W,
    /// What is being put together.
    text: Vec<u8>,
    /// The first error of `out`; calls of a sink cannot fail.
    error: Option<io::Error>,
    /// Content as JSON members, by reference; not there until it is closed.
    resources: Vec<Option<Vec<u8>>>,
    scopes: Vec<Option<Vec<u8>>>,
    /// Not yet written, in order. Never empty once there was a span.
    groups: Vec<Group>,
    /// The resource whose scopes are being written.
    open: Option<ResourceRef>,
}

impl<W: Write> OtlpJsonWriter<W> {
    /// Writes to `out` in pieces; needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self {
            out,
            text: b"{\"resourceSpans\":[".to_vec(),
            error: None,
            resources: Vec::new(),
            scopes: Vec::new(),
            groups: Vec::new(),
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
        if self.open.is_some() {
            self.text.extend_from_slice(b"]}");
        }
        self.text.extend_from_slice(b"]}");
        self.flush();
        match self.error {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    /// Writes the groups at the front that are known and over.
    fn write_known(&mut self, current_too: bool) {
        let over = self.groups.len() - usize::from(!current_too && !self.groups.is_empty());
        let known = |group: &Group| {
            given(&self.resources, group.resource.0).is_some() && given(&self.scopes, group.scope.0).is_some()
        };
        let ready = self.groups.iter().take(over).take_while(|group| known(group)).count();
        let rest = self.groups.split_off(ready);
        for group in std::mem::replace(&mut self.groups, rest) {
            self.write_group(&group);
        }
        self.flush();
    }

    fn write_group(&mut self, group: &Group) {
        let text = &mut self.text;
        if self.open == Some(group.resource) {
            text.push(b',');
        } else {
            text.extend_from_slice(if self.open.is_some() { b"]},{" } else { b"{" });
            text.extend_from_slice(given(&self.resources, group.resource.0).unwrap_or_default());
            if text.last() != Some(&b'{') {
                text.push(b',');
            }
            text.extend_from_slice(b"\"scopeSpans\":[");
            self.open = Some(group.resource);
        }
        text.push(b'{');
        text.extend_from_slice(given(&self.scopes, group.scope.0).unwrap_or_default());
        if text.last() != Some(&b'{') {
            text.push(b',');
        }
        text.extend_from_slice(b"\"spans\":[");
        text.extend_from_slice(&group.spans);
        text.extend_from_slice(b"]}");
    }

    fn flush(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.out.write_all(&self.text)
        {
            self.error = Some(error);
        }
        self.text.clear();
    }
}

fn given(contents: &[Option<Vec<u8>>], index: u32) -> Option<&[u8]> {
    contents.get(index as usize)?.as_deref()
}

fn give(contents: &mut [Option<Vec<u8>>], index: u32, write: impl FnOnce(&mut Json)) {
    if let Some(content) = contents.get_mut(index as usize) {
        let mut json = Json::compact(Vec::new());
        write(&mut json);
        *content = Some(json.out);
    }
}

impl<W: Write> SpanSink for OtlpJsonWriter<W> {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources.push(None);
        ResourceRef(self.resources.len() as u32 - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        give(&mut self.resources, resource.0, |json| json.resource(content));
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.scopes.push(None);
        ScopeRef(self.scopes.len() as u32 - 1)
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        give(&mut self.scopes, scope.0, |json| json.scope(content));
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        let same = self.groups.last().is_some_and(|group| group.resource == resource && group.scope == scope);
        if !same {
            self.groups.push(Group { resource, scope, spans: Vec::new() });
            self.write_known(false);
        }
        let Some(group) = self.groups.last_mut() else { return };
        if !group.spans.is_empty() {
            group.spans.push(b',');
        }
        let mut json = Json::compact(std::mem::take(&mut group.spans));
        json.span(span);
        group.spans = json.out;
        if group.spans.len() > GROUP {
            self.write_known(true);
        }
    }

    /// What was odd in an input is not written again.
    fn warn(&mut self, _: Warning) {}
}
