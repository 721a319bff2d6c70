//! Stored spans to OTLP JSON (OTLP 1.x, "JSON Protobuf Encoding"): lowerCamelCase names, hexadecimal ids, 64-bit
//! integers as strings, numbers for enums. What is absent, empty or zero is left out.

use crate::json::Json;
use crate::read::{Reader, Text};
use crate::record::{KEPT_FOR_ERROR, KEPT_FOR_SLOW, MESSAGE, PARENT, STATE, tag};
use crate::texts::{Role, Texts};

/// What every body begins with, up to its first span; `resource` holds attributes, as [`Intake::resource`] leaves them.
///
/// [`Intake::resource`]: crate::record::Intake::resource
pub(crate) fn head(resource: &[u8], texts: &Texts) -> Json {
    let mut out = Json::default();
    let mut writer = Writer { out: &mut out, texts, origin: 0 };
    writer.raw("{\"resourceSpans\":[{\"resource\":{");
    writer.attributes(&mut Reader::new(resource), "\"attributes\":[", 0);
    writer.raw(concat!(
        "},\"scopeSpans\":[{\"scope\":{\"name\":\"flamefall-rum\",\"version\":\"",
        env!("CARGO_PKG_VERSION"),
        "\"},\"spans\":["
    ));
    out
}

/// What comes after the last span.
pub(crate) const TAIL: &str = "]}]}]}";

/// Writes spans, one after the other, each from a record that was checked when it came in. Every element of a list ends
/// with a comma, which the end of the list takes back.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) out: &'a mut Json,
    pub(crate) texts: &'a Texts,
    /// Unix nanoseconds of the page's time origin.
    pub(crate) origin: u64,
}

impl Writer<'_> {
    pub(crate) fn span(&mut self, record: &[u8]) {
        let reader = &mut Reader::new(record);
        let bits = reader.byte();
        self.ids(reader);
        if bits & PARENT != 0 {
            self.out.id("\",\"parentSpanId\":\"", reader.take(8));
        }
        self.raw("\"");
        self.number(",\"flags\":", reader.small());
        reader.small();
        self.text(",\"name\":", reader.text());
        self.number(",\"kind\":", u32::from(reader.byte()));
        let start = self.origin.saturating_add(reader.varint());
        self.raw(",\"startTimeUnixNano\":\"");
        self.out.number(start);
        self.raw("\",\"endTimeUnixNano\":\"");
        self.out.number(start.saturating_add(reader.varint()));
        self.raw("\"");
        let status = reader.byte();
        if bits & STATE != 0 {
            self.text(",\"traceState\":", reader.text());
        }
        let message = if bits & MESSAGE != 0 { reader.text() } else { Text::Inline(&[]) };
        if status != 0 || !self.texts.is_empty(message) {
            // A code of 0 is the only one that would be left out, and says the same.
            self.raw(",\"status\":{\"code\":");
            self.out.number(u64::from(status));
            self.text(",\"message\":", message);
            self.raw("}");
        }
        self.all_attributes(reader, bits & (KEPT_FOR_ERROR | KEPT_FOR_SLOW));
        self.list(reader, ",\"events\":[", |it, reader| {
            let name = reader.text();
            it.raw("{\"timeUnixNano\":\"");
            it.out.number(start.saturating_add_signed(reader.zigzag()));
            it.raw("\"");
            it.text(",\"name\":", name);
        });
        self.number(",\"droppedEventsCount\":", reader.small());
        self.list(reader, ",\"links\":[", |it, reader| {
            it.ids(reader);
            it.raw("\"");
            it.number(",\"flags\":", reader.small());
            it.text(",\"traceState\":", reader.text());
        });
        self.number(",\"droppedLinksCount\":", reader.small());
        self.raw("},");
    }

    fn raw(&mut self, text: &str) {
        self.out.raw(text);
    }

    /// Up to the last digit of the second.
    fn ids(&mut self, reader: &mut Reader<'_>) {
        self.out.id("{\"traceId\":\"", reader.take(16));
        self.out.id("\",\"spanId\":\"", reader.take(8));
    }

    /// A member, unless it is zero.
    fn number(&mut self, name: &str, value: u32) {
        if value != 0 {
            self.raw(name);
            self.out.number(u64::from(value));
        }
    }

    /// A member, unless it is empty.
    fn text(&mut self, name: &str, text: Text<'_>) {
        if !self.texts.is_empty(text) {
            self.raw(name);
            self.texts.write(self.out, text, Role::Name);
        }
    }

    /// `kept`: the bit that says why the span was kept, or 0.
    fn attributes(&mut self, reader: &mut Reader<'_>, name: &str, kept: u8) {
        let count = reader.count();
        if count == 0 && kept == 0 {
            return;
        }
        self.raw(name);
        self.key_values(reader, count);
        if kept != 0 {
            self.raw("{\"key\":\"flamefall.sampling.kept\",\"value\":{\"stringValue\":\"");
            self.raw(if kept == KEPT_FOR_ERROR { "error\"}}," } else { "slow\"}}," });
        }
        self.out.close("]");
    }

    /// With the count of those that were dropped.
    fn all_attributes(&mut self, reader: &mut Reader<'_>, kept: u8) {
        self.attributes(reader, ",\"attributes\":[", kept);
        self.number(",\"droppedAttributesCount\":", reader.small());
    }

    /// Events or links, which end with the same members.
    fn list(&mut self, reader: &mut Reader<'_>, name: &str, element: impl Fn(&mut Self, &mut Reader<'_>)) {
        let count = reader.count();
        if count == 0 {
            return;
        }
        self.raw(name);
        for _ in 0..count {
            element(self, reader);
            self.all_attributes(reader, 0);
            self.raw("},");
        }
        self.out.close("]");
    }

    fn key_values(&mut self, reader: &mut Reader<'_>, count: u32) {
        for _ in 0..count {
            self.texts.write(self.out, reader.text(), Role::Key);
            self.value(reader);
        }
    }

    /// A value and the end of the attribute it stands in. Recursion as deep as the value, which was cut when it came in.
    fn value(&mut self, reader: &mut Reader<'_>) {
        let tag = reader.byte();
        let (before, after) = match tag {
            tag::TEXT => return self.texts.write(self.out, reader.text(), Role::Value),
            tag::FALSE => ("{\"boolValue\":false", "}},"),
            tag::TRUE => ("{\"boolValue\":true", "}},"),
            tag::INT => ("{\"intValue\":\"", "\"}},"),
            tag::DOUBLE => ("{\"doubleValue\":", "}},"),
            tag::ARRAY => ("{\"arrayValue\":{\"values\":[", "]}}},"),
            tag::MAP => ("{\"kvlistValue\":{\"values\":[", "]}}},"),
            tag::BYTES => ("{\"bytesValue\":\"", "\"}},"),
            _ => ("{", "}},"),
        };
        self.raw(before);
        match tag {
            tag::INT => self.out.signed(reader.zigzag()),
            // As the page has written it.
            tag::DOUBLE => self.out.bytes(reader.bytes()),
            tag::BYTES => self.out.base64(reader.bytes()),
            tag::ARRAY => {
                for _ in 0..reader.count() {
                    self.value(reader);
                    // Here it stands in none.
                    self.out.cut(self.out.length() - 2);
                    self.raw(",");
                }
            }
            tag::MAP => {
                let count = reader.count();
                self.key_values(reader, count);
            }
            _ => {}
        }
        self.out.close(after);
    }
}
