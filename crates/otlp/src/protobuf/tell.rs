//! What bytes without names are: OTLP protobuf or not, and which of its signals.

use super::wire::{END_GROUP, Fields, GROUP, I32, I64, LEN, VARINT, header};

/// What the records of a scope are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Spans,
    Logs,
    Metrics,
    /// Whole messages, but none of these: profiles.
    Other,
}

/// Tells a record by its fields: their wire types differ between `Span`, `LogRecord` and `Metric`. `None` where they do
/// not: a record with next to nothing in it, or no message at all.
pub(super) fn signal(record: &[u8]) -> Option<Signal> {
    let (mut spans, mut logs, mut metrics) = (true, true, true);
    let (mut id, mut name, mut body) = (None, None, None);
    let mut fields = Fields(record);
    while let Some((field, wire)) = fields.key().ok()? {
        spans &= match field {
            1..=5 | 9 | 11 | 13 | 15 => wire == LEN,
            6 | 10 | 12 | 14 => wire == VARINT,
            7 | 8 => wire == I64,
            16 => wire == I32,
            _ => true,
        };
        logs &= match field {
            1 | 11 => wire == I64,
            2 | 7 => wire == VARINT,
            3..=6 | 9 | 10 | 12 => wire == LEN,
            8 => wire == I32,
            _ => true,
        };
        metrics &= field > 12 || wire == LEN;
        if wire == LEN {
            let bytes = fields.bytes().ok()?;
            match field {
                1 => name = Some(bytes),
                5 => body = Some(bytes),
                9 => id = Some(bytes),
                _ => {}
            }
        } else {
            fields.skip(wire).ok()?;
        }
    }
    match (spans, logs, metrics) {
        (false, false, false) => Some(Signal::Other),
        (true, false, false) => Some(Signal::Spans),
        (false, true, false) => Some(Signal::Logs),
        (false, false, true) => Some(Signal::Metrics),
        // Without times. A metric has a name where a span has an id of sixteen bytes.
        (true, false, true) => name.map(|name| {
            let is_word = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
            if is_word { Signal::Metrics } else { Signal::Spans }
        }),
        // Without times. A log record has a value where a span has a name, and an id where a span has attributes.
        (_, true, _) => {
            let has_id = id.is_some_and(|id| id.len() == 16);
            let has_body = body.is_some_and(|body| !body.is_empty() && fits(Part::Value, body, true));
            if spans && !has_id && !has_body { None } else { Some(Signal::Logs) }
        }
    }
}

/// Is this the start of OTLP protobuf (`TracesData`, `LogsData`, `MetricsData` or the requests, which are spelled alike)?
///
/// `head`: the first bytes, or all there are; from 64 on they tell. Text of any kind, which may well begin with the first
/// key (a line feed), is none: the fields of the outer messages have to stand in each other, and among their bytes there
/// is one no text has. What is cut off is still what it was.
pub fn looks_like_protobuf(head: &[u8]) -> bool {
    let has_binary = head.iter().any(|&byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
    has_binary && holds_something(head) && fits(Part::Request, head, false)
}

/// Is the first resource more than nothing? Zeros between line feeds are text in UTF-16.
fn holds_something(head: &[u8]) -> bool {
    matches!(header(head), Ok(Some(header)) if header.field == 1 && header.wire == LEN && header.value > 0)
}

/// A message on the way to the spans, by the fields it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Request,
    ResourceSpans,
    ScopeSpans,
    Record,
    Resource,
    Scope,
    KeyValue,
    Value,
    ArrayValue,
    KeyValueList,
    /// Text, bytes, or what is not looked into.
    Leaf,
    Number,
}

impl Part {
    /// What stands in this field; `None`: there is no such field.
    fn inside(self, field: u32, wire: u32) -> Option<Self> {
        Some(match (self, field, wire) {
            (Self::Request, 1, LEN) => Self::ResourceSpans,
            (Self::ResourceSpans, 1, LEN) => Self::Resource,
            (Self::ResourceSpans, 2 | 1000, LEN) => Self::ScopeSpans,
            (Self::ScopeSpans, 1, LEN) => Self::Scope,
            (Self::ScopeSpans, 2, LEN) => Self::Record,
            (Self::Resource | Self::KeyValueList, 1, LEN) | (Self::Scope, 3, LEN) => Self::KeyValue,
            (Self::KeyValue, 2, LEN) | (Self::ArrayValue, 1, LEN) => Self::Value,
            (Self::Value, 5, LEN) => Self::ArrayValue,
            (Self::Value, 6, LEN) => Self::KeyValueList,
            // Of records, any signal's: fields may have been added since.
            (Self::ResourceSpans | Self::ScopeSpans | Self::Resource, 3, LEN)
            | (Self::Scope, 1 | 2, LEN)
            | (Self::KeyValue, 1, LEN)
            | (Self::Value, 1 | 7, LEN)
            | (Self::Record, 1..=30, LEN) => Self::Leaf,
            (Self::Resource, 2, VARINT)
            | (Self::Scope, 4, VARINT)
            | (Self::Value, 2 | 3, VARINT)
            | (Self::Value, 4, I64)
            | (Self::Record, 1..=30, VARINT | I64 | I32) => Self::Number,
            _ => return None,
        })
    }

    fn is_message(self) -> bool {
        !matches!(self, Self::Leaf | Self::Number)
    }
}

/// Messages within messages that are looked into.
const MAX_DEPTH: usize = 16;

/// Do the bytes, as far as they are there, hold this message and nothing else? `whole`: nothing follows them.
fn fits(part: Part, bytes: &[u8], whole: bool) -> bool {
    // The message stood in last, and where each ends; the outermost may go on for ever.
    let mut open = vec![(part, if whole { bytes.len() as u64 } else { u64::MAX })];
    let mut at = 0_u64;
    while let Some(&(part, end)) = open.last() {
        if at == end {
            open.pop();
            continue;
        }
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let left = usize::try_from(end - at).unwrap_or(usize::MAX);
        let header = match header(rest.get(..left).unwrap_or(rest)) {
            Ok(Some(header)) => header,
            // Cut off: by the end of the bytes, or by that of the message.
            Ok(None) => return rest.len() < left,
            Err(_) => return false,
        };
        if matches!(header.wire, GROUP | END_GROUP) {
            return false;
        }
        let Some(inside) = part.inside(header.field, header.wire) else { return false };
        let start = at + header.bytes as u64;
        let Some(after) = start.checked_add(header.value).filter(|&after| after <= end) else { return false };
        if inside.is_message() && open.len() < MAX_DEPTH {
            open.push((inside, after));
            at = start;
        } else {
            at = after;
        }
        if at >= bytes.len() as u64 {
            return !whole || at == bytes.len() as u64;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signals() {
        let check = |record: &[u8], expected| assert_eq!(signal(record), expected, "{record:02x?}");
        let with = |start: &[u8], rest: &[u8]| [start, rest].concat();
        let id = with(&[0x0A, 16], &[0x9C; 16]);
        // Nothing, or a name alone.
        check(&[], None);
        check(&[0x2A, 1, b'x'], None);
        check(&id, Some(Signal::Spans));
        // A name and a kind; a start.
        check(&[0x2A, 1, b'x', 0x30, 2], Some(Signal::Spans));
        check(&[0x39, 1, 0, 0, 0, 0, 0, 0, 0], Some(Signal::Spans));
        // Flags come after fields 16 and up of the other signals.
        check(&[0x85, 0x01, 1, 0, 0, 0, 0x51, 0, 0, 0, 0, 0, 0, 0, 0], Some(Signal::Other));
        // Observed time; severity; body; trace id.
        check(&[0x59, 1, 0, 0, 0, 0, 0, 0, 0], Some(Signal::Logs));
        check(&[0x10, 9], Some(Signal::Logs));
        check(&[0x2A, 3, 0x0A, 1, b'x'], Some(Signal::Logs));
        check(&with(&[0x4A, 16], &[7; 16]), Some(Signal::Logs));
        // A name as long as an id, and a gauge.
        check(&with(&[0x0A, 16], b"http.server.size"), Some(Signal::Metrics));
        check(&with(&[0x0A, 4], b"jobs\x2A\x00"), Some(Signal::Metrics));
        check(&[0x3A, 2, 0x10, 2], Some(Signal::Metrics));
        // A profile's time.
        check(&[0x19, 1, 0, 0, 0, 0, 0, 0, 0], Some(Signal::Other));
        // Cut off.
        check(&[0x0A, 16, 1], None);
    }

    #[test]
    fn heads() {
        let check = |head: &[u8], expected: bool| {
            assert_eq!(looks_like_protobuf(head), expected, "{head:02x?}");
        };
        let service = b"\x0A\x19\x0A\x17\x0A\x0Cservice.name\x12\x07\x0A\x05alpha";
        let request = [&[0x0A, service.len() as u8 + 2], &service[..], &[0x12, 0]].concat();
        check(&request, true);
        for cut in 8..request.len() {
            check(&request[..cut], true);
        }
        // Field 3 of the request; a length beyond its parent.
        check(&[&request[..], &[0x1A, 0]].concat(), false);
        check(&[&[0x0A, 5], service.as_slice(), &[0x12, 0]].concat(), false);
        // What writes fields from the last to the first: scopes, then the resource.
        check(&[&[0x0A, service.len() as u8 + 2, 0x12, 0], &service[..]].concat(), true);
        // Other messages with a field 1: profiles of Go, traces of Chromium.
        check(b"\x0A\x04\x08\x01\x10\x02\x0A\x04\x08\x03\x10\x04", false);
        check(b"\x0A\x0F\x40\x80\x80\x01\x50\x01\x98\x01\x01\x00\x00\x00\x00\x00\x00", false);
        // A PCX picture.
        check(b"\x0A\x05\x01\x08\0\0\0\0\x7F\x02\xDF\x01", false);
        // Text, and text of two bytes a character.
        check(b"", false);
        check(b"\n", false);
        check(b"\n\n\n\n\n\n\n\n\n\n\n\n", false);
        check(b"\n{\"resourceSpans\":[]}", false);
        check(b"\n\0\n\0{\0\"\0", false);
        check(b"\n\0\n\0\n\0\n\0\n\0\n\0\n\0\n\0", false);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        /// Of the bytes that keys and lengths are made of, so that something nests.
        #[test]
        fn white_space_is_text(space in "[\n\r\t ]{0,80}", rest in r#"[\[{"0-9tfn][ -~\n\r\t]{0,300}"#, cut in 0_usize..400) {
            let text = format!("\n{space}{rest}");
            let head = text.as_bytes().get(..cut).unwrap_or(text.as_bytes());
            prop_assert!(!looks_like_protobuf(head), "{head:?}");
        }

        /// JSON whose strings hold control characters as they are, which is wrong and happens.
        #[test]
        fn careless_text_is_text(space in "[\n\r\t ]{0,80}", rest in "\"[\\x00-\\x7f]{0,300}") {
            let text = format!("\n{space}{{{rest}");
            prop_assert!(!looks_like_protobuf(text.as_bytes()), "{text:?}");
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (signal(&bytes), looks_like_protobuf(&bytes));
        }
    }
}
