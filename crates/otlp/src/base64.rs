//! Base64, in the 1.5 kB that it takes; the crates for it weigh 25 kB of WebAssembly.

use std::fmt::{self, Write as _};

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Shows bytes in base64, padded (RFC 4648).
#[derive(Clone, Copy, Debug)]
pub struct Base64<'a>(pub &'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in self.0.chunks(3) {
            let bits = group.iter().zip([16, 8, 0]).fold(0, |bits, (&byte, at)| bits | u32::from(byte) << at);
            for (place, at) in [18, 12, 6, 0].into_iter().enumerate() {
                let digit = DIGITS.get((bits >> at) as usize & 63).copied().unwrap_or(b'=');
                f.write_char(if place > group.len() { '=' } else { digit.into() })?;
            }
        }
        Ok(())
    }
}

/// In either alphabet, padded or not.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let padding = text.len() - digits.len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    for group in digits.chunks(4) {
        let mut bits = 0;
        for &digit in group {
            bits = bits << 6 | value(digit)?;
        }
        let [_, whole @ ..] = (bits << (6 * (4 - group.len()))).to_be_bytes();
        let (of_group, rest) = whole.split_at_checked(group.len() - 1)?;
        // A digit that stands alone, or bits that no encoder leaves.
        if of_group.is_empty() || rest.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(of_group);
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(bytes: &[u8], text: &str) {
        assert_eq!(Base64(bytes).to_string(), text);
        assert_eq!(decode_base64(text).as_deref(), Some(bytes), "{text}");
        let bare = text.trim_end_matches('=');
        assert_eq!(decode_base64(bare).as_deref(), Some(bytes), "{bare}");
        let for_urls = text.replace('+', "-").replace('/', "_");
        assert_eq!(decode_base64(&for_urls).as_deref(), Some(bytes), "{for_urls}");
    }

    #[test]
    fn both_ways() {
        check(b"", "");
        check(b"f", "Zg==");
        check(b"fo", "Zm8=");
        check(b"foo", "Zm9v");
        check(b"foob", "Zm9vYg==");
        check(b"fooba", "Zm9vYmE=");
        check(b"foobar", "Zm9vYmFy");
        check(&[0xFB, 0xEF, 0xFF], "++//");
    }

    #[test]
    fn refused() {
        for text in ["Z", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "Z=g=", "Zm 9v", "=", "====", "é"] {
            assert_eq!(decode_base64(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes: Vec<u8>) {
            prop_assert_eq!(decode_base64(&Base64(&bytes).to_string()), Some(bytes));
        }
    }
}
