//! The trace list: filter and order.

use std::ops::Range;

use store::{Idx as _, TraceIdx, TraceStore, sort_by_number, sort_numbers};

use crate::search::{Hex, Needle, search_words};

/// Which traces a list shows, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceListQuery {
    /// Words, all of which must be in the root's service or operation, in the name of any of the trace's services, or in
    /// its id (4 or more hex digits from the beginning, or 8 from anywhere).
    pub filter: String,
    /// Order.
    pub sort: SortKey,
    /// Largest first. Equals stay in order of their start.
    pub descending: bool,
    /// Only traces that start in this range of Unix nanoseconds.
    pub start: Option<Range<u64>>,
    /// Only traces whose duration in nanoseconds is in this range.
    pub duration: Option<Range<u64>>,
}

/// What traces are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// Start time.
    #[default]
    Start,
    /// Duration.
    Duration,
    /// Number of spans.
    Spans,
    /// Number of services.
    Services,
    /// Number of errors.
    Errors,
    /// Service and operation of the root, by alphabet.
    Root,
}

struct Filter {
    needle: Needle,
    hex: Option<Hex>,
    /// By service.
    services: Vec<bool>,
}

/// The traces of a list.
pub fn list_traces(store: &TraceStore, query: &TraceListQuery) -> Vec<TraceIdx> {
    let filters: Vec<Filter> = search_words(&query.filter)
        .into_iter()
        .map(|word| {
            let hex = Hex::new(&word);
            let needle = Needle::new(word);
            let services = store.services().as_slice().iter().map(|name| needle.is_in(name)).collect();
            Filter { needle, hex, services }
        })
        .collect();
    let within =
        |range: &Option<Range<u64>>, value: u64| range.as_ref().is_none_or(|range| range.contains(&value));
    let mut traces: Vec<TraceIdx> = store
        .traces()
        .indices()
        .filter(|&index| {
            let trace = store.trace(index);
            within(&query.start, trace.start.0)
                && within(&query.duration, trace.duration)
                && filters.iter().all(|filter| filter.accepts(store, index))
        })
        .collect();
    let number: fn(&store::Trace) -> u64 = match query.sort {
        SortKey::Start => |trace| trace.start.0,
        SortKey::Duration => |trace| trace.duration,
        SortKey::Spans => |trace| trace.span_count() as u64,
        SortKey::Services => |trace| u64::from(trace.service_count),
        SortKey::Errors => |trace| u64::from(trace.error_count),
        SortKey::Root => return by_root(store, &traces, query.descending),
    };
    sort_by_number(&mut traces, |&index| {
        let number = number(store.trace(index));
        if query.descending { !number } else { number }
    });
    traces
}

fn by_root(store: &TraceStore, traces: &[TraceIdx], descending: bool) -> Vec<TraceIdx> {
    let root = |trace: u32| {
        let root = store.trace(TraceIdx(trace)).root;
        (store.service(root), store.name(root))
    };
    let mut numbers: Vec<u32> = traces.iter().map(|trace| trace.0).collect();
    sort_numbers(&mut numbers, &|a, b| {
        let order = root(a).cmp(&root(b));
        if descending { order.reverse() } else { order }
    });
    numbers.into_iter().map(TraceIdx).collect()
}

impl Filter {
    fn accepts(&self, store: &TraceStore, index: TraceIdx) -> bool {
        let trace = store.trace(index);
        let service = |span| self.services.get(store.service_idx(span).get()) == Some(&true);
        self.hex.is_some_and(|hex| hex.is_in_trace_id(trace.id))
            || self.needle.is_in(store.name(trace.root))
            || (self.services.contains(&true) && trace.indices().any(service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::TraceStoreBuilder;

    fn check(query: &TraceListQuery, expected: &str) {
        let mut builder = TraceStoreBuilder::new();
        fixtures::trace(
            "
            shop     first   0..5s     trace=a1
              cart   get     1..2s     !error
              cart   get     2..3s     !error
            mail     second  10..12s   trace=deadbeefdeadbeefdeadbeefdeadbeef
            admin    third   20..29s   trace=c3
              db     query   21..22s
            ",
        )
        .feed(&mut builder);
        let store = builder.seal();
        let found: Vec<&str> =
            list_traces(&store, query).into_iter().map(|trace| store.name(store.trace(trace).root)).collect();
        assert_eq!(found.join(" "), expected, "{query:?}");
    }

    #[test]
    fn order() {
        for (sort, up, down) in [
            (SortKey::Start, "first second third", "third second first"),
            (SortKey::Duration, "second first third", "third first second"),
            (SortKey::Spans, "second third first", "first third second"),
            (SortKey::Services, "second first third", "first third second"),
            (SortKey::Errors, "second third first", "first second third"),
            (SortKey::Root, "third second first", "first second third"),
        ] {
            check(&TraceListQuery { sort, ..TraceListQuery::default() }, up);
            check(&TraceListQuery { sort, descending: true, ..TraceListQuery::default() }, down);
        }
    }

    #[test]
    fn filter() {
        for (filter, expected) in [
            ("", "first second third"),
            ("SHOP", "first"),
            ("cart", "first"),
            ("get", ""),
            ("second", "second"),
            ("mail second", "second"),
            ("mail third", ""),
            ("deadbeef", "second"),
            ("c3", ""),
        ] {
            check(&TraceListQuery { filter: filter.to_owned(), ..TraceListQuery::default() }, expected);
        }
    }

    #[test]
    fn ranges() {
        const SECOND: u64 = 1_000_000_000;
        let base = fixtures::BASE.0;
        let start = Some(base + 1..base + 20 * SECOND);
        check(&TraceListQuery { start, ..TraceListQuery::default() }, "second");
        let duration = Some(5 * SECOND..9 * SECOND);
        check(&TraceListQuery { duration, ..TraceListQuery::default() }, "first");
    }
}
