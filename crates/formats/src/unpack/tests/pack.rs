//! Archives, by the rules.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::unpack::gzip::Checksum;

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

pub(super) fn frames(messages: &[&[u8]]) -> Vec<u8> {
    messages.iter().flat_map(|message| [&(message.len() as u32).to_be_bytes(), *message].concat()).collect()
}

pub(super) fn tar_member(name: &str, kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut header = [0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    header[148..156].copy_from_slice(b"        ");
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let filling = bytes.len().wrapping_neg() % 512;
    [&header, bytes, &vec![0; filling]].concat()
}

pub(super) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let members = members.iter().flat_map(|(name, bytes)| tar_member(name, b'0', bytes));
    members.chain([0; 1024]).collect()
}

/// How a member of a zip is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spelling {
    pub(super) method: u16,
    pub(super) flags: u16,
    /// Sizes of 64 bits.
    pub(super) wide: bool,
    /// A descriptor without signature.
    pub(super) unsigned: bool,
    pub(super) wrong_checksum: bool,
}

pub(super) const STORED: Spelling =
    Spelling { method: 0, flags: 0, wide: false, unsigned: false, wrong_checksum: false };
pub(super) const DEFLATED: Spelling = Spelling { method: 8, ..STORED };

pub(super) fn zip_member(name: &str, bytes: &[u8], spelling: Spelling) -> Vec<u8> {
    let packed = match spelling.method {
        8 => deflate(bytes),
        93 => zstd(bytes),
        _ => bytes.to_vec(),
    };
    let mut checksum = Checksum::new();
    checksum.add(bytes);
    let checksum = (checksum.value() as u32) ^ u32::from(spelling.wrong_checksum);
    let described = spelling.flags & 8 != 0;
    let size = |size: usize| match (described, spelling.wide) {
        (true, _) => 0,
        (false, true) => u32::MAX,
        (false, false) => size as u32,
    };
    let mut extra = Vec::new();
    if spelling.wide && !described {
        // After another field.
        extra.extend_from_slice(&[9, 9, 2, 0, 1, 2, 1, 0, 16, 0]);
        extra.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        extra.extend_from_slice(&(packed.len() as u64).to_le_bytes());
    }
    let mut member = b"PK\x03\x04\x14\0".to_vec();
    for short in [spelling.flags, spelling.method, 0, 0] {
        member.extend_from_slice(&short.to_le_bytes());
    }
    for long in [if described { 0 } else { checksum }, size(packed.len()), size(bytes.len())] {
        member.extend_from_slice(&long.to_le_bytes());
    }
    for short in [name.len() as u16, extra.len() as u16] {
        member.extend_from_slice(&short.to_le_bytes());
    }
    member.extend_from_slice(name.as_bytes());
    member.extend_from_slice(&extra);
    member.extend_from_slice(&packed);
    if described {
        if !spelling.unsigned {
            member.extend_from_slice(b"PK\x07\x08");
        }
        member.extend_from_slice(&checksum.to_le_bytes());
        for size in [packed.len(), bytes.len()] {
            let size = (size as u64).to_le_bytes();
            member.extend_from_slice(&size[..if spelling.wide { 8 } else { 4 }]);
        }
    }
    member
}

/// With as much of a directory as anybody looks at.
pub(super) fn zip(members: &[Vec<u8>]) -> Vec<u8> {
    let mut directory = [0; 46 + 22];
    directory[..4].copy_from_slice(b"PK\x01\x02");
    directory[46..50].copy_from_slice(b"PK\x05\x06");
    [members.concat().as_slice(), &directory].concat()
}
