//! One message that comes in chunks: the outer messages are entered by their lengths, a span is decoded once it is whole.

use std::borrow::Cow;

use otel::{LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, WarningKind};

use super::memo::Memo;
use super::message;
use super::tell::{Signal, signal};
use super::wire::{END_GROUP, Fields, GROUP, Header, LEN, Malformed, header, text};
use crate::notes::Notes;
use crate::owned::{self, Open, emptied};

/// What was read of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Spans given to the sink.
    pub spans: u64,
    /// Log records given to the sink.
    pub logs: u64,
    /// Exemplars given to the sink: those that lead to a trace.
    pub exemplars: u64,
    /// Metrics, with exemplars or without.
    pub metrics: u64,
    /// Records of signals that are not read.
    pub others: u64,
    /// Elements of the message: `ResourceSpans`, `ResourceLogs`, `ResourceMetrics`.
    pub resources: u64,
    /// Where the first bytes stand that are no protobuf.
    pub malformed: Option<u64>,
    /// Where the value begins that the end of the input cuts off.
    pub cut_off: Option<u64>,
}

/// Decodes one OTLP message, or several of them in a row, which are one: `TracesData`, `LogsData`, `MetricsData`, and the
/// requests and Tempo's traces, which are spelled alike. Which signal it is, each scope tells by its records.
///
/// Fields come in any order: the Collector writes them from the last to the first. Memory: one chunk, and the largest
/// single record.
#[derive(Debug, Default)]
pub struct Protobuf {
    /// Bytes taken so far, but for `carry`.
    at: u64,
    /// Ends of the messages that are open.
    resource_end: Option<u64>,
    scope_end: Option<u64>,
    /// Bytes of a value that nobody asks for.
    skip: u64,
    /// Nothing tells where the next message would begin.
    lost: bool,
    /// Groups that nobody asks for, and that are open.
    groups: u32,
    /// A value that has begun in chunks before.
    carry: Vec<u8>,
    /// The length `carry` needs for the next step.
    wanted: usize,
    resource: Open<ResourceRef, Resource<'static>>,
    /// The `Resource` that it was read from, if it was read from one.
    resource_bytes: Vec<u8>,
    /// Those that were closed: most files repeat few of them.
    resources: Vec<(Vec<u8>, Resource<'static>)>,
    scope: Open<ScopeRef, Scope<'static>>,
    /// What the records of this scope are, once that is told.
    told: Option<Signal>,
    /// What the records of the last scope were.
    last: Option<Signal>,
    /// Capacity of the last span's attributes, for the next.
    attributes: Vec<otel::KeyValue<'static>>,
    memo: Memo,
    notes: Notes,
    read: Read,
}

/// What one step made of the start of the bytes.
enum Step {
    Took(usize),
    /// It takes so many bytes.
    Short(usize),
}

impl Protobuf {
    /// Before the first byte.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was read so far.
    pub fn read(&self) -> Read {
        self.read
    }

    /// Takes the next chunk.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        let mut bytes = bytes;
        while !self.carry.is_empty() {
            let missing = self.wanted.saturating_sub(self.carry.len()).max(1);
            let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
            self.carry.extend_from_slice(taken);
            bytes = rest;
            if self.carry.len() < self.wanted {
                return;
            }
            let mut carry = std::mem::take(&mut self.carry);
            let used = self.run(&carry, sink);
            carry.drain(..used);
            self.carry = carry;
            if bytes.is_empty() {
                return;
            }
        }
        let used = self.run(bytes, sink);
        self.carry.extend_from_slice(bytes.get(used..).unwrap_or_default());
    }

    /// Takes note that no bytes follow.
    pub fn finish(mut self, sink: &mut dyn SpanSink) -> Read {
        self.leave_ended(sink);
        let inside = match (self.scope_end, self.resource_end) {
            (Some(_), _) if !self.carry.is_empty() => "a span or its scope",
            (Some(_), _) => "a scope",
            (None, Some(_)) => "a resource",
            (None, None) if !self.carry.is_empty() || self.skip > 0 || self.groups > 0 => "a field",
            (None, None) => return self.read,
        };
        self.read.cut_off = Some(self.at);
        self.notes.add(
            WarningKind::Truncated,
            format_args!("the input ends inside {inside}; everything before was read"),
        );
        self.notes.tell(sink, self.at);
        self.leave_scope(sink);
        self.leave_resource(sink);
        self.read
    }

    /// Decodes what is whole, and says how much that was.
    fn run(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> usize {
        let mut used = 0;
        loop {
            self.leave_ended(sink);
            let rest = bytes.get(used..).unwrap_or_default();
            if rest.is_empty() {
                return used;
            }
            if self.told == Some(Signal::Spans) {
                let spans = self.spans(rest, sink);
                if spans > 0 {
                    used += spans;
                    continue;
                }
            }
            let took = if self.lost {
                rest.len()
            } else if self.skip > 0 {
                let over = usize::try_from(self.skip).map_or(rest.len(), |skip| skip.min(rest.len()));
                self.skip -= over as u64;
                over
            } else {
                match self.step(rest, sink) {
                    Ok(Step::Took(bytes)) => bytes,
                    Ok(Step::Short(bytes)) => {
                        self.wanted = bytes;
                        return used;
                    }
                    Err(Malformed) => {
                        self.give_up(sink);
                        0
                    }
                }
            };
            used += took;
            self.at += took as u64;
        }
    }

    /// The spans that stand here one after the other, as nearly all do; the bytes they take. The heart: all else is passed
    /// a hundred times less often.
    #[inline(never)]
    fn spans(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> usize {
        let Some(end) = self.scope_end else { return 0 };
        if self.skip > 0 || self.groups > 0 || self.lost {
            return 0;
        }
        let within = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        let mut fields = Fields(bytes.get(..within).unwrap_or(bytes));
        let mut row = SpanRow { attributes: std::mem::take(&mut self.attributes), ..SpanRow::default() };
        let mut used = 0;
        while let [SPAN, rest @ ..] = fields.0 {
            let mut rest = Fields(rest);
            let Ok(span) = rest.bytes() else { break };
            let took = fields.0.len() - rest.0.len();
            fields = rest;
            message::clear(&mut row);
            self.span(&mut row, span, sink);
            self.notes.tell(sink, self.at);
            self.at += took as u64;
            used += took;
        }
        self.attributes = emptied(row.attributes);
        used
    }

    /// One field of the innermost message that is open.
    #[inline]
    fn step(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<Step, Malformed> {
        let end = self.scope_end.or(self.resource_end).unwrap_or(u64::MAX);
        let left = end - self.at;
        let within = usize::try_from(left).unwrap_or(usize::MAX);
        let Some(found) = header(bytes.get(..within).unwrap_or(bytes))? else {
            // Cut off by the end of its message?
            return if bytes.len() < within { Ok(Step::Short(bytes.len() + 1)) } else { Err(Malformed) };
        };
        let Header { field, wire, bytes: start, value } = found;
        if value > left - start as u64 || value > MAX_LENGTH {
            return Err(Malformed);
        }
        if wire == END_GROUP {
            self.groups = self.groups.checked_sub(1).ok_or(Malformed)?;
            return Ok(Step::Took(start));
        }
        if wire == GROUP {
            self.groups += 1;
            return Ok(Step::Took(start));
        }
        let length = value as usize;
        if wire != LEN || self.groups > 0 {
            self.skip = value;
            return Ok(Step::Took(start));
        }
        let whole = bytes.get(start..start + length);
        match (self.resource_end, self.scope_end, field) {
            (None, _, 1) => {
                self.read.resources += 1;
                self.resource_end = Some(self.at + start as u64 + value);
                return Ok(Step::Took(start));
            }
            // `scope_spans`; `instrumentation_library_spans`, which is spelled alike.
            (Some(_), None, 2 | 1000) => {
                self.scope_end = Some(self.at + start as u64 + value);
                return Ok(Step::Took(start));
            }
            (Some(_), None, 1 | 3) | (Some(_), Some(_), 1..=3) => {}
            _ => {
                self.skip = value;
                return Ok(Step::Took(start));
            }
        }
        let Some(value) = whole else { return Ok(Step::Short(start + length)) };
        match (self.scope_end.is_some(), field) {
            (true, 2) => self.record(value, sink),
            (true, 1) => self.scope(value, sink),
            (true, _) => {
                self.scope.content.schema_url =
                    text(value, "schema_url", &mut self.notes).into_owned().into();
            }
            (false, 1) => self.resource(value, sink),
            (false, _) => {
                self.resource.content.schema_url =
                    text(value, "schema_url", &mut self.notes).into_owned().into();
            }
        }
        self.notes.tell(sink, self.at);
        Ok(Step::Took(start + length))
    }

    #[inline]
    fn record(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        if self.told.is_none() {
            self.told = signal(bytes);
        }
        match self.told.or(self.last).unwrap_or(Signal::Spans) {
            Signal::Spans => self.span(&mut SpanRow::default(), bytes, sink),
            Signal::Logs => self.log(bytes, sink),
            Signal::Metrics => self.metric(bytes, sink),
            Signal::Other => {
                self.read.others += 1;
                self.notes.add(
                    WarningKind::OtherSignal,
                    format_args!("records that are neither spans, log records nor metrics were left out"),
                );
            }
        }
    }

    #[inline]
    fn span<'b>(&mut self, row: &mut SpanRow<'b>, bytes: &'b [u8], sink: &mut dyn SpanSink) {
        let read = message::span(row, bytes, &mut self.memo, &mut self.notes, sink);
        if read.is_ok() {
            self.notes.tell(sink, self.at);
            let (resource, scope) = self.references(sink);
            self.memo.tell(sink, resource, scope, row);
            self.read.spans += 1;
        } else {
            self.skipped(WarningKind::SkippedSpan, "a span");
        }
    }

    fn log(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        let mut row = LogRow::default();
        if message::log(&mut row, bytes, &mut self.notes).is_err() {
            self.skipped(WarningKind::InvalidProtobuf, "a log record");
            return;
        }
        self.notes.tell(sink, self.at);
        let (resource, scope) = self.references(sink);
        sink.log(resource, scope, &row);
        self.read.logs += 1;
    }

    fn metric(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        self.read.metrics += 1;
        let (mut resource, mut scope) = (self.resource.reference, self.scope.reference);
        let mut exemplars = 0;
        let read = message::metric(bytes, &mut self.notes, &mut |exemplar| {
            let resource = *resource.get_or_insert_with(|| sink.open_resource());
            let scope = *scope.get_or_insert_with(|| sink.open_scope());
            sink.exemplar(resource, scope, exemplar);
            exemplars += 1;
        });
        (self.resource.reference, self.scope.reference) = (resource, scope);
        self.read.exemplars += exemplars;
        if read.is_err() {
            self.skipped(WarningKind::InvalidProtobuf, "the rest of a metric");
        }
    }

    #[inline]
    fn references(&mut self, sink: &mut dyn SpanSink) -> (ResourceRef, ScopeRef) {
        let resource = *self.resource.reference.get_or_insert_with(|| sink.open_resource());
        let scope = *self.scope.reference.get_or_insert_with(|| sink.open_scope());
        (resource, scope)
    }

    fn resource(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        let is_first = self.resource.content == Resource::default();
        let known = self.resources.iter().position(|(known, _)| known == bytes);
        if is_first && let Some(known) = known {
            (self.resource_bytes, self.resource.content) = self.resources.swap_remove(known);
            return;
        }
        let noted = self.notes.count();
        let mut content = std::mem::take(&mut self.resource.content);
        if message::resource(&mut content, bytes, &mut self.notes).is_err() {
            self.skipped(WarningKind::InvalidProtobuf, "the rest of a resource");
        }
        // What was odd is to be told each time.
        self.resource_bytes.clear();
        if is_first && self.notes.count() == noted {
            self.resource_bytes.extend_from_slice(bytes);
        }
        self.notes.tell(sink, self.at);
        self.resource.content = owned::resource(content);
    }

    fn scope(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) {
        let mut content = std::mem::take(&mut self.scope.content);
        if message::scope(&mut content, bytes, &mut self.notes).is_err() {
            self.skipped(WarningKind::InvalidProtobuf, "the rest of a scope");
        }
        self.notes.tell(sink, self.at);
        self.scope.content = owned::scope(content);
    }

    #[cold]
    fn skipped(&mut self, kind: WarningKind, what: &str) {
        self.read.malformed.get_or_insert(self.at);
        self.notes.forget();
        self.notes.add(kind, format_args!("{what} was skipped: it is no protobuf"));
    }

    /// The innermost message that is open makes no sense from here on; what follows it may. Where none is open, nothing
    /// tells where something else begins.
    #[cold]
    fn give_up(&mut self, sink: &mut dyn SpanSink) {
        self.groups = 0;
        let inside = match (self.scope_end, self.resource_end) {
            (Some(end), _) => {
                self.skip = end - self.at;
                "the rest of a scope"
            }
            (None, Some(end)) => {
                self.skip = end - self.at;
                "the rest of a resource"
            }
            (None, None) => {
                self.lost = true;
                "the rest of the input"
            }
        };
        self.skipped(WarningKind::InvalidProtobuf, inside);
        self.notes.tell(sink, self.at);
    }

    #[inline]
    fn leave_ended(&mut self, sink: &mut dyn SpanSink) {
        if self.scope_end == Some(self.at) {
            self.leave_scope(sink);
        }
        if self.scope_end.is_none() && self.resource_end == Some(self.at) {
            self.leave_resource(sink);
        }
    }

    #[inline(never)]
    fn leave_scope(&mut self, sink: &mut dyn SpanSink) {
        self.scope_end = None;
        self.groups = 0;
        self.last = self.told.take().or(self.last);
        let open = std::mem::take(&mut self.scope);
        if let Some(reference) = open.reference {
            sink.close_scope(reference, &open.content);
        }
    }

    #[inline(never)]
    fn leave_resource(&mut self, sink: &mut dyn SpanSink) {
        self.resource_end = None;
        self.groups = 0;
        let mut open = std::mem::take(&mut self.resource);
        if let Some(reference) = open.reference {
            sink.close_resource(reference, &open.content);
        }
        let bytes = std::mem::take(&mut self.resource_bytes);
        if !bytes.is_empty() && self.resources.len() < RESOURCES {
            open.content.schema_url = Cow::default();
            self.resources.push((bytes, open.content));
        }
    }
}

/// So many resources are remembered: enough for the services of a trace, and cheap to look through.
const RESOURCES: usize = 64;

/// The key of `ScopeSpans.spans`.
const SPAN: u8 = 0x12;

/// Longer than that no message of protobuf is.
const MAX_LENGTH: u64 = i32::MAX as u64;
