//! The charts over the trace list, drawn with plotters on any backend: a canvas on the page, SVG in tests.
//!
//! Axes and labels are placed here, not by plotters' mesh: its ticks do not know time, and on the web it measures text
//! by elements with inline styles, which strict pages forbid.

use std::ops::Range;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{
    Cartesian2d, Circle, Color as _, DrawingArea, DrawingBackend, IntoFont as _, IntoTextStyle as _,
    PathElement, RGBColor, Rectangle, Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::text::format_duration;

/// Colours of the theme, and the size of a pixel.
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
    /// Pixels of the backend for one CSS pixel: backends count whole ones.
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

/// Air around a plot, in CSS pixels.
#[derive(Clone, Copy, Debug)]
struct Margins {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

const SCATTER: Margins = Margins { left: 64.0, right: 20.0, top: 10.0, bottom: 26.0 };
const HISTOGRAM: Margins = Margins { left: 20.0, right: 20.0, top: 10.0, bottom: 26.0 };
const FONT: f64 = 11.0;
/// Between labels of the time axis.
const TIME_ROOM: f64 = 120.0;
/// Between labels of the duration axis.
const DURATION_ROOM: (f64, f64) = (90.0, 26.0);

/// The plot within an area, in pixels of the backend, and the data along its edges: durations as logarithms.
#[derive(Clone, Debug)]
struct Frame {
    x: Range<i32>,
    y: Range<i32>,
    x_data: Range<f64>,
    y_data: Range<f64>,
    scale: f64,
}

impl Frame {
    fn new(size: (f64, f64), scale: f64, margins: Margins, x_data: Range<f64>, y_data: Range<f64>) -> Self {
        let px = |css: f64| (css * scale).round() as i32;
        let (right, bottom) =
            (size.0.round() as i32 - px(margins.right), size.1.round() as i32 - px(margins.bottom));
        let (left, top) = (px(margins.left), px(margins.top));
        Self { x: left..right.max(left + 1), y: top..bottom.max(top + 1), x_data, y_data, scale }
    }

    fn x_at(&self, x: f64) -> f64 {
        let part = (x - f64::from(self.x.start)) / f64::from(self.x.end - self.x.start);
        self.x_data.start + part.clamp(0.0, 1.0) * (self.x_data.end - self.x_data.start)
    }

    fn y_at(&self, y: f64) -> f64 {
        let part = (f64::from(self.y.end) - y) / f64::from(self.y.end - self.y.start);
        self.y_data.start + part.clamp(0.0, 1.0) * (self.y_data.end - self.y_data.start)
    }

    fn x_of(&self, value: f64) -> f64 {
        let part = (value - self.x_data.start) / (self.x_data.end - self.x_data.start);
        f64::from(self.x.start) + part * f64::from(self.x.end - self.x.start)
    }

    fn y_of(&self, value: f64) -> f64 {
        let part = (value - self.y_data.start) / (self.y_data.end - self.y_data.start);
        f64::from(self.y.end) - part * f64::from(self.y.end - self.y.start)
    }

    fn plot<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
    ) -> DrawingArea<DB, Cartesian2d<RangedCoordf64, RangedCoordf64>> {
        let coordinates = Cartesian2d::<RangedCoordf64, RangedCoordf64>::new(
            self.x_data.clone(),
            self.y_data.clone(),
            // Pixels count downwards.
            (self.x.clone(), self.y.end..self.y.start),
        );
        area.clone().apply_coord_spec(coordinates)
    }

    fn px(&self, css: f64) -> i32 {
        (css * self.scale).round().max(1.0) as i32
    }

    fn label<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        theme: &ChartTheme,
        text: String,
        at: (f64, f64),
        anchor: Pos,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let font = ("system-ui, sans-serif", FONT * self.scale).into_font().color(&theme.label);
        let style = font.into_text_style(area).pos(anchor);
        area.draw(&Text::new(text, (at.0.round() as i32, at.1.round() as i32), style))
    }
}

fn log(duration: u64) -> f64 {
    (duration.max(1) as f64).log10()
}

fn unlog(value: f64) -> u64 {
    10_f64.powf(value).round() as u64
}

/// 1 and 3 of every power of ten as clocks have them, only the ones where there is no room, and fewer where there is less.
fn log_ticks(range: &Range<f64>, px: f64, room: f64) -> Vec<(f64, String)> {
    const DECIMAL: [u64; 11] =
        [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, SECOND, 10 * SECOND];
    const DAY: u64 = 86_400 * SECOND;
    const CLOCK: [u64; 8] =
        [60 * SECOND, 600 * SECOND, 3600 * SECOND, 36_000 * SECOND, DAY, 10 * DAY, 100 * DAY, 1000 * DAY];
    let per_decade = px / (range.end - range.start).max(1e-9);
    let threes = per_decade >= 2.0 * room;
    let with_threes = |&one: &u64| [Some(one), threes.then_some(one * 3)];
    let mut last = f64::NEG_INFINITY;
    DECIMAL
        .iter()
        .chain(&CLOCK)
        .flat_map(with_threes)
        .flatten()
        .map(|duration| (log(duration), duration))
        .filter(|(at, _)| *at >= range.start - 1e-9 && *at <= range.end + 1e-9)
        .filter(|(at, _)| {
            let far = (at - last) * per_decade >= room;
            if far {
                last = *at;
            }
            far
        })
        // Exact as they are, they need no digits to show it.
        .map(|(at, duration)| (at, format_duration(duration).replace(".00", "").replace(".0", "")))
        .collect()
}

const SECOND: u64 = 1_000_000_000;

/// Round times of day in UTC within the window, as ns after its start.
fn time_ticks(start: u64, span: u64, px: f64) -> Vec<(u64, String)> {
    const STEPS: [u64; 19] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
        172_800,
    ];
    let least = (span as f64 * TIME_ROOM / px.max(1.0)).max(1.0);
    let fractions = (0..9).map(|power| 10_u64.pow(power)).flat_map(|unit| [unit, 2 * unit, 5 * unit]);
    let days = (1..).map(|i| i * 5 * 86_400 * SECOND).take(4000);
    let mut steps = fractions.chain(STEPS.into_iter().map(|step| step * SECOND)).chain(days);
    let step = steps.find(|&step| step as f64 >= least).unwrap_or(u64::MAX / 4);
    let end = start.saturating_add(span);
    let first = start.div_ceil(step);
    let count = (end / step + 1).saturating_sub(first).min(100);
    (0..count).map(|i| (first + i) * step).map(|time| (time - start, time_label(time, step))).collect()
}

/// As exact as the step is.
fn time_label(unix: u64, step: u64) -> String {
    let seconds = unix / SECOND;
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    if step >= 86_400 * SECOND {
        let (month, day) = month_and_day(seconds / 86_400);
        format!("{day} {month}")
    } else if step >= 60 * SECOND {
        format!("{hour:02}:{minute:02}")
    } else if step >= SECOND {
        format!("{hour:02}:{minute:02}:{second:02}")
    } else {
        let digits =
            [(1_000_000, 3), (1_000, 6)].into_iter().find(|(unit, _)| step >= *unit).map_or(9, |(_, d)| d);
        let fraction = unix % SECOND / 10_u64.pow(9 - digits);
        format!("{hour:02}:{minute:02}:{second:02}.{fraction:0width$}", width = digits as usize)
    }
}

/// Gregorian, from days since 1970-01-01: years begin in March, so that the leap day is the last.
fn month_and_day(days: u64) -> (&'static str, u64) {
    const MONTHS: [&str; 12] =
        ["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"];
    let of_era = (days + 719_468) % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    (MONTHS.get(month as usize).copied().unwrap_or(""), of_year - (153 * month + 2) / 5 + 1)
}

impl Scatter {
    fn frame(&self, size: (f64, f64), scale: f64) -> Frame {
        let (low, high) = (log(self.duration.0), log(self.duration.1.max(self.duration.0)));
        // A little air, and never a range of nothing.
        let air = ((high - low) * 0.06).max(0.1);
        let span = self.span.max(1) as f64;
        let x = if self.span == 0 { -1.0..1.0 } else { -span * 0.02..span * 1.02 };
        Frame::new(size, scale, SCATTER, x, (low - air).max(0.0)..high + air)
    }

    /// Time (ns after `start`) and duration (ns) at a pixel of the backend, in an area of this size; beside the plot, at
    /// its nearest edge. `scale` as in [`ChartTheme`].
    pub fn at(&self, size: (f64, f64), scale: f64, x: f64, y: f64) -> (u64, u64) {
        let frame = self.frame(size, scale);
        ((frame.x_at(x).round().max(0.0) as u64).min(self.span), unlog(frame.y_at(y)))
    }

    /// Where a trace is drawn, in pixels of the backend.
    pub fn place(&self, size: (f64, f64), scale: f64, start: u64, duration: u64) -> (f64, f64) {
        let frame = self.frame(size, scale);
        (frame.x_of(start as f64), frame.y_of(log(duration)))
    }
}

impl Histogram {
    fn frame(&self, size: (f64, f64), scale: f64) -> Frame {
        let low = self.buckets.first().map_or(0.0, |bucket| log(bucket.from));
        let high = self.buckets.last().map_or(1.0, |bucket| log(bucket.to));
        let most = self.buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0).max(1);
        Frame::new(size, scale, HISTOGRAM, low..high.max(low + 1e-6), 0.0..f64::from(most))
    }

    /// Duration (ns) at a pixel of the backend, in an area of this size; beside the plot, at its nearest edge.
    pub fn at(&self, size: (f64, f64), scale: f64, x: f64) -> u64 {
        unlog(self.frame(size, scale).x_at(x))
    }
}

fn size<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>) -> (f64, f64) {
    let (width, height) = area.dim_in_pixel();
    (f64::from(width), f64::from(height))
}

/// Draws the scatter.
pub fn draw_scatter<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    scatter: &Scatter,
    theme: &ChartTheme,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    area.fill(&theme.background)?;
    let frame = scatter.frame(size(area), theme.scale);
    let plot = frame.plot(area);
    let height = f64::from(frame.y.end - frame.y.start) / theme.scale;
    for (at, text) in log_ticks(&frame.y_data, height, DURATION_ROOM.1) {
        let line = vec![(frame.x_data.start, at), (frame.x_data.end, at)];
        plot.draw(&PathElement::new(line, theme.grid.stroke_width(frame.px(1.0) as u32)))?;
        let place = (f64::from(frame.x.start - frame.px(8.0)), frame.y_of(at));
        frame.label(area, theme, text, place, Pos::new(HPos::Right, VPos::Center))?;
    }
    let width = f64::from(frame.x.end - frame.x.start) / theme.scale;
    for (at, text) in time_ticks(scatter.start, scatter.span, width) {
        let place = (frame.x_of(at as f64), f64::from(frame.y.end + frame.px(8.0)));
        frame.label(area, theme, text, place, Pos::new(HPos::Center, VPos::Top))?;
    }
    if scatter.selected.is_some() || scatter.selected_durations.is_some() {
        let times =
            scatter.selected.map_or((frame.x_data.start, frame.x_data.end), |(a, b)| (a as f64, b as f64));
        let durations = scatter
            .selected_durations
            .map_or((frame.y_data.start, frame.y_data.end), |(a, b)| (log(a), log(b)));
        let corners = [(times.0, durations.0), (times.1, durations.1)];
        plot.draw(&Rectangle::new(corners, theme.accent.mix(0.1).filled()))?;
    }
    // Failed ones on top: they are few, and what one looks for.
    for failed in [false, true] {
        let (radius, colour) =
            if failed { (4.0, theme.error.mix(1.0)) } else { (3.0, theme.accent.mix(0.45)) };
        for point in scatter.points.iter().filter(|point| point.error == failed) {
            plot.draw(&Circle::new(
                (point.start as f64, log(point.duration)),
                frame.px(radius),
                colour.filled(),
            ))?;
        }
    }
    Ok(())
}

/// Draws the histogram: failed traces red, on top of the others.
pub fn draw_histogram<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    histogram: &Histogram,
    theme: &ChartTheme,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    area.fill(&theme.background)?;
    let frame = histogram.frame(size(area), theme.scale);
    let width = f64::from(frame.x.end - frame.x.start) / theme.scale;
    if !histogram.buckets.is_empty() {
        for (at, text) in log_ticks(&frame.x_data, width, DURATION_ROOM.0) {
            let place = (frame.x_of(at), f64::from(frame.y.end + frame.px(8.0)));
            frame.label(area, theme, text, place, Pos::new(HPos::Center, VPos::Top))?;
        }
    }
    if let Some((from, to)) = histogram.selected {
        let (left, right) = (frame.x_of(log(from)), frame.x_of(log(to)));
        let corners = [(left.round() as i32, frame.y.start), (right.round() as i32, frame.y.end)];
        area.draw(&Rectangle::new(corners, theme.accent.mix(0.1).filled()))?;
    }
    for bucket in &histogram.buckets {
        let left = frame.x_of(log(bucket.from)).round() as i32;
        let right = (frame.x_of(log(bucket.to)).round() as i32 - frame.px(1.0)).max(left + 1);
        // Whatever is there is seen: at least one pixel.
        let top = |count: u32| match frame.y_of(f64::from(count)).round() as i32 {
            y if count > 0 => y.min(frame.y.end - 1),
            y => y,
        };
        let good = bucket.count.saturating_sub(bucket.errors);
        let (all, failed_from) = (top(bucket.count), top(good));
        if good > 0 {
            area.draw(&Rectangle::new(
                [(left, failed_from), (right, frame.y.end)],
                theme.accent.mix(0.55).filled(),
            ))?;
        }
        if bucket.errors > 0 {
            // A single failure among thousands keeps its pixel.
            let bottom = failed_from.max(all + 1);
            area.draw(&Rectangle::new([(left, all), (right, bottom)], theme.error.mix(0.8).filled()))?;
        }
    }
    let base = f64::from(frame.y.end);
    let line = vec![(frame.x.start, base as i32), (frame.x.end, base as i32)];
    area.draw(&PathElement::new(line, theme.grid.stroke_width(frame.px(1.0) as u32)))
}
