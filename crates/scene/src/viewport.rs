//! The part of a trace that is on the screen, and the time axis over it.

use std::fmt::Write as _;

use crate::list::{DisplayList, Font, Label, Op, Paint, Rect, Segment};
use crate::text::MeasureText;

/// What the screen shows of a view. Times are nanoseconds from the start of the trace: as differences they are exact
/// in a float for 104 days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// Of the canvas.
    pub width: f64,
    /// Of the canvas.
    pub height: f64,
    /// Of the name column; 0 when it is over the bars.
    pub name_width: f64,
    /// Left edge of the plot, in ns.
    pub start: f64,
    /// Right edge of the plot, in ns; after `start`.
    pub end: f64,
    /// Pixels from the first row (or lane) to the upper edge.
    pub scroll: f64,
    /// From row to row.
    pub row_height: f64,
    /// Of a bar.
    pub bar_height: f64,
    /// Names stand over the bars.
    pub narrow: bool,
    /// Air on both sides of the plot, so that a bar does not touch the line of the name column. None in flame graphs.
    pub pad: f64,
}

/// In ns: a trace without duration has no scale of its own.
pub(crate) const LEAST_WINDOW: f64 = 1e-3;

/// As `clamp`, but any number will do: bounds that cross by a rounding error, and what is not a number, give `low`.
pub(crate) fn between(value: f64, low: f64, high: f64) -> f64 {
    value.min(high).max(low)
}

impl Viewport {
    /// Left and right edge of the plot in pixels.
    pub fn plot(&self) -> (f64, f64) {
        let left = self.name_width + self.pad;
        (left, (self.width - self.pad).max(left + 1.0))
    }

    /// Width of the plot in pixels.
    pub fn plot_width(&self) -> f64 {
        let (left, right) = self.plot();
        right - left
    }

    /// Pixels a nanosecond.
    pub fn scale(&self) -> f64 {
        self.plot_width() / (self.end - self.start).max(LEAST_WINDOW)
    }

    /// Where a time is.
    pub fn x(&self, time: f64) -> f64 {
        self.plot().0 + (time - self.start) * self.scale()
    }

    /// What time a pixel shows.
    pub fn time(&self, x: f64) -> f64 {
        self.start + (x - self.plot().0) / self.scale()
    }

    /// Rows from .. to (excluded) that are at least partly on the screen.
    pub fn rows(&self) -> (u32, u32) {
        let first = (self.scroll / self.row_height).floor().max(0.0);
        let last = ((self.scroll + self.height) / self.row_height).ceil().max(0.0);
        (first as u32, last as u32)
    }
}

/// A line of the grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// In ns.
    pub time: f64,
    /// `200 ms`.
    pub label: String,
}

/// Room a label needs.
const TICK_ROOM: f64 = 84.0;

const MINUTE: f64 = 60e9;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Steps that are not 1, 2 or 5 of a power of ten.
const CALENDAR: [f64; 15] = [
    1e9,
    2e9,
    5e9,
    10e9,
    15e9,
    30e9,
    MINUTE,
    2.0 * MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    3.0 * HOUR,
    6.0 * HOUR,
];

fn step(at_least: f64) -> f64 {
    let decimal = |least: f64| {
        let power = 10_f64.powf(least.log10().floor());
        [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|by| by * power)
            .find(|&step| step >= least * 0.999_999)
            .unwrap_or(power)
    };
    if at_least <= 1.0 {
        1.0
    } else if at_least < 0.5e9 {
        decimal(at_least)
    } else if let Some(step) = CALENDAR.into_iter().find(|&step| step >= at_least) {
        step
    } else if at_least <= DAY / 2.0 {
        DAY / 2.0
    } else {
        decimal(at_least / DAY) * DAY
    }
}

/// Round times of the window, about as dense as their labels allow.
pub fn ticks(start: f64, end: f64, px: f64) -> Vec<Tick> {
    let span = end - start;
    if !(span > 0.0 && span.is_finite() && start.is_finite() && px >= 1.0) {
        return Vec::new();
    }
    let step = step(span * TICK_ROOM / px);
    let (first, last) = ((start / step).ceil(), (end / step).floor());
    let count = (last - first).clamp(-1.0, 400.0) as i64 + 1;
    (0..count)
        .map(|i| (first + i as f64) * step)
        .map(|time| Tick { time, label: tick_label(time, step) })
        .collect()
}

/// The unit follows the time, the decimals follow the step: neighbours are told apart at any zoom.
fn tick_label(time: f64, step: f64) -> String {
    let size = time.abs();
    if size < 0.5 {
        return "0".to_owned();
    }
    if step >= 1e9 && size >= MINUTE - 0.5e9 {
        return clock_label(time, step);
    }
    let (unit, name) = if size < 1e3 {
        (1.0, "ns")
    } else if size < 1e6 {
        (1e3, "µs")
    } else if size < 1e9 {
        (1e6, "ms")
    } else {
        (1e9, "s")
    };
    let decimals = (0..9).find(|&d| {
        let scaled = step / unit * 10_f64.powi(d);
        (scaled - scaled.round()).abs() < 1e-6 && scaled > 0.5
    });
    let decimals = decimals.unwrap_or(9) as usize;
    let text = format!("{:.decimals$}\u{2009}{name}", time / unit);
    text.replace('-', "−")
}

/// `1 d 3 h`, `2 min 5 s`: from the largest unit down to the one of the step.
fn clock_label(time: f64, step: f64) -> String {
    let mut rest = (time.abs() / 1e9).round() as u64;
    let mut text = String::new();
    for (unit, name) in [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")] {
        let count = rest / unit;
        rest %= unit;
        if count > 0 {
            text.push_str(if text.is_empty() { if time < 0.0 { "−" } else { "" } } else { " " });
            // Writing to a text cannot fail.
            let _ = write!(text, "{count}\u{2009}{name}");
        }
        if unit as f64 * 1e9 <= step {
            break;
        }
    }
    text
}

/// The ruler over the waterfall or the flame graph: ticks, head of the name column, and the time under the pointer.
pub fn ruler_layout(
    viewport: &Viewport,
    cursor_time: Option<f64>,
    measure: &mut dyn MeasureText,
) -> DisplayList {
    let mut list = DisplayList::default();
    let (left, right) = viewport.plot();
    let (height, baseline) = (viewport.height, (viewport.height / 2.0 + 4.0).round());
    if viewport.name_width > 0.0 {
        list.text(Paint::Mute, Font::Head, 16.0, baseline, "SERVICE AND OPERATION");
    }
    let cursor =
        cursor_time.filter(|&time| viewport.x(time) >= left - 0.5 && viewport.x(time) <= right + 0.5);
    let chip = cursor.map(|time| {
        let label = cursor_label(time, viewport);
        let width = measure.width(&label, Font::SmallBold) + 16.0;
        let most = (viewport.width - width).max(viewport.name_width);
        let x = between(viewport.x(time) - width / 2.0, viewport.name_width, most);
        (Rect::new(x, height / 2.0 - 9.0, width, 18.0), label)
    });
    let mut lines = Vec::new();
    let mut labels = Vec::new();
    for tick in ticks(viewport.start, viewport.end, viewport.plot_width()) {
        let line = viewport.x(tick.time).floor() + 0.5;
        lines.push(Segment::new(line, 0.0, line, height));
        let (x, to) = (line + 4.0, line + 4.0 + measure.width(&tick.label, Font::Small));
        let covered = chip.as_ref().is_some_and(|(chip, _)| x < chip.right() && to > chip.x);
        if to <= viewport.width && !covered {
            labels.push(Label { x, y: baseline, text: tick.label });
        }
    }
    list.push(Op::Lines { paint: Paint::Line2, width: 1.0, dashed: false, segments: lines });
    list.push(Op::Texts { paint: Paint::Mute, font: Font::Small, labels });
    if viewport.name_width > 0.0 {
        let x = viewport.name_width + 0.5;
        let segments = vec![Segment::new(x, 0.0, x, height)];
        list.push(Op::Lines { paint: Paint::Line, width: 1.0, dashed: false, segments });
    }
    if let Some((rect, label)) = chip {
        list.push(Op::Rects { paint: Paint::Accent, radius: 4.0, rects: vec![rect] });
        list.text(Paint::OnAccent, Font::SmallBold, rect.x + 8.0, baseline, label);
    }
    list
}

/// As exact as a pixel is.
fn cursor_label(time: f64, viewport: &Viewport) -> String {
    let pixel = 1.0 / viewport.scale();
    let step = 10_f64.powf(pixel.max(1.0).log10().floor()).max(1.0);
    tick_label((time / step).round() * step, step)
}
