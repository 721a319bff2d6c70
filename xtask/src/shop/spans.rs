//! Spans of the shop's services, as OTLP JSON: what each service's SDK and a Collector would do in a real system.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use otel::{SpanContext, SpanId, TraceFlags, TraceId};

/// The newest spans of this many are kept until somebody takes them.
const KEPT: usize = 4096;

/// OTLP's numbers for `SpanKind`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Internal = 1,
    Server = 2,
    Client = 3,
}

/// Ended spans, by trace, as the JSON of a span each with the service it belongs to.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Vec<Ended>>);

#[derive(Debug)]
struct Ended {
    trace_id: TraceId,
    service: &'static str,
    json: String,
}

impl Log {
    fn push(&self, span: Ended) {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() >= KEPT {
            spans.drain(..KEPT / 2);
        }
        spans.push(span);
    }

    /// Takes out what belongs to these traces: an OTLP request, of no resource where there is nothing.
    pub(super) fn take(&self, traces: &[TraceId]) -> String {
        let mut by_service: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for it in spans.extract_if(.., |it| traces.contains(&it.trace_id)) {
            by_service.entry(it.service).or_default().push(it.json);
        }
        let resources: Vec<String> = by_service
            .into_iter()
            .map(|(service, spans)| {
                format!(
                    r#"{{"resource":{{"attributes":[{},{}]}},"scopeSpans":[{{"scope":{{"name":"shop"}},"spans":[{}]}}]}}"#,
                    attribute("service.name", &service.into()),
                    attribute("service.version", &env!("CARGO_PKG_VERSION").into()),
                    spans.join(",")
                )
            })
            .collect();
        format!(r#"{{"resourceSpans":[{}]}}"#, resources.join(","))
    }
}

/// A value of an attribute.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Int(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// A span that is under way. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct Span<'a> {
    log: &'a Log,
    context: SpanContext,
    parent: SpanId,
    service: &'static str,
    name: &'static str,
    kind: Kind,
    began: (SystemTime, Instant),
    attributes: Vec<(&'static str, Value)>,
    error: Option<String>,
}

impl<'a> Span<'a> {
    /// The span that answers a request of `parent`. Without one the trace begins here.
    pub(super) fn of_request(
        log: &'a Log,
        parent: Option<SpanContext>,
        service: &'static str,
        name: &'static str,
    ) -> Self {
        let parent = parent.unwrap_or_else(|| SpanContext {
            trace_id: TraceId(u128::from(random()) << 64 | u128::from(random())),
            flags: TraceFlags(TraceFlags::SAMPLED.0 | TraceFlags::RANDOM.0),
            ..SpanContext::default()
        });
        Self::below(log, parent, service, name, Kind::Server)
    }

    /// Work of `service` that this span waits for.
    pub(super) fn child(&self, service: &'static str, name: &'static str, kind: Kind) -> Self {
        Self::below(self.log, self.context, service, name, kind)
    }

    fn below(
        log: &'a Log,
        parent: SpanContext,
        service: &'static str,
        name: &'static str,
        kind: Kind,
    ) -> Self {
        Self {
            log,
            context: SpanContext { span_id: SpanId(random().max(1)), is_remote: false, ..parent },
            parent: parent.span_id,
            service,
            name,
            kind,
            began: (SystemTime::now(), Instant::now()),
            attributes: Vec::new(),
            error: None,
        }
    }

    pub(super) fn context(&self) -> SpanContext {
        self.context
    }

    /// Sets an attribute that is not set yet.
    pub(super) fn set(&mut self, key: &'static str, value: impl Into<Value>) -> &mut Self {
        self.attributes.push((key, value.into()));
        self
    }

    /// Status ERROR, with the low-cardinality reason that is `error.type`.
    pub(super) fn fail(&mut self, kind: &str, message: &str) {
        self.set("error.type", kind);
        self.error = Some(message.to_owned());
    }
}

impl Drop for Span<'_> {
    fn drop(&mut self) {
        if !self.context.flags.is_sampled() {
            return;
        }
        let (start, clock) = self.began;
        let start = start.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        // Durations by the clock that nobody sets.
        let end = start + clock.elapsed().as_nanos();
        let attributes: Vec<_> = self.attributes.iter().map(|(key, value)| attribute(key, value)).collect();
        let mut json = format!(
            r#"{{"traceId":"{}","spanId":"{}","name":{},"kind":{},"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}","attributes":[{}]"#,
            self.context.trace_id,
            self.context.span_id,
            quoted(self.name),
            self.kind as u8,
            attributes.join(",")
        );
        // Writing to a String cannot fail, here and below.
        if !self.parent.is_absent() {
            let _ = write!(json, r#","parentSpanId":"{}""#, self.parent);
        }
        if let Some(message) = &self.error {
            let _ = write!(json, r#","status":{{"code":2,"message":{}}}"#, quoted(message));
        }
        json.push('}');
        self.log.push(Ended { trace_id: self.context.trace_id, service: self.service, json });
    }
}

fn attribute(key: &str, value: &Value) -> String {
    let (kind, value) = match value {
        Value::Text(text) => ("stringValue", quoted(text)),
        Value::Int(number) => ("intValue", format!("\"{number}\"")),
    };
    format!(r#"{{"key":{},"value":{{"{kind}":{value}}}}}"#, quoted(key))
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for it in text.chars() {
        match it {
            '"' | '\\' => out.extend(['\\', it]),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// 64 bits that differ from call to call: std seeds every `RandomState` from the system's randomness.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: SpanContext =
        SpanContext { trace_id: TraceId(7), span_id: SpanId(9), flags: TraceFlags(1), is_remote: true };

    #[test]
    fn spans_of_a_trace_are_taken_once() {
        let log = Log::default();
        {
            let mut outer = Span::of_request(&log, Some(PARENT), "gateway", "GET \"x\"");
            outer.set("http.response.status_code", 502).fail("502", "no\nanswer");
            outer.child("postgres", "SELECT", Kind::Client).set("db.system.name", "postgresql");
            drop(Span::of_request(&log, None, "gateway", "another trace"));
        }
        let taken: serde_json::Value = serde_json::from_str(&log.take(&[PARENT.trace_id])).unwrap();
        let span = |at: usize| &taken["resourceSpans"][at]["scopeSpans"][0]["spans"][0];
        assert_eq!(taken["resourceSpans"].as_array().unwrap().len(), 2);
        assert_eq!(
            taken["resourceSpans"][1]["resource"]["attributes"][0]["value"]["stringValue"],
            "postgres"
        );
        assert_eq!(span(0)["parentSpanId"], "0000000000000009");
        assert_eq!(span(0)["name"], "GET \"x\"");
        assert_eq!(span(0)["status"], serde_json::json!({ "code": 2, "message": "no\nanswer" }));
        assert_eq!(span(0)["attributes"][0]["value"]["intValue"], "502");
        assert_eq!(span(1)["parentSpanId"], span(0)["spanId"]);
        assert_eq!(span(1)["kind"], 3);
        assert_eq!(log.take(&[PARENT.trace_id]), r#"{"resourceSpans":[]}"#);
        assert_eq!(log.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn what_is_not_sampled_is_not_kept() {
        let log = Log::default();
        let parent = SpanContext { flags: TraceFlags(0), ..PARENT };
        drop(Span::of_request(&log, Some(parent), "gateway", "GET"));
        assert!(log.0.lock().unwrap().is_empty());
    }

    #[test]
    fn nobody_takes_them() {
        let log = Log::default();
        for _ in 0..2 * KEPT {
            drop(Span::of_request(&log, Some(PARENT), "gateway", "GET"));
        }
        let kept = log.0.lock().unwrap().len();
        assert!((1..=KEPT).contains(&kept), "{kept}");
    }
}
