//! gzip (RFC 1952) of a body at once: a page that is left has no time for a stream.

use alloc::vec::Vec;

/// Stored blocks.
pub(crate) fn gzip(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::from([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]);
    let mut rest = input;
    loop {
        let (block, after) = rest.split_at(rest.len().min(0xFFFF));
        out.push(u8::from(after.is_empty()));
        out.extend_from_slice(&(block.len() as u16).to_le_bytes());
        out.extend_from_slice(&(!(block.len() as u16)).to_le_bytes());
        out.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    out.extend_from_slice(&crc32(input).to_le_bytes());
    out.extend_from_slice(&(input.len() as u32).to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 };
        }
    }
    !crc
}
