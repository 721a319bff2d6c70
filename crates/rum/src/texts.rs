//! Texts that are sent once and then named by number. They are kept as JSON, ready to be copied.

use alloc::vec::Vec;

use crate::json::Json;
use crate::read::Text;

/// More are refused: numbers are for what repeats.
const MOST: usize = 4096;

/// What stands before and after a text that is the key of an attribute.
const KEY: (&str, &str) = ("{\"key\":\"", "\",\"value\":");
/// What stands before and after one that is its value. It ends the attribute.
const VALUE: (&str, &str) = ("{\"stringValue\":\"", "\"}},");

/// What a text is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The key of an attribute, with all that stands before its value.
    Key,
    /// The name of something.
    Name,
    /// A value, of limited length, up to the end of its attribute.
    Value,
}

/// Where a text begins as a key, as a value, and where that ends.
#[derive(Debug)]
struct Place {
    key: u32,
    value: u32,
    end: u32,
}

/// Escaped, each as a key and as a value, one after the other: either is copied in one piece.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    json: Json,
    places: Vec<Place>,
}

/// Bytes of the first so many characters of UTF-8; 0 characters stand for all.
pub(crate) fn cut(text: &[u8], characters: u32) -> usize {
    let mut left = characters;
    if characters > 0 {
        for (at, byte) in text.iter().enumerate() {
            // Not inside a character.
            if byte & 0xC0 != 0x80 {
                if left == 0 {
                    return at;
                }
                left -= 1;
            }
        }
    }
    text.len()
}

impl Texts {
    /// Takes the next text. False: there are too many.
    pub(crate) fn define(&mut self, text: &[u8], value_length: u32) -> bool {
        let key = self.json.length() as u32;
        self.json.around(KEY, text);
        let value = self.json.length() as u32;
        self.json.around(VALUE, text.get(..cut(text, value_length)).unwrap_or_default());
        self.places.push(Place { key, value, end: self.json.length() as u32 });
        self.places.len() <= MOST
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.json.held() + self.places.capacity() * size_of::<Place>()
    }

    /// The JSON of a text that is defined, in its role.
    fn get(&self, number: u32, role: Role) -> &[u8] {
        let Some(Place { key, value, end }) = self.places.get(number as usize) else { return &[] };
        let (key, value, end) = (*key as usize, *value as usize, *end as usize);
        let range = match role {
            Role::Key => key..value,
            Role::Name => key + KEY.0.len() - 1..value + 1 - KEY.1.len(),
            Role::Value => value..end,
        };
        self.json.text().get(range).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self, text: Text<'_>) -> bool {
        match text {
            Text::Inline(text) => text.is_empty(),
            Text::Interned(number) => self.get(number, Role::Name).len() <= 2,
        }
    }

    /// The text as a JSON string.
    pub(crate) fn write(&self, out: &mut Json, text: Text<'_>, role: Role) {
        match text {
            Text::Inline(text) => {
                let around = match role {
                    Role::Key => KEY,
                    Role::Name => ("\"", "\""),
                    Role::Value => VALUE,
                };
                out.around(around, text);
            }
            Text::Interned(number) => out.bytes(self.get(number, role)),
        }
    }
}
