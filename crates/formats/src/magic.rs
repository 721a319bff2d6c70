//! What is known by its first bytes and not read, so that a refusal can call it by name.

/// By the first bytes of the input.
pub(crate) fn by_first_bytes(head: &[u8]) -> Option<&'static str> {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a zip archive"),
        (b"\x28\xB5\x2F\xFD", "zstd-compressed data"),
        (b"BZh", "bzip2-compressed data"),
        (b"\xFD7zXZ\0", "xz-compressed data"),
        (b"\xFF\xFE", "UTF-16 text"),
        (b"\xFE\xFF", "UTF-16 text"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a PNG picture"),
        (b"SQLite format 3", "an SQLite database"),
        (b"PAR1", "a Parquet file"),
    ];
    if let Some((_, name)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(name);
    }
    if head.trim_ascii_start().first() == Some(&b'<') {
        return Some("an HTML or XML page");
    }
    // A protobuf message that starts with field 1, of bytes; text has no such bytes right after its first newline.
    let binary = |byte: &u8| matches!(byte, 0..=8 | 0x0E..=0x1A);
    if head.first() == Some(&0x0A) && head.iter().take(16).any(binary) {
        return Some("binary data, probably OTLP protobuf");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes() {
        let check = |head: &[u8], expected| assert_eq!(by_first_bytes(head), expected, "{head:?}");
        check(b"PK\x03\x04...", Some("a zip archive"));
        check(b"\n <!doctype html>", Some("an HTML or XML page"));
        check(b"\x0A\xA1\x04\x0A\x05", Some("binary data, probably OTLP protobuf"));
        check(b"\n\n{\"resourceSpans\"", None);
        check(b"", None);
    }
}
