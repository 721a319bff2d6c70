//! Rows to the bytes of their messages. What is absent or zero is left out.

use otel::{
    AnyValue, EventRow, ExemplarRow, KeyValue, LinkRow, LogRow, Resource, Scope, SpanId, SpanRow, TraceId,
};

use super::wire::{I32, I64, LEN, VARINT};

/// Puts together one message.
#[derive(Debug, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    #[inline]
    pub(super) fn varint(&mut self, value: u64) {
        let mut value = value;
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    #[inline]
    fn key(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }

    #[inline]
    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.key(field, LEN);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    #[inline]
    pub(super) fn text(&mut self, field: u32, text: &str) {
        if !text.is_empty() {
            self.bytes(field, text.as_bytes());
        }
    }

    #[inline]
    fn number(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.key(field, VARINT);
            self.varint(value);
        }
    }

    #[inline]
    pub(super) fn fixed64(&mut self, field: u32, value: u64) {
        self.key(field, I64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn time(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.fixed64(field, value);
        }
    }

    #[inline]
    fn fixed32(&mut self, field: u32, value: u32) {
        self.key(field, I32);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    #[inline]
    fn trace_id(&mut self, field: u32, id: TraceId) {
        if !id.is_absent() {
            self.bytes(field, &id.0.to_be_bytes());
        }
    }

    #[inline]
    fn span_id(&mut self, field: u32, id: SpanId) {
        if !id.is_absent() {
            self.bytes(field, &id.0.to_be_bytes());
        }
    }

    /// A message in a message. Its length is known afterwards; most are shorter than 128 bytes, others are moved.
    pub(super) fn nested(&mut self, field: u32, write: impl FnOnce(&mut Self)) {
        self.key(field, LEN);
        self.0.push(0);
        let start = self.0.len();
        write(self);
        let length = self.0.len() - start;
        if length < 0x80 {
            if let Some(place) = self.0.get_mut(start - 1) {
                *place = length as u8;
            }
            return;
        }
        let mut prefix = Self(Vec::with_capacity(5));
        prefix.varint(length as u64);
        self.0.splice(start - 1..start, prefix.0);
    }

    pub(super) fn attributes(&mut self, field: u32, attributes: &[KeyValue<'_>]) {
        for attribute in attributes {
            self.nested(field, |message| message.key_value(attribute));
        }
    }

    /// Recursion as deep as the value: decoders bound it.
    fn key_value(&mut self, attribute: &KeyValue<'_>) {
        self.text(1, &attribute.key);
        if attribute.value != AnyValue::Empty {
            self.nested(2, |message| message.value(&attribute.value));
        }
    }

    /// `AnyValue`. What is set is written, zero or not.
    pub(super) fn value(&mut self, value: &AnyValue<'_>) {
        match value {
            AnyValue::Empty => {}
            AnyValue::Str(text) => self.bytes(1, text.as_bytes()),
            AnyValue::Bool(value) => {
                self.key(2, VARINT);
                self.varint((*value).into());
            }
            AnyValue::Int(value) => {
                self.key(3, VARINT);
                self.varint(value.cast_unsigned());
            }
            AnyValue::Double(value) => self.fixed64(4, value.to_bits()),
            AnyValue::Array(values) => self.nested(5, |message| {
                for value in values {
                    message.nested(1, |message| message.value(value));
                }
            }),
            AnyValue::Map(entries) => self.nested(6, |message| message.attributes(1, entries)),
            AnyValue::Bytes(bytes) => self.bytes(7, bytes),
        }
    }

    /// `Span`.
    pub(super) fn span(&mut self, row: &SpanRow<'_>) {
        self.trace_id(1, row.trace_id);
        self.span_id(2, row.span_id);
        self.text(3, &row.trace_state);
        self.span_id(4, row.parent_span_id);
        self.text(5, &row.name);
        self.number(6, row.kind as u64);
        // Also where it is zero: what has this field is a span and nothing else.
        self.fixed64(7, row.start.0);
        self.time(8, row.end.0);
        self.attributes(9, &row.attributes);
        self.number(10, row.dropped_attributes_count.into());
        for event in &row.events {
            self.nested(11, |message| message.event(event));
        }
        self.number(12, row.dropped_events_count.into());
        for link in &row.links {
            self.nested(13, |message| message.link(link));
        }
        self.number(14, row.dropped_links_count.into());
        let code = row.status_code as u64;
        if code != 0 || !row.status_message.is_empty() {
            self.nested(15, |message| {
                message.text(2, &row.status_message);
                message.number(3, code);
            });
        }
        if row.flags != 0 {
            self.fixed32(16, row.flags);
        }
    }

    /// `Span.Event`.
    fn event(&mut self, event: &EventRow<'_>) {
        self.time(1, event.time.0);
        self.text(2, &event.name);
        self.attributes(3, &event.attributes);
        self.number(4, event.dropped_attributes_count.into());
    }

    /// `Span.Link`.
    fn link(&mut self, link: &LinkRow<'_>) {
        self.trace_id(1, link.trace_id);
        self.span_id(2, link.span_id);
        self.text(3, &link.trace_state);
        self.attributes(4, &link.attributes);
        self.number(5, link.dropped_attributes_count.into());
        if link.flags != 0 {
            self.fixed32(6, link.flags);
        }
    }

    /// `LogRecord`.
    pub(super) fn log(&mut self, row: &LogRow<'_>) {
        self.time(1, row.time.0);
        self.number(2, row.severity.number().into());
        self.text(3, &row.severity_text);
        if row.body != AnyValue::Empty {
            self.nested(5, |message| message.value(&row.body));
        }
        self.attributes(6, &row.attributes);
        self.number(7, row.dropped_attributes_count.into());
        if let Some(flags) = row.flags {
            self.fixed32(8, flags);
        }
        self.trace_id(9, row.trace_id);
        self.span_id(10, row.span_id);
        self.time(11, row.observed_time.0);
        self.text(12, &row.event_name);
    }

    /// `Exemplar`, without the metric it is of.
    pub(super) fn exemplar(&mut self, row: &ExemplarRow<'_>) {
        self.time(2, row.time.0);
        match row.value {
            AnyValue::Double(value) => self.fixed64(3, value.to_bits()),
            AnyValue::Int(value) => self.fixed64(6, value.cast_unsigned()),
            _ => {}
        }
        self.span_id(4, row.span_id);
        self.trace_id(5, row.trace_id);
        self.attributes(7, &row.filtered_attributes);
    }

    /// The fields of `ResourceSpans` beside its scopes.
    pub(super) fn resource(&mut self, content: &Resource<'_>) {
        self.nested(1, |message| {
            message.attributes(1, &content.attributes);
            message.number(2, content.dropped_attributes_count.into());
        });
        self.text(3, &content.schema_url);
    }

    /// The fields of `ScopeSpans` beside its spans.
    pub(super) fn scope(&mut self, content: &Scope<'_>) {
        self.nested(1, |message| {
            message.text(1, &content.name);
            message.text(2, &content.version);
            message.attributes(3, &content.attributes);
            message.number(4, content.dropped_attributes_count.into());
        });
        self.text(3, &content.schema_url);
    }
}
