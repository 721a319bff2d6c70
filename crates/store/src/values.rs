//! Attributes in 8 bytes each, beside the distinct text.

use std::borrow::Cow;

use otel::{AnyValue, AttributeRef, KeyValue};

use crate::StrIdx;
use crate::strings::{Interner, StringPool};

/// Keys that fit beside a tag in 32 bits; later ones are spilled.
const MAX_KEYS: usize = (1 << 24) - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Tag {
    Empty,
    Str,
    False,
    True,
    /// Fits 32 bits, signed.
    SmallInt,
    /// Index into `wide`.
    Int,
    /// Index into `wide`, as bits.
    Double,
    /// Index into `spilled`: bytes, arrays, maps, and any value whose key has no number.
    Spilled,
}

const TAGS: [Tag; 8] =
    [Tag::Empty, Tag::Str, Tag::False, Tag::True, Tag::SmallInt, Tag::Int, Tag::Double, Tag::Spilled];

/// How often a key's values were there already, to stop looking where they never are; and the latest, to begin with.
#[derive(Clone, Copy, Debug, Default)]
struct Repeats {
    tried: u32,
    found: u32,
    last: StrIdx,
}

/// Places for keys that were used of late.
const RECENT: usize = 128;

/// Most keys differ in length or last letter, and comparing once is cheaper than hashing.
#[inline]
fn place_of(key: &str) -> usize {
    let last = key.as_bytes().last().copied().unwrap_or_default();
    (key.len() * 31 + usize::from(last)) % RECENT
}

#[inline]
fn name(tag: Tag, key: u32, payload: u32) -> AttributeRef {
    AttributeRef(u64::from((tag as u32) << 24 | key) << 32 | u64::from(payload))
}

impl Repeats {
    /// Ids, timestamps and addresses with ids in them never repeat: looking them up costs more than it saves.
    fn worthwhile(self) -> bool {
        self.tried < 512 || self.found * 8 > self.tried
    }
}

/// All attributes of all spans, events, links, resources and scopes, in order of arrival.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttributeTable {
    /// Key number in the low 24 bits, tag above.
    keys: Vec<u32>,
    payloads: Vec<u32>,
    key_names: Vec<StrIdx>,
    wide: Vec<u64>,
    spilled: Vec<KeyValue<'static>>,
    repeats: Vec<Repeats>,
    /// Key number by text index, while building. Keys are few and come first, so this stays short.
    key_numbers: Vec<u32>,
    /// Key numbers by [`place_of`], while building.
    recent: Vec<u32>,
}

impl AttributeTable {
    pub(crate) fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    #[inline]
    fn key_number(&mut self, pool: &mut StringPool, interner: &mut Interner, key: &str) -> Option<u32> {
        let recent = self.recent.get(place_of(key)).copied();
        if let Some(number) = recent
            && self.key_names.get(number as usize).is_some_and(|&text| pool.is(text, key))
        {
            return Some(number);
        }
        let number = self.look_up(pool, interner, key)?;
        self.recent.resize(RECENT, u32::MAX);
        if let Some(slot) = self.recent.get_mut(place_of(key)) {
            *slot = number;
        }
        Some(number)
    }

    fn look_up(&mut self, pool: &mut StringPool, interner: &mut Interner, key: &str) -> Option<u32> {
        let (text, _) = interner.intern(pool, key);
        let place = text.0 as usize;
        match self.key_numbers.get(place) {
            Some(&number) if number != u32::MAX => return Some(number),
            _ => {}
        }
        if self.key_names.len() >= MAX_KEYS || place > (1 << 26) {
            return None;
        }
        if place >= self.key_numbers.len() {
            self.key_numbers.resize(place + 1, u32::MAX);
        }
        let number = self.key_names.len() as u32;
        self.key_names.push(text);
        self.repeats.push(Repeats::default());
        if let Some(slot) = self.key_numbers.get_mut(place) {
            *slot = number;
        }
        Some(number)
    }

    pub(crate) fn push(&mut self, pool: &mut StringPool, interner: &mut Interner, attribute: &KeyValue<'_>) {
        let name = self.name(pool, interner, attribute);
        self.extend(&[name]);
    }

    /// Adds attributes that were named, as often as they are had.
    #[inline]
    pub(crate) fn extend(&mut self, names: &[AttributeRef]) {
        self.keys.extend(names.iter().map(|name| (name.0 >> 32) as u32));
        self.payloads.extend(names.iter().map(|name| name.0 as u32));
    }

    /// What an attribute is here: the word of its key, and the payload.
    pub(crate) fn name(
        &mut self,
        pool: &mut StringPool,
        interner: &mut Interner,
        attribute: &KeyValue<'_>,
    ) -> AttributeRef {
        let Some(key) = self.key_number(pool, interner, &attribute.key) else {
            return self.spill(0, attribute);
        };
        let (tag, payload) = match &attribute.value {
            AnyValue::Empty => (Tag::Empty, 0),
            AnyValue::Str(text) => (Tag::Str, self.text(pool, interner, key, text).0),
            AnyValue::Bool(false) => (Tag::False, 0),
            AnyValue::Bool(true) => (Tag::True, 0),
            &AnyValue::Int(value) => match i32::try_from(value) {
                Ok(small) => (Tag::SmallInt, small as u32),
                Err(_) => (Tag::Int, self.widen(value as u64)),
            },
            AnyValue::Double(value) => (Tag::Double, self.widen(value.to_bits())),
            AnyValue::Bytes(_) | AnyValue::Array(_) | AnyValue::Map(_) => {
                return self.spill(key, attribute);
            }
        };
        name(tag, key, payload)
    }

    fn text(&mut self, pool: &mut StringPool, interner: &mut Interner, key: u32, text: &str) -> StrIdx {
        let Some(repeats) = self.repeats.get_mut(key as usize) else { return StringPool::EMPTY };
        if text.is_empty() {
            return StringPool::EMPTY;
        }
        if !repeats.worthwhile() {
            return pool.push(text);
        }
        repeats.tried += 1;
        if pool.is(repeats.last, text) {
            repeats.found += 1;
            return repeats.last;
        }
        let (index, found) = interner.intern(pool, text);
        repeats.found += u32::from(found);
        repeats.last = index;
        index
    }

    fn widen(&mut self, bits: u64) -> u32 {
        self.wide.push(bits);
        self.wide.len() as u32 - 1
    }

    fn spill(&mut self, key: u32, attribute: &KeyValue<'_>) -> AttributeRef {
        self.spilled.push(attribute.clone().into_owned());
        name(Tag::Spilled, key, self.spilled.len() as u32 - 1)
    }

    pub(crate) fn get<'a>(&'a self, pool: &'a StringPool, place: u32) -> Option<Attribute<'a>> {
        let &word = self.keys.get(place as usize)?;
        let &payload = self.payloads.get(place as usize)?;
        let tag = TAGS.get((word >> 24) as usize).copied()?;
        if tag == Tag::Spilled {
            let spilled = self.spilled.get(payload as usize)?;
            return Some(Attribute { key: &spilled.key, value: Value::Owned(&spilled.value) });
        }
        let key = pool.get(*self.key_names.get((word & 0xFF_FFFF) as usize)?);
        let value = match tag {
            Tag::Empty | Tag::Spilled => Value::Empty,
            Tag::Str => Value::Str(pool.get(StrIdx(payload))),
            Tag::False => Value::Bool(false),
            Tag::True => Value::Bool(true),
            Tag::SmallInt => Value::Int(i64::from(payload as i32)),
            Tag::Int => Value::Int(*self.wide.get(payload as usize)? as i64),
            Tag::Double => Value::Double(f64::from_bits(*self.wide.get(payload as usize)?)),
        };
        Some(Attribute { key, value })
    }

    /// Key text and string value of an attribute, as indices, to test membership without touching text.
    /// The second is `None` where the value is not a plain text.
    pub(crate) fn text_indices(&self, place: u32) -> Option<(StrIdx, Option<StrIdx>)> {
        let &word = self.keys.get(place as usize)?;
        let &payload = self.payloads.get(place as usize)?;
        let key = self.key_names.get((word & 0xFF_FFFF) as usize).copied().unwrap_or_default();
        Some((key, (word >> 24 == Tag::Str as u32).then_some(StrIdx(payload))))
    }

    /// An attribute with its text as indices: to test many without touching text.
    pub(crate) fn cell(&self, place: u32) -> Option<Cell<'_>> {
        let &word = self.keys.get(place as usize)?;
        let &payload = self.payloads.get(place as usize)?;
        let tag = TAGS.get((word >> 24) as usize).copied()?;
        let key = self.key_names.get((word & 0xFF_FFFF) as usize).copied().unwrap_or_default();
        let cell = match tag {
            Tag::Empty => Cell::Plain(key, Value::Empty),
            Tag::Str => Cell::Text(key, StrIdx(payload)),
            Tag::False => Cell::Plain(key, Value::Bool(false)),
            Tag::True => Cell::Plain(key, Value::Bool(true)),
            Tag::SmallInt => Cell::Plain(key, Value::Int(i64::from(payload as i32))),
            Tag::Int => Cell::Plain(key, Value::Int(*self.wide.get(payload as usize)? as i64)),
            Tag::Double => Cell::Plain(key, Value::Double(f64::from_bits(*self.wide.get(payload as usize)?))),
            Tag::Spilled => Cell::Spilled(self.spilled.get(payload as usize)?),
        };
        Some(cell)
    }

    pub(crate) fn memory(&self) -> usize {
        (self.keys.capacity() + self.payloads.capacity() + self.key_names.capacity()) * 4
            + self.wide.capacity() * 8
            + self.spilled.capacity() * size_of::<KeyValue<'_>>()
    }

    pub(crate) fn seal(&mut self) {
        self.keys.shrink_to_fit();
        self.payloads.shrink_to_fit();
        self.wide.shrink_to_fit();
        self.spilled.shrink_to_fit();
    }
}

/// An attribute as the store holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute<'a> {
    /// The name.
    pub key: &'a str,
    /// The value.
    pub value: Value<'a>,
}

/// An attribute with its text as indices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Text.
    Text(StrIdx, StrIdx),
    /// A number, a boolean, or nothing.
    Plain(StrIdx, Value<'a>),
    /// Bytes, an array, a map, or an attribute whose key has no index.
    Spilled(&'a KeyValue<'static>),
}

/// A value as the store holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing was said.
    Empty,
    /// Text.
    Str(&'a str),
    /// Truth.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Double(f64),
    /// Bytes, an array or a map.
    Owned(&'a AnyValue<'static>),
}

impl<'a> Attribute<'a> {
    /// As it stood on the wire.
    pub fn to_key_value(self) -> KeyValue<'a> {
        KeyValue { key: Cow::Borrowed(self.key), value: self.value.to_any() }
    }
}

impl<'a> Value<'a> {
    /// As it stood on the wire.
    pub fn to_any(self) -> AnyValue<'a> {
        match self {
            Value::Empty => AnyValue::Empty,
            Value::Str(text) => AnyValue::Str(Cow::Borrowed(text)),
            Value::Bool(value) => AnyValue::Bool(value),
            Value::Int(value) => AnyValue::Int(value),
            Value::Double(value) => AnyValue::Double(value),
            Value::Owned(value) => value.clone(),
        }
    }

    /// The text, where it is one.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::Str(text) => Some(text),
            Value::Owned(AnyValue::Str(text)) => Some(text),
            _ => None,
        }
    }
}
