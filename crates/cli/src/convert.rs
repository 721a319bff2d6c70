//! `flamefall convert`: everything that was read, in one format.

use std::fs::File;
use std::io::{self, Write};

use engine::Engine;
use formats::{JaegerJsonWriter, OtlpJsonWriter, OtlpProtobufWriter, SpanCsvWriter, ZipkinV2Writer};

use crate::args::{Convert, Target};
use crate::{Error, input, say, warning};

/// Reads all before it writes, so a file may be converted into itself.
pub(crate) fn convert(command: &Convert) -> Result<(), Error> {
    let (engine, opened) = input::open(&command.inputs)?;
    for odd in &opened.warnings {
        say(warning(odd));
    }
    if command.output == "-" {
        let written = write(&engine, command.to, io::stdout().lock());
        return written.map_err(|error| Error::writing("standard output", &error));
    }
    File::create(&command.output)
        .and_then(|file| write(&engine, command.to, file))
        .map_err(|error| Error::writing(&command.output.display().to_string(), &error))
}

fn write(engine: &Engine, to: Target, out: impl Write) -> io::Result<()> {
    let Some(store) = engine.store() else { return Ok(()) };
    match to {
        Target::OtlpJson => {
            let mut writer = OtlpJsonWriter::new(out);
            store.feed(&mut writer);
            writer.finish()?;
        }
        Target::OtlpProtobuf => {
            let mut writer = OtlpProtobufWriter::new(out);
            store.feed(&mut writer);
            writer.finish()?;
        }
        Target::JaegerJson => {
            let mut writer = JaegerJsonWriter::new(out);
            store.feed_traces(&mut writer);
            writer.finish()?;
        }
        Target::ZipkinV2 => {
            let mut writer = ZipkinV2Writer::new(out);
            store.feed_traces(&mut writer);
            writer.finish()?;
        }
        Target::Csv => {
            let mut writer = SpanCsvWriter::new(out);
            store.feed_traces(&mut writer);
            writer.finish()?;
        }
    }
    Ok(())
}
