//! Where decoders write: the consumer defines the interface.

use std::fmt;

use crate::{ExemplarRow, KeyValue, LogRow, Resource, Scope, SpanRow};

/// Stands for a resource whose content may arrive after its spans: JSON objects have no order, and `schemaUrl`
/// usually follows the spans it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResourceRef(pub u32);

/// Stands for a scope whose content may arrive after its spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeRef(pub u32);

/// Stands for an attribute that a sink was given before the spans that have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AttributeRef(pub u64);

/// Receives what a decoder reads. Calls cannot fail: what is odd is repaired by the receiver and counted.
pub trait SpanSink {
    /// Announces a resource. Its content follows in [`SpanSink::close_resource`], or never, when the input is cut off.
    fn open_resource(&mut self) -> ResourceRef;
    /// Gives the content of an announced resource.
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>);
    /// Announces a scope.
    fn open_scope(&mut self) -> ScopeRef;
    /// Gives the content of an announced scope.
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>);
    /// Takes one span.
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>);
    /// Takes an attribute of spans to come, which may be many: a decoder that knows the bytes again need not read them.
    /// `None`, now and ever: this sink takes attributes in rows only.
    fn attribute(&mut self, _attribute: &KeyValue<'_>) -> Option<AttributeRef> {
        None
    }
    /// Takes one span whose attributes are these, given before; its row has none. Only where they have been named.
    fn span_with(
        &mut self,
        resource: ResourceRef,
        scope: ScopeRef,
        span: &SpanRow<'_>,
        _attributes: &[AttributeRef],
    ) {
        self.span(resource, scope, span);
    }
    /// Takes one log record. A sink that keeps only spans leaves it out.
    fn log(&mut self, _resource: ResourceRef, _scope: ScopeRef, _log: &LogRow<'_>) {}
    /// Takes one exemplar that leads to a trace. A sink that keeps only spans leaves it out.
    fn exemplar(&mut self, _resource: ResourceRef, _scope: ScopeRef, _exemplar: &ExemplarRow<'_>) {}
    /// Takes note of something that was repaired or skipped.
    fn warn(&mut self, warning: Warning);
}

/// What kind of thing was odd. Counted, and shown in the data-quality report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WarningKind {
    /// The input ends inside a value.
    Truncated,
    /// Text that is not JSON was skipped.
    InvalidJson,
    /// Bytes that are not the protobuf they stand in were skipped.
    InvalidProtobuf,
    /// JSON that holds no spans was skipped.
    NotATrace,
    /// A span was so broken that it was skipped.
    SkippedSpan,
    /// A record of a profile that is no span: a counter, a snapshot of an object or of memory.
    LeftOut,
    /// A beginning without its end, an end without its beginning, spans that overlap where they should nest, a flow from
    /// or to nowhere.
    Unpaired,
    /// A field had a type it cannot have; the field was left out.
    WrongType,
    /// A number does not fit its 64 bits, or is not one.
    NumberOutOfRange,
    /// An id is neither hex nor base64.
    InvalidId,
    /// Bytes that are not UTF-8 were replaced by U+FFFD.
    InvalidUtf8,
    /// A value was nested too deep; it was left out.
    TooDeep,
    /// The compressed data is damaged.
    DamagedCompression,
    /// Profiles, which are not read yet.
    OtherSignal,
    /// A metric has no exemplar with a trace id: nothing in it leads to a span.
    MetricWithoutExemplar,
    /// A span that came more than once with the same content; kept once.
    RepeatedSpan,
    /// A span without a trace id.
    MissingTraceId,
    /// A span without an id.
    MissingSpanId,
    /// Several spans of one trace have the same id.
    DuplicateSpanId,
    /// A span whose parent is not in the input.
    Orphan,
    /// Spans that are each other's ancestors; the link that closed the circle was cut.
    Cycle,
    /// A span without a start time.
    MissingStartTime,
    /// A span without an end time.
    MissingEndTime,
    /// A span that ends before it starts; shown with no duration.
    ReversedTimes,
    /// A log record of a trace that is not open.
    LogOfOtherTrace,
    /// A log record without a trace id.
    LogWithoutTrace,
    /// An exemplar of a trace that is not open.
    ExemplarOfOtherTrace,
}

impl WarningKind {
    /// Every kind, in the order of the report.
    pub const ALL: [Self; 27] = [
        Self::Truncated,
        Self::InvalidJson,
        Self::InvalidProtobuf,
        Self::NotATrace,
        Self::SkippedSpan,
        Self::LeftOut,
        Self::Unpaired,
        Self::WrongType,
        Self::NumberOutOfRange,
        Self::InvalidId,
        Self::InvalidUtf8,
        Self::TooDeep,
        Self::DamagedCompression,
        Self::OtherSignal,
        Self::MetricWithoutExemplar,
        Self::RepeatedSpan,
        Self::MissingTraceId,
        Self::MissingSpanId,
        Self::DuplicateSpanId,
        Self::Orphan,
        Self::Cycle,
        Self::MissingStartTime,
        Self::MissingEndTime,
        Self::ReversedTimes,
        Self::LogOfOtherTrace,
        Self::LogWithoutTrace,
        Self::ExemplarOfOtherTrace,
    ];

    /// The name in `Summary.warnings[].kind`: lowerCamelCase, stable.
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::InvalidJson => "invalidJson",
            Self::InvalidProtobuf => "invalidProtobuf",
            Self::NotATrace => "notATrace",
            Self::SkippedSpan => "skippedSpan",
            Self::LeftOut => "leftOut",
            Self::Unpaired => "unpaired",
            Self::WrongType => "wrongType",
            Self::NumberOutOfRange => "numberOutOfRange",
            Self::InvalidId => "invalidId",
            Self::InvalidUtf8 => "invalidUtf8",
            Self::TooDeep => "tooDeep",
            Self::DamagedCompression => "damagedCompression",
            Self::OtherSignal => "otherSignal",
            Self::MetricWithoutExemplar => "metricWithoutExemplar",
            Self::RepeatedSpan => "repeatedSpan",
            Self::MissingTraceId => "missingTraceId",
            Self::MissingSpanId => "missingSpanId",
            Self::DuplicateSpanId => "duplicateSpanId",
            Self::Orphan => "orphan",
            Self::Cycle => "cycle",
            Self::MissingStartTime => "missingStartTime",
            Self::MissingEndTime => "missingEndTime",
            Self::ReversedTimes => "reversedTimes",
            Self::LogOfOtherTrace => "logOfOtherTrace",
            Self::LogWithoutTrace => "logWithoutTrace",
            Self::ExemplarOfOtherTrace => "exemplarOfOtherTrace",
        }
    }
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One oddity: its kind, and the first example in words, with the byte offset where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The kind, by which warnings are counted.
    pub kind: WarningKind,
    /// Byte offset in the (decompressed) input.
    pub offset: Option<u64>,
    /// In the reader's terms; only the first of a kind is kept, so build it lazily where warnings may be many.
    pub detail: String,
}
