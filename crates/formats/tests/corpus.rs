//! Real files: that chunks do not matter, and that nothing is too broken to end well. Their figures are compared where
//! there is a store (engine).

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

#[cfg(test)]
mod support;

use std::path::{Path, PathBuf};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");

/// Folders of the corpus whose files open.
const OPENED: &[&str] = &[
    "otlp-json", //
    "tempo-json",
    "jaeger-json",
    "zipkin-json",
    "xray",
    "gcp",
    "llm-langfuse",
    "llm-openinference",
    "otel-stdout",
    "datadog",
    "elastic-apm",
];

/// Files of nothing but logs.
const WITHOUT_SPANS: &[&str] = &[
    "elastic-apm/elastic__apm-data__v2__testdata__errors.ndjson",
    "elastic-apm/elastic__apm-data__v2__testdata__logs.ndjson",
];

fn corpus() -> Option<PathBuf> {
    let path = PathBuf::from(CORPUS);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: no corpus at {CORPUS}");
    None
}

fn files(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![under.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn files_of_the_corpus_in_chunks() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    let mut opened = 0;
    for folder in OPENED {
        for path in files(&corpus.join(folder)) {
            let name = path.strip_prefix(&corpus).unwrap().to_str().unwrap();
            let bytes = std::fs::read(&path).unwrap();
            let (picture, outcome) = support::decode_in(&bytes, &[1 << 20]);
            let small = support::decode_in(&bytes, &[61]);
            assert_eq!(small.0.lines(), picture.lines(), "{name} in chunks");
            if let Err(refusal) = outcome {
                if WITHOUT_SPANS.contains(&name) {
                    continue;
                }
                wrong.push(format!("{name}: refused: {refusal}"));
                continue;
            }
            opened += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    println!("{opened} files");
}

#[test]
fn bad_input_always_ends() {
    let Some(corpus) = corpus() else { return };
    let files = files(&corpus.join("bad-input"));
    let mut refused = 0;
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        let (picture, whole) = support::decode_in(&bytes, &[1 << 20]);
        let (chunked, parts) = support::decode_in(&bytes, &[1, 5, 3]);
        assert_eq!(whole, parts, "{}", path.display());
        assert_eq!(picture.lines(), chunked.lines(), "{}", path.display());
        refused += usize::from(whole.is_err());
    }
    println!("{} files, {refused} refused", files.len());
    assert_eq!(refused, files.len(), "none of them is a trace");
}
