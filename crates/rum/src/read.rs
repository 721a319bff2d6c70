//! Reads the record stream. Nothing in it is trusted. What does not fit is told at the end, once: until then it reads as
//! zero and as nothing, which costs no code at each place that reads.

use alloc::vec::Vec;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    malformed: bool,
}

/// A text of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// Defined before, under this number.
    Interned(u32),
    /// UTF-8, as the page's `TextEncoder` writes it.
    Inline(&'a [u8]),
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, malformed: false }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Did something not fit? Then nothing more is read.
    pub(crate) fn malformed(&self) -> bool {
        self.malformed
    }

    pub(crate) fn fail(&mut self) {
        self.rest = &[];
        self.malformed = true;
    }

    #[inline(never)]
    pub(crate) fn fail_unless(&mut self, fits: bool) {
        if !fits {
            self.fail();
        }
    }

    #[inline(never)]
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        if let Some((taken, rest)) = self.rest.split_at_checked(count) {
            self.rest = rest;
            return taken;
        }
        self.fail();
        &[]
    }

    pub(crate) fn byte(&mut self) -> u8 {
        if let Some((byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            return *byte;
        }
        self.fail();
        0
    }

    /// Four bytes, as [`crate::log`] writes its lengths.
    pub(crate) fn word(&mut self) -> u32 {
        self.take(4).first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// LEB128, of 64 bits at most.
    #[inline(never)]
    pub(crate) fn varint(&mut self) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        let mut bytes = self.rest.iter();
        for &byte in bytes.by_ref() {
            value |= u64::from(byte & 0x7F) << shift;
            // The tenth byte holds one bit, and is the last.
            if shift == 63 && byte > 1 {
                break;
            }
            if byte < 0x80 {
                self.rest = bytes.as_slice();
                return value;
            }
            shift += 7;
        }
        self.fail();
        0
    }

    /// LEB128 in which the sign is the lowest bit.
    pub(crate) fn zigzag(&mut self) -> i64 {
        let value = self.varint();
        (value >> 1) as i64 ^ -((value & 1) as i64)
    }

    #[inline(never)]
    pub(crate) fn small(&mut self) -> u32 {
        // Nearly all are.
        if let [byte @ 0..0x80, rest @ ..] = self.rest {
            self.rest = rest;
            return u32::from(*byte);
        }
        u32::try_from(self.varint()).unwrap_or_else(|_| {
            self.fail();
            0
        })
    }

    /// How many things follow. Each takes a byte or more, so that a wrong count is told before anything is done for it.
    #[inline(never)]
    pub(crate) fn count(&mut self) -> u32 {
        let count = self.small();
        if count as usize <= self.rest.len() {
            return count;
        }
        self.fail();
        0
    }

    pub(crate) fn bytes(&mut self) -> &'a [u8] {
        let length = self.small();
        self.take(length as usize)
    }

    #[inline(never)]
    pub(crate) fn text(&mut self) -> Text<'a> {
        let tag = self.small();
        if tag & 1 == 1 { Text::Interned(tag >> 1) } else { Text::Inline(self.take(tag as usize >> 1)) }
    }
}

#[inline(never)]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
