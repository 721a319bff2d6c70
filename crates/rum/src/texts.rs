//! Texts that are sent once and then named by number. They are kept as JSON, ready to be copied.

use alloc::vec::Vec;

use crate::json;
use crate::read::Text;

/// More are refused: numbers are for what repeats.
const MOST: usize = 4096;

#[derive(Debug)]
struct Place {
    begin: u32,
    end: u32,
    /// Where as much of it ends as a value may hold.
    value_end: u32,
}

/// Escaped, without quotation marks, one after the other.
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
        json::escape(&mut self.json, value);
        let value_end = self.json.len() as u32;
        json::escape(&mut self.json, rest);
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

    /// The JSON of a text that is defined; all of it, or what a value may hold.
    fn get(&self, number: u32, value: bool) -> &[u8] {
        let place = self.places.get(number as usize);
        let range =
            place.map_or(0..0, |it| it.begin as usize..if value { it.value_end } else { it.end } as usize);
        self.json.get(range).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self, text: Text<'_>) -> bool {
        match text {
            Text::Inline(text) => text.is_empty(),
            Text::Interned(number) => self.get(number, false).is_empty(),
        }
    }

    /// The text as a JSON string; all of it, or what a value may hold.
    pub(crate) fn write(&self, out: &mut Vec<u8>, text: Text<'_>, value: bool) {
        out.push(b'"');
        match text {
            Text::Inline(text) => json::escape(out, text),
            Text::Interned(number) => out.extend_from_slice(self.get(number, value)),
        }
        out.push(b'"');
    }
}
