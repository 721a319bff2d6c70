//! From the index to the boxes the page holds.

use std::cmp::Reverse;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::index::FlameIndex;
use crate::waterfall::shown;

/// Which flame graph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FlameMode {
    /// In order of time; what overlaps stands in lanes.
    #[default]
    InTime,
    /// The same operations put together, the heaviest first.
    Merged,
}

/// Which lanes and which part of the axis the page wants to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlameRequest {
    /// Which graph.
    pub mode: FlameMode,
    /// In ns of time, or of weight where merged.
    pub start: f64,
    /// In ns.
    pub end: f64,
    /// First lane.
    pub first_lane: u32,
    /// Lanes.
    pub lane_count: u32,
    /// Pixels between `start` and `end`: thinner boxes are merged.
    pub px: f64,
    /// Only this box, what spans it above and what lies in it below: a span, or a node where merged.
    pub focus: Option<u32>,
}

/// Boxes of a flame graph.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlameSlice {
    /// Which graph.
    pub mode: FlameMode,
    /// All lanes.
    pub lanes: u32,
    /// Lane of the first box there can be.
    pub first_lane: u32,
    /// Lanes held.
    pub lane_count: u32,
    /// In ns.
    pub start: f64,
    /// In ns.
    pub end: f64,
    /// Length of the whole axis, in ns.
    pub total: f64,
    /// Is there a search? What it does not match is dimmed.
    pub searching: bool,
    /// By lane, then start.
    pub boxes: Vec<FlameBox>,
}

/// A box, or several of a lane that are too thin to tell apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FlameBox {
    /// Lane.
    pub lane: u32,
    /// In ns.
    pub start: f64,
    /// In ns.
    pub end: f64,
    /// A span, or a node of the merged graph; the longest where several are merged.
    pub id: u32,
    /// Boxes put together here because they are thinner than a pixel; 1 for one.
    pub merged: u32,
    /// Colour slot.
    pub colour: u8,
    /// Service and operation, where a label has room.
    pub label: Option<(String, String)>,
    /// Has it failed spans?
    pub error: bool,
    /// Does the search match it?
    pub matched: bool,
    /// Spans it stands for.
    pub count: u32,
    /// Failed ones among them.
    pub error_count: u32,
    /// In ns.
    pub total: f64,
    /// In ns.
    pub self_time: f64,
    /// In ns on the critical path.
    pub critical: f64,
}

/// What the flame graph asks about a box, by id.
pub trait FlameFacts {
    /// Colour slot.
    fn colour(&self, id: u32) -> u8;
    /// Service and operation.
    fn label(&self, id: u32) -> (&str, &str);
    /// Spans it stands for, and failed ones among them.
    fn counts(&self, id: u32) -> (u32, u32);
    /// Total, self and critical time in ns.
    fn times(&self, id: u32) -> (u64, u64, u64);
    /// Does the search match it?
    fn matched(&self, id: u32) -> bool;
    /// Is there a search at all?
    fn searching(&self) -> bool;
}

/// Of boxes merged into one pixel, so many are looked at to find which colour leads: all of them, or every n-th.
const SAMPLE: usize = 16;

/// Pixels below which a label has no room.
const LABEL: f64 = 24.0;

/// The boxes that were asked for. At most two a lane and pixel; each found by binary search.
pub fn flame_slice(index: &FlameIndex, facts: &dyn FlameFacts, request: &FlameRequest) -> FlameSlice {
    let (start, end) = (request.start.max(0.0), request.end.max(0.0));
    let cull = Cull {
        index,
        facts,
        pixel: if request.px >= 1.0 { (end - start) / request.px } else { end - start }
            .max(f64::MIN_POSITIVE),
        start,
        end,
        searching: facts.searching(),
    };
    let first_lane = request.first_lane.min(index.lanes());
    let last_lane = first_lane.saturating_add(request.lane_count).min(index.lanes());
    let focus = request.focus.and_then(|id| index.find(id));
    let mut boxes = Vec::new();
    for lane in first_lane..last_lane {
        cull.lane(lane, focus, &mut boxes);
    }
    FlameSlice {
        mode: request.mode,
        lanes: index.lanes(),
        first_lane,
        lane_count: last_lane - first_lane,
        start,
        end,
        total: index.total() as f64,
        searching: cull.searching,
        boxes,
    }
}

struct Cull<'a> {
    index: &'a FlameIndex,
    facts: &'a dyn FlameFacts,
    /// In ns.
    pixel: f64,
    start: f64,
    end: f64,
    searching: bool,
}

impl Cull<'_> {
    fn lane(&self, lane: u32, focus: Option<(u32, u64, u64)>, boxes: &mut Vec<FlameBox>) {
        let places = self.index.lane(lane);
        let starts = self.index.start.get(places.clone()).unwrap_or(&[]);
        let ends = self.index.end.get(places.clone()).unwrap_or(&[]);
        // Boxes of a lane do not overlap, so they are sorted by end too.
        let mut at = ends.partition_point(|&end| (end as f64) < self.start);
        while let (Some(&start), Some(&end)) = (starts.get(at), ends.get(at)) {
            if start as f64 > self.end {
                break;
            }
            let mut next = at + 1;
            if ((end - start) as f64) < self.pixel {
                // All that begin in the same pixel, but for a last one that leaves it.
                let edge = ((start as f64 / self.pixel).floor() + 1.0) * self.pixel;
                let rest = starts.get(next..).unwrap_or(&[]);
                next += rest.partition_point(|&start| (start as f64) < edge);
                let last = next - 1;
                if let (Some(&start), Some(&end)) = (starts.get(last), ends.get(last))
                    && last > at
                    && (end - start) as f64 >= self.pixel
                {
                    next = last;
                }
            }
            boxes.push(self.merge(lane, places.start + at..places.start + next));
            at = next;
        }
        if let Some((focus_lane, from, to)) = focus {
            // Above the focus: what spans it. Below: what begins inside.
            let (from, to) = (from as f64, to as f64);
            boxes.retain(|of| {
                of.lane != lane
                    || if lane <= focus_lane {
                        of.start <= from && of.end >= to
                    } else {
                        of.start < to && of.end > from
                    }
            });
        }
    }

    fn merge(&self, lane: u32, places: Range<usize>) -> FlameBox {
        let count = places.len();
        let ids = self.index.id.get(places.clone()).unwrap_or(&[]);
        let at = |column: &[u64], place: usize| column.get(place).copied().unwrap_or(0);
        let (start, end) =
            (at(&self.index.start, places.start), at(&self.index.end, places.end.saturating_sub(1)));
        let length = |place: usize| at(&self.index.end, place).saturating_sub(at(&self.index.start, place));

        let mut by_colour = [0_u64; 32];
        let mut longest = (0, ids.first().copied().unwrap_or(0));
        for place in places.clone().step_by(count.div_ceil(SAMPLE).max(1)) {
            let Some(&id) = self.index.id.get(place) else { break };
            let weight = length(place) + 1;
            if let Some(sum) = by_colour.get_mut(usize::from(self.facts.colour(id))) {
                *sum += weight;
            }
            if weight > longest.0 {
                longest = (weight, id);
            }
        }
        let id = longest.1;
        let leading = by_colour.iter().enumerate().max_by_key(|&(slot, &sum)| (sum, Reverse(slot)));
        let (total, self_time, critical) = self.facts.times(id);
        let (spans, error_count) = self.facts.counts(id);
        let errors = self.index.errors(places);
        let wide = (end - start) as f64 >= LABEL * self.pixel;
        FlameBox {
            lane,
            start: start as f64,
            end: end as f64,
            id,
            merged: count as u32,
            colour: leading.map_or(0, |(slot, _)| slot as u8),
            label: (count == 1 && wide).then(|| {
                let (service, name) = self.facts.label(id);
                (service.to_owned(), shown(name))
            }),
            error: errors > 0,
            matched: self.searching && ids.iter().any(|&id| self.facts.matched(id)),
            count: spans,
            error_count,
            total: total as f64,
            self_time: self_time as f64,
            critical: critical as f64,
        }
    }
}
