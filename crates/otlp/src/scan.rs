//! The inner loops of reading JSON, several bytes at a time.

/// The length of the run at the start that a JSON string holds as it is: up to a quote, a backslash, a control
/// character or the end.
#[inline]
pub fn plain_run(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut length = 0;
    while let Some((block, after)) = rest.split_first_chunk() {
        let plain = plain_in(*block);
        length += plain;
        if plain < BLOCK {
            return length;
        }
        rest = after;
    }
    length + rest.iter().take_while(|&&byte| byte != b'"' && byte != b'\\' && byte >= b' ').count()
}

/// Bytes looked at together.
#[cfg(target_arch = "wasm32")]
const BLOCK: usize = 16;
#[cfg(not(target_arch = "wasm32"))]
const BLOCK: usize = 8;

/// [`plain_run`] of a block.
#[cfg(target_arch = "wasm32")]
#[inline]
fn plain_in(block: [u8; BLOCK]) -> usize {
    use core::arch::wasm32::{u8x16_bitmask, u8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};

    // Two loads, which the compiler makes one of.
    let (low, high) = block.split_at(BLOCK / 2);
    let word = |half: &[u8]| half.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
    let block = u64x2(word(low), word(high));
    let ends = v128_or(u8x16_eq(block, u8x16_splat(b'"')), u8x16_eq(block, u8x16_splat(b'\\')));
    let ends = v128_or(ends, u8x16_lt(block, u8x16_splat(b' ')));
    (u32::from(u8x16_bitmask(ends)) | 1 << BLOCK).trailing_zeros() as usize
}

/// [`plain_run`] of a block, all of it in one number.
#[cfg(not(target_arch = "wasm32"))]
#[inline]
fn plain_in(block: [u8; BLOCK]) -> usize {
    const HIGH: u64 = 0x80 * ONES;
    let block = u64::from_le_bytes(block);
    // Borrows make the high bit of a byte that is too small, and perhaps of some after it, but the first counts.
    let below = |bytes: u64, limit: u8| bytes.wrapping_sub(u64::from(limit) * ONES) & !bytes;
    let is = |byte: u8| below(block ^ (u64::from(byte) * ONES), 1);
    let ends = (is(b'"') | is(b'\\') | below(block, b' ')) & HIGH;
    ends.trailing_zeros() as usize / 8
}

/// 1 in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// 1 to 19 decimal digits as a number, which they cannot overflow.
#[inline]
pub fn digits(text: &[u8]) -> Option<u64> {
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
