//! Formats are told apart by what is in a file.

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod support;

use std::path::Path;

use seeds::SMALLEST;

/// Folders of the corpus, or how paths in them begin, and what their files are told to be.
const FOLDERS: &[(&str, &str)] = &[
    ("datadog", "Datadog JSON"),
    ("azure/frigus02", "Application Insights"),
    ("sentry", "Sentry"),
    ("opensearch", "Elasticsearch documents"),
    ("rum/datadog__datadog", "Datadog RUM"),
    ("elastic-apm", "Elastic APM intake"),
    ("rum/elastic__elastic-rum", "Elastic APM intake"),
    ("jaeger-json", "Jaeger JSON"),
    ("zipkin-json", "Zipkin JSON"),
    ("xray", "AWS X-Ray segments"),
    ("gcp", "Google Cloud Trace JSON"),
    ("llm-langfuse", "Langfuse JSON"),
    ("llm-openinference", "JavaScript SDK spans"),
    ("otel-stdout", "Go SDK spans"),
    ("chrome-trace", "Chrome trace events"),
    ("speedscope", "speedscope"),
    ("firefox-profile", "Firefox profile"),
    ("other", "Rows of spans"),
];

/// Files that are of another format than their folder.
const OTHERS: &[(&str, &str)] = &[
    ("speedscope/jlfwong__speedscope__Chrome__65__simple.cpuprofile", "V8 CPU profile"),
    ("speedscope/jlfwong__speedscope__Firefox__61__recursion.json", "Firefox profile"),
];

/// Files of which nothing can be shown.
const NOTHING: &[(&str, &str)] = &[
    ("chrome-trace/catapult-project__catapult__simple_trace_zip.zip", "archives are not opened yet"),
    ("chrome-trace/catapult-project__catapult__gpu_state_trace.json", "a snapshot of an object is no span"),
];

/// Names of formats; of a file without spans, what it was refused as.
fn told(bytes: &[u8]) -> Vec<String> {
    match support::decode_in(bytes, &[4096]).1 {
        Ok(outcome) => outcome.formats.into_iter().map(|format| format.name().to_owned()).collect(),
        Err(refusal) => {
            let name = refusal.message.strip_prefix("This is ").and_then(|rest| rest.split_once(", but "));
            name.map(|(name, _)| name.to_owned()).into_iter().collect()
        }
    }
}

#[test]
fn smallest_documents() {
    for (text, format) in SMALLEST {
        assert_eq!(told(text.as_bytes()), [*format], "{text}");
        assert_eq!(told(format!(" \n{text}").as_bytes()), [*format], "{text}");
    }
}

#[test]
fn files_of_the_corpus() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    if !corpus.is_dir() {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    }
    let mut wrong = Vec::new();
    for (start, format) in FOLDERS {
        let folder = start.split('/').next().unwrap();
        for entry in std::fs::read_dir(corpus.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap());
            if !name.starts_with(start) || NOTHING.iter().any(|(nothing, _)| *nothing == name) {
                continue;
            }
            let expected =
                OTHERS.iter().find(|(other, _)| *other == name).map_or(*format, |(_, format)| format);
            let told = told(&std::fs::read(&path).unwrap());
            if told != [expected] {
                wrong.push(format!("{name}: {told:?}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
