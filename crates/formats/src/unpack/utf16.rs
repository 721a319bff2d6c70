//! UTF-16 (Unicode 16, section 3.10) to UTF-8. Not a container, but read like one.

use super::stack::Inside;
use super::{Container, DamageKind, Head, Layer, PIECE, Told, TooMuch};

/// Told by the byte order mark, or by a bracket of JSON and what may follow it.
pub(super) const UTF16: Container =
    Container { name: "UTF-16", tells: tell, open: Some(|| Box::new(Utf16::default())) };

fn tell(head: &Head<'_>) -> Told {
    match *head.bytes {
        // UTF-32, which nobody writes.
        [0xFF, 0xFE, 0, 0, ..] => Told::No,
        [0xFF, 0xFE, _, _, ..]
        | [0xFE, 0xFF, ..]
        | [b'{' | b'[', 0, 1..=0xFF, 0, ..]
        | [0, b'{' | b'[', 0, 1..=0xFF, ..] => Told::Yes,
        [0xFF, 0xFE] if head.ended => Told::Yes,
        [0xFF | 0xFE | 0 | b'{' | b'[']
        | [0xFF, 0xFE, ..]
        | [b'{' | b'[', 0]
        | [b'{' | b'[', 0, 1..=0xFF]
        | [0, b'{' | b'[']
        | [0, b'{' | b'[', 0] => Told::More,
        _ => Told::No,
    }
}

#[derive(Debug, Default)]
struct Utf16 {
    /// Once the first unit has told.
    big_endian: Option<bool>,
    /// The first half of a unit.
    byte: Option<u8>,
    /// The first half of a character.
    high: Option<u16>,
    text: String,
}

impl Utf16 {
    fn unit(&mut self, unit: [u8; 2]) {
        let Some(big_endian) = self.big_endian else {
            self.big_endian = Some(matches!(unit, [0 | 0xFE, _]));
            if !matches!(unit, [0xFF, 0xFE] | [0xFE, 0xFF]) {
                self.unit(unit);
            }
            return;
        };
        let unit = if big_endian { u16::from_be_bytes(unit) } else { u16::from_le_bytes(unit) };
        if let Some(high) = self.high.take() {
            if let Some(Ok(character)) = char::decode_utf16([high, unit]).next() {
                self.text.push(character);
                return;
            }
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        match char::from_u32(u32::from(unit)) {
            Some(character) => self.text.push(character),
            None if unit < 0xDC00 => self.high = Some(unit),
            None => self.text.push(char::REPLACEMENT_CHARACTER),
        }
    }
}

impl Layer for Utf16 {
    fn push(&mut self, bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        for mut piece in bytes.chunks(PIECE) {
            self.text.clear();
            if let (Some(first), [second, rest @ ..]) = (self.byte, piece) {
                self.byte = None;
                piece = rest;
                self.unit([first, *second]);
            }
            let (units, odd) = piece.as_chunks::<2>();
            for &unit in units {
                self.unit(unit);
            }
            if let [byte] = odd {
                self.byte = Some(*byte);
            }
            inside.bytes(self.text.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        if self.high.is_some() || self.byte.is_some() {
            inside.bytes("\u{fffd}".as_bytes())?;
            inside.damaged(0, DamageKind::Cut);
        }
        Ok(())
    }
}
