//! Stored spans to OTLP JSON (OTLP 1.x, "JSON Protobuf Encoding"): lowerCamelCase names, hexadecimal ids, 64-bit
//! integers as strings, numbers for enums. What is absent, empty or zero is left out.

use alloc::vec::Vec;

use crate::json;
use crate::read::{Reader, Text};
use crate::record::{KEPT_FOR_ERROR, KEPT_FOR_SLOW, MESSAGE, PARENT, STATE, tag};
use crate::texts::Texts;

/// What comes after the last span.
pub(crate) const TAIL: &str = "]}]}]}";

const KEPT: &str = "{\"key\":\"flamefall.sampling.kept\",\"value\":{\"stringValue\":\"";

/// What every body begins with, up to its first span; `resource` holds attributes, as [`Intake::resource`] leaves them.
///
/// [`Intake::resource`]: crate::record::Intake::resource
pub(crate) fn head(resource: &[u8]) -> Vec<u8> {
    let mut writer = Writer { out: Vec::new(), texts: &Texts::default(), origin: 0 };
    json::raw(&mut writer.out, "{\"resourceSpans\":[{");
    let mut reader = Reader::new(resource);
    if let Some(count @ 1..) = reader.count() {
        json::raw(&mut writer.out, "\"resource\":{");
        writer.attributes(&mut reader, count, "");
        json::raw(&mut writer.out, "},");
    }
    json::raw(
        &mut writer.out,
        concat!(
            "\"scopeSpans\":[{\"scope\":{\"name\":\"flamefall-rum\",\"version\":\"",
            env!("CARGO_PKG_VERSION"),
            "\"},\"spans\":["
        ),
    );
    writer.out
}

/// Writes spans, one after the other.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) out: Vec<u8>,
    pub(crate) texts: &'a Texts,
    /// Unix nanoseconds of the page's time origin.
    pub(crate) origin: u64,
}

impl Writer<'_> {
    /// A record that was checked when it came in. `None` cannot happen; what was written then is not JSON.
    pub(crate) fn span(&mut self, record: &[u8]) -> Option<()> {
        let mut reader = Reader::new(record);
        let reader = &mut reader;
        let bits = reader.byte()?;
        self.raw("{\"traceId\":\"");
        self.hex(reader.take(16)?);
        self.raw("\",\"spanId\":\"");
        self.hex(reader.take(8)?);
        if bits & PARENT != 0 {
            self.raw("\",\"parentSpanId\":\"");
            self.hex(reader.take(8)?);
        }
        self.raw("\"");
        self.number(",\"flags\":", reader.small()?);
        reader.small()?;
        self.text(",\"name\":", reader.text()?);
        self.number(",\"kind\":", u32::from(reader.byte()?));
        let start = self.origin.saturating_add(reader.varint()?);
        self.raw(",\"startTimeUnixNano\":");
        json::quoted(&mut self.out, start);
        self.raw(",\"endTimeUnixNano\":");
        json::quoted(&mut self.out, start.saturating_add(reader.varint()?));
        let status = reader.byte()?;
        if bits & STATE != 0 {
            self.text(",\"traceState\":", reader.text()?);
        }
        let message = if bits & MESSAGE != 0 { reader.text()? } else { Text::Inline("") };
        self.status(status, message);
        let count = reader.count()?;
        let why = match bits & (KEPT_FOR_ERROR | KEPT_FOR_SLOW) {
            0 => "",
            KEPT_FOR_ERROR => "error",
            _ => "slow",
        };
        if count > 0 || !why.is_empty() {
            self.raw(",");
            self.attributes(reader, count, why)?;
        }
        self.number(",\"droppedAttributesCount\":", reader.small()?);
        self.list(reader, ",\"events\":[", |it, reader| {
            let name = reader.text()?;
            it.raw("{\"timeUnixNano\":");
            json::quoted(&mut it.out, start.saturating_add_signed(reader.zigzag()?));
            it.text(",\"name\":", name);
            it.attributes_of_item(reader)
        })?;
        self.number(",\"droppedEventsCount\":", reader.small()?);
        self.list(reader, ",\"links\":[", |it, reader| {
            it.raw("{\"traceId\":\"");
            it.hex(reader.take(16)?);
            it.raw("\",\"spanId\":\"");
            it.hex(reader.take(8)?);
            it.raw("\"");
            it.number(",\"flags\":", reader.small()?);
            it.text(",\"traceState\":", reader.text()?);
            it.attributes_of_item(reader)
        })?;
        self.number(",\"droppedLinksCount\":", reader.small()?);
        self.raw("}");
        Some(())
    }

    fn raw(&mut self, text: &str) {
        json::raw(&mut self.out, text);
    }

    fn hex(&mut self, bytes: &[u8]) {
        json::hex(&mut self.out, bytes);
    }

    /// A member, unless it is zero.
    fn number(&mut self, name: &str, value: u32) {
        if value != 0 {
            self.raw(name);
            json::number(&mut self.out, u64::from(value));
        }
    }

    /// A member, unless it is empty.
    fn text(&mut self, name: &str, text: Text<'_>) {
        if !self.texts.is_empty(text) {
            self.raw(name);
            self.texts.write(&mut self.out, text, false);
        }
    }

    fn status(&mut self, code: u8, message: Text<'_>) {
        let silent = self.texts.is_empty(message);
        if code == 0 && silent {
            return;
        }
        self.raw(",\"status\":{");
        self.text("\"message\":", message);
        self.number(if silent { "\"code\":" } else { ",\"code\":" }, u32::from(code));
        self.raw("}");
    }

    fn comma_after(&mut self, index: u32) {
        if index > 0 {
            self.raw(",");
        }
    }

    /// `kept`: why the span was kept, or nothing.
    fn attributes(&mut self, reader: &mut Reader<'_>, count: u32, kept: &str) -> Option<()> {
        self.raw("\"attributes\":[");
        for index in 0..count {
            self.comma_after(index);
            self.attribute(reader)?;
        }
        if !kept.is_empty() {
            self.comma_after(count);
            self.raw(KEPT);
            self.raw(kept);
            self.raw("\"}}");
        }
        self.raw("]");
        Some(())
    }

    /// The last of an event or link.
    fn attributes_of_item(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let count = reader.count()?;
        if count > 0 {
            self.raw(",");
            self.attributes(reader, count, "")?;
        }
        self.number(",\"droppedAttributesCount\":", reader.small()?);
        self.raw("}");
        Some(())
    }

    fn list(
        &mut self,
        reader: &mut Reader<'_>,
        name: &str,
        element: impl Fn(&mut Self, &mut Reader<'_>) -> Option<()>,
    ) -> Option<()> {
        let count = reader.count()?;
        for index in 0..count {
            self.raw(if index == 0 { name } else { "," });
            element(self, reader)?;
        }
        if count > 0 {
            self.raw("]");
        }
        Some(())
    }

    fn attribute(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        self.raw("{\"key\":");
        self.texts.write(&mut self.out, reader.text()?, false);
        self.raw(",\"value\":");
        self.value(reader)?;
        self.raw("}");
        Some(())
    }

    /// Recursion as deep as the value, which was cut when it came in.
    fn value(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        match reader.byte()? {
            tag::TEXT => {
                self.raw("{\"stringValue\":");
                self.texts.write(&mut self.out, reader.text()?, true);
            }
            tag::FALSE => self.raw("{\"boolValue\":false"),
            tag::TRUE => self.raw("{\"boolValue\":true"),
            tag::INT => {
                self.raw("{\"intValue\":");
                json::signed(&mut self.out, reader.zigzag()?);
            }
            tag::DOUBLE => {
                self.raw("{\"doubleValue\":");
                json::double(&mut self.out, f64::from_le_bytes(reader.array()?));
            }
            tag::BYTES => {
                self.raw("{\"bytesValue\":");
                json::base64(&mut self.out, reader.bytes()?);
            }
            tag @ (tag::ARRAY | tag::MAP) => {
                self.raw(if tag == tag::MAP {
                    "{\"kvlistValue\":{\"values\":["
                } else {
                    "{\"arrayValue\":{\"values\":["
                });
                for index in 0..reader.count()? {
                    self.comma_after(index);
                    if tag == tag::MAP {
                        self.attribute(reader)?;
                    } else {
                        self.value(reader)?;
                    }
                }
                self.raw("]}");
            }
            _ => self.raw("{"),
        }
        self.raw("}");
        Some(())
    }
}
