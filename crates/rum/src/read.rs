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

    #[inline(never)]
    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
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
        loop {
            let byte = self.byte();
            // The tenth byte holds one bit, and is the last.
            if shift == 63 && byte > 1 {
                self.fail();
                return 0;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
        }
    }

    /// LEB128 in which the sign is the lowest bit.
    pub(crate) fn zigzag(&mut self) -> i64 {
        let value = self.varint();
        (value >> 1) as i64 ^ -((value & 1) as i64)
    }

    #[inline(never)]
    pub(crate) fn small(&mut self) -> u32 {
        let value = self.varint();
        self.fail_unless(u32::try_from(value).is_ok());
        value as u32
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
