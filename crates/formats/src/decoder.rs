//! Any chunks of any input, to a sink.

use std::fmt;

use dialects::Entry;
use otel::{
    AttributeRef, ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink,
    Warning, WarningKind,
};

use crate::elsewhere::Elsewhere;
use crate::leaf::{Counts, Leaf, Left};
use crate::unpack::{self, Damage, DamageKind, Leaves, Limits, TooMuch, Unpack};

/// What the input turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One OTLP JSON document.
    OtlpJson,
    /// Several, as the Collector's file exporter writes them.
    OtlpJsonLines,
    /// OTLP protobuf.
    OtlpProtobuf,
    /// A trace as Tempo's API returns it.
    TempoJson,
    /// The result of a `TraceQL` search.
    TempoSearch,
    /// Another one, by the name people call it.
    Other(&'static str),
}

impl Format {
    /// The format that is called so.
    pub fn named(name: &str) -> Option<Self> {
        let own =
            [Self::OtlpJson, Self::OtlpJsonLines, Self::OtlpProtobuf, Self::TempoJson, Self::TempoSearch];
        let others = dialects::NAMES.iter().map(|name| Self::Other(name));
        own.into_iter().chain(others).find(|format| format.name() == name)
    }

    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtlpJson => "OTLP JSON",
            Self::OtlpJsonLines => "OTLP JSON Lines",
            Self::OtlpProtobuf => "OTLP protobuf",
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
    /// It unpacks to more than is read.
    TooLarge,
}

impl RefusalKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Empty,
        Self::NotJson,
        Self::NotATrace,
        Self::UnsupportedFormat,
        Self::Truncated,
        Self::DamagedCompression,
        Self::TooLarge,
    ];

    /// lowerCamelCase, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotJson => "notJson",
            Self::NotATrace => "notATrace",
            Self::UnsupportedFormat => "unsupportedFormat",
            Self::Truncated => "truncated",
            Self::DamagedCompression => "damagedCompression",
            Self::TooLarge => "tooLarge",
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

/// Decodes an input that comes in chunks of any size, cut anywhere. What it is, is told by its content.
///
/// Memory: one chunk, the largest single record, and what the containers around it need.
#[derive(Debug)]
pub struct Decoder {
    unpack: Unpack,
    reading: Reading,
    bytes: u64,
}

/// What the leaves of an input are read with.
#[derive(Debug)]
struct Reading {
    /// None: all but OTLP is left to another build.
    catalog: Option<&'static [Entry]>,
    leaf: Option<Leaf>,
    /// Where in the containers the leaf stands.
    path: String,
    counts: Counts,
    leaves: u64,
    /// Why the first leaf that holds nothing does not.
    refused: Option<(String, Refusal)>,
    damaged: Option<Damage>,
    away: Away,
}

/// What becomes of bytes that only another build of the decoder reads.
#[derive(Debug)]
enum Away {
    /// There were none.
    Nowhere,
    /// They wait for the other build.
    Waiting(Left),
    /// From which offset on.
    There(u64, Box<dyn Elsewhere>),
    Refused(Refusal),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// Reads everything.
    pub fn new() -> Self {
        Self::of(&unpack::ALL, Some(dialects::ALL))
    }

    /// Reads OTLP in JSON and protobuf, also gzipped, and knows all else by sight: see [`Decoder::is_waiting`].
    pub fn lean() -> Self {
        Self::of(&unpack::COMMON, None)
    }

    fn of(containers: &'static unpack::Kinds, catalog: Option<&'static [Entry]>) -> Self {
        let reading = Reading {
            catalog,
            leaf: None,
            path: String::new(),
            counts: Counts::default(),
            leaves: 0,
            refused: None,
            damaged: None,
            away: Away::Nowhere,
        };
        Self { unpack: Unpack::new(containers, Limits::default()), reading, bytes: 0 }
    }

    /// Is there something only another build reads? What is pushed waits until it is given to [`Decoder::provide`].
    pub fn is_waiting(&self) -> bool {
        matches!(self.reading.away, Away::Waiting(_))
    }

    /// Gives what waits, and all that follows, to another build.
    pub fn provide(&mut self, mut elsewhere: Box<dyn Elsewhere>, sink: &mut dyn SpanSink) {
        if let Away::Waiting(Left { at, bytes }) = &mut self.reading.away {
            let (at, bytes) = (*at, std::mem::take(bytes));
            self.reading.away = match elsewhere.push(&bytes, &mut From { at, sink }) {
                Ok(()) => Away::There(at, elsewhere),
                Err(refusal) => Away::Refused(refusal),
            };
        }
    }

    /// Bytes and spans so far.
    pub fn progress(&self) -> Progress {
        let reading = &self.reading;
        let away = if let Away::There(_, elsewhere) = &reading.away { elsewhere.spans() } else { 0 };
        let spans = reading.counts.spans + reading.leaf.as_ref().map_or(0, Leaf::spans) + away;
        Progress { bytes: self.bytes, spans }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// When the first bytes tell that the input is of no use. Nothing more need be pushed then.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        self.bytes += bytes.len() as u64;
        let unpacked = self.unpack.push(bytes, &mut Told { reading: &mut self.reading, sink });
        self.stop_at(unpacked, sink)?;
        match &self.reading {
            Reading { away: Away::Refused(refusal), counts, .. } if counts.is_empty() => Err(refusal.clone()),
            Reading { damaged: Some(Damage { kind: DamageKind::Unsupported(_), .. }), leaves: 0, .. } => {
                self.reading.outcome(self.bytes).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Takes note that no bytes follow. There must be nothing that waits.
    ///
    /// # Errors
    /// When nothing in the input could be used.
    pub fn finish(mut self, sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
        self.end(sink)?;
        match std::mem::replace(&mut self.reading.away, Away::Nowhere) {
            Away::There(at, elsewhere) => match elsewhere.finish(&mut From { at, sink }) {
                Ok(outcome) => self.reading.counts.add(Counts {
                    formats: outcome.formats,
                    spans: outcome.spans,
                    logs: outcome.logs,
                    exemplars: outcome.exemplars,
                    metrics: outcome.metrics,
                    documents: outcome.documents,
                }),
                Err(refusal) => self.reading.refuse(refusal, sink),
            },
            Away::Refused(refusal) => self.reading.refuse(refusal, sink),
            Away::Waiting(_) => {
                let why = "it was not loaded".to_owned();
                let refusal = crate::elsewhere::Unavailable { why }.refusal();
                self.reading.refuse(refusal, sink);
            }
            Away::Nowhere => {}
        }
        self.reading.outcome(self.bytes)
    }

    /// Takes note that no bytes follow, before [`Decoder::finish`]: something may wait after that.
    ///
    /// # Errors
    /// As for [`Decoder::push`].
    pub fn end(&mut self, sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        let unpacked = self.unpack.finish(&mut Told { reading: &mut self.reading, sink });
        self.stop_at(unpacked, sink)
    }

    /// More came out of a container than is read. What was read until then stands.
    fn stop_at(&self, unpacked: Result<(), TooMuch>, sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        let Err(TooMuch { packed, unpacked }) = unpacked else { return Ok(()) };
        let message = format!(
            "This unpacks to far more than any trace does: its first {packed} bytes to {unpacked}. It was read no further."
        );
        if self.reading.counts.is_empty() {
            return Err(Refusal { kind: RefusalKind::TooLarge, offset: packed, message });
        }
        sink.warn(Warning { kind: WarningKind::DamagedCompression, offset: Some(packed), detail: message });
        Ok(())
    }
}

/// Leaves on their way to a sink.
struct Told<'a> {
    reading: &'a mut Reading,
    sink: &'a mut dyn SpanSink,
}

impl Leaves for Told<'_> {
    fn begin(&mut self, path: &str) {
        self.reading.leaves += 1;
        path.clone_into(&mut self.reading.path);
        if let Away::Nowhere = self.reading.away {
            self.reading.leaf = Some(Leaf::new(self.reading.catalog));
        }
    }

    fn elsewhere(&mut self) {
        self.reading.away = Away::Waiting(Left { at: 0, bytes: Vec::new() });
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if let Some(leaf) = &mut self.reading.leaf {
            if let Some(left) = leaf.push(bytes, self.sink) {
                self.reading.end_leaf(self.sink);
                self.reading.away = Away::Waiting(left);
            }
            return;
        }
        match &mut self.reading.away {
            Away::Waiting(waiting) => waiting.bytes.extend_from_slice(bytes),
            Away::There(at, elsewhere) => {
                if let Err(refusal) = elsewhere.push(bytes, &mut From { at: *at, sink: self.sink }) {
                    self.reading.away = Away::Refused(refusal);
                }
            }
            Away::Nowhere | Away::Refused(_) => {}
        }
    }

    fn end(&mut self) {
        self.reading.end_leaf(self.sink);
    }

    fn damaged(&mut self, path: &str, damage: Damage) {
        let of = if path.is_empty() { String::new() } else { format!("{path}: ") };
        let until = match damage.kind {
            DamageKind::Cut | DamageKind::Header | DamageKind::Data | DamageKind::Checksum => {
                "; what it held until there was read"
            }
            _ => "",
        };
        self.reading.damaged.get_or_insert(damage);
        self.sink.warn(Warning {
            kind: WarningKind::DamagedCompression,
            offset: Some(damage.offset),
            detail: format!("{of}{damage}{until}"),
        });
    }
}

/// Passes on what was read from an offset on, by itself.
struct From<'a> {
    at: u64,
    sink: &'a mut dyn SpanSink,
}

impl SpanSink for From<'_> {
    fn open_resource(&mut self) -> ResourceRef {
        self.sink.open_resource()
    }
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.sink.close_resource(resource, content);
    }
    fn open_scope(&mut self) -> ScopeRef {
        self.sink.open_scope()
    }
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.sink.close_scope(scope, content);
    }
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.sink.span(resource, scope, span);
    }
    fn attribute(&mut self, attribute: &KeyValue<'_>) -> Option<AttributeRef> {
        self.sink.attribute(attribute)
    }
    fn span_with(
        &mut self,
        resource: ResourceRef,
        scope: ScopeRef,
        span: &SpanRow<'_>,
        attributes: &[AttributeRef],
    ) {
        self.sink.span_with(resource, scope, span, attributes);
    }
    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.sink.log(resource, scope, log);
    }
    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        self.sink.exemplar(resource, scope, exemplar);
    }
    fn warn(&mut self, warning: Warning) {
        self.sink.warn(Warning { offset: warning.offset.map(|offset| offset + self.at), ..warning });
    }
}

impl Reading {
    fn end_leaf(&mut self, sink: &mut dyn SpanSink) {
        let Some(leaf) = self.leaf.take() else { return };
        let (read, left) = leaf.finish(sink);
        match read {
            Ok(counts) => self.counts.add(counts),
            Err(refusal) => self.refuse(refusal, sink),
        }
        if let Some(left) = left {
            self.away = Away::Waiting(left);
        }
    }

    /// A leaf that holds nothing. Of those in an archive each is named.
    fn refuse(&mut self, refusal: Refusal, sink: &mut dyn SpanSink) {
        if !self.path.is_empty() {
            sink.warn(Warning {
                kind: WarningKind::NotATrace,
                offset: Some(refusal.offset),
                detail: format!("{}: {}", self.path, refusal.message),
            });
        }
        if self.refused.is_none() {
            self.refused = Some((self.path.clone(), refusal));
        }
    }

    fn outcome(&self, bytes: u64) -> Result<Outcome, Refusal> {
        let counts = &self.counts;
        if !counts.is_empty() {
            return Ok(Outcome {
                formats: counts.formats.clone(),
                spans: counts.spans,
                logs: counts.logs,
                exemplars: counts.exemplars,
                metrics: counts.metrics,
                documents: counts.documents,
                bytes,
            });
        }
        let refusal = |kind, offset, message: String| Err(Refusal { kind, offset, message });
        if let Some(damage) = self.damaged {
            let what = damage.to_string();
            let what = what.strip_prefix("the ").map_or_else(|| what.clone(), |what| format!("The {what}"));
            return match damage.kind {
                DamageKind::Unsupported(name) => refusal(
                    RefusalKind::UnsupportedFormat,
                    0,
                    format!(
                        "This is {name}, which is not read. Expected a trace, also in gzip, zstd, zip or tar."
                    ),
                ),
                _ => refusal(
                    RefusalKind::DamagedCompression,
                    damage.offset,
                    format!("{what}, and no span could be read from it."),
                ),
            };
        }
        match &self.refused {
            Some((_, refusal)) if self.leaves <= 1 => Err(refusal.clone()),
            Some((path, first)) => refusal(
                first.kind,
                first.offset,
                format!("None of the {} files in this holds spans. {path}: {}", self.leaves, first.message),
            ),
            None if bytes == 0 => refusal(RefusalKind::Empty, 0, "The input is empty.".to_owned()),
            None => refusal(RefusalKind::Empty, 0, "There is no file in this archive.".to_owned()),
        }
    }
}
