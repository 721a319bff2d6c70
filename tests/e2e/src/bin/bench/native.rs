//! The engine without a browser.

use std::fs::File;
use std::io::Read as _;
use std::time::Instant;

use e2e::Result;
use engine::{Engine, Request, Response};

use crate::files::{Content, SpanFile};
use crate::{Figures, median};

/// What the page's host hands over at once.
const CHUNK: usize = 1 << 20;

pub(crate) fn measure(figures: &mut Figures) -> Result {
    for (content, spans, name, rounds) in [
        (Content::Collector, 100_000, "native, many traces, 100 k", 5),
        (Content::OneTrace, 100_000, "native, one trace, 100 k", 5),
        (Content::Collector, 1_000_000, "native, many traces, 1 M", 1),
    ] {
        let file = SpanFile::write(content, spans)?;
        let mut engine = Engine::new();
        let (mut decoded, mut sealed) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (decode, seal) = load(&mut engine, &file)?;
            decoded.push(decode);
            sealed.push(seal);
        }
        figures.note(&format!("{name}: decode"), file.megabytes() / median(decoded) * 1e3, "MB/s");
        figures.note(&format!("{name}: seal"), median(sealed), "ms");
        // Words in turn: the same text twice is answered from memory.
        for (word, kind) in [("checkout", "frequent"), ("203.0.113.77", "rare"), ("qqqq", "never")] {
            let search = Request::Search { text: word.to_owned(), trace: None };
            figures.note(&format!("{name}: search, {kind} text"), timed(&mut engine, search)?.0, "ms");
        }
        let opening = timed(&mut engine, Request::Trace { trace: 0 })?.0;
        figures.note(&format!("{name}: critical path and tree of the first trace"), opening, "ms");
    }
    Ok(())
}

/// ms to decode, reading not counted, and to seal.
fn load(engine: &mut Engine, file: &SpanFile) -> Result<(f64, f64)> {
    timed(engine, Request::Begin { append: false })?;
    timed(engine, Request::Source { name: "bench".to_owned() })?;
    let mut input = File::open(file.path())?;
    let mut decode = 0.0;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        if input.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)? == 0 {
            break;
        }
        decode += timed(engine, Request::Chunk(chunk))?.0;
    }
    decode += timed(engine, Request::EndSource)?.0;
    match timed(engine, Request::Finish)? {
        (seal, Response::Opened(opened)) if opened.span_count == file.spans as u64 => Ok((decode, seal)),
        (_, other) => Err(format!("not {} spans: {other:?}", file.spans).into()),
    }
}

fn timed(engine: &mut Engine, request: Request) -> Result<(f64, Response)> {
    let start = Instant::now();
    let response = engine.handle(request);
    let time = start.elapsed().as_secs_f64() * 1e3;
    match response {
        Response::Refused(failure) => Err(failure.message.into()),
        response => Ok((time, response)),
    }
}
