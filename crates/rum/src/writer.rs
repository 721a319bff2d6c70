//! The record stream to text.

use alloc::vec::Vec;

use crate::grow;

/// What is copied at once. There is as much room, and as much input, after whatever is copied.
const PIECE: usize = 16;

/// What a byte of the stream becomes.
const EXPANSION: usize = 6;
/// Texts, at most.
const TEXTS: usize = 4096;

/// Tokens that are no texts.
const SPAN: usize = 1;
const CHILD: usize = 3;
const TIME: usize = 5;
const FIRST_TEXT: usize = 7;

/// Writes the record stream as text. Memory is kept for the next time.
#[derive(Debug)]
pub struct Writer {
    /// Anything after the first `end` bytes.
    input: Vec<u8>,
    end: usize,
    /// What is read next.
    at: usize,
    /// Where each text begins, and a byte more than where it ends.
    texts: [u32; TEXTS + 1],
    /// Anything after the first `length` bytes.
    out: Vec<u8>,
    length: usize,
    /// Unix nanoseconds at which the span of now begins.
    start: u64,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// Nothing written yet.
    #[expect(clippy::large_stack_arrays, reason = "where a page loads it, it is a static")]
    pub const fn new() -> Self {
        Self { input: Vec::new(), end: 0, at: 0, texts: [0; TEXTS + 1], out: Vec::new(), length: 0, start: 0 }
    }

    /// Where the next stream is to be put, of so many bytes.
    pub fn input(&mut self, bytes: usize) -> &mut [u8] {
        grow(&mut self.input, bytes + PIECE);
        self.end = bytes;
        self.input.get_mut(..bytes).unwrap_or_default()
    }

    /// The text of the input, of which so many bytes are texts. `origin`: Unix nanoseconds of the page's time origin.
    pub fn write(&mut self, texts: usize, origin: u64) -> &[u8] {
        let ends = self.input.iter().take(texts).zip(1..).filter(|(it, _)| **it == b'\n');
        for (begin, (_, end)) in self.texts.iter_mut().skip(1).zip(ends) {
            *begin = end;
        }
        self.at = texts;
        self.length = 0;
        // Mostly enough: memory moves when it grows.
        self.room(EXPANSION * self.end);
        while self.at < self.end {
            self.token(origin);
        }
        self.text()
    }

    /// What was written last.
    pub fn text(&self) -> &[u8] {
        self.out.get(..self.length).unwrap_or_default()
    }

    fn token(&mut self, origin: u64) {
        let token = self.varint() as usize;
        match token {
            SPAN | CHILD => {
                self.interned(0);
                self.hex(16);
                self.interned(1);
                self.hex(8);
                if token == CHILD {
                    self.interned(2);
                    self.hex(8);
                }
                self.start = origin.wrapping_add(self.varint());
                self.interned(3);
                self.number(self.start);
                self.interned(4);
                let duration = self.varint();
                self.number(self.start.wrapping_add(duration));
            }
            TIME => {
                let value = self.varint();
                self.number(self.start.wrapping_add(value >> 1 ^ (value & 1).wrapping_neg()));
            }
            _ if token % 2 == 1 => self.interned((token - FIRST_TEXT) / 2),
            _ => {
                self.copy(self.at, token / 2);
                self.at = self.at.saturating_add(token / 2);
            }
        }
    }

    fn byte(&mut self) -> u8 {
        let byte = self.input.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        byte
    }

    /// LEB128.
    fn varint(&mut self) -> u64 {
        let mut value = 0;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7F) << (shift & 63);
            shift += 7;
            if byte < 0x80 || shift > 63 {
                return value;
            }
        }
    }

    /// Room for so many bytes more.
    fn room(&mut self, more: usize) {
        grow(&mut self.out, self.length + more + PIECE);
    }

    fn interned(&mut self, number: usize) {
        if let Some([begin, end]) = self.texts.get(number..).and_then(|it| it.first_chunk()) {
            let begin = *begin as usize;
            self.copy(begin, (*end as usize).saturating_sub(begin + 1));
        }
    }

    /// Bytes of the input.
    fn copy(&mut self, mut begin: usize, mut count: usize) {
        // What is not there is not written.
        if begin.saturating_add(count).saturating_add(PIECE) > self.input.len() {
            return;
        }
        let bracket = self.out.get(self.length.wrapping_sub(1)) == Some(&b'[');
        if bracket && count > 0 && self.input.get(begin) == Some(&b',') {
            begin += 1;
            count -= 1;
        }
        self.room(count);
        let (Some(from), Some(to)) = (self.input.get(begin..), self.out.get_mut(self.length..)) else {
            return;
        };
        let pieces = to.as_chunks_mut::<PIECE>().0.iter_mut().zip(from.as_chunks::<PIECE>().0);
        for (to, from) in pieces.take(count / PIECE + 1) {
            *to = *from;
        }
        self.length += count;
    }

    /// Lower-case digits of the next so many bytes.
    fn hex(&mut self, count: usize) {
        self.room(2 * count);
        for _ in 0..count {
            let byte = self.byte();
            self.digit(byte >> 4);
            self.digit(byte & 15);
        }
    }

    /// Decimal digits.
    fn number(&mut self, value: u64) {
        const PART: u64 = 1_000_000_000;
        self.room(20);
        let begin = self.length;
        // The last first, nine at a time: division of 64 bits is slow.
        let mut rest = value;
        while rest >= PART {
            self.digits((rest % PART) as u32, 9);
            rest /= PART;
        }
        self.digits(rest as u32, 1);
        if let Some(digits) = self.out.get_mut(begin..self.length) {
            digits.reverse();
        }
    }

    /// At least so many digits, the last first.
    fn digits(&mut self, value: u32, least: usize) {
        let end = self.length + least;
        let mut rest = value;
        while rest > 0 || self.length < end {
            self.digit((rest % 10) as u8);
            rest /= 10;
        }
    }

    /// A digit, for which there is room.
    fn digit(&mut self, digit: u8) {
        if let Some(to) = self.out.get_mut(self.length) {
            *to = digit + if digit > 9 { b'a' - 10 } else { b'0' };
            self.length += 1;
        }
    }
}
