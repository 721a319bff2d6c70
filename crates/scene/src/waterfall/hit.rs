//! From a pixel to what is there.

use super::layout::{EVENT_REACH, Geometry, Placed};
use super::slice::WaterfallSlice;
use crate::viewport::Viewport;

/// What is under the pointer. Rows are row numbers: [`WaterfallSlice::row`] finds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Hit {
    /// Nothing.
    #[default]
    Nothing,
    /// Folds and unfolds a row, pinned or not.
    Caret(u32),
    /// A row pinned at the top.
    Pinned(u32),
    /// Name column of a row.
    Name(u32),
    /// Bar of a row.
    Bar(u32),
    /// Event, log record or exemplar of a row: which of [`super::Row::events`].
    Event(u32, u32),
    /// Elsewhere in a row.
    Row(u32),
    /// Between name column and plot: drags the column's width.
    Divider,
}

impl Hit {
    /// The row, where there is one.
    pub fn row(self) -> Option<u32> {
        match self {
            Self::Caret(row) | Self::Pinned(row) | Self::Name(row) | Self::Bar(row) | Self::Row(row) => {
                Some(row)
            }
            Self::Event(row, _) => Some(row),
            Self::Nothing | Self::Divider => None,
        }
    }
}

/// Half the width of the divider for the pointer.
const DIVIDER: f64 = 3.0;
/// Half the width of the caret for the pointer.
const CARET: f64 = 9.0;
/// How far from a thin bar the pointer still means it.
const BAR: f64 = 3.0;

/// What is at a pixel of the waterfall.
pub fn waterfall_hit(slice: &WaterfallSlice, viewport: &Viewport, x: f64, y: f64) -> Hit {
    if x < 0.0 || y < 0.0 || x >= viewport.width || y >= viewport.height {
        return Hit::Nothing;
    }
    if viewport.name_width > 0.0 && (x - viewport.name_width).abs() <= DIVIDER {
        return Hit::Divider;
    }
    let geometry = Geometry::new(viewport);
    let is_here = |placed: &Placed<'_>| y >= placed.top && y < placed.top + viewport.row_height;
    // A row that is pushed out lies under the one above it.
    if let Some(placed) = geometry.pinned(slice).into_iter().find(is_here) {
        let row = placed.row.row;
        return if on_caret(geometry, placed, x, y) { Hit::Caret(row) } else { Hit::Pinned(row) };
    }
    let Some(placed) = geometry.scrolled(slice).find(is_here) else { return Hit::Nothing };
    let row = placed.row;
    if on_caret(geometry, placed, x, y) {
        return Hit::Caret(row.row);
    }
    let bar_top = placed.top + geometry.bar_top();
    if x < viewport.name_width || viewport.narrow && y < bar_top - 2.0 {
        return Hit::Name(row.row);
    }
    let near = |&(_, event): &(usize, &super::EventMark)| (viewport.x(event.time) - x).abs() <= EVENT_REACH;
    let distance = |event: &super::EventMark| (viewport.x(event.time) - x).abs();
    let nearest = row
        .events
        .iter()
        .enumerate()
        .filter(near)
        .min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    if let Some((at, _)) = nearest {
        return Hit::Event(row.row, at as u32);
    }
    let (left, right) = geometry.bar(row);
    let in_bar = x >= left - BAR && x <= right + BAR;
    let in_height = y >= bar_top - 2.0 && y <= bar_top + viewport.bar_height + 2.0;
    if in_bar && in_height { Hit::Bar(row.row) } else { Hit::Row(row.row) }
}

fn on_caret(geometry: Geometry<'_>, placed: Placed<'_>, x: f64, y: f64) -> bool {
    let caret = (x - geometry.caret_x(placed.row.depth)).abs() <= CARET && x < geometry.names();
    let line = (y - placed.top - geometry.name_middle()).abs() <= geometry.viewport.row_height / 2.0;
    placed.row.has_children && caret && line
}
