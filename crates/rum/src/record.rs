//! One span of the stream: checked, brought within its limits, and copied as it is.

use alloc::vec::Vec;

use crate::read::{Reader, Text};
use crate::texts::cut;

/// The span has a parent.
pub(crate) const PARENT: u8 = 1;
/// The span has a trace state.
pub(crate) const STATE: u8 = 2;
/// The span's status has a message.
pub(crate) const MESSAGE: u8 = 4;
/// The span is the root of its group.
pub(crate) const ROOT: u8 = 8;
/// Set here, never by the page: kept at its end for an error in it.
pub(crate) const KEPT_FOR_ERROR: u8 = 16;
/// Set here, never by the page: kept at its end because it was slow.
pub(crate) const KEPT_FOR_SLOW: u8 = 32;

/// Tags of values.
pub(crate) mod tag {
    pub(crate) const EMPTY: u8 = 0;
    pub(crate) const TEXT: u8 = 1;
    pub(crate) const FALSE: u8 = 2;
    pub(crate) const TRUE: u8 = 3;
    pub(crate) const INT: u8 = 4;
    pub(crate) const DOUBLE: u8 = 5;
    pub(crate) const ARRAY: u8 = 6;
    pub(crate) const MAP: u8 = 7;
    pub(crate) const BYTES: u8 = 8;
}

/// Arrays and maps in each other.
const DEPTH: usize = 64;

/// `Status.StatusCode` of a failure.
const ERROR: u8 = 2;

/// The sampled bit of the W3C trace flags.
const SAMPLED: u32 = 1;

/// What a span may hold (OpenTelemetry SDK, "Span Limits"). What is more is dropped and counted in the span.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Attributes of the span.
    pub attributes: u32,
    /// Events.
    pub events: u32,
    /// Links.
    pub links: u32,
    /// Attributes of each event and link.
    pub attributes_per_item: u32,
    /// Characters of a text, bytes of a `bytesValue`; 0: any number.
    pub value_length: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { attributes: 128, events: 128, links: 128, attributes_per_item: 128, value_length: 0 }
    }
}

/// What has to be known of a span to decide about it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    /// 0: of none.
    pub(crate) group: u32,
    pub(crate) root: bool,
    pub(crate) sampled: bool,
    pub(crate) error: bool,
    /// Nanoseconds.
    pub(crate) duration: u64,
}

/// Walks over a record. What may stay is copied in one piece; only what must change is written anew.
#[derive(Debug)]
pub(crate) struct Intake<'r, 'a> {
    reader: Reader<'r>,
    /// Where the piece that was read and is not yet copied begins.
    piece: Reader<'r>,
    out: &'a mut Vec<u8>,
    limits: &'a Limits,
    /// Texts that are defined.
    texts: usize,
    /// Values that were too deep, of the list that is being read.
    too_deep: u32,
}

impl<'r, 'a> Intake<'r, 'a> {
    /// What is read goes to the end of `out`; also when it turns out to be malformed.
    pub(crate) fn new(reader: Reader<'r>, out: &'a mut Vec<u8>, limits: &'a Limits, texts: usize) -> Self {
        Self { reader, piece: reader, out, limits, texts, too_deep: 0 }
    }

    /// What follows what was read.
    pub(crate) fn rest(&self) -> Reader<'r> {
        self.reader
    }

    pub(crate) fn span(&mut self) -> Option<Facts> {
        let bits = self.reader.byte().filter(|bits| *bits < KEPT_FOR_ERROR)?;
        self.reader.take(if bits & PARENT == 0 { 24 } else { 32 })?;
        let flags = self.reader.small()?;
        let group = self.reader.small()?;
        self.text()?;
        self.reader.byte().filter(|kind| *kind <= 5)?;
        self.reader.varint()?;
        let duration = self.reader.varint()?;
        let status = self.reader.byte().filter(|code| *code <= ERROR)?;
        if bits & STATE != 0 {
            self.text()?;
        }
        if bits & MESSAGE != 0 {
            self.text()?;
        }
        self.attributes(self.limits.attributes)?;
        self.list(self.limits.events, |it| {
            it.text()?;
            it.reader.varint()?;
            it.attributes(it.limits.attributes_per_item)
        })?;
        self.list(self.limits.links, |it| {
            it.reader.take(24)?;
            it.reader.small()?;
            it.text()?;
            it.attributes(it.limits.attributes_per_item)
        })?;
        self.copy_to(self.reader);
        Some(Facts {
            group,
            root: bits & ROOT != 0,
            sampled: flags & SAMPLED != 0,
            error: status == ERROR,
            duration,
        })
    }

    /// Attributes as a resource has them: without the count of those that were dropped.
    pub(crate) fn resource(&mut self) -> Option<()> {
        for _ in 0..self.reader.count()? {
            self.attribute()?;
        }
        self.copy_to(self.reader);
        Some(())
    }

    /// Copies what was read before `at`. What was read since then is left out.
    fn copy_to(&mut self, at: Reader<'r>) {
        let length = self.piece.rest().len().saturating_sub(at.rest().len());
        self.out.extend_from_slice(self.piece.rest().get(..length).unwrap_or_default());
        self.piece = self.reader;
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.push(value as u8);
    }

    /// Takes back what was written after `mark`, and leaves out what was read since.
    fn leave_out(&mut self, mark: usize) {
        self.out.truncate(mark);
        self.piece = self.reader;
    }

    fn text(&mut self) -> Option<Text<'r>> {
        let text = self.reader.text()?;
        match text {
            Text::Interned(number) if number as usize >= self.texts => None,
            text => Some(text),
        }
    }

    /// A list, and the count of what the page dropped of it.
    fn list(&mut self, limit: u32, element: fn(&mut Self) -> Option<()>) -> Option<()> {
        let of_others = core::mem::take(&mut self.too_deep);
        let before = self.reader;
        let count = self.reader.count()?;
        let kept = count.min(limit);
        if kept < count {
            self.copy_to(before);
            self.varint(kept);
        }
        for _ in 0..kept {
            element(self)?;
        }
        let mut dropped = self.too_deep;
        if kept < count {
            self.copy_to(self.reader);
            let mark = self.out.len();
            for _ in kept..count {
                element(self)?;
            }
            self.leave_out(mark);
            dropped += count - kept;
        }
        let before = self.reader;
        let said = self.reader.small()?;
        if dropped > 0 {
            self.copy_to(before);
            self.varint(said.saturating_add(dropped));
        }
        self.too_deep = of_others;
        Some(())
    }

    fn attributes(&mut self, limit: u32) -> Option<()> {
        self.list(limit, Self::attribute)
    }

    fn attribute(&mut self) -> Option<()> {
        self.text()?;
        self.value()
    }

    /// A value of any depth, in constant stack; one within more than [`DEPTH`] others becomes empty.
    fn value(&mut self) -> Option<()> {
        // For each array and map around: twice what is left of it, and 1 where keys stand before the values.
        let mut around: Vec<u64> = Vec::new();
        let mut mark = 0;
        loop {
            let before = self.reader;
            match self.reader.byte()? {
                tag::EMPTY | tag::FALSE | tag::TRUE => {}
                tag::TEXT => self.text_value()?,
                tag::INT => {
                    self.reader.varint()?;
                }
                tag::DOUBLE => {
                    self.reader.take(8)?;
                }
                tag::BYTES => self.bytes_value()?,
                tag @ (tag::ARRAY | tag::MAP) => {
                    if around.len() == DEPTH {
                        self.copy_to(before);
                        self.out.push(tag::EMPTY);
                        mark = self.out.len();
                        self.too_deep = self.too_deep.saturating_add(1);
                    }
                    around.push(u64::from(self.reader.count()?) << 1 | u64::from(tag == tag::MAP));
                }
                _ => return None,
            }
            loop {
                match around.last_mut() {
                    None => return Some(()),
                    Some(left) if *left < 2 => {
                        around.pop();
                        if around.len() == DEPTH {
                            self.leave_out(mark);
                        }
                    }
                    Some(left) => {
                        *left -= 2;
                        if *left & 1 == 1 {
                            self.text()?;
                        }
                        break;
                    }
                }
            }
        }
    }

    fn text_value(&mut self) -> Option<()> {
        let before = self.reader;
        // One that is interned is cut when it is written.
        if let Text::Inline(text) = self.text()? {
            self.shorten(before, text.as_bytes(), cut(text, self.limits.value_length), 1);
        }
        Some(())
    }

    fn bytes_value(&mut self) -> Option<()> {
        let before = self.reader;
        let bytes = self.reader.bytes()?;
        let length = self.limits.value_length as usize;
        self.shorten(before, bytes, if length == 0 { bytes.len() } else { length }, 0);
        Some(())
    }

    /// Leaves `length` of the bytes that were read since `before`; the length is written shifted left by `shift`.
    fn shorten(&mut self, before: Reader<'r>, bytes: &[u8], length: usize, shift: u32) {
        if let Some(bytes) = bytes.get(..length).filter(|some| some.len() < bytes.len()) {
            self.copy_to(before);
            self.varint((bytes.len() as u32) << shift);
            self.out.extend_from_slice(bytes);
        }
    }
}
