//! One value of a document, whole or not.

use std::borrow::Cow;

use dialects::Json;
use memchr::memchr_iter;
use otel::SpanRow;
use otlp::{Message, fill, fill_span};
use serde::de::{Deserialize as _, IgnoredAny};

use crate::notes::Notes;
use crate::reader::{Reader, Stop};
use crate::scalar::Scalar;

/// The text from a token on.
#[derive(Clone, Copy)]
pub(super) struct Here<'t> {
    pub(super) text: &'t str,
    pub(super) first: u8,
    pub(super) offset: u64,
    /// No text will follow.
    pub(super) last: bool,
}

impl<'t> Here<'t> {
    pub(super) fn text(self, notes: &mut Notes) -> Leaf<Cow<'t, str>> {
        read(self.text, self.last, notes, Reader::text)
    }

    pub(super) fn scalar(self, notes: &mut Notes) -> Leaf<Scalar<'t>> {
        read(self.text, self.last, notes, Reader::scalar)
    }

    pub(super) fn message<M: Message<'t>>(self, content: &mut M, notes: &mut Notes) -> Leaf<bool> {
        message(self.text, self.last, content, notes)
    }

    pub(super) fn span(self, row: &mut SpanRow<'t>, notes: &mut Notes) -> Leaf<bool> {
        span(self.text, self.last, row, notes)
    }
}

/// What was made of the start of a text.
pub(super) enum Leaf<T> {
    Whole(T, usize),
    Short,
    Broken(usize, String),
}

pub(super) fn leading_space(text: &str) -> usize {
    text.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// Fills a message. `Whole(false)`: it is no object.
#[inline]
pub(super) fn message<'t, M: Message<'t>>(
    text: &'t str,
    last: bool,
    content: &mut M,
    notes: &mut Notes,
) -> Leaf<bool> {
    read(text, last, notes, |json| fill(content, json))
}

pub(super) fn span<'t>(text: &'t str, last: bool, row: &mut SpanRow<'t>, notes: &mut Notes) -> Leaf<bool> {
    read(text, last, notes, |json| fill_span(row, json))
}

/// Reads a record of another format.
pub(super) fn record<'t>(text: &'t str, last: bool, notes: &mut Notes) -> Leaf<Json<'t>> {
    read(text, last, notes, Json::read)
}

#[inline]
fn read<'t, 'n, T>(
    text: &'t str,
    last: bool,
    notes: &'n mut Notes,
    value: impl FnOnce(&mut Reader<'t, 'n>) -> Result<T, Stop>,
) -> Leaf<T> {
    let mut json = Reader::new(text, notes);
    match value(&mut json) {
        Ok(value) => whole(value, json.used(), text, last),
        Err(Stop::Short) => Leaf::Short,
        Err(Stop::Broken) => syntax_error(text, json.used(), last),
    }
}

/// What `serde_json` finds wrong. `at`: the token that could not be read.
#[cold]
#[inline(never)]
fn syntax_error<T>(text: &str, at: usize, last: bool) -> Leaf<T> {
    let (at, text) = match text.get(at..) {
        Some(string) if string.starts_with('"') => (at, string),
        _ => (0, text),
    };
    match leaf(text, last) {
        Leaf::Broken(ahead, why) => Leaf::Broken(at + ahead, why),
        // The reader takes a number for broken where one is only cut off.
        Leaf::Short => Leaf::Short,
        // What escapes mean is not looked at where a value is only read over.
        _ if text.starts_with('"') => Leaf::Broken(at, "an escape stands for no character".to_owned()),
        Leaf::Whole(..) => Leaf::Broken(at, "expected a JSON value".to_owned()),
    }
}

/// A number may go on in the next chunk.
#[inline]
fn whole<T>(value: T, used: usize, text: &str, last: bool) -> Leaf<T> {
    let open = used == text.len() && !last && !text.ends_with(['}', ']', '"']);
    if open { Leaf::Short } else { Leaf::Whole(value, used) }
}

/// A value nobody asks for.
pub(super) fn leaf(text: &str, last: bool) -> Leaf<()> {
    let mut json = serde_json::Deserializer::from_str(text);
    match IgnoredAny::deserialize(&mut json) {
        Ok(_) => {
            let used = json.into_iter::<IgnoredAny>().byte_offset();
            whole((), used, text, last)
        }
        Err(error) if error.is_eof() => Leaf::Short,
        Err(error) => {
            let mut why = error.to_string();
            why.truncate(why.find(" at line ").unwrap_or(why.len()));
            if matches!(&*why, "expected ident" | "expected value") {
                "expected a JSON value".clone_into(&mut why);
            }
            let line = match error.line() {
                0 | 1 => 0,
                line => memchr_iter(b'\n', text.as_bytes()).nth(line - 2).map_or(0, |newline| newline + 1),
            };
            let mut ahead = (line + error.column()).saturating_sub(1);
            if why.starts_with("control character") {
                ahead += 1;
            }
            if why == "key must be a string" && text.get(ahead..).is_some_and(|rest| rest.starts_with('}')) {
                "trailing comma".clone_into(&mut why);
            }
            // `-`, `1.` and `1e` are errors to the parser where the text ends, too.
            if why == "invalid number" && ahead + 1 >= text.len() {
                return Leaf::Short;
            }
            Leaf::Broken(ahead, why)
        }
    }
}
