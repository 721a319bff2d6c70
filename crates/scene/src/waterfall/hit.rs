//! From a pixel to what is there.

use super::layout::Geometry;
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
    /// Bar of a row, or its duration.
    Bar(u32),
    /// Event of a row: which of [`super::Row::events`].
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

/// What is at a pixel of the waterfall.
pub fn waterfall_hit(slice: &WaterfallSlice, viewport: &Viewport, x: f64, y: f64) -> Hit {
    let _ = (slice, viewport, x, y, Geometry);
    Hit::Nothing
}
