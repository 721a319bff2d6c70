//! What is open: the store, and what was derived from it so far.

use analysis::ColourSlot;
use otel::{SpanId, TraceId};
use store::{Column, Numbers, ServiceIdx, SpanIdx, TraceIdx, TraceStore};

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
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut traces = Numbers::default();
        let mut spans = Numbers::default();
        for &(trace, span) in wanted.iter().filter(|(trace, _)| !trace.is_absent()) {
            traces.of(trace);
            if !span.is_absent() {
                spans.of((trace, span));
            }
        }
        let mut trace_of: Vec<Option<TraceIdx>> = vec![None; traces.values().len()];
        let mut span_of: Vec<Option<SpanIdx>> = vec![None; spans.values().len()];
        for index in self.store.traces().indices() {
            let trace = self.store.trace(index);
            let Some(slot) = traces.find(&trace.id).and_then(|number| trace_of.get_mut(number as usize))
            else {
                continue;
            };
            *slot = Some(index);
            let mut missing = spans.values().iter().filter(|(of, _)| *of == trace.id).count();
            for span in trace.indices() {
                if missing == 0 {
                    break;
                }
                if let Some(number) = spans.find(&(trace.id, self.store.span_id(span)))
                    && let Some(first @ None) = span_of.get_mut(number as usize)
                {
                    *first = Some(span);
                    missing -= 1;
                }
            }
        }
        let find = |&(trace, span): &(TraceId, SpanId)| {
            let number = traces.find(&trace)? as usize;
            let found = trace_of.get(number).copied().flatten()?;
            let number = spans.find(&(trace, span)).map(|number| number as usize);
            let span = number.and_then(|number| span_of.get(number).copied().flatten());
            Some(Found { trace: found.0, span: span.map(|span| span.0) })
        };
        wanted.iter().map(find).collect()
    }
}
