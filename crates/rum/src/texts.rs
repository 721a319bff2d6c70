//! Texts that are sent once and then named by number. They are kept as JSON, ready to be copied.

use alloc::vec::Vec;

use crate::json::Json;
use crate::read::Text;

/// More are refused: numbers are for what repeats.
const MOST: usize = 4096;

/// What stands before and after a text that is the key of an attribute, which is not the first.
const KEY: (&str, &str) = (",{\"key\":\"", "\",\"value\":");

/// What a text is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The key of the first attribute, with all that stands before its value.
    FirstKey,
    /// The key of another.
    Key,
    /// The name of something.
    Name,
    /// A value, of limited length. Without quotation marks.
    Value,
}

/// Where a text and what is put around it begin and end.
#[derive(Debug)]
struct Place {
    begin: u32,
    end: u32,
    /// Where as much of it ends as a value may hold.
    value_end: u32,
}

/// Escaped, each as a key, one after the other: a key is copied in one piece, and is as long as several spans' ids.
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
        let (value, rest) = text.split_at_checked(cut(text, value_length)).unwrap_or_default();
        let begin = self.json.length() as u32;
        self.json.raw(KEY.0);
        self.json.escape(value);
        let value_end = self.json.length() as u32;
        self.json.escape(rest);
        self.json.raw(KEY.1);
        self.places.push(Place { begin, end: self.json.length() as u32, value_end });
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
        let Some(Place { begin, end, value_end }) = self.places.get(number as usize) else { return &[] };
        let (begin, end) = (*begin as usize, *end as usize);
        let inner = begin + KEY.0.len();
        let range = match role {
            Role::FirstKey => begin + 1..end,
            Role::Key => begin..end,
            Role::Name => inner - 1..end + 1 - KEY.1.len(),
            Role::Value => inner..*value_end as usize,
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
                let (before, after) = match role {
                    Role::FirstKey => (KEY.0.get(1..).unwrap_or_default(), KEY.1),
                    Role::Key => KEY,
                    Role::Name => ("\"", "\""),
                    Role::Value => ("", ""),
                };
                out.raw(before);
                out.escape(text);
                out.raw(after);
            }
            Text::Interned(number) => out.bytes(self.get(number, role)),
        }
    }
}
