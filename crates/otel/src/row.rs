//! Rows as they stand on the wire (`opentelemetry/proto/trace/v1/trace.proto`).

use std::borrow::Cow;

use crate::{KeyValue, SpanId, TraceId};

/// Nanoseconds since the Unix epoch. Exceeds 2^53, so it is never a float and never a JavaScript number.
/// Zero means "absent", as in protobuf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixNanos(pub u64);

/// `Span.SpanKind`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// 0: not said; read as internal.
    #[default]
    Unspecified = 0,
    /// 1.
    Internal = 1,
    /// 2.
    Server = 2,
    /// 3.
    Client = 3,
    /// 4.
    Producer = 4,
    /// 5.
    Consumer = 5,
}

impl SpanKind {
    /// By protobuf number; unknown numbers are `None`.
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Unspecified,
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => return None,
        })
    }

    /// Lower case, as people say it: `client`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// `Status.StatusCode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StatusCode {
    /// 0.
    #[default]
    Unset = 0,
    /// 1.
    Ok = 1,
    /// 2.
    Error = 2,
}

impl StatusCode {
    /// By protobuf number; unknown numbers are `None`.
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Unset,
            1 => Self::Ok,
            2 => Self::Error,
            _ => return None,
        })
    }
}

/// `ResourceSpans` without its spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource<'a> {
    /// `service.name` and the rest.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes the producer dropped.
    pub dropped_attributes_count: u32,
    /// `ResourceSpans.schema_url`.
    pub schema_url: Cow<'a, str>,
}

/// `ScopeSpans` without its spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope<'a> {
    /// The instrumentation's name.
    pub name: Cow<'a, str>,
    /// The instrumentation's version.
    pub version: Cow<'a, str>,
    /// Attributes of the scope.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes the producer dropped.
    pub dropped_attributes_count: u32,
    /// `ScopeSpans.schema_url`.
    pub schema_url: Cow<'a, str>,
}

/// `Span`, as it was written: nothing repaired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanRow<'a> {
    /// Trace the span belongs to; may be absent.
    pub trace_id: TraceId,
    /// The span's own id; may be absent.
    pub span_id: SpanId,
    /// The parent's id; absent for a root.
    pub parent_span_id: SpanId,
    /// W3C `tracestate`.
    pub trace_state: Cow<'a, str>,
    /// W3C trace flags in the low byte, OTLP's own bits above.
    pub flags: u32,
    /// The operation.
    pub name: Cow<'a, str>,
    /// Role in a request.
    pub kind: SpanKind,
    /// Start, absent when zero.
    pub start: UnixNanos,
    /// End, absent when zero; may lie before the start.
    pub end: UnixNanos,
    /// Attributes, in the order of the input.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes the producer dropped.
    pub dropped_attributes_count: u32,
    /// Events, in the order of the input.
    pub events: Vec<EventRow<'a>>,
    /// Events the producer dropped.
    pub dropped_events_count: u32,
    /// Links, in the order of the input.
    pub links: Vec<LinkRow<'a>>,
    /// Links the producer dropped.
    pub dropped_links_count: u32,
    /// Status code.
    pub status_code: StatusCode,
    /// Status message.
    pub status_message: Cow<'a, str>,
}

/// `Span.Event`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventRow<'a> {
    /// When it happened.
    pub time: UnixNanos,
    /// What happened.
    pub name: Cow<'a, str>,
    /// Attributes, in the order of the input.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes the producer dropped.
    pub dropped_attributes_count: u32,
}

/// `Span.Link`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkRow<'a> {
    /// The linked span's trace.
    pub trace_id: TraceId,
    /// The linked span.
    pub span_id: SpanId,
    /// W3C `tracestate` of the linked span.
    pub trace_state: Cow<'a, str>,
    /// Attributes, in the order of the input.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes the producer dropped.
    pub dropped_attributes_count: u32,
    /// W3C trace flags.
    pub flags: u32,
}

fn own(attributes: Vec<KeyValue<'_>>) -> Vec<KeyValue<'static>> {
    attributes.into_iter().map(KeyValue::into_owned).collect()
}

fn own_text(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

impl Resource<'_> {
    /// The same resource, borrowing nothing.
    pub fn into_owned(self) -> Resource<'static> {
        Resource {
            attributes: own(self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            schema_url: own_text(self.schema_url),
        }
    }
}

impl Scope<'_> {
    /// The same scope, borrowing nothing.
    pub fn into_owned(self) -> Scope<'static> {
        Scope {
            name: own_text(self.name),
            version: own_text(self.version),
            attributes: own(self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            schema_url: own_text(self.schema_url),
        }
    }
}

impl SpanRow<'_> {
    /// The same row, borrowing nothing.
    pub fn into_owned(self) -> SpanRow<'static> {
        SpanRow {
            trace_id: self.trace_id,
            span_id: self.span_id,
            parent_span_id: self.parent_span_id,
            trace_state: own_text(self.trace_state),
            flags: self.flags,
            name: own_text(self.name),
            kind: self.kind,
            start: self.start,
            end: self.end,
            attributes: own(self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            events: self.events.into_iter().map(EventRow::into_owned).collect(),
            dropped_events_count: self.dropped_events_count,
            links: self.links.into_iter().map(LinkRow::into_owned).collect(),
            dropped_links_count: self.dropped_links_count,
            status_code: self.status_code,
            status_message: own_text(self.status_message),
        }
    }
}

impl EventRow<'_> {
    /// The same event, borrowing nothing.
    pub fn into_owned(self) -> EventRow<'static> {
        EventRow {
            time: self.time,
            name: own_text(self.name),
            attributes: own(self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
        }
    }
}

impl LinkRow<'_> {
    /// The same link, borrowing nothing.
    pub fn into_owned(self) -> LinkRow<'static> {
        LinkRow {
            trace_id: self.trace_id,
            span_id: self.span_id,
            trace_state: own_text(self.trace_state),
            attributes: own(self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            flags: self.flags,
        }
    }
}
