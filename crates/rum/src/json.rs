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
pub(crate) fn number(out: &mut Vec<u8>, value: u64) {
    digits(out, value, 1);
}

/// Decimal digits, with zeros in front where there are fewer than `least` (up to 20).
fn digits(out: &mut Vec<u8>, mut value: u64, least: usize) {
    let mut text = [b'0'; 20];
    let mut length = 0;
    for digit in text.iter_mut().rev() {
        if value == 0 && length >= least {
            break;
        }
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        length += 1;
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

/// What reads back as the same number; `"NaN"`, `"Infinity"` and `"-Infinity"` as protobuf's JSON mapping has them.
#[inline(never)]
pub(crate) fn double(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return raw(out, "\"NaN\"");
    }
    let size = value.abs();
    if size.is_infinite() {
        return raw(out, if value > 0.0 { "\"Infinity\"" } else { "\"-Infinity\"" });
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    // Nearly every number people measure is m / 10^k with few digits. m and 10^k are exact, so their quotient is what a
    // parser makes of those digits, and the comparison tells whether that is the number.
    let mut scale = 1.0;
    for places in 0..=15 {
        let scaled = size * scale;
        if scaled >= 9_007_199_254_740_992.0 {
            break;
        }
        let whole = (scaled + 0.5) as u64;
        if whole as f64 / scale == size {
            let power = scale as u64;
            number(out, whole / power);
            if places > 0 {
                out.push(b'.');
                digits(out, whole % power, places);
            }
            return;
        }
        scale *= 10.0;
    }
    exact(out, size);
}

/// Nine decimal digits in each.
const LIMB: u64 = 1_000_000_000;

/// The first 18 digits of any finite number above zero. They are nearer to it than to the middle between it and its
/// neighbours, which lie 2^-53 of it away or more.
fn exact(out: &mut Vec<u8>, value: f64) {
    let bits = value.to_bits();
    let exponent = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mut mantissa, mut exponent) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    // Limbs of `value`, least first, from the decimal place on that `power` names.
    let mut limbs = Vec::new();
    while mantissa > 0 {
        limbs.push(mantissa % LIMB);
        mantissa /= LIMB;
    }
    let mut power = 0;
    while exponent != 0 {
        // Up by at most 2^29, or down by one bit after making room for it by 10^9, which 2^9 divides.
        let shift = if exponent > 0 { exponent.min(29) } else { exponent.max(-9) };
        let factor = if shift > 0 { 1 << shift } else { LIMB >> -shift };
        power -= if shift > 0 { 0 } else { 9 };
        exponent -= shift;
        let mut carry = 0;
        for limb in &mut limbs {
            let product = *limb * factor + carry;
            *limb = product % LIMB;
            carry = product / LIMB;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let mut text = Vec::new();
    for &limb in limbs.iter().rev() {
        // No zeros before the first limb.
        let least = if text.is_empty() { 1 } else { 9 };
        digits(&mut text, limb, least);
    }
    power += text.len() as i32 - 1;
    text.truncate(18);
    if let Some((first, others)) = text.split_first() {
        out.extend_from_slice(&[*first, b'.']);
        out.extend_from_slice(others);
    }
    // There always is a digit after the point: numbers of one digit are written above.
    raw(out, if power < 0 { "e-" } else { "e" });
    number(out, u64::from(power.unsigned_abs()));
}
