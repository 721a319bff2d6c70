//! JSON into a buffer, in as little code as it takes: `core::fmt` and a crate for numbers weigh more than the tracer.

use alloc::vec::Vec;

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[inline(never)]
pub(crate) fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// Two lower-case digits a byte.
pub(crate) fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    let at = out.len();
    out.resize(at + bytes.len() * 2, 0);
    let digits = out.get_mut(at..).unwrap_or_default().as_chunks_mut::<2>().0;
    for (pair, byte) in digits.iter_mut().zip(bytes) {
        let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

/// The text between quotation marks, without them.
pub(crate) fn escape(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        let Some((before, [byte, after @ ..])) = rest.split_at_checked(at) else { return };
        out.extend_from_slice(before);
        match byte {
            b'\n' => raw(out, "\\n"),
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            _ => {
                raw(out, "\\u00");
                hex(out, &[*byte]);
            }
        }
        rest = after;
    }
    out.extend_from_slice(rest);
}

/// Decimal digits.
pub(crate) fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut text = [b'0'; 20];
    let mut length = 0;
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        length += 1;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(text.get(text.len() - length..).unwrap_or_default());
}

pub(crate) fn signed(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        raw(out, "-");
    }
    number(out, value.unsigned_abs());
}

/// Padded (RFC 4648).
pub(crate) fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    for group in bytes.chunks(3) {
        let bits = group.iter().zip([16, 8, 0]).fold(0, |bits, (&byte, at)| bits | u32::from(byte) << at);
        for (place, at) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = BASE64.get((bits >> at) as usize & 63).copied().unwrap_or(b'=');
            out.push(if place > group.len() { b'=' } else { digit });
        }
    }
}
