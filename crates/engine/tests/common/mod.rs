//! What every test does: load, ask, expect.

use engine::{Engine, Failure, Opened, Request, Response};
use formats::OtlpJsonWriter;
use otel::SpanSink;

/// Sends files in chunks of `size` bytes.
pub(crate) fn load(engine: &mut Engine, append: bool, files: &[(&str, &[u8])], size: usize) -> Response {
    engine.handle(Request::Begin { append });
    for (name, bytes) in files {
        engine.handle(Request::Source { name: (*name).to_owned() });
        for chunk in bytes.chunks(size.max(1)) {
            if let Response::Refused(_) = engine.handle(Request::Chunk(chunk.to_vec())) {
                break;
            }
        }
        engine.handle(Request::EndSource);
    }
    engine.handle(Request::Finish)
}

/// One file in one chunk.
pub(crate) fn open(bytes: &[u8]) -> (Engine, Result<Opened, Failure>) {
    let mut engine = Engine::new();
    let opened = match load(&mut engine, false, &[("file.json", bytes)], usize::MAX) {
        Response::Opened(opened) => Ok(opened),
        Response::Refused(failure) => Err(failure),
        other => panic!("neither opened nor refused: {other:?}"),
    };
    (engine, opened)
}

/// What `feed` writes, as OTLP JSON.
pub(crate) fn otlp(feed: impl FnOnce(&mut dyn SpanSink)) -> Vec<u8> {
    let mut writer = OtlpJsonWriter::new(Vec::new());
    feed(&mut writer);
    writer.finish().unwrap()
}

/// The answer to a request, unwrapped.
macro_rules! ask {
    ($engine:expr, $request:expr, $answer:ident) => {
        match $engine.handle($request) {
            engine::Response::$answer(answer) => answer,
            other => panic!("expected {}, got {other:?}", stringify!($answer)),
        }
    };
}
pub(crate) use ask;
