//! Every distinct text once.

use crate::StrIdx;
use crate::numbers::{Table, fold};

/// Texts a chunk holds. Chunks keep growth from copying the whole pool, and an end offset from needing 8 bytes.
const CHUNK_BITS: u32 = 12;
const CHUNK: usize = 1 << CHUNK_BITS;

/// Text by [`StrIdx`]. Index 0 is the empty text.
#[derive(Debug, Clone)]
pub struct StringPool {
    chunks: Vec<Chunk>,
}

#[derive(Debug, Clone, Default)]
struct Chunk {
    text: String,
    ends: Vec<u32>,
}

impl Default for StringPool {
    fn default() -> Self {
        let mut pool = Self { chunks: Vec::new() };
        pool.push("");
        pool
    }
}

impl StringPool {
    /// The empty text.
    pub const EMPTY: StrIdx = StrIdx(0);

    /// Adds a text without looking whether it is there.
    pub(crate) fn push(&mut self, text: &str) -> StrIdx {
        let fits =
            |chunk: &Chunk| chunk.ends.len() < CHUNK && chunk.text.len() + text.len() < u32::MAX as usize;
        if !self.chunks.last().is_some_and(fits) {
            let mut next = Chunk::default();
            if let Some(last) = self.chunks.last_mut() {
                // As much as the one before, and some: growing would copy what is there.
                next.text.reserve(last.text.len() + last.text.len() / 8);
                next.ends.reserve(CHUNK);
                // An early break (4 GiB in one chunk) leaves unused numbers, so that index >> 12 stays the chunk.
                last.ends.resize(CHUNK, last.text.len() as u32);
            }
            self.chunks.push(next);
        }
        let number = self.chunks.len() - 1;
        let Some(chunk) = self.chunks.last_mut() else { return Self::EMPTY };
        chunk.text.push_str(text);
        chunk.ends.push(chunk.text.len() as u32);
        StrIdx(((number << CHUNK_BITS) + chunk.ends.len() - 1) as u32)
    }

    /// The text. Unknown indices are empty.
    #[inline]
    pub fn get(&self, index: StrIdx) -> &str {
        let (text, start, end) = self.place(index);
        text.get(start..end).unwrap_or("")
    }

    /// Is it this text?
    #[inline]
    pub(crate) fn is(&self, index: StrIdx, text: &str) -> bool {
        let (all, start, end) = self.place(index);
        all.as_bytes().get(start..end).is_some_and(|known| same(known, text.as_bytes()))
    }

    #[inline]
    fn place(&self, index: StrIdx) -> (&str, usize, usize) {
        let Some(chunk) = self.chunks.get((index.0 >> CHUNK_BITS) as usize) else { return ("", 0, 0) };
        let i = index.0 as usize & (CHUNK - 1);
        let start = if i == 0 { 0 } else { chunk.ends.get(i - 1).copied().unwrap_or(0) };
        let end = chunk.ends.get(i).copied().unwrap_or(start);
        (&chunk.text, start as usize, end as usize)
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| ((self.chunks.len() - 1) << CHUNK_BITS) + last.ends.len())
    }

    /// Never: the empty text is always there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every text with its index.
    pub fn iter(&self) -> impl Iterator<Item = (StrIdx, &str)> {
        (0..self.len() as u32).map(|i| (StrIdx(i), self.get(StrIdx(i))))
    }

    /// Runs of text that hold many strings end to end, each with the index of its first string and the end offset of
    /// every string: what a search scans, without a call per string.
    pub fn runs(&self) -> impl Iterator<Item = (StrIdx, &str, &[u32])> {
        self.chunks
            .iter()
            .enumerate()
            .map(|(i, chunk)| (StrIdx((i << CHUNK_BITS) as u32), chunk.text.as_str(), chunk.ends.as_slice()))
    }

    /// Bytes of text.
    pub fn text_bytes(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.text.len()).sum()
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.text.capacity() + chunk.ends.capacity() * 4).sum()
    }
}

/// Finds a text that is there already. Lives only as long as the builder.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    table: Table,
}

/// Eight bytes at a time.
#[inline]
fn tag_of(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mix = |hash: u64, word: u64| (hash.rotate_left(25) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (eights, rest) = bytes.as_chunks();
    let hash = eights.iter().fold(bytes.len() as u64, |hash, eight| mix(hash, u64::from_le_bytes(*eight)));
    let hash = if let Some(last) = bytes.last_chunk() {
        // Some of it is there twice, which does no harm.
        mix(hash, u64::from_le_bytes(*last))
    } else {
        mix(hash, rest.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)))
    };
    fold(hash)
}

/// Are they equal? Inlined, where the library would call a function that, in WebAssembly, goes byte by byte.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let ((a_eights, a_rest), (b_eights, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a_eights.iter().zip(b_eights) {
        if u64::from_le_bytes(*a) != u64::from_le_bytes(*b) {
            return false;
        }
    }
    match (a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a), Some(b)) => u64::from_le_bytes(*a) == u64::from_le_bytes(*b),
        _ => a_rest.iter().zip(b_rest).all(|(a, b)| a == b),
    }
}

impl Interner {
    /// The index of `text`, and whether it was there before.
    #[inline]
    pub(crate) fn intern(&mut self, pool: &mut StringPool, text: &str) -> (StrIdx, bool) {
        if text.is_empty() {
            return (StringPool::EMPTY, true);
        }
        let tag = tag_of(text);
        if let Some(found) = self.table.find(tag, |number| pool.is(StrIdx(number), text)) {
            return (StrIdx(found), true);
        }
        let index = pool.push(text);
        self.table.add(tag, index.0);
        (index, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_once_and_read_back() {
        let mut pool = StringPool::default();
        let mut interner = Interner::default();
        let words: Vec<String> = (0..20_000).map(|i| format!("word {}", i % 9_000)).collect();
        let indices: Vec<StrIdx> = words.iter().map(|word| interner.intern(&mut pool, word).0).collect();
        assert_eq!(pool.len(), 9_001, "9 000 words and the empty text");
        for (word, index) in words.iter().zip(indices) {
            assert_eq!(pool.get(index), word);
        }
        assert_eq!(interner.intern(&mut pool, "word 8999"), (StrIdx(9_000), true));
        assert_eq!(pool.get(StrIdx(u32::MAX)), "");
    }

    #[test]
    fn runs_cover_every_text() {
        let mut pool = StringPool::default();
        for i in 0..10_000 {
            pool.push(&i.to_string());
        }
        let mut seen = Vec::new();
        for (first, text, ends) in pool.runs() {
            let mut start = 0;
            for (i, &end) in ends.iter().enumerate() {
                assert_eq!(text.get(start..end as usize), Some(pool.get(StrIdx(first.0 + i as u32))));
                start = end as usize;
                seen.push(first.0 + i as u32);
            }
        }
        assert_eq!(seen, (0..=10_000).collect::<Vec<_>>());
    }
}
