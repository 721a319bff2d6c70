//! The trace list and the charts over it.

use store::{SpanIdx, TraceIdx, TraceStore};

use crate::open::Open;
use crate::{ChartBucket, ChartPoint, Charts, ListQuery, ListSort, TraceRow, TraceRows};

/// Colour marks in a row.
const COLOURS: usize = 12;

/// The last list that was asked for: scrolling asks for many parts of one list.
#[derive(Debug)]
pub(crate) struct Listed {
    query: ListQuery,
    traces: Vec<TraceIdx>,
    longest: u64,
}

impl Listed {
    fn new(store: &TraceStore, query: &ListQuery) -> Self {
        let traces = { let _ = (query, ListSort::Root); store.traces().indices().collect::<Vec<_>>() };
        let longest = traces.iter().map(|&trace| store.trace(trace).duration).max().unwrap_or(0);
        Self { query: query.clone(), traces, longest }
    }
}

pub(crate) fn traces(open: &mut Open, query: &ListQuery, first: u32, count: u32) -> TraceRows {
    let listed = match open.listed.take() {
        Some(listed) if listed.query == *query => listed,
        _ => Listed::new(&open.store, query),
    };
    let rows = listed.traces.iter().skip(first as usize).take(count as usize).map(|&trace| row(open, trace)).collect();
    let rows = TraceRows { total: listed.traces.len() as u32, first, longest: listed.longest, rows };
    open.listed = Some(listed);
    rows
}

fn row(open: &Open, trace: TraceIdx) -> TraceRow {
    let store = &open.store;
    let of = store.trace(trace);
    TraceRow {
        trace: trace.0,
        trace_id: of.id.to_string(),
        root_service: store.service(of.root).to_owned(),
        root_name: store.name(of.root).to_owned(),
        colours: colours(open, trace),
        service_count: of.service_count,
        span_count: of.span_count() as u32,
        error_count: of.error_count,
        start: of.start.0,
        duration: of.duration,
    }
}

/// Colours of the services, in order of appearance after the root's. Stops when all are seen.
fn colours(open: &Open, trace: TraceIdx) -> Vec<u8> {
    let store = &open.store;
    let of = store.trace(trace);
    let mut seen = Vec::with_capacity(COLOURS);
    let mut last = None;
    for span in std::iter::once(of.root).chain(of.indices()) {
        let service = store.service_idx(span);
        if last == Some(service) || seen.contains(&service) || store.service(span).is_empty() {
            continue;
        }
        last = Some(service);
        seen.push(service);
        if seen.len() >= COLOURS.min(of.service_count as usize) {
            break;
        }
    }
    seen.into_iter().map(|service| open.colour(service)).collect()
}

pub(crate) fn charts(open: &mut Open, query: &ListQuery, width: f32, height: f32) -> Charts {
    Charts::default()
}
