//! The trace list and the charts over it.

use store::{TraceIdx, TraceStore};

use crate::open::Open;
use crate::views::bounded;
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
        let traces = analysis::list_traces(store, &asked(query));
        let longest = traces.iter().map(|&trace| store.trace(trace).duration).max().unwrap_or(0);
        Self { query: query.clone(), traces, longest }
    }
}

fn asked(query: &ListQuery) -> analysis::TraceListQuery {
    let range = |range: Option<(u64, u64)>| range.map(|(from, to)| from..to.saturating_add(1));
    analysis::TraceListQuery {
        filter: query.filter.clone(),
        sort: match query.sort {
            ListSort::Root => analysis::SortKey::Root,
            ListSort::Services => analysis::SortKey::Services,
            ListSort::Spans => analysis::SortKey::Spans,
            ListSort::Errors => analysis::SortKey::Errors,
            ListSort::Start => analysis::SortKey::Start,
            ListSort::Duration => analysis::SortKey::Duration,
        },
        descending: query.descending,
        start: range(query.start),
        duration: range(query.duration),
    }
}

#[inline(never)]
pub(crate) fn traces(open: &mut Open, query: &ListQuery, first: u32, count: u32) -> TraceRows {
    let listed = match open.listed.take() {
        Some(listed) if listed.query == *query => listed,
        _ => Listed::new(&open.store, query),
    };
    let rows = listed
        .traces
        .iter()
        .skip(first as usize)
        .take(count as usize)
        .map(|&trace| row(open, trace))
        .collect();
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

/// Ranges are chosen in the charts: they do not take away what may be chosen next. The filter does.
#[inline(never)]
pub(crate) fn charts(open: &Open, query: &ListQuery, width: f32, height: f32) -> Charts {
    let store = &open.store;
    let by_start = ListQuery { sort: ListSort::Start, descending: false, ..query.clone() };
    let traces = analysis::list_traces(store, &asked(&by_start));
    let stats = analysis::latency(store, &traces);
    let start_of = |trace: Option<&TraceIdx>| trace.map_or(0, |&trace| store.trace(trace).start.0);
    let start = (start_of(traces.first()), start_of(traces.last()));
    let pixels = |size: f32| bounded(f64::from(size), f64::from(u16::MAX)) as u32;
    let points = analysis::scatter(store, &traces, pixels(width), pixels(height));
    Charts {
        start,
        duration: (stats.min, stats.max),
        points: points
            .into_iter()
            .map(|point| ChartPoint {
                start: point.start.0.saturating_sub(start.0),
                duration: point.duration,
                trace: point.trace.0,
                error: point.error,
                count: point.count,
            })
            .collect(),
        buckets: stats
            .buckets
            .into_iter()
            .map(|bucket| ChartBucket {
                from: bucket.from,
                to: bucket.to,
                count: bucket.count,
                errors: bucket.error_count,
            })
            .collect(),
        p50: stats.p50,
        p95: stats.p95,
        p99: stats.p99,
        count: stats.count,
    }
}
