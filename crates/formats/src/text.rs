//! The window: the part of the input that is not yet decoded, as valid text.

use otel::WarningKind;

use crate::notes::Notes;

/// Bytes come in at the end, decoded text leaves at the start. UTF-8 is checked here, once, so that nothing behind
/// it has to.
#[derive(Debug, Default)]
pub(crate) struct Window {
    text: String,
    /// Everything in `text` before this has been decoded.
    start: usize,
    /// Position of `text`'s first byte in all the text there was.
    base: u64,
    /// A character cut off by the end of a chunk.
    tail: Vec<u8>,
    /// Where repairs made the text longer than the input: text position after the repair, bytes added so far.
    shifts: Vec<(u64, i64)>,
    shift: i64,
    begun: bool,
}

const BOM: &[u8] = b"\xEF\xBB\xBF";

impl Window {
    pub(crate) fn rest(&self) -> &str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// What came after that, and is no whole character yet.
    pub(crate) fn tail(&self) -> &[u8] {
        &self.tail
    }

    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start += bytes;
    }

    /// Offset in the input of the byte `ahead` of what is decoded.
    pub(crate) fn offset(&self, ahead: usize) -> u64 {
        let position = self.base + (self.start + ahead) as u64;
        let repairs = self.shifts.partition_point(|&(at, _)| at <= position);
        let shift =
            repairs.checked_sub(1).and_then(|last| self.shifts.get(last)).map_or(0, |&(_, shift)| shift);
        position.saturating_add_signed(-shift)
    }

    pub(crate) fn append(&mut self, bytes: &[u8], notes: &mut Notes) {
        self.compact();
        if self.tail.is_empty() && self.begun {
            self.append_cut(bytes, notes);
            return;
        }
        let mut joined = std::mem::take(&mut self.tail);
        joined.extend_from_slice(bytes);
        if !self.begun {
            if joined.len() < BOM.len() && BOM.starts_with(&joined) {
                self.tail = joined;
                return;
            }
            self.begun = true;
            if joined.starts_with(BOM) {
                self.shift = -(BOM.len() as i64);
                self.shifts.push((0, self.shift));
                joined.drain(..BOM.len());
            }
        }
        self.append_cut(&joined, notes);
    }

    /// The input ends here: an unfinished character will not be finished.
    pub(crate) fn finish(&mut self, notes: &mut Notes) {
        let tail = std::mem::take(&mut self.tail);
        self.append_lossy(&tail, notes);
    }

    fn compact(&mut self) {
        if self.start > 0 {
            self.text.drain(..self.start);
            self.base += self.start as u64;
            self.start = 0;
            let past = self.shifts.partition_point(|&(at, _)| at <= self.base);
            self.shifts.drain(..past.saturating_sub(1));
        }
    }

    fn append_cut(&mut self, bytes: &[u8], notes: &mut Notes) {
        let (whole, tail) = bytes.split_at(bytes.len() - unfinished(bytes));
        self.tail.extend_from_slice(tail);
        match simdutf8::basic::from_utf8(whole) {
            Ok(text) => self.text.push_str(text),
            Err(_) => self.append_lossy(whole, notes),
        }
    }

    fn append_lossy(&mut self, bytes: &[u8], notes: &mut Notes) {
        for chunk in bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                let offset = self.offset(self.text.len() - self.start);
                notes.add_at(
                    Some(offset),
                    WarningKind::InvalidUtf8,
                    format_args!("bytes {:02x?} are not UTF-8; replaced by U+FFFD", chunk.invalid()),
                );
                self.text.push(char::REPLACEMENT_CHARACTER);
                let added = char::REPLACEMENT_CHARACTER.len_utf8() as i64 - chunk.invalid().len() as i64;
                if added != 0 {
                    self.shift += added;
                    self.shifts.push((self.base + self.text.len() as u64, self.shift));
                }
            }
        }
    }
}

/// How many bytes at the end begin a character that goes on after them.
fn unfinished(bytes: &[u8]) -> usize {
    for (length, &byte) in (1..=3).zip(bytes.iter().rev()) {
        match byte {
            0x80..=0xBF => {}
            0xC2..=0xDF => return if length < 2 { length } else { 0 },
            0xE0..=0xEF => return if length < 3 { length } else { 0 },
            0xF0..=0xF4 => return length,
            _ => return 0,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text and the offset of its end, after chunks of every size.
    fn check(bytes: &[u8], expected: &str) {
        for size in 1..=bytes.len() {
            let (mut window, mut notes) = (Window::default(), Notes::default());
            for chunk in bytes.chunks(size) {
                window.append(chunk, &mut notes);
            }
            window.finish(&mut notes);
            assert_eq!(window.rest(), expected, "chunks of {size}");
            assert_eq!(window.offset(window.rest().len()), bytes.len() as u64, "chunks of {size}");
        }
    }

    #[test]
    fn characters_cut_anywhere() {
        check("aé€😀z".as_bytes(), "aé€😀z");
        check("\u{feff}{}".as_bytes(), "{}");
        check(b"\xEF\xBB", "\u{fffd}");
    }

    #[test]
    fn invalid_bytes_are_replaced() {
        check(b"a\xFFb", "a\u{fffd}b");
        check(b"\xC3(", "\u{fffd}(");
        check(b"\xE2\x82", "\u{fffd}");
        check(b"\xED\xA0\x80x\x80\x80", "\u{fffd}\u{fffd}\u{fffd}x\u{fffd}\u{fffd}");
        check(b"\xF0\x9F\x98", "\u{fffd}");
    }

    #[test]
    fn offsets_are_those_of_the_input() {
        let (mut window, mut notes) = (Window::default(), Notes::default());
        window.append(b"\xEF\xBB\xBFab\xFFcd", &mut notes);
        let offsets: Vec<_> = [0, 1, 2, 5, 6].iter().map(|&ahead| window.offset(ahead)).collect();
        assert_eq!(offsets, [3, 4, 5, 6, 7], "a, b, the bad byte, c, d");
        window.consume(6);
        window.append(b"e", &mut notes);
        assert_eq!((window.rest(), window.offset(0)), ("de", 7));
    }
}
