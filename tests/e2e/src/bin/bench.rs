//! Benchmarks in the browser. `cargo xtask bench [--json FILE]` builds the site and calls this.
//!
//! Prints one figure a line, and writes all of them as `{"name": {"value": 1.0, "unit": "ms"}}`.

#![expect(clippy::print_stdout, reason = "a command-line program talks to its reader")]

use std::{env, fs};

use e2e::{Page, Result, Setup, start};
use serde_json::{Map, Value, json};

/// Figures in the order in which they were measured.
#[derive(Default)]
struct Figures(Map<String, Value>);

impl Figures {
    fn note(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<48} {value:>12.1} {unit}");
        self.0.insert(name.to_owned(), json!({ "value": value, "unit": unit }));
    }
}

fn main() -> Result {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let json = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => None,
        ["--json", file] => Some((*file).to_owned()),
        _ => return Err("bench [--json FILE]".into()),
    };
    let page = start(Setup::new("bench"))?;
    let mut figures = Figures::default();
    start_page(&page, &mut figures)?;
    if let Some(file) = json {
        fs::write(&file, format!("{:#}\n", Value::Object(figures.0)))
            .map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}

/// From the request for the page to a page that can take a file. Median of nine.
fn start_page(page: &Page, figures: &mut Figures) -> Result {
    let mut times = Vec::new();
    for _ in 0..9 {
        page.open("")?;
        page.idle()?;
        times.extend(page.eval("return performance.now()", &[])?.as_f64());
    }
    times.sort_by(f64::total_cmp);
    figures.note("start page, ready", times.get(times.len() / 2).copied().unwrap_or(f64::NAN), "ms");
    figures.note("start page, resident memory", page.memory()?.resident as f64 / 1e6, "MB");
    Ok(())
}
