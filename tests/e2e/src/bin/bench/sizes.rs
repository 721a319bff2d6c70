//! What the site weighs, beside `size-budget.toml`. `cargo xtask size` lists it file by file.

use std::fs;
use std::io::Write as _;

use e2e::{Result, dist};
use flate2::{Compression, write::GzEncoder};
use toml::{Table, Value};

use crate::{Bar, Figures};

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let budget = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../size-budget.toml"))?;
    for (part, entry) in budget.parse::<Table>()? {
        let limit = entry.get("limit").and_then(Value::as_integer).unwrap_or(0);
        let files = entry.get("files").and_then(Value::as_array).into_iter().flatten();
        let mut total = 0;
        for file in files.filter_map(Value::as_str) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&fs::read(dist().join(file))?)?;
            total += encoder.finish()?.len();
        }
        let name = format!("transferred, {part}");
        figures.against(&name, total as f64 / 1e3, "kB gzip", Bar::AtMost(limit as f64 / 1e3));
    }
    Ok(())
}
