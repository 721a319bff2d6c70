//! JSON text, put together member by member.

use std::io::Write as _;

use otel::{AnyValue, KeyValue};

use crate::base64::Base64;

/// Puts commas and line breaks where they belong.
pub(super) struct Json {
    pub(super) out: Vec<u8>,
    /// Spaces a level; none: one line.
    indent: usize,
    depth: usize,
    /// Nothing yet stands in the innermost array or object.
    first: bool,
}

impl Json {
    pub(super) fn compact(out: Vec<u8>) -> Self {
        Self { out, indent: 0, depth: 0, first: true }
    }

    pub(super) fn indented() -> Self {
        Self { indent: 2, ..Self::compact(Vec::new()) }
    }

    fn line(&mut self) {
        if self.indent > 0 {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + self.indent * self.depth, b' ');
        }
    }

    /// Before every member and element.
    pub(super) fn next(&mut self) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        if self.depth > 0 {
            self.line();
        }
    }

    pub(super) fn open(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.depth += 1;
        self.first = true;
    }

    pub(super) fn close(&mut self, bracket: u8) {
        self.depth = self.depth.saturating_sub(1);
        if !self.first {
            self.line();
        }
        self.out.push(bracket);
        self.first = false;
    }

    pub(super) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.open(b'{');
        write(self);
        self.close(b'}');
    }

    pub(super) fn list<T>(
        &mut self,
        elements: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.open(b'[');
        for element in elements {
            self.next();
            write(self, element);
        }
        self.close(b']');
    }

    pub(super) fn name(&mut self, name: &str) {
        self.next();
        self.string(name);
        self.out.extend_from_slice(if self.indent > 0 { b": " } else { b":" });
    }

    pub(super) fn string(&mut self, text: &str) {
        // Writing to memory cannot fail, and a string is always JSON.
        if serde_json::to_writer(&mut self.out, text).is_err() {
            self.out.extend_from_slice(b"\"\"");
        }
    }

    pub(super) fn display(&mut self, value: impl std::fmt::Display) {
        if write!(self.out, "{value}").is_err() {
            self.out.push(b'0');
        }
    }

    pub(super) fn quoted(&mut self, value: impl std::fmt::Display) {
        self.out.push(b'"');
        self.display(value);
        self.out.push(b'"');
    }

    /// Elements or members that were written before, or nothing.
    pub(super) fn raw(&mut self, written: &[u8]) {
        if !written.is_empty() {
            self.next();
            self.out.extend_from_slice(written);
        }
    }

    pub(super) fn string_member(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    pub(super) fn text_member(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.name(name);
            self.string(text);
        }
    }

    pub(super) fn count_member(&mut self, name: &str, count: u32) {
        if count != 0 {
            self.name(name);
            self.display(count);
        }
    }

    pub(super) fn u64_member(&mut self, name: &str, value: u64) {
        if value != 0 {
            self.name(name);
            self.quoted(value);
        }
    }

    pub(super) fn id_member(&mut self, name: &str, absent: bool, id: impl std::fmt::Display) {
        if !absent {
            self.name(name);
            self.quoted(id);
        }
    }

    /// As JSON has it, without the names of the kinds.
    pub(super) fn plain(&mut self, value: &AnyValue<'_>) {
        match value {
            AnyValue::Empty => self.display("null"),
            AnyValue::Str(text) => self.string(text),
            AnyValue::Bool(value) => self.display(value),
            AnyValue::Int(value) => self.display(value),
            AnyValue::Double(value) => self.double(*value),
            AnyValue::Bytes(bytes) => self.quoted(Base64(bytes)),
            AnyValue::Array(values) => self.list(values, Self::plain),
            AnyValue::Map(entries) => self.members(entries),
        }
    }

    /// An object, without the names of the kinds.
    pub(super) fn members(&mut self, entries: &[KeyValue<'_>]) {
        self.object(|json| {
            for KeyValue { key, value } in entries {
                json.name(key);
                json.plain(value);
            }
        });
    }

    pub(super) fn double(&mut self, value: f64) {
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
}

/// A value as plain JSON: arrays and objects as such, bytes in base64, numbers that JSON has not by their names.
pub fn value_to_json(value: &AnyValue<'_>) -> String {
    let mut json = Json::compact(Vec::new());
    json.plain(value);
    String::from_utf8(json.out).unwrap_or_default()
}
