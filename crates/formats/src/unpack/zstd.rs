//! Zstandard (RFC 8878): frames that follow each other, around ruzstd's blocks.

use std::mem;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::stack::Inside;
use super::{Container, DamageKind, Head, Layer, Told, TooMuch, array, gather, split};

/// What `zstd --long` asks for, and what other decoders allow for by themselves.
const LARGEST_WINDOW: u64 = 128 << 20;

/// Of a block, packed or not.
const LARGEST_BLOCK: usize = 128 << 10;

pub(super) const ZSTD: Container =
    Container { name: "zstd", tells: tell, open: Some(|| Box::new(Zstd::new())) };

const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

fn is_skippable(magic: [u8; 4]) -> bool {
    matches!(magic, [0x50..=0x5F, 0x2A, 0x4D, 0x18])
}

fn tell(head: &Head<'_>) -> Told {
    match head.bytes.first_chunk() {
        Some(&magic) if magic == MAGIC || is_skippable(magic) => Told::Yes,
        None if matches!(head.bytes, [] | [0x28 | 0x50..=0x5F, ..]) => Told::More,
        _ => Told::No,
    }
}

enum Part {
    /// The magic number of a frame, or nothing.
    Start,
    /// What is left of a frame that holds nothing.
    Skipped(u32),
    /// Blocks, and a checksum at the end or not.
    Blocks { checksum: bool },
}

/// What a step came to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    On,
    FrameEnded,
}

pub(super) struct Zstd {
    frame: FrameDecoder,
    part: Part,
    /// A header or block that is not all there.
    held: Vec<u8>,
    frames: u64,
    /// What was unpacked and not yet taken.
    pub(super) text: Vec<u8>,
}

impl Zstd {
    pub(super) fn new() -> Self {
        let mut frame = FrameDecoder::new();
        frame.set_max_window_size(LARGEST_WINDOW);
        Self { frame, part: Part::Start, held: Vec::new(), frames: 0, text: Vec::new() }
    }

    /// Takes some of `bytes`, which are at least one: no more than a block.
    pub(super) fn step(&mut self, bytes: &mut &[u8]) -> Result<Step, DamageKind> {
        match self.part {
            Part::Start => self.start(bytes),
            Part::Skipped(left) => {
                let left = left - split(bytes, u64::from(left)).len() as u32;
                self.part = if left == 0 { Part::Start } else { Part::Skipped(left) };
                Ok(Step::On)
            }
            Part::Blocks { checksum } => self.block(bytes, checksum),
        }
    }

    fn start(&mut self, bytes: &mut &[u8]) -> Result<Step, DamageKind> {
        if !gather(&mut self.held, bytes, 5) {
            return if MAGIC.starts_with(&self.held)
                || is_skippable(array(&self.held, 0))
                || self.held.len() < 4
            {
                Ok(Step::On)
            } else {
                Err(DamageKind::Header)
            };
        }
        let magic = array(&self.held, 0);
        if is_skippable(magic) {
            if gather(&mut self.held, bytes, 8) {
                let length = u32::from_le_bytes(array(&self.held, 4));
                self.held.clear();
                self.frames += 1;
                self.part = if length == 0 { Part::Start } else { Part::Skipped(length) };
            }
            return Ok(Step::On);
        }
        if magic != MAGIC {
            return Err(DamageKind::Header);
        }
        let [descriptor] = array(&self.held, 4);
        if !gather(&mut self.held, bytes, header_length(descriptor)) {
            return Ok(Step::On);
        }
        self.frame.reset(self.held.as_slice()).map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { requested, .. } => DamageKind::Window(requested),
            FrameDecoderError::DictNotProvided { .. } => {
                DamageKind::Unsupported("zstd-compressed data that needs a dictionary")
            }
            _ => DamageKind::Data,
        })?;
        self.held.clear();
        self.part = Part::Blocks { checksum: descriptor & 4 != 0 };
        Ok(Step::On)
    }

    fn block(&mut self, bytes: &mut &[u8], checksum: bool) -> Result<Step, DamageKind> {
        const RUN: u32 = 1;
        const RESERVED: u32 = 3;
        if !gather(&mut self.held, bytes, 3) {
            return Ok(Step::On);
        }
        let [low, middle, high] = array(&self.held, 0);
        let header = u32::from_le_bytes([low, middle, high, 0]);
        let (last, kind, size) = (header & 1 == 1, header >> 1 & 3, (header >> 3) as usize);
        if kind == RESERVED || size > LARGEST_BLOCK {
            return Err(DamageKind::Data);
        }
        let length = 3 + if kind == RUN { 1 } else { size } + if last && checksum { 4 } else { 0 };
        if !gather(&mut self.held, bytes, length) {
            return Ok(Step::On);
        }
        self.decode(length)?;
        self.held.clear();
        if !last {
            return Ok(Step::On);
        }
        if checksum && self.frame.get_checksum_from_data() != self.frame.get_calculated_checksum() {
            return Err(DamageKind::Checksum);
        }
        self.frames += 1;
        self.part = Part::Start;
        Ok(Step::FrameEnded)
    }

    /// Decodes the block that is held. What no later block can refer to goes to `text`.
    fn decode(&mut self, length: usize) -> Result<(), DamageKind> {
        let block = self.held.get(..length).unwrap_or_default();
        let decoded = self.frame.decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1));
        let collected = self.frame.collect_to_writer(&mut self.text);
        if decoded.is_err() || collected.is_err() { Err(DamageKind::Data) } else { Ok(()) }
    }

    /// The window, which is kept until the frame ends, goes to `text`: it will not end.
    pub(super) fn give_up(&mut self) {
        if let Part::Blocks { .. } = self.part {
            // The decoder lets go of it after the last block: an empty one, with any checksum.
            let held = mem::replace(&mut self.held, vec![1, 0, 0, 0, 0, 0, 0]);
            let _ = self.decode(7);
            self.held = held;
            self.part = Part::Start;
        }
    }

    /// Bytes that were taken, of the header or block that comes next.
    pub(super) fn unread(&self) -> usize {
        self.held.len()
    }

    /// There are no more bytes.
    pub(super) fn ends(&self) -> Result<(), DamageKind> {
        match self.part {
            Part::Start if self.held.is_empty() && self.frames > 0 => Ok(()),
            _ => Err(DamageKind::Cut),
        }
    }
}

/// With the magic number (section 3.1.1.1.1).
fn header_length(descriptor: u8) -> usize {
    let single_segment = descriptor >> 5 & 1;
    let window = 1 - single_segment;
    let dictionary = match descriptor & 3 {
        3 => 4,
        length => length,
    };
    let content_size = match descriptor >> 6 {
        0 => single_segment,
        exponent => 1 << exponent,
    };
    5 + usize::from(window + dictionary + content_size)
}

impl Layer for Zstd {
    fn push(&mut self, bytes: &[u8], inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let stepped = self.step(&mut rest);
            if stepped.is_err() {
                self.give_up();
            }
            inside.bytes(&self.text)?;
            self.text.clear();
            if let Err(kind) = stepped {
                // Where the header or block begins.
                inside.spoiled(rest.len() + self.unread(), kind);
                return Ok(());
            }
        }
        Ok(())
    }

    fn finish(&mut self, inside: &mut Inside<'_>) -> Result<(), TooMuch> {
        let ends = self.ends();
        self.give_up();
        inside.bytes(&self.text)?;
        if let Err(kind) = ends {
            inside.spoiled(0, kind);
        }
        Ok(())
    }
}
