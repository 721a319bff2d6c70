//! Containers that are open, the outermost first. Members come one after the other, so one of each level is enough.

use std::{fmt, mem};

use super::{Container, Damage, DamageKind, Head, Kinds, Layer, Leaves, Told, TooMuch, unread};

/// Containers in each other that are opened.
pub(super) const LEVELS: usize = 4;

/// Bytes that tell what an input is: a tar header.
pub(super) const HEAD: usize = 512;

/// Containers are fed in pieces of this size, so that what comes out is compared with what went in.
const FEED: usize = 64 << 10;

/// How much is unpacked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that may come out of any input. Holds for each level of containers by itself.
    pub(crate) slack: u64,
    /// Bytes that may come out for each that went in, beside those. Deflate reaches 1000, zstd more; spans rarely 60.
    pub(crate) ratio: u64,
    /// Members of all archives together.
    pub(crate) members: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { slack: 64 << 20, ratio: 250, members: 10_000 }
    }
}

/// Unpacks an input that comes in chunks of any size.
///
/// Memory: what the open containers need (a window of at most 128 MiB each, most of the time far less).
pub(crate) struct Unpack {
    nodes: [Node; LEVELS + 1],
    shared: Shared,
}

struct Shared {
    kinds: &'static Kinds,
    limits: Limits,
    packed: u64,
    /// Bytes that came out of containers of each level.
    unpacked: [u64; LEVELS],
    members: u32,
    refused: Option<TooMuch>,
}

/// An input, or the member of the container before it that is open.
#[derive(Default)]
struct Node {
    place: Place,
    path: String,
    /// Bytes of it so far.
    length: u64,
}

#[derive(Default)]
enum Place {
    #[default]
    Closed,
    /// What there is of its head.
    Unknown(Vec<u8>),
    Layer(&'static str, Box<dyn Layer>),
    Leaf,
    /// It is of no use.
    Dropped,
}

impl fmt::Debug for Unpack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unpack").field("packed", &self.shared.packed).finish_non_exhaustive()
    }
}

impl Unpack {
    /// Before the first byte.
    pub(crate) fn new(kinds: &'static Kinds, limits: Limits) -> Self {
        let mut nodes: [Node; LEVELS + 1] = Default::default();
        let [input, ..] = &mut nodes;
        input.place = Place::Unknown(Vec::new());
        let shared = Shared { kinds, limits, packed: 0, unpacked: [0; LEVELS], members: 0, refused: None };
        Self { nodes, shared }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When too much came out. What was told of until then stands, and no more will be.
    pub(crate) fn push(&mut self, mut bytes: &[u8], leaves: &mut dyn Leaves) -> Result<(), TooMuch> {
        while !bytes.is_empty() {
            if let Some(refused) = self.shared.refused {
                return Err(refused);
            }
            let [input, ..] = &self.nodes;
            // Plain text is not cut up.
            let whole = matches!(input.place, Place::Leaf | Place::Dropped);
            let (piece, rest) = bytes.split_at(if whole { bytes.len() } else { bytes.len().min(FEED) });
            self.shared.packed += piece.len() as u64;
            let fed = feed(&mut self.nodes, &mut self.shared, leaves, piece);
            self.stop_at(fed, leaves)?;
            bytes = rest;
        }
        Ok(())
    }

    /// There are no more bytes.
    ///
    /// # Errors
    /// As for `push`.
    pub(crate) fn finish(&mut self, leaves: &mut dyn Leaves) -> Result<(), TooMuch> {
        if let Some(refused) = self.shared.refused {
            return Err(refused);
        }
        let finished = close(&mut self.nodes, &mut self.shared, leaves);
        self.stop_at(finished, leaves)
    }

    fn stop_at(&mut self, done: Result<(), TooMuch>, leaves: &mut dyn Leaves) -> Result<(), TooMuch> {
        if let Err(refused) = done {
            self.shared.refused = Some(refused);
            for node in &mut self.nodes {
                if let Place::Leaf = mem::take(&mut node.place) {
                    leaves.end();
                }
            }
        }
        done
    }
}

/// Gives bytes to the first of the nodes.
fn feed(
    nodes: &mut [Node],
    shared: &mut Shared,
    leaves: &mut dyn Leaves,
    mut bytes: &[u8],
) -> Result<(), TooMuch> {
    let Some((node, below)) = nodes.split_first_mut() else { return Ok(()) };
    if let Place::Unknown(head) = &mut node.place {
        super::gather(head, &mut bytes, HEAD);
        let ended = head.len() == HEAD;
        let Some(head) = tell(node, below, shared, leaves, ended) else { return Ok(()) };
        give(node, below, shared, leaves, &head)?;
    }
    give(node, below, shared, leaves, bytes)
}

/// Bytes of what is known.
fn give(
    node: &mut Node,
    below: &mut [Node],
    shared: &mut Shared,
    leaves: &mut dyn Leaves,
    bytes: &[u8],
) -> Result<(), TooMuch> {
    if bytes.is_empty() {
        return Ok(());
    }
    node.length += bytes.len() as u64;
    match &mut node.place {
        Place::Leaf => leaves.bytes(bytes),
        Place::Layer(name, layer) => {
            let mut inside = Inside {
                below,
                shared,
                leaves,
                container: name,
                path: &node.path,
                length: node.length,
                spoiled: false,
            };
            layer.push(bytes, &mut inside)?;
            if inside.spoiled {
                inside.end()?;
                node.place = Place::Dropped;
            }
        }
        Place::Closed | Place::Unknown(_) | Place::Dropped => {}
    }
    Ok(())
}

/// No more bytes come for the first of the nodes.
fn close(nodes: &mut [Node], shared: &mut Shared, leaves: &mut dyn Leaves) -> Result<(), TooMuch> {
    let Some((node, below)) = nodes.split_first_mut() else { return Ok(()) };
    if let Place::Unknown(head) = &node.place
        && !head.is_empty()
        && let Some(head) = tell(node, below, shared, leaves, true)
    {
        give(node, below, shared, leaves, &head)?;
    }
    match mem::take(&mut node.place) {
        Place::Leaf => leaves.end(),
        Place::Layer(container, mut layer) => {
            let (path, length) = (&node.path, node.length);
            let mut inside = Inside { below, shared, leaves, container, path, length, spoiled: false };
            layer.finish(&mut inside)?;
            inside.end()?;
        }
        Place::Closed | Place::Unknown(_) | Place::Dropped => {}
    }
    Ok(())
}

/// Finds out what a node is, and takes its head. None where more has to be seen.
fn tell(
    node: &mut Node,
    below: &[Node],
    shared: &Shared,
    leaves: &mut dyn Leaves,
    ended: bool,
) -> Option<Vec<u8>> {
    let Place::Unknown(bytes) = &mut node.place else { return None };
    let head = Head { bytes, ended };
    let mut more = false;
    let mut found = None;
    for container in shared.kinds.containers {
        match (container.tells)(&head) {
            Told::Yes => {
                found = Some(container);
                break;
            }
            Told::More => more = true,
            Told::No => {}
        }
    }
    let (unread, told) = match found {
        Some(_) => (None, Told::No),
        None => unread::tell(&head, shared.kinds.unread),
    };
    if found.is_none() && unread.is_none() && !ended && (more || told == Told::More) {
        return None;
    }
    let bytes = mem::take(bytes);
    let mut dropped = |container, kind| {
        leaves.damaged(&node.path, Damage { container, offset: 0, kind });
        Place::Dropped
    };
    node.place = match (found, unread) {
        (Some(&Container { name, .. }), _) if below.is_empty() => dropped(name, DamageKind::Nested),
        (Some(&Container { name, open: Some(open), .. }), _) => Place::Layer(name, open()),
        (None, Some(name)) if node.path.is_empty() => dropped(name, DamageKind::Unsupported(name)),
        (None, Some(name)) => dropped(name, DamageKind::Unread(name)),
        (Some(Container { open: None, .. }), _) => {
            leaves.elsewhere();
            leaves.begin(&node.path);
            Place::Leaf
        }
        (None, None) => {
            leaves.begin(&node.path);
            Place::Leaf
        }
    };
    Some(bytes)
}

/// What a container holds, to be told of as it comes out.
pub(crate) struct Inside<'a> {
    /// The first is the member's.
    below: &'a mut [Node],
    shared: &'a mut Shared,
    leaves: &'a mut dyn Leaves,
    container: &'static str,
    path: &'a str,
    /// Bytes of the container that were pushed.
    length: u64,
    spoiled: bool,
}

impl Inside<'_> {
    /// A member begins where `rest` of what was pushed are left, and the one before ends. Whether its bytes are wanted.
    pub(super) fn begin(&mut self, name: &str, rest: usize) -> Result<bool, TooMuch> {
        self.end()?;
        self.shared.members += 1;
        let too_many = self.shared.members > self.shared.limits.members;
        let wanted = !too_many && !self.spoiled && !is_litter(name);
        self.open(name, if wanted { Place::Unknown(Vec::new()) } else { Place::Dropped });
        if too_many {
            self.spoiled(rest, DamageKind::Members);
        }
        Ok(wanted)
    }

    /// As `begin`, where members have no names.
    pub(super) fn begin_unnamed(&mut self) -> Result<(), TooMuch> {
        self.end()?;
        self.open("", Place::Unknown(Vec::new()));
        Ok(())
    }

    fn open(&mut self, name: &str, place: Place) {
        if let Some(member) = self.below.first_mut() {
            member.path.clear();
            member.path.push_str(self.path);
            if !member.path.is_empty() && !name.is_empty() {
                member.path.push('/');
            }
            member.path.push_str(name);
            (member.place, member.length) = (place, 0);
        }
    }

    /// Bytes of the member. Where none was begun, the container holds one that has no name.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Result<(), TooMuch> {
        let Shared { limits, packed, unpacked, .. } = &mut *self.shared;
        let level = LEVELS.saturating_sub(self.below.len());
        if let Some(unpacked) = unpacked.get_mut(level) {
            *unpacked += bytes.len() as u64;
            if *unpacked > limits.slack.saturating_add(limits.ratio.saturating_mul(*packed)) {
                return Err(TooMuch { packed: *packed, unpacked: *unpacked });
            }
        }
        if let Some(Node { place: Place::Closed, .. }) = self.below.first() {
            self.begin_unnamed()?;
        }
        feed(self.below, self.shared, self.leaves, bytes)
    }

    /// The member has no more bytes.
    pub(super) fn end(&mut self) -> Result<(), TooMuch> {
        close(self.below, self.shared, self.leaves)
    }

    /// The member that is open, or the container where none is, is damaged where `rest` of what was pushed are left.
    pub(super) fn damaged(&mut self, rest: usize, kind: DamageKind) {
        if self.spoiled {
            return;
        }
        let path = match self.below.first() {
            Some(member) if !matches!(member.place, Place::Closed) => &member.path,
            _ => self.path,
        };
        let offset = self.length.saturating_sub(rest as u64);
        self.leaves.damaged(path, Damage { container: self.container, offset, kind });
    }

    pub(super) fn is_spoiled(&self) -> bool {
        self.spoiled
    }

    /// As `damaged`, and nothing after it is of use.
    pub(super) fn spoiled(&mut self, rest: usize, kind: DamageKind) {
        self.damaged(rest, kind);
        self.spoiled = true;
    }
}

/// What systems leave in archives: forks, thumbnails, folder settings.
fn is_litter(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.split('/').any(|part| part == "__MACOSX") || name == ".DS_Store" || name.starts_with("._")
}
