//! Honeycomb: events as they are sent (`{"time", "data"}`, in batches or a line each), rows of a trace or of a query's
//! result. Events and links of a span are rows of their own, which stand before or after it: all wait for the end.

use std::borrow::Cow;
use std::collections::BTreeSet;

use otel::{
    EventRow, KeyValue, LinkRow, LogRow, Resource, ResourceRef, SpanId, SpanRow, StatusCode, TraceId,
    UnixNanos,
};

use super::fields::{kind, put, severity};
use crate::json::Json;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take};

pub(crate) const ENTRY: Entry =
    Entry { name: "Honeycomb", tells, goes_on: |_| false, open: || Box::<Honeycomb>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    shape.depth_of(&["trace.trace_id"]).is_some()
}

#[derive(Default)]
struct Honeycomb {
    spans: Vec<(ResourceRef, SpanRow<'static>)>,
    /// Trace and span they are of, and what they are.
    events: Vec<(TraceId, SpanId, EventRow<'static>)>,
    links: Vec<(TraceId, SpanId, LinkRow<'static>)>,
}

/// So many rows wait at most; a query answers with fewer.
const WAITING: usize = 200_000;

/// Columns that are told in the span itself.
const TAKEN: &[&str] = &[
    "trace.trace_id",
    "trace.span_id",
    "trace.parent_id",
    "trace.link.trace_id",
    "trace.link.span_id",
    "name",
    "service.name",
    "service_name",
    "duration_ms",
    "meta.annotation_type",
    "meta.signal_type",
    "timestamp",
    "Timestamp",
    "time",
    "span.kind",
    "status_message",
];

impl JsonFormat for Honeycomb {
    fn step(&mut self, _path: Path<'_>, first: u8) -> Take {
        if first == b'[' { Take::Enter } else { Take::Record }
    }

    fn record(&mut self, _path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        let results = [record.get("results"), record.at(&["data", "results"])];
        let results = results.into_iter().flat_map(Json::elements);
        let mut is_result = false;
        for result in results {
            is_result = true;
            self.event(result, out);
        }
        if !is_result {
            self.event(record, out);
        }
        if self.spans.len() + self.events.len() + self.links.len() > WAITING {
            self.release(out);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        self.release(out);
    }
}

impl Honeycomb {
    /// A row, or one in `data`.
    fn event(&mut self, event: &Json<'_>, out: &mut Out<'_>) {
        let row = if event.get("data").members().is_empty() { event } else { event.get("data") };
        let trace = row.get("trace.trace_id");
        if trace.is_null() {
            out.skipped("it has no trace.trace_id");
            return;
        }
        let trace_id = trace.trace_id("trace.trace_id", out.notes);
        let parent = row.get("trace.parent_id").span_id("trace.parent_id", out.notes);
        let time =
            [event.any(&["time", "timestamp", "Timestamp"]), row.any(&["timestamp", "Timestamp", "time"])];
        let time = time.into_iter().find_map(time_of).unwrap_or_default();
        let mut attributes = Vec::new();
        for (name, value) in row.members() {
            if !TAKEN.contains(&&**name) {
                put(&mut attributes, &**name, value.value());
            }
        }
        let name = row.get("name").text();
        match row.get("meta.annotation_type").str() {
            "span_event" => {
                let attributes = attributes.into_iter().map(KeyValue::into_owned).collect();
                let event =
                    EventRow { time, name: name.to_owned().into(), attributes, ..EventRow::default() };
                self.events.push((trace_id, parent, event));
                return;
            }
            "link" => {
                let link = LinkRow {
                    trace_id: row.get("trace.link.trace_id").trace_id("trace.link.trace_id", out.notes),
                    span_id: row.get("trace.link.span_id").span_id("trace.link.span_id", out.notes),
                    attributes: attributes.into_iter().map(KeyValue::into_owned).collect(),
                    ..LinkRow::default()
                };
                self.links.push((trace_id, parent, link));
                return;
            }
            _ => {}
        }
        let mut resource = Resource::default();
        let service = row.any(&["service.name", "service_name", "serviceName"]);
        put(&mut resource.attributes, "service.name", service.value());
        put(&mut resource.attributes, "service.name", event.any(&["dataset", "meta.dataset"]).value());
        let resource = out.resource(&resource);
        let is_log = row.get("meta.signal_type").str() == "log"
            || row.get("duration_ms").is_null() && !row.get("body").is_null();
        semantics::complete(&mut attributes);
        let span_id = row.get("trace.span_id").span_id("trace.span_id", out.notes);
        if is_log {
            let level = row.any(&["severity_text", "severity"]).text();
            let log = LogRow {
                time,
                severity: severity(level),
                severity_text: Cow::Borrowed(level),
                body: row.any(&["body", "message", "name"]).value(),
                attributes,
                trace_id,
                span_id: if span_id.is_absent() { parent } else { span_id },
                ..LogRow::default()
            };
            let scope = out.no_scope();
            out.log(resource, scope, &log);
            return;
        }
        let failed = row.get("error").bool() == Some(true)
            || matches!(row.get("error"), Json::Str(text) if !matches!(&**text, "" | "false" | "0"))
            || row.get("status_code").text() == "2";
        let duration = row.get("duration_ms").nanos_in(Unit::Millis).unwrap_or(0);
        let span = SpanRow {
            trace_id,
            span_id,
            parent_span_id: parent,
            name: name.into(),
            kind: kind(row.any(&["span.kind", "span_kind", "meta.span_kind"]).str()).unwrap_or_default(),
            start: time,
            end: UnixNanos(time.0.saturating_add(duration)),
            attributes,
            status_code: if failed { StatusCode::Error } else { StatusCode::Unset },
            status_message: row.get("status_message").text().into(),
            ..SpanRow::default()
        };
        self.spans.push((resource, span.into_owned()));
    }

    fn release(&mut self, out: &mut Out<'_>) {
        let scope = out.no_scope();
        // Each list by span: what is of one stands together, in the order of the input.
        self.events.sort_by_key(|(trace, span, _)| (*trace, *span));
        self.links.sort_by_key(|(trace, span, _)| (*trace, *span));
        let mut told = BTreeSet::new();
        for (resource, mut row) in self.spans.drain(..) {
            let own = (row.trace_id, row.span_id);
            // Of several spans of one id the first has them: all of them would be as many times as many.
            if told.insert(own) {
                row.events = of_span(&self.events, own);
                row.links = of_span(&self.links, own);
            }
            out.span(resource, scope, &row);
        }
        self.events.clear();
        self.links.clear();
    }
}

fn of_span<T: Clone>(sorted: &[(TraceId, SpanId, T)], own: (TraceId, SpanId)) -> Vec<T> {
    let first = sorted.partition_point(|(trace, span, _)| (*trace, *span) < own);
    let of_this = sorted.iter().skip(first).take_while(|(trace, span, _)| (*trace, *span) == own);
    of_this.map(|(_, _, value)| value.clone()).collect()
}

/// A date; of numbers, by their size, seconds to nanoseconds.
fn time_of(time: &Json<'_>) -> Option<UnixNanos> {
    let unit = match time.text().split('.').next().map_or(0, str::len) {
        0..=11 => Unit::Seconds,
        12..=14 => Unit::Millis,
        15..=17 => Unit::Micros,
        _ => Unit::Nanos,
    };
    time.time_in(unit)
}
