//! `cargo xtask size`: what the site weighs, against `size-budget.toml`.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use toml::{Table, Value};

use crate::sh::{Result, failure};

const BUDGET: &str = "size-budget.toml";

pub(crate) fn size() -> Result {
    let dist = crate::dist::directory();
    let budget = fs::read_to_string(crate::root().join(BUDGET)).unwrap_or_default();
    let budget =
        budget.parse::<Table>().map_err(|error| failure(format!("{BUDGET}: {error}"), "correct it"))?;
    let mut over = Vec::new();
    let mut known = Vec::new();
    for (part, entry) in &budget {
        let limit = entry.get("limit").and_then(Value::as_integer).unwrap_or(0);
        let files =
            entry.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut total = 0;
        for file in files {
            let (raw, gzip) = weigh(&dist.join(file))?;
            println!("  {file:<28} {raw:>9} B  {gzip:>8} B gzip");
            total += gzip;
            known.push(file);
        }
        println!(
            "  {:<28} {:>9}    {total:>8} B gzip, {} % of {limit}",
            format!("= {part}"),
            "",
            100 * total / limit.max(1)
        );
        if total > limit {
            over.push(format!("{part} has {total} B, {} more than its limit", total - limit));
        }
    }
    for name in shipped(&dist) {
        if !known.contains(&name.as_str()) {
            over.push(format!("{name} stands in no part of {BUDGET}"));
        }
    }
    if over.is_empty() {
        return Ok(());
    }
    Err(failure(
        over.join("; "),
        format!("find what grew (`twiggy top dist/*.wasm`), or raise the limit in {BUDGET} and say why"),
    ))
}

fn weigh(file: &Path) -> Result<(usize, i64)> {
    let mend = "run `cargo xtask build` first";
    let bytes = fs::read(file).map_err(|error| failure(format!("{}: {error}", file.display()), mend))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = encoder
        .write_all(&bytes)
        .and_then(|()| encoder.finish())
        .map_err(|error| failure(error.to_string(), mend))?;
    Ok((bytes.len(), gzip.len() as i64))
}

/// Everything of the viewer, at the top of the site, and of the tracer that a browser runs or reads.
fn shipped(dist: &Path) -> Vec<String> {
    let names = |below: &str| {
        let entries = fs::read_dir(dist.join(below)).into_iter().flatten().flatten();
        let names = entries.map(|entry| format!("{below}{}", entry.file_name().to_string_lossy()));
        names.collect::<Vec<_>>()
    };
    let mut names: Vec<_> = [names(""), names("rum/")]
        .concat()
        .into_iter()
        .filter(|name| [".html", ".js", ".css", ".wasm"].iter().any(|end| name.ends_with(end)))
        .collect();
    names.sort();
    names
}
