//! Values told apart, each with its number. One hash table for all: every instance of the library's is compiled anew, at
//! 2 kB of WebAssembly each.

use std::hash::{BuildHasher as _, Hash};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// Finds a value by its hash; the values are the caller's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// The hash beside the number: growth touches no value, and most mismatches neither.
    numbers: HashTable<(u32, u32)>,
}

pub(crate) fn hash_of<T: Hash>(value: &T) -> u32 {
    fold(FxBuildHasher.hash_one(value))
}

/// A hash as the table keeps it.
#[inline]
pub(crate) fn fold(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}

/// The table wants entropy at both ends of 64 bits; a hash here has 32.
#[inline]
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Table {
    #[inline]
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let found = self.numbers.find(spread(hash), |&(other, number)| other == hash && is(number));
        found.map(|&(_, number)| number)
    }

    /// A value that is known not to be there.
    #[inline(never)]
    pub(crate) fn add(&mut self, hash: u32, number: u32) {
        self.numbers.insert_unique(spread(hash), (hash, number), |&(hash, _)| spread(hash));
    }

    #[inline(never)]
    pub(crate) fn reserve(&mut self, more: usize) {
        self.numbers.reserve(more, |&(hash, _)| spread(hash));
    }
}

/// Values in order of their first coming; their numbers count from 0.
#[derive(Clone, Debug)]
pub struct Numbers<T> {
    values: Vec<T>,
    table: Table,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { values: Vec::new(), table: Table::default() }
    }
}

impl<T: Copy + Eq + Hash> Numbers<T> {
    /// The number of `value`: that of all values so far, if it is new.
    pub fn of(&mut self, value: T) -> u32 {
        let hash = hash_of(&value);
        self.find_hashed(hash, &value).unwrap_or_else(|| {
            let number = self.values.len() as u32;
            self.values.push(value);
            self.table.add(hash, number);
            number
        })
    }

    /// The number of `value`, if it came.
    pub fn find(&self, value: &T) -> Option<u32> {
        self.find_hashed(hash_of(value), value)
    }

    #[inline]
    fn find_hashed(&self, hash: u32, value: &T) -> Option<u32> {
        self.table.find(hash, |number| self.values.get(number as usize) == Some(value))
    }

    /// By number.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// By number.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// No value will be asked for again.
    pub(crate) fn seal(&mut self) {
        self.table = Table::default();
        self.values.shrink_to_fit();
    }
}

impl<T: Copy + Eq + Hash> FromIterator<T> for Numbers<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut numbers = Self::default();
        for value in values {
            numbers.of(value);
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_in_order_of_coming() {
        let mut numbers = Numbers::default();
        let given: Vec<u32> = [7_u64, 9, 7, 7 << 32, 9].map(|value| numbers.of(value)).to_vec();
        assert_eq!(given, [0, 1, 0, 2, 1]);
        assert_eq!(numbers.values(), [7, 9, 7 << 32]);
        assert_eq!((numbers.find(&9), numbers.find(&8)), (Some(1), None));
    }

    #[test]
    fn many_values_are_found_again() {
        let numbers: Numbers<u64> = (0..100_000).map(|i| i << 20).collect();
        assert_eq!(numbers.values().len(), 100_000);
        assert!((0..100_000).all(|i| numbers.find(&(u64::from(i) << 20)) == Some(i)));
    }
}
