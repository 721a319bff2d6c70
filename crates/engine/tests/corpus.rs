//! Real files, and files that are none, through [`Engine::handle`].

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skips"
)]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use common::{ask, load, open};
use engine::{Engine, Request, Response};
use otel::WarningKind;
use serde_json::Value;
use store::TraceStore;

/// The corpus, where it is at hand.
fn corpus() -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    if path.is_dir() {
        return Some(path.to_owned());
    }
    println!("skipped: no corpus at {}", path.display());
    None
}

/// Folders whose files are compared with the oracle.
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
    "other",
];

/// Where the oracle's counts and ours differ, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "opensearch/opensearch-project__dashboards-observability__jaeger-span-2023-01-24.json",
        "spans 379 traces 14 services 6 depth 5 errors 18 orphans 0 events 895 links 0",
        "18 spans have the tag `error`, in the map of tags beside the list, which the oracle does not read",
    ),
    (
        "sentry/getsentry__spotlight__envelope_astro_ssr_browser.txt",
        "spans 46 traces 1 services 1 depth 2 errors 0 orphans 1 events 13 links 0",
        "breadcrumbs of a transaction are events",
    ),
    (
        "datadog/DataDog__dd-trace-py__tests.contrib.django.test_django_snapshots.test_asgi_500_3x.json",
        "spans 30 traces 1 services 1 depth 12 errors 2 orphans 0 events 1 links 0",
        "an error with a stack trace is an event, as exceptions are in OpenTelemetry",
    ),
    (
        "elastic-apm/elastic__apm-data__v2__testdata__transactions_spans.ndjson",
        "spans 9 traces 4 services 2 depth 2 errors 0 orphans 0 events 3 links 0",
        "marks of a transaction are events",
    ),
    (
        "otlp-json/xtergo__robotframework-trace-report__diverse_suite.json",
        "spans 67 traces 1 services 1 depth 4 errors 5 orphans 0 events 29 links 0",
        "25 spans have the parent id \"0\": all zero is no id (W3C Trace Context), so they are roots, not orphans",
    ),
    (
        "otlp-json/xtergo__robotframework-trace-report__diverse_suite_pabot.json",
        "spans 77 traces 2 services 1 depth 4 errors 5 orphans 0 events 32 links 0",
        "as above",
    ),
    (
        "tempo-json/kiali__kiali__response.json",
        "spans 3 traces 1 services 1 depth 1 errors 0 orphans 0 events 0 links 0",
        "a search result names only the service of the root: it is shown, where the oracle counts resources",
    ),
    (
        "otlp-json/jaegertracing__jaeger-ui__otlp2jaeger-in.json",
        "spans 1 traces 1 services 1 depth 1 errors 0 orphans 1 events 0 links 0",
        "the same span stands there twice, to the letter: it is one",
    ),
    (
        "jaeger-json/jaegertracing__jaeger-ui__otlp2jaeger-out.json",
        "spans 1 traces 1 services 1 depth 1 errors 0 orphans 1 events 0 links 0",
        "as above",
    ),
    (
        "jaeger-json/quickwit-oss__quickwit__jaeger_ui_trace.json",
        "spans 5 traces 1 services 2 depth 3 errors 1 orphans 0 events 2 links 2",
        "references beside the parent's are links; the oracle counts none in Jaeger files",
    ),
    (
        "jaeger-json/scalyr__opentelemetry-exporter-dataset__jaeger__testdata__jaegerproto_batch_01.json",
        "spans 1 traces 1 services 1 depth 1 errors 0 orphans 1 events 3 links 0",
        "parent_span_id 6866147 is a parent, and not in the file",
    ),
    (
        "jaeger-json/scalyr__opentelemetry-exporter-dataset__jaeger__testdata__jaegerproto_batch_02.json",
        "spans 3 traces 1 services 1 depth 2 errors 0 orphans 0 events 0 links 1",
        "references beside the parent's are links",
    ),
    (
        "jaeger-json/scalyr__opentelemetry-exporter-dataset__jaeger__testdata__proto_batch_no_binary_tags_01.json",
        "spans 1 traces 1 services 1 depth 1 errors 0 orphans 1 events 3 links 0",
        "the process of the batch is that of its spans: the service has a name",
    ),
    (
        "jaeger-json/scalyr__opentelemetry-exporter-dataset__jaeger__testdata__proto_batch_no_binary_tags_02.json",
        "spans 3 traces 1 services 1 depth 2 errors 0 orphans 0 events 0 links 1",
        "as the two above",
    ),
    (
        "zipkin-json/openzipkin__zipkin__ascend.json",
        "spans 8 traces 1 services 3 depth 4 errors 0 orphans 0 events 0 links 0",
        "the server of a shared id stands below its client; the oracle counts objects before halves are told apart",
    ),
    (
        "zipkin-json/openzipkin__zipkin__skew.json",
        "spans 4 traces 1 services 2 depth 4 errors 0 orphans 0 events 0 links 0",
        "as above",
    ),
    (
        "zipkin-json/openzipkin__zipkin__smartthings-oauth-authorization.json",
        "spans 172 traces 1 services 8 depth 32 errors 2 orphans 0 events 9 links 0",
        "as above, and three objects are parts of spans that others tell of, too (Lens: 172 nodes)",
    ),
    (
        "zipkin-json/scalyr__opentelemetry-exporter-dataset__pkg__translator__zipkin__zipkinv1__testdata__zipkin_v1_error_batch.json",
        "spans 2 traces 1 services 1 depth 1 errors 0 orphans 1 events 1 links 0",
        "cs, cr, sr and ss are times of spans, not events",
    ),
    (
        "zipkin-json/scalyr__opentelemetry-exporter-dataset__pkg__translator__zipkin__zipkinv1__testdata__zipkin_v1_multiple_batches.json",
        "spans 5 traces 1 services 3 depth 4 errors 0 orphans 0 events 1 links 0",
        "as above, and servers below clients",
    ),
    (
        "zipkin-json/scalyr__opentelemetry-exporter-dataset__pkg__translator__zipkin__zipkinv1__testdata__zipkin_v1_single_batch.json",
        "spans 5 traces 1 services 3 depth 4 errors 0 orphans 0 events 1 links 0",
        "as above",
    ),
    (
        "xray/scalyr__opentelemetry-exporter-dataset__ddbSample.txt",
        "spans 18 traces 1 services 1 depth 6 errors 5 orphans 0 events 5 links 0",
        "a segment is named after its service, a subsegment after its work: the oracle takes every name for a service; and \
         exceptions are events",
    ),
    (
        "llm-langfuse/langfuse__langfuse__agno-2025-06-11.trace.json",
        "spans 6 traces 1 services 1 depth 3 errors 0 orphans 0 events 0 links 0",
        "the resource names the service; the oracle takes the type of an observation for it",
    ),
    (
        "llm-langfuse/langfuse__langfuse__beeai-2025-08-01.trace.json",
        "spans 29 traces 1 services 1 depth 4 errors 0 orphans 0 events 0 links 0",
        "as above",
    ),
    (
        "llm-langfuse/langfuse__langfuse__crewai-2025-07-11.trace.json",
        "spans 6 traces 1 services 1 depth 4 errors 0 orphans 0 events 0 links 0",
        "as above",
    ),
    (
        "llm-langfuse/langfuse__langfuse__openai-agents-2025-09-30.trace.json",
        "spans 5 traces 1 services 1 depth 3 errors 0 orphans 0 events 0 links 0",
        "as above",
    ),
    (
        "llm-langfuse/langfuse__langfuse__vercel-aisdk-2025-11-17.trace.json",
        "spans 3 traces 1 services 1 depth 2 errors 0 orphans 0 events 0 links 0",
        "as above",
    ),
    (
        "other/SigNoz__signoz__large-trace.json",
        "spans 100 traces 1 services 18 depth 35 errors 8 orphans 0 events 0 links 0",
        "status_code 2 is an error (8 spans), which the oracle does not read in this format",
    ),
    (
        "other/xtergo__robotframework-trace-report__signoz_response_spans.json",
        "spans 7 traces 1 services 2 depth 3 errors 2 orphans 0 events 0 links 0",
        "an answer of SigNoz's API: a row is a span, which the oracle does not read",
    ),
];

/// Lines that are the beginning of JSON which the next line continues: nothing tells where they should have ended.
/// The line after is lost with them.
const JOINED: &[&str] = &[
    "test_parsing__n_object_missing_value.json",
    "test_parsing__n_structure_100000_opening_arrays.json",
    "test_parsing__n_structure_object_unclosed_no_value.json",
    "test_parsing__n_structure_open_array_object.json",
];

/// What a file holds, in the oracle's terms.
fn figures(store: &TraceStore) -> String {
    let traces = store.traces().as_slice();
    let spans = || traces.iter().flat_map(store::Trace::indices);
    let services = store.services().as_slice().iter().filter(|name| !name.is_empty()).count();
    format!(
        "spans {} traces {} services {services} depth {} errors {} orphans {} events {} links {}",
        store.span_count(),
        traces.len(),
        traces.iter().map(|trace| trace.depth).max().unwrap_or(0),
        traces.iter().map(|trace| trace.error_count).sum::<u32>(),
        traces.iter().map(|trace| trace.orphan_count).sum::<u32>(),
        spans().map(|span| store.event_count(span)).sum::<usize>(),
        spans().map(|span| store.link_count(span)).sum::<usize>(),
    )
}

fn expected(fact: &Value) -> String {
    let count = |key: &str| fact[key].as_u64().unwrap();
    let orphans = fact["anomalies"]["missing parent"].as_u64().unwrap_or(0);
    let mut text = String::new();
    for key in ["spans", "traces", "services", "depth", "errors"] {
        write!(text, "{key} {} ", count(key)).unwrap();
    }
    write!(text, "orphans {orphans} events {} links {}", count("events"), count("links")).unwrap();
    text
}

#[test]
fn every_file_of_the_corpus_opens_with_the_oracles_figures() {
    let Some(corpus) = corpus() else { return };
    let facts = std::fs::read_to_string(corpus.join("oracles/file_facts.json")).unwrap();
    let facts: Value = serde_json::from_str(&facts).unwrap();
    let mut failed = String::new();
    let mut count = 0;
    for fact in facts["facts"].as_array().unwrap() {
        let file = fact["file"].as_str().unwrap();
        if !file.split('/').next().is_some_and(|folder| OPENED.contains(&folder)) {
            continue;
        }
        count += 1;
        let bytes = std::fs::read(corpus.join(file)).unwrap();
        let mut engine = Engine::new();
        let size = if bytes.len() > 100_000 { 4096 } else { 61 };
        let oracle = expected(fact);
        let found = match load(&mut engine, false, &[(file, &bytes)], size) {
            Response::Opened(_) => figures(engine.store().unwrap()),
            // Files of nothing but logs are none of spans.
            Response::Refused(_) if fact["spans"] == 0 => oracle.clone(),
            other => format!("{other:?}"),
        };
        match DIFFERENCES.iter().find(|(name, _, _)| *name == file) {
            Some((_, ours, why)) => {
                assert_ne!(*ours, oracle, "{file} does not differ any more: {why}");
                if *ours != found {
                    writeln!(failed, "{file}\n  ours {found}\n  told {ours}").unwrap();
                }
            }
            None if oracle != found => {
                writeln!(failed, "{file}\n  ours   {found}\n  oracle {oracle}").unwrap();
            }
            None => {}
        }
    }
    assert!(count > 60, "only {count} files in the oracle");
    assert!(failed.is_empty(), "\n{failed}");
}

/// Files that are hardly JSON, whatever is right to make of them.
fn bad_inputs() -> Vec<(String, Vec<u8>)> {
    let Some(corpus) = corpus() else { return Vec::new() };
    let mut files = Vec::new();
    let mut folders = vec![corpus.join("bad-input")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    assert!(files.len() >= 340, "only {} bad inputs", files.len());
    files
}

#[test]
fn bad_input_is_opened_or_refused_with_a_reason() {
    for (name, bytes) in bad_inputs() {
        for size in [1, 7, usize::MAX] {
            let mut engine = Engine::new();
            match load(&mut engine, false, &[(&name, &bytes)], size) {
                Response::Opened(opened) => {
                    assert!(
                        opened.span_count > 0 || !opened.warnings.is_empty(),
                        "{name}: opened with nothing to say"
                    );
                }
                Response::Refused(failure) => {
                    assert!(!failure.message.is_empty() && failure.name == name, "{failure:?}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}

fn line(id: u64) -> String {
    let span =
        format!(r#"{{"traceId":"{id:032x}","spanId":"{id:016x}","name":"good","startTimeUnixNano":"1"}}"#);
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#)
}

#[test]
fn a_bad_line_between_good_lines_costs_only_itself() {
    let mut failed = Vec::new();
    for (name, bad) in bad_inputs() {
        let text = [line(1).as_bytes(), &bad, line(2).as_bytes()].join(&b'\n');
        for size in [5, usize::MAX] {
            let mut engine = Engine::new();
            let good = match load(&mut engine, false, &[(&name, &text)], size) {
                Response::Opened(_) => {
                    let store = engine.store().unwrap();
                    store.traces().as_slice().iter().filter(|trace| store.name(trace.root) == "good").count()
                }
                _ => 0,
            };
            let expected = if JOINED.contains(&name.as_str()) { 1 } else { 2 };
            if good != expected {
                failed.push(format!("{name}: {good} of {expected} in chunks of {size}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Spans that a file holds which was cut after each of its bytes.
fn check_cuts(bytes: &[u8]) {
    let whole = open(bytes).0.store().unwrap().span_count();
    let mut before = 0;
    for cut in 0..bytes.len() {
        let (engine, opened) = open(&bytes[..cut]);
        match opened {
            Ok(opened) => {
                let store = engine.store().unwrap();
                assert!(store.span_count() >= before, "{cut}: {} spans after {before}", store.span_count());
                before = store.span_count();
                let complained =
                    opened.warnings.iter().any(|warning| warning.kind == WarningKind::Truncated.name());
                assert!(complained || store.span_count() == whole, "{cut}: nothing is said of the cut");
            }
            Err(failure) => {
                assert!(before == 0 && !failure.message.is_empty(), "{cut}: {before}, {failure:?}");
            }
        }
    }
    assert_eq!(before, whole, "all spans are there before the last byte");
}

#[test]
fn a_file_may_be_cut_at_any_byte() {
    let trace = fixtures::trace(
        r#"
        shop  GET /cart       0..90ms  server http.response.status_code:int=500 !error "ä€😀"
          cart  list          5..50ms  client @7ms:retry{n:int=2} link=f/2 k=[a,{b=c}]
        shop  GET /           1..2ms   trace=2
        "#,
    );
    check_cuts(&common::otlp(|sink| trace.feed(sink)));
    let Some(corpus) = corpus() else { return };
    check_cuts(&std::fs::read(corpus.join("otlp-json/metafab__otel-gui__sample-trace.json")).unwrap());
}

#[test]
fn every_view_of_every_file_answers() {
    let Some(corpus) = corpus() else { return };
    for entry in std::fs::read_dir(corpus.join("otlp-json")).unwrap() {
        let path = entry.unwrap().path();
        let (mut engine, opened) = open(&std::fs::read(&path).unwrap());
        let Ok(opened) = opened else { panic!("{}: {opened:?}", path.display()) };
        for trace in 0..opened.trace_count.min(5) {
            let head = ask!(engine, Request::Trace { trace }, Trace);
            assert!(head.row_count > 0 && head.lanes > 0, "{head:?}");
            for span in head.first_span..head.first_span + head.span_count.min(50) {
                let details = ask!(engine, Request::Details { span }, Details);
                assert_eq!(details.trace, trace);
                assert!(details.self_time <= details.duration, "{details:?}");
                let raw = ask!(engine, Request::Raw { span }, Json);
                let again = open(raw.as_bytes());
                assert_eq!(again.1.map(|opened| opened.span_count), Ok(1), "{raw}");
                let found = Request::Find { trace_id: details.trace_id.to_uppercase(), span_id: None };
                assert_eq!(ask!(engine, found, Found).unwrap().trace, trace);
            }
        }
    }
}

/// Their spans are made by the decoder: what the store would have to mend is its mistake.
#[test]
fn profiles_need_no_repair() {
    let Some(corpus) = corpus() else { return };
    let mut wrong = Vec::new();
    for folder in ["chrome-trace", "speedscope", "firefox-profile"] {
        for entry in std::fs::read_dir(corpus.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let (_, opened) = open(&std::fs::read(&path).unwrap());
            let Ok(opened) = opened else { continue };
            for kind in WarningKind::ALL.iter().filter(|kind| **kind >= WarningKind::MissingTraceId) {
                let found = opened.warnings.iter().filter(|warning| warning.kind == kind.name());
                wrong.extend(found.map(|warning| format!("{}: {warning:?}", path.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
