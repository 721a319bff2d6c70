//! The inner loops of reading JSON, several bytes at a time.

/// Bytes looked at together: a register of SSE2, NEON and WebAssembly.
const BLOCK: usize = 16;

/// The length of the run at the start that a JSON string holds as it is: up to a quote, a backslash, a control
/// character or the end.
#[inline]
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut length = 0;
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        // Without branches, the compiler makes three comparisons of 16 bytes of it.
        let found = u128::from_le_bytes(block.map(|byte| if is_plain(byte) { 0 } else { 0xFF }));
        if found != 0 {
            return length + found.trailing_zeros() as usize / 8;
        }
        length += BLOCK;
        rest = after;
    }
    length + rest.iter().take_while(|&&byte| is_plain(byte)).count()
}

#[inline]
fn is_plain(byte: u8) -> bool {
    (byte != b'"') & (byte != b'\\') & (byte >= b' ')
}

/// 1 to 19 decimal digits as a number, which they cannot overflow.
#[inline]
pub(crate) fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 19 {
        return None;
    }
    let mut rest = text;
    let mut value = 0_u64;
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        value = value * 100_000_000 + eight_digits(*eight)?;
        rest = after;
    }
    for &byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

/// Neighbours are joined to pairs, pairs to fours, fours to the number.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u64> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let text = u64::from_le_bytes(text);
    let digits = text ^ (0x30 * ONES);
    // Above 9, adding 6 carries into the upper half, where no digit has anything.
    if (digits | (digits.wrapping_add(6 * ONES))) & (0xF0 * ONES) != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_run_ends_at_what_is_not_plain() {
        for (end, plain) in
            [("\"", false), ("\\", false), ("\n", false), ("\u{1f}", false), (" ", true), ("é", true)]
        {
            for length in 0..70 {
                let text = "x".repeat(length) + end + "tail of a text that goes on";
                let expected = if plain { text.len() } else { length };
                assert_eq!(plain_run(text.as_bytes()), expected, "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_run(bytes: Vec<u8>) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
            prop_assert_eq!(plain_run(&bytes), expected.unwrap_or(bytes.len()));
        }

        #[test]
        fn any_digits(value: u64) {
            let text = value.to_string();
            prop_assert_eq!(digits(text.as_bytes()), Some(value).filter(|_| text.len() < 20));
        }

        #[test]
        fn any_bytes_in_digits(mut text in "[0-9]{1,19}", at: prop::sample::Index, byte: u8) {
            let mut text = std::mem::take(&mut text).into_bytes();
            let at = at.index(text.len());
            if let Some(place) = text.get_mut(at) {
                *place = byte;
            }
            let expected = std::str::from_utf8(&text).ok().filter(|_| byte.is_ascii_digit());
            prop_assert_eq!(digits(&text), expected.and_then(|text| text.parse().ok()));
        }
    }
}
