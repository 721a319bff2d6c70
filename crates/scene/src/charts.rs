//! The charts over the trace list, drawn with plotters on any backend.

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{DrawingArea, DrawingBackend, RGBColor};

/// Colours of the theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChartTheme {
    /// Behind all.
    pub background: RGBColor,
    /// Grid.
    pub grid: RGBColor,
    /// Labels.
    pub label: RGBColor,
    /// Marks and selection.
    pub accent: RGBColor,
    /// Failed traces.
    pub error: RGBColor,
    /// Labels, in pixels of the backend.
    pub font_size: f64,
    /// Pixels of the backend for one CSS pixel.
    pub scale: f64,
}

/// A trace in the scatter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ScatterPoint {
    /// In ns after [`Scatter::start`].
    pub start: u64,
    /// In ns.
    pub duration: u64,
    /// Has it errors?
    pub error: bool,
}

/// Duration over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scatter {
    /// Unix nanoseconds of the left edge.
    pub start: u64,
    /// In ns, of the time axis.
    pub span: u64,
    /// Shortest and longest duration in ns.
    pub duration: (u64, u64),
    /// Traces.
    pub points: Vec<ScatterPoint>,
    /// Selected times, in ns after `start`.
    pub selected: Option<(u64, u64)>,
    /// Selected durations, in ns.
    pub selected_durations: Option<(u64, u64)>,
}

/// Traces that last from .. to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    /// In ns, included.
    pub from: u64,
    /// In ns, excluded.
    pub to: u64,
    /// Traces.
    pub count: u32,
    /// Failed ones among them.
    pub errors: u32,
}

/// Traces by duration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// By duration, without gaps, each as many times as long as the one before.
    pub buckets: Vec<Bucket>,
    /// Selected durations, in ns.
    pub selected: Option<(u64, u64)>,
}

/// Draws the scatter.
pub fn draw_scatter<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    scatter: &Scatter,
    theme: &ChartTheme,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let _ = scatter;
    area.fill(&theme.background)
}

/// Draws the histogram.
pub fn draw_histogram<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    histogram: &Histogram,
    theme: &ChartTheme,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let _ = histogram;
    area.fill(&theme.background)
}

impl Scatter {
    /// Time (ns after `start`) and duration (ns) at a pixel of an area of this size; `scale` as in [`ChartTheme`].
    pub fn at(&self, size: (f64, f64), scale: f64, x: f64, y: f64) -> (u64, u64) {
        let _ = (size, scale, x, y);
        (0, 0)
    }

    /// Where a trace is drawn.
    pub fn place(&self, size: (f64, f64), scale: f64, start: u64, duration: u64) -> (f64, f64) {
        let _ = (size, scale, start, duration);
        (0.0, 0.0)
    }
}

impl Histogram {
    /// Duration (ns) at a pixel of an area of this size.
    pub fn at(&self, size: (f64, f64), scale: f64, x: f64) -> u64 {
        let _ = (size, scale, x);
        0
    }
}
