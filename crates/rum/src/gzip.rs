//! gzip (RFC 1952) of a whole body at once: a page that is left has no time for a stream.
//!
//! LZ77 by hash chains, and codes (RFC 1951) that suit OTLP JSON. It repeats itself a span later, so short chains find nearly
//! all there is, and what is left are the digits of ids.
//!
//! 1 kB of wasm, where `miniz_oxide` takes 6.6. Bodies of 500 spans become 9 to 11 times as small, 8 to 10 % larger than
//! `gzip -6` makes them; codes of their own would save half of that, and take as much code again.

use alloc::vec::Vec;

use crate::grow;

/// How far back a match may lie.
const WINDOW: usize = 1 << 15;
const SHORTEST: usize = 4;
/// One more would be a symbol of its own.
const LONGEST: usize = 257;
const HASH_BITS: u32 = 13;
/// Candidates that are tried at each place.
const TRIES: usize = 16;
const END: usize = 256;

/// Bits of the code of each symbol, as hexadecimal digits: literals, the end of the block, lengths. By what comes how often in
/// what pages send; any other text is a quarter larger than it need be.
const LITERALS: &[u8] = b"\
    dddddddddddddddddddddddddddddddd9d8dddddbbdd978a5444454444acdddc\
    dcdccbdcccdbbbcddddbbbcccddccbdbd555555aa8da99889d8889bbbbcbdadd\
    dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\
    dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd\
    cd578899877988a8766789a7dd7d8";
/// The same of distances.
const DISTANCES: &[u8] = b"b9dd9cb9b876787765363554334444";
/// Lengths of codes of lengths, of which the first three are for repetition (RFC 1951 §3.2.7).
const CODE_LENGTHS: u32 = 19;

/// The code of each symbol, and in the lowest four bits how long it is.
type Codes = [u32; LITERALS.len()];

/// Compresses. Memory is kept for the next time.
#[derive(Debug)]
pub struct Gzip {
    out: Vec<u8>,
    length: usize,
    /// Bits of the next byte, the lowest first, and how many they are.
    pending: u64,
    count: u32,
    /// One more than the latest place of each hash.
    latest: [u32; 1 << HASH_BITS],
    /// The same of the place before with the same hash as each of the window.
    before: [u32; WINDOW],
}

impl Default for Gzip {
    fn default() -> Self {
        Self::new()
    }
}

impl Gzip {
    /// Nothing compressed yet.
    #[expect(clippy::large_stack_arrays, reason = "where a page loads it, it is a static")]
    pub const fn new() -> Self {
        Self {
            out: Vec::new(),
            length: 0,
            pending: 0,
            count: 0,
            latest: [0; 1 << HASH_BITS],
            before: [0; WINDOW],
        }
    }

    /// The bytes as one gzip member.
    pub fn member(&mut self, input: &[u8]) -> &[u8] {
        // Twice that is more than the longest codes take.
        grow(&mut self.out, input.len() + 1024);
        self.length = 0;
        self.latest.fill(0);
        // DEFLATE, no flags, no time, of no system.
        self.put(0x0008_8B1F, 32);
        self.put(0, 32);
        self.put(0xFF00, 16);
        // The only block, with codes of its own.
        self.put(1 | 2 << 1, 3);
        self.put((LITERALS.len() - 257) as u32, 5);
        self.put((DISTANCES.len() - 1) as u32, 5);
        // The lengths themselves take 4 bits each: all codes of them but those for repetition.
        self.put(CODE_LENGTHS - 4, 4);
        for at in 0..CODE_LENGTHS {
            self.put(if at < 3 { 0 } else { 4 }, 3);
        }
        for length in LITERALS.iter().chain(DISTANCES) {
            self.put(reversed(bits(*length), 4), 4);
        }
        let (literals, distances) = (codes(LITERALS), codes(DISTANCES));
        let mut at = 0;
        while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
            let mut length = 1;
            let mut distance = 0;
            let mut candidate = self.latest.get(hash(rest)).copied().unwrap_or(0) as usize;
            for _ in 0..TRIES {
                if candidate == 0 || at + 1 - candidate > WINDOW {
                    break;
                }
                let place = candidate - 1;
                let same = same(rest, input.get(place..).unwrap_or_default());
                if same > length {
                    length = same;
                    distance = at - place;
                }
                candidate = self.before.get(place % WINDOW).copied().unwrap_or(0) as usize;
            }
            if length < SHORTEST {
                length = 1;
                self.symbol(&literals, rest.first().copied().unwrap_or(0).into());
            } else {
                self.bucket(&literals, END + 1, length - 3, 2);
                self.bucket(&distances, 0, distance - 1, 1);
            }
            for place in at..at + length {
                let hash = hash(input.get(place..).unwrap_or_default());
                if let (Some(latest), Some(before)) =
                    (self.latest.get_mut(hash), self.before.get_mut(place % WINDOW))
                {
                    *before = core::mem::replace(latest, place as u32 + 1);
                }
            }
            at += length;
        }
        self.symbol(&literals, END);
        self.put(0, 7);
        (self.pending, self.count) = (0, 0);
        self.put(crc32(input), 32);
        self.put(input.len() as u32, 32);
        self.out.get(..self.length).unwrap_or_default()
    }

    fn put(&mut self, value: u32, count: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            if let Some(to) = self.out.get_mut(self.length) {
                *to = self.pending as u8;
            }
            self.length += 1;
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    fn symbol(&mut self, codes: &Codes, symbol: usize) {
        let code = codes.get(symbol).copied().unwrap_or(0);
        self.put(code >> 4, code & 15);
    }

    /// Something that counts from 0, as a symbol after `first` and extra bits: RFC 1951 §3.2.5 as arithmetic, with `1 << log`
    /// symbols for each number of extra bits.
    fn bucket(&mut self, codes: &Codes, first: usize, value: usize, log: u32) {
        let extra = (value | 1 << log).ilog2() - log;
        self.symbol(codes, first + (extra << log) as usize + (value >> extra));
        self.put(value as u32 & ((1 << extra) - 1), extra);
    }
}

/// The value of a hexadecimal digit.
fn bits(digit: u8) -> u32 {
    u32::from((digit & 15) + (digit >> 6) * 9)
}

/// The lowest bits, the highest of them first. (`reverse_bits` is a table of masks in wasm.)
fn reversed(value: u32, count: u32) -> u32 {
    (0..count).fold(0, |bits, at| bits << 1 | (value >> at & 1))
}

/// RFC 1951 §3.2.2.
fn codes(lengths: &[u8]) -> Codes {
    let mut codes = [0; LITERALS.len()];
    let mut next = 0_u32;
    for length in 1..16 {
        next <<= 1;
        for (code, _) in codes.iter_mut().zip(lengths).filter(|(_, it)| bits(**it) == length) {
            *code = reversed(next, length) << 4 | length;
            next += 1;
        }
    }
    codes
}

/// Of the next four bytes.
fn hash(bytes: &[u8]) -> usize {
    let bytes = bytes.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
    (bytes.wrapping_mul(0x9E37_79B1) >> (32 - HASH_BITS)) as usize
}

/// Bytes that are the same at both places.
fn same(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take(LONGEST).take_while(|(one, other)| one == other).count()
}

/// RFC 1952 §8.
fn crc32(bytes: &[u8]) -> u32 {
    let mut table = [0_u32; 256];
    for (at, entry) in table.iter_mut().enumerate() {
        *entry = (0..8).fold(at as u32, |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 });
    }
    !bytes
        .iter()
        .fold(!0, |crc, byte| (crc >> 8) ^ table.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use flate2::Compression;
    use flate2::read::GzDecoder;
    use flate2::write::GzEncoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn check(input: &[u8]) -> usize {
        let mut gzip = Gzip::new();
        // What it has kept is not in the way.
        gzip.member(b"what was compressed before");
        let packed = gzip.member(input);
        let mut unpacked = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut unpacked).expect("a gzip member");
        assert!(unpacked == input, "{} bytes differ", input.len());
        packed.len()
    }

    #[test]
    fn any_size() {
        for size in [0, 1, 2, 3, 4, 256, 257, 258, 259, 260, 32767, 32768, 32769, 100_000] {
            check(&vec![b'a'; size]);
            let text: Vec<u8> = (0..size as u32).flat_map(|i| i.wrapping_mul(i).to_le_bytes()).collect();
            check(&text);
        }
    }

    /// Decoders refuse what could be shorter, and what is ambiguous.
    #[test]
    fn codes_are_complete() {
        for lengths in [LITERALS, DISTANCES] {
            let room: u32 = lengths.iter().map(|it| 1 << (15 - bits(*it))).sum();
            assert_eq!(room, 1 << 15);
        }
    }

    /// Not much larger than with codes of its own.
    #[test]
    fn codes_suit_what_pages_send() {
        let mut seed = 7_u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 16
        };
        let span = |number: u64, random: &mut dyn FnMut() -> u64| {
            format!(
                r#"{{"traceId":"{:032x}","spanId":"{:016x}","startTimeUnixNano":"1795219200{:09}","flags":259,"kind":3,"name":"GET","attributes":[{{"key":"url.full","value":{{"stringValue":"https://shop.example/items/{}"}}}},{{"key":"http.response.status_code","value":{{"intValue":"200"}}}}]}},"#,
                (u128::from(random()) * u128::from(random())) << 32,
                random() * 65_536,
                random() % 1_000_000_000,
                number % 99,
            )
        };
        let text: String = (0..500).map(|number| span(number, &mut random)).collect();
        let mut best = GzEncoder::new(Vec::new(), Compression::new(6));
        best.write_all(text.as_bytes()).expect("memory");
        let (ours, best) = (check(text.as_bytes()), best.finish().expect("memory").len());
        assert!(ours * 100 < best * 112, "{ours} bytes, which could be {best}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn unpacks_to_what_was_packed(parts in vec((vec(any::<u8>(), 1..40), 1_usize..200), 0..40)) {
            check(&parts.iter().flat_map(|(part, times)| part.repeat(*times)).collect::<Vec<_>>());
        }

        #[test]
        fn few_symbols(text in vec(0_u8..4, 0..3000)) {
            check(&text);
        }
    }
}
