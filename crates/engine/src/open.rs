//! What is open: the store, and what was derived from it so far.

use analysis::ColourSlot;
use otel::{SpanId, TraceId};
use rustc_hash::FxHashMap;
use store::{Column, ServiceIdx, SpanIdx, TraceIdx, TraceStore, sort_by_number};

use crate::list::Listed;
use crate::search::Search;
use crate::views::{Views, slot};
use crate::{Failure, Found, Opened, ServiceName, WarningInfo};

/// A store and its derived data. Everything here is dropped with it.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) store: TraceStore,
    pub(crate) colours: Column<ServiceIdx, ColourSlot>,
    pub(crate) opened: Opened,
    pub(crate) search: Option<Search>,
    pub(crate) listed: Option<Listed>,
    pub(crate) views: Views,
}

impl Open {
    #[inline(never)]
    pub(crate) fn new(store: TraceStore, mut opened: Opened) -> Self {
        let colours = analysis::colour_slots(&store);
        opened.span_count = store.span_count() as u64;
        opened.trace_count = store.traces().len() as u32;
        opened.memory = (store.memory() + store.strings().text_bytes()) as u64;
        opened.warnings = store
            .warnings()
            .iter()
            .map(|known| WarningInfo {
                kind: known.kind.name().to_owned(),
                count: known.count,
                example: known.example.clone(),
                offset: known.offset,
            })
            .collect();
        let mut open = Self { store, colours, opened, search: None, listed: None, views: Views::default() };
        open.opened.services = open
            .store
            .services()
            .indices()
            .map(|service| open.service(service))
            .filter(|service| !service.name.is_empty())
            .collect();
        open
    }

    /// A service as it is shown.
    pub(crate) fn service(&self, service: ServiceIdx) -> ServiceName {
        ServiceName { name: self.store.services()[service].clone(), colour: self.colour(service) }
    }

    pub(crate) fn colour(&self, service: ServiceIdx) -> u8 {
        slot(&self.colours, service)
    }

    /// Checks a number that came from outside.
    pub(crate) fn trace_at(&self, trace: u32) -> Result<TraceIdx, Failure> {
        let trace = TraceIdx(trace);
        match self.store.traces().get(trace) {
            Some(_) => Ok(trace),
            None => Err(Failure::not_found(format!(
                "There is no trace number {}: {} are open.",
                trace.0,
                self.store.traces().len()
            ))),
        }
    }

    /// Checks a number that came from outside.
    pub(crate) fn span_at(&self, span: u32) -> Result<SpanIdx, Failure> {
        if self.store.has_span(SpanIdx(span)) {
            return Ok(SpanIdx(span));
        }
        Err(Failure::not_found(format!(
            "There is no span number {span}: {} are open.",
            self.store.span_count()
        )))
    }

    /// Checks a number that came from outside, of a span that should be in `trace`.
    pub(crate) fn span_in(&self, trace: TraceIdx, span: u32) -> Result<SpanIdx, Failure> {
        let span = self.span_at(span)?;
        if self.store.trace_of(span) == trace {
            return Ok(span);
        }
        Err(Failure::not_found(format!(
            "Span number {} is not in trace {}.",
            span.0,
            self.store.trace(trace).id
        )))
    }

    /// The trace with this id in hex.
    pub(crate) fn trace_named(&self, id: &str) -> Result<TraceIdx, Failure> {
        let found = self.find(id, None).map(|found| TraceIdx(found.trace));
        found.ok_or_else(|| Failure::not_found(format!("There is no trace {id} in what is open.")))
    }

    /// The trace and, where one is asked for, the span with these ids in hex, of either case.
    pub(crate) fn find(&self, trace_id: &str, span_id: Option<&str>) -> Option<Found> {
        let trace = self.store.find_trace(TraceId::from_hex(trace_id.trim().as_bytes()).ok()?)?;
        let span = span_id.and_then(|id| {
            let id = SpanId::from_hex(id.trim().as_bytes()).ok().filter(|id| !id.is_absent())?;
            self.store.find_span(trace, id)
        });
        Some(Found { trace: trace.0, span: span.map(|span| span.0) })
    }

    /// Where many ids lead. One pass over the traces, one over each trace that is linked to: no index to keep.
    pub(crate) fn find_all(&self, wanted: &[(TraceId, SpanId)]) -> Vec<Option<Found>> {
        let mut found = vec![None; wanted.len()];
        if wanted.is_empty() {
            return found;
        }
        let mut by_trace: FxHashMap<TraceId, FxHashMap<SpanId, Vec<usize>>> = FxHashMap::default();
        for (place, &(trace, span)) in wanted.iter().enumerate() {
            if !trace.is_absent() {
                by_trace.entry(trace).or_default().entry(span).or_default().push(place);
            }
        }
        for trace in self.store.traces().indices() {
            let of = self.store.trace(trace);
            let Some(mut wanted_here) = by_trace.remove(&of.id) else { continue };
            let mut note = |places: Vec<usize>, span: Option<u32>| {
                for place in places {
                    if let Some(slot) = found.get_mut(place) {
                        *slot = Some(Found { trace: trace.0, span });
                    }
                }
            };
            if let Some(places) = wanted_here.remove(&SpanId::ABSENT) {
                note(places, None);
            }
            for span in of.indices() {
                if wanted_here.is_empty() {
                    break;
                }
                if let Some(places) = wanted_here.remove(&self.store.span_id(span)) {
                    note(places, Some(span.0));
                }
            }
            let mut rest: Vec<usize> = wanted_here.into_values().flatten().collect();
            sort_by_number(&mut rest, |&place| place as u64);
            note(rest, None);
            if by_trace.is_empty() {
                break;
            }
        }
        found
    }
}
