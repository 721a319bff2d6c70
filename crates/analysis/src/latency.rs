//! Durations of many traces: percentiles, a histogram, points of a scatter chart.

use otel::UnixNanos;
use store::{Numbers, TraceIdx, TraceStore, sort_by_number};

/// Pixels of a point.
const POINT: f64 = 3.0;

/// How long traces take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatencyStats {
    /// Traces.
    pub count: u32,
    /// Of these, with errors.
    pub error_count: u32,
    /// Shortest, nanoseconds.
    pub min: u64,
    /// The shortest duration that half of the traces do not exceed.
    pub p50: u64,
    /// As above, 95 of 100.
    pub p95: u64,
    /// As above, 99 of 100.
    pub p99: u64,
    /// Longest, nanoseconds.
    pub max: u64,
    /// From the shortest to the longest, without a gap, empty ones too.
    pub buckets: Vec<LatencyBucket>,
}

/// Traces of about the same duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyBucket {
    /// Nanoseconds, included.
    pub from: u64,
    /// Nanoseconds, excluded.
    pub to: u64,
    /// Traces.
    pub count: u32,
    /// Of these, with errors.
    pub error_count: u32,
}

/// A point of the chart of durations over time: a trace, or several too near to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScatterPoint {
    /// Start of the trace.
    pub start: UnixNanos,
    /// Nanoseconds.
    pub duration: u64,
    /// The one that stands for all: one with errors before one without, then the longest.
    pub trace: TraceIdx,
    /// Has one of them errors?
    pub error: bool,
    /// How many.
    pub count: u32,
}

/// Percentiles (nearest rank) and histogram of the durations of `traces`.
pub fn latency(store: &TraceStore, traces: &[TraceIdx]) -> LatencyStats {
    let mut durations: Vec<u64> = traces.iter().map(|&trace| store.trace(trace).duration).collect();
    sort_by_number(&mut durations, |&duration| duration);
    let (Some(&min), Some(&max)) = (durations.first(), durations.last()) else {
        return LatencyStats::default();
    };
    let percentile = |percent: usize| {
        let rank = (durations.len() * percent).div_ceil(100);
        durations.get(rank.saturating_sub(1)).copied().unwrap_or(max)
    };
    let edges = edges(min, max);
    let mut buckets: Vec<LatencyBucket> = edges
        .array_windows()
        .map(|&[from, to]| LatencyBucket { from, to, count: 0, error_count: 0 })
        .collect();
    let mut error_count = 0;
    for &trace in traces {
        let trace = store.trace(trace);
        let error = u32::from(trace.error_count > 0);
        error_count += error;
        let place = buckets
            .partition_point(|bucket| bucket.to <= trace.duration)
            .min(buckets.len().saturating_sub(1));
        if let Some(bucket) = buckets.get_mut(place) {
            bucket.count += 1;
            bucket.error_count += error;
        }
    }
    LatencyStats {
        count: traces.len() as u32,
        error_count,
        min,
        p50: percentile(50),
        p95: percentile(95),
        p99: percentile(99),
        max,
        buckets,
    }
}

/// Steps of a decade, in tenths (IEC 60063): even on a logarithmic axis, short to write.
const E6: [u128; 6] = [10, 15, 22, 33, 47, 68];
const E12: [u128; 12] = [10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82];
const E24: [u128; 24] =
    [10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91];

/// Edges of buckets from the last at or before `min` to the first after `max`: at least two.
fn edges(min: u64, max: u64) -> Vec<u64> {
    // The wider the range, the coarser: some tens of buckets.
    let steps: &[u128] = match max / min.max(1) {
        0..100 => &E24,
        100..10_000 => &E12,
        _ => &E6,
    };
    let decades = (0..20).flat_map(|power| steps.iter().map(move |step| step * 10_u128.pow(power) / 10));
    let all = std::iter::once(0).chain(decades).chain([u128::from(u64::MAX)]);
    let mut edges: Vec<u64> = Vec::new();
    for edge in all.map(|edge| u64::try_from(edge).unwrap_or(u64::MAX)) {
        if edge <= min {
            edges.clear();
        }
        if edges.last() != Some(&edge) {
            edges.push(edge);
        }
        if edge > max {
            break;
        }
    }
    edges
}

/// Points for a chart of `width` by `height` pixels, at most one in each 3 by 3: time from left to right, from the first
/// start to the last; durations on a logarithmic axis, from the shortest to the longest.
pub fn scatter(store: &TraceStore, traces: &[TraceIdx], width: u32, height: u32) -> Vec<ScatterPoint> {
    let of = |trace: &TraceIdx| store.trace(*trace);
    let range = |values: &mut dyn Iterator<Item = u64>| {
        values.fold((u64::MAX, 0), |(low, high), v| (v.min(low), v.max(high)))
    };
    let (first, last) = range(&mut traces.iter().map(|trace| of(trace).start.0));
    let (shortest, longest) = range(&mut traces.iter().map(|trace| of(trace).duration));
    let cell = |share: f64, pixels: u32| {
        let cells = (f64::from(pixels) / POINT).ceil();
        (share * cells).min(cells - 1.0) as u32
    };
    let log = |duration: u64| (duration.max(1) as f64).ln();
    let mut cells = Numbers::default();
    let mut points: Vec<ScatterPoint> = Vec::new();
    for &index in traces {
        let trace = store.trace(index);
        let x = (trace.start.0 - first) as f64 / (last - first).max(1) as f64;
        let height_of_all = log(longest) - log(shortest);
        let y = if height_of_all > 0.0 { (log(trace.duration) - log(shortest)) / height_of_all } else { 0.0 };
        let error = trace.error_count > 0;
        let single =
            ScatterPoint { start: trace.start, duration: trace.duration, trace: index, error, count: 1 };
        let number = cells.of((cell(x, width), cell(y, height))) as usize;
        if number == points.len() {
            points.push(ScatterPoint { count: 0, ..single });
        }
        let Some(point) = points.get_mut(number) else { continue };
        let count = point.count + 1;
        if (single.error, single.duration) > (point.error, point.duration) {
            *point = single;
        }
        point.count = count;
    }
    // From left to right, from below.
    let mut points: Vec<_> = points.into_iter().zip(cells.into_values()).collect();
    sort_by_number(&mut points, |&(_, (x, y))| u64::from(x) << 32 | u64::from(y));
    points.into_iter().map(|(point, _)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::TraceStoreBuilder;

    /// Traces as `start duration`, in milliseconds; `!` after it for an error.
    fn store(traces: &str) -> TraceStore {
        let mut builder = TraceStoreBuilder::new();
        for (i, trace) in traces.split(',').enumerate() {
            let mut words = trace.split_whitespace();
            let mut number = || words.next().unwrap().parse::<u64>().unwrap();
            let (start, duration) = (number(), number());
            let error = words.next().unwrap_or("");
            let line = format!("s op {start}..{}ms {error} trace={:x}", start + duration, i + 1);
            fixtures::trace(&line).feed(&mut builder);
        }
        builder.seal()
    }

    fn all(store: &TraceStore) -> Vec<TraceIdx> {
        store.traces().indices().collect()
    }

    #[test]
    fn percentiles_are_durations_that_were_seen() {
        let many: Vec<String> = (1..=200).map(|i| format!("{i} {i}")).collect();
        let store = store(&many.join(","));
        let stats = latency(&store, &all(&store));
        let millis = [stats.min, stats.p50, stats.p95, stats.p99, stats.max].map(|nanos| nanos / 1_000_000);
        assert_eq!(millis, [1, 100, 190, 198, 200]);
        assert_eq!(latency(&store, &[]), LatencyStats::default());
    }

    #[test]
    fn buckets_cover_all() {
        let store = store("0 0, 1 7, 2 7 !, 3 90, 4 2000");
        let stats = latency(&store, &all(&store));
        assert_eq!(stats.buckets.iter().map(|bucket| bucket.count).sum::<u32>(), 5);
        let seen: Vec<_> = (stats.buckets.iter())
            .filter(|bucket| bucket.count > 0)
            .map(|bucket| (bucket.from, bucket.to, bucket.count, bucket.error_count))
            .collect();
        assert_eq!(
            seen,
            [
                (0, 1, 1, 0),
                (6_800_000, 10_000_000, 2, 1),
                (68_000_000, 100_000_000, 1, 0),
                (1_500_000_000, 2_200_000_000, 1, 0),
            ]
        );
    }

    #[test]
    fn edges_follow_each_other_around_the_range() {
        for (min, max) in
            [(0, 0), (1, 1), (10, 10), (95, 105), (1, 1_000_000), (5, u64::MAX), (u64::MAX, u64::MAX)]
        {
            let edges = edges(min, max);
            assert!(edges.len() >= 2 || min == u64::MAX, "{min} to {max}: {edges:?}");
            assert!(edges.is_sorted_by(|a, b| a < b), "{min} to {max}: {edges:?}");
            assert!(
                edges[0] <= min && (max < edges[edges.len() - 1] || max == u64::MAX),
                "{min} to {max}: {edges:?}"
            );
            assert!(edges.len() < 130);
        }
    }

    #[test]
    fn one_point_a_cell_and_errors_win() {
        let store = store("0 1, 1 2, 2 1000 !, 3 999, 5000 10, 10000 1000");
        let points: Vec<_> = scatter(&store, &all(&store), 30, 30)
            .into_iter()
            .map(|point| (point.trace.0, point.duration / 1_000_000, point.error, point.count))
            .collect();
        // 1 and 2 ms are a tenth of three decades apart.
        let right = [(4, 10, false, 1), (5, 1000, false, 1)];
        let left = [(0, 1, false, 1), (1, 2, false, 1), (2, 1000, true, 2)];
        assert_eq!(points, [&left[..], &right[..]].concat());
        let points: Vec<_> = scatter(&store, &all(&store), 30, 3)
            .into_iter()
            .map(|point| (point.trace.0, point.duration / 1_000_000, point.error, point.count))
            .collect();
        assert_eq!(points, [&[(2, 1000, true, 4)], &right[..]].concat());
        assert_eq!(scatter(&store, &[], 30, 30), []);
    }
}
