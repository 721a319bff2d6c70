//! What is known by sight, and never read.

use super::{Head, Told};

/// Where the bytes stand, the bytes, and what they tell.
pub(crate) type Magic = (usize, &'static [u8], &'static str);

/// HTML is not among them: it is text.
pub(crate) const MAGIC: &[Magic] = &[
    (4, b"1AY&SY", "bzip2-compressed data"),
    (0, b"\xFD7zXZ\0", "xz-compressed data"),
    (0, b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
    (0, b"Rar!\x1A\x07", "a RAR archive"),
    (0, b"\x04\x22\x4D\x18", "LZ4-compressed data"),
    (0, b"\xFF\x06\0\0sNaPpY", "Snappy-compressed data"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n\x1A\n", "a PNG picture"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"PAR1", "a Parquet file"),
];

/// What a head begins like, and whether it may yet turn out to.
pub(super) fn tell(head: &Head<'_>, magic: &'static [Magic]) -> (Option<&'static str>, Told) {
    let mut told = Told::No;
    for &(at, bytes, name) in magic {
        let rest = Head { bytes: head.bytes.get(at..).unwrap_or_default(), ..*head };
        match rest.begins(bytes) {
            Told::Yes => return (Some(name), Told::Yes),
            Told::More if !head.ended => told = Told::More,
            _ => {}
        }
    }
    (None, told)
}
