//! Containers: from packed bytes to the innermost inputs.
//!
//! [`Unpack`] takes chunks of any size. What it is given, and what comes out of that, is told by content: a container becomes a
//! [`Layer`], whose members are looked at in the same way; all else is a leaf, and its bytes go to [`Leaves`] as they are.
//!
//! Not here: any format of spans. Names of members are told, never asked for what is in them.

use std::fmt;

mod frames;
pub(crate) mod gzip;
mod stack;
mod tar;
#[cfg(test)]
mod tests;
mod unread;
mod utf16;
mod zip;
mod zstd;

pub(crate) use stack::{Inside, Limits, Unpack};

/// What is told of leaves: the innermost inputs, one after the other.
pub(crate) trait Leaves {
    /// A leaf begins. Its path inside the containers ("traces.tar/a.json"), empty for the input itself and for what has no name.
    /// A leaf has at least one byte.
    fn begin(&mut self, path: &str);
    /// The leaf that begins next is a container that only another build of the decoder unpacks.
    fn elsewhere(&mut self) {}
    /// The next bytes of the leaf.
    fn bytes(&mut self, bytes: &[u8]);
    /// The leaf has no more bytes.
    fn end(&mut self);
    /// Something was not read: of the container or member at `path`. Comes before the end of a leaf that is cut off by it.
    fn damaged(&mut self, path: &str, damage: Damage);
}

/// What of a container was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    /// As people call the container: "zip".
    pub(crate) container: &'static str,
    /// Bytes of the container before the place. For gzip, of the member that holds it.
    pub(crate) offset: u64,
    pub(crate) kind: DamageKind,
}

/// Why it was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DamageKind {
    /// It ends too early.
    Cut,
    /// Where a header should be, there is something else.
    Header,
    /// It is not what the method writes.
    Data,
    /// Something else was packed, going by checksum or length.
    Checksum,
    /// A key would be needed.
    Encrypted,
    /// What it is, which is not read.
    Unsupported(&'static str),
    /// The same of a member, or how it is packed: others may be read.
    Unread(&'static str),
    /// It asks for so many bytes of memory.
    Window(u64),
    /// Too many containers in each other.
    Nested,
    /// Too many members. None after this one were read.
    Members,
}

impl fmt::Display for Damage {
    /// Goes on from "the member x of": "the zip data ends too early".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, kind, .. } = self;
        match kind {
            DamageKind::Unsupported(name) => write!(f, "this is {name}, which is not read"),
            DamageKind::Unread(name) => write!(f, "the member is {name}, which is not read"),
            DamageKind::Cut => write!(f, "the {container} data ends too early"),
            DamageKind::Header => write!(f, "the {container} data is followed by something else"),
            DamageKind::Data => write!(f, "the {container} data is damaged"),
            DamageKind::Checksum => write!(f, "the {container} data is damaged: its checksum differs"),
            DamageKind::Encrypted => write!(f, "the {container} data is encrypted"),
            DamageKind::Window(bytes) => {
                write!(f, "the {container} data needs {bytes} bytes of memory to be unpacked")
            }
            DamageKind::Nested => {
                write!(f, "the {container} data is inside {} other containers", stack::LEVELS)
            }
            DamageKind::Members => write!(f, "there are more members than are read"),
        }
    }
}

/// More came out than any trace is packed into: the input is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMuch {
    /// Bytes that were pushed.
    pub(crate) packed: u64,
    /// Bytes that came out of them by then.
    pub(crate) unpacked: u64,
}

/// The first bytes of what may be a container.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head<'a> {
    pub(crate) bytes: &'a [u8],
    /// There are no others, or none that will be shown.
    pub(crate) ended: bool,
}

/// What a head tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Yes,
    No,
    /// Too few bytes yet. Counts as no where the head has ended.
    More,
}

impl Head<'_> {
    fn begins(&self, magic: &[u8]) -> Told {
        if self.bytes.starts_with(magic) {
            Told::Yes
        } else if magic.starts_with(self.bytes) {
            Told::More
        } else {
            Told::No
        }
    }
}

/// One kind of container.
pub(crate) struct Container {
    pub(crate) name: &'static str,
    pub(crate) tells: fn(&Head<'_>) -> Told,
    /// Begins to unpack. `None`: only another build of the decoder can.
    pub(crate) open: Option<fn() -> Box<dyn Layer>>,
}

impl Container {
    const fn told_only(self) -> Self {
        Self { open: None, ..self }
    }
}

/// An open container.
pub(crate) trait Layer {
    /// Takes the next bytes, and gives what comes of them to `inside`.
    fn push(&mut self, bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch>;
    /// There are no more bytes. The member that is open ends after this.
    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch>;
}

/// What can be told apart.
pub(crate) struct Kinds {
    pub(crate) containers: &'static [Container],
    pub(crate) unread: &'static [unread::Magic],
}

/// What a browser's engine unpacks itself. Of the rest it knows what they look like; nothing else may be reachable from
/// here.
pub(crate) static COMMON: Kinds = Kinds {
    containers: &[
        gzip::GZIP,
        zstd::ZSTD.told_only(),
        zip::ZIP.told_only(),
        utf16::UTF16.told_only(),
        frames::FRAMES.told_only(),
        tar::TAR.told_only(),
    ],
    unread: unread::MAGIC,
};

/// Everything.
pub(crate) static ALL: Kinds = Kinds {
    containers: &[gzip::GZIP, zstd::ZSTD, zip::ZIP, utf16::UTF16, frames::FRAMES, tar::TAR],
    unread: unread::MAGIC,
};

/// Packed bytes are taken in pieces of this size: what comes out may be a thousand times as long.
const PIECE: usize = 8 << 10;

/// Moves bytes to `held` until it has as many as wanted. Whether it has.
fn gather(held: &mut Vec<u8>, bytes: &mut &[u8], wanted: usize) -> bool {
    let missing = wanted.saturating_sub(held.len()).min(bytes.len());
    let (taken, rest) = bytes.split_at(missing);
    held.extend_from_slice(taken);
    *bytes = rest;
    held.len() >= wanted
}

/// Takes up to `most` bytes.
fn split<'b>(bytes: &mut &'b [u8], most: u64) -> &'b [u8] {
    let length = usize::try_from(most).map_or(bytes.len(), |most| most.min(bytes.len()));
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}

/// `N` bytes at a place, zeros where there are none.
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk().copied()).unwrap_or([0; N])
}
