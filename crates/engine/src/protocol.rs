//! What the page asks and what the engine answers. Crosses the worker boundary as postcard bytes.
//!
//! Spans and traces are numbers of the store that is open ([`Opened::generation`] tells stores apart). Times in a
//! trace are nanoseconds from its start. Unix nanoseconds are `u64`, and never become a JavaScript number.

use std::fmt;

use scene::{FlameRequest, FlameSlice, MinimapSlice, WaterfallRequest, WaterfallSlice};
use serde::{Deserialize, Serialize};

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Starts to load. `append` adds to what is open, otherwise it is replaced when [`Request::Finish`] succeeds.
    Begin { append: bool },
    /// A new file or answer: its name, and its size where known. What was open stays open until the end.
    Source { name: String },
    /// The next bytes of the source, cut anywhere. Answer: [`Response::Progress`], or [`Response::Refused`] once it is
    /// clear that the source holds nothing: then the rest of it need not come.
    Chunk(#[serde(with = "serde_bytes_vec")] Vec<u8>),
    /// The source is complete. Answer: [`Response::Progress`], or [`Response::Refused`] where it holds nothing; other
    /// sources of the same load go on.
    EndSource,
    /// Seals what was loaded. Answer: [`Response::Opened`], or [`Response::Refused`] where no source held anything.
    Finish,
    /// Drops what was loaded since [`Request::Begin`]; what was open before stays.
    Cancel,
    /// Closes what is open and gives its memory back.
    Close,
    /// `Summary` of the README. Answer: [`Response::Json`].
    Summary,
    /// `Analysis` of the README, for one trace (hex id) or all. Answer: [`Response::Json`].
    Analyze { trace_id: Option<String> },
    /// Text query; `{spans: [{traceId, spanId}], traces: [traceId]}`. Answer: [`Response::Json`].
    Query { text: String },
    /// Looks up ids in hex. Answer: [`Response::Found`].
    Find { trace_id: String, span_id: Option<String> },
    /// Part of the trace list. Answer: [`Response::Traces`].
    Traces { list: ListQuery, first: u32, count: u32 },
    /// What the charts over the list show: all that the filter lets through, since ranges are chosen in the charts.
    /// Answer: [`Response::Charts`].
    Charts { list: ListQuery, width: f32, height: f32 },
    /// What stands above the views of a trace. Answer: [`Response::Trace`].
    Trace { trace: u32 },
    /// Rows of the waterfall. Answer: [`Response::Waterfall`].
    Waterfall { trace: u32, request: WaterfallRequest },
    /// All of a trace in few pixels. Answer: [`Response::Minimap`].
    Minimap { trace: u32, width: f64, height: f64 },
    /// Boxes of the flame graph. Answer: [`Response::Flame`].
    Flame { trace: u32, request: FlameRequest },
    /// Folds and unfolds rows of the waterfall. Answer: [`Response::Rows`].
    Fold { trace: u32, fold: Fold },
    /// The row of a span; folded ancestors are unfolded. Answer: [`Response::Rows`].
    Reveal { trace: u32, span: u32 },
    /// The span `by` visible rows further (negative: before). Answer: [`Response::Rows`].
    Step { trace: u32, from: Option<u32>, by: i32, among: StepAmong },
    /// Everything about a span. Answer: [`Response::Details`].
    Details { span: u32 },
    /// The span as OTLP JSON, indented. Answer: [`Response::Json`].
    Raw { span: u32 },
    /// Searches all that is open and remembers the matches for the views. Empty text clears. `trace`: the trace on
    /// screen, to count in. Answer: [`Response::Matches`].
    Search { text: String, trace: Option<u32> },
    /// For tests of what happens then.
    Panic,
}

/// What a step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepAmong {
    /// Visible rows; stops at the first and the last.
    Rows,
    /// Matches of the search, folded ones too (they are unfolded); goes round.
    Matches,
    /// Spans in which an error began; goes round.
    Errors,
}

/// Folding of the waterfall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Fold {
    /// One span: open when closed, and the other way round.
    Toggle(u32),
    /// The span and everything below it.
    CloseSubtree(u32),
    /// The span and everything below it.
    OpenSubtree(u32),
    /// Jaeger's `p`: the deepest open level is closed.
    CloseLevel,
    /// Jaeger's `o`: the shallowest closed level is opened.
    OpenLevel,
    /// Only roots remain.
    CloseAll,
    /// Nothing is folded.
    OpenAll,
    /// Exactly these are folded: from a link.
    Set(Vec<u32>),
}

/// Filter, order and selected ranges of the trace list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListQuery {
    /// Words; all must be in root, services or id.
    pub filter: String,
    /// Order.
    pub sort: ListSort,
    /// Largest first.
    pub descending: bool,
    /// Traces that start from .. to (Unix nanoseconds, inclusive).
    pub start: Option<(u64, u64)>,
    /// Traces that last from .. to (nanoseconds, inclusive).
    pub duration: Option<(u64, u64)>,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: String::new(),
            sort: ListSort::Duration,
            descending: true,
            start: None,
            duration: None,
        }
    }
}

/// Columns of the trace list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named after the columns")]
pub enum ListSort {
    Root,
    Services,
    Spans,
    Errors,
    Start,
    Duration,
}

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each carries what its type says")]
pub enum Response {
    Done,
    Progress(Progress),
    Opened(Opened),
    Refused(Failure),
    Json(String),
    Found(Option<Found>),
    Traces(TraceRows),
    Charts(Charts),
    Trace(TraceHead),
    Waterfall(WaterfallSlice),
    Minimap(MinimapSlice),
    Flame(FlameSlice),
    Rows(RowsInfo),
    Details(Box<Details>),
    Matches(MatchInfo),
}

/// How far a load is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The source being read.
    pub name: String,
    /// Bytes read of all sources, as they are in the file.
    pub bytes: u64,
    /// Spans so far.
    pub spans: u64,
    /// Traces so far.
    pub traces: u64,
}

/// Why nothing could be read. Also what `open` rejects with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Stable, lowerCamelCase. Of a source: `notJson`, `notATrace`, `empty`, `unsupportedFormat`, `truncated`,
    /// `damagedCompression`, `unreachable`, `cancelled`. Of a request: `notOpen` (nothing is, or no load has begun),
    /// `notFound` (no such trace or span), `badRequest`. Of the engine: `engineStopped`.
    pub kind: String,
    /// What is so and what to do.
    pub message: String,
    /// Byte offset in the (decompressed) input.
    pub offset: Option<u64>,
    /// The source.
    pub name: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// What is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Goes up with every load: numbers of spans and traces are of this one.
    pub generation: u32,
    /// Format in words: `OTLP JSON`.
    pub format: String,
    /// Names of the sources, joined.
    pub name: String,
    /// Bytes of all sources.
    pub bytes: u64,
    /// Spans.
    pub span_count: u64,
    /// Traces.
    pub trace_count: u32,
    /// Service names, sorted, without the empty one.
    pub services: Vec<ServiceName>,
    /// What was odd.
    pub warnings: Vec<WarningInfo>,
    /// Sources of which nothing could be read, while others could.
    pub refused: Vec<Failure>,
    /// Bytes of memory the store holds, text included.
    pub memory: u64,
}

/// A service as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceName {
    /// `service.name`.
    pub name: String,
    /// Colour slot: 0..=9 of the palette, 10..=19 the same hatched.
    pub colour: u8,
}

/// A kind of oddity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarningInfo {
    /// `orphan`, `truncated`, ...
    pub kind: String,
    /// How often.
    pub count: u64,
    /// The first case.
    pub example: String,
    /// Where, in the (decompressed) input.
    pub offset: Option<u64>,
}

/// Where an id is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The trace.
    pub trace: u32,
    /// The span, where one was asked for and is there.
    pub span: Option<u32>,
}

/// Part of the trace list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceRows {
    /// How many the filter lets through.
    pub total: u32,
    /// Place of the first row.
    pub first: u32,
    /// Longest duration of all that the filter lets through, for the bars.
    pub longest: u64,
    /// The rows.
    pub rows: Vec<TraceRow>,
}

/// A row of the trace list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    /// The trace.
    pub trace: u32,
    /// Hex.
    pub trace_id: String,
    /// Service of the root; empty where it has none.
    pub root_service: String,
    /// Operation of the root.
    pub root_name: String,
    /// Colour slots of the services, the root's first; at most 12.
    pub colours: Vec<u8>,
    /// All services.
    pub service_count: u32,
    /// Spans.
    pub span_count: u32,
    /// Spans with status ERROR.
    pub error_count: u32,
    /// Unix nanoseconds.
    pub start: u64,
    /// Nanoseconds.
    pub duration: u64,
}

/// What the charts over the list show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Charts {
    /// Earliest and latest start, Unix nanoseconds.
    pub start: (u64, u64),
    /// Shortest and longest duration.
    pub duration: (u64, u64),
    /// Points, at most one in 3 × 3 pixels.
    pub points: Vec<ChartPoint>,
    /// Latency, log-spaced.
    pub buckets: Vec<ChartBucket>,
    /// Percentiles in nanoseconds.
    pub p50: u64,
    /// As above.
    pub p95: u64,
    /// As above.
    pub p99: u64,
    /// Traces counted.
    pub count: u32,
}

/// A trace, or several too near to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChartPoint {
    /// Nanoseconds after [`Charts::start`].
    pub start: u64,
    /// Nanoseconds.
    pub duration: u64,
    /// The slowest of them, a failed one first.
    pub trace: u32,
    /// Has one of them errors?
    pub error: bool,
    /// How many.
    pub count: u32,
}

/// Traces that last from .. to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChartBucket {
    /// Nanoseconds, included.
    pub from: u64,
    /// Nanoseconds, excluded but for the last.
    pub to: u64,
    /// Traces.
    pub count: u32,
    /// Of these, with errors.
    pub errors: u32,
}

/// What stands above the views of a trace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceHead {
    /// The trace.
    pub trace: u32,
    /// Hex.
    pub trace_id: String,
    /// Service of the root.
    pub root_service: String,
    /// Operation of the root.
    pub root_name: String,
    /// Spans.
    pub span_count: u32,
    /// Services.
    pub service_count: u32,
    /// Spans with status ERROR.
    pub error_count: u32,
    /// Spans in which an error began.
    pub error_origins: u32,
    /// Spans whose parent is not in the input.
    pub orphan_count: u32,
    /// Log records.
    pub log_count: u32,
    /// Spans that start before their callers, if any do.
    pub clocks: Option<ClockNote>,
    /// Longest chain of spans.
    pub depth: u32,
    /// Unix nanoseconds.
    pub start: u64,
    /// Nanoseconds.
    pub duration: u64,
    /// Share of the critical path by service, longest first.
    pub critical: Vec<CriticalShare>,
    /// Rows with the present folding.
    pub row_count: u32,
    /// Lanes of the time-ordered flame graph.
    pub lanes: u32,
    /// First span and the number of spans: they stand together.
    pub first_span: u32,
}

/// Clocks seem to differ: spans start before the ones that called them. Times are as in the file all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockNote {
    /// Spans that do.
    pub span_count: u32,
    /// Names of their services, by the number of such spans.
    pub services: Vec<String>,
    /// By how many nanoseconds the earliest does.
    pub early: u64,
    /// By how many nanoseconds a clock seems behind its caller's at most.
    pub behind: u64,
}

/// A service's part of the critical path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalShare {
    /// The service.
    pub service: ServiceName,
    /// Nanoseconds.
    pub time: u64,
    /// Of the whole path, 0 to 1.
    pub share: f32,
}

/// The rows of the waterfall after a change, and the span in question.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowsInfo {
    /// Rows now.
    pub total: u32,
    /// The span asked for, or the nearest visible one.
    pub span: Option<u32>,
    /// Its row.
    pub row: Option<u32>,
    /// Its start and duration, nanoseconds from the start of the trace.
    pub time: (u64, u64),
    /// Place among the matches (from 1) and their number, for steps among matches or errors.
    pub ordinal: Option<(u32, u32)>,
    /// What is folded now, as span numbers; empty where the list would be longer than 200.
    pub folded: Vec<u32>,
    /// The same as hex ids, for links.
    pub folded_ids: Vec<String>,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MatchInfo {
    /// Matching spans in all traces.
    pub spans: u32,
    /// Traces with matching spans.
    pub traces: u32,
    /// Matching spans in the trace on screen.
    pub in_trace: u32,
}

/// Everything about a span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// The span.
    pub span: u32,
    /// Its trace.
    pub trace: u32,
    /// Hex.
    pub trace_id: String,
    /// Hex; empty where absent.
    pub span_id: String,
    /// Hex; empty for a root.
    pub parent_span_id: String,
    /// The parent, where it is in the input.
    pub parent: Option<u32>,
    /// Operation.
    pub name: String,
    /// Service.
    pub service: ServiceName,
    /// `client`, ...
    pub kind: String,
    /// `unset`, `ok`, `error`.
    pub status: String,
    /// Status message.
    pub status_message: String,
    /// Short reason for the error chip: `402 card_declined`; empty where there is no error.
    pub error: String,
    /// Did the error begin here?
    pub error_origin: bool,
    /// Unix nanoseconds.
    pub start_unix: u64,
    /// Nanoseconds from the start of the trace.
    pub start: u64,
    /// Nanoseconds.
    pub duration: u64,
    /// Nanoseconds not covered by children.
    pub self_time: u64,
    /// Nanoseconds on the critical path.
    pub critical: u64,
    /// Duration of the trace, for the share.
    pub trace_duration: u64,
    /// Direct children.
    pub child_count: u32,
    /// All below.
    pub descendant_count: u32,
    /// Attributes of the span.
    pub attributes: Vec<AttributeInfo>,
    /// Events.
    pub events: Vec<EventInfo>,
    /// Log records by time, at most 5,000; in the root that stands for its trace, also those that name no span.
    pub logs: Vec<LogInfo>,
    /// All log records there are.
    pub log_count: u32,
    /// Exemplars of metrics by time, likewise.
    pub exemplars: Vec<ExemplarInfo>,
    /// Links out.
    pub links: Vec<LinkInfo>,
    /// Attributes of the resource.
    pub resource: Vec<AttributeInfo>,
    /// Schema URL of the resource.
    pub resource_schema_url: String,
    /// Name of the scope.
    pub scope_name: String,
    /// Version of the scope.
    pub scope_version: String,
    /// Schema URL of the scope.
    pub scope_schema_url: String,
    /// Attributes of the scope.
    pub scope: Vec<AttributeInfo>,
    /// W3C trace state.
    pub trace_state: String,
    /// Trace flags.
    pub flags: u32,
    /// Dropped attributes, events, links.
    pub dropped: (u32, u32, u32),
    /// What was repaired, in words.
    pub repairs: Vec<String>,
    /// In words, by how much its clock seems behind its caller's; empty where it does not.
    pub clock: String,
}

/// An attribute as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AttributeInfo {
    /// Name.
    pub key: String,
    /// Value as text; arrays, maps as JSON, bytes as base64.
    pub value: String,
    /// What the value is.
    pub kind: ValueKind,
    /// Does the search match it?
    pub matched: bool,
}

/// Kinds of value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the kinds of AnyValue")]
pub enum ValueKind {
    #[default]
    Empty,
    Text,
    Bool,
    Int,
    Double,
    Bytes,
    Array,
    Map,
}

/// An event as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventInfo {
    /// Name.
    pub name: String,
    /// Nanoseconds since the start of the span; negative before it.
    pub offset: i64,
    /// Is it an exception?
    pub error: bool,
    /// Attributes.
    pub attributes: Vec<AttributeInfo>,
    /// Dropped attributes.
    pub dropped: u32,
}

/// A log record as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogInfo {
    /// In words: `ERROR`, or as the source says it; empty where it is not said.
    pub severity: String,
    /// How loud it is to be shown.
    pub level: LogLevel,
    /// What is said, as text.
    pub body: String,
    /// Names the kind of event, where the record is one.
    pub event_name: String,
    /// Nanoseconds since the start of the span; negative before it.
    pub offset: i64,
    /// The service that wrote it, where it is not that of the span.
    pub service: String,
    /// What it was written through.
    pub scope: String,
    /// Attributes.
    pub attributes: Vec<AttributeInfo>,
    /// Dropped attributes.
    pub dropped: u32,
    /// W3C trace flags, where they are said.
    pub flags: Option<u32>,
    /// It belongs to the trace and names no span of it.
    pub of_trace: bool,
    /// The search matches it.
    pub matched: bool,
}

/// How grave a log record is, as far as it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogLevel {
    /// Nothing to worry about.
    #[default]
    Quiet,
    /// WARN.
    Warning,
    /// ERROR and FATAL.
    Error,
}

/// An exemplar as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExemplarInfo {
    /// The metric.
    pub metric: String,
    /// What was measured, with its unit.
    pub value: String,
    /// Nanoseconds since the start of the span; negative before it.
    pub offset: i64,
    /// Attributes that the metric does not have.
    pub attributes: Vec<AttributeInfo>,
}

/// A link as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkInfo {
    /// Hex.
    pub trace_id: String,
    /// Hex.
    pub span_id: String,
    /// Where it leads, if it is in the input.
    pub target: Option<Found>,
    /// Service and operation of the target, if it is in the input.
    pub target_name: String,
    /// Attributes.
    pub attributes: Vec<AttributeInfo>,
}

/// A byte vector as postcard's byte string, not element by element.
mod serde_bytes_vec {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        <&[u8]>::deserialize(deserializer).map(<[u8]>::to_vec)
    }
}
