//! The whole trace in few pixels, and the window over it.

use serde::{Deserialize, Serialize};
use store::{TraceIdx, TraceStore};

use crate::facts::Facts;
use crate::list::{DisplayList, Grouped, Op, Paint, Rect, Segment};
use crate::viewport::between;
use crate::waterfall::service;

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

/// Pixels a row is high, at most and at least.
const ROW: (f64, f64) = (4.0, 2.0);
/// Above and below the rows.
const PAD: f64 = 5.0;
/// No screen has more; bounds the raster.
const MOST_COLUMNS: f64 = 8192.0;

/// Squeezes a trace of any size into `width` × `height` pixels. One pass over its spans, which are painted one over the
/// other as in the waterfall: a row stands for as many spans as must share it.
pub fn minimap_slice(
    store: &TraceStore,
    trace: TraceIdx,
    facts: &dyn Facts,
    width: f64,
    height: f64,
) -> MinimapSlice {
    let of = store.trace(trace);
    let columns = width.clamp(1.0, MOST_COLUMNS) as usize;
    let spans = of.span_count();
    let rows = (((height - 2.0 * PAD) / ROW.1) as usize).clamp(1, 512).min(spans.max(1));
    // Integers throughout: a day in nanoseconds times a screen's columns fits 128 bits with ease.
    let column = |time: u64| (u128::from(time) * columns as u128 / u128::from(of.duration.max(1))) as usize;

    let mut rects = Vec::new();
    let mut raster = vec![u8::MAX; columns];
    let mut present = 0;
    for (place, span) in of.indices().enumerate() {
        let row = place * rows / spans.max(1);
        if row != present {
            runs(&mut raster, present as u16, &mut rects);
            present = row;
        }
        let first = column(store.start(span)).min(columns - 1);
        let last = column(store.end(span)).clamp(first + 1, columns);
        if let Some(cells) = raster.get_mut(first..last) {
            cells.fill(facts.colour(span));
        }
    }
    runs(&mut raster, present as u16, &mut rects);
    MinimapSlice { trace_duration: of.duration as f64, columns: columns as u16, rows: rows as u16, rects }
}

/// Moves a row of the raster, as runs of one colour, to `rects`.
fn runs(raster: &mut [u8], row: u16, rects: &mut Vec<MinimapRect>) {
    let mut x0 = 0;
    for cells in raster.chunk_by(|a, b| a == b) {
        let x1 = x0 + cells.len() as u16;
        if let Some(&colour) = cells.first().filter(|&&colour| colour != u8::MAX) {
            rects.push(MinimapRect { x0, x1, row, colour });
        }
        x0 = x1;
    }
    raster.fill(u8::MAX);
}

fn x(slice: &MinimapSlice, plot: (f64, f64), time: f64) -> f64 {
    plot.0 + (plot.1 - plot.0) * time / slice.trace_duration.max(1.0)
}

/// The minimap. `plot` are its edges in pixels, those of [`crate::Viewport::plot`], so that it stands over the bars; the
/// window is in ns.
pub fn minimap_layout(
    slice: &MinimapSlice,
    plot: (f64, f64),
    height: f64,
    window: (f64, f64),
) -> DisplayList {
    let mut list = DisplayList::default();
    let (left, right) = (
        between(x(slice, plot, window.0), plot.0, plot.1),
        between(x(slice, plot, window.1), plot.0, plot.1),
    );
    let right = right.max(left + 1.0);
    list.rect(Paint::AccentBg, Rect::new(left, 0.0, right - left, height));

    let room = height - 2.0 * PAD;
    let pitch = (room / f64::from(slice.rows.max(1))).min(ROW.0);
    let thick = if pitch >= 3.0 { pitch - 1.0 } else { pitch.max(1.0) };
    let scale = (plot.1 - plot.0) / f64::from(slice.columns.max(1));
    let mut bars = Grouped::default();
    for rect in &slice.rects {
        let x0 = plot.0 + f64::from(rect.x0) * scale;
        let width = (f64::from(rect.x1 - rect.x0) * scale).max(1.0);
        bars.add(service(rect.colour).0, Rect::new(x0, PAD + f64::from(rect.row) * pitch, width, thick));
    }
    bars.flush(&mut list, |paint, rects| Op::Rects { paint, radius: 0.0, rects });

    let whole = left <= plot.0 && right >= plot.1;
    if !whole {
        let outside = vec![
            Rect::new(plot.0, 0.0, left - plot.0, height),
            Rect::new(right, 0.0, plot.1 - right, height),
        ];
        list.push(Op::Rects { paint: Paint::Shade, radius: 0.0, rects: outside });
        let edges = [left, right].map(|x| Segment::new(x, 0.0, x, height)).to_vec();
        list.push(Op::Lines { paint: Paint::Accent, width: 1.0, dashed: false, segments: edges });
        let grips = [left, right].map(|x| Rect::new(x - 2.5, height / 2.0 - 9.0, 5.0, 18.0)).to_vec();
        list.push(Op::Rects { paint: Paint::Accent, radius: 2.5, rects: grips });
    }
    list
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

/// Half the width of a grip for the pointer.
const GRIP: f64 = 6.0;

/// What is at a pixel of the minimap.
pub fn minimap_hit(slice: &MinimapSlice, plot: (f64, f64), window: (f64, f64), at: f64) -> MinimapHit {
    let (left, right) = (x(slice, plot, window.0), x(slice, plot, window.1));
    if left <= plot.0 + 0.5 && right >= plot.1 - 0.5 {
        return MinimapHit::Outside;
    }
    let (to_start, to_end) = ((at - left).abs(), (at - right).abs());
    // A window of a few pixels keeps its middle to be moved by: the grips give way to the outside.
    let in_window = at > left && at < right && right - left <= 3.0 * GRIP;
    if in_window {
        MinimapHit::Window
    } else if to_start <= GRIP && to_start <= to_end {
        MinimapHit::Start
    } else if to_end <= GRIP {
        MinimapHit::End
    } else if at > left && at < right {
        MinimapHit::Window
    } else {
        MinimapHit::Outside
    }
}

/// The time at a pixel of the minimap, within the trace.
pub fn minimap_time(slice: &MinimapSlice, plot: (f64, f64), x: f64) -> f64 {
    between((x - plot.0) / (plot.1 - plot.0).max(1.0) * slice.trace_duration, 0.0, slice.trace_duration)
}
