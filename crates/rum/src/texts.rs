//! Texts that are sent once and then named by number. They are kept as JSON, ready to be copied.

use alloc::vec::Vec;

use crate::json;
use crate::read::Text;

/// More are refused: numbers are for what repeats.
pub(crate) const MOST: usize = 4096;

#[derive(Debug)]
struct Place {
    /// One past the text's last byte; it begins where the one before ends.
    end: u32,
    /// Its first so many bytes are as much of it as a value may hold.
    value: u32,
}

/// Escaped, without quotation marks, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    json: Vec<u8>,
    places: Vec<Place>,
}

/// Bytes of the first `characters`; 0 characters stand for all.
pub(crate) fn cut(text: &str, characters: u32) -> usize {
    let all = if characters == 0 { usize::MAX } else { characters as usize };
    text.char_indices().nth(all).map_or(text.len(), |(at, _)| at)
}

impl Texts {
    /// Takes the next text. `None`: there are too many.
    pub(crate) fn define(&mut self, text: &str, value_length: u32) -> Option<()> {
        if self.places.len() >= MOST {
            return None;
        }
        let (value, rest) = text.split_at_checked(cut(text, value_length))?;
        let begin = self.json.len();
        json::escape(&mut self.json, value);
        let value = self.json.len() - begin;
        json::escape(&mut self.json, rest);
        self.places.push(Place { end: self.json.len() as u32, value: value as u32 });
        Some(())
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Bytes held.
    pub(crate) fn held(&self) -> usize {
        self.json.capacity() + self.places.capacity() * size_of::<Place>()
    }

    /// The JSON of a text that is defined, and the length of it as a value.
    fn get(&self, number: u32) -> Option<(&[u8], u32)> {
        let place = self.places.get(number as usize)?;
        let before = number.checked_sub(1).and_then(|before| self.places.get(before as usize));
        let begin = before.map_or(0, |place| place.end);
        Some((self.json.get(begin as usize..place.end as usize)?, place.value))
    }

    pub(crate) fn is_empty(&self, text: Text<'_>) -> bool {
        match text {
            Text::Inline(text) => text.is_empty(),
            Text::Interned(number) => self.get(number).is_none_or(|(json, _)| json.is_empty()),
        }
    }

    /// The text as a JSON string; all of it, or what a value may hold.
    pub(crate) fn write(&self, out: &mut Vec<u8>, text: Text<'_>, value: bool) {
        match text {
            Text::Inline(text) => json::string(out, text),
            Text::Interned(number) => {
                let (json, length) = self.get(number).unwrap_or_default();
                let json = if value { json.get(..length as usize).unwrap_or_default() } else { json };
                out.push(b'"');
                out.extend_from_slice(json);
                out.push(b'"');
            }
        }
    }
}
