//! Rows in, in any order; columns out.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hash as _, Hasher};

use otel::{
    AnyValue, AttributeRef, ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanId,
    SpanRow, SpanSink, StatusCode, TraceId, UnixNanos, Warning, WarningKind,
};
use rustc_hash::FxBuildHasher;

use crate::index::{Column, Idx, OriginIdx, ServiceIdx, SpanIdx, StrIdx, TraceIdx};
use crate::numbers::{Numbers, Table, fold, hash_of};
use crate::signals::Signals;
use crate::sort::sort_numbers;
use crate::spans::{Origin, Rare, SpanFlags, Sparse, StoredEvent, StoredLink, Trace, TraceStore};
use crate::strings::{Interner, StringPool};
use crate::tree::{NONE, Seed, plant};
use crate::values::AttributeTable;
use crate::warnings::Warnings;

/// Before this many nanoseconds after the epoch (12 January 1970) a time is no wall clock: such traces count from
/// zero, and a start of zero is their start, not a missing one.
const WALL_CLOCK: u64 = 1_000_000_000_000_000;

/// Takes rows in order of arrival; [`TraceStoreBuilder::seal`] repairs them and sets up the columns.
#[derive(Debug, Default)]
pub struct TraceStoreBuilder {
    strings: StringPool,
    interner: Interner,
    traces: Numbers<TraceId>,
    last_trace: Option<(TraceId, u32)>,
    resources: Distinct<Resource<'static>>,
    scopes: Distinct<Scope<'static>>,
    pairs: Vec<(ResourceRef, ScopeRef)>,
    rare: Numbers<Rare>,
    last_rare: Option<(Rare, u32)>,
    warnings: Warnings,
    rows: Rows,
    attributes: AttributeTable,
    events: Sparse<StoredEvent>,
    links: Sparse<StoredLink>,
    signals: Signals,
}

/// One entry a span, in order of arrival.
#[derive(Debug, Default)]
struct Rows {
    trace: Vec<u32>,
    id: Vec<SpanId>,
    parent: Vec<SpanId>,
    start: Vec<u64>,
    end: Vec<u64>,
    name: Vec<StrIdx>,
    pair: Vec<u32>,
    rare: Vec<u32>,
    kind_status: Vec<u8>,
    attributes_end: Vec<u32>,
}

/// Contents told apart by value. References may be closed late, or never.
#[derive(Debug)]
struct Distinct<T> {
    of_ref: Vec<Option<u32>>,
    values: Vec<T>,
    places: Table,
}

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self { of_ref: Vec::new(), values: Vec::new(), places: Table::default() }
    }
}

impl<T: Default + PartialEq> Distinct<T> {
    fn open(&mut self) -> u32 {
        self.of_ref.push(None);
        self.of_ref.len() as u32 - 1
    }

    fn close(&mut self, reference: u32, hash: u32, same: impl Fn(&T) -> bool, own: impl FnOnce() -> T) {
        let known = self.places.find(hash, |place| self.values.get(place as usize).is_some_and(&same));
        let place = known.unwrap_or_else(|| {
            let place = self.values.len() as u32;
            self.values.push(own());
            self.places.add(hash, place);
            place
        });
        if let Some(slot) = self.of_ref.get_mut(reference as usize) {
            *slot = Some(place);
        }
    }

    /// Values, and the place for each reference. What was never closed gets an empty content.
    fn finish(mut self) -> (Vec<T>, Vec<u32>) {
        let mut empty = self.values.iter().position(|value| *value == T::default()).map(|place| place as u32);
        let mut places = Vec::with_capacity(self.of_ref.len());
        for place in self.of_ref {
            places.push(place.unwrap_or_else(|| {
                *empty.get_or_insert_with(|| {
                    self.values.push(T::default());
                    self.values.len() as u32 - 1
                })
            }));
        }
        (self.values, places)
    }
}

fn hash_value(hasher: &mut impl Hasher, value: &AnyValue<'_>) {
    match value {
        AnyValue::Empty => hasher.write_u8(0),
        AnyValue::Str(text) => text.hash(hasher),
        AnyValue::Bool(value) => value.hash(hasher),
        AnyValue::Int(value) => value.hash(hasher),
        AnyValue::Double(value) => value.to_bits().hash(hasher),
        AnyValue::Bytes(bytes) => bytes.hash(hasher),
        // Equal hashes are compared by value, so what lies deeper need not count.
        AnyValue::Array(values) => hasher.write_usize(values.len()),
        AnyValue::Map(values) => hasher.write_usize(values.len()),
    }
}

fn hash_content(texts: &[&str], attributes: &[KeyValue<'_>]) -> u32 {
    let mut hasher = FxBuildHasher.build_hasher();
    for text in texts {
        text.hash(&mut hasher);
    }
    for KeyValue { key, value } in attributes {
        key.hash(&mut hasher);
        hash_value(&mut hasher, value);
    }
    fold(hasher.finish())
}

impl SpanSink for TraceStoreBuilder {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(self.resources.open())
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        let hash = hash_content(&[&content.schema_url], &content.attributes);
        self.resources.close(resource.0, hash, |known| known == content, || content.clone().into_owned());
    }

    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(self.scopes.open())
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        let hash = hash_content(&[&content.name, &content.version, &content.schema_url], &content.attributes);
        self.scopes.close(scope.0, hash, |known| known == content, || content.clone().into_owned());
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        for attribute in &span.attributes {
            self.attributes.push(&mut self.strings, &mut self.interner, attribute);
        }
        self.row(resource, scope, span);
    }

    fn attribute(&mut self, attribute: &KeyValue<'_>) -> Option<AttributeRef> {
        Some(self.attributes.name(&mut self.strings, &mut self.interner, attribute))
    }

    fn span_with(
        &mut self,
        resource: ResourceRef,
        scope: ScopeRef,
        span: &SpanRow<'_>,
        attributes: &[AttributeRef],
    ) {
        self.attributes.extend(attributes);
        self.row(resource, scope, span);
    }

    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.signals.log(&mut self.strings, &mut self.interner, resource, scope, log);
    }

    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        self.signals.exemplar(&mut self.strings, &mut self.interner, resource, scope, exemplar);
    }

    fn warn(&mut self, warning: Warning) {
        self.warnings.add(warning);
    }
}

impl TraceStoreBuilder {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A builder that holds all of `store`, to add to it.
    pub fn from_store(store: &TraceStore) -> Self {
        Self::from_store_without(store, &[])
    }

    fn from_store_without(store: &TraceStore, left_out: &[SpanIdx]) -> Self {
        let mut builder = Self::default();
        store.feed_without(left_out, &mut builder);
        for known in store.warnings.iter() {
            // What sealing finds, it will find again.
            if known.kind < WarningKind::MissingTraceId {
                builder.warnings.add_many(known.kind, known.count, known.offset, || known.example.clone());
            }
        }
        builder
    }

    /// Spans so far.
    pub fn span_count(&self) -> usize {
        self.rows.id.len()
    }

    /// Traces so far.
    pub fn trace_count(&self) -> usize {
        self.traces.values().len()
    }

    /// Log records so far.
    pub fn log_count(&self) -> usize {
        self.signals.log_count()
    }

    /// Exemplars so far.
    pub fn exemplar_count(&self) -> usize {
        self.signals.exemplar_count()
    }

    /// Traces that log records and exemplars name, whether or not there are spans of them.
    pub fn named_trace_count(&self) -> usize {
        self.signals.trace_count()
    }

    /// A span whose attributes were pushed before.
    fn row(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        let row = self.rows.id.len() as u32;
        let trace = self.trace_slot(span.trace_id);
        let (name, _) = self.interner.intern(&mut self.strings, &span.name);
        if self.pairs.last() != Some(&(resource, scope)) {
            self.pairs.push((resource, scope));
        }
        let rare = self.rare_place(span);
        let rows = &mut self.rows;
        rows.trace.push(trace);
        rows.id.push(span.span_id);
        rows.parent.push(span.parent_span_id);
        rows.start.push(span.start.0);
        rows.end.push(span.end.0);
        rows.name.push(name);
        rows.pair.push(self.pairs.len() as u32 - 1);
        rows.rare.push(rare);
        rows.kind_status.push(span.kind as u8 | (span.status_code as u8) << 3);

        rows.attributes_end.push(self.attributes.len());

        let (strings, interner) = (&mut self.strings, &mut self.interner);
        if !span.events.is_empty() {
            self.events.starts.push((row, self.events.items.len() as u32));
        }
        for event in &span.events {
            for attribute in &event.attributes {
                self.events.attributes.push(strings, interner, attribute);
            }
            self.events.items.push(StoredEvent {
                time: event.time.0,
                name: interner.intern(strings, &event.name).0,
                attributes_end: self.events.attributes.len(),
                dropped_attributes_count: event.dropped_attributes_count,
            });
        }
        if !span.links.is_empty() {
            self.links.starts.push((row, self.links.items.len() as u32));
        }
        for link in &span.links {
            for attribute in &link.attributes {
                self.links.attributes.push(strings, interner, attribute);
            }
            self.links.items.push(StoredLink {
                trace_id: link.trace_id,
                span_id: link.span_id,
                trace_state: interner.intern(strings, &link.trace_state).0,
                flags: link.flags,
                attributes_end: self.links.attributes.len(),
                dropped_attributes_count: link.dropped_attributes_count,
            });
        }
    }

    fn trace_slot(&mut self, id: TraceId) -> u32 {
        if let Some((last, slot)) = self.last_trace
            && last == id
        {
            return slot;
        }
        let slot = self.traces.of(id);
        self.last_trace = Some((id, slot));
        slot
    }

    fn rare_place(&mut self, span: &SpanRow<'_>) -> u32 {
        let rare = Rare {
            trace_state: self.interner.intern(&mut self.strings, &span.trace_state).0,
            status_message: self.interner.intern(&mut self.strings, &span.status_message).0,
            flags: span.flags,
            dropped_attributes_count: span.dropped_attributes_count,
            dropped_events_count: span.dropped_events_count,
            dropped_links_count: span.dropped_links_count,
        };
        if let Some((last, place)) = self.last_rare
            && last == rare
        {
            return place;
        }
        let place = self.rare.of(rare);
        self.last_rare = Some((rare, place));
        place
    }

    /// Repairs, counts, sorts and sets up the columns.
    pub fn seal(self) -> TraceStore {
        let store = self.set_up();
        let repeated = repeated(&store);
        if repeated.is_empty() {
            return store;
        }
        // Seldom, so it may cost another pass.
        let mut builder = Self::from_store_without(&store, &repeated);
        let first = repeated.first().copied().unwrap_or_default();
        builder.warnings.add_many(WarningKind::RepeatedSpan, repeated.len() as u64, None, || {
            let (span, trace) = (store.span_id(first), store.trace(store.trace_of(first)).id);
            format!("span {span} of trace {trace} came again with the same content; it is kept once")
        });
        drop(store);
        builder.set_up()
    }

    // Apart from who calls it, as all that loops: browsers optimise a function at a time, the smaller the sooner.
    #[inline(never)]
    fn set_up(self) -> TraceStore {
        let Self {
            strings,
            traces,
            rare,
            mut warnings,
            rows,
            mut attributes,
            mut events,
            mut links,
            mut signals,
            ..
        } = self;
        let trace_ids = traces.into_values();
        let (resources, resource_places) = self.resources.finish();
        let (scopes, scope_places) = self.scopes.finish();
        signals.seal(&resource_places, &scope_places);
        let (services, service_of_resource) = name_services(&resources, &self.pairs, &resource_places);
        let (origins, origin_of_pair) =
            find_origins(&self.pairs, &resource_places, &scope_places, &service_of_resource);

        attributes.seal();
        events.attributes.seal();
        links.attributes.seal();
        events.starts.shrink_to_fit();
        events.items.shrink_to_fit();
        links.starts.shrink_to_fit();
        links.items.shrink_to_fit();

        let count = rows.id.len();
        let mut sealing = Sealing::with_capacity(count);
        let groups = Groups::of(&rows, &trace_ids);
        let mut seeds = Vec::new();
        for &slot in &groups.order {
            let rows_of_trace = groups.rows(slot);
            let id = trace_ids.get(slot as usize).copied().unwrap_or_default();
            sealing.trace(&rows, id, rows_of_trace, &mut seeds);
        }
        sealing.report(&mut warnings);

        let mut store = TraceStore {
            traces: sealing.traces.into(),
            trace: sealing.trace.into(),
            span_id: gather(&sealing.row, &rows.id).into(),
            name: gather(&sealing.row, &rows.name).into(),
            rare: gather(&sealing.row, &rows.rare).into(),
            kind_status: gather(&sealing.row, &rows.kind_status).into(),
            origin: sealing
                .row
                .iter()
                .map(|&row| {
                    let pair = rows.pair.get(row as usize).copied().unwrap_or(0);
                    origin_of_pair.get(pair as usize).copied().unwrap_or_default()
                })
                .collect::<Vec<_>>()
                .into(),
            row: sealing.row.into(),
            parent: sealing.parent.into(),
            subtree_end: sealing.subtree_end.into(),
            depth: sealing.depth.into(),
            start: sealing.start.into(),
            duration: sealing.duration.into(),
            flags: sealing.flags.into(),
            rare_values: rare.into_values(),
            origins: origins.into(),
            resources: resources.into(),
            scopes: scopes.into(),
            services: services.into(),
            strings,
            attributes_end: rows.attributes_end,
            attributes,
            events,
            links,
            lost_parents: sealing.lost_parents,
            raw_times: sealing.raw_times,
            warnings: Warnings::default(),
            signals: Signals::default(),
        };
        store.attributes_end.shrink_to_fit();
        sum_up(&mut store);
        signals.attach(&store, &mut warnings);
        store.signals = signals;
        store.warnings = warnings;
        store
    }
}

/// Rows by trace.
struct Groups {
    by_trace: Vec<u32>,
    ends: Vec<u32>,
    /// Trace slots by start time, then id.
    order: Vec<u32>,
}

impl Groups {
    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "slots and rows count these very vectors")]
    fn of(rows: &Rows, trace_ids: &[TraceId]) -> Self {
        let mut ends = vec![0_u32; trace_ids.len()];
        let mut starts_at = vec![u64::MAX; trace_ids.len()];
        for (row, &slot) in rows.trace.iter().enumerate() {
            ends[slot as usize] += 1;
            if let Some(known) = known_start(rows.start[row], rows.end[row]) {
                let earliest = &mut starts_at[slot as usize];
                *earliest = known.min(*earliest);
            }
        }
        let mut total = 0;
        for end in &mut ends {
            total += std::mem::replace(end, total);
        }
        let mut by_trace = vec![0; rows.trace.len()];
        for (row, &slot) in rows.trace.iter().enumerate() {
            let end = &mut ends[slot as usize];
            by_trace[*end as usize] = row as u32;
            *end += 1;
        }
        let mut order: Vec<u32> = (0..trace_ids.len() as u32).collect();
        let key = |slot: u32| (starts_at[slot as usize], trace_ids[slot as usize]);
        sort_numbers(&mut order, &|a, b| key(a).cmp(&key(b)));
        Self { by_trace, ends, order }
    }

    fn rows(&self, slot: u32) -> &[u32] {
        let end = self.ends.get(slot as usize).copied().unwrap_or(0) as usize;
        let start =
            (slot as usize).checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0) as usize;
        self.by_trace.get(start..end).unwrap_or(&[])
    }
}

fn start_is_missing(start: u64, end: u64) -> bool {
    start == 0 && (end == 0 || end >= WALL_CLOCK)
}

/// The earliest moment at which the span is known to have been there.
fn known_start(start: u64, end: u64) -> Option<u64> {
    if start_is_missing(start, end) { (end > 0).then_some(end) } else { Some(start) }
}

/// Columns in the making.
#[derive(Default)]
struct Sealing {
    traces: Vec<Trace>,
    row: Vec<u32>,
    trace: Vec<TraceIdx>,
    parent: Vec<u32>,
    subtree_end: Vec<SpanIdx>,
    depth: Vec<u32>,
    start: Vec<u64>,
    duration: Vec<u64>,
    flags: Vec<SpanFlags>,
    lost_parents: Vec<(SpanIdx, SpanId)>,
    raw_times: Vec<(SpanIdx, (UnixNanos, UnixNanos))>,
    found: Warnings,
}

impl Sealing {
    fn with_capacity(count: usize) -> Self {
        Self {
            row: Vec::with_capacity(count),
            trace: Vec::with_capacity(count),
            parent: Vec::with_capacity(count),
            subtree_end: Vec::with_capacity(count),
            depth: Vec::with_capacity(count),
            start: Vec::with_capacity(count),
            duration: Vec::with_capacity(count),
            flags: Vec::with_capacity(count),
            ..Self::default()
        }
    }

    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "rows and places count these very vectors")]
    fn trace(&mut self, rows: &Rows, id: TraceId, rows_of_trace: &[u32], seeds: &mut Vec<Seed>) {
        seeds.clear();
        let mut base = u64::MAX;
        for &row in rows_of_trace {
            let row = row as usize;
            let known = known_start(rows.start[row], rows.end[row]);
            base = base.min(known.unwrap_or(u64::MAX));
            seeds.push(Seed {
                id: rows.id[row].0,
                parent: rows.parent[row].0,
                start: known.unwrap_or(0),
                start_is_missing: start_is_missing(rows.start[row], rows.end[row]),
            });
        }
        if base == u64::MAX {
            base = 0;
        }
        let forest = plant(seeds);

        let offset = self.row.len() as u32;
        let trace = TraceIdx::new(self.traces.len());
        let mut latest = 0;
        for (place, &local) in forest.row.iter().enumerate() {
            let span = SpanIdx(offset + place as u32);
            let row = rows_of_trace[local as usize] as usize;
            let parent = forest.parent[place];
            let parent = if parent == NONE { NONE } else { parent + offset };
            let mut flags = forest.flags[place];
            let (raw_start, raw_end) = (rows.start[row], rows.end[row]);
            let seed = seeds[local as usize];
            if seed.start_is_missing {
                flags.insert(SpanFlags::NO_START);
            }
            // A span without any time stands at the start of its trace.
            let start = seed.start.saturating_sub(base);
            let duration = match raw_end.checked_sub(base + start) {
                Some(duration) => duration,
                None if raw_end == 0 => {
                    flags.insert(SpanFlags::NO_END);
                    0
                }
                None => {
                    flags.insert(SpanFlags::REVERSED);
                    0
                }
            };
            if base + start != raw_start || base + start + duration != raw_end {
                self.raw_times.push((span, (UnixNanos(raw_start), UnixNanos(raw_end))));
            }
            if parent == NONE && !rows.parent[row].is_absent() {
                self.lost_parents.push((span, rows.parent[row]));
            }
            latest = latest.max(start + duration);
            self.note(id, rows, row, flags);
            self.row.push(row as u32);
            self.trace.push(trace);
            self.parent.push(parent);
            self.subtree_end.push(SpanIdx(forest.subtree_end[place] + offset));
            self.depth.push(forest.depth[place]);
            self.start.push(start);
            self.duration.push(duration);
            self.flags.push(flags);
        }
        if id.is_absent() {
            let count = rows_of_trace.len() as u64;
            self.found.add_many(WarningKind::MissingTraceId, count, None, || {
                format!("{count} spans came without a trace id and are shown as one trace")
            });
        }
        self.traces.push(Trace {
            id,
            spans: SpanIdx(offset)..SpanIdx(self.row.len() as u32),
            root: SpanIdx(offset),
            start: UnixNanos(base),
            duration: latest,
            depth: 0,
            error_count: 0,
            orphan_count: 0,
            service_count: 0,
        });
    }

    /// Counts what was repaired in one span.
    #[expect(clippy::indexing_slicing, reason = "rows count these very vectors")]
    fn note(&mut self, trace: TraceId, rows: &Rows, row: usize, flags: SpanFlags) {
        if flags == SpanFlags::default() {
            return;
        }
        let (id, parent) = (rows.id[row], rows.parent[row]);
        let notes = [
            (SpanFlags::NO_ID, WarningKind::MissingSpanId, "a span of trace {t} has no id"),
            (
                SpanFlags::DUPLICATE_ID,
                WarningKind::DuplicateSpanId,
                "span {s} of trace {t} is there more than once",
            ),
            (
                SpanFlags::ORPHAN,
                WarningKind::Orphan,
                "span {s} of trace {t}: its parent {p} is not in the input",
            ),
            (SpanFlags::CYCLE, WarningKind::Cycle, "span {s} of trace {t} is below its own parent {p}"),
            (SpanFlags::NO_START, WarningKind::MissingStartTime, "span {s} of trace {t} has no start time"),
            (SpanFlags::NO_END, WarningKind::MissingEndTime, "span {s} of trace {t} has no end time"),
            (SpanFlags::REVERSED, WarningKind::ReversedTimes, "span {s} of trace {t} ends before it starts"),
        ];
        for (flag, kind, words) in notes {
            if flags.contains(flag) {
                self.found.add_many(kind, 1, None, || {
                    words
                        .replace("{s}", &id.to_string())
                        .replace("{t}", &trace.to_string())
                        .replace("{p}", &parent.to_string())
                });
            }
        }
    }

    fn report(&self, warnings: &mut Warnings) {
        for found in self.found.iter() {
            warnings.add_many(found.kind, found.count, found.offset, || found.example.clone());
        }
    }
}

#[inline(never)]
fn gather<T: Copy + Default>(order: &[u32], column: &[T]) -> Vec<T> {
    order.iter().map(|&row| column.get(row as usize).copied().unwrap_or_default()).collect()
}

/// Distinct service names, sorted, and the service of each resource. Those of resources that only write log records are
/// not among them: nothing is shown of them.
fn name_services(
    resources: &[Resource<'static>],
    pairs: &[(ResourceRef, ScopeRef)],
    resource_places: &[u32],
) -> (Vec<String>, Vec<ServiceIdx>) {
    let mut has_spans = vec![false; resources.len()];
    for (resource, _) in pairs {
        let place = resource_places.get(resource.0 as usize).copied().unwrap_or(0);
        if let Some(has) = has_spans.get_mut(place as usize) {
            *has = true;
        }
    }
    let names: Vec<String> = resources.iter().map(service_name).collect();
    let mut distinct: Vec<&str> = Vec::new();
    // Few, unlike the resources: each is found in its place.
    for (name, _) in names.iter().zip(has_spans).filter(|(_, has)| *has) {
        if let Err(place) = distinct.binary_search(&name.as_str()) {
            distinct.insert(place, name);
        }
    }
    let services: Vec<String> = distinct.into_iter().map(str::to_owned).collect();
    let of_resource =
        names.iter().map(|name| ServiceIdx::new(services.binary_search(name).unwrap_or_default())).collect();
    (services, of_resource)
}

/// `service.name`; empty where the resource has none.
pub fn service_name(resource: &Resource<'static>) -> String {
    let service = resource.attributes.iter().find(|attribute| attribute.key == "service.name");
    match service.map(|attribute| &attribute.value) {
        Some(AnyValue::Str(name)) => name.clone().into_owned(),
        Some(AnyValue::Int(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Spans that say again what an earlier one of the same id says, in their order.
#[inline(never)]
fn repeated(store: &TraceStore) -> Vec<SpanIdx> {
    let mut repeated = Vec::new();
    if store.warnings.count(WarningKind::DuplicateSpanId) == 0 {
        return repeated;
    }
    let key_of = |span| {
        let (start, duration) = (store.start(span), store.duration(span));
        (store.trace_of(span), store.span_id(span), start, duration, store.name_idx(span))
    };
    let mut known = Table::default();
    // Nearly always, the earlier one comes first in the tree, too: both have the same parent and start.
    for span in store.row.indices() {
        if store.span_id(span).is_absent() {
            continue;
        }
        let key = key_of(span);
        let hash = hash_of(&key);
        match known.find(hash, |first| key_of(SpanIdx(first)) == key) {
            None => known.add(hash, span.0),
            Some(first) if says_the_same(store, SpanIdx(first), span) => repeated.push(span),
            Some(_) => {}
        }
    }
    repeated
}

/// Whatever flags, state, scope and what was dropped say: those differ by the way a span took.
fn says_the_same(store: &TraceStore, a: SpanIdx, b: SpanIdx) -> bool {
    let content = |span: SpanIdx| SpanRow {
        trace_state: Cow::Borrowed(""),
        flags: 0,
        dropped_attributes_count: 0,
        dropped_events_count: 0,
        dropped_links_count: 0,
        ..store.row(span)
    };
    // First what is no work: the first of many may have thousands of events.
    let counts = |span: SpanIdx| (store.event_count(span), store.link_count(span));
    counts(a) == counts(b) && store.resource(a) == store.resource(b) && content(a) == content(b)
}

fn find_origins(
    pairs: &[(ResourceRef, ScopeRef)],
    resource_places: &[u32],
    scope_places: &[u32],
    service_of_resource: &[ServiceIdx],
) -> (Vec<Origin>, Vec<OriginIdx>) {
    let mut origins: Column<OriginIdx, Origin> = Column::default();
    let mut known = Numbers::default();
    let of_pair = pairs
        .iter()
        .map(|(resource, scope)| {
            let resource = resource_places.get(resource.0 as usize).copied().unwrap_or(0);
            let scope = scope_places.get(scope.0 as usize).copied().unwrap_or(0);
            let origin = OriginIdx(known.of((resource, scope)));
            if origin.get() == origins.len() {
                let service = service_of_resource.get(resource as usize).copied().unwrap_or_default();
                origins.push(Origin {
                    resource: Idx::new(resource as usize),
                    scope: Idx::new(scope as usize),
                    service,
                });
            }
            origin
        })
        .collect();
    (origins.into_vec(), of_pair)
}

/// What a list shows of each trace.
#[inline(never)]
#[expect(clippy::indexing_slicing, reason = "columns of one store, by its own indices")]
fn sum_up(store: &mut TraceStore) {
    let mut services_seen: Vec<u32> = vec![u32::MAX; store.services.len()];
    for trace in store.traces.indices() {
        let of = &store.traces[trace];
        let (mut depth, mut errors, mut orphans, mut services) = (0, 0, 0, 0);
        // Of several roots, most often the one with nearly all below it is meant; a tie is for the first.
        let mut root = (of.spans.start, (false, 0));
        for span in of.indices() {
            depth = depth.max(store.depth[span] + 1);
            errors += u32::from(store.kind_status[span] >> 3 == StatusCode::Error as u8);
            orphans += u32::from(store.flags[span].contains(SpanFlags::ORPHAN));
            let service = store.origins[store.origin[span]].service;
            if let Some(seen) = services_seen.get_mut(service.get())
                && *seen != trace.0
            {
                *seen = trace.0;
                services += u32::from(!store.services[service].is_empty());
            }
            if store.parent[span] == NONE {
                let is_whole = !store.flags[span].contains(SpanFlags::ORPHAN);
                let size = (is_whole, store.subtree_end[span].0 - span.0);
                if size > root.1 {
                    root = (span, size);
                }
            }
        }
        let of = &mut store.traces[trace];
        of.depth = depth;
        of.error_count = errors;
        of.orphan_count = orphans;
        of.service_count = services;
        (of.root, _) = root;
    }
}
