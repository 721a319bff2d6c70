//! The same file twice is one: spans that say the same under the same ids are kept once.

use std::fs;
use std::path::Path;

use engine::{Engine, Request, Response};

/// Spans and traces of sources that are opened together.
fn open(sources: &[&[u8]]) -> Option<(u64, u32)> {
    let mut engine = Engine::new();
    engine.handle(Request::Begin { append: false });
    for source in sources {
        engine.handle(Request::Source { name: "a".to_owned() });
        engine.handle(Request::Chunk(source.to_vec()));
        engine.handle(Request::EndSource);
    }
    match engine.handle(Request::Finish) {
        Response::Opened(opened) => Some((opened.span_count, opened.trace_count)),
        _ => None,
    }
}

/// With an attribute that is NaN, which equals nothing.
const NEVER_THE_SAME: &[&str] = &["otlp-json.1.json", "otlp-json-lines.1.json"];

#[test]
fn a_file_of_any_format_twice() {
    let seeds = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../formats/tests/seeds"));
    let (mut tried, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(seeds).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let once = open(&[&bytes]);
        assert!(once.is_some(), "{}", path.display());
        let twice = open(&[&bytes, &bytes]);
        let name = path.file_name().unwrap().to_str().unwrap();
        if (twice != once) != NEVER_THE_SAME.contains(&name) {
            wrong.push(format!("{name}: {twice:?}, not {once:?}"));
        }
        tried += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tried > 40, "{tried} seeds");
}
