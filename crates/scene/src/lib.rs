//! What is drawn, without a browser: a store becomes slices, a slice becomes a display list, a pixel becomes a span.
//!
//! ```text
//!   engine's side                              page's side, every frame
//!   TraceStore + Facts ── request ──► slice ── viewport, state ──► DisplayList ──► a painter that knows nothing
//!                          3 x the window        │
//!                                     pointer ───┴──► hit
//! ```
//!
//! A slice is in data space (rows, lanes, nanoseconds), so that scrolling, panning and zooming lay the same slice out
//! again while the next one is on its way. What a slice holds and what a layout costs depends on the size of the screen,
//! not of the trace. Layouts group shapes by paint, because a path per colour is several times cheaper than a call per
//! shape; operations are painted in order, the shapes within one in any.
//!
//! Not here: colours (only their roles), fonts (only their roles), any browser, any state.

#![warn(missing_docs)]

mod charts;
mod facts;
mod flame;
mod list;
mod minimap;
mod rows;
mod text;
mod viewport;
mod waterfall;

pub use charts::{Bucket, ChartTheme, Histogram, Scatter, ScatterPoint, draw_histogram, draw_scatter};
pub use facts::{ErrorMark, Facts};
pub use flame::{
    FlameBox, FlameFacts, FlameIndex, FlameMode, FlameRequest, FlameSlice, FlameState, MergedBox, flame_hit,
    flame_layout, flame_slice,
};
pub use list::{DisplayList, Font, Label, Op, Paint, Point, Rect, Segment};
pub use minimap::{
    MinimapHit, MinimapRect, MinimapSlice, minimap_hit, minimap_layout, minimap_slice, minimap_time,
};
pub use rows::VisibleRows;
pub use text::{
    FixedAdvance, MeasureText, ellipsize, format_count, format_duration, format_nanos, operation_name,
    service_name,
};
pub use viewport::{Tick, Viewport, ruler_layout, ticks};
pub use waterfall::{
    Detached, EventMark, Hit, MarkKind, Row, RowState, WaterfallRequest, WaterfallSlice, pinned_height,
    waterfall_hit, waterfall_layout, waterfall_slice,
};
