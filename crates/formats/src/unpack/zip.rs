//! Zip, read from its start by the headers before each member: nothing has to wait for the directory at the end, and an archive
//! that is cut off gives what it holds.

use super::gzip::{Checksum, Inflate};
use super::stack::Inside;
use super::zstd::{Step, Zstd};
use super::{Container, DamageKind, Head, Layer, PIECE, Told, TooMuch, array, gather, split};

/// All signatures begin like this.
const P: u8 = b'P';
const MEMBER: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";
/// Of an archive in parts that came to be one part.
const ONE_PART: [u8; 4] = *b"PK00";

/// Directory, signature of a directory, end of a directory (64 bits, 32 bits), and what may stand before them.
fn ends_members(signature: [u8; 4]) -> bool {
    matches!(signature, [P, b'K', 1, 2] | [P, b'K', 5, 5 | 6] | [P, b'K', 6, 6..=8])
}

/// Bytes of a member's header before its name.
const HEADER: usize = 30;

/// Longest form of what may follow a member, and the signature after it.
const AFTER_MEMBER: usize = 24 + 4;

pub(super) const ZIP: Container = Container { name: "zip", tells: tell, open: Some(|| Box::new(Zip::new())) };

fn tell(head: &Head<'_>) -> Told {
    match head.bytes {
        [P, b'K', 3, 4, ..]
        | [P, b'K', 5, 6, ..]
        | [P, b'K', 7, 8, P, b'K', 3, 4, ..]
        | [P, b'K', b'0', b'0', P, b'K', 3, 4, ..] => Told::Yes,
        bytes
            if [*b"PK\x07\x08PK\x03\x04", *b"PK00PK\x03\x04"]
                .iter()
                .any(|magic| magic.starts_with(bytes)) =>
        {
            Told::More
        }
        [P, b'K', 3 | 5] => Told::More,
        _ => Told::No,
    }
}

enum Part {
    /// A signature, and what belongs to it.
    Header,
    Body(Box<Member>),
    /// After a member whose length and checksum come last.
    Descriptor(Box<Member>),
    /// After damage: up to the next signature. The last bytes, the latest lowest.
    Lost(u32),
    /// The directory was reached.
    Ended,
}

/// The member that is being read.
struct Member {
    method: Method,
    /// Packed bytes to come, where that is known.
    left: Option<u64>,
    /// Length and checksum follow.
    described: bool,
    /// As the header has it.
    checksum: u32,
    size: u64,
    /// Packed bytes so far.
    packed: u64,
    unpacked: u64,
}

enum Method {
    /// Not wanted, or not readable.
    Skipped,
    Stored(Checksum),
    /// And whether it has ended.
    Deflate(Box<Inflate>, bool),
    Zstd(Box<Zstd>, Checksum),
}

struct Zip {
    part: Part,
    held: Vec<u8>,
    text: Vec<u8>,
}

impl Zip {
    fn new() -> Self {
        Self { part: Part::Header, held: Vec::new(), text: Vec::new() }
    }

    fn header(&mut self, bytes: &mut &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        if !gather(&mut self.held, bytes, 4) {
            return Ok(());
        }
        let signature = array(&self.held, 0);
        if signature == DESCRIPTOR || signature == ONE_PART {
            self.held.drain(..4);
            return Ok(());
        }
        if ends_members(signature) {
            self.part = Part::Ended;
            return Ok(());
        }
        if signature != MEMBER {
            inside.damaged(bytes.len() + self.held.len(), DamageKind::Header);
            self.lose();
            return Ok(());
        }
        if !gather(&mut self.held, bytes, HEADER) {
            return Ok(());
        }
        let short = |at| u16::from_le_bytes(array(&self.held, at));
        let (name, extra) = (usize::from(short(26)), usize::from(short(28)));
        if !gather(&mut self.held, bytes, HEADER + name + extra) {
            return Ok(());
        }
        self.begin(name, bytes.len(), inside)
    }

    /// Begins the member whose header is held (APPNOTE 4.3.7).
    fn begin(&mut self, name: usize, rest: usize, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        const ENCRYPTED: u16 = 1;
        const DESCRIBED: u16 = 1 << 3;
        const HEADERS_ENCRYPTED: u16 = 1 << 13;
        const IN_EXTRA: u64 = 0xFFFF_FFFF;
        let header = std::mem::take(&mut self.held);
        let short = |at| u16::from_le_bytes(array(&header, at));
        let long = |at| u64::from(u32::from_le_bytes(array(&header, at)));
        let (flags, method) = (short(6), short(8));
        let (mut packed, mut size) = (long(18), long(22));
        let (name, extra) =
            header.get(HEADER..).and_then(|rest| rest.split_at_checked(name)).unwrap_or_default();
        if packed == IN_EXTRA || size == IN_EXTRA {
            let mut sizes = zip64(extra);
            for size in [&mut size, &mut packed] {
                if *size == IN_EXTRA {
                    *size = u64::from_le_bytes(array(sizes, 0));
                    sizes = sizes.get(8..).unwrap_or_default();
                }
            }
        }
        let described = flags & DESCRIBED != 0;
        let left = Some(packed).filter(|&packed| !described || packed > 0);
        let name = String::from_utf8_lossy(name);
        let wanted = inside.begin(&name, rest + header.len())?;
        let unreadable = match method {
            _ if flags & (ENCRYPTED | HEADERS_ENCRYPTED) != 0 => Some(DamageKind::Encrypted),
            0 | 8 | 93 => None,
            9 => Some(DamageKind::Unread("packed by Deflate64")),
            12 => Some(DamageKind::Unread("packed by bzip2")),
            14 => Some(DamageKind::Unread("packed by LZMA")),
            95 => Some(DamageKind::Unread("packed by xz")),
            98 => Some(DamageKind::Unread("packed by PPMd")),
            99 => Some(DamageKind::Encrypted),
            _ => Some(DamageKind::Unread("packed by a method nobody uses")),
        };
        let method = match (unreadable, method) {
            (Some(kind), _) => {
                if wanted {
                    inside.damaged(rest + header.len(), kind);
                }
                inside.end()?;
                Method::Skipped
            }
            // Where it ends, only unpacking tells.
            (None, _) if !wanted && left.is_some() => Method::Skipped,
            (None, 8) => Method::Deflate(Box::new(Inflate::new()), false),
            (None, 93) => Method::Zstd(Box::new(Zstd::new()), Checksum::new()),
            (None, _) => Method::Stored(Checksum::new()),
        };
        let checksum = u32::from_le_bytes(array(&header, 14));
        let member = Member { method, left, described, checksum, size, packed: 0, unpacked: 0 };
        match member {
            Member { method: Method::Skipped, left: None, .. } => self.lose(),
            // A directory.
            Member { method: Method::Stored(_), left: None, .. } if name.ends_with('/') => {
                self.part = Part::Descriptor(Box::new(member));
            }
            Member { left: Some(0), .. } => self.ended(Box::new(member), rest, inside)?,
            _ => self.part = Part::Body(Box::new(member)),
        }
        Ok(())
    }

    fn body(
        &mut self,
        mut member: Box<Member>,
        bytes: &mut &[u8],
        inside: &mut Inside<'_>,
    ) -> Result<(), TooMuch> {
        if let (Method::Stored(_), None) = (&member.method, member.left) {
            return self.stored_up_to_descriptor(member, bytes, inside);
        }
        let most =
            member.left.map_or(PIECE, |left| usize::try_from(left).map_or(PIECE, |left| left.min(PIECE)));
        let piece = bytes.get(..most).unwrap_or(bytes);
        let mut rest = piece;
        let unpacked = member.unpack(&mut rest, &mut self.text);
        let taken = piece.len() - rest.len();
        *bytes = bytes.get(taken..).unwrap_or_default();
        member.packed += taken as u64;
        member.unpacked += self.text.len() as u64;
        let done = match &mut member.left {
            Some(left) => {
                *left = left.saturating_sub(taken as u64);
                *left == 0
            }
            None => matches!(unpacked, Ok(true)),
        };
        if !self.text.is_empty() {
            inside.bytes(&self.text)?;
            self.text.clear();
        }
        match unpacked {
            Err(kind) => {
                inside.damaged(bytes.len() + member.unread(), kind);
                inside.end()?;
                if member.left.is_none() {
                    self.lose();
                    return Ok(());
                }
                member.method = Method::Skipped;
            }
            Ok(_) if !done => {}
            Ok(_) => return self.ended(member, bytes.len(), inside),
        }
        if done {
            self.ended(member, bytes.len(), inside)
        } else {
            self.part = Part::Body(member);
            Ok(())
        }
    }

    /// All packed bytes of the member are there.
    fn ended(&mut self, member: Box<Member>, rest: usize, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        self.part = Part::Header;
        if member.described {
            self.part = Part::Descriptor(member);
            return Ok(());
        }
        if let Some(checksum) = member.method.checksum() {
            if !member.method.has_ended() && (member.packed, member.size) != (0, 0) {
                inside.damaged(rest, DamageKind::Data);
            } else if (checksum, member.unpacked) != (member.checksum, member.size) {
                inside.damaged(rest, DamageKind::Checksum);
            }
        }
        inside.end()
    }

    /// The bytes that follow a member's, and their length, are told by what they say of it: no bit does (APPNOTE 4.3.9).
    fn descriptor(&mut self, member: &Member, rest: usize, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        self.part = Part::Header;
        let found = match member.method.checksum() {
            Some(checksum) => descriptor_length(&self.held, Some(checksum), member.packed, member.unpacked),
            None => descriptor_length(&self.held, None, member.packed, member.size),
        };
        if let Some(length) = found {
            self.held.drain(..length);
        } else if member.packed == 0 && matches!(array(&self.held, 0), MEMBER | [P, b'K', 1, 2]) {
            // Promised and left out, as some do for directories.
        } else {
            let kind = if self.held.len() < 12 { DamageKind::Cut } else { DamageKind::Checksum };
            inside.damaged(rest + self.held.len(), kind);
            self.lose();
        }
        inside.end()
    }

    /// Stored bytes of a length that only comes after them: up to a descriptor that says what was seen.
    fn stored_up_to_descriptor(
        &mut self,
        mut member: Box<Member>,
        bytes: &mut &[u8],
        inside: &mut Inside<'_>,
    ) -> Result<(), TooMuch> {
        if self.held.is_empty() {
            let length = bytes.iter().position(|&byte| byte == P).unwrap_or(bytes.len());
            let plain = split(bytes, length as u64);
            member.store(plain, inside)?;
        }
        let candidate = gather(&mut self.held, bytes, 4) && array(&self.held, 0) == DESCRIPTOR;
        if self.held.len() >= 4 && !candidate {
            let held = std::mem::take(&mut self.held);
            // A signature may begin within it.
            let skip = held.iter().skip(1).position(|&byte| byte == P).map_or(held.len(), |at| at + 1);
            let (plain, again) = held.split_at(skip);
            member.store(plain, inside)?;
            self.held.extend_from_slice(again);
        } else if candidate && gather(&mut self.held, bytes, AFTER_MEMBER) {
            let checksum = member.method.checksum();
            if descriptor_length(&self.held, checksum, member.packed, member.packed).is_some() {
                self.part = Part::Descriptor(member);
                return Ok(());
            }
            let held = std::mem::take(&mut self.held);
            let skip = held.iter().skip(1).position(|&byte| byte == P).map_or(held.len(), |at| at + 1);
            let (plain, again) = held.split_at(skip);
            member.store(plain, inside)?;
            self.held.extend_from_slice(again);
        }
        self.part = Part::Body(member);
        Ok(())
    }

    /// Looks for the next header, first in what is held.
    fn lose(&mut self) {
        let held = std::mem::take(&mut self.held);
        // A header that was none is not found again.
        self.part = Part::Lost(0);
        let mut rest = held.get(1..).unwrap_or_default();
        self.seek(&mut rest);
        self.held.extend_from_slice(rest);
    }

    fn seek(&mut self, bytes: &mut &[u8]) {
        let Part::Lost(last) = &mut self.part else { return };
        while let Some((byte, rest)) = bytes.split_first() {
            *bytes = rest;
            *last = *last << 8 | u32::from(*byte);
            let signature = last.to_be_bytes();
            if signature == MEMBER || ends_members(signature) {
                self.held = signature.to_vec();
                self.part = Part::Header;
                return;
            }
        }
    }
}

impl Member {
    /// Takes some of `bytes`. Whether the method says that it ends here.
    fn unpack(&mut self, bytes: &mut &[u8], text: &mut Vec<u8>) -> Result<bool, DamageKind> {
        match &mut self.method {
            Method::Skipped => *bytes = &[],
            Method::Stored(checksum) => {
                checksum.add(bytes);
                text.extend_from_slice(bytes);
                *bytes = &[];
            }
            // More than there was to unpack.
            Method::Deflate(_, true) if self.left.is_some() => {
                return Err(DamageKind::Data);
            }
            Method::Deflate(inflate, ended) => {
                *ended = inflate.take(bytes, text)?;
                return Ok(*ended);
            }
            Method::Zstd(zstd, checksum) => {
                let stepped = zstd.step(bytes);
                if stepped.is_err() {
                    zstd.give_up();
                }
                checksum.add(&zstd.text);
                text.append(&mut zstd.text);
                return Ok(stepped? == Step::FrameEnded);
            }
        }
        Ok(false)
    }

    /// Bytes that were taken, of a block that is not read.
    fn unread(&self) -> usize {
        match &self.method {
            Method::Zstd(zstd, _) => zstd.unread(),
            _ => 0,
        }
    }

    fn store(&mut self, bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        if let Method::Stored(checksum) = &mut self.method {
            checksum.add(bytes);
        }
        self.packed += bytes.len() as u64;
        self.unpacked += bytes.len() as u64;
        if bytes.is_empty() { Ok(()) } else { inside.bytes(bytes) }
    }
}

impl Method {
    /// Of what came out.
    fn checksum(&self) -> Option<u32> {
        match self {
            Self::Skipped => None,
            Self::Stored(checksum) | Self::Zstd(_, checksum) => Some(checksum.value() as u32),
            Self::Deflate(inflate, _) => Some(inflate.checksum.value() as u32),
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::Skipped | Self::Stored(_) => true,
            Self::Deflate(_, ended) => *ended,
            Self::Zstd(zstd, _) => zstd.ends().is_ok(),
        }
    }
}

/// The sizes in the extra field of 64 bits (APPNOTE 4.5.3).
fn zip64(mut extra: &[u8]) -> &[u8] {
    while extra.len() >= 4 {
        let length = usize::from(u16::from_le_bytes(array(extra, 2)));
        let field = extra.get(4..).unwrap_or_default();
        if array(extra, 0) == [1, 0] {
            return field.get(..length).unwrap_or(field);
        }
        extra = field.get(length..).unwrap_or_default();
    }
    &[]
}

/// With or without signature, of 32 or 64 bits: the form that fits, and is followed by a signature or the end. Where there is
/// no checksum to compare with, any is right.
fn descriptor_length(held: &[u8], checksum: Option<u32>, packed: u64, unpacked: u64) -> Option<usize> {
    [(true, false), (true, true), (false, false), (false, true)].into_iter().find_map(|(signed, wide)| {
        let start = if signed { 4 } else { 0 };
        let sizes = if wide {
            (u64::from_le_bytes(array(held, start + 4)), u64::from_le_bytes(array(held, start + 12)))
        } else {
            let size = |at| u64::from(u32::from_le_bytes(array(held, at)));
            (size(start + 4), size(start + 8))
        };
        let length = start + if wide { 20 } else { 12 };
        let followed = held.get(length..)?;
        let fits = (!signed || array(held, 0) == DESCRIPTOR)
            && checksum.is_none_or(|checksum| u32::from_le_bytes(array(held, start)) == checksum)
            && sizes.0 == packed
            && (checksum.is_none() || sizes.1 == unpacked)
            && b"PK".starts_with(followed.get(..2).unwrap_or(followed));
        fits.then_some(length)
    })
}

impl Layer for Zip {
    fn push(&mut self, mut bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        while !bytes.is_empty() && !inside.is_spoiled() {
            match std::mem::replace(&mut self.part, Part::Header) {
                Part::Header => self.header(&mut bytes, inside)?,
                Part::Body(member) => self.body(member, &mut bytes, inside)?,
                Part::Descriptor(member) => {
                    if gather(&mut self.held, &mut bytes, AFTER_MEMBER) {
                        self.descriptor(&member, bytes.len(), inside)?;
                    } else {
                        self.part = Part::Descriptor(member);
                    }
                }
                Part::Lost(last) => {
                    self.part = Part::Lost(last);
                    self.seek(&mut bytes);
                }
                Part::Ended => {
                    self.part = Part::Ended;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        match std::mem::replace(&mut self.part, Part::Header) {
            Part::Ended => return Ok(()),
            Part::Body(mut member) => {
                if let Method::Zstd(zstd, ..) = &mut member.method {
                    zstd.give_up();
                    inside.bytes(&zstd.text)?;
                }
                let held = std::mem::take(&mut self.held);
                let checksum = member.method.checksum();
                if descriptor_length(&held, checksum, member.packed, member.packed).is_none() {
                    member.store(&held, inside)?;
                }
            }
            Part::Descriptor(member) => {
                self.descriptor(&member, 0, inside)?;
                if matches!(self.part, Part::Lost(_)) {
                    return Ok(());
                }
            }
            Part::Header | Part::Lost(_) => {}
        }
        inside.damaged(0, DamageKind::Cut);
        Ok(())
    }
}
