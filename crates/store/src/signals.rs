//! Log records and exemplars: kept in order of arrival, attached to spans and traces when the store is sealed.
//!
//! A log record takes 40 bytes, 4 for its place, 8 for its body and 8 an attribute, beside distinct text; where it is
//! the first of its span, 16 more. An exemplar takes 32, 4 and 8 to 16 for its value.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use otel::{
    AnyValue, ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, ScopeRef, Severity, SpanId,
    SpanSink, TraceId, UnixNanos, WarningKind,
};

use crate::index::{ResourceIdx, ScopeIdx, SpanIdx, StrIdx, TraceIdx};
use crate::numbers::Numbers;
use crate::sort::sort_by_number;
use crate::spans::TraceStore;
use crate::strings::{Interner, StringPool};
use crate::values::{Attribute, AttributeTable, Cell, Value};
use crate::warnings::Warnings;

/// What many log records share: kept once per distinct combination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct LogKind {
    severity: Severity,
    severity_text: StrIdx,
    event_name: StrIdx,
    flags: Option<u32>,
    dropped_attributes_count: u32,
}

#[derive(Clone, Copy, Debug)]
struct StoredLog {
    time: u64,
    observed_time: u64,
    span_id: SpanId,
    /// Place among the ids of traces.
    trace: u32,
    kind: u32,
    origin: u32,
    /// The first attribute is the body, whose key is empty.
    attributes_end: u32,
}

#[derive(Clone, Copy, Debug)]
struct StoredExemplar {
    time: u64,
    span_id: SpanId,
    trace: u32,
    metric: u32,
    origin: u32,
    /// The first attribute is what was measured, its key is empty.
    attributes_end: u32,
}

/// All log records and exemplars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Signals {
    traces: Numbers<TraceId>,
    kinds: Numbers<LogKind>,
    /// Name and unit.
    metrics: Numbers<(StrIdx, StrIdx)>,
    /// Resource and scope: numbers of references while building, places once sealed.
    origins: Vec<(u32, u32)>,
    logs: Vec<StoredLog>,
    log_attributes: AttributeTable,
    logs_of: Attached,
    exemplars: Vec<StoredExemplar>,
    exemplar_attributes: AttributeTable,
    exemplars_of: Attached,
}

impl Signals {
    fn origin(&mut self, resource: ResourceRef, scope: ScopeRef) -> u32 {
        let origin = (resource.0, scope.0);
        if self.origins.last() != Some(&origin) {
            self.origins.push(origin);
        }
        self.origins.len() as u32 - 1
    }

    pub(crate) fn log(
        &mut self,
        strings: &mut StringPool,
        interner: &mut Interner,
        resource: ResourceRef,
        scope: ScopeRef,
        log: &LogRow<'_>,
    ) {
        let origin = self.origin(resource, scope);
        let kind = self.kinds.of(LogKind {
            severity: log.severity,
            severity_text: interner.intern(strings, &log.severity_text).0,
            event_name: interner.intern(strings, &log.event_name).0,
            flags: log.flags,
            dropped_attributes_count: log.dropped_attributes_count,
        });
        let attributes = &mut self.log_attributes;
        attributes.push(strings, interner, &nameless(&log.body));
        for attribute in &log.attributes {
            attributes.push(strings, interner, attribute);
        }
        self.logs.push(StoredLog {
            time: log.time.0,
            observed_time: log.observed_time.0,
            span_id: log.span_id,
            trace: self.traces.of(log.trace_id),
            kind,
            origin,
            attributes_end: attributes.len(),
        });
    }

    pub(crate) fn exemplar(
        &mut self,
        strings: &mut StringPool,
        interner: &mut Interner,
        resource: ResourceRef,
        scope: ScopeRef,
        exemplar: &ExemplarRow<'_>,
    ) {
        let origin = self.origin(resource, scope);
        let name = interner.intern(strings, &exemplar.metric).0;
        let unit = interner.intern(strings, &exemplar.unit).0;
        let attributes = &mut self.exemplar_attributes;
        attributes.push(strings, interner, &nameless(&exemplar.value));
        for attribute in &exemplar.filtered_attributes {
            attributes.push(strings, interner, attribute);
        }
        self.exemplars.push(StoredExemplar {
            time: exemplar.time.0,
            span_id: exemplar.span_id,
            trace: self.traces.of(exemplar.trace_id),
            metric: self.metrics.of((name, unit)),
            origin,
            attributes_end: attributes.len(),
        });
    }

    pub(crate) fn log_count(&self) -> usize {
        self.logs.len()
    }

    pub(crate) fn exemplar_count(&self) -> usize {
        self.exemplars.len()
    }

    /// Traces that are named.
    pub(crate) fn trace_count(&self) -> usize {
        self.traces.values().iter().filter(|id| !id.is_absent()).count()
    }

    /// Gives what belongs to nothing else its place: resources and scopes by reference.
    pub(crate) fn seal(&mut self, resource_places: &[u32], scope_places: &[u32]) {
        for (resource, scope) in &mut self.origins {
            *resource = resource_places.get(*resource as usize).copied().unwrap_or(0);
            *scope = scope_places.get(*scope as usize).copied().unwrap_or(0);
        }
        self.traces.seal();
        self.kinds.seal();
        self.metrics.seal();
        self.origins.shrink_to_fit();
        self.logs.shrink_to_fit();
        self.log_attributes.seal();
        self.exemplars.shrink_to_fit();
        self.exemplar_attributes.seal();
    }

    /// Finds the span or the trace of each in `store`, and counts those that belong to nothing open.
    pub(crate) fn attach(&mut self, store: &TraceStore, warnings: &mut Warnings) {
        if self.logs.is_empty() && self.exemplars.is_empty() {
            return;
        }
        let homes = homes(store, self.traces.values());
        let of_log = |log: &StoredLog| Mark {
            time: if log.time == 0 { log.observed_time } else { log.time },
            span_id: log.span_id,
            trace: log.trace,
        };
        let of_exemplar = |of: &StoredExemplar| Mark { time: of.time, span_id: of.span_id, trace: of.trace };
        self.logs_of = attach(store, &self.logs.iter().map(of_log).collect::<Vec<_>>(), &homes);
        self.exemplars_of =
            attach(store, &self.exemplars.iter().map(of_exemplar).collect::<Vec<_>>(), &homes);
        self.report(warnings);
    }

    #[inline(never)]
    fn report(&self, warnings: &mut Warnings) {
        let lost = |attached: &Attached| attached.places(OTHER_TRACE).len() as u64;
        let unsampled = self.logs_of.places(OTHER_TRACE).iter().filter(|&&place| {
            let log = self.logs.get(place as usize);
            let kind = log.and_then(|log| self.kinds.values().get(log.kind as usize));
            kind.and_then(|kind| kind.flags).is_some_and(|flags| flags & 1 == 0)
        });
        let (other, unsampled) = (lost(&self.logs_of), unsampled.count());
        warnings.add_many(WarningKind::LogOfOtherTrace, other, None, || {
            let mut words = format!("{other} log records belong to traces that are not open");
            if unsampled > 0 {
                // Writing to a String cannot fail.
                let _ = write!(words, "; {unsampled} of them were written in traces that were not sampled");
            }
            words
        });
        let without = self.logs_of.places(NO_TRACE).len() as u64;
        warnings.add_many(WarningKind::LogWithoutTrace, without, None, || {
            format!("{without} log records say no trace id, so they belong to no trace")
        });
        let other = lost(&self.exemplars_of);
        warnings.add_many(WarningKind::ExemplarOfOtherTrace, other, None, || {
            format!("{other} exemplars of metrics belong to traces that are not open")
        });
    }

    pub(crate) fn memory(&self) -> usize {
        size_of_val(self.traces.values())
            + size_of_val(self.kinds.values())
            + size_of_val(self.metrics.values())
            + self.origins.capacity() * 8
            + self.logs.capacity() * size_of::<StoredLog>()
            + self.log_attributes.memory()
            + self.logs_of.memory()
            + self.exemplars.capacity() * size_of::<StoredExemplar>()
            + self.exemplar_attributes.memory()
            + self.exemplars_of.memory()
    }

    fn trace_id(&self, trace: u32) -> TraceId {
        self.traces.values().get(trace as usize).copied().unwrap_or_default()
    }
}

fn nameless<'a>(value: &'a AnyValue<'a>) -> KeyValue<'a> {
    let value = match value {
        // A copy of what is borrowed costs nothing.
        AnyValue::Str(text) => AnyValue::Str(Cow::Borrowed(text)),
        other => other.clone(),
    };
    KeyValue { key: Cow::Borrowed(""), value }
}

/// What to attach.
#[derive(Clone, Copy)]
struct Mark {
    time: u64,
    span_id: SpanId,
    trace: u32,
}

/// Who owns what: a span by its number, a trace by its number above this.
const TRACE: u64 = 1 << 32;
/// Nobody: its trace is not open.
const OTHER_TRACE: u64 = 2 << 32;
/// Nobody: it says no trace.
const NO_TRACE: u64 = 3 << 32;

/// Places of log records or of exemplars by owner, then time.
#[derive(Clone, Debug, Default)]
struct Attached {
    places: Vec<u32>,
    /// Owner, and where in `places` its first stands; sorted.
    starts: Vec<(u64, u32)>,
}

impl Attached {
    fn range(&self, owner: u64) -> Range<usize> {
        let Ok(found) = self.starts.binary_search_by_key(&owner, |&(owner, _)| owner) else { return 0..0 };
        let start = self.starts.get(found).map_or(0, |&(_, start)| start as usize);
        let end = self.starts.get(found + 1).map_or(self.places.len(), |&(_, start)| start as usize);
        start..end
    }

    fn places(&self, owner: u64) -> &[u32] {
        self.places.get(self.range(owner)).unwrap_or(&[])
    }

    fn memory(&self) -> usize {
        self.places.capacity() * 4 + self.starts.capacity() * 16
    }
}

/// The owner of what names a trace and no span of it, by number of the trace.
fn homes(store: &TraceStore, ids: &[TraceId]) -> Vec<u64> {
    let open: Numbers<TraceId> = store.traces().as_slice().iter().map(|trace| trace.id).collect();
    let home = |id: &TraceId| match open.find(id) {
        _ if id.is_absent() => NO_TRACE,
        Some(trace) => TRACE | u64::from(trace),
        None => OTHER_TRACE,
    };
    ids.iter().map(home).collect()
}

/// One pass over the spans of each trace that is named, whatever the number of marks.
#[inline(never)]
fn attach(store: &TraceStore, marks: &[Mark], homes: &[u64]) -> Attached {
    let mut places: Vec<u32> = (0..marks.len() as u32).collect();
    let mark = |place: u32| marks.get(place as usize);
    let trace_of = |place: u32| mark(place).map_or(0, |mark| mark.trace);
    sort_by_number(&mut places, |&place| mark(place).map_or(0, |mark| mark.time));
    sort_by_number(&mut places, |&place| trace_of(place).into());

    let mut owners = vec![NO_TRACE; marks.len()];
    for of_trace in places.chunk_by(|a, b| trace_of(*a) == trace_of(*b)) {
        let number = of_trace.first().map_or(0, |&place| trace_of(place));
        let home = homes.get(number as usize).copied().unwrap_or(NO_TRACE);
        let mut named = Numbers::default();
        let mut found: Vec<Option<SpanIdx>> = Vec::new();
        if home < OTHER_TRACE {
            let ids = of_trace.iter().filter_map(|&place| mark(place)).map(|mark| mark.span_id);
            named = ids.filter(|id| !id.is_absent()).collect();
            found.resize(named.values().len(), None);
            for span in store.trace(TraceIdx(home as u32)).indices() {
                if let Some(number) = named.find(&store.span_id(span))
                    && let Some(first @ None) = found.get_mut(number as usize)
                {
                    *first = Some(span);
                }
            }
        }
        for &place in of_trace {
            let span = mark(place)
                .and_then(|mark| named.find(&mark.span_id))
                .and_then(|number| found.get(number as usize).copied().flatten());
            if let Some(owner) = owners.get_mut(place as usize) {
                *owner = span.map_or(home, |span| span.0.into());
            }
        }
    }

    let owner_of = |place: u32| owners.get(place as usize).copied().unwrap_or(NO_TRACE);
    sort_by_number(&mut places, |&place| owner_of(place));
    let mut starts: Vec<(u64, u32)> = Vec::new();
    for (start, &place) in (0..).zip(&places) {
        let owner = owner_of(place);
        if starts.last().is_none_or(|&(last, _)| last != owner) {
            starts.push((owner, start));
        }
    }
    starts.shrink_to_fit();
    Attached { places, starts }
}

/// A log record as the store holds it.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    store: &'a TraceStore,
    stored: StoredLog,
    kind: LogKind,
    /// Its body, then its attributes.
    start: u32,
}

/// An exemplar as the store holds it.
#[derive(Clone, Copy, Debug)]
pub struct Exemplar<'a> {
    store: &'a TraceStore,
    stored: StoredExemplar,
    /// What was measured, then its attributes.
    start: u32,
}

/// Log records and exemplars. Those of a span or a trace are in order of their times.
impl TraceStore {
    /// Log records, also those whose trace is not open.
    pub fn log_count(&self) -> usize {
        self.signals.logs.len()
    }

    /// Exemplars, also those whose trace is not open.
    pub fn exemplar_count(&self) -> usize {
        self.signals.exemplars.len()
    }

    /// The span's log records.
    pub fn logs(&self, span: SpanIdx) -> impl ExactSizeIterator<Item = Log<'_>> {
        self.logs_at(self.signals.logs_of.places(span.0.into()))
    }

    /// Log records of the trace that name no span of it.
    pub fn trace_logs(&self, trace: TraceIdx) -> impl ExactSizeIterator<Item = Log<'_>> {
        self.logs_at(self.signals.logs_of.places(TRACE | u64::from(trace.0)))
    }

    /// The span's exemplars.
    pub fn exemplars(&self, span: SpanIdx) -> impl ExactSizeIterator<Item = Exemplar<'_>> {
        self.exemplars_at(self.signals.exemplars_of.places(span.0.into()))
    }

    /// Exemplars of the trace that name no span of it.
    pub fn trace_exemplars(&self, trace: TraceIdx) -> impl ExactSizeIterator<Item = Exemplar<'_>> {
        self.exemplars_at(self.signals.exemplars_of.places(TRACE | u64::from(trace.0)))
    }

    /// All log records that belong to something open: each span, or root of a trace where no span is named, and what
    /// it owns.
    pub fn logs_by_span(&self) -> impl Iterator<Item = (SpanIdx, Log<'_>)> {
        let attached = &self.signals.logs_of;
        let open = attached.starts.iter().map_while(|&(owner, _)| match owner {
            span if span < TRACE => Some((SpanIdx(span as u32), owner)),
            trace if trace < OTHER_TRACE => Some((self.trace(TraceIdx(trace as u32)).root, owner)),
            _ => None,
        });
        open.flat_map(|(span, owner)| self.logs_at(attached.places(owner)).map(move |log| (span, log)))
    }

    /// Log records of the trace, with and without a span.
    pub fn log_count_of(&self, trace: TraceIdx) -> usize {
        let spans = &self.trace(trace).spans;
        let Attached { places, starts } = &self.signals.logs_of;
        let from = |span: SpanIdx| {
            let start = starts.get(starts.partition_point(|&(owner, _)| owner < span.0.into()));
            start.map_or(places.len(), |&(_, start)| start as usize)
        };
        from(spans.end) - from(spans.start) + self.trace_logs(trace).len()
    }

    fn logs_at<'a>(&'a self, places: &'a [u32]) -> impl ExactSizeIterator<Item = Log<'a>> {
        places.iter().map(|&place| self.log(place))
    }

    #[expect(clippy::indexing_slicing, reason = "places are numbers of these very logs")]
    fn log(&self, place: u32) -> Log<'_> {
        let Signals { logs, kinds, .. } = &self.signals;
        let stored = logs[place as usize];
        let before = place.checked_sub(1).and_then(|before| logs.get(before as usize));
        Log {
            store: self,
            stored,
            kind: kinds.values().get(stored.kind as usize).copied().unwrap_or_default(),
            start: before.map_or(0, |before| before.attributes_end),
        }
    }

    fn exemplars_at<'a>(&'a self, places: &'a [u32]) -> impl ExactSizeIterator<Item = Exemplar<'a>> {
        places.iter().map(|&place| self.exemplar(place))
    }

    #[expect(clippy::indexing_slicing, reason = "places are numbers of these very exemplars")]
    fn exemplar(&self, place: u32) -> Exemplar<'_> {
        let exemplars = &self.signals.exemplars;
        let before = place.checked_sub(1).and_then(|before| exemplars.get(before as usize));
        let start = before.map_or(0, |before| before.attributes_end);
        Exemplar { store: self, stored: exemplars[place as usize], start }
    }

    /// Log records, then exemplars, in order of arrival, to another sink.
    pub(crate) fn feed_signals(
        &self,
        resources: &[(ResourceRef, &Resource<'static>)],
        scopes: &[(ScopeRef, &Scope<'static>)],
        sink: &mut dyn SpanSink,
    ) {
        let origin = |origin: u32| {
            let &(resource, scope) = self.signals.origins.get(origin as usize)?;
            Some((resources.get(resource as usize)?.0, scopes.get(scope as usize)?.0))
        };
        for place in 0..self.log_count() as u32 {
            let log = self.log(place);
            if let Some((resource, scope)) = origin(log.stored.origin) {
                sink.log(resource, scope, &log.row());
            }
        }
        for place in 0..self.exemplar_count() as u32 {
            let exemplar = self.exemplar(place);
            if let Some((resource, scope)) = origin(exemplar.stored.origin) {
                sink.exemplar(resource, scope, &exemplar.row());
            }
        }
    }
}

impl<'a> Log<'a> {
    /// When it happened, or else when it was collected.
    pub fn time(&self) -> UnixNanos {
        UnixNanos(if self.stored.time == 0 { self.stored.observed_time } else { self.stored.time })
    }

    /// How grave it is: by number, or else by the source's own words.
    pub fn severity(&self) -> Severity {
        match self.kind.severity {
            Severity::UNSPECIFIED => Severity::from_text(self.severity_text()),
            severity => severity,
        }
    }

    /// How grave it is in the source's own words.
    pub fn severity_text(&self) -> &'a str {
        self.store.strings.get(self.kind.severity_text)
    }

    /// Names the kind of event, where the record is one.
    pub fn event_name(&self) -> &'a str {
        self.store.strings.get(self.kind.event_name)
    }

    /// What is said.
    pub fn body(&self) -> Value<'a> {
        let body = self.store.signals.log_attributes.get(&self.store.strings, self.start);
        body.map_or(Value::Empty, |body| body.value)
    }

    /// Its attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let store = self.store;
        (self.start + 1..self.stored.attributes_end)
            .filter_map(|place| store.signals.log_attributes.get(&store.strings, place))
    }

    /// Its body, which has no key, and its attributes, text as indices.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> + use<'a> {
        let table = &self.store.signals.log_attributes;
        (self.start..self.stored.attributes_end).filter_map(|place| table.cell(place))
    }

    /// Severity text and event name, to compare.
    pub fn texts(&self) -> [StrIdx; 2] {
        [self.kind.severity_text, self.kind.event_name]
    }

    /// W3C trace flags of the context it was written in.
    pub fn flags(&self) -> Option<u32> {
        self.kind.flags
    }

    /// Attributes the producer dropped.
    pub fn dropped_attributes_count(&self) -> u32 {
        self.kind.dropped_attributes_count
    }

    /// What wrote it.
    pub fn resource(&self) -> Option<&'a Resource<'static>> {
        let &(resource, _) = self.store.signals.origins.get(self.stored.origin as usize)?;
        self.store.resources.get(ResourceIdx(resource))
    }

    /// The instrumentation scope it was written through: the logger.
    pub fn scope(&self) -> Option<&'a Scope<'static>> {
        let &(_, scope) = self.store.signals.origins.get(self.stored.origin as usize)?;
        self.store.scopes.get(ScopeIdx(scope))
    }

    /// As it stood on the wire.
    pub fn row(&self) -> LogRow<'a> {
        LogRow {
            time: UnixNanos(self.stored.time),
            observed_time: UnixNanos(self.stored.observed_time),
            severity: self.kind.severity,
            severity_text: Cow::Borrowed(self.severity_text()),
            body: self.body().to_any(),
            attributes: self.attributes().map(Attribute::to_key_value).collect(),
            dropped_attributes_count: self.kind.dropped_attributes_count,
            flags: self.kind.flags,
            trace_id: self.store.signals.trace_id(self.stored.trace),
            span_id: self.stored.span_id,
            event_name: Cow::Borrowed(self.event_name()),
        }
    }
}

impl<'a> Exemplar<'a> {
    /// When it was measured.
    pub fn time(&self) -> UnixNanos {
        UnixNanos(self.stored.time)
    }

    /// Name and unit of the metric.
    pub fn metric(&self) -> (&'a str, &'a str) {
        let metric = self.store.signals.metrics.values().get(self.stored.metric as usize);
        let (name, unit) = metric.copied().unwrap_or_default();
        (self.store.strings.get(name), self.store.strings.get(unit))
    }

    /// What was measured.
    pub fn value(&self) -> Value<'a> {
        let value = self.store.signals.exemplar_attributes.get(&self.store.strings, self.start);
        value.map_or(Value::Empty, |value| value.value)
    }

    /// Attributes that the metric itself does not have.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let store = self.store;
        (self.start + 1..self.stored.attributes_end)
            .filter_map(|place| store.signals.exemplar_attributes.get(&store.strings, place))
    }

    /// As it stood on the wire.
    pub fn row(&self) -> ExemplarRow<'a> {
        let (metric, unit) = self.metric();
        ExemplarRow {
            metric: Cow::Borrowed(metric),
            unit: Cow::Borrowed(unit),
            time: self.time(),
            value: self.value().to_any(),
            trace_id: self.store.signals.trace_id(self.stored.trace),
            span_id: self.stored.span_id,
            filtered_attributes: self.attributes().map(Attribute::to_key_value).collect(),
        }
    }
}
