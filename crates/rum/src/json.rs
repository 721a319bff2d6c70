//! JSON into a buffer, in as little code as it takes: `core::fmt` and a crate for numbers weigh more than the tracer.

use alloc::vec;
use alloc::vec::Vec;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Text that grows. A span is some fifty short pieces: `Vec` would look for room and call for a copy at each.
#[derive(Debug, Default)]
pub(crate) struct Json {
    /// Zeros after the first `length`.
    bytes: Vec<u8>,
    length: usize,
}

impl Json {
    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Bytes of memory.
    pub(crate) fn held(&self) -> usize {
        self.bytes.capacity()
    }

    /// Forgets what was written after the first `length` bytes, and keeps the memory.
    pub(crate) fn cut(&mut self, length: usize) {
        self.length = length;
    }

    /// The end of a list, each element of which ends with a comma.
    pub(crate) fn close(&mut self, text: &str) {
        if self.text().last() == Some(&b',') {
            self.length -= 1;
        }
        self.raw(text);
    }

    /// The next so many bytes.
    fn room(&mut self, count: usize) -> &mut [u8] {
        let begin = self.length;
        let end = begin + count;
        if end > self.bytes.len() {
            self.enlarge(end);
        }
        self.length = end;
        self.bytes.get_mut(begin..end).unwrap_or_default()
    }

    #[cold]
    #[inline(never)]
    fn enlarge(&mut self, least: usize) {
        let mut larger = vec![0; (least * 2).max(1024)];
        if let Some(same) = larger.get_mut(..self.length) {
            same.copy_from_slice(self.text());
        }
        self.bytes = larger;
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, text: &[u8]) {
        let to = self.room(text.len());
        // Copying as such is a call out of wasm, and a span is some forty short pieces.
        if text.len() > 64 {
            to.copy_from_slice(text);
        } else if !(ends::<32>(to, text)
            || ends::<16>(to, text)
            || ends::<8>(to, text)
            || ends::<4>(to, text))
        {
            for (to, byte) in to.iter_mut().zip(text) {
                *to = *byte;
            }
        }
    }

    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A text, and after it two lower-case digits a byte, of groups of four.
    pub(crate) fn id(&mut self, text: &str, bytes: &[u8]) {
        self.raw(text);
        let (groups, _) = bytes.as_chunks::<4>();
        let digits = self.room(groups.len() * 8).as_chunks_mut::<8>().0;
        for (digits, group) in digits.iter_mut().zip(groups) {
            *digits = hex(u32::from_be_bytes(*group));
        }
    }

    /// A text, escaped, between two that are not.
    pub(crate) fn around(&mut self, (before, after): (&str, &str), text: &[u8]) {
        self.raw(before);
        self.escape(text);
        self.raw(after);
    }

    /// The text between quotation marks, without them.
    fn escape(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(at) = rest.iter().position(|&byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            let Some((before, [byte, after @ ..])) = rest.split_at_checked(at) else { return };
            self.bytes(before);
            match byte {
                b'\n' => self.raw("\\n"),
                b'"' | b'\\' => self.bytes(&[b'\\', *byte]),
                _ => {
                    self.raw("\\u00");
                    self.bytes(hex(u32::from(*byte)).last_chunk::<2>().unwrap_or(b"00"));
                }
            }
            rest = after;
        }
        self.bytes(rest);
    }

    /// Decimal digits.
    #[inline(never)]
    pub(crate) fn number(&mut self, value: u64) {
        const PART: u64 = 100_000_000;
        if value < 10 {
            return self.bytes(&[b'0' + value as u8]);
        }
        let high = value / PART;
        let parts = [(high / PART) as u32, (high % PART) as u32, (value % PART) as u32];
        let mut text = [0; 24];
        let mut zeros = 0;
        for (before, (to, part)) in (0..).step_by(8).zip(text.as_chunks_mut::<8>().0.iter_mut().zip(parts)) {
            let digits = decimal(part);
            *to = (0x3030_3030_3030_3030 + digits).to_le_bytes();
            if zeros == before {
                zeros += digits.trailing_zeros() as usize / 8;
            }
        }
        self.bytes(text.get(zeros..).unwrap_or_default());
    }

    pub(crate) fn signed(&mut self, value: i64) {
        if value < 0 {
            self.raw("-");
        }
        self.number(value.unsigned_abs());
    }

    /// Padded (RFC 4648).
    pub(crate) fn base64(&mut self, bytes: &[u8]) {
        for group in bytes.chunks(3) {
            let bits = group.iter().zip([16, 8, 0]).fold(0, |bits, (&byte, at)| bits | u32::from(byte) << at);
            for (place, at) in [18, 12, 6, 0].into_iter().enumerate() {
                let digit = BASE64.get((bits >> at) as usize & 63).copied().unwrap_or(b'=');
                self.bytes(&[if place > group.len() { b'=' } else { digit }]);
            }
        }
    }
}

/// Copies as much from both ends, if there is as much: all of what is not twice as long.
fn ends<const N: usize>(to: &mut [u8], text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else { return false };
    if let Some(to) = to.first_chunk_mut() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut() {
        *to = *last;
    }
    true
}

/// Eight digits of a number that has no more, one in each byte of a word.
fn decimal(value: u32) -> u64 {
    // Of four digits each, then of two, then one: the lowest bits are the first.
    let fours = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007F_0000_007F;
    let twos = hundreds | (fours - hundreds * 100) << 16;
    let tens = ((twos * 103) >> 10) & 0x000F_000F_000F_000F;
    tens | (twos - tens * 10) << 8
}

/// Eight digits at once, one in each byte of a word.
fn hex(bytes: u32) -> [u8; 8] {
    let mut digits = u64::from(bytes);
    digits = (digits << 16 | digits) & 0x0000_FFFF_0000_FFFF;
    digits = (digits << 8 | digits) & 0x00FF_00FF_00FF_00FF;
    digits = (digits << 4 | digits) & 0x0F0F_0F0F_0F0F_0F0F;
    // 1 where a digit is a letter.
    let letters = ((digits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (digits + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut Json), expected: &str) {
        // Also where the buffer grows, and where something else was.
        for before in [0, 1020] {
            let mut json = Json::default();
            json.bytes(&[b'x'; 1500]);
            json.cut(0);
            json.bytes(&vec![b' '; before]);
            write(&mut json);
            assert_eq!(str::from_utf8(json.text()).expect("UTF-8").trim_start(), expected);
        }
    }

    #[test]
    fn pieces_of_any_length() {
        let text = "0123456789abcdefghijklmnopqrstuvwxyz";
        for length in 0..text.len() {
            let piece = text.get(..length).expect("ASCII");
            check(|json| json.raw(piece), piece);
        }
    }

    #[test]
    fn numbers() {
        for value in [
            0,
            9,
            10,
            99_999_999,
            100_000_000,
            999_999_999,
            1_234_567_800_000_012,
            9_999_999_999_999_999,
            1_000_000_000,
            1_795_219_200_000_000_007,
            u64::MAX,
        ] {
            check(|json| json.number(value), &value.to_string());
        }
        check(|json| json.signed(i64::MIN), "-9223372036854775808");
    }

    #[test]
    fn ids() {
        let bytes: Vec<u8> = (0..=255).collect();
        let expected: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        check(|json| json.id("", &bytes), &expected.concat());
    }

    #[test]
    fn escapes() {
        check(|json| json.escape(b"a\"b\\c\nd\x01\x1fe"), "a\\\"b\\\\c\\nd\\u0001\\u001fe");
    }
}
