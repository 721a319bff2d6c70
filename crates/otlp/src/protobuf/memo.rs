//! Attributes whose very bytes came before: the sink is told their names, and nothing of them is read again.

use std::fmt;

use otel::{AttributeRef, KeyValue, ResourceRef, ScopeRef, SpanRow, SpanSink};

use super::encode::Message;
use super::message::{attribute, fill};
use super::wire::Malformed;
use crate::notes::Notes;

/// Places to find known attributes by.
const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 13;

/// Room for the bytes of known attributes. When it is full, all are forgotten.
const ROOM: usize = 256 << 10;

/// What a stream of spans repeats.
pub(super) struct Memo {
    /// The sink takes attributes in rows only.
    in_rows: bool,
    known: Vec<Known>,
    /// Known attributes as they stand in spans, with key and length before them.
    bytes: Message,
    slots: Vec<Slot>,
    /// What came last after a text like the one before, as index into `known`: spans have their attributes in one order.
    next: [u32; PLACES],
    before: u8,
    /// Those of the span at hand.
    pub(super) names: Vec<AttributeRef>,
}

impl Default for Memo {
    fn default() -> Self {
        Self {
            in_rows: false,
            known: Vec::new(),
            bytes: Message::default(),
            slots: Vec::new(),
            next: [0; PLACES],
            before: 0,
            names: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Known {
    name: AttributeRef,
    /// Where in [`Memo::bytes`].
    start: u32,
    length: u16,
    /// Where in [`Memo::next`] what comes after it is told.
    place: u8,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Index into [`Memo::known`].
    known: u32,
    /// Of what was not found here last: what never comes again is not kept.
    missed: u32,
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Memo {
    /// Takes those attributes that begin the rest of a span and are the ones that were to be expected.
    #[inline]
    pub(super) fn expected<'b>(&mut self, mut rest: &'b [u8]) -> &'b [u8] {
        while let Some(&expected) = self.known.get(next(&self.next, self.before) as usize)
            && let Some((attribute, after)) = rest.split_at_checked(expected.length.into())
            && let Some(known) = self.bytes.0.get(expected.start as usize..)
            && let Some(known) = known.get(..attribute.len())
            && same(attribute, known)
        {
            self.names.push(expected.name);
            self.before = expected.place;
            rest = after;
        }
        rest
    }

    /// One more attribute of the span at hand, from its `KeyValue`.
    #[inline]
    pub(super) fn attribute<'b>(
        &mut self,
        row: &mut SpanRow<'b>,
        bytes: &'b [u8],
        notes: &mut Notes,
        sink: &mut dyn SpanSink,
    ) -> Result<(), Malformed> {
        if self.in_rows {
            return attribute(&mut row.attributes, bytes, notes);
        }
        let before = std::mem::replace(&mut self.before, place_of(bytes));
        let hash = hash(bytes);
        let slot = self.slots.get(slot_of(hash)).copied().unwrap_or_default();
        if let Some(&Known { name, start, length, .. }) = self.known.get(slot.known as usize)
            && usize::from(length) == bytes.len() + frame(bytes.len())
            && let Some(known) = self.bytes.0.get(start as usize + frame(bytes.len())..)
            && let Some(known) = known.get(..bytes.len())
            && same(bytes, known)
        {
            self.names.push(name);
            if let Some(next) = self.next.get_mut(usize::from(before)) {
                *next = slot.known;
            }
            return Ok(());
        }
        self.read(hash, row, bytes, notes, sink)
    }

    /// The span at hand is called so.
    #[inline]
    pub(super) fn span_name(&mut self, name: &[u8]) {
        self.before = place(name.len(), name.last());
    }

    /// Gives the span at hand to the sink.
    #[inline]
    pub(super) fn tell(
        &self,
        sink: &mut dyn SpanSink,
        resource: ResourceRef,
        scope: ScopeRef,
        row: &SpanRow<'_>,
    ) {
        if self.names.is_empty() {
            sink.span(resource, scope, row);
        } else {
            sink.span_with(resource, scope, row, &self.names);
        }
    }

    #[inline(never)]
    fn read<'b>(
        &mut self,
        hash: u64,
        row: &mut SpanRow<'b>,
        bytes: &'b [u8],
        notes: &mut Notes,
        sink: &mut dyn SpanSink,
    ) -> Result<(), Malformed> {
        let noted = notes.count();
        let mut attribute = KeyValue::default();
        fill(&mut attribute, bytes, notes)?;
        let Some(name) = sink.attribute(&attribute) else {
            self.in_rows = true;
            row.attributes.push(attribute);
            return Ok(());
        };
        self.names.push(name);
        // What was odd is to be told each time.
        if notes.count() == noted {
            self.keep(hash, bytes, name);
        }
        Ok(())
    }

    fn keep(&mut self, hash: u64, bytes: &[u8], name: AttributeRef) {
        let length = bytes.len() + frame(bytes.len());
        if length > MAX_LENGTH {
            return;
        }
        if self.slots.is_empty() || self.bytes.0.len() + length > ROOM {
            self.slots.clear();
            self.slots.resize(SLOTS, Slot::default());
            self.next.fill(0);
            self.bytes.0.clear();
            self.known.clear();
            // Where nothing is known, this stands, which is longer than any attribute.
            self.known.push(Known { name, start: 0, length: u16::MAX, place: 0 });
        }
        let Some(slot) = self.slots.get_mut(slot_of(hash)) else { return };
        if slot.missed != hash as u32 {
            slot.missed = hash as u32;
            return;
        }
        slot.known = self.known.len() as u32;
        let (start, length) = (self.bytes.0.len() as u32, length as u16);
        self.known.push(Known { name, start, length, place: place_of(bytes) });
        self.bytes.bytes(9, bytes);
    }
}

/// The key of `Span.attributes`.
pub(super) const ATTRIBUTES: u8 = 0x4A;

/// Longer attributes are not kept.
const MAX_LENGTH: usize = 1 << 12;

/// Of key and length before an attribute.
#[inline]
fn frame(length: usize) -> usize {
    if length < 0x80 { 2 } else { 3 }
}

/// Texts that are told apart to guess what comes next.
const PLACES: usize = 1 << u8::BITS;

#[inline]
fn next(next: &[u32; PLACES], before: u8) -> u32 {
    next.get(usize::from(before)).copied().unwrap_or_default()
}

/// Texts differ in length or last letter.
#[inline]
fn place(length: usize, last: Option<&u8>) -> u8 {
    (length as u8).wrapping_mul(31).wrapping_add(last.copied().unwrap_or_default())
}

/// The place of a key.
#[inline]
fn place_of(key_value: &[u8]) -> u8 {
    let length = usize::from(key_value.get(1).copied().unwrap_or_default());
    place(length, key_value.get(length + 1))
}

#[inline]
fn slot_of(hash: u64) -> usize {
    (hash >> (64 - SLOT_BITS)) as usize
}

/// Of the length, the start, the middle and the end: where the key is told, and the value.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let word = |word: Option<&[u8; 8]>| word.map_or(0, |word| u64::from_le_bytes(*word));
    let middle = bytes.get(bytes.len() / 2..).and_then(<[u8]>::first_chunk);
    let mixed = (word(bytes.first_chunk()) ^ bytes.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        ^ word(middle).wrapping_mul(0xC2B2_AE3D_27D4_EB4F).rotate_left(21)
        ^ word(bytes.last_chunk()).wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(42);
    mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Are they equal? They are of one length. Inlined, where the library would call a function that, in WebAssembly, goes
/// byte by byte.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    let (a_parts, b_parts) = (a.as_chunks::<16>().0, b.as_chunks::<16>().0);
    for (a, b) in a_parts.iter().zip(b_parts) {
        if u128::from_le_bytes(*a) != u128::from_le_bytes(*b) {
            return false;
        }
    }
    match (a.last_chunk::<16>(), b.last_chunk::<16>()) {
        (Some(a), Some(b)) => u128::from_le_bytes(*a) == u128::from_le_bytes(*b),
        _ => a == b,
    }
}
