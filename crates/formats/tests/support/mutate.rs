//! Inputs that are nearly right: seeds with some places changed, the same for the same number.

/// `SplitMix64`.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let x = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// Below `end`; 0 where there is nothing below.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A place of `bytes`, and how far it goes: mostly not far.
    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let most = if self.below(4) == 0 { bytes.len() } else { 32 };
        let end = (start + self.below(most + 1)).min(bytes.len());
        start..end
    }
}

/// What means something to some format.
const BYTES: &[u8] = b"\0\x01\x08\x0A\x0D\x12\x1F\x7F\x80\xBF\xC3\xE2\xF0\xFE\xFF{}[]\",:\\/-+.eE0 9aPK";

const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "-1",
    "1e308",
    "1e999",
    "-1e-999",
    "0.1",
    "255",
    "65536",
    "4294967295",
    "4294967296",
    "2147483648",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-18446744073709551616",
    "340282366920938463463374607431768211455",
    "1111111111111111111111111111111111111111111111111111111111",
    "18446744073.709551616",
    "00",
    "1.",
    "NaN",
];

const VALUES: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "{\"a\":{}}",
    "\"\"",
    "\"x\"",
    "\"\\ud83d\"",
    "\"\\u0000\"",
    "\"0\"",
    "\"2024-05-01T10:00:00Z\"",
    "\"9999-12-31T23:59:59.999999999Z\"",
    "\"0000-00-00\"",
    "-1",
    "0.5",
    "1e999",
    "18446744073709551615",
];

/// Changes one to four places of `bytes`. `others` may lend.
pub(crate) fn mutated(bytes: &[u8], others: &[&[u8]], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(4) {
        change(&mut bytes, others, random);
        bytes.truncate(32 << 10);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, others: &[&[u8]], random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(16) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 | 2 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = *random.pick(BYTES);
            }
        }
        3 => bytes.insert(at, *random.pick(BYTES)),
        4 => bytes.truncate(at),
        5 => {
            bytes.drain(random.range(bytes));
        }
        6 => {
            let copy = bytes[random.range(bytes)].repeat(1 + random.below(3));
            bytes.splice(at..at, copy);
        }
        7 => {
            let copy = bytes[random.range(bytes)].to_vec();
            let place = random.range(bytes);
            bytes.splice(place, copy);
        }
        8 => {
            let other = *random.pick(others);
            let copy = other[random.range(other)].to_vec();
            bytes.splice(at..at, copy);
        }
        9 => {
            let other = *random.pick(others);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[random.below(other.len())..]);
        }
        10 | 11 => {
            if let Some(place) = token(bytes, at, |byte| byte.is_ascii_digit()) {
                bytes.splice(place, random.pick(NUMBERS).bytes());
            }
        }
        12 | 13 => {
            if let Some(place) = token(bytes, at, |byte| !b"{}[],:\n".contains(&byte)) {
                bytes.splice(place, random.pick(VALUES).bytes());
            }
        }
        14 => {
            let depth = [1, 10, 30, 100, 500][random.below(5)];
            let open = *random.pick(&["[", "{\"a\":", "{\"spans\":[", "{\"children\":[", "\x0A\x7F\x32\x7F"]);
            bytes.splice(at..at, open.repeat(depth).into_bytes());
        }
        _ => {
            let number: u64 = *random.pick(&[0, 1, 0x7F, 0x80, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, u64::MAX]);
            let width = *random.pick(&[1, 2, 4, 8]);
            let place = at..(at + width).min(bytes.len());
            let little: Vec<u8> = number.to_le_bytes().into_iter().take(place.len()).collect();
            let big = little.iter().rev().copied().collect();
            bytes.splice(place, if random.below(2) == 0 { little } else { big });
        }
    }
}

/// Where the next such bytes stand, from a place on or from the beginning.
fn token(bytes: &[u8], from: usize, is_of: impl Fn(u8) -> bool) -> Option<std::ops::Range<usize>> {
    let find = |from: usize| bytes[from..].iter().position(|byte| is_of(*byte)).map(|place| from + place);
    let start = find(from).or_else(|| find(0))?;
    let length = bytes[start..].iter().take_while(|byte| is_of(**byte)).count();
    Some(start..start + length)
}
