//! Writes the sample traces of the start page into a directory. `cargo xtask samples` calls it.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use fixtures::samples;
use flate2::{Compression, write::GzEncoder};
use formats::OtlpJsonWriter;

fn main() -> io::Result<()> {
    let directory = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| ".".into()));
    let create = |name| File::create(directory.join(name));
    write(create("slow-query.json")?, |sink| samples::slow_query(sink))?;
    write(create("n-plus-one.json")?, |sink| samples::n_plus_one(sink))?;
    // The large one travels compressed, as a Collector would leave it.
    let gzip = GzEncoder::new(create("busy-minute.json.gz")?, Compression::best());
    write(gzip, |sink| samples::busy_minute(sink))?.finish()?;
    Ok(())
}

fn write<W: Write>(out: W, spans: impl FnOnce(&mut OtlpJsonWriter<W>)) -> io::Result<W> {
    let mut writer = OtlpJsonWriter::new(out);
    spans(&mut writer);
    writer.finish()
}
