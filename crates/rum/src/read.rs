//! Reads the record stream. Nothing in it is trusted: what does not fit is `None`.

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

/// A text of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    /// Defined before, under this number.
    Interned(u32),
    /// UTF-8.
    Inline(&'a str),
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    pub(crate) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// LEB128, of 64 bits at most.
    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte()?;
            // The tenth byte holds one bit, and is the last.
            if shift == 63 && byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
            shift += 7;
        }
    }

    /// LEB128 in which the sign is the lowest bit.
    pub(crate) fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    /// How many things follow. Each takes a byte or more, so that a wrong count is told before anything is done for it.
    pub(crate) fn count(&mut self) -> Option<u32> {
        self.small().filter(|&count| count as usize <= self.rest.len())
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.small()?;
        self.take(length as usize)
    }

    pub(crate) fn utf8(&mut self, length: u32) -> Option<&'a str> {
        core::str::from_utf8(self.take(length as usize)?).ok()
    }

    pub(crate) fn text(&mut self) -> Option<Text<'a>> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 1).ok()?;
        Some(if tag & 1 == 1 { Text::Interned(number) } else { Text::Inline(self.utf8(number)?) })
    }
}
