//! What happened within a span, as marks on its bar.

use otel::{AnyValue, KeyValue};
use store::{Exemplar, Log, SpanIdx, TraceIdx, TraceStore, Value, sort_by_number};

use super::slice::{EventMark, MarkKind, WaterfallRequest, pixel, shown};

/// Characters of a body that a tooltip has room for.
const MOST: usize = 120;

/// Events, log records and exemplars in the window, by time.
pub(super) fn marks(
    store: &TraceStore,
    trace: TraceIdx,
    span: SpanIdx,
    request: &WaterfallRequest,
) -> Vec<EventMark> {
    let of = store.trace(trace);
    let mut merge = Merge {
        base: of.start.0,
        pixel: pixel(request),
        request,
        marks: Vec::new(),
        times: Vec::new(),
        first: 0,
    };
    if store.event_count(span) > 0 {
        let mut events: Vec<(u64, bool)> =
            store.events(span).map(|event| (event.time().0, event.name() == "exception")).collect();
        sort_by_number(&mut events, |&(time, _)| time);
        for (time, error) in events {
            merge.add(MarkKind::Event, time, error, &mut String::new);
        }
    }
    merge.logs(&mut store.logs(span));
    merge.exemplars(&mut store.exemplars(span));
    if of.root == span {
        merge.logs(&mut store.trace_logs(trace));
        merge.exemplars(&mut store.trace_exemplars(trace));
    }
    let Merge { mut marks, times, .. } = merge;
    let mut order: Vec<usize> = (0..marks.len()).collect();
    sort_by_number(&mut order, |&place| times.get(place).copied().unwrap_or(0));
    order.into_iter().filter_map(|place| marks.get_mut(place).map(std::mem::take)).collect()
}

/// Marks of one kind after the other, each in order of time.
struct Merge<'r> {
    /// Start of the trace, in Unix nanoseconds.
    base: u64,
    /// In ns.
    pixel: f64,
    request: &'r WaterfallRequest,
    marks: Vec<EventMark>,
    /// Of each mark, in Unix nanoseconds.
    times: Vec<u64>,
    /// Where the present kind begins.
    first: usize,
}

impl Merge<'_> {
    /// What follows is not merged with what was.
    fn begin(&mut self) {
        self.first = self.marks.len();
    }

    fn logs(&mut self, logs: &mut dyn Iterator<Item = Log<'_>>) {
        self.begin();
        for log in logs {
            self.add(MarkKind::Log, log.time().0, log.severity().is_error(), &mut || log_text(&log));
        }
    }

    fn exemplars(&mut self, exemplars: &mut dyn Iterator<Item = Exemplar<'_>>) {
        self.begin();
        for exemplar in exemplars {
            self.add(MarkKind::Exemplar, exemplar.time().0, false, &mut || exemplar_text(&exemplar));
        }
    }

    /// One in the window; less than a pixel after another it is counted there.
    fn add(&mut self, kind: MarkKind, unix: u64, error: bool, text: &mut dyn FnMut() -> String) {
        // Before the subtraction of unsigned times; it may lie before its trace.
        let time = if unix < self.base { -((self.base - unix) as f64) } else { (unix - self.base) as f64 };
        if time < self.request.start - self.pixel || time > self.request.end + self.pixel {
            return;
        }
        match self.marks.get_mut(self.first..).and_then(<[_]>::last_mut) {
            Some(last) if time - last.time < self.pixel => {
                last.count += 1;
                if error && !last.error {
                    last.error = true;
                    last.text = text();
                }
            }
            _ => {
                self.marks.push(EventMark { kind, time, error, count: 1, text: text() });
                self.times.push(unix);
            }
        }
    }
}

/// Severity, and what is said; the event's name where nothing is.
fn log_text(log: &Log<'_>) -> String {
    let severity = match log.severity().name() {
        "" => log.severity_text(),
        name => name,
    };
    let said = match log.body() {
        Value::Empty => log.event_name().to_owned(),
        body => value_text(body),
    };
    short(&format!("{severity} {said}"))
}

/// Metric, value and unit.
fn exemplar_text(exemplar: &Exemplar<'_>) -> String {
    let (name, unit) = exemplar.metric();
    short(&format!("{name} {} {unit}", value_text(exemplar.value())))
}

fn short(text: &str) -> String {
    let text = shown(text.trim());
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}…", text.get(..cut).unwrap_or_default()),
        None => text,
    }
}

/// As a person reads it; of what is nested, its leaves.
fn value_text(value: Value<'_>) -> String {
    match value {
        Value::Empty => String::new(),
        Value::Str(text) => text.to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Owned(value) => {
            let mut text = String::new();
            leaves(value, &mut text);
            text
        }
    }
}

/// Recursion is bounded: values nest 24 deep at most. What is long enough already is not gone on with.
fn leaves(value: &AnyValue<'_>, text: &mut String) {
    if text.len() > MOST {
        return;
    }
    let leaf = match value {
        AnyValue::Empty => return,
        AnyValue::Str(word) => word.to_string(),
        AnyValue::Bool(value) => value.to_string(),
        AnyValue::Int(value) => value.to_string(),
        AnyValue::Double(value) => value.to_string(),
        AnyValue::Bytes(bytes) => format!("{} bytes", bytes.len()),
        AnyValue::Array(values) => return values.iter().for_each(|value| leaves(value, text)),
        AnyValue::Map(values) => {
            for KeyValue { key, value } in values {
                let separator = if text.is_empty() { "" } else { " " };
                text.push_str(separator);
                text.push_str(key);
                leaves(value, text);
            }
            return;
        }
    };
    let separator = if text.is_empty() { "" } else { " " };
    text.push_str(separator);
    text.push_str(&leaf);
}
