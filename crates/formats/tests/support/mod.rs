//! A sink that draws what it is told, one line a span, and ways to feed a decoder.

#![allow(dead_code, reason = "each test file uses a part")]

use std::fmt::Write as _;

use formats::{Decoder, Outcome, Refusal};
use otel::{
    AnyValue, ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink,
    StatusCode, Warning,
};

pub(crate) mod chrome;
pub(crate) mod generate;
pub(crate) mod mutate;
pub(crate) mod property;
pub(crate) mod rows;

/// Names of the spans, then what was odd, then formats, or why it was refused.
pub(crate) fn words(picture: &Picture, outcome: Result<Outcome, Refusal>) -> Vec<String> {
    let lines = picture.lines();
    let names = lines.lines().filter(|line| line.contains(" / "));
    let mut words: Vec<String> =
        names.filter_map(|line| line.rsplit('"').nth(1)).map(str::to_owned).collect();
    for warning in &picture.warnings {
        words.push(format!("{} @{} {}", warning.kind, warning.offset.unwrap(), warning.detail));
    }
    match outcome {
        Ok(outcome) => words.extend(outcome.formats.into_iter().map(|format| format.to_string())),
        Err(refusal) => words.push(format!("refused: {} @{} {refusal}", refusal.kind.name(), refusal.offset)),
    }
    words
}

/// Spans with what was said of their resource and scope, in words.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Picture {
    resources: Vec<Option<String>>,
    scopes: Vec<Option<String>>,
    spans: Vec<(usize, usize, String)>,
    logs: Vec<(usize, usize, String)>,
    exemplars: Vec<(usize, usize, String)>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) traces: std::collections::BTreeSet<u128>,
    pub(crate) events: usize,
    pub(crate) links: usize,
    pub(crate) errors: usize,
    pub(crate) logs_without_trace: usize,
}

impl Picture {
    /// `resource / scope / span`, so for log records and exemplars, then a line a warning: kind, offset and count.
    pub(crate) fn lines(&self) -> String {
        let mut lines = String::new();
        let of = |list: &[Option<String>], at: usize| list[at].clone().unwrap_or_else(|| "?".to_owned());
        for (resource, scope, item) in self.spans.iter().chain(&self.logs).chain(&self.exemplars) {
            writeln!(lines, "{} / {} / {item}", of(&self.resources, *resource), of(&self.scopes, *scope))
                .unwrap();
        }
        for warning in &self.warnings {
            writeln!(lines, "{} @{}", warning.kind, warning.offset.unwrap()).unwrap();
        }
        lines
    }

    pub(crate) fn spans(&self) -> usize {
        self.spans.len()
    }

    /// Log records and exemplars are left out.
    pub(crate) fn keep_spans(&mut self) {
        self.logs.clear();
        self.exemplars.clear();
    }

    pub(crate) fn logs(&self) -> usize {
        self.logs.len()
    }

    pub(crate) fn exemplars(&self) -> usize {
        self.exemplars.len()
    }
}

fn value(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => "()".to_owned(),
        AnyValue::Str(text) => format!("{text:?}"),
        AnyValue::Bool(value) => value.to_string(),
        AnyValue::Int(value) => value.to_string(),
        AnyValue::Double(value) => format!("{value:?}"),
        AnyValue::Bytes(bytes) => format!("{bytes:02x?}"),
        AnyValue::Array(values) => {
            format!("[{}]", values.iter().map(self::value).collect::<Vec<_>>().join(" "))
        }
        AnyValue::Map(entries) => format!("{{{}}}", attributes(entries).trim()),
    }
}

fn attributes(list: &[KeyValue<'_>]) -> String {
    list.iter().fold(String::new(), |mut out, attribute| {
        write!(out, " {}={}", attribute.key, value(&attribute.value)).unwrap();
        out
    })
}

fn word(out: &mut String, name: &str, value: &impl std::fmt::Display, absent: bool) {
    if !absent {
        write!(out, " {name}:{value}").unwrap();
    }
}

impl SpanSink for Picture {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources.push(None);
        ResourceRef(self.resources.len() as u32 - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        let mut text = attributes(&content.attributes);
        word(&mut text, "dropped", &content.dropped_attributes_count, content.dropped_attributes_count == 0);
        word(&mut text, "schema", &content.schema_url, content.schema_url.is_empty());
        assert_eq!(self.resources[resource.0 as usize].replace(text.trim().to_owned()), None, "closed once");
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.scopes.push(None);
        ScopeRef(self.scopes.len() as u32 - 1)
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        let mut text = content.name.to_string();
        word(&mut text, "version", &content.version, content.version.is_empty());
        text.push_str(&attributes(&content.attributes));
        word(&mut text, "dropped", &content.dropped_attributes_count, content.dropped_attributes_count == 0);
        word(&mut text, "schema", &content.schema_url, content.schema_url.is_empty());
        assert_eq!(self.scopes[scope.0 as usize].replace(text), None, "closed once");
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        let mut text =
            if span.trace_id.is_absent() { "-".to_owned() } else { format!("{:x}", span.trace_id.0) };
        write!(text, ":{:x}", span.span_id.0).unwrap();
        word(&mut text, "in", &format_args!("{:x}", span.parent_span_id.0), span.parent_span_id.is_absent());
        write!(text, " {:?} {} {}..{}", span.name, span.kind.name(), span.start.0, span.end.0).unwrap();
        word(&mut text, "state", &span.trace_state, span.trace_state.is_empty());
        word(&mut text, "flags", &span.flags, span.flags == 0);
        text.push_str(&attributes(&span.attributes));
        for event in &span.events {
            write!(text, " event({} {:?}{}", event.time.0, event.name, attributes(&event.attributes))
                .unwrap();
            word(&mut text, "dropped", &event.dropped_attributes_count, event.dropped_attributes_count == 0);
            text.push(')');
        }
        for link in &span.links {
            write!(text, " link({:x}:{:x}{}", link.trace_id.0, link.span_id.0, attributes(&link.attributes))
                .unwrap();
            word(&mut text, "state", &link.trace_state, link.trace_state.is_empty());
            word(&mut text, "flags", &link.flags, link.flags == 0);
            word(&mut text, "dropped", &link.dropped_attributes_count, link.dropped_attributes_count == 0);
            text.push(')');
        }
        let dropped = (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count);
        if dropped != (0, 0, 0) {
            write!(text, " dropped:{dropped:?}").unwrap();
        }
        if span.status_code != StatusCode::Unset || !span.status_message.is_empty() {
            write!(text, " {:?}({})", span.status_code, span.status_message).unwrap();
        }
        self.traces.insert(span.trace_id.0);
        self.events += span.events.len();
        self.links += span.links.len();
        self.errors += usize::from(span.status_code == StatusCode::Error);
        self.spans.push((resource.0 as usize, scope.0 as usize, text));
    }

    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        let mut text = format!("log {:x}:{:x}", log.trace_id.0, log.span_id.0);
        write!(text, " {}/{} {}", log.time.0, log.observed_time.0, log.severity.number()).unwrap();
        word(&mut text, "text", &log.severity_text, log.severity_text.is_empty());
        word(&mut text, "event", &log.event_name, log.event_name.is_empty());
        word(&mut text, "flags", &log.flags.unwrap_or_default(), log.flags.is_none());
        write!(text, " {}{}", value(&log.body), attributes(&log.attributes)).unwrap();
        word(&mut text, "dropped", &log.dropped_attributes_count, log.dropped_attributes_count == 0);
        self.logs_without_trace += usize::from(log.trace_id.is_absent());
        self.logs.push((resource.0 as usize, scope.0 as usize, text));
    }

    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        let ExemplarRow { metric, unit, time, trace_id, span_id, .. } = exemplar;
        let mut text = format!("exemplar {:x}:{:x} {metric:?} {unit:?} {}", trace_id.0, span_id.0, time.0);
        write!(text, " {}{}", value(&exemplar.value), attributes(&exemplar.filtered_attributes)).unwrap();
        self.exemplars.push((resource.0 as usize, scope.0 as usize, text));
    }

    fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

/// Decodes `bytes` in chunks of the given sizes, again and again.
pub(crate) fn decode_in(bytes: &[u8], sizes: &[usize]) -> (Picture, Result<Outcome, Refusal>) {
    let mut picture = Picture::default();
    let mut decoder = Decoder::new();
    let mut rest = bytes;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at(rest.len().min(*size));
        rest = after;
        if let Err(refusal) = decoder.push(chunk, &mut picture) {
            return (picture, Err(refusal));
        }
    }
    let outcome = decoder.finish(&mut picture);
    (picture, outcome)
}

/// Decodes `bytes` whole and in small chunks, which must not matter.
pub(crate) fn decode(bytes: &[u8]) -> (Picture, Result<Outcome, Refusal>) {
    let whole = decode_in(bytes, &[usize::MAX]);
    for sizes in [&[1][..], &[7], &[64, 3]] {
        let parts = decode_in(bytes, sizes);
        assert_eq!(parts.0.lines(), whole.0.lines(), "chunks of {sizes:?}");
        assert_eq!(parts, whole, "chunks of {sizes:?}");
    }
    whole
}

/// Decodes `bytes` whole, to any sink.
pub(crate) fn decode_to(bytes: &[u8], sink: &mut dyn SpanSink) {
    let mut decoder = Decoder::new();
    decoder.push(bytes, sink).unwrap();
    decoder.finish(sink).unwrap();
}
