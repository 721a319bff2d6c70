//! Decoders alone, natively: MB/s and spans/s of each format, into a sink that keeps nothing.

use std::fs;
use std::path::Path;
use std::time::Instant;

use ::formats::{
    Decoder, JaegerJsonWriter, OtlpJsonWriter, OtlpProtobufWriter, SpanCsvWriter, ZipkinV2Writer,
};
use e2e::Result;
use otel::{Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};

use crate::{Bar, Figures, median};

const SPANS: usize = 50_000;

/// What seeds are repeated to.
const LENGTH: usize = 10 << 20;

/// What the page's host hands over at once.
const CHUNK: usize = 1 << 20;

const ROUNDS: usize = 5;

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let (json, protobuf) = written(figures)?;
    let name = "formats, native: OTLP protobuf, times as many spans/s as JSON";
    figures.against(name, protobuf / json, "×", Bar::AtLeast(3.0));
    seeds(figures)
}

/// The same spans by each of our writers. Spans/s of OTLP JSON and protobuf.
fn written(figures: &mut Figures) -> Result<(f64, f64)> {
    fn feed<S: SpanSink>(mut sink: S) -> S {
        fixtures::collector_file(1, SPANS, &mut sink);
        sink
    }
    let json = speed(figures, "OTLP JSON", &feed(OtlpJsonWriter::new(Vec::new())).finish()?)?;
    let protobuf = speed(figures, "OTLP protobuf", &feed(OtlpProtobufWriter::new(Vec::new())).finish()?)?;
    speed(figures, "Jaeger JSON", &feed(JaegerJsonWriter::new(Vec::new())).finish()?)?;
    speed(figures, "Zipkin JSON", &feed(ZipkinV2Writer::new(Vec::new())).finish()?)?;
    speed(figures, "CSV", &feed(SpanCsvWriter::new(Vec::new())).finish()?)?;
    Ok((json, protobuf))
}

/// The other formats: a document, written by hand, again and again.
fn seeds(figures: &mut Figures) -> Result {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/formats/tests/seeds");
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    // Honeycomb's events are joined to every span of their id: the same again and again is no measure of it.
    let left_out = ["otlp-", "jaeger-", "zipkin-", "honeycomb"];
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(format) = name.strip_suffix(".1.json") else { continue };
        if left_out.iter().any(|start| format.starts_with(start)) {
            continue;
        }
        speed(figures, format, &repeated(&path)?)?;
    }
    Ok(())
}

fn repeated(path: &Path) -> Result<Vec<u8>> {
    let mut seed = fs::read(path)?;
    seed.push(b'\n');
    Ok(seed.repeat(LENGTH / seed.len()))
}

/// Spans/s.
fn speed(figures: &mut Figures, format: &str, bytes: &[u8]) -> Result<f64> {
    let (mut times, mut spans) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (mut sink, mut decoder) = (Nothing::default(), Decoder::new());
        let start = Instant::now();
        for chunk in bytes.chunks(CHUNK) {
            decoder.push(chunk, &mut sink)?;
        }
        spans = decoder.finish(&mut sink)?.spans;
        times.push(start.elapsed().as_secs_f64());
    }
    let time = median(times);
    figures.note(&format!("formats, native: {format}"), bytes.len() as f64 / 1e6 / time, "MB/s");
    figures.note(&format!("formats, native: {format}, spans"), spans as f64 / time / 1e3, "k/s");
    Ok(spans as f64 / time)
}

/// Takes what it is told.
#[derive(Default)]
struct Nothing {
    resources: u32,
    scopes: u32,
}

impl SpanSink for Nothing {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources += 1;
        ResourceRef(self.resources - 1)
    }
    fn close_resource(&mut self, _: ResourceRef, _: &Resource<'_>) {}
    fn open_scope(&mut self) -> ScopeRef {
        self.scopes += 1;
        ScopeRef(self.scopes - 1)
    }
    fn close_scope(&mut self, _: ScopeRef, _: &Scope<'_>) {}
    fn span(&mut self, _: ResourceRef, _: ScopeRef, _: &SpanRow<'_>) {}
    fn warn(&mut self, _: Warning) {}
}
