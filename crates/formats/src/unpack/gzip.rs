//! Gzip members (RFC 1952) around flate2's inflate. Its own reader brings a checksum with 16 kB of tables, which do not
//! compress; here they are made when a compressed file is opened.

use flate2::{Decompress, FlushDecompress, Status};

use super::stack::Inside;
use super::{Container, DamageKind, Layer, PIECE, TooMuch, gather};

/// A header longer than this is none: file name and comment have no end of their own.
const LONGEST_HEADER: usize = 64 << 10;

/// Why no more can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// It ends too early.
    Cut,
    /// What follows is no gzip header.
    Header,
    /// It is not what deflate writes.
    Data,
    /// Another text was compressed, going by checksum and length.
    Checksum,
}

#[derive(Debug)]
enum Place {
    /// What there is of it.
    Header(Vec<u8>),
    Body,
    Trailer(Vec<u8>),
}

/// Decompresses members that follow each other.
#[derive(Debug)]
pub(crate) struct Gzip {
    place: Place,
    inflate: Inflate,
    members: usize,
    /// What was decompressed and not yet taken.
    pub(crate) text: Vec<u8>,
}

impl Gzip {
    pub(crate) fn new() -> Self {
        Self { place: Place::Header(Vec::new()), inflate: Inflate::new(), members: 0, text: Vec::new() }
    }

    /// What could be decompressed before the damage is in `text`.
    #[cfg(test)]
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Damage> {
        while !bytes.is_empty() {
            self.step(&mut bytes)?;
        }
        Ok(())
    }

    /// Takes some of `bytes`, which are at least one.
    fn step(&mut self, bytes: &mut &[u8]) -> Result<(), Damage> {
        match &mut self.place {
            Place::Header(header) => {
                let before = header.len();
                header.extend_from_slice(bytes);
                let Some(length) = header_length(header)? else {
                    *bytes = &[];
                    return Ok(());
                };
                *bytes = bytes.get(length.saturating_sub(before)..).unwrap_or_default();
                self.place = Place::Body;
            }
            Place::Body => {
                if self.inflate.take(bytes, &mut self.text)? {
                    self.place = Place::Trailer(Vec::new());
                }
            }
            Place::Trailer(trailer) => {
                gather(trailer, bytes, 8);
                if let Ok(trailer) = <[u8; 8]>::try_from(trailer.as_slice()) {
                    if u64::from_le_bytes(trailer) != self.inflate.checksum.value() {
                        return Err(Damage::Checksum);
                    }
                    self.members += 1;
                    self.inflate.reset();
                    self.place = Place::Header(Vec::new());
                }
            }
        }
        Ok(())
    }

    /// There are no more bytes.
    pub(crate) fn finish(&self) -> Result<(), Damage> {
        match &self.place {
            Place::Header(header) if header.is_empty() && self.members > 0 => Ok(()),
            _ => Err(Damage::Cut),
        }
    }
}

impl From<Damage> for DamageKind {
    fn from(damage: Damage) -> Self {
        match damage {
            Damage::Cut => Self::Cut,
            Damage::Header => Self::Header,
            Damage::Data => Self::Data,
            Damage::Checksum => Self::Checksum,
        }
    }
}

/// Told by the two bytes of the magic and the one method there is.
pub(super) const GZIP: Container = Container {
    name: "gzip",
    tells: |head| head.begins(b"\x1F\x8B\x08"),
    open: Some(|| Box::new(Gzip::new())),
};

impl Layer for Gzip {
    fn push(&mut self, bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        let mut after = bytes.len();
        for piece in bytes.chunks(PIECE) {
            after -= piece.len();
            let mut rest = piece;
            let mut stepped = Ok(());
            while stepped.is_ok() && !rest.is_empty() {
                stepped = self.step(&mut rest);
            }
            inside.bytes(&self.text)?;
            self.text.clear();
            if let Err(damage) = stepped {
                // What is no header is so from its first byte on.
                let unread = if let Place::Header(header) = &self.place { header.len() } else { rest.len() };
                inside.spoiled(after + unread, damage.into());
                return Ok(());
            }
        }
        Ok(())
    }

    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        if let Err(damage) = Self::finish(self) {
            inside.spoiled(0, damage.into());
        }
        Ok(())
    }
}

/// Deflate (RFC 1951) and the checksum of what comes out.
#[derive(Debug)]
pub(super) struct Inflate {
    inflate: Decompress,
    pub(super) checksum: Checksum,
}

impl Inflate {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new(false), checksum: Checksum::new() }
    }

    fn reset(&mut self) {
        self.inflate.reset(false);
        self.checksum.reset();
    }

    /// Takes what is of use, adds to `text` all that comes of it, and tells whether that is the end.
    pub(super) fn take(&mut self, bytes: &mut &[u8], text: &mut Vec<u8>) -> Result<bool, Damage> {
        loop {
            let (from, before) = (text.len(), self.inflate.total_in());
            text.reserve(32 << 10);
            let status = self.inflate.decompress_vec(bytes, text, FlushDecompress::None);
            let new = text.get(from..).unwrap_or_default();
            self.checksum.add(new);
            let taken = (self.inflate.total_in() - before) as usize;
            *bytes = bytes.get(taken..).unwrap_or_default();
            match status {
                Ok(Status::StreamEnd) => return Ok(true),
                // With room to spare, all there was is out.
                Ok(_) if bytes.is_empty() && text.len() < text.capacity() => return Ok(false),
                Ok(_) if !new.is_empty() || taken > 0 => {}
                Ok(_) | Err(_) => return Err(Damage::Data),
            }
        }
    }
}

/// The length of the header at the start, once it is all there.
fn header_length(bytes: &[u8]) -> Result<Option<usize>, Damage> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const CHECKSUM: u8 = 2;
    if bytes.len() > LONGEST_HEADER || bytes.iter().zip([0x1F, 0x8B, 8]).any(|(&byte, wanted)| byte != wanted)
    {
        return Err(Damage::Header);
    }
    let length = || {
        let flags = *bytes.get(3)?;
        let mut length = 10;
        if flags & EXTRA != 0 {
            let extra = bytes.get(length..)?.first_chunk()?;
            length += 2 + usize::from(u16::from_le_bytes(*extra));
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                length += bytes.get(length..)?.iter().position(|&byte| byte == 0)? + 1;
            }
        }
        if flags & CHECKSUM != 0 {
            length += 2;
        }
        (bytes.len() >= length).then_some(length)
    };
    Ok(length())
}

/// CRC-32 and length.
#[derive(Debug)]
pub(super) struct Checksum {
    /// Of a byte that is followed by so many others.
    tables: Box<[[u32; 256]; 8]>,
    inverse: u32,
    length: u32,
}

impl Checksum {
    pub(super) fn new() -> Self {
        let mut tables = Box::new([[0; 256]; 8]);
        for byte in 0..=255_u8 {
            let mut remainder = u32::from(byte);
            for table in tables.iter_mut() {
                for _ in 0..8 {
                    remainder = remainder >> 1 ^ if remainder & 1 == 1 { 0xEDB8_8320 } else { 0 };
                }
                if let Some(slot) = table.get_mut(usize::from(byte)) {
                    *slot = remainder;
                }
            }
        }
        Self { tables, inverse: u32::MAX, length: 0 }
    }

    fn reset(&mut self) {
        (self.inverse, self.length) = (u32::MAX, 0);
    }

    #[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
    pub(super) fn add(&mut self, bytes: &[u8]) {
        self.length = self.length.wrapping_add(bytes.len() as u32);
        let of = |followed_by: usize, byte: u8| self.tables[followed_by][usize::from(byte)];
        let (groups, rest) = bytes.as_chunks::<8>();
        let mut inverse = self.inverse;
        for &[a, b, c, d, e, f, g, h] in groups {
            let [w, x, y, z] = inverse.to_le_bytes();
            inverse = of(7, a ^ w)
                ^ of(6, b ^ x)
                ^ of(5, c ^ y)
                ^ of(4, d ^ z)
                ^ of(3, e)
                ^ of(2, f)
                ^ of(1, g)
                ^ of(0, h);
        }
        for &byte in rest {
            let [low, ..] = inverse.to_le_bytes();
            inverse = inverse >> 8 ^ of(0, byte ^ low);
        }
        self.inverse = inverse;
    }

    /// As the eight bytes of a trailer, read from the low end.
    pub(super) fn value(&self) -> u64 {
        u64::from(!self.inverse) | u64::from(self.length) << 32
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(text: &str, builder: GzBuilder) -> Vec<u8> {
        let mut encoder = builder.write(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn all_fields() -> GzBuilder {
        GzBuilder::new().extra(vec![0, 1, 2]).filename("spans.json").comment("from a test").mtime(7)
    }

    /// What comes out of bytes that come in pieces, and how it ends.
    fn check(bytes: &[u8], expected: &str, ends: Result<(), Damage>) {
        for piece in [1, 2, 7, 1000] {
            let mut gzip = Gzip::new();
            let pushed = bytes.chunks(piece).try_for_each(|bytes| gzip.push(bytes));
            assert_eq!(pushed.and_then(|()| gzip.finish()), ends, "in pieces of {piece}");
            assert_eq!(String::from_utf8_lossy(&gzip.text), expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn members() {
        let (one, two) = (gzip("one", GzBuilder::new()), gzip(" two", all_fields()));
        check(&one, "one", Ok(()));
        check(&two, " two", Ok(()));
        check(&[one.as_slice(), &two, &one].concat(), "one twoone", Ok(()));
        check(&gzip("", GzBuilder::new()), "", Ok(()));
        // A checksum of the header: flag and two bytes.
        let mut checked = one;
        checked[3] = 2;
        checked.splice(10..10, [0, 0]);
        check(&checked, "one", Ok(()));
    }

    #[test]
    fn damaged() {
        let whole = gzip("text", all_fields());
        for cut in [0, 1, 5, 12, 30] {
            check(&whole[..cut], "", Err(Damage::Cut));
        }
        check(&whole[..whole.len() - 8], "text", Err(Damage::Cut));
        check(&whole[..whole.len() - 1], "text", Err(Damage::Cut));
        let spoil = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x80;
            bytes
        };
        check(&spoil(1), "", Err(Damage::Header));
        check(&spoil(whole.len() - 1), "text", Err(Damage::Checksum));
        check(&spoil(whole.len() - 5), "text", Err(Damage::Checksum));
        check(&[whole.as_slice(), b"garbage"].concat(), "text", Err(Damage::Header));
        // A block of a type that does not exist.
        let header = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0];
        check(&[header.as_slice(), &[0xFF; 9]].concat(), "", Err(Damage::Data));
    }

    #[test]
    fn a_thousand_times_as_long() {
        let text = " ".repeat(5_000_000);
        check(&gzip(&text, GzBuilder::new()), &text, Ok(()));
    }

    proptest! {
        #[test]
        fn any_text(text: String, piece in 1_usize..40) {
            let mut unzip = Gzip::new();
            for bytes in gzip(&text, GzBuilder::new()).chunks(piece) {
                prop_assert_eq!(unzip.push(bytes), Ok(()));
            }
            prop_assert_eq!(unzip.finish(), Ok(()));
            prop_assert_eq!(String::from_utf8(unzip.text).ok(), Some(text));
        }

        /// Any bytes after a header end somehow.
        #[test]
        fn any_bytes(bytes: Vec<u8>, piece in 1_usize..40) {
            let mut unzip = Gzip::new();
            let header = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0];
            let _ = [header.as_slice(), &bytes].concat().chunks(piece).try_for_each(|bytes| unzip.push(bytes));
        }
    }
}
