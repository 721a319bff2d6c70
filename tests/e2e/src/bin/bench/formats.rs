//! Decoders, format by format: MB/s and spans/s natively, into a sink that keeps nothing and into a store, and in the
//! browser, from the file to the answer that it is open.

use std::fs;
use std::path::Path;
use std::time::Instant;

use ::formats::{
    Decoder, JaegerJsonWriter, OtlpJsonWriter, OtlpProtobufWriter, SpanCsvWriter, ZipkinV2Writer,
};
use e2e::Result;
use engine::{Engine, Request, Response};
use otel::{AttributeRef, KeyValue, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};

use crate::files::SpanFile;
use crate::{Bar, Figures, decode, median};

const SPANS: usize = 50_000;

/// What documents are repeated to.
const LENGTH: usize = 8 << 20;

/// What the page's host hands over at once.
const CHUNK: usize = 1 << 20;

const ROUNDS: usize = 3;

/// One format's file, and a small one of the same: what both take is not decoding.
struct Sample {
    format: String,
    small: Vec<u8>,
    large: Vec<u8>,
}

/// Spans/s.
#[derive(Clone, Copy)]
struct Speeds {
    decoded: f64,
    stored: f64,
    opened: f64,
}

pub(crate) fn measure(figures: &mut Figures) -> Result {
    let mut speeds = Vec::new();
    for sample in written()?.into_iter().chain(documents()?) {
        speeds.push((sample.format.clone(), speed(figures, &sample)?));
    }
    let of = |wanted: &str| speeds.iter().find(|(format, _)| format == wanted).map(|(_, speeds)| *speeds);
    if let (Some(json), Some(protobuf)) = (of("OTLP JSON"), of("OTLP protobuf")) {
        for (place, ratio) in [
            ("decoded natively", protobuf.decoded / json.decoded),
            ("to a store natively", protobuf.stored / json.stored),
            ("opened in the browser", protobuf.opened / json.opened),
        ] {
            let name = format!("OTLP protobuf, times as many spans/s as JSON, {place}");
            figures.against(&name, ratio, "×", Bar::AtLeast(3.0));
        }
    }
    Ok(())
}

/// The same spans by each of our writers.
fn written() -> Result<Vec<Sample>> {
    fn feed<S: SpanSink>(mut sink: S, spans: usize) -> S {
        fixtures::collector_file(1, spans, &mut sink);
        sink
    }
    let of = |format: &str, write: &dyn Fn(usize) -> Result<Vec<u8>>| -> Result<Sample> {
        Ok(Sample { format: format.to_owned(), small: write(50)?, large: write(SPANS)? })
    };
    Ok(vec![
        of("OTLP JSON", &|spans| Ok(feed(OtlpJsonWriter::new(Vec::new()), spans).finish()?))?,
        of("OTLP protobuf", &|spans| Ok(feed(OtlpProtobufWriter::new(Vec::new()), spans).finish()?))?,
        of("Jaeger JSON", &|spans| Ok(feed(JaegerJsonWriter::new(Vec::new()), spans).finish()?))?,
        of("Zipkin JSON", &|spans| Ok(feed(ZipkinV2Writer::new(Vec::new()), spans).finish()?))?,
        of("CSV", &|spans| Ok(feed(SpanCsvWriter::new(Vec::new()), spans).finish()?))?,
    ])
}

/// The other formats: a document, written by hand, again and again, with other ids.
fn documents() -> Result<Vec<Sample>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/formats/tests/seeds");
    let mut paths: Vec<_> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    let mut samples = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(format) = name.strip_suffix(".1.json") else { continue };
        if !["otlp-", "jaeger-", "zipkin-"].iter().any(|start| format.starts_with(start)) {
            let (small, large) = repeated(&path)?;
            samples.push(Sample { format: format.to_owned(), small, large });
        }
    }
    Ok(samples)
}

/// Once, and often. Ids and times are what has 16 digits or more: their last are the number of the copy.
fn repeated(path: &Path) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut seed = fs::read(path)?;
    seed.push(b'\n');
    let mut large = Vec::with_capacity(LENGTH + seed.len());
    for copy in 0.. {
        if large.len() >= LENGTH {
            break;
        }
        let number = format!("{copy:06}");
        for digits in seed.chunk_by(|a, b| a.is_ascii_hexdigit() && b.is_ascii_hexdigit()) {
            let kept = if digits.len() < 16 { digits.len() } else { digits.len() - number.len() };
            large.extend_from_slice(digits.get(..kept).unwrap_or_default());
            if kept < digits.len() {
                large.extend_from_slice(number.as_bytes());
            }
        }
    }
    Ok((seed, large))
}

fn speed(figures: &mut Figures, sample: &Sample) -> Result<Speeds> {
    let bytes = &sample.large;
    let (mut decoded, mut stored, mut opened) = (Vec::new(), Vec::new(), Vec::new());
    let mut spans = 0;
    for _ in 0..ROUNDS {
        let (mut sink, mut decoder) = (Nothing::default(), Decoder::new());
        let start = Instant::now();
        for chunk in bytes.chunks(CHUNK) {
            decoder.push(chunk, &mut sink)?;
        }
        spans = decoder.finish(&mut sink)?.spans;
        decoded.push(start.elapsed().as_secs_f64());
        stored.push(to_store(bytes)?);
    }
    let (small, large) =
        (SpanFile::of(&sample.small, 0)?, SpanFile::of(bytes, usize::try_from(spans).unwrap_or_default())?);
    let (for_small, for_large) = (decode::opened(&small)?, decode::opened(&large)?);
    for round in 0..=ROUNDS {
        let time = decode::load(&for_large, true)?.0 - decode::load(&for_small, true)?.0;
        // The first compiles.
        opened.extend((round > 0).then_some(time / 1e3));
    }
    let mut told = |times: Vec<f64>, place: &str| {
        let time = median(times);
        let name = format!("{}, {place}", sample.format);
        figures.note(&name, bytes.len() as f64 / 1e6 / time, "MB/s");
        figures.note(&format!("{name}, spans"), spans as f64 / time / 1e3, "k/s");
        spans as f64 / time
    };
    Ok(Speeds {
        decoded: told(decoded, "decoded natively"),
        stored: told(stored, "to a store natively"),
        opened: told(opened, "opened in the browser"),
    })
}

/// Seconds until all chunks are in a store, which is not sealed yet.
fn to_store(bytes: &[u8]) -> Result<f64> {
    let mut engine = Engine::new();
    let mut time = 0.0;
    let chunks = bytes.chunks(CHUNK).map(|chunk| Request::Chunk(chunk.to_vec()));
    let before = [Request::Begin { append: false }, Request::Source { name: "bench".to_owned() }];
    for request in before.into_iter().chain(chunks).chain([Request::EndSource]) {
        let start = Instant::now();
        let response = engine.handle(request);
        time += start.elapsed().as_secs_f64();
        if let Response::Refused(failure) = response {
            return Err(failure.message.into());
        }
    }
    Ok(time)
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
    // As a store does, which is what decoders are for.
    fn attribute(&mut self, _: &KeyValue<'_>) -> Option<AttributeRef> {
        Some(AttributeRef(0))
    }
    fn warn(&mut self, _: Warning) {}
}
