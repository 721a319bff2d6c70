//! The waterfall: a row for each span.

mod hit;
mod layout;
mod marks;
mod slice;

pub use hit::{Hit, waterfall_hit};
pub(crate) use layout::service;
pub use layout::{RowState, pinned_height, waterfall_layout};
pub(crate) use slice::shown;
pub use slice::{Detached, EventMark, MarkKind, Row, WaterfallRequest, WaterfallSlice, waterfall_slice};
