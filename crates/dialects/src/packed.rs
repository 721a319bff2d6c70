//! Text and attributes kept until the end of an input, in few bytes: profiles tell what encloses what only when all of it
//! is there.

use std::borrow::Cow;
use std::rc::Rc;

use otel::{AnyValue, KeyValue};
use rustc_hash::FxHashMap;

use crate::json::Json;

/// A text of [`Names`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

impl From<u32> for Name {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl From<Name> for u32 {
    fn from(name: Name) -> Self {
        name.0
    }
}

/// Texts that repeat, kept once. The empty one is there from the start, as [`Name::default`].
#[derive(Debug)]
pub(super) struct Names {
    texts: Vec<Rc<str>>,
    places: FxHashMap<Rc<str>, Name>,
}

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { texts: Vec::new(), places: FxHashMap::default() };
        names.intern("");
        names
    }
}

impl Names {
    pub(super) fn intern(&mut self, text: &str) -> Name {
        if let Some(name) = self.places.get(text) {
            return *name;
        }
        let name = Name(self.texts.len() as u32);
        let text: Rc<str> = text.into();
        self.texts.push(Rc::clone(&text));
        self.places.insert(text, name);
        name
    }

    /// The name of a text that was interned.
    pub(super) fn find(&self, text: &str) -> Option<Name> {
        self.places.get(text).copied()
    }

    pub(super) fn text(&self, name: Name) -> &str {
        self.texts.get(name.0 as usize).map_or("", |text| text)
    }
}

/// Where a list of attributes lies in [`Packed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(u32);

impl At {
    /// No attributes.
    pub(super) const NONE: Self = Self(u32::MAX);

    pub(super) fn number(self) -> u32 {
        self.0
    }
}

impl From<u32> for At {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

/// Bits of an offset in a block; the others are the block's number. 4 GiB in all.
const BLOCK_BITS: u32 = 20;
const BLOCK: usize = 1 << BLOCK_BITS;

const EMPTY: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const DOUBLE: u8 = 4;
const TEXT: u8 = 5;
const ARRAY: u8 = 6;
const MAP: u8 = 7;
const NAME: u8 = 8;

/// Lists of attributes, end to end.
#[derive(Debug, Default)]
pub(super) struct Packed {
    /// Blocks, so that growing copies nothing.
    blocks: Vec<Vec<u8>>,
    list: Vec<u8>,
    count: u64,
}

impl Packed {
    /// Adds an attribute to the list that [`Packed::end`] ends.
    pub(super) fn add(&mut self, names: &mut Names, key: &str, value: &Json<'_>) {
        varint(&mut self.list, u64::from(names.intern(key).0));
        pack(&mut self.list, names, value);
        self.count += 1;
    }

    /// Adds one whose value many others have, too.
    pub(super) fn add_name(&mut self, names: &mut Names, key: &str, value: Name) {
        varint(&mut self.list, u64::from(names.intern(key).0));
        self.list.push(NAME);
        varint(&mut self.list, u64::from(value.0));
        self.count += 1;
    }

    /// Ends the list. Where the space for them is used up, there are no attributes.
    pub(super) fn end(&mut self) -> At {
        let count = std::mem::take(&mut self.count);
        if count == 0 {
            return At::NONE;
        }
        let is_full = |block: &Vec<u8>| block.len() + self.list.len() + 10 > BLOCK;
        if self.blocks.last().is_none_or(is_full) {
            self.blocks.push(Vec::with_capacity(BLOCK.max(self.list.len() + 10)));
        }
        let number = self.blocks.len() as u32 - 1;
        let Some(block) = self.blocks.last_mut().filter(|_| number < u32::MAX >> BLOCK_BITS) else {
            self.list.clear();
            return At::NONE;
        };
        let at = At(number << BLOCK_BITS | block.len() as u32);
        varint(block, count);
        block.append(&mut self.list);
        at
    }

    /// Appends the attributes of a list.
    pub(super) fn read<'a>(&'a self, names: &'a Names, at: At, into: &mut Vec<KeyValue<'a>>) {
        let block = self.blocks.get((at.0 >> BLOCK_BITS) as usize);
        let bytes = block.and_then(|block| block.get(at.0 as usize & (BLOCK - 1)..));
        let (true, Some(bytes)) = (at != At::NONE, bytes) else { return };
        let mut reader = Unpack { bytes, names };
        reader.attributes(into);
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// No deeper than [`Json`] is.
fn pack(out: &mut Vec<u8>, names: &mut Names, value: &Json<'_>) {
    match value {
        Json::Null => out.push(EMPTY),
        Json::Bool(false) => out.push(FALSE),
        Json::Bool(true) => out.push(TRUE),
        Json::Number(text) => {
            if let Ok(value) = text.parse::<i64>() {
                out.push(INT);
                varint(out, (value << 1 ^ value >> 63) as u64);
            } else {
                out.push(DOUBLE);
                out.extend(text.parse::<f64>().unwrap_or_default().to_le_bytes());
            }
        }
        Json::Str(text) => {
            out.push(TEXT);
            varint(out, text.len() as u64);
            out.extend(text.as_bytes());
        }
        Json::Array(values) => {
            out.push(ARRAY);
            varint(out, values.len() as u64);
            for value in values {
                pack(out, names, value);
            }
        }
        Json::Object(members) => {
            out.push(MAP);
            varint(out, members.len() as u64);
            for (name, value) in members {
                varint(out, u64::from(names.intern(name).0));
                pack(out, names, value);
            }
        }
    }
}

struct Unpack<'a> {
    bytes: &'a [u8],
    names: &'a Names,
}

impl<'a> Unpack<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.bytes.split_at_checked(length).unwrap_or_default();
        self.bytes = rest;
        taken
    }

    fn varint(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        while let Some((byte, rest)) = self.bytes.split_first() {
            self.bytes = rest;
            value |= u64::from(byte & 0x7F) << shift;
            if *byte < 0x80 {
                break;
            }
            shift += 7;
        }
        value
    }

    fn name(&mut self) -> Cow<'a, str> {
        Cow::Borrowed(self.names.text(Name(self.varint() as u32)))
    }

    fn attributes(&mut self, into: &mut Vec<KeyValue<'a>>) {
        for _ in 0..self.varint() {
            let key = self.name();
            into.push(KeyValue { key, value: self.value() });
        }
    }

    fn value(&mut self) -> AnyValue<'a> {
        match self.take(1) {
            [FALSE] => AnyValue::Bool(false),
            [TRUE] => AnyValue::Bool(true),
            [INT] => {
                let value = self.varint();
                AnyValue::Int((value >> 1) as i64 ^ -((value & 1) as i64))
            }
            [DOUBLE] => {
                AnyValue::Double(f64::from_le_bytes(self.take(8).first_chunk().copied().unwrap_or_default()))
            }
            [TEXT] => {
                let length = self.varint() as usize;
                AnyValue::Str(Cow::Borrowed(str::from_utf8(self.take(length)).unwrap_or_default()))
            }
            [ARRAY] => AnyValue::Array((0..self.varint()).map(|_| self.value()).collect()),
            [MAP] => {
                let mut entries = Vec::new();
                self.attributes(&mut entries);
                AnyValue::Map(entries)
            }
            [NAME] => AnyValue::Str(self.name()),
            _ => AnyValue::Empty,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::Notes;

    #[test]
    fn what_is_packed_is_read() {
        let text = r#"{"a": -7, "b": 9223372036854775807, "c": -9223372036854775808, "d": 1.5, "e": "x\u0061é",
            "f": [true, false, null, {"g": {}}], "h": {"i": "j"}}"#;
        let json = Json::parse(text, &mut Notes::default()).unwrap();
        let (mut names, mut packed) = (Names::default(), Packed::default());
        let x = names.intern("x");
        assert_eq!(packed.end(), At::NONE);
        let mut places = Vec::new();
        // Several blocks of them.
        for _ in 0..20_000 {
            for (name, value) in json.members() {
                packed.add(&mut names, name, value);
            }
            packed.add_name(&mut names, "k", x);
            places.push(packed.end());
        }
        assert!(packed.blocks.len() > 1);
        let mut expected = json.attributes();
        expected.push(KeyValue::new("k", "x"));
        for at in places {
            let mut found = Vec::new();
            packed.read(&names, at, &mut found);
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_long_list() {
        let long = "x".repeat(3 * BLOCK);
        let (mut names, mut packed) = (Names::default(), Packed::default());
        let mut places = Vec::new();
        for key in ["a", "b", "c"] {
            packed.add(&mut names, key, &Json::Str(long.as_str().into()));
            places.push((key, packed.end()));
        }
        for (key, at) in places {
            let mut found = Vec::new();
            packed.read(&names, at, &mut found);
            assert_eq!(found, [KeyValue::new(key, long.as_str())]);
        }
    }
}
