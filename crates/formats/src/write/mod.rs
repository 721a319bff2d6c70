//! Sinks that write what they are given, and what they share.
//!
//! | writer | times | what the format cannot say |
//! |---|---|---|
//! | [`OtlpJsonWriter`] | ns | nothing is lost |
//! | [`JaegerJsonWriter`] | µs | attributes of links; arrays and maps become text |
//! | [`ZipkinV2Writer`] | µs | types: every value becomes text |
//! | [`SpanCsvWriter`] | ns | events, links, and the resource but for its service |
//!
//! None writes schema URLs, log records and exemplars but the first. The last three want resources and scopes given
//! before their spans, as `TraceStore::feed_traces` does, and so hold no span for longer than it takes to write it.

use std::io::{self, Write};

use otel::{AnyValue, KeyValue, Resource, Scope, SpanRow, StatusCode};

use self::json::Json;

mod csv;
mod jaeger_json;
mod json;
mod otlp_json;
mod zipkin_v2;

pub use self::csv::SpanCsvWriter;
pub use self::jaeger_json::JaegerJsonWriter;
pub use self::json::value_to_json;
pub use self::otlp_json::{OtlpJsonWriter, span_to_json};
pub use self::zipkin_v2::ZipkinV2Writer;

/// What is held before it is written.
const PIECE: usize = 64 << 10;

const SERVICE_NAME: &str = "service.name";
/// What a service is called that has no name (OpenTelemetry SDK, default resource).
const UNKNOWN_SERVICE: &str = "unknown_service";
const DROPPED_ATTRIBUTES: &str = "otel.dropped_attributes_count";
const TRACE_STATE: &str = "w3c.tracestate";

/// Text on its way out. Calls of a sink cannot fail, so the first error is kept for the end.
#[derive(Debug)]
struct Output<W> {
    out: W,
    /// What is being put together.
    text: Vec<u8>,
    error: Option<io::Error>,
}

impl<W: Write> Output<W> {
    fn new(out: W, beginning: &str) -> Self {
        Self { out, text: beginning.as_bytes().to_vec(), error: None }
    }

    /// Goes on with a member or an element of JSON.
    fn json(&mut self, write: impl FnOnce(&mut Json)) {
        let mut json = Json::compact(std::mem::take(&mut self.text));
        write(&mut json);
        self.text = json.out;
    }

    fn flush(&mut self) {
        if self.error.is_none()
            && let Err(error) = self.out.write_all(&self.text)
        {
            self.error = Some(error);
        }
        self.text.clear();
    }

    /// Writes what has become a piece.
    fn flush_piece(&mut self) {
        if self.text.len() >= PIECE {
            self.flush();
        }
    }

    fn finish(mut self) -> io::Result<W> {
        self.flush();
        match self.error {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }
}

/// What was said of resources or scopes, as JSON, by reference; not there until it is given.
#[derive(Debug, Default)]
struct Contents(Vec<Option<Vec<u8>>>);

impl Contents {
    fn open(&mut self) -> u32 {
        self.0.push(None);
        self.0.len() as u32 - 1
    }

    fn give(&mut self, index: u32, write: impl FnOnce(&mut Json)) {
        if let Some(content) = self.0.get_mut(index as usize) {
            let mut json = Json::compact(Vec::new());
            write(&mut json);
            *content = Some(json.out);
        }
    }

    fn given(&self, index: u32) -> Option<&[u8]> {
        self.0.get(index as usize)?.as_deref()
    }
}

/// The resource's `service.name` as text; empty where it has none.
fn service_name(resource: &Resource<'_>) -> String {
    let name = resource.attributes.iter().find(|attribute| attribute.key == SERVICE_NAME);
    name.map_or_else(String::new, |name| text(&name.value))
}

/// A value where only text may stand: text as it is, bytes in base64, arrays and maps as JSON.
fn text(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => String::new(),
        AnyValue::Str(text) => text.to_string(),
        // Quotes are around bytes, and around numbers that JSON has not.
        AnyValue::Double(_) | AnyValue::Bytes(_) => value_to_json(value).trim_matches('"').to_owned(),
        AnyValue::Bool(_) | AnyValue::Int(_) | AnyValue::Array(_) | AnyValue::Map(_) => value_to_json(value),
    }
}

/// Nanoseconds in whole microseconds, cut.
fn micros(nanos: u64) -> u64 {
    nanos / 1000
}

/// From the cut start to the cut end, so that what lay within its parent still does. None where it ends before it starts.
fn micros_between(span: &SpanRow<'_>) -> u64 {
    micros(span.end.0).saturating_sub(micros(span.start.0))
}

/// `otel.status_code`, where there is something to say.
fn status_code(span: &SpanRow<'_>) -> Option<&'static str> {
    match span.status_code {
        StatusCode::Unset => None,
        StatusCode::Ok => Some("OK"),
        StatusCode::Error => Some("ERROR"),
    }
}

/// What a span says of its scope where scopes have no place of their own (OpenTelemetry: mapping to non-OTLP formats).
fn scope_tags<'s>(scope: &'s Scope<'_>) -> impl Iterator<Item = KeyValue<'s>> {
    let said = [("otel.scope.name", &*scope.name), ("otel.scope.version", &*scope.version)];
    let said = said.into_iter().filter(|(_, text)| !text.is_empty());
    said.map(|(key, text)| KeyValue::new(key, text)).chain(scope.attributes.iter().cloned())
}

/// What a span says of what was dropped where that has no place of its own (the same specification).
fn dropped_tags(span: &SpanRow<'_>) -> impl Iterator<Item = (&'static str, u32)> + use<> {
    let counts = [
        (DROPPED_ATTRIBUTES, span.dropped_attributes_count),
        ("otel.dropped_events_count", span.dropped_events_count),
        ("otel.dropped_links_count", span.dropped_links_count),
    ];
    counts.into_iter().filter(|(_, count)| *count != 0)
}
