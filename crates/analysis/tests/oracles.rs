//! Critical paths as other tools find them. The expected answers lie beside the project; without them there is nothing
//! to compare.

#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for no tests"
)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use analysis::{Policy, critical_path};
use otel::{Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink as _, TraceId, UnixNanos};
use serde_json::Value;
use store::{TraceIdx, TraceStore, TraceStoreBuilder};

const TRACE: TraceIdx = TraceIdx(0);

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/../../../shared/corpus/oracles/{file}", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read(&path) else {
        println!("skipped: no corpus at {path}");
        return Vec::new();
    };
    let file: Value = serde_json::from_slice(&text).unwrap();
    let cases = file["cases"].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{path} has cases");
    cases
}

/// Spans with times in microseconds. A span is named by its id in the file.
fn plant(spans: &[Value]) -> TraceStore {
    fn number<'a>(ids: &mut BTreeMap<&'a str, u64>, name: &'a Value) -> SpanId {
        let next = ids.len() as u64 + 1;
        name.as_str().map_or(SpanId::ABSENT, |name| SpanId(*ids.entry(name).or_insert(next)))
    }
    let mut builder = TraceStoreBuilder::new();
    let (resource, scope) = (builder.open_resource(), builder.open_scope());
    builder.close_resource(resource, &Resource::default());
    builder.close_scope(scope, &Scope::default());
    // A parent that is not in the file has an id too.
    let mut ids: BTreeMap<&str, u64> = BTreeMap::new();
    for span in spans {
        let micros = |key: &str| span[key].as_u64().unwrap() * 1_000;
        // Away from zero, which means "absent".
        let start = 1_000_000 + micros("start");
        builder.span(
            resource,
            scope,
            &SpanRow {
                trace_id: TraceId(1),
                span_id: number(&mut ids, &span["id"]),
                parent_span_id: number(&mut ids, &span["parent"]),
                name: Cow::Borrowed(span["id"].as_str().unwrap()),
                kind: match span["kind"].as_str() {
                    Some("producer") => SpanKind::Producer,
                    Some("consumer") => SpanKind::Consumer,
                    _ => SpanKind::Internal,
                },
                start: UnixNanos(start),
                end: UnixNanos(start + micros("duration")),
                ..SpanRow::default()
            },
        );
    }
    builder.seal()
}

#[test]
fn strict_is_jaeger_ui() {
    for case in cases("critical_path_jaeger_ui.json") {
        let name = case["case"].as_str().unwrap();
        let store = plant(case["spans"].as_array().unwrap());
        let found: Vec<(String, u64, u64)> = if store.traces().is_empty() {
            Vec::new()
        } else {
            let base = store.trace(TRACE).start.0 - 1_000_000;
            let micros = |time: u64| {
                assert_eq!((base + time) % 1_000, 0, "{name}");
                (base + time) / 1_000
            };
            let path = critical_path(&store, TRACE, Policy::Strict);
            let latest_first = path.sections().iter().rev();
            latest_first
                .map(|section| {
                    (store.name(section.span).to_owned(), micros(section.start), micros(section.end))
                })
                .collect()
        };
        // Cases without sections are those where there is no root: Jaeger's Go port calls that an error, its UI shows
        // an empty path.
        let none = Vec::new();
        let expected: Vec<(String, u64, u64)> = case["expected_sections"]
            .as_array()
            .unwrap_or_else(|| {
                assert_eq!(case["expected_error"], "no root span", "{name}");
                &none
            })
            .iter()
            .map(|section| {
                let span = section["span"].as_str().unwrap().to_owned();
                (span, section["start"].as_u64().unwrap(), section["end"].as_u64().unwrap())
            })
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// The end of the file's name, microseconds on the path by span, and why.
type Difference = (&'static str, &'static [(&'static str, u64)], &'static str);

/// Where the tolerant policy differs from CRISP.
const NOT_AS_CRISP: [Difference; 1] = [(
    "CRISP__10.json",
    &[("A", 402), ("B", 199), ("C", 99), ("D", 300)],
    "B overlaps C, and C overlaps D, by 1 of 1000 µs: CRISP counts that time for both, and takes it from the parent. \
     Here the sections tile the root, and an overlap belongs to the later sibling.",
)];

#[test]
fn tolerant_is_crisp() {
    for case in cases("critical_path_crisp.json") {
        let file = case["file"].as_str().unwrap();
        let store = plant(case["spans"].as_array().unwrap());
        let path = critical_path(&store, TRACE, Policy::Tolerant);
        let found: BTreeMap<&str, u64> = (store.trace(TRACE).indices())
            .filter(|&span| path.of_subtree(span).next().is_some())
            .map(|span| (store.name(span), path.total(span) / 1_000))
            .collect();
        let theirs: BTreeMap<&str, u64> = (case["exclusive_time_on_critical_path_us"].as_object().unwrap())
            .iter()
            .map(|(span, time)| (span.as_str(), time.as_u64().unwrap()))
            .collect();
        let ours = NOT_AS_CRISP.iter().find(|(name, ..)| file.ends_with(name));
        let expected = ours.map_or_else(|| theirs.clone(), |(_, times, _)| times.iter().copied().collect());
        assert_eq!(found, expected, "{file}");
        assert!(ours.is_none() || expected != theirs, "{file} is no longer different");

        let mut on_path: Vec<&str> = (case["critical_path_spans_in_visit_order"].as_array().unwrap())
            .iter()
            .map(|span| span.as_str().unwrap())
            .collect();
        on_path.sort_unstable();
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), on_path, "{file}");
    }
}
