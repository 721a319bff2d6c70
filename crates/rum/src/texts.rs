//! Texts that are sent once and then named by number. They are kept as JSON, ready to be copied.

use alloc::vec::Vec;

use crate::json;
use crate::read::Text;

/// More are refused: numbers are for what repeats.
const MOST: usize = 4096;

/// What stands before and after a text that is the key of an attribute.
const KEY: (&str, &str) = ("{\"key\":\"", "\",\"value\":");
/// What stands before and after any other; the ends of [`KEY`] that are nearest to the text.
const TEXT: (&str, &str) = ("\"", "\"");

/// What a text is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The key of an attribute, with all that stands before its value.
    Key,
    /// The name of something.
    Name,
    /// A value, of limited length.
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
    json: Vec<u8>,
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
        let begin = self.json.len() as u32;
        json::raw(&mut self.json, KEY.0);
        json::escape(&mut self.json, value);
        let value_end = self.json.len() as u32;
        json::escape(&mut self.json, rest);
        json::raw(&mut self.json, KEY.1);
        self.places.push(Place { begin, end: self.json.len() as u32, value_end });
        self.places.len() <= MOST
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.json.capacity() + self.places.capacity() * size_of::<Place>()
    }

    /// The JSON of a text that is defined, in its role; that of a value without its end.
    fn get(&self, number: u32, role: Role) -> &[u8] {
        let Some(Place { begin, end, value_end }) = self.places.get(number as usize) else { return &[] };
        let inner = *begin as usize + KEY.0.len() - TEXT.0.len();
        let range = match role {
            Role::Key => *begin as usize..*end as usize,
            Role::Name => inner..*end as usize - (KEY.1.len() - TEXT.1.len()),
            Role::Value => inner..*value_end as usize,
        };
        self.json.get(range).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self, text: Text<'_>) -> bool {
        match text {
            Text::Inline(text) => text.is_empty(),
            Text::Interned(number) => self.get(number, Role::Name).len() <= 2,
        }
    }

    /// The text as a JSON string.
    pub(crate) fn write(&self, out: &mut Vec<u8>, text: Text<'_>, role: Role) {
        match text {
            Text::Inline(text) => {
                let (before, after) = if role == Role::Key { KEY } else { TEXT };
                json::raw(out, before);
                json::escape(out, text);
                json::raw(out, after);
            }
            Text::Interned(number) => {
                out.extend_from_slice(self.get(number, role));
                if role == Role::Value {
                    json::raw(out, TEXT.1);
                }
            }
        }
    }
}
