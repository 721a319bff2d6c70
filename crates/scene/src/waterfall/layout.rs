//! From rows to shapes.

use super::slice::WaterfallSlice;
use crate::list::DisplayList;
use crate::text::MeasureText;
use crate::viewport::Viewport;

/// What the user points at. Spans, not rows: they stay the same while rows are folded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowState {
    /// Selected span.
    pub selected: Option<u32>,
    /// Span of the row under the pointer.
    pub hovered: Option<u32>,
    /// Time under the pointer, in ns.
    pub cursor_time: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Geometry;

/// The rows on the screen. The canvas begins under the ruler.
pub fn waterfall_layout(
    slice: &WaterfallSlice,
    viewport: &Viewport,
    state: &RowState,
    measure: &mut dyn MeasureText,
) -> DisplayList {
    let _ = (slice, viewport, state, measure);
    DisplayList::default()
}
