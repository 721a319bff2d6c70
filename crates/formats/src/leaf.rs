//! One input without containers around it: OTLP protobuf, or text in any of the formats.

use std::borrow::Cow;

use dialects::Entry;
use otel::SpanSink;

use crate::decoder::{Format, Refusal, RefusalKind};
use crate::envelope::Envelope;
use crate::protobuf::{Protobuf, Read, looks_like_protobuf};
use crate::text::Window;

/// Text is decoded in pieces of this size: what is decoded is still in the cache it was checked in.
const PIECE: usize = 128 << 10;

/// Bytes that tell protobuf from text.
const HEAD: usize = 64;

/// What was read of a leaf, or of all together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) formats: Vec<Format>,
    pub(crate) spans: u64,
    pub(crate) logs: u64,
    pub(crate) exemplars: u64,
    pub(crate) metrics: u64,
    pub(crate) documents: u64,
}

impl Counts {
    pub(crate) fn is_empty(&self) -> bool {
        self.spans == 0 && self.logs == 0 && self.metrics == 0
    }

    pub(crate) fn add(&mut self, other: Self) {
        for format in other.formats {
            if !self.formats.contains(&format) {
                self.formats.push(format);
            }
        }
        self.spans += other.spans;
        self.logs += other.logs;
        self.exemplars += other.exemplars;
        self.metrics += other.metrics;
        self.documents += other.documents;
    }
}

/// What only another build of the decoder reads.
#[derive(Debug)]
pub(crate) struct Left {
    /// Its offset in the leaf.
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Decodes one leaf.
#[derive(Debug)]
pub(crate) struct Leaf {
    kind: Kind,
    catalog: Option<&'static [Entry]>,
}

#[derive(Debug)]
enum Kind {
    /// What there is of its head.
    Unknown(Vec<u8>),
    Protobuf(Box<Protobuf>),
    Text(Box<Text>),
}

#[derive(Debug)]
struct Text {
    window: Window,
    envelope: Envelope,
}

impl Leaf {
    pub(crate) fn new(catalog: Option<&'static [Entry]>) -> Self {
        Self { kind: Kind::Unknown(Vec::new()), catalog }
    }

    /// Spans given to the sink.
    pub(crate) fn spans(&self) -> u64 {
        match &self.kind {
            Kind::Unknown(_) => 0,
            Kind::Protobuf(protobuf) => protobuf.read().spans,
            Kind::Text(text) => text.envelope.spans(),
        }
    }

    /// Takes the next bytes. Some may be given back: what begins there only another build of the decoder reads.
    pub(crate) fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Option<Left> {
        let bytes = match &mut self.kind {
            Kind::Unknown(head) => {
                head.extend_from_slice(bytes);
                // Text, nearly always: protobuf begins with a field whose key is a newline.
                if head.first() == Some(&b'\n') && head.len() < HEAD {
                    return None;
                }
                self.tell()
            }
            Kind::Protobuf(_) | Kind::Text(_) => Cow::Borrowed(bytes),
        };
        self.feed(&bytes, sink)
    }

    /// Finds out what it is. Gives back its head.
    fn tell(&mut self) -> Cow<'static, [u8]> {
        let Kind::Unknown(head) = &mut self.kind else { return Cow::Borrowed(&[]) };
        let head = std::mem::take(head);
        // What comes beyond depends on how the input was cut.
        self.kind = if looks_like_protobuf(head.get(..HEAD).unwrap_or(&head)) {
            Kind::Protobuf(Box::default())
        } else {
            Kind::Text(Box::new(Text { window: Window::default(), envelope: Envelope::new(self.catalog) }))
        };
        head.into()
    }

    fn feed(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Option<Left> {
        match &mut self.kind {
            Kind::Unknown(_) => None,
            Kind::Protobuf(protobuf) => {
                protobuf.push(bytes, sink);
                None
            }
            Kind::Text(text) => text.push(bytes, sink),
        }
    }

    /// Takes note that no bytes follow. Bytes that are given back are as for `push`.
    pub(crate) fn finish(mut self, sink: &mut dyn SpanSink) -> (Result<Counts, Refusal>, Option<Left>) {
        let mut left = None;
        if let Kind::Unknown(_) = &self.kind {
            let head = self.tell();
            left = self.feed(&head, sink);
        }
        match self.kind {
            Kind::Protobuf(protobuf) => (read(protobuf.finish(sink)), left),
            Kind::Text(mut text) => {
                if left.is_none() {
                    left = text.finish(sink);
                }
                (text.outcome(), left)
            }
            Kind::Unknown(_) => (Ok(Counts::default()), None),
        }
    }
}

impl Text {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Option<Left> {
        let mut pieces = bytes.chunks(PIECE);
        while let Some(piece) = pieces.next() {
            self.window.append(piece, &mut self.envelope.notes);
            self.envelope.tell_text(&self.window, sink);
            self.envelope.run(&mut self.window, false, sink);
            if self.envelope.elsewhere {
                return Some(self.left(pieces.flatten()));
            }
        }
        None
    }

    fn finish(&mut self, sink: &mut dyn SpanSink) -> Option<Left> {
        self.window.finish(&mut self.envelope.notes);
        self.envelope.tell_text(&self.window, sink);
        self.envelope.run(&mut self.window, true, sink);
        if self.envelope.elsewhere {
            return Some(self.left(std::iter::empty()));
        }
        let end = self.window.offset(0);
        self.envelope.walk.finish(&mut self.envelope.notes, end, sink);
        None
    }

    /// What was not decoded.
    fn left<'b>(&self, rest: impl Iterator<Item = &'b u8>) -> Left {
        let (at, text) = (self.window.offset(0), self.window.rest());
        let mut bytes = Vec::new();
        // Without the white space before it, or with what was replaced in it, text may look like protobuf or a container;
        // after a space it does not. At the very start, where a space would move every offset, only what begins as those do.
        let may_mislead =
            || text.contains(char::REPLACEMENT_CHARACTER) && text.starts_with(|first: char| first < ' ');
        bytes.extend((at > 0 || may_mislead()).then_some(b' '));
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(self.window.tail());
        bytes.extend(rest);
        Left { at: at.saturating_sub(1), bytes }
    }

    fn formats(&self) -> Vec<Format> {
        let seen = &self.envelope.seen;
        let otlp = match seen {
            _ if seen.search && !seen.resource_spans && !seen.batches => Some(Format::TempoSearch),
            _ if seen.batches && !seen.resource_spans => Some(Format::TempoJson),
            _ if seen.spans == 0 && seen.logs == 0 && seen.metrics == 0 => None,
            _ if seen.documents > 1 => Some(Format::OtlpJsonLines),
            _ => Some(Format::OtlpJson),
        };
        otlp.into_iter().chain(self.envelope.walk.names().map(Format::Other)).collect()
    }

    fn outcome(&self) -> Result<Counts, Refusal> {
        let seen = &self.envelope.seen;
        let of_others = &self.envelope.walk.counts;
        let counts = Counts {
            formats: self.formats(),
            spans: self.envelope.spans(),
            logs: seen.logs + of_others.logs,
            exemplars: seen.exemplars + of_others.exemplars,
            metrics: seen.metrics,
            documents: seen.documents,
        };
        if !counts.is_empty() || self.envelope.elsewhere {
            return Ok(counts);
        }
        let (kind, offset, message) = if let Some(found) = self.envelope.walk.names().next() {
            (RefusalKind::NotATrace, 0, format!("This is {found}, but there are no spans in it."))
        } else if let Some(offset) = seen.cut_off {
            let message = format!("The input ends at byte {offset}, before its first span does.");
            (RefusalKind::Truncated, offset, message)
        } else if seen.resource_spans || seen.batches || seen.search {
            (RefusalKind::Empty, 0, "This is a trace file, but there are no spans in it.".to_owned())
        } else if seen.signals {
            let message =
                "This is OTLP JSON, but there are no spans, log records or metrics in it.".to_owned();
            (RefusalKind::Empty, 0, message)
        } else if let Some(signal) = seen.other_signals {
            let message = format!(
                "This is OTLP JSON, but it holds only {signal}, which are not read yet. Expected resourceSpans."
            );
            (RefusalKind::NotATrace, 0, message)
        } else if seen.documents > 0 {
            let found = match seen.names.as_slice() {
                [] => "JSON without names that are known".to_owned(),
                names => format!("JSON with \"{}\"", names.join("\", \"")),
            };
            (RefusalKind::NotATrace, 0, format!("No spans in this: found {found}; expected a trace."))
        } else if seen.is_markup {
            (RefusalKind::UnsupportedFormat, 0, "This is an HTML or XML page. Expected a trace.".to_owned())
        } else if let Some((offset, why)) = &seen.not_json {
            let message = format!("This is not JSON: {why} at byte {offset}. Expected a trace.");
            (RefusalKind::NotJson, *offset, message)
        } else {
            (RefusalKind::Empty, 0, "There is nothing but white space in this.".to_owned())
        };
        Err(Refusal { kind, offset, message })
    }
}

fn read(read: Read) -> Result<Counts, Refusal> {
    let counts = Counts {
        formats: vec![Format::OtlpProtobuf],
        spans: read.spans,
        logs: read.logs,
        exemplars: read.exemplars,
        metrics: read.metrics,
        documents: 1,
    };
    if !counts.is_empty() {
        return Ok(counts);
    }
    let (kind, offset, message) = if let Some(offset) = read.cut_off {
        (
            RefusalKind::Truncated,
            offset,
            format!("The input ends at byte {offset}, before its first span does."),
        )
    } else if let Some(offset) = read.malformed {
        let message = format!("This begins like OTLP protobuf, but is none from byte {offset} on.");
        (RefusalKind::UnsupportedFormat, offset, message)
    } else {
        (RefusalKind::Empty, 0, "This is OTLP protobuf, but there are no spans in it.".to_owned())
    };
    Err(Refusal { kind, offset, message })
}
