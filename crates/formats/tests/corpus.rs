//! Real files: that chunks do not matter, and that nothing is too broken to end well. Their figures are compared where
//! there is a store (engine).

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

#[cfg(test)]
mod support;

use std::path::{Path, PathBuf};

use serde_json::Value;

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
    "otlp-proto",
    "datadog",
    "sentry",
    "opensearch",
    "elastic-apm",
];

/// Files of nothing but logs.
const WITHOUT_SPANS: &[&str] = &[
    "sentry/getsentry__spotlight__envelope_javascript.txt",
    "elastic-apm/elastic__apm-data__v2__testdata__errors.ndjson",
    "elastic-apm/elastic__apm-data__v2__testdata__logs.ndjson",
    "other",
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
fn logs_and_metrics() {
    let Some(corpus) = corpus() else { return };
    let facts: Value =
        serde_json::from_slice(&std::fs::read(corpus.join("oracles/file_facts.json")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let mut opened = 0;
    for fact in facts["facts"].as_array().unwrap() {
        let name = fact["file"].as_str().unwrap();
        let is_ours = name.starts_with("otlp-logs-metrics/") || name.starts_with("otlp-json/");
        let figure = |name: &str| fact["info"].get(name).and_then(Value::as_u64).unwrap_or(0);
        if !is_ours || figure("logs") + figure("metrics") == 0 {
            continue;
        }
        let bytes = std::fs::read(corpus.join(name)).unwrap();
        let (picture, outcome) = support::decode_in(&bytes, &[1 << 20]);
        assert_eq!(support::decode_in(&bytes, &[61]).0.lines(), picture.lines(), "{name} in chunks");
        let outcome = outcome.unwrap();
        opened += 1;
        let linked = picture.logs() - picture.logs_without_trace;
        for (field, ours) in
            [("logs", outcome.logs), ("metrics", outcome.metrics), ("logs-with-traceId", linked as u64)]
        {
            if figure(field) != ours {
                wrong.push(format!("{name}: {field}: {ours}, not {}", figure(field)));
            }
        }
        // Counted apart; no other file has exemplars.
        let exemplars = match name {
            "otlp-logs-metrics/highlight__highlight__metrics.json" => 281,
            "otlp-json/ymtdzzz__otel-tui__test_data.json" => 11,
            _ => 0,
        };
        assert_eq!(outcome.exemplars, exemplars, "{name}");
        assert_eq!(picture.exemplars() as u64, exemplars, "{name}");
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
