//! The whole trace in few pixels, and the window over it.

use serde::{Deserialize, Serialize};
use store::{TraceIdx, TraceStore};

use crate::facts::Facts;
use crate::list::DisplayList;

/// The whole trace, quantised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MinimapSlice {
    /// In ns: the width of the minimap.
    pub trace_duration: f64,
    /// Columns that `x0` and `x1` count.
    pub columns: u16,
    /// Rows that `row` counts.
    pub rows: u16,
    /// The bars.
    pub rects: Vec<MinimapRect>,
}

/// A bar, or several of one colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinimapRect {
    /// First column.
    pub x0: u16,
    /// Column after the last.
    pub x1: u16,
    /// Row.
    pub row: u16,
    /// Colour slot.
    pub colour: u8,
}

/// Squeezes a trace of any size into `width` × `height` pixels. One pass over its spans.
pub fn minimap_slice(
    store: &TraceStore,
    trace: TraceIdx,
    facts: &dyn Facts,
    width: f64,
    height: f64,
) -> MinimapSlice {
    let _ = (store, trace, facts, width, height);
    MinimapSlice::default()
}

/// The minimap. `left` and `right` are the edges of the plot, so that it stands over the bars; the window is in ns.
pub fn minimap_layout(
    slice: &MinimapSlice,
    plot: (f64, f64),
    height: f64,
    window: (f64, f64),
) -> DisplayList {
    let _ = (slice, plot, height, window);
    DisplayList::default()
}

/// What is under the pointer in the minimap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinimapHit {
    /// Moves the start of the window.
    Start,
    /// Moves the end of the window.
    End,
    /// Moves the window. Only where it is not the whole trace.
    Window,
    /// Draws a new window.
    Outside,
}

/// What is at a pixel of the minimap.
pub fn minimap_hit(slice: &MinimapSlice, plot: (f64, f64), window: (f64, f64), x: f64) -> MinimapHit {
    let _ = (slice, plot, window, x);
    MinimapHit::Outside
}

/// The time at a pixel of the minimap, within the trace.
pub fn minimap_time(slice: &MinimapSlice, plot: (f64, f64), x: f64) -> f64 {
    let _ = plot;
    x.clamp(0.0, slice.trace_duration)
}
