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

/// Value of each hex digit, 0xFF elsewhere: one load a digit, since ids are a sixth of all OTLP JSON text.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: a bad index does not build")]
const NIBBLE: [u8; 256] = {
    let mut table = [0xFF; 256];
    let mut i = 0;
    while i < 10 {
        table[b'0' as usize + i] = i as u8;
        i += 1;
    }
    let mut i = 0;
    while i < 6 {
        table[b'a' as usize + i] = 10 + i as u8;
        table[b'A' as usize + i] = 10 + i as u8;
        i += 1;
    }
    table
};

/// Up to 16 hex digits as a number. Bad digits set the second value to something above 15.
#[inline]
fn hex64(digits: &[u8]) -> (u64, u8) {
    let mut value = 0_u64;
    let mut seen = 0_u8;
    for &digit in digits {
        // Indexing cannot fail: the table has an entry for every byte.
        let nibble = NIBBLE.get(usize::from(digit)).copied().unwrap_or(0xFF);
        seen |= nibble;
        value = (value << 4) | u64::from(nibble & 0xF);
    }
    (value, seen)
}

impl TraceId {
    /// No id.
    pub const ABSENT: Self = Self(0);

    /// 1 to 32 hex digits of either case; fewer than 32 are padded with zeros on the left, as Jaeger and Zipkin write
    /// 64-bit ids.
    pub fn from_hex(text: &[u8]) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > 32 {
            return Err(IdError);
        }
        let (high, low) = text.split_at(text.len().saturating_sub(16));
        let (high, seen_high) = hex64(high);
        let (low, seen_low) = hex64(low);
        if seen_high | seen_low > 0xF {
            return Err(IdError);
        }
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
    pub fn from_hex(text: &[u8]) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > 16 {
            return Err(IdError);
        }
        let (value, seen) = hex64(text);
        if seen > 0xF { Err(IdError) } else { Ok(Self(value)) }
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
    fn span_ids() {
        assert_eq!(
            SpanId::from_hex(b"EEE19B7EC3C1B174").map(|id| id.to_string()),
            Ok("eee19b7ec3c1b174".to_owned())
        );
        assert_eq!(SpanId::from_hex(b"zz"), Err(IdError));
        assert_eq!(SpanId::from_hex(b"11112222333344445"), Err(IdError));
    }
}
