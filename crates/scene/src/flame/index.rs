//! Boxes by lane and place, so that a window is found by binary search.

use std::ops::Range;

use store::{SpanIdx, TraceIdx, TraceStore, sort_numbers};

/// A box of the merged flame graph, in preorder: those of a parent follow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergedBox {
    /// 0 for roots.
    pub depth: u32,
    /// Its size on the axis: nanoseconds of the weight. That of the children is at most that of the parent.
    pub width: u64,
    /// Has it failed spans?
    pub error: bool,
}

/// Every box of a flame graph. Made once for a trace and a mode.
#[derive(Clone, Debug, Default)]
pub struct FlameIndex {
    /// Place after the last box of each lane.
    lane_ends: Vec<u32>,
    pub(super) id: Vec<u32>,
    pub(super) start: Vec<u64>,
    pub(super) end: Vec<u64>,
    /// Failed boxes up to and with this one, over all lanes.
    errors: Vec<u32>,
    total: u64,
}

impl FlameIndex {
    /// Time-ordered: ids are span numbers, `lane_of` is by place in the trace. Spans of a lane must not overlap.
    pub fn in_time(store: &TraceStore, trace: TraceIdx, lane_of: &[u32], lanes: u32) -> Self {
        let trace = store.trace(trace);
        let spans = SpanIdx::range(trace.spans.clone()).zip(lane_of.iter().copied());
        Self::collect(
            lanes,
            trace.duration,
            spans.map(|(span, lane)| Item {
                lane,
                id: span.0,
                start: store.start(span),
                end: store.end(span),
                error: store.is_error(span),
            }),
        )
    }

    /// Merged: ids are places in `boxes`. Siblings stand side by side from their parent's left edge on, in order.
    pub fn merged(boxes: &[MergedBox]) -> Self {
        // By depth: where the next child begins.
        let mut next: Vec<u64> = Vec::new();
        let items: Vec<Item> = boxes
            .iter()
            .enumerate()
            .map(|(id, of)| {
                let depth = of.depth as usize;
                next.resize(depth + 1, next.last().copied().unwrap_or(0));
                let start = next.get(depth).copied().unwrap_or(0);
                let end = start.saturating_add(of.width);
                if let Some(next) = next.get_mut(depth) {
                    *next = end;
                }
                next.push(start);
                Item { lane: of.depth, id: id as u32, start, end, error: of.error }
            })
            .collect();
        let lanes = boxes.iter().map(|of| of.depth + 1).max().unwrap_or(0);
        let total = items.iter().filter(|item| item.lane == 0).map(|item| item.end).max().unwrap_or(0);
        Self::collect(lanes, total, items.into_iter())
    }

    fn collect(lanes: u32, total: u64, items: impl Iterator<Item = Item>) -> Self {
        let items: Vec<Item> = items.filter(|item| item.lane < lanes).collect();
        let mut order: Vec<u32> = (0..items.len() as u32).collect();
        let key = |i: u32| items.get(i as usize).map(|item| (item.lane, item.start, item.end, item.id));
        sort_numbers(&mut order, &|a, b| key(a).cmp(&key(b)));
        let items: Vec<Item> = order.iter().filter_map(|&i| items.get(i as usize).copied()).collect();
        let mut index = Self { total, ..Self::default() };
        let mut errors = 0;
        for item in &items {
            errors += u32::from(item.error);
            index.errors.push(errors);
            index.id.push(item.id);
            index.start.push(item.start);
            index.end.push(item.end);
        }
        index.lane_ends =
            (0..lanes).map(|lane| items.partition_point(|item| item.lane <= lane) as u32).collect();
        index
    }

    /// Lanes.
    pub fn lanes(&self) -> u32 {
        self.lane_ends.len() as u32
    }

    /// Length of the axis, in ns.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Lane, start and end of a box. A scan: for a click, not for a frame.
    pub fn find(&self, id: u32) -> Option<(u32, u64, u64)> {
        let at = self.id.iter().position(|&other| other == id)?;
        let lane = self.lane_ends.partition_point(|&end| end as usize <= at);
        Some((lane as u32, *self.start.get(at)?, *self.end.get(at)?))
    }

    /// Places of a lane's boxes.
    pub(super) fn lane(&self, lane: u32) -> Range<usize> {
        let end_of = |lane: u32| self.lane_ends.get(lane as usize).map_or(self.id.len(), |&end| end as usize);
        let start = lane.checked_sub(1).map_or(0, end_of);
        start..end_of(lane)
    }

    pub(super) fn errors(&self, places: Range<usize>) -> u32 {
        let up_to =
            |place: usize| place.checked_sub(1).and_then(|at| self.errors.get(at)).copied().unwrap_or(0);
        up_to(places.end) - up_to(places.start)
    }
}

#[derive(Clone, Copy, Debug)]
struct Item {
    lane: u32,
    id: u32,
    start: u64,
    end: u64,
    error: bool,
}
