//! Benchmarks, in the browser and native. `cargo xtask bench [--json FILE]` builds the site and calls this.
//!
//! Prints one figure a line, and writes all of them as `{"name": {"value": 1.0, "unit": "ms", "bar": 2.0}}`. The names of
//! parts (`decode`, `open`, `frames`, `large`, `sizes`, `native`, `formats`, `start`, `tracer`) after the options run only those.

#![expect(clippy::print_stdout, reason = "a command-line program talks to its reader")]

mod decode;
mod files;
mod formats;
mod frames;
mod large;
mod native;
mod open;
mod sizes;
mod tracer;

use std::{env, fs};

use e2e::{Page, Result, STRICT_CSP, Setup};
use serde_json::{Map, Value, json};

/// Figures in the order in which they were measured.
#[derive(Default)]
struct Figures(Map<String, Value>);

/// What a figure has to be.
#[derive(Clone, Copy)]
enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Figures {
    fn note(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<58} {value:>10.2} {unit}");
        self.0.insert(name.to_owned(), json!({ "value": value, "unit": unit }));
    }

    fn against(&mut self, name: &str, value: f64, unit: &str, bar: Bar) {
        let (sign, limit, held) = match bar {
            Bar::AtLeast(limit) => ("≥", limit, value >= limit),
            Bar::AtMost(limit) => ("≤", limit, value <= limit),
        };
        let verdict = if held { "✓" } else { "✗" };
        println!("{name:<58} {value:>10.2} {unit:<8} {verdict} {sign} {limit}");
        self.0.insert(name.to_owned(), json!({ "value": value, "unit": unit, "bar": limit, "held": held }));
    }
}

type Part = fn(&mut Figures) -> Result;

const PARTS: &[(&str, Part)] = &[
    ("sizes", sizes::measure),
    ("start", start_page),
    ("decode", decode::measure),
    ("open", open::measure),
    ("frames", frames::measure),
    ("large", large::measure),
    ("native", native::measure),
    ("formats", formats::measure),
    ("tracer", tracer::measure),
];

fn main() -> Result {
    let mut arguments: Vec<String> = env::args().skip(1).collect();
    let json = match arguments.iter().position(|argument| argument == "--json") {
        Some(at) if at + 1 < arguments.len() => arguments.drain(at..at + 2).nth(1),
        Some(_) => return Err("--json FILE".into()),
        None => None,
    };
    if let Some(unknown) = arguments.iter().find(|name| PARTS.iter().all(|(part, _)| part != name)) {
        return Err(format!("{unknown} is no part: {:?}", PARTS.iter().map(|(part, _)| part)).into());
    }
    let mut figures = Figures::default();
    for (name, part) in PARTS {
        if arguments.is_empty() || arguments.iter().any(|wanted| wanted == name) {
            part(&mut figures)?;
        }
    }
    if let Some(file) = json {
        fs::write(&file, format!("{:#}\n", Value::Object(figures.0)))
            .map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}

/// A browser of its own, with the scripts of `tests/e2e/bench` beside the site.
fn browser() -> Result<Page> {
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/bench");
    e2e::start(Setup::new("bench").csp(STRICT_CSP).site(|site| site.mount("/bench", scripts)))
}

fn number(value: &Value, key: &str) -> f64 {
    value.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

/// From the request for the page to a page that can take a file. Median of nine.
fn start_page(figures: &mut Figures) -> Result {
    let page = browser()?;
    let mut times = Vec::new();
    for _ in 0..9 {
        page.open("")?;
        page.idle()?;
        times.extend(page.eval("return performance.now()", &[])?.as_f64());
    }
    figures.note("start page, ready", median(times), "ms");
    figures.note("start page, resident memory", page.memory()?.resident as f64 / 1e6, "MB");
    Ok(())
}
