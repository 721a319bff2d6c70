//! Messages with their lengths before them, as the OpenTelemetry Collector's file exporter writes them: 4 bytes, big-endian, then
//! OTLP protobuf, OTLP JSON, or a zstd frame of either.

use super::stack::Inside;
use super::{Container, DamageKind, Head, Layer, Told, TooMuch, array, gather, split};

/// A batch is rarely larger than 10 MB. No text begins with bytes as low as the first of such a length.
const LONGEST: u32 = 64 << 20;

const LENGTH: usize = 4;

pub(super) const FRAMES: Container =
    Container { name: "length-prefixed", tells: tell, open: Some(|| Box::new(Frames::default())) };

/// Every frame that can be seen has to fit.
fn tell(head: &Head<'_>) -> Told {
    let mut rest = head.bytes;
    let mut fitting = 0;
    while let Some((length, after)) = rest.split_first_chunk::<LENGTH>() {
        let length = u32::from_be_bytes(*length);
        let (message, next) = match after.split_at_checked(length as usize) {
            Some((message, next)) => (message, next),
            None => (after, [].as_slice()),
        };
        if length >= LONGEST || (length == 0 && fitting == 0) {
            return Told::No;
        }
        if length > 0 && message.len() < FIRST_BYTES.min(length as usize) {
            break;
        }
        if length > 0 && !fits(length, message) {
            return Told::No;
        }
        fitting += 1;
        rest = next;
    }
    match rest {
        [high, ..] if u32::from(*high) >= LONGEST >> 24 => Told::No,
        _ if !head.ended => Told::More,
        _ if fitting > 0 => Told::Yes,
        _ => Told::No,
    }
}

/// As many as tell a message from other bytes.
const FIRST_BYTES: usize = 6;

/// Whether a message of that length may begin like that.
fn fits(length: u32, message: &[u8]) -> bool {
    let protobuf = |length_of_field: &[u8]| {
        let mut value = 0_u64;
        for (byte, shift) in length_of_field.iter().zip([0, 7, 14, 21]) {
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return value + shift / 7 + 2 <= u64::from(length);
            }
        }
        false
    };
    match message {
        [b'{', b'"' | b'}' | b' ' | b'\n' | b'\r' | b'\t', ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => true,
        [0x0A, length_of_field @ ..] => protobuf(length_of_field),
        _ => false,
    }
}

enum Part {
    Length,
    Message(u32),
}

struct Frames {
    part: Part,
    held: Vec<u8>,
}

impl Default for Frames {
    fn default() -> Self {
        Self { part: Part::Length, held: Vec::new() }
    }
}

impl Layer for Frames {
    fn push(&mut self, mut bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        while !bytes.is_empty() {
            match &mut self.part {
                Part::Length => {
                    if !gather(&mut self.held, &mut bytes, LENGTH) {
                        return Ok(());
                    }
                    let length = u32::from_be_bytes(array(&self.held, 0));
                    self.held.clear();
                    if length >= LONGEST {
                        inside.spoiled(bytes.len() + LENGTH, DamageKind::Header);
                        return Ok(());
                    }
                    if length > 0 {
                        inside.begin_unnamed()?;
                        self.part = Part::Message(length);
                    }
                }
                Part::Message(left) => {
                    let message = split(&mut bytes, u64::from(*left));
                    *left -= message.len() as u32;
                    let ended = *left == 0;
                    inside.bytes(message)?;
                    if ended {
                        inside.end()?;
                        self.part = Part::Length;
                    }
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        if !self.held.is_empty() || matches!(self.part, Part::Message(_)) {
            inside.damaged(0, DamageKind::Cut);
        }
        Ok(())
    }
}
