//! Trace and span ids (W3C Trace Context §3.2.2.3, §3.2.2.4; OTLP: bytes, hex in JSON).

use std::fmt;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id: expected hexadecimal digits")
    }
}

impl std::error::Error for IdError {}

/// 16 bytes, big-endian as a number. All zero means "absent" (W3C forbids it on the wire).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(pub u128);

/// 8 bytes, big-endian as a number. All zero means "absent" (W3C forbids it on the wire).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpanId(pub u64);

/// Up to 16 hex digits of either case as a number. Eight at a time: ids are a sixth of all OTLP JSON text.
#[inline]
fn hex64(digits: &[u8]) -> Option<u64> {
    let (odd, eights) = digits.as_rchunks();
    if let ([], [high, low]) = (odd, eights) {
        return Some(eight_digits(*high)? << 32 | eight_digits(*low)?);
    }
    let mut value = 0;
    if !odd.is_empty() {
        let mut first = [b'0'; 8];
        first.get_mut(8 - odd.len()..)?.copy_from_slice(odd);
        value = eight_digits(first)?;
    }
    for eight in eights {
        value = value << 32 | eight_digits(*eight)?;
    }
    Some(value)
}

/// Nibbles are joined to bytes, bytes to pairs, pairs to the number.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_be_bytes(text);
    let letters = text >> 6 & ONES;
    let nibbles = (text & (0x0F * ONES)) + letters * 9;
    // Written again in lower case, it is the same but for the case of letters.
    let above_nine = nibbles.wrapping_add(6 * ONES) >> 4 & ONES;
    let written = nibbles.wrapping_add(0x30 * ONES).wrapping_add(above_nine * 39);
    if nibbles & (0xF0 * ONES) != 0 || (text ^ written) & !(above_nine << 5) != 0 {
        return None;
    }
    let bytes = (nibbles | nibbles >> 4) & 0x00FF_00FF_00FF_00FF;
    let pairs = (bytes | bytes >> 8) & 0x0000_FFFF_0000_FFFF;
    Some((pairs | pairs >> 16) & 0xFFFF_FFFF)
}

impl TraceId {
    /// No id.
    pub const ABSENT: Self = Self(0);

    /// 1 to 32 hex digits of either case; fewer than 32 are padded with zeros on the left, as Jaeger and Zipkin write
    /// 64-bit ids.
    #[inline]
    pub fn from_hex(text: &[u8]) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > 32 {
            return Err(IdError);
        }
        let (high, low) = text.split_at(text.len().saturating_sub(16));
        let (high, low) = (hex64(high).ok_or(IdError)?, hex64(low).ok_or(IdError)?);
        Ok(Self(u128::from(high) << 64 | u128::from(low)))
    }

    /// Is there an id?
    pub fn is_absent(self) -> bool {
        self.0 == 0
    }
}

impl SpanId {
    /// No id.
    pub const ABSENT: Self = Self(0);

    /// 1 to 16 hex digits of either case, padded with zeros on the left.
    #[inline]
    pub fn from_hex(text: &[u8]) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > 16 {
            return Err(IdError);
        }
        hex64(text).map(Self).ok_or(IdError)
    }

    /// Is there an id?
    pub fn is_absent(self) -> bool {
        self.0 == 0
    }
}

/// 32 lower-case hex digits.
impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// 16 lower-case hex digits.
impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, IdError>) {
        assert_eq!(
            TraceId::from_hex(text.as_bytes()).map(|id| id.to_string()),
            expected.map(str::to_owned),
            "{text}"
        );
    }

    #[test]
    fn trace_ids_of_any_length_and_case() {
        check("5B8EFFF798038103D269B633813FC60C", Ok("5b8efff798038103d269b633813fc60c"));
        check("1", Ok("00000000000000000000000000000001"));
        check("d269b633813fc60c1", Ok("000000000000000d269b633813fc60c1"));
        check("", Err(IdError));
        check("5b8efff798038103d269b633813fc60c0", Err(IdError));
        check("5b8efff798038103d269b633813fc60g", Err(IdError));
    }

    #[test]
    fn digits_are_those_the_library_knows() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut text = *b"0123456789abcdefABCD";
                if let Some(digit) = text.get_mut(place) {
                    *digit = byte;
                }
                let expected = byte
                    .is_ascii_hexdigit()
                    .then(|| u128::from_str_radix(&String::from_utf8_lossy(&text), 16).map(TraceId).ok())
                    .flatten();
                assert_eq!(TraceId::from_hex(&text).ok(), expected, "{byte} at {place}");
            }
        }
    }

    #[test]
    fn span_ids() {
        assert_eq!(
            SpanId::from_hex(b"EEE19B7EC3C1B174").map(|id| id.to_string()),
            Ok("eee19b7ec3c1b174".to_owned())
        );
        assert_eq!(SpanId::from_hex(b"zz"), Err(IdError));
        assert_eq!(SpanId::from_hex(b"11112222333344445"), Err(IdError));
    }
}
