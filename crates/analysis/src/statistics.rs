//! Sums by service and by operation.

use store::{Numbers, ServiceIdx, StrIdx, TraceIdx, TraceStore, sort_by_number};

use crate::{Places, TraceAnalysis};

/// A service in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceStats {
    /// The service.
    pub service: ServiceIdx,
    /// Spans.
    pub span_count: u32,
    /// Spans with status ERROR.
    pub error_count: u32,
    /// Sum of self times, nanoseconds.
    pub self_time: u64,
    /// Nanoseconds on the critical path.
    pub critical_time: u64,
}

/// An operation of a service in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationStats {
    /// The service.
    pub service: ServiceIdx,
    /// The operation.
    pub name: StrIdx,
    /// Spans.
    pub span_count: u32,
    /// Spans with status ERROR.
    pub error_count: u32,
    /// Sum of durations, nanoseconds.
    pub total: u64,
    /// Duration of the longest span, nanoseconds.
    pub max: u64,
    /// Sum of self times, nanoseconds.
    pub self_time: u64,
    /// Nanoseconds on the critical path.
    pub critical_time: u64,
}

/// The operations of a trace: most self time first.
#[expect(clippy::indexing_slicing, reason = "rows number these very rows")]
pub fn operation_stats(store: &TraceStore, trace: TraceIdx, analysis: &TraceAnalysis) -> Vec<OperationStats> {
    let places = Places::of(store, trace);
    let mut rows: Vec<OperationStats> = Vec::new();
    let mut known = Numbers::default();
    let mut row_of = |rows: &mut Vec<OperationStats>, span| {
        let (service, name) = (store.service_idx(span), store.name_idx(span));
        let place = known.of((service, name)) as usize;
        if place == rows.len() {
            let (span_count, error_count, total, max, self_time, critical_time) = (0, 0, 0, 0, 0, 0);
            rows.push(OperationStats {
                service,
                name,
                span_count,
                error_count,
                total,
                max,
                self_time,
                critical_time,
            });
        }
        place
    };
    for (span, &self_time) in places.spans().zip(&analysis.self_time) {
        let place = row_of(&mut rows, span);
        let (row, duration) = (&mut rows[place], store.duration(span));
        row.span_count += 1;
        row.error_count += u32::from(store.is_error(span));
        row.total = row.total.saturating_add(duration);
        row.max = row.max.max(duration);
        row.self_time = row.self_time.saturating_add(self_time);
    }
    for (span, time) in analysis.critical.totals() {
        let place = row_of(&mut rows, span);
        rows[place].critical_time += time;
    }
    sort_by_number(&mut rows, |row| u64::from(row.service.0));
    sort_by_number(&mut rows, |row| !row.self_time);
    rows
}

/// The services of a trace: most time on the critical path first, then most self time.
pub fn service_stats(store: &TraceStore, trace: TraceIdx, analysis: &TraceAnalysis) -> Vec<ServiceStats> {
    let mut rows: Vec<ServiceStats> = Vec::new();
    let mut known = Numbers::default();
    for operation in operation_stats(store, trace, analysis) {
        let service = operation.service;
        let place = known.of(service) as usize;
        if place == rows.len() {
            rows.push(ServiceStats {
                service,
                span_count: 0,
                error_count: 0,
                self_time: 0,
                critical_time: 0,
            });
        }
        if let Some(row) = rows.get_mut(place) {
            row.span_count += operation.span_count;
            row.error_count += operation.error_count;
            row.self_time = row.self_time.saturating_add(operation.self_time);
            row.critical_time += operation.critical_time;
        }
    }
    sort_by_number(&mut rows, |row| u64::from(row.service.0));
    sort_by_number(&mut rows, |row| !row.self_time);
    sort_by_number(&mut rows, |row| !row.critical_time);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze;
    use crate::testing::{self, TRACE};

    #[test]
    fn by_service_and_by_operation() {
        let store = testing::store(
            "
            get     |==========| @shop
              query | ===      | @db
              query |     ===  | @db error
              cache |     =    | @shop",
        );
        let analysis = analyze(&store, TRACE);
        let services: Vec<_> = service_stats(&store, TRACE, &analysis)
            .into_iter()
            .map(|row| {
                let service = store.services()[row.service].as_str();
                (service, row.span_count, row.error_count, row.self_time, row.critical_time)
            })
            .collect();
        assert_eq!(services, [("db", 2, 1, 6, 6), ("shop", 2, 0, 5, 4)]);
        let operations: Vec<_> = operation_stats(&store, TRACE, &analysis)
            .into_iter()
            .map(|row| {
                (
                    store.strings().get(row.name),
                    row.span_count,
                    row.total,
                    row.max,
                    row.self_time,
                    row.critical_time,
                )
            })
            .collect();
        assert_eq!(
            operations,
            [("query", 2, 6, 3, 6, 6), ("get", 1, 10, 10, 4, 4), ("cache", 1, 1, 1, 1, 0)]
        );
    }
}
