//! The documents of the element's contract, `Summary` and `Analysis`: lowerCamelCase, ids in hex, 64-bit integers as
//! decimal strings; counts, which fit a JavaScript number, as numbers.

use std::fmt;

use analysis::{CriticalPath, Policy};
use serde::{Serialize, Serializer};
use store::{SpanFlags, SpanIdx, TraceIdx, TraceStore};

use crate::Failure;
use crate::open::Open;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    format: &'a str,
    name: &'a str,
    bytes: u64,
    span_count: u64,
    trace_count: u32,
    log_count: usize,
    exemplar_count: usize,
    services: Vec<&'a str>,
    warnings: Vec<Warning<'a>>,
    traces: Vec<TraceSummary<'a>>,
}

#[derive(Serialize)]
struct Warning<'a> {
    kind: &'a str,
    count: u64,
    example: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceSummary<'a> {
    trace_id: Text<otel::TraceId>,
    root_name: &'a str,
    root_service: &'a str,
    span_count: usize,
    service_count: u32,
    depth: u32,
    error_count: u32,
    orphan_count: u32,
    start_time_unix_nano: Text<u64>,
    duration_nano: Text<u64>,
}

#[derive(Serialize)]
struct Analysis<'a> {
    traces: Vec<TraceAnalysis<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TraceAnalysis<'a> {
    trace_id: Text<otel::TraceId>,
    critical_path: Vec<Section>,
    self_time_nano: SelfTimes<'a>,
    findings: [Finding; 0],
}

/// None yet.
#[derive(Serialize)]
struct Finding {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Section {
    span_id: Text<otel::SpanId>,
    start_time_unix_nano: Text<u64>,
    end_time_unix_nano: Text<u64>,
}

#[derive(Serialize)]
struct Answer {
    spans: Vec<SpanName>,
    traces: Vec<Text<otel::TraceId>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpanName {
    trace_id: Text<otel::TraceId>,
    span_id: Text<otel::SpanId>,
}

/// Written as its `Display`, in quotes.
struct Text<T>(T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// `{spanId: nanoseconds}`. Spans that have no id, or one that another span had before, cannot be keys.
struct SelfTimes<'a> {
    store: &'a TraceStore,
    trace: TraceIdx,
    times: Vec<u64>,
}

impl Serialize for SelfTimes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = |span: &SpanIdx| {
            self.store.flags(*span).0 & (SpanFlags::NO_ID.0 | SpanFlags::DUPLICATE_ID.0) == 0
        };
        serializer.collect_map(
            self.store
                .trace(self.trace)
                .indices()
                .zip(&self.times)
                .filter(|(span, _)| named(span))
                .map(|(span, time)| (Text(self.store.span_id(span)), Text(time))),
        )
    }
}

#[inline(never)]
pub(crate) fn summary(open: &Open) -> Result<String, Failure> {
    let Open { store, opened, .. } = open;
    let traces = store.traces().as_slice().iter().map(|trace| TraceSummary {
        trace_id: Text(trace.id),
        root_name: store.name(trace.root),
        root_service: store.service(trace.root),
        span_count: trace.span_count(),
        service_count: trace.service_count,
        depth: trace.depth,
        error_count: trace.error_count,
        orphan_count: trace.orphan_count,
        start_time_unix_nano: Text(trace.start.0),
        duration_nano: Text(trace.duration),
    });
    write(&Summary {
        format: &opened.format,
        name: &opened.name,
        bytes: opened.bytes,
        span_count: opened.span_count,
        trace_count: opened.trace_count,
        log_count: store.log_count(),
        exemplar_count: store.exemplar_count(),
        services: opened.services.iter().map(|service| service.name.as_str()).collect(),
        warnings: store
            .warnings()
            .iter()
            .map(|known| Warning { kind: known.kind.name(), count: known.count, example: &known.example })
            .collect(),
        traces: traces.collect(),
    })
}

#[inline(never)]
pub(crate) fn analysis(store: &TraceStore, trace: Option<TraceIdx>) -> Result<String, Failure> {
    let traces = match trace {
        Some(trace) => vec![analyze(store, trace)],
        None => store.traces().indices().map(|trace| analyze(store, trace)).collect(),
    };
    write(&Analysis { traces })
}

fn analyze(store: &TraceStore, trace: TraceIdx) -> TraceAnalysis<'_> {
    let of = store.trace(trace);
    let base = of.start.0;
    let critical: CriticalPath = analysis::critical_path(store, trace, Policy::Tolerant);
    let section = |section: &analysis::Section| Section {
        span_id: Text(store.span_id(section.span)),
        start_time_unix_nano: Text(base + section.start),
        end_time_unix_nano: Text(base + section.end),
    };
    TraceAnalysis {
        trace_id: Text(of.id),
        critical_path: critical.sections().iter().map(section).collect(),
        self_time_nano: SelfTimes { store, trace, times: analysis::self_times(store, trace) },
        findings: [],
    }
}

/// Spans and traces by id, for `query`.
#[inline(never)]
pub(crate) fn answer(store: &TraceStore, spans: &[SpanIdx]) -> Result<String, Failure> {
    let mut traces: Vec<TraceIdx> = spans.iter().map(|&span| store.trace_of(span)).collect();
    traces.dedup();
    let trace_id = |trace: TraceIdx| Text(store.trace(trace).id);
    write(&Answer {
        spans: spans
            .iter()
            .map(|&span| SpanName {
                trace_id: trace_id(store.trace_of(span)),
                span_id: Text(store.span_id(span)),
            })
            .collect(),
        traces: traces.into_iter().map(trace_id).collect(),
    })
}

fn write(document: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(document)
        .map_err(|error| Failure::new("engineStopped", format!("The answer could not be written: {error}.")))
}
