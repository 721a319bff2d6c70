//! Ids as text: hex as OTLP/JSON has it, base64 as generic protobuf-to-JSON printers have it.

use otel::{SpanId, TraceId};

use crate::base64::decode_base64;

/// An id that was read, or the id made up for a text that is none. Equal texts get equal ids, so that the spans of
/// a trace stay together and apart from others whatever the producer calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id<T> {
    Read(T),
    MadeUp(T),
}

pub fn trace_id(text: &str) -> Id<TraceId> {
    if let Ok(id) = TraceId::from_hex(text.as_bytes()) {
        return Id::Read(id);
    }
    if text.is_empty() {
        return Id::Read(TraceId::ABSENT);
    }
    match base64::<16>(text) {
        Some(bytes) => Id::Read(TraceId(u128::from_be_bytes(bytes))),
        None => Id::MadeUp(TraceId(fnv1a_128(text.as_bytes()))),
    }
}

pub fn span_id(text: &str) -> Id<SpanId> {
    if let Ok(id) = SpanId::from_hex(text.as_bytes()) {
        return Id::Read(id);
    }
    if text.is_empty() {
        return Id::Read(SpanId::ABSENT);
    }
    match base64::<8>(text) {
        Some(bytes) => Id::Read(SpanId(u64::from_be_bytes(bytes))),
        None => Id::MadeUp(SpanId(fnv1a_64(text.as_bytes()))),
    }
}

/// Exactly `N` bytes, in either alphabet, padded or not.
fn base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Longer texts cannot be ids, and must not cost a decoding.
    if text.len() > 2 * N {
        return None;
    }
    decode_base64(text)?.try_into().ok()
}

fn fnv1a_128(text: &[u8]) -> u128 {
    text.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash: u128, &byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b)
    })
}

fn fnv1a_64(text: &[u8]) -> u64 {
    text.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let shown = match trace_id(text) {
            Id::Read(id) => id.to_string(),
            Id::MadeUp(id) => format!("made up {id}"),
        };
        assert_eq!(shown, expected, "{text:?}");
    }

    #[test]
    fn trace_ids() {
        check("5B8EFFF798038103D269B633813FC60C", "5b8efff798038103d269b633813fc60c");
        check("W47/95gDgQPSabYzgT/GDA==", "5b8efff798038103d269b633813fc60c");
        check("W47/95gDgQPSabYzgT/GDA", "5b8efff798038103d269b633813fc60c");
        check("W47_95gDgQPSabYzgT_GDA", "5b8efff798038103d269b633813fc60c");
        check("00f067aa0ba902b7", "000000000000000000f067aa0ba902b7");
        check("", "00000000000000000000000000000000");
        check("a", "0000000000000000000000000000000a");
        check("nonsense", "made up 72067a56f5659b1f7ec76d8cc86d2f32");
    }

    #[test]
    fn span_ids() {
        assert_eq!(span_id("EEE19B7EC3C1B174"), Id::Read(SpanId(0xeee1_9b7e_c3c1_b174)));
        assert_eq!(span_id("7uGbfsPBsXQ="), Id::Read(SpanId(0xeee1_9b7e_c3c1_b174)));
        assert_eq!(span_id("7uGbfsPBsXQ"), Id::Read(SpanId(0xeee1_9b7e_c3c1_b174)));
        // Offset basis folded with 'x' (FNV-1a, 64 bits).
        assert_eq!(span_id("x"), Id::MadeUp(SpanId(0xaf63_f54c_8602_1707)));
        assert_ne!(span_id("span one"), span_id("span two"));
    }
}
