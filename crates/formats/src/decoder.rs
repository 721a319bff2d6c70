//! Any chunks of any input, to a sink.

use std::fmt;

use otel::{SpanSink, Warning, WarningKind};

use crate::envelope::Envelope;
use crate::text::Window;
use crate::unpack::gzip::{Damage, Gzip};
use crate::{magic, other};

/// Text is decoded in pieces of this size: what is decoded is still in the cache it was checked in.
const PIECE: usize = 128 << 10;

/// Bytes that tell one format from another.
const HEAD: usize = 16;

/// What the input turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One OTLP JSON document.
    OtlpJson,
    /// Several, as the Collector's file exporter writes them.
    OtlpJsonLines,
    /// A trace as Tempo's API returns it.
    TempoJson,
    /// The result of a `TraceQL` search.
    TempoSearch,
    /// Another one, by the name people call it.
    Other(&'static str),
}

impl Format {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtlpJson => "OTLP JSON",
            Self::OtlpJsonLines => "OTLP JSON Lines",
            Self::TempoJson => "Tempo JSON",
            Self::TempoSearch => "Tempo search result",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the input was; several, where it holds documents of several kinds.
    pub formats: Vec<Format>,
    /// Spans given to the sink. There may be none, where there are log records or metrics.
    pub spans: u64,
    /// Log records given to the sink.
    pub logs: u64,
    /// Exemplars given to the sink.
    pub exemplars: u64,
    /// Metrics, with and without exemplars.
    pub metrics: u64,
    /// Documents: lines, concatenated requests.
    pub documents: u64,
    /// Bytes taken in, compressed where the input is.
    pub bytes: u64,
}

/// How far the decoder is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken in, compressed where the input is.
    pub bytes: u64,
    /// Spans given to the sink.
    pub spans: u64,
}

/// Why an input as a whole is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// There is nothing in it.
    Empty,
    /// Neither JSON nor anything known.
    NotJson,
    /// JSON, but without spans.
    NotATrace,
    /// A format that is known but not read yet.
    UnsupportedFormat,
    /// It ends before its first span does.
    Truncated,
    /// Compressed data from which nothing could be had.
    DamagedCompression,
}

impl RefusalKind {
    /// lowerCamelCase, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotJson => "notJson",
            Self::NotATrace => "notATrace",
            Self::UnsupportedFormat => "unsupportedFormat",
            Self::Truncated => "truncated",
            Self::DamagedCompression => "damagedCompression",
        }
    }
}

/// An input as a whole is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// Byte offset in the (decompressed) input where that became clear.
    pub offset: u64,
    /// What was found and what was expected, in the reader's terms.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

#[derive(Debug)]
enum Container {
    /// Too few bytes yet.
    Unknown(Vec<u8>),
    Plain,
    Gzip(Box<Gzip>),
    /// Damaged: nothing after this is of use.
    Spoiled,
}

/// Decodes an input that comes in chunks of any size, cut anywhere. What it is, is told by its content.
///
/// Memory: one chunk, and the largest single span.
#[derive(Debug)]
pub struct Decoder {
    container: Container,
    /// The first decompressed bytes, until they have been looked at.
    head: Option<Vec<u8>>,
    window: Window,
    envelope: Envelope,
    bytes: u64,
    damaged: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Before the first byte.
    pub fn new() -> Self {
        Self {
            container: Container::Unknown(Vec::new()),
            head: Some(Vec::new()),
            window: Window::default(),
            envelope: Envelope::new(other::ALL),
            bytes: 0,
            damaged: false,
        }
    }

    /// Bytes and spans so far.
    pub fn progress(&self) -> Progress {
        Progress { bytes: self.bytes, spans: self.envelope.spans() }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When the first bytes tell that the input is of no use. Nothing more need be pushed then.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        self.bytes += bytes.len() as u64;
        if let Container::Unknown(head) = &mut self.container {
            head.extend_from_slice(bytes);
            if head.len() < 2 {
                return Ok(());
            }
            let head = std::mem::take(head);
            self.open(&head);
            return self.decompress(&head, sink);
        }
        self.decompress(bytes, sink)
    }

    /// Takes note that no bytes follow.
    ///
    /// # Errors
    /// When nothing in the input could be used.
    pub fn finish(mut self, sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
        if let Container::Unknown(head) = &mut self.container {
            let head = std::mem::take(head);
            self.container = Container::Plain;
            self.decompress(&head, sink)?;
        }
        if let Container::Gzip(gzip) = &self.container
            && let Err(damage) = gzip.finish()
        {
            self.damage(damage, sink);
        }
        if let Some(head) = self.head.take() {
            self.begin(&head, sink)?;
        }
        self.window.finish(&mut self.envelope.notes);
        self.envelope.run(&mut self.window, true, sink);
        let end = self.window.offset(0);
        self.envelope.walk.finish(&mut self.envelope.notes, end, sink);
        self.outcome()
    }

    fn open(&mut self, head: &[u8]) {
        self.container = match head {
            [0x1F, 0x8B, ..] => Container::Gzip(Box::new(Gzip::new())),
            _ => Container::Plain,
        };
    }

    fn decompress(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        match &self.container {
            Container::Plain | Container::Unknown(_) => return self.text(bytes, sink),
            Container::Spoiled => return Ok(()),
            Container::Gzip(_) => {}
        }
        // Compressed text may be a thousand times as long: it is taken in pieces, too.
        for piece in bytes.chunks(PIECE / 16) {
            let Container::Gzip(gzip) = &mut self.container else { return Ok(()) };
            let pushed = gzip.push(piece);
            let mut text = std::mem::take(&mut gzip.text);
            self.text(&text, sink)?;
            if let Err(damage) = pushed {
                self.damage(damage, sink);
                self.container = Container::Spoiled;
            } else if let Container::Gzip(gzip) = &mut self.container {
                text.clear();
                gzip.text = text;
            }
        }
        Ok(())
    }

    fn damage(&mut self, damage: Damage, sink: &mut dyn SpanSink) {
        self.damaged = true;
        let how = match damage {
            Damage::Cut => "ends too early",
            Damage::Header => "is followed by something else",
            Damage::Data => "is damaged",
            Damage::Checksum => "is damaged: its checksum differs",
        };
        sink.warn(Warning {
            kind: WarningKind::DamagedCompression,
            offset: Some(self.window.offset(self.window.rest().len())),
            detail: format!("the gzip data {how}; what it held until there was read"),
        });
    }

    fn text(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            if head.len() < HEAD {
                return Ok(());
            }
            let head = self.head.take().unwrap_or_default();
            return self.begin(&head, sink);
        }
        self.decode(bytes, sink);
        Ok(())
    }

    /// Other formats are told apart here.
    fn begin(&mut self, head: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        if let Some(found) = magic::by_first_bytes(head) {
            return Err(Refusal {
                kind: RefusalKind::UnsupportedFormat,
                offset: 0,
                message: format!("This is {found}, which is not read yet. Expected OTLP JSON, also gzipped."),
            });
        }
        self.decode(head, sink);
        Ok(())
    }

    fn decode(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        for piece in bytes.chunks(PIECE) {
            self.window.append(piece, &mut self.envelope.notes);
            self.envelope.tell_text(&self.window, sink);
            self.envelope.run(&mut self.window, false, sink);
        }
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

    fn outcome(&self) -> Result<Outcome, Refusal> {
        let seen = &self.envelope.seen;
        let spans = self.envelope.spans();
        let of_others = &self.envelope.walk.counts;
        let logs = seen.logs + of_others.logs;
        if spans > 0 || logs > 0 || seen.metrics > 0 {
            return Ok(Outcome {
                formats: self.formats(),
                spans,
                logs,
                exemplars: seen.exemplars + of_others.exemplars,
                metrics: seen.metrics,
                documents: seen.documents,
                bytes: self.bytes,
            });
        }
        let (kind, offset, message) = if self.bytes == 0 {
            (RefusalKind::Empty, 0, "The input is empty.".to_owned())
        } else if self.damaged {
            (
                RefusalKind::DamagedCompression,
                0,
                "The gzip data is damaged, and no span could be read from it.".to_owned(),
            )
        } else if let Some(found) = self.envelope.walk.names().next() {
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
                [] => "JSON without names OTLP knows".to_owned(),
                names => format!("JSON with \"{}\"", names.join("\", \"")),
            };
            (
                RefusalKind::NotATrace,
                0,
                format!("No spans in this: found {found}; expected \"resourceSpans\"."),
            )
        } else if let Some((offset, why)) = &seen.not_json {
            (
                RefusalKind::NotJson,
                *offset,
                format!("This is not JSON: {why} at byte {offset}. Expected OTLP JSON."),
            )
        } else {
            (RefusalKind::Empty, 0, "There is nothing but white space in this.".to_owned())
        };
        Err(Refusal { kind, offset, message })
    }
}
