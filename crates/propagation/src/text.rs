//! Digits and escapes, without the weight of `core::fmt`.

use otel::{SpanId, TraceId};

/// Without optional white space around it: spaces and tabs (RFC 9110 §5.6.3).
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// 1 to 32 lower-case hex digits, and nothing else.
pub(crate) fn hex(text: &str) -> Option<u128> {
    if text.is_empty() || text.len() > 32 {
        return None;
    }
    text.bytes().try_fold(0, |value, digit| {
        let nibble = if digit.is_ascii_uppercase() { None } else { nibble(digit) }?;
        Some(value << 4 | u128::from(nibble))
    })
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Exactly 32 lower-case hex digits, not all zero.
pub(crate) fn trace_id(text: &str) -> Option<TraceId> {
    let id = TraceId(if text.len() == 32 { hex(text)? } else { 0 });
    (!id.is_absent()).then_some(id)
}

/// Exactly 16 lower-case hex digits, not all zero.
pub(crate) fn span_id(text: &str) -> Option<SpanId> {
    let id = SpanId(if text.len() == 16 { hex(text)? as u64 } else { 0 });
    (!id.is_absent()).then_some(id)
}

/// The low `digits` hex digits of `value`, lower-case.
pub(crate) fn push_hex(out: &mut String, value: u128, digits: u32) {
    for place in (0..digits).rev() {
        let digit = (value >> (4 * place)) as u8 & 0xF;
        out.push(char::from(digit + if digit < 10 { b'0' } else { b'a' - 10 }));
    }
}

pub(crate) fn push_trace_id(out: &mut String, id: TraceId) {
    push_hex(out, id.0, 32);
}

pub(crate) fn push_span_id(out: &mut String, id: SpanId) {
    push_hex(out, id.0.into(), 16);
}

/// Decimal digits only: no sign. `None` above 64 bits.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}

pub(crate) fn push_decimal(out: &mut String, value: u64) {
    let mut place = 1;
    while value / place >= 10 {
        place *= 10;
    }
    while place > 0 {
        out.push(char::from(b'0' + (value / place % 10) as u8));
        place /= 10;
    }
}

/// A character of a token (RFC 9110 §5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `%41` is `A`; what is no escape stays as it is; bytes that are no UTF-8 become U+FFFD.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        if *first == b'%'
            && let [high, low, behind @ ..] = after
            && let (Some(high), Some(low)) = (nibble(*high), nibble(*low))
        {
            bytes.push(high << 4 | low);
            rest = behind;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|not| String::from_utf8_lossy(not.as_bytes()).into_owned())
}

/// Escapes all but baggage-octets, and the escape itself (W3C Baggage §3.3.1).
pub(crate) fn push_percent_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if matches!(byte, 0x21..=0x7E) && !b"\"%,;\\".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 0xF] {
                out.push(char::from(nibble + if nibble < 10 { b'0' } else { b'A' - 10 }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hex_is_lower_case() {
        let check = |text: &str, expected| assert_eq!(hex(text), expected, "{text}");
        check("0", Some(0));
        check("ffff0000", Some(0xffff_0000));
        check("ffffffffffffffffffffffffffffffff", Some(u128::MAX));
        for text in ["", "F", "g", " 1", "+1", "-1", "é", "fffffffffffffffffffffffffffffffff"] {
            check(text, None);
        }
    }

    #[test]
    fn ids_have_one_length() {
        assert_eq!(trace_id("00000000000000000000000000000001"), Some(TraceId(1)));
        assert_eq!(trace_id("00000000000000000000000000000000"), None);
        assert_eq!(trace_id("1"), None);
        assert_eq!(span_id("0000000000000001"), Some(SpanId(1)));
        assert_eq!(span_id("0000000000000000"), None);
        assert_eq!(span_id("00000000000000001"), None);
    }

    #[test]
    fn decimals() {
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for text in ["", "+1", "-1", "1 ", "0x1", "18446744073709551616"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn escapes() {
        let check = |text: &str, expected: &str| assert_eq!(percent_decode(text), expected, "{text}");
        check("a%20b%C3%A9", "a bé");
        check("%2", "%2");
        check("%zz%", "%zz%");
        check("%c3x", "\u{FFFD}x");
    }

    proptest! {
        #[test]
        fn written_and_read(number: u64, wide: u128, text: String) {
            let mut out = String::new();
            push_decimal(&mut out, number);
            prop_assert_eq!(&out, &number.to_string());
            prop_assert_eq!(decimal(&out), Some(number));
            out.clear();
            push_hex(&mut out, wide, 32);
            prop_assert_eq!(hex(&out), Some(wide));
            out.clear();
            push_percent_encoded(&mut out, &text);
            prop_assert!(out.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(percent_decode(&out), text);
        }
    }
}
