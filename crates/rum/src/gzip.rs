//! gzip (RFC 1952) of a whole body at once: a page that is left has no time for a stream.
//!
//! LZ77 by hash chains and Huffman codes of its own for each block (RFC 1951). OTLP JSON repeats itself a span later, so
//! short chains find nearly all there is, and what is left are the digits of ids, for which codes count.

use alloc::vec;
use alloc::vec::Vec;

/// How far back a match may lie.
const WINDOW: usize = 1 << 15;
const SHORTEST: usize = 4;
const LONGEST: usize = 258;
const HASH_BITS: u32 = 13;
/// Candidates that are tried at each place.
const TRIES: usize = 16;
/// Literals and matches of a block.
const BLOCK: usize = 1 << 14;
const END: usize = 256;
/// Literals, the end of a block, lengths.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;
/// The order in which the lengths of code lengths are written (RFC 1951 §3.2.7).
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Bits, the lowest first.
struct Bits {
    out: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += count;
        while self.count >= 8 {
            self.out.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }
}

/// The code of each symbol of an alphabet.
struct Codes {
    /// Bits, 0 for a symbol that does not occur.
    lengths: Vec<u8>,
    codes: Vec<u16>,
}

impl Codes {
    /// Huffman codes of at most `longest` bits.
    fn of(counts: &mut [u32], longest: u8) -> Self {
        // Decoders want a complete code: two symbols at least.
        for count in counts.iter_mut().take(2) {
            *count = (*count).max(1);
        }
        let mut lengths = lengths_of(counts);
        while lengths.iter().any(|length| *length > longest) {
            // Flatter counts make shorter codes.
            for count in counts.iter_mut().filter(|count| **count > 0) {
                *count = *count / 2 + 1;
            }
            lengths = lengths_of(counts);
        }
        let mut codes = vec![0; lengths.len()];
        let mut next = 0_u16;
        for length in 1..=longest {
            next <<= 1;
            for (code, _) in codes.iter_mut().zip(&lengths).filter(|(_, it)| **it == length) {
                *code = next.reverse_bits() >> (16 - u32::from(length));
                next += 1;
            }
        }
        Self { lengths, codes }
    }

    fn put(&self, symbol: usize, bits: &mut Bits) {
        if let (Some(code), Some(length)) = (self.codes.get(symbol), self.lengths.get(symbol)) {
            bits.put(u32::from(*code), u32::from(*length));
        }
    }
}

/// Depths of a Huffman tree's leaves, by joining the two rarest until one is left.
fn lengths_of(counts: &[u32]) -> Vec<u8> {
    let mut nodes: Vec<u32> = counts.to_vec();
    let mut parents = vec![0_usize; counts.len() * 2];
    loop {
        let mut rarest = [(u32::MAX, 0); 2];
        for (node, &count) in nodes.iter().enumerate().filter(|(_, count)| **count > 0) {
            let [first, second] = &mut rarest;
            if count < first.0 {
                *second = *first;
                *first = (count, node);
            } else if count < second.0 {
                *second = (count, node);
            }
        }
        let [(one, first), (other, second)] = rarest;
        if other == u32::MAX {
            break;
        }
        for child in [first, second] {
            if let (Some(node), Some(parent)) = (nodes.get_mut(child), parents.get_mut(child)) {
                *node = 0;
                *parent = counts.len();
            }
        }
        let joined = nodes.len();
        for child in [first, second] {
            if let Some(parent) = parents.get_mut(child) {
                *parent = joined;
            }
        }
        nodes.push(one + other);
    }
    // Parents stand after their children.
    let mut depths = vec![0_u8; nodes.len()];
    for node in (0..nodes.len()).rev() {
        let parent = parents.get(node).copied().unwrap_or(0);
        let depth = depths.get(parent).filter(|_| parent > 0).map_or(0, |depth| depth + 1);
        if let Some(it) = depths.get_mut(node) {
            *it = depth;
        }
    }
    depths.truncate(counts.len());
    depths
}

/// Symbol, number of extra bits and their value of something that counts from 0: RFC 1951 §3.2.5 as arithmetic, with
/// `1 << log` symbols for each number of extra bits.
fn bucket(value: u32, log: u32) -> (usize, u32, u32) {
    let extra = (31 - (value | 1 << log).leading_zeros()).saturating_sub(log);
    let symbol = (extra << log) + (value >> extra);
    (symbol as usize, extra, value & ((1 << extra) - 1))
}

/// The longest length has a symbol of its own.
fn length_bucket(length: usize) -> (usize, u32, u32) {
    let (symbol, extra, value) = if length == LONGEST { (28, 0, 0) } else { bucket((length - 3) as u32, 2) };
    (END + 1 + symbol, extra, value)
}

/// What a block says: a literal below 256, or `length << 16 | distance`.
fn put_block(symbols: &[u32], last: bool, bits: &mut Bits) {
    let mut literals = [0; LITERALS];
    let mut distances = [0; DISTANCES];
    let seen = |counts: &mut [u32], symbol: usize| {
        if let Some(count) = counts.get_mut(symbol) {
            *count += 1;
        }
    };
    seen(&mut literals, END);
    for &symbol in symbols {
        if symbol < 256 {
            seen(&mut literals, symbol as usize);
        } else {
            seen(&mut literals, length_bucket((symbol >> 16) as usize).0);
            seen(&mut distances, bucket((symbol & 0xFFFF) - 1, 1).0);
        }
    }
    let literals = Codes::of(&mut literals, 15);
    let distances = Codes::of(&mut distances, 15);
    bits.put(u32::from(last) | 2 << 1, 3);
    bits.put((LITERALS - 257) as u32, 5);
    bits.put((DISTANCES - 1) as u32, 5);
    bits.put(ORDER.len() as u32 - 4, 4);
    put_lengths(&[&*literals.lengths, &*distances.lengths].concat(), bits);
    for &symbol in symbols {
        if symbol < 256 {
            literals.put(symbol as usize, bits);
            continue;
        }
        let (length, extra, value) = length_bucket((symbol >> 16) as usize);
        literals.put(length, bits);
        bits.put(value, extra);
        let (distance, extra, value) = bucket((symbol & 0xFFFF) - 1, 1);
        distances.put(distance, bits);
        bits.put(value, extra);
    }
    literals.put(END, bits);
}

/// Code lengths, where those that repeat are written once (RFC 1951 §3.2.7). Only runs of zeros are.
fn put_lengths(lengths: &[u8], bits: &mut Bits) {
    // 17 and 18 with their extra bits above.
    let mut runs: Vec<u32> = Vec::new();
    let mut rest = lengths;
    while let [length, after @ ..] = rest {
        let zeros = rest.iter().take(138).take_while(|it| **it == 0).count();
        rest = if zeros < 3 {
            runs.push(u32::from(*length));
            after
        } else {
            runs.push(if zeros < 11 { 17 | (zeros as u32 - 3) << 8 } else { 18 | (zeros as u32 - 11) << 8 });
            rest.get(zeros..).unwrap_or_default()
        };
    }
    let mut counts = [0; ORDER.len()];
    for run in &runs {
        if let Some(count) = counts.get_mut((run & 0xFF) as usize) {
            *count += 1;
        }
    }
    let codes = Codes::of(&mut counts, 7);
    for at in ORDER {
        bits.put(codes.lengths.get(usize::from(at)).copied().unwrap_or(0).into(), 3);
    }
    for run in runs {
        let symbol = run & 0xFF;
        codes.put(symbol as usize, bits);
        bits.put(run >> 8, [0, 3, 7].get(symbol.saturating_sub(16) as usize).copied().unwrap_or(0));
    }
}

/// The bytes as one gzip member.
pub(crate) fn gzip(input: &[u8]) -> Vec<u8> {
    let mut bits = Bits { out: Vec::from([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]), pending: 0, count: 0 };
    // One more than the latest place of each hash, and than the place before with the same hash as each of the window.
    let mut latest = vec![0_u32; 1 << HASH_BITS];
    let mut before = vec![0_u32; WINDOW];
    let mut symbols = Vec::with_capacity(BLOCK);
    let mut at = 0;
    while let Some(rest) = input.get(at..).filter(|rest| !rest.is_empty()) {
        let mut length = 1;
        let mut distance = 0;
        let hash = hash(rest);
        let mut candidate = latest.get(hash).copied().unwrap_or(0) as usize;
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
            candidate = before.get(place % WINDOW).copied().unwrap_or(0) as usize;
        }
        if length < SHORTEST {
            length = 1;
            symbols.push(u32::from(rest.first().copied().unwrap_or(0)));
        } else {
            symbols.push((length as u32) << 16 | distance as u32);
        }
        for place in at..at + length {
            let hash = self::hash(input.get(place..).unwrap_or_default());
            if let (Some(latest), Some(before)) = (latest.get_mut(hash), before.get_mut(place % WINDOW)) {
                *before = core::mem::replace(latest, place as u32 + 1);
            }
        }
        at += length;
        if symbols.len() == BLOCK {
            put_block(&symbols, false, &mut bits);
            symbols.clear();
        }
    }
    put_block(&symbols, true, &mut bits);
    bits.put(0, 7);
    let mut out = bits.out;
    out.extend_from_slice(&crc32(input).to_le_bytes());
    out.extend_from_slice(&(input.len() as u32).to_le_bytes());
    out
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
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn check(input: &[u8]) -> usize {
        let packed = gzip(input);
        let mut unpacked = Vec::new();
        GzDecoder::new(&*packed).read_to_end(&mut unpacked).expect("a gzip member");
        assert!(unpacked == input, "{} bytes differ", input.len());
        packed.len()
    }

    #[test]
    fn any_size() {
        for size in [0, 1, 2, 3, 4, 257, 258, 259, 260, 32767, 32768, 32769, 100_000] {
            check(&vec![b'a'; size]);
            let text: Vec<u8> = (0..size as u32).flat_map(|i| i.wrapping_mul(i).to_le_bytes()).collect();
            check(&text);
        }
    }

    #[test]
    fn codes_that_would_be_too_long() {
        // Fibonacci numbers make the deepest tree.
        let (mut one, mut other) = (1, 1);
        let mut text = Vec::new();
        for byte in 0..20 {
            text.extend(vec![byte; one]);
            (one, other) = (other, one + other);
        }
        let mut counts: Vec<u32> = Vec::new();
        for byte in 0..20_u8 {
            counts.push(text.iter().filter(|it| **it == byte).count() as u32);
        }
        assert!(lengths_of(&counts).iter().any(|length| *length > 15));
        assert!(Codes::of(&mut counts, 15).lengths.iter().all(|length| (1..=15).contains(length)));
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
