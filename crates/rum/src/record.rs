//! One span of the stream: checked, brought within its limits, and copied as it is.

use alloc::vec::Vec;

use crate::read::{Reader, Text, put_varint};
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
    pub(crate) reader: Reader<'r>,
    /// What was not yet copied, and whatever follows.
    piece: &'r [u8],
    out: &'a mut Vec<u8>,
    limits: &'a Limits,
    /// Texts that are defined.
    texts: usize,
    /// Values that were too deep, of the list that is being read.
    too_deep: u32,
}

impl<'r, 'a> Intake<'r, 'a> {
    /// What is read goes to the end of `out`, whether or not it turns out to be malformed.
    pub(crate) fn new(reader: Reader<'r>, out: &'a mut Vec<u8>, limits: &'a Limits, texts: usize) -> Self {
        Self { reader, piece: reader.rest(), out, limits, texts, too_deep: 0 }
    }

    pub(crate) fn span(&mut self) -> Facts {
        let bits = self.reader.byte();
        self.reader.take(if bits & PARENT == 0 { 24 } else { 32 });
        let flags = self.reader.small();
        let group = self.reader.small();
        self.text();
        let kind = self.reader.byte();
        self.reader.varint();
        let duration = self.reader.varint();
        let status = self.reader.byte();
        self.reader.fail_unless(bits < KEPT_FOR_ERROR && kind <= 5 && status <= ERROR);
        if bits & STATE != 0 {
            self.text();
        }
        if bits & MESSAGE != 0 {
            self.text();
        }
        self.list(self.limits.attributes, Self::attribute);
        self.list(self.limits.events, |it| {
            it.text();
            it.reader.varint();
            it.list(it.limits.attributes_per_item, Self::attribute);
        });
        self.list(self.limits.links, |it| {
            it.reader.take(24);
            it.reader.small();
            it.text();
            it.list(it.limits.attributes_per_item, Self::attribute);
        });
        self.copy_to(self.left());
        Facts {
            group,
            root: bits & ROOT != 0,
            sampled: flags & SAMPLED != 0,
            error: status == ERROR,
            duration,
        }
    }

    /// Attributes as a resource has them: without the count of those that were dropped.
    pub(crate) fn resource(&mut self) {
        for _ in 0..self.reader.count() {
            self.attribute();
        }
        self.copy_to(self.left());
    }

    /// Bytes left to read, which says where the reader is.
    fn left(&self) -> usize {
        self.reader.rest().len()
    }

    /// Copies what was read until so many bytes were left. What was read since then is left out.
    fn copy_to(&mut self, left: usize) {
        let length = self.piece.len().saturating_sub(left);
        self.out.extend_from_slice(self.piece.get(..length).unwrap_or_default());
        self.piece = self.reader.rest();
    }

    /// Takes back what was written after `mark`, and leaves out what was read since.
    fn leave_out(&mut self, mark: usize) {
        self.out.truncate(mark);
        self.piece = self.reader.rest();
    }

    fn text(&mut self) -> Text<'r> {
        let text = self.reader.text();
        if let Text::Interned(number) = text
            && number as usize >= self.texts
        {
            self.reader.fail();
        }
        text
    }

    /// A list, and the count of what the page dropped of it.
    fn list(&mut self, limit: u32, element: fn(&mut Self)) {
        let of_others = core::mem::take(&mut self.too_deep);
        let before = self.left();
        let count = self.reader.count();
        let kept = count.min(limit);
        if kept < count {
            self.copy_to(before);
            put_varint(self.out, kept);
        }
        let mut too_deep = 0;
        let mut mark = 0;
        for index in 0..count {
            if index == kept {
                self.copy_to(self.left());
                mark = self.out.len();
            }
            element(self);
            if index < kept {
                too_deep = self.too_deep;
            }
        }
        if kept < count {
            self.leave_out(mark);
        }
        let dropped = count - kept + too_deep;
        let before = self.left();
        let said = self.reader.small();
        if dropped > 0 {
            self.copy_to(before);
            put_varint(self.out, said.saturating_add(dropped));
        }
        self.too_deep = of_others;
    }

    fn attribute(&mut self) {
        self.text();
        self.value();
    }

    /// A value of any depth, in constant stack; one within more than [`DEPTH`] others becomes empty.
    fn value(&mut self) {
        // For each array and map around: twice what is left of it, and 1 where keys stand before the values.
        let mut around: Vec<u64> = Vec::new();
        let mut mark = 0;
        while !self.reader.malformed() {
            let before = self.left();
            let tag = self.reader.byte();
            match tag {
                tag::EMPTY | tag::FALSE | tag::TRUE => {}
                tag::TEXT | tag::BYTES => self.long_value(tag),
                tag::INT => {
                    self.reader.varint();
                }
                tag::DOUBLE => {
                    self.reader.bytes();
                }
                tag::ARRAY | tag::MAP => {
                    if around.len() == DEPTH {
                        self.copy_to(before);
                        self.out.push(tag::EMPTY);
                        mark = self.out.len();
                        self.too_deep += 1;
                    }
                    around.push(u64::from(self.reader.count()) << 1 | u64::from(tag == tag::MAP));
                }
                _ => self.reader.fail(),
            }
            loop {
                let Some(left) = around.last_mut() else { return };
                if *left >= 2 {
                    *left -= 2;
                    if *left & 1 == 1 {
                        self.text();
                    }
                    break;
                }
                around.pop();
                if around.len() == DEPTH {
                    self.leave_out(mark);
                }
            }
        }
    }

    /// A text, or bytes, of limited length. A text that is interned is cut when it is written.
    fn long_value(&mut self, tag: u8) {
        let before = self.left();
        let limit = self.limits.value_length;
        let (bytes, length, shift) = if tag == tag::BYTES {
            let bytes = self.reader.bytes();
            (bytes, if limit == 0 { bytes.len() } else { limit as usize }, 0)
        } else {
            let Text::Inline(text) = self.text() else { return };
            (text, cut(text, limit), 1)
        };
        if length < bytes.len() {
            self.copy_to(before);
            put_varint(self.out, (length as u32) << shift);
            self.out.extend_from_slice(bytes.get(..length).unwrap_or_default());
        }
    }
}
