//! How fast files are decoded into a sink that only counts: `decode_speed FILE...`; `--write COUNT` writes a file of that
//! many spans, like a Collector's, to standard output instead, `--write-chrome COUNT` one of that many trace events.

use std::io::{self, Write as _};

use formats::{Decoder, OtlpJsonWriter};
use otel::{Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};

#[path = "../tests/support/chrome.rs"]
mod chrome;
#[path = "../tests/support/generate.rs"]
mod generate;

/// Touches every span as a store would, and keeps nothing.
#[derive(Default)]
struct Counter {
    spans: u64,
    attributes: u64,
    events: u64,
    warnings: u64,
    mix: u64,
}

impl SpanSink for Counter {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(0)
    }
    fn close_resource(&mut self, _: ResourceRef, _: &Resource<'_>) {}
    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(0)
    }
    fn close_scope(&mut self, _: ScopeRef, _: &Scope<'_>) {}
    fn span(&mut self, _: ResourceRef, _: ScopeRef, span: &SpanRow<'_>) {
        self.spans += 1;
        self.attributes += span.attributes.len() as u64;
        self.events += span.events.len() as u64;
        self.mix ^= span.span_id.0 ^ span.end.0.wrapping_sub(span.start.0);
    }
    fn warn(&mut self, _: Warning) {
        self.warnings += 1;
    }
}

#[expect(clippy::disallowed_methods, reason = "a native program measures time")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = io::stdout().lock();
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if(|first| first == "--write").is_some() {
        let count = arguments.next().ok_or("--write COUNT")?.parse()?;
        let mut writer = OtlpJsonWriter::new(out);
        generate::spans(count, &mut writer);
        writer.finish()?.flush()?;
        return Ok(());
    }
    if arguments.next_if(|first| first == "--write-chrome").is_some() {
        let count = arguments.next().ok_or("--write-chrome COUNT")?.parse()?;
        chrome::write(count, &mut io::BufWriter::new(out))?;
        return Ok(());
    }
    for name in arguments {
        let bytes = std::fs::read(&name)?;
        let mut best = f64::INFINITY;
        let mut counter = Counter::default();
        for _ in 0..7 {
            counter = Counter::default();
            let start = std::time::Instant::now();
            let mut decoder = Decoder::new();
            for chunk in bytes.chunks(1 << 20) {
                decoder.push(chunk, &mut counter)?;
            }
            decoder.finish(&mut counter)?;
            best = best.min(start.elapsed().as_secs_f64());
        }
        let Counter { spans, attributes, events, warnings, mix } = counter;
        writeln!(
            out,
            "{name}: {:.0} MB/s, {:.2} M spans/s ({spans} spans, {attributes} attributes, {events} events, {warnings} warnings, {mix:x})",
            bytes.len() as f64 / best / 1e6,
            spans as f64 / best / 1e6,
        )?;
    }
    Ok(())
}
