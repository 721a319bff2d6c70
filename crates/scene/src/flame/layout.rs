//! From boxes to shapes, and back.

use super::slice::FlameSlice;
use crate::list::DisplayList;
use crate::text::MeasureText;
use crate::viewport::Viewport;

/// What the user points at, by [`super::FlameBox::id`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlameState {
    /// Under the pointer: place in [`FlameSlice::boxes`].
    pub hovered: Option<usize>,
    /// Selected.
    pub selected: Option<u32>,
    /// Time under the pointer, in ns.
    pub cursor_time: Option<f64>,
}

/// The boxes on the screen.
pub fn flame_layout(
    slice: &FlameSlice,
    viewport: &Viewport,
    state: &FlameState,
    measure: &mut dyn MeasureText,
) -> DisplayList {
    let _ = (slice, viewport, state, measure);
    DisplayList::default()
}

/// Place in [`FlameSlice::boxes`] of what is at a pixel.
pub fn flame_hit(slice: &FlameSlice, viewport: &Viewport, x: f64, y: f64) -> Option<usize> {
    let _ = (slice, viewport, x, y);
    None
}
