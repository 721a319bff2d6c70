//! Writes the record stream, as the page does.

#![allow(dead_code, reason = "each test file uses a part")]

use otel::{AnyValue, KeyValue, SpanRow};

/// Messages, as they are pushed.
#[derive(Debug, Default)]
pub(crate) struct SpanWriter {
    pub(crate) bytes: Vec<u8>,
    defined: Vec<String>,
}

/// What a record says beside its span.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grouped {
    pub(crate) group: u64,
    pub(crate) root: bool,
}

impl SpanWriter {
    pub(crate) fn define(&mut self, text: &str) {
        self.bytes.push(1);
        self.varint(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
        self.defined.push(text.to_owned());
    }

    pub(crate) fn settle(&mut self, group: u64) {
        self.bytes.push(3);
        self.varint(group);
    }

    /// Times of the row are relative to the page's origin.
    pub(crate) fn span(&mut self, span: &SpanRow<'_>, grouped: Grouped) {
        let parent = !span.parent_span_id.is_absent();
        let (state, message) = (!span.trace_state.is_empty(), !span.status_message.is_empty());
        let bits =
            [parent, state, message, grouped.root].iter().rev().fold(0, |bits, &it| bits << 1 | u8::from(it));
        self.bytes.extend([2, bits]);
        self.bytes.extend(span.trace_id.0.to_be_bytes());
        self.bytes.extend(span.span_id.0.to_be_bytes());
        if parent {
            self.bytes.extend(span.parent_span_id.0.to_be_bytes());
        }
        self.varint(span.flags.into());
        self.varint(grouped.group);
        self.text(&span.name);
        self.bytes.push(span.kind as u8);
        self.varint(span.start.0);
        self.varint(span.end.0.saturating_sub(span.start.0));
        self.bytes.push(span.status_code as u8);
        if state {
            self.text(&span.trace_state);
        }
        if message {
            self.text(&span.status_message);
        }
        self.attributes(&span.attributes, span.dropped_attributes_count);
        self.varint(span.events.len() as u64);
        for event in &span.events {
            self.text(&event.name);
            self.zigzag(event.time.0.wrapping_sub(span.start.0) as i64);
            self.attributes(&event.attributes, event.dropped_attributes_count);
        }
        self.varint(span.dropped_events_count.into());
        self.varint(span.links.len() as u64);
        for link in &span.links {
            self.bytes.extend(link.trace_id.0.to_be_bytes());
            self.bytes.extend(link.span_id.0.to_be_bytes());
            self.varint(link.flags.into());
            self.text(&link.trace_state);
            self.attributes(&link.attributes, link.dropped_attributes_count);
        }
        self.varint(span.dropped_links_count.into());
    }

    pub(crate) fn attributes(&mut self, list: &[KeyValue<'_>], dropped: u32) {
        self.resource(list);
        self.varint(dropped.into());
    }

    /// Attributes without the count of those dropped.
    pub(crate) fn resource(&mut self, list: &[KeyValue<'_>]) {
        self.varint(list.len() as u64);
        for KeyValue { key, value } in list {
            self.text(key);
            self.value(value);
        }
    }

    fn value(&mut self, value: &AnyValue<'_>) {
        match value {
            AnyValue::Empty => self.bytes.push(0),
            AnyValue::Str(text) => {
                self.bytes.push(1);
                self.text(text);
            }
            AnyValue::Bool(value) => self.bytes.push(2 + u8::from(*value)),
            AnyValue::Int(value) => {
                self.bytes.push(4);
                self.zigzag(*value);
            }
            AnyValue::Double(value) => {
                self.bytes.push(5);
                let json = if value.is_finite() {
                    format!("{value:?}")
                } else {
                    // Protobuf's JSON mapping.
                    format!("\"{}\"", value.to_string().replace("inf", "Infinity"))
                };
                self.varint(json.len() as u64);
                self.bytes.extend(json.into_bytes());
            }
            AnyValue::Array(values) => {
                self.bytes.push(6);
                self.varint(values.len() as u64);
                for value in values {
                    self.value(value);
                }
            }
            AnyValue::Map(entries) => {
                self.bytes.push(7);
                self.resource(entries);
            }
            AnyValue::Bytes(bytes) => {
                self.bytes.push(8);
                self.varint(bytes.len() as u64);
                self.bytes.extend_from_slice(bytes);
            }
        }
    }

    /// By its number where it is defined.
    fn text(&mut self, text: &str) {
        if let Some(number) = self.defined.iter().position(|it| it == text) {
            self.varint(number as u64 * 2 + 1);
        } else {
            self.varint(text.len() as u64 * 2);
            self.bytes.extend_from_slice(text.as_bytes());
        }
    }

    fn zigzag(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}
