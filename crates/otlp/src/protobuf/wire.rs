//! The wire format (protobuf.dev, "Encoding"): keys, variable-length numbers, lengths.

use std::borrow::Cow;

use otel::WarningKind;

use crate::notes::Notes;

/// Wire types: the low three bits of a key.
pub(super) const VARINT: u32 = 0;
pub(super) const I64: u32 = 1;
pub(super) const LEN: u32 = 2;
pub(super) const GROUP: u32 = 3;
pub(super) const END_GROUP: u32 = 4;
pub(super) const I32: u32 = 5;

/// Bytes that no message has: an unknown wire type, field 0, a number of more than ten bytes, a length beyond the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Field and wire type.
pub(super) type Key = (u32, u32);

/// The fields of one whole message, in order. After a key, its value is read by the function that its wire type asks
/// for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'b>(pub(super) &'b [u8]);

impl<'b> Fields<'b> {
    /// The next key, or `None` at the end.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Option<Key>, Malformed> {
        if self.0.is_empty() {
            return Ok(None);
        }
        // More bits than a key has are dropped, as all readers do.
        let key = self.varint()? as u32;
        if key >> 3 == 0 { Err(Malformed) } else { Ok(Some((key >> 3, key & 7))) }
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Result<u64, Malformed> {
        match *self.0 {
            [low, ref rest @ ..] if low < 0x80 => {
                self.0 = rest;
                Ok(low.into())
            }
            // What other functions do not point at may stay in registers.
            _ => {
                let (value, length) = long_varint(self.0)?;
                self.0 = self.0.get(length..).unwrap_or_default();
                Ok(value)
            }
        }
    }

    #[inline]
    pub(super) fn fixed64(&mut self) -> Result<u64, Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*bytes))
    }

    #[inline]
    pub(super) fn fixed32(&mut self) -> Result<u32, Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'b [u8], Malformed> {
        let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// [`Fields::key`] for messages that are few: it is not worth its room in each of them. So are the next two.
    #[inline(never)]
    pub(super) fn cold_key(&mut self) -> Result<Option<Key>, Malformed> {
        self.key()
    }

    #[inline(never)]
    pub(super) fn cold_varint(&mut self) -> Result<u64, Malformed> {
        self.varint()
    }

    #[inline(never)]
    pub(super) fn cold_bytes(&mut self) -> Result<&'b [u8], Malformed> {
        self.bytes()
    }

    /// Reads over a value nobody asks for.
    #[inline]
    pub(super) fn skip(&mut self, wire: u32) -> Result<(), Malformed> {
        *self = self.after(wire)?;
        Ok(())
    }

    /// What follows a value. Groups may hold groups: they are counted.
    #[cold]
    #[inline(never)]
    fn after(mut self, wire: u32) -> Result<Self, Malformed> {
        let mut groups = 0_u32;
        let mut wire = wire;
        loop {
            match wire {
                VARINT => drop(self.varint()?),
                I64 => drop(self.fixed64()?),
                LEN => drop(self.bytes()?),
                I32 => drop(self.fixed32()?),
                GROUP => groups += 1,
                END_GROUP => groups = groups.checked_sub(1).ok_or(Malformed)?,
                _ => return Err(Malformed),
            }
            if groups == 0 {
                return Ok(self);
            }
            wire = self.key()?.ok_or(Malformed)?.1;
        }
    }
}

/// A number of more than one byte, and how many they are.
#[inline(never)]
fn long_varint(bytes: &[u8]) -> Result<(u64, usize), Malformed> {
    if let [low, high @ ..0x80, ..] = *bytes {
        return Ok((u64::from(low & 0x7F) | u64::from(high) << 7, 2));
    }
    let mut value = 0;
    for (place, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte < 0x80 {
            return Ok((value, place + 1));
        }
    }
    Err(Malformed)
}

/// A string of the protocol, which is UTF-8.
#[inline]
pub(super) fn text<'b>(bytes: &'b [u8], field: &str, notes: &mut Notes) -> Cow<'b, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => replaced(bytes, field, notes),
    }
}

#[cold]
fn replaced<'b>(bytes: &'b [u8], field: &str, notes: &mut Notes) -> Cow<'b, str> {
    notes.add(WarningKind::InvalidUtf8, format_args!("{field} is not UTF-8; what is not was replaced"));
    String::from_utf8_lossy(bytes)
}

/// What is at the start of a message that may go on after what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) field: u32,
    pub(super) wire: u32,
    /// Of the key, and of the length where there is one.
    pub(super) bytes: usize,
    /// Of the value; of a group, nothing.
    pub(super) value: u64,
}

/// The next header. `Ok(None)`: it goes on after the end of the bytes.
#[inline]
pub(super) fn header(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let mut fields = Fields(bytes);
    let read = fields.key().and_then(|key| {
        let (field, wire) = key.ok_or(Malformed)?;
        let value = match wire {
            // The value itself is read where it stands.
            VARINT => {
                let before = fields.0.len();
                fields.varint()?;
                return Ok(Header {
                    field,
                    wire,
                    bytes: bytes.len() - before,
                    value: (before - fields.0.len()) as u64,
                });
            }
            LEN => fields.varint()?,
            I64 => 8,
            I32 => 4,
            _ => 0,
        };
        Ok(Header { field, wire, bytes: bytes.len() - fields.0.len(), value })
    });
    match read {
        Ok(header) if header.wire > I32 => Err(Malformed),
        Ok(header) => Ok(Some(header)),
        // A key and a length are twenty bytes at most: what is longer does not lack an end.
        Err(Malformed) if unfinished(bytes) => Ok(None),
        Err(Malformed) => Err(Malformed),
    }
}

/// Do the bytes end inside a key, or inside the number after it?
fn unfinished(bytes: &[u8]) -> bool {
    let number = |bytes: &[u8]| bytes.iter().take(10).position(|&byte| byte < 0x80);
    let Some(key) = number(bytes) else { return bytes.len() < 10 };
    let wire = bytes.first().map_or(0, |first| u32::from(*first & 7));
    let rest = bytes.get(key + 1..).unwrap_or_default();
    matches!(wire, VARINT | LEN) && rest.len() < 10 && number(rest).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let check = |bytes: &[u8], expected| assert_eq!(Fields(bytes).varint(), expected, "{bytes:02x?}");
        check(&[0], Ok(0));
        check(&[0x7F], Ok(127));
        check(&[0x96, 0x01], Ok(150));
        check(&[0x80, 0x80, 0x01], Ok(1 << 14));
        check(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], Ok(u64::MAX));
        // Longer than need be, which is allowed.
        check(&[0x85, 0x80, 0x00], Ok(5));
        check(&[], Err(Malformed));
        check(&[0x80], Err(Malformed));
        check(&[0x80; 11], Err(Malformed));
    }

    #[test]
    fn values_are_read_over() {
        let check = |bytes: &[u8], expected: Result<usize, Malformed>| {
            let mut fields = Fields(bytes);
            let read = fields.key().and_then(|key| fields.skip(key.ok_or(Malformed)?.1));
            assert_eq!(read.map(|()| bytes.len() - fields.0.len()), expected, "{bytes:02x?}");
        };
        check(&[0x08, 0x96, 0x01, 9], Ok(3));
        check(&[0x09, 1, 2, 3, 4, 5, 6, 7, 8, 9], Ok(9));
        check(&[0x0A, 2, 1, 2, 9], Ok(4));
        check(&[0x0D, 1, 2, 3, 4, 9], Ok(5));
        // A group of a number, an empty group, and bytes.
        check(&[0x0B, 0x10, 0x05, 0x13, 0x14, 0x1A, 0x01, 0xFF, 0x0C, 9], Ok(9));
        check(&[0x0B, 0x10, 0x05], Err(Malformed));
        check(&[0x0C], Err(Malformed));
        check(&[0x0E], Err(Malformed));
        check(&[0x00], Err(Malformed));
        check(&[0x0A, 3, 1, 2], Err(Malformed));
    }

    #[test]
    fn headers() {
        let check = |bytes: &[u8], expected: Result<Option<(u32, u32, usize, u64)>, Malformed>| {
            let found = header(bytes)
                .map(|found| found.map(|header| (header.field, header.wire, header.bytes, header.value)));
            assert_eq!(found, expected, "{bytes:02x?}");
        };
        check(&[0x0A, 0x05], Ok(Some((1, LEN, 2, 5))));
        check(&[0xC2, 0x3E, 0x80, 0x01, 7], Ok(Some((1000, LEN, 4, 128))));
        check(&[0x08, 0x96, 0x01], Ok(Some((1, VARINT, 1, 2))));
        check(&[0x09], Ok(Some((1, I64, 1, 8))));
        check(&[0x0B], Ok(Some((1, GROUP, 1, 0))));
        check(&[], Ok(None));
        check(&[0x0A], Ok(None));
        check(&[0x0A, 0x80], Ok(None));
        check(&[0xC2], Ok(None));
        check(&[0x08, 0x80], Ok(None));
        check(&[0x0A, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], Err(Malformed));
        check(&[0x80; 10], Err(Malformed));
        check(&[0x02, 0x01], Err(Malformed));
        check(&[0x0F, 0x01], Err(Malformed));
    }
}
