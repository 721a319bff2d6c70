//! The store itself: columns, and views of a trace and a span over them.
#![expect(
    clippy::indexing_slicing,
    reason = "columns have one entry an index, and only this store makes indices"
)]

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use otel::{
    EventRow, LinkRow, Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink, StatusCode, TraceId, UnixNanos,
};

use crate::index::{Column, OriginIdx, ResourceIdx, ScopeIdx, ServiceIdx, SpanIdx, StrIdx, TraceIdx};
use crate::signals::Signals;
use crate::sort::sort_by_number;
use crate::strings::StringPool;
use crate::values::{Attribute, AttributeTable, Cell};
use crate::warnings::Warnings;

/// What was repaired in a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanFlags(pub u8);

impl SpanFlags {
    /// Its parent is not in the input: shown as a root.
    pub const ORPHAN: Self = Self(1);
    /// Its parent was its own descendant: shown as a root.
    pub const CYCLE: Self = Self(2);
    /// Another span of the trace came before with the same id.
    pub const DUPLICATE_ID: Self = Self(4);
    /// It has no id.
    pub const NO_ID: Self = Self(8);
    /// It had no start time.
    pub const NO_START: Self = Self(16);
    /// It had no end time: it may not have ended.
    pub const NO_END: Self = Self(32);
    /// It ended before it started.
    pub const REVERSED: Self = Self(64);

    const NAMES: [(Self, &'static str); 7] = [
        (Self::ORPHAN, "orphan"),
        (Self::CYCLE, "cycle"),
        (Self::DUPLICATE_ID, "duplicate id"),
        (Self::NO_ID, "no id"),
        (Self::NO_START, "no start"),
        (Self::NO_END, "no end"),
        (Self::REVERSED, "reversed"),
    ];

    /// Is all of `other` set?
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sets `other`.
    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Each flag in words, after a space: nothing where nothing was repaired.
impl fmt::Display for SpanFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (flag, name) in Self::NAMES {
            if self.contains(flag) {
                write!(f, " {name}")?;
            }
        }
        Ok(())
    }
}

/// What few spans have and many share: kept once per distinct combination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Rare {
    pub(crate) trace_state: StrIdx,
    pub(crate) status_message: StrIdx,
    pub(crate) flags: u32,
    pub(crate) dropped_attributes_count: u32,
    pub(crate) dropped_events_count: u32,
    pub(crate) dropped_links_count: u32,
}

/// Resource, scope and service of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) resource: ResourceIdx,
    pub(crate) scope: ScopeIdx,
    pub(crate) service: ServiceIdx,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredEvent {
    pub(crate) time: u64,
    pub(crate) name: StrIdx,
    pub(crate) attributes_end: u32,
    pub(crate) dropped_attributes_count: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct StoredLink {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) trace_state: StrIdx,
    pub(crate) flags: u32,
    pub(crate) attributes_end: u32,
    pub(crate) dropped_attributes_count: u32,
}

/// Events or links: rows of the few spans that have any, found by binary search.
#[derive(Clone, Debug)]
pub(crate) struct Sparse<T> {
    /// Arrival number of the span and place of its first item; sorted, since spans arrive in order.
    pub(crate) starts: Vec<(u32, u32)>,
    pub(crate) items: Vec<T>,
    pub(crate) attributes: AttributeTable,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), items: Vec::new(), attributes: AttributeTable::default() }
    }
}

impl<T> Sparse<T> {
    fn range(&self, row: u32) -> Range<usize> {
        let Ok(found) = self.starts.binary_search_by_key(&row, |&(row, _)| row) else { return 0..0 };
        let start = self.starts.get(found).map_or(0, |&(_, start)| start as usize);
        let end = self.starts.get(found + 1).map_or(self.items.len(), |&(_, start)| start as usize);
        start..end
    }

    fn memory(&self) -> usize {
        self.starts.capacity() * 8 + self.items.capacity() * size_of::<T>() + self.attributes.memory()
    }
}

/// A trace: where its spans stand, and what a list shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its id; absent for spans that came without one.
    pub id: TraceId,
    /// Its spans.
    pub spans: Range<SpanIdx>,
    /// The span that stands for the trace: of its roots that are not orphans, or of its orphans where all are, the one with
    /// the most spans below it.
    pub root: SpanIdx,
    /// Earliest start of any span: the base of its spans' times.
    pub start: UnixNanos,
    /// Nanoseconds from the earliest start to the latest end.
    pub duration: u64,
    /// Longest chain of spans; 1 for a root alone.
    pub depth: u32,
    /// Spans with status ERROR.
    pub error_count: u32,
    /// Spans whose parent is not in the input.
    pub orphan_count: u32,
    /// Distinct non-empty service names.
    pub service_count: u32,
}

impl Trace {
    /// The number of spans.
    pub fn span_count(&self) -> usize {
        (self.spans.end.0 - self.spans.start.0) as usize
    }

    /// Its spans in preorder.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = SpanIdx> + ExactSizeIterator + use<> {
        SpanIdx::range(self.spans.clone())
    }
}

/// An event as the store holds it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    store: &'a TraceStore,
    stored: StoredEvent,
    attributes_start: u32,
}

/// A link as the store holds it.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    store: &'a TraceStore,
    stored: StoredLink,
    attributes_start: u32,
}

/// All traces of what is open. Immutable; made by [`TraceStoreBuilder`](crate::TraceStoreBuilder).
#[derive(Clone, Debug, Default)]
pub struct TraceStore {
    pub(crate) traces: Column<TraceIdx, Trace>,
    /// Arrival number: where attributes, events and links are found.
    pub(crate) row: Column<SpanIdx, u32>,
    pub(crate) trace: Column<SpanIdx, TraceIdx>,
    pub(crate) span_id: Column<SpanIdx, SpanId>,
    pub(crate) parent: Column<SpanIdx, u32>,
    pub(crate) subtree_end: Column<SpanIdx, SpanIdx>,
    pub(crate) depth: Column<SpanIdx, u32>,
    pub(crate) start: Column<SpanIdx, u64>,
    pub(crate) duration: Column<SpanIdx, u64>,
    pub(crate) name: Column<SpanIdx, StrIdx>,
    pub(crate) origin: Column<SpanIdx, OriginIdx>,
    pub(crate) rare: Column<SpanIdx, u32>,
    /// Kind in the low 3 bits, status above.
    pub(crate) kind_status: Column<SpanIdx, u8>,
    pub(crate) flags: Column<SpanIdx, SpanFlags>,
    pub(crate) rare_values: Vec<Rare>,
    pub(crate) origins: Column<OriginIdx, Origin>,
    pub(crate) resources: Column<ResourceIdx, Resource<'static>>,
    pub(crate) scopes: Column<ScopeIdx, Scope<'static>>,
    pub(crate) services: Column<ServiceIdx, String>,
    pub(crate) strings: StringPool,
    /// By arrival number: place after the span's last attribute.
    pub(crate) attributes_end: Vec<u32>,
    pub(crate) attributes: AttributeTable,
    pub(crate) events: Sparse<StoredEvent>,
    pub(crate) links: Sparse<StoredLink>,
    /// Parent ids that lead nowhere, by span.
    pub(crate) lost_parents: Vec<(SpanIdx, SpanId)>,
    /// Start and end as written, where they were repaired, by span.
    pub(crate) raw_times: Vec<(SpanIdx, (UnixNanos, UnixNanos))>,
    pub(crate) warnings: Warnings,
    pub(crate) signals: Signals,
}

/// What a list in order of spans holds for one of them.
fn of_span<T: Copy>(list: &[(SpanIdx, T)], span: SpanIdx) -> Option<T> {
    let place = list.binary_search_by_key(&span, |&(of, _)| of).ok()?;
    list.get(place).map(|&(_, value)| value)
}

impl TraceStore {
    /// All traces, by start time.
    pub fn traces(&self) -> &Column<TraceIdx, Trace> {
        &self.traces
    }

    /// One trace.
    pub fn trace(&self, trace: TraceIdx) -> &Trace {
        &self.traces[trace]
    }

    /// The trace with this id.
    pub fn find_trace(&self, id: TraceId) -> Option<TraceIdx> {
        self.traces.indices().find(|&trace| self.traces[trace].id == id)
    }

    /// The first span of a trace with this id.
    pub fn find_span(&self, trace: TraceIdx, id: SpanId) -> Option<SpanIdx> {
        self.traces.get(trace)?.indices().find(|&span| self.span_id[span] == id)
    }

    /// The number of spans.
    pub fn span_count(&self) -> usize {
        self.row.len()
    }

    /// Is this a span of the store? For indices that come from outside.
    pub fn has_span(&self, span: SpanIdx) -> bool {
        (span.0 as usize) < self.row.len()
    }

    /// What was odd in the input.
    pub fn warnings(&self) -> &Warnings {
        &self.warnings
    }

    /// Distinct service names, sorted. One may be empty: spans whose resource names no service.
    pub fn services(&self) -> &Column<ServiceIdx, String> {
        &self.services
    }

    /// Text of the store.
    pub fn strings(&self) -> &StringPool {
        &self.strings
    }

    /// The span's trace.
    pub fn trace_of(&self, span: SpanIdx) -> TraceIdx {
        self.trace[span]
    }

    /// The span's id.
    pub fn span_id(&self, span: SpanIdx) -> SpanId {
        self.span_id[span]
    }

    /// The parent, for all but roots.
    pub fn parent(&self, span: SpanIdx) -> Option<SpanIdx> {
        let parent = self.parent[span];
        (parent != u32::MAX).then_some(SpanIdx(parent))
    }

    /// The parent's id as written, also where no such span is in the input.
    pub fn parent_span_id(&self, span: SpanIdx) -> SpanId {
        match self.parent(span) {
            Some(parent) => self.span_id[parent],
            None => of_span(&self.lost_parents, span).unwrap_or(SpanId::ABSENT),
        }
    }

    /// The index after the span's last descendant.
    pub fn subtree_end(&self, span: SpanIdx) -> SpanIdx {
        self.subtree_end[span]
    }

    /// The span and all below it.
    pub fn subtree(
        &self,
        span: SpanIdx,
    ) -> impl DoubleEndedIterator<Item = SpanIdx> + ExactSizeIterator + use<> {
        SpanIdx::range(span..self.subtree_end[span])
    }

    /// Has it children?
    pub fn has_children(&self, span: SpanIdx) -> bool {
        self.subtree_end[span].0 > span.0 + 1
    }

    /// The direct children, by start time.
    pub fn children(&self, span: SpanIdx) -> impl Iterator<Item = SpanIdx> + use<'_> {
        let end = self.subtree_end[span];
        let mut next = SpanIdx(span.0 + 1);
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = next;
                next = self.subtree_end[child];
                child
            })
        })
    }

    /// The roots of a trace, orphans among them, by start time.
    pub fn roots(&self, trace: TraceIdx) -> impl Iterator<Item = SpanIdx> + use<'_> {
        let spans = self.traces[trace].spans.clone();
        let mut next = spans.start;
        std::iter::from_fn(move || {
            (next < spans.end).then(|| {
                let root = next;
                next = self.subtree_end[root];
                root
            })
        })
    }

    /// 0 for roots.
    pub fn depth(&self, span: SpanIdx) -> u32 {
        self.depth[span]
    }

    /// Nanoseconds from the start of the trace.
    pub fn start(&self, span: SpanIdx) -> u64 {
        self.start[span]
    }

    /// Nanoseconds.
    pub fn duration(&self, span: SpanIdx) -> u64 {
        self.duration[span]
    }

    /// Nanoseconds from the start of the trace.
    pub fn end(&self, span: SpanIdx) -> u64 {
        self.start[span] + self.duration[span]
    }

    /// The operation.
    pub fn name(&self, span: SpanIdx) -> &str {
        self.strings.get(self.name[span])
    }

    /// The operation, to compare and count.
    pub fn name_idx(&self, span: SpanIdx) -> StrIdx {
        self.name[span]
    }

    /// The service.
    pub fn service_idx(&self, span: SpanIdx) -> ServiceIdx {
        self.origins[self.origin[span]].service
    }

    /// The service's name; empty where the resource names none.
    pub fn service(&self, span: SpanIdx) -> &str {
        &self.services[self.service_idx(span)]
    }

    /// The span's resource.
    pub fn resource(&self, span: SpanIdx) -> &Resource<'static> {
        &self.resources[self.origins[self.origin[span]].resource]
    }

    /// The span's instrumentation scope.
    pub fn scope(&self, span: SpanIdx) -> &Scope<'static> {
        &self.scopes[self.origins[self.origin[span]].scope]
    }

    /// Resource, scope and service together, to compare and to test once per distinct origin.
    pub fn origin_idx(&self, span: SpanIdx) -> OriginIdx {
        self.origin[span]
    }

    /// All distinct origins: resource and scope of each.
    pub fn origins(&self) -> impl Iterator<Item = (OriginIdx, &Resource<'static>, &Scope<'static>)> {
        self.origins.indices().map(|origin| {
            let of = self.origins[origin];
            (origin, &self.resources[of.resource], &self.scopes[of.scope])
        })
    }

    /// Role in a request.
    pub fn kind(&self, span: SpanIdx) -> SpanKind {
        SpanKind::from_number(u64::from(self.kind_status[span] & 7)).unwrap_or_default()
    }

    /// Status code.
    pub fn status_code(&self, span: SpanIdx) -> StatusCode {
        StatusCode::from_number(u64::from(self.kind_status[span] >> 3)).unwrap_or_default()
    }

    /// Has it status ERROR?
    pub fn is_error(&self, span: SpanIdx) -> bool {
        self.kind_status[span] >> 3 == StatusCode::Error as u8
    }

    /// Status message.
    pub fn status_message(&self, span: SpanIdx) -> &str {
        self.strings.get(self.rare(span).status_message)
    }

    /// What was repaired.
    pub fn flags(&self, span: SpanIdx) -> SpanFlags {
        self.flags[span]
    }

    fn rare(&self, span: SpanIdx) -> Rare {
        self.rare_values.get(self.rare[span] as usize).copied().unwrap_or_default()
    }

    fn attribute_places(&self, span: SpanIdx) -> Range<u32> {
        let row = self.row[span] as usize;
        let start = if row == 0 { 0 } else { self.attributes_end.get(row - 1).copied().unwrap_or(0) };
        start..self.attributes_end.get(row).copied().unwrap_or(start)
    }

    /// The span's attributes, in the order of the input.
    pub fn attributes(&self, span: SpanIdx) -> impl Iterator<Item = Attribute<'_>> {
        self.attribute_places(span).filter_map(|place| self.attributes.get(&self.strings, place))
    }

    /// The value of the span's attribute `key`.
    pub fn attribute(&self, span: SpanIdx, key: &str) -> Option<Attribute<'_>> {
        self.attributes(span).find(|attribute| attribute.key == key)
    }

    /// Key and, where it is plain text, value of each attribute as text indices: for tests over many spans.
    pub fn attribute_texts(&self, span: SpanIdx) -> impl Iterator<Item = (StrIdx, Option<StrIdx>)> {
        self.attribute_places(span).filter_map(|place| self.attributes.text_indices(place))
    }

    /// The span's number in order of arrival: the order attributes and events stand in.
    pub fn arrival(&self, span: SpanIdx) -> u32 {
        self.row[span]
    }

    /// Attributes of the span that arrived as number `arrival`, text as indices: for passes over all spans, which are
    /// fastest in order of arrival.
    pub fn cells_by_arrival(&self, arrival: u32) -> impl Iterator<Item = Cell<'_>> {
        let row = arrival as usize;
        let start = row.checked_sub(1).and_then(|row| self.attributes_end.get(row)).copied().unwrap_or(0);
        let end = self.attributes_end.get(row).copied().unwrap_or(start);
        (start..end).filter_map(|place| self.attributes.cell(place))
    }

    /// All events, each with the arrival number of its span.
    pub fn events_by_arrival(&self) -> impl Iterator<Item = (u32, Event<'_>)> {
        let ends = self.events.starts.iter().skip(1).map(|&(_, start)| start as usize);
        let ends = ends.chain(std::iter::once(self.events.items.len()));
        let owners = self
            .events
            .starts
            .iter()
            .zip(ends)
            .flat_map(|(&(row, start), end)| (start as usize..end).map(move |_| row));
        let mut attributes_start = 0;
        owners.zip(&self.events.items).map(move |(row, &stored)| {
            let attributes_start = std::mem::replace(&mut attributes_start, stored.attributes_end);
            (row, Event { store: self, stored, attributes_start })
        })
    }

    /// Status message, to compare.
    pub fn status_message_idx(&self, span: SpanIdx) -> StrIdx {
        self.rare(span).status_message
    }

    /// Has it events? Cheaper than asking for them.
    pub fn event_count(&self, span: SpanIdx) -> usize {
        self.events.range(self.row[span]).len()
    }

    /// The span's events, in the order of the input.
    pub fn events(&self, span: SpanIdx) -> impl Iterator<Item = Event<'_>> {
        let range = self.events.range(self.row[span]);
        let before = |i: usize| {
            i.checked_sub(1).and_then(|i| self.events.items.get(i)).map_or(0, |e| e.attributes_end)
        };
        range.filter_map(move |i| {
            let &stored = self.events.items.get(i)?;
            Some(Event { store: self, stored, attributes_start: before(i) })
        })
    }

    /// How many links it has.
    pub fn link_count(&self, span: SpanIdx) -> usize {
        self.links.range(self.row[span]).len()
    }

    /// The span's links, in the order of the input.
    pub fn links(&self, span: SpanIdx) -> impl Iterator<Item = Link<'_>> {
        let range = self.links.range(self.row[span]);
        let before =
            |i: usize| i.checked_sub(1).and_then(|i| self.links.items.get(i)).map_or(0, |l| l.attributes_end);
        range.filter_map(move |i| {
            let &stored = self.links.items.get(i)?;
            Some(Link { store: self, stored, attributes_start: before(i) })
        })
    }

    /// The span as it stood on the wire.
    pub fn row(&self, span: SpanIdx) -> SpanRow<'_> {
        let rare = self.rare(span);
        let base = self.traces[self.trace[span]].start.0;
        let (start, end) = of_span(&self.raw_times, span).unwrap_or_else(|| {
            let start = base + self.start[span];
            (UnixNanos(start), UnixNanos(start + self.duration[span]))
        });
        SpanRow {
            trace_id: self.traces[self.trace[span]].id,
            span_id: self.span_id[span],
            parent_span_id: self.parent_span_id(span),
            trace_state: Cow::Borrowed(self.strings.get(rare.trace_state)),
            flags: rare.flags,
            name: Cow::Borrowed(self.name(span)),
            kind: self.kind(span),
            start,
            end,
            attributes: self.attributes(span).map(Attribute::to_key_value).collect(),
            dropped_attributes_count: rare.dropped_attributes_count,
            events: self.events(span).map(|event| event.row()).collect(),
            dropped_events_count: rare.dropped_events_count,
            links: self.links(span).map(|link| link.row()).collect(),
            dropped_links_count: rare.dropped_links_count,
            status_code: self.status_code(span),
            status_message: Cow::Borrowed(self.strings.get(rare.status_message)),
        }
    }

    /// Gives everything to another sink: a writer, or the builder of a larger store. In order of arrival, so that what
    /// was kept apart by source stays so.
    pub fn feed(&self, sink: &mut dyn SpanSink) {
        self.feed_without(&[], sink);
    }

    /// [`TraceStore::feed`], but for some spans, given in their order.
    pub(crate) fn feed_without(&self, left_out: &[SpanIdx], sink: &mut dyn SpanSink) {
        let stays = |span: &SpanIdx| left_out.binary_search(span).is_err();
        let mut spans: Vec<SpanIdx> = self.row.indices().filter(stays).collect();
        sort_by_number(&mut spans, |&span| u64::from(self.row[span]));
        self.feed_in(&mut spans.into_iter(), sink);
    }

    /// Gives everything to a writer of a format that keeps the spans of a trace together: trace by trace, parents before
    /// their children.
    pub fn feed_traces(&self, sink: &mut dyn SpanSink) {
        self.feed_in(&mut self.row.indices(), sink);
    }

    /// Spans in this order, then log records and exemplars in order of arrival.
    fn feed_in(&self, spans: &mut dyn Iterator<Item = SpanIdx>, sink: &mut dyn SpanSink) {
        let resources: Vec<_> =
            self.resources.as_slice().iter().map(|content| (sink.open_resource(), content)).collect();
        for (resource, content) in &resources {
            sink.close_resource(*resource, content);
        }
        let scopes: Vec<_> =
            self.scopes.as_slice().iter().map(|content| (sink.open_scope(), content)).collect();
        for (scope, content) in &scopes {
            sink.close_scope(*scope, content);
        }
        for span in spans {
            let origin = self.origins[self.origin[span]];
            let (Some(resource), Some(scope)) =
                (resources.get(origin.resource.0 as usize), scopes.get(origin.scope.0 as usize))
            else {
                continue;
            };
            sink.span(resource.0, scope.0, &self.row(span));
        }
        self.feed_signals(&resources, &scopes, sink);
    }

    /// Bytes held, beside the text itself.
    pub fn memory(&self) -> usize {
        self.row.memory()
            + self.trace.memory()
            + self.span_id.memory()
            + self.parent.memory()
            + self.subtree_end.memory()
            + self.depth.memory()
            + self.start.memory()
            + self.duration.memory()
            + self.name.memory()
            + self.origin.memory()
            + self.rare.memory()
            + self.kind_status.memory()
            + self.flags.memory()
            + self.attributes_end.capacity() * 4
            + self.attributes.memory()
            + self.events.memory()
            + self.links.memory()
            + self.signals.memory()
            + self.traces.memory()
            + self.strings.memory()
            - self.strings.text_bytes()
    }
}

impl<'a> Event<'a> {
    /// When it happened, as written.
    pub fn time(&self) -> UnixNanos {
        UnixNanos(self.stored.time)
    }

    /// What happened.
    pub fn name(&self) -> &'a str {
        self.store.strings.get(self.stored.name)
    }

    /// Its attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let store = self.store;
        (self.attributes_start..self.stored.attributes_end)
            .filter_map(|place| store.events.attributes.get(&store.strings, place))
    }

    /// As it stood on the wire.
    pub fn row(&self) -> EventRow<'a> {
        EventRow {
            time: self.time(),
            name: Cow::Borrowed(self.name()),
            attributes: self.attributes().map(Attribute::to_key_value).collect(),
            dropped_attributes_count: self.stored.dropped_attributes_count,
        }
    }
}

impl<'a> Link<'a> {
    /// The linked span's trace.
    pub fn trace_id(&self) -> TraceId {
        self.stored.trace_id
    }

    /// The linked span.
    pub fn span_id(&self) -> SpanId {
        self.stored.span_id
    }

    /// Its attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let store = self.store;
        (self.attributes_start..self.stored.attributes_end)
            .filter_map(|place| store.links.attributes.get(&store.strings, place))
    }

    /// As it stood on the wire.
    pub fn row(&self) -> LinkRow<'a> {
        LinkRow {
            trace_id: self.stored.trace_id,
            span_id: self.stored.span_id,
            trace_state: Cow::Borrowed(self.store.strings.get(self.stored.trace_state)),
            attributes: self.attributes().map(Attribute::to_key_value).collect(),
            dropped_attributes_count: self.stored.dropped_attributes_count,
            flags: self.stored.flags,
        }
    }
}
