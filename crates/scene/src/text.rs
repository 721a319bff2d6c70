//! Text as people read it, and text that fits.

use std::borrow::Cow;

use crate::list::Font;

/// How wide text is on the screen. The browser knows; tests use a fixed advance.
pub trait MeasureText {
    /// In CSS pixels.
    fn width(&mut self, text: &str, font: Font) -> f64;
}

/// Every character as wide as the next: for tests, and where nothing better is known.
#[derive(Clone, Copy, Debug)]
pub struct FixedAdvance(pub f64);

impl MeasureText for FixedAdvance {
    fn width(&mut self, text: &str, _font: Font) -> f64 {
        text.chars().count() as f64 * self.0
    }
}

/// Thin space between a number and its unit.
const THIN: char = '\u{2009}';

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Three significant digits and a unit: `1.24 s`, `612 ms`, `1 min 5 s`, `1.2 d`.
pub fn format_duration(ns: u64) -> String {
    // Rounded before the unit is chosen, so that 999.7 µs is 1.00 ms and never 1000 µs.
    if ns < 1_000 {
        format!("{ns}{THIN}ns")
    } else if ns < 999_500 {
        three_digits(ns, 1_000, "µs")
    } else if ns < 999_500_000 {
        three_digits(ns, 1_000_000, "ms")
    } else if ns < MINUTE - 50_000_000 {
        three_digits(ns, SECOND, "s")
    } else if ns < HOUR - SECOND / 2 {
        two_units(ns, SECOND, 60, "min", "s")
    } else if ns < DAY - MINUTE / 2 {
        two_units(ns, MINUTE, 60, "h", "min")
    } else {
        let tenths = (u128::from(ns) * 10 + u128::from(DAY) / 2) / u128::from(DAY);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        if whole >= 100 || tenth == 0 { format!("{whole}{THIN}d") } else { format!("{whole}.{tenth}{THIN}d") }
    }
}

/// Durations of the page, which are floats since they are differences; negative and NaN are 0.
pub fn format_nanos(ns: f64) -> String {
    format_duration(ns.round() as u64)
}

fn three_digits(ns: u64, unit: u64, name: &str) -> String {
    let rounded =
        |per_unit: u64| (u128::from(ns) * u128::from(per_unit) + u128::from(unit) / 2) / u128::from(unit);
    let (hundredths, tenths) = (rounded(100), rounded(10));
    // Whole below a second: "27 µs" and "20 ms" are exact, "27.0 µs" only looks it.
    if hundredths < 1_000 {
        let (whole, part) = (hundredths / 100, hundredths % 100);
        if part == 0 && unit < SECOND {
            format!("{whole}{THIN}{name}")
        } else {
            format!("{whole}.{part:02}{THIN}{name}")
        }
    } else if tenths < 1_000 {
        let (whole, part) = (tenths / 10, tenths % 10);
        if part == 0 && unit < SECOND {
            format!("{whole}{THIN}{name}")
        } else {
            format!("{whole}.{part}{THIN}{name}")
        }
    } else {
        format!("{}{THIN}{name}", rounded(1))
    }
}

fn two_units(ns: u64, small: u64, per_large: u64, large_name: &str, small_name: &str) -> String {
    let smalls = (ns + small / 2) / small;
    let (large, rest) = (smalls / per_large, smalls % per_large);
    if rest == 0 {
        format!("{large}{THIN}{large_name}")
    } else {
        format!("{large}{THIN}{large_name} {rest}{THIN}{small_name}")
    }
}

/// What stands where a resource names no service.
pub fn service_name(service: &str) -> &str {
    if service.is_empty() { "no service" } else { service }
}

/// What stands where a span has no name.
pub fn operation_name(name: &str) -> &str {
    if name.is_empty() { "no name" } else { name }
}

/// With separators: `12,431`.
pub fn format_count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The text, or as much of its beginning as fits before an ellipsis; empty where not even that fits.
pub fn ellipsize<'t>(text: &'t str, room: f64, font: Font, measure: &mut dyn MeasureText) -> Cow<'t, str> {
    // Nothing shown is longer than this: measuring a megabyte of SQL would cost a frame.
    let longest = text.char_indices().nth(400).map_or(text.len(), |(at, _)| at);
    let head = text.get(..longest).unwrap_or(text);
    if head.len() == text.len() && measure.width(text, font) <= room {
        return Cow::Borrowed(text);
    }
    let ends: Vec<usize> = head.char_indices().map(|(at, _)| at).chain([longest]).collect();
    let shorten = |count: usize| {
        let end = ends.get(count).copied().unwrap_or(0);
        let mut short = head.get(..end).unwrap_or("").trim_end().to_owned();
        short.push('…');
        short
    };
    // The first count of characters that does not fit any more.
    let (mut fits, mut too_many) = (0, ends.len());
    while fits + 1 < too_many {
        let middle = usize::midpoint(fits, too_many);
        if measure.width(&shorten(middle), font) <= room { fits = middle } else { too_many = middle }
    }
    let short = shorten(fits);
    if fits == 0 && measure.width(&short, font) > room { Cow::Borrowed("") } else { Cow::Owned(short) }
}
