//! Records in the order they came, in pieces of memory: nothing moves when more come, and what was read is given back.

use alloc::vec::Vec;

use crate::read::Reader;

/// Bytes of a piece; a longer record gets a piece of its own.
const PIECE: usize = 32 << 10;

/// A queue of records. Before each stands its length, in 4 bytes.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pieces: Vec<Vec<u8>>,
    /// Bytes of the first piece that were taken.
    taken: usize,
    spans: u32,
    /// Of all pieces, taken or free ones too.
    held: usize,
}

impl Log {
    pub(crate) fn spans(&self) -> u32 {
        self.spans
    }

    /// Bytes of memory.
    pub(crate) fn held(&self) -> usize {
        self.held
    }

    /// Takes a record, with more bits in its first byte.
    pub(crate) fn push(&mut self, record: &[u8], bits: u8) {
        let needed = record.len() + 4;
        if self.pieces.last().is_none_or(|last| last.capacity() - last.len() < needed) {
            let piece = Vec::with_capacity(needed.max(PIECE));
            self.held += piece.capacity();
            self.pieces.push(piece);
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.extend_from_slice(&(record.len() as u32).to_le_bytes());
            let first = piece.len();
            piece.extend_from_slice(record);
            if let Some(first) = piece.get_mut(first) {
                *first |= bits;
            }
            self.spans += 1;
        }
    }

    pub(crate) fn records(&self) -> Records<'_> {
        let (first, others) = self.pieces.split_first().map_or((&[][..], &[][..]), |(first, others)| {
            (first.get(self.taken..).unwrap_or_default(), others)
        });
        Records { piece: Reader::new(first), others: others.iter() }
    }

    /// Forgets the oldest records.
    pub(crate) fn forget(&mut self, count: u32) {
        for _ in 0..count.min(self.spans) {
            let Some(piece) = self.pieces.first() else { break };
            let length = Reader::new(piece.get(self.taken..).unwrap_or_default()).word();
            self.taken += 4 + length as usize;
            self.spans -= 1;
            // All of it was taken.
            if self.taken >= piece.len() {
                self.held -= piece.capacity();
                self.taken = 0;
                self.pieces.remove(0);
            }
        }
    }
}

/// Oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Records<'a> {
    piece: Reader<'a>,
    others: core::slice::Iter<'a, Vec<u8>>,
}

impl<'a> Records<'a> {
    /// Those of a single piece of memory.
    pub(crate) fn of(piece: &'a [u8]) -> Self {
        Self { piece: Reader::new(piece), others: [].iter() }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.piece.rest().is_empty() {
            self.piece = Reader::new(self.others.next()?);
        }
        let length = self.piece.word();
        Some(self.piece.take(length as usize))
    }
}
