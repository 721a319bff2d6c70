//! Tar: POSIX ustar and pax, GNU's long names, and what came before them.

use super::stack::Inside;
use super::{Container, DamageKind, Head, Layer, Told, TooMuch, gather, split};

/// Everything comes in blocks of this size.
const BLOCK: usize = 512;

/// Names and pax records longer than this are damage.
const LONGEST_RECORD: u64 = 1 << 20;

pub(super) const TAR: Container = Container { name: "tar", tells: tell, open: Some(|| Box::new(Tar::new())) };

/// Told by a header whose checksum is right. Text is none after 101 bytes: there stands the mode, in octal.
fn tell(head: &Head<'_>) -> Told {
    let mode = head.bytes.get(100..108.min(head.bytes.len())).unwrap_or_default();
    if !mode.iter().all(|byte| matches!(byte, b'0'..=b'7' | b' ' | 0 | 0x80 | 0xFF)) {
        return Told::No;
    }
    match head.bytes.first_chunk() {
        Some(block) if checksum_fits(block) => Told::Yes,
        None if !head.ended => Told::More,
        None if field(head.bytes, 257, 5) == b"ustar" => Told::Yes,
        _ => Told::No,
    }
}

fn field(header: &[u8], at: usize, length: usize) -> &[u8] {
    header.get(at..at + length).unwrap_or_default()
}

/// Up to the first NUL.
fn text(header: &[u8], at: usize, length: usize) -> String {
    let bytes = field(header, at, length);
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// Octal text, or binary with the high bit set. None where it is neither.
fn number(header: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = field(header, at, length);
    if let [0x80, rest @ ..] = bytes {
        return rest
            .iter()
            .try_fold(0_u64, |value, &byte| value.checked_mul(256).map(|value| value | u64::from(byte)));
    }
    let digits = bytes.trim_ascii_start().split(|byte| matches!(byte, 0 | b' ')).next().unwrap_or_default();
    digits.iter().try_fold(0_u64, |value, &byte| match byte {
        b'0'..=b'7' => value.checked_mul(8).map(|value| value | u64::from(byte - b'0')),
        _ => None,
    })
}

/// The sum of all bytes, those of the sum itself counted as spaces.
fn checksum_fits(header: &[u8; BLOCK]) -> bool {
    let sum = |bytes: &[u8]| bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    let expected = sum(header) + 8 * u64::from(b' ') - sum(field(header, 148, 8));
    sum(field(header, 148, 8)) > 0 && number(header, 148, 8) == Some(expected)
}

enum Part {
    Header,
    /// Bytes that are left, and those that fill up the last block.
    Body {
        left: u64,
        filling: u64,
        kind: Body,
    },
    /// After the mark of the end.
    Ended,
}

enum Body {
    Member,
    Skipped,
    /// The name of the next member.
    LongName(Vec<u8>),
    /// Records about the next member.
    Pax(Vec<u8>),
}

struct Tar {
    part: Part,
    held: Vec<u8>,
    /// What was said of the next member ahead of its header.
    name: Option<String>,
    size: Option<u64>,
}

impl Tar {
    fn new() -> Self {
        Self { part: Part::Header, held: Vec::new(), name: None, size: None }
    }

    /// Reads the header that is held. What is damaged ends the archive: where the next header is, nothing tells.
    fn header(&mut self, rest: usize, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        let Some(header) = self.held.first_chunk::<BLOCK>() else { return Ok(()) };
        if header.iter().all(|&byte| byte == 0) {
            self.part = Part::Ended;
            return Ok(());
        }
        let size = number(header, 124, 12).filter(|_| checksum_fits(header));
        let Some(size) = size else {
            inside.spoiled(rest + BLOCK, DamageKind::Header);
            return Ok(());
        };
        let [kind] = super::array(header, 156);
        let left = match kind {
            b'L' | b'x' | b'K' | b'g' => size,
            // Links, devices and directories have no bytes, whatever is said of their size.
            b'1'..=b'6' => 0,
            _ => self.size.unwrap_or(size),
        };
        if matches!(kind, b'L' | b'x') && left > LONGEST_RECORD {
            inside.spoiled(rest + BLOCK, DamageKind::Header);
            return Ok(());
        }
        let body = match kind {
            b'L' => Body::LongName(Vec::new()),
            b'x' => Body::Pax(Vec::new()),
            b'K' | b'g' => Body::Skipped,
            _ => {
                let prefix =
                    if field(header, 257, 6) == b"ustar\0" { text(header, 345, 155) } else { String::new() };
                let mut name = text(header, 0, 100);
                if !prefix.is_empty() {
                    name = format!("{prefix}/{name}");
                }
                let name = self.name.take().unwrap_or(name);
                self.size = None;
                match kind {
                    b'0' | b'7' | 0 if !name.ends_with('/') => {
                        if inside.begin(&name, rest + BLOCK)? {
                            Body::Member
                        } else {
                            Body::Skipped
                        }
                    }
                    b'S' => {
                        inside.begin(&name, rest + BLOCK)?;
                        inside.damaged(rest + BLOCK, DamageKind::Unread("a sparse file"));
                        inside.end()?;
                        Body::Skipped
                    }
                    _ => Body::Skipped,
                }
            }
        };
        let filling = left.wrapping_neg() % BLOCK as u64;
        self.part = Part::Body { left, filling, kind: body };
        Ok(())
    }

    /// A body is all there.
    fn body_ended(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        match std::mem::replace(&mut self.part, Part::Header) {
            Part::Body { kind: Body::Member, .. } => inside.end()?,
            Part::Body { kind: Body::LongName(name), .. } => self.name = Some(text(&name, 0, name.len())),
            Part::Body { kind: Body::Pax(records), .. } => self.pax(&records),
            _ => {}
        }
        Ok(())
    }

    /// Records are "27 path=traces/october.json\n": the length counts all of it.
    fn pax(&mut self, mut records: &[u8]) {
        let length_of = |records: &[u8]| {
            let digits = records.split(|&byte| byte == b' ').next()?;
            Some((digits.len() + 1, std::str::from_utf8(digits).ok()?.parse().ok()?))
        };
        while let Some((from, length)) = length_of(records) {
            let Some(record) = records.get(from..length) else { return };
            let record = record.strip_suffix(b"\n").unwrap_or(record);
            if let Some(path) = record.strip_prefix(b"path=") {
                self.name = Some(String::from_utf8_lossy(path).into_owned());
            } else if let Some(size) = record.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
            }
            records = records.get(length..).unwrap_or_default();
        }
    }
}

impl Layer for Tar {
    fn push(&mut self, mut bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        while !bytes.is_empty() {
            match &mut self.part {
                Part::Header => {
                    if !gather(&mut self.held, &mut bytes, BLOCK) {
                        return Ok(());
                    }
                    self.header(bytes.len(), inside)?;
                    self.held.clear();
                    if inside.is_spoiled() {
                        return Ok(());
                    }
                }
                Part::Body { left: 0, filling, .. } => {
                    *filling -= split(&mut bytes, *filling).len() as u64;
                }
                Part::Body { left, kind, .. } => {
                    let body = split(&mut bytes, *left);
                    *left -= body.len() as u64;
                    match kind {
                        Body::Member => inside.bytes(body)?,
                        Body::Skipped => {}
                        Body::LongName(text) | Body::Pax(text) => text.extend_from_slice(body),
                    }
                }
                Part::Ended => return Ok(()),
            }
            if let Part::Body { left: 0, filling: 0, .. } = self.part {
                self.body_ended(inside)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        if !matches!(self.part, Part::Ended) {
            inside.damaged(0, DamageKind::Cut);
        }
        Ok(())
    }
}
