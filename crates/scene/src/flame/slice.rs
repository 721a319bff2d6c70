//! From the index to the boxes the page holds.

use serde::{Deserialize, Serialize};

use super::index::FlameIndex;

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
    /// Only this box with what is above and below it: a span, or a node where merged.
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

/// The boxes that were asked for.
pub fn flame_slice(index: &FlameIndex, facts: &dyn FlameFacts, request: &FlameRequest) -> FlameSlice {
    let _ = (index, facts, request);
    FlameSlice::default()
}
