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

    /// Forgets what was written, and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// The next so many bytes.
    #[inline(never)]
    fn grow(&mut self, count: usize) -> &mut [u8] {
        let begin = self.length;
        self.length += count;
        if self.bytes.len() < self.length {
            let mut larger = vec![0; (self.length * 2).max(1024)];
            if let Some(same) = larger.get_mut(..begin) {
                same.copy_from_slice(self.bytes.get(..begin).unwrap_or_default());
            }
            self.bytes = larger;
        }
        self.bytes.get_mut(begin..self.length).unwrap_or_default()
    }

    #[inline(never)]
    pub(crate) fn bytes(&mut self, text: &[u8]) {
        let to = self.grow(text.len());
        // Copying as such is a call out of wasm. What is this short is two words, which may overlap.
        if text.len() <= 16
            && let Some((first, last)) = text.first_chunk::<8>().zip(text.last_chunk::<8>())
        {
            if let Some(to) = to.first_chunk_mut() {
                *to = *first;
            }
            if let Some(to) = to.last_chunk_mut() {
                *to = *last;
            }
        } else if text.len() < 8
            && let Some((first, last)) = text.first_chunk::<4>().zip(text.last_chunk::<4>())
        {
            if let Some(to) = to.first_chunk_mut() {
                *to = *first;
            }
            if let Some(to) = to.last_chunk_mut() {
                *to = *last;
            }
        } else if text.len() < 4 {
            for at in 0..3 {
                if let Some((to, byte)) = to.get_mut(at).zip(text.get(at)) {
                    *to = *byte;
                }
            }
        } else {
            to.copy_from_slice(text);
        }
    }

    #[inline(never)]
    pub(crate) fn raw(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Two lower-case digits a byte, of groups of four: an id.
    pub(crate) fn hex(&mut self, bytes: &[u8]) {
        let (groups, _) = bytes.as_chunks::<4>();
        let digits = self.grow(groups.len() * 8).as_chunks_mut::<8>().0;
        for (digits, group) in digits.iter_mut().zip(groups) {
            *digits = hex(u32::from_be_bytes(*group));
        }
    }

    /// The text between quotation marks, without them.
    pub(crate) fn escape(&mut self, text: &[u8]) {
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
    pub(crate) fn number(&mut self, value: u64) {
        let mut text = [b'0'; 20];
        let mut length = 0;
        let mut rest = value;
        let mut digits = text.iter_mut().rev();
        // Nine at a time: short numbers are divided faster than long ones.
        loop {
            let mut part = (rest % 1_000_000_000) as u32;
            rest /= 1_000_000_000;
            for digit in digits.by_ref().take(9) {
                *digit = b'0' + (part % 10) as u8;
                part /= 10;
                length += 1;
                if rest == 0 && part == 0 {
                    break;
                }
            }
            if rest == 0 {
                break;
            }
        }
        self.bytes(text.get(text.len() - length..).unwrap_or_default());
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
            json.clear();
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
        for value in [0, 9, 10, 999_999_999, 1_000_000_000, 1_795_219_200_000_000_007, u64::MAX] {
            check(|json| json.number(value), &value.to_string());
        }
        check(|json| json.signed(i64::MIN), "-9223372036854775808");
    }

    #[test]
    fn ids() {
        let bytes: Vec<u8> = (0..=255).collect();
        let expected: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        check(|json| json.hex(&bytes), &expected.concat());
    }

    #[test]
    fn escapes() {
        check(|json| json.escape(b"a\"b\\c\nd\x01\x1fe"), "a\\\"b\\\\c\\nd\\u0001\\u001fe");
    }
}
