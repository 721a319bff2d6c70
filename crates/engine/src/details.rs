//! Everything about one span.

use formats::Base64;
use otel::{AnyValue, KeyValue, StatusCode};
use scene::ErrorMark;
use store::{Attribute, Event, Exemplar, Log, SpanFlags, SpanIdx, TraceIdx, TraceStore, Value};

use crate::clocks;
use crate::open::Open;
use crate::search::Search;
use crate::{
    AttributeInfo, Details, EventInfo, ExemplarInfo, Failure, Found, LinkInfo, LogInfo, LogLevel, ValueKind,
};

/// Longest reason in the error chip, in characters.
const REASON: usize = 80;
/// Log records in one answer, and exemplars.
const MOST: usize = 5_000;

#[inline(never)]
pub(crate) fn details(open: &mut Open, span: u32) -> Result<Details, Failure> {
    let span = open.span_at(span)?;
    let trace = open.store.trace_of(span);
    let view = open.views.of(&open.store, trace);
    let (self_time, critical, mark) = (view.self_time(span), view.critical().total(span), view.mark(span));
    let gap = view.clock_gap(span);

    let open = &*open;
    let store = &open.store;
    let of = store.trace(trace);
    let show = Show { search: open.search.as_ref() };
    let (resource, scope) = (store.resource(span), store.scope(span));
    let row = store.row(span);
    let start_unix = of.start.0.saturating_add(store.start(span));
    let hex = |absent: bool, id: String| if absent { String::new() } else { id };
    Ok(Details {
        span: span.0,
        trace: trace.0,
        trace_id: of.id.to_string(),
        span_id: hex(row.span_id.is_absent(), row.span_id.to_string()),
        parent_span_id: hex(row.parent_span_id.is_absent(), row.parent_span_id.to_string()),
        parent: store.parent(span).map(|parent| parent.0),
        name: store.name(span).to_owned(),
        service: open.service(store.service_idx(span)),
        kind: row.kind.name().to_owned(),
        status: match row.status_code {
            StatusCode::Unset => "unset",
            StatusCode::Ok => "ok",
            StatusCode::Error => "error",
        }
        .to_owned(),
        status_message: store.status_message(span).to_owned(),
        error: if store.is_error(span) { reason(store, span) } else { String::new() },
        error_origin: mark == ErrorMark::Origin,
        start_unix,
        start: store.start(span),
        duration: store.duration(span),
        self_time,
        critical,
        trace_duration: of.duration,
        child_count: store.children(span).count() as u32,
        descendant_count: store.subtree_end(span).0 - span.0 - 1,
        attributes: store.attributes(span).map(|attribute| show.stored(attribute)).collect(),
        events: store.events(span).map(|event| show.event(event, start_unix)).collect(),
        log_count: logs_of(store, span).count() as u32,
        logs: logs_of(store, span)
            .take(MOST)
            .map(|(log, of_trace)| LogInfo { of_trace, ..show.log(&log, store.service(span), start_unix) })
            .collect(),
        exemplars: exemplars_of(store, span).take(MOST).map(|of| show.exemplar(&of, start_unix)).collect(),
        links: links(open, &show, span),
        resource: show.all(&resource.attributes),
        resource_schema_url: resource.schema_url.clone().into_owned(),
        scope_name: scope.name.clone().into_owned(),
        scope_version: scope.version.clone().into_owned(),
        scope_schema_url: scope.schema_url.clone().into_owned(),
        scope: show.all(&scope.attributes),
        trace_state: row.trace_state.into_owned(),
        flags: row.flags,
        dropped: (row.dropped_attributes_count, row.dropped_events_count, row.dropped_links_count),
        repairs: repairs(store, span),
        clock: gap.map(|gap| clocks::sentence(store, gap)).unwrap_or_default(),
    })
}

/// Log records of the span, then, where it stands for its trace, those of the trace.
fn logs_of(store: &TraceStore, span: SpanIdx) -> impl Iterator<Item = (Log<'_>, bool)> {
    let of_trace = root_of(store, span).map(|trace| store.trace_logs(trace)).into_iter().flatten();
    store.logs(span).map(|log| (log, false)).chain(of_trace.map(|log| (log, true)))
}

fn exemplars_of(store: &TraceStore, span: SpanIdx) -> impl Iterator<Item = Exemplar<'_>> {
    let of_trace = root_of(store, span).map(|trace| store.trace_exemplars(trace)).into_iter().flatten();
    store.exemplars(span).chain(of_trace)
}

/// The trace that the span stands for, if any.
fn root_of(store: &TraceStore, span: SpanIdx) -> Option<TraceIdx> {
    let trace = store.trace_of(span);
    (store.trace(trace).root == span).then_some(trace)
}

/// Without a time of its own, it is as good as at the start.
fn offset(time: u64, span_start: u64) -> i64 {
    let time = if time == 0 { span_start } else { time };
    let offset = i128::from(time) - i128::from(span_start);
    offset.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

#[inline(never)]
pub(crate) fn raw(open: &Open, span: u32) -> Result<String, Failure> {
    let span = open.span_at(span)?;
    let store = &open.store;
    Ok(formats::span_to_json(&store.row(span), store.resource(span), store.scope(span)))
}

fn links(open: &Open, show: &Show<'_>, span: SpanIdx) -> Vec<LinkInfo> {
    let store = &open.store;
    let wanted: Vec<_> = store.links(span).map(|link| (link.trace_id(), link.span_id())).collect();
    let targets = open.find_all(&wanted);
    store
        .links(span)
        .zip(targets)
        .map(|(link, target)| LinkInfo {
            trace_id: link.trace_id().to_string(),
            span_id: link.span_id().to_string(),
            target,
            target_name: target.map(|target| target_name(store, target)).unwrap_or_default(),
            attributes: link.attributes().map(|attribute| show.stored(attribute)).collect(),
        })
        .collect()
}

fn target_name(store: &TraceStore, target: Found) -> String {
    let Some(span) = target.span.map(SpanIdx) else { return String::new() };
    format!("{} {}", store.service(span), store.name(span)).trim().to_owned()
}

/// What was mended in the span, for the reader.
fn repairs(store: &TraceStore, span: SpanIdx) -> Vec<String> {
    let parent = store.parent_span_id(span);
    let words = [
        (SpanFlags::ORPHAN, format!("Its parent {parent} is not in the input, so it stands at the top.")),
        (SpanFlags::CYCLE, format!("Its parent {parent} is below it, so it stands at the top.")),
        (SpanFlags::DUPLICATE_ID, "Another span of the trace came before with the same id.".to_owned()),
        (SpanFlags::NO_ID, "It has no id, so nothing can be below it.".to_owned()),
        (
            SpanFlags::NO_START,
            "It has no start time: it is shown from the earliest moment it can have begun.".to_owned(),
        ),
        (
            SpanFlags::NO_END,
            "It has no end time: it may not have ended. It is shown with no duration.".to_owned(),
        ),
        (SpanFlags::REVERSED, "It ends before it starts. It is shown with no duration.".to_owned()),
    ];
    let flags = store.flags(span);
    words.into_iter().filter(|&(flag, _)| flags.contains(flag)).map(|(_, words)| words).collect()
}

/// Why the span failed, as short as the input says it: a code and a word.
fn reason(store: &TraceStore, span: SpanIdx) -> String {
    let text = |key: &str| store.attribute(span, key).map(|attribute| value_text(attribute.value));
    let http = text("http.response.status_code").or_else(|| text("http.status_code"));
    // A call can fail for another reason than its answer: 2xx and 3xx say nothing here.
    let http = http.filter(|code| code.starts_with(['4', '5']));
    let grpc = text("rpc.grpc.status_code").filter(|code| code != "0").map(|code| grpc_name(&code));
    let code = http.or(grpc).unwrap_or_default();

    let error_type = text("error.type").filter(|kind| kind != "_OTHER" && *kind != code);
    let exception = || {
        store.events(span).find_map(|event| {
            let kind = event.attributes().find(|attribute| attribute.key == "exception.type")?;
            Some(value_text(kind.value)).filter(|kind| !kind.is_empty())
        })
    };
    let message = || Some(store.status_message(span).to_owned());
    let word =
        error_type.or_else(|| text("exception.type")).or_else(exception).or_else(message).unwrap_or_default();
    let word = word.lines().next().unwrap_or_default().trim();

    let reason = match (code.as_str(), word) {
        ("", "") => "error".to_owned(),
        (code, "") => code.to_owned(),
        ("", word) => word.to_owned(),
        // "402 Payment Required" says the code already.
        (code, word) if word.starts_with(code) => word.to_owned(),
        (code, word) => format!("{code} {word}"),
    };
    match reason.char_indices().nth(REASON) {
        Some((cut, _)) => format!("{}…", reason.get(..cut).unwrap_or_default().trim_end()),
        None => reason,
    }
}

/// gRPC status codes by number; what is not a number has a name already.
fn grpc_name(code: &str) -> String {
    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];
    let name = code.parse().ok().and_then(|number: usize| NAMES.get(number));
    name.map_or_else(|| code.to_owned(), |name| (*name).to_owned())
}

/// Attributes for the panel, marked where the search matches.
struct Show<'a> {
    search: Option<&'a Search>,
}

impl Show<'_> {
    fn attribute(&self, key: &str, value: String, kind: ValueKind) -> AttributeInfo {
        let matched = self.search.is_some_and(|search| search.matches_attribute(key, &value));
        AttributeInfo { key: key.to_owned(), value, kind, matched }
    }

    fn stored(&self, attribute: Attribute<'_>) -> AttributeInfo {
        let kind = match attribute.value {
            Value::Empty => ValueKind::Empty,
            Value::Str(_) => ValueKind::Text,
            Value::Bool(_) => ValueKind::Bool,
            Value::Int(_) => ValueKind::Int,
            Value::Double(_) => ValueKind::Double,
            Value::Owned(value) => kind_of(value),
        };
        self.attribute(attribute.key, value_text(attribute.value), kind)
    }

    fn all(&self, attributes: &[KeyValue<'_>]) -> Vec<AttributeInfo> {
        attributes.iter().map(|of| self.attribute(&of.key, any_text(&of.value), kind_of(&of.value))).collect()
    }

    fn event(&self, event: Event<'_>, span_start: u64) -> EventInfo {
        let attributes: Vec<_> = event.attributes().map(|attribute| self.stored(attribute)).collect();
        EventInfo {
            name: event.name().to_owned(),
            offset: offset(event.time().0, span_start),
            error: event.name() == "exception" || attributes.iter().any(|of| of.key == "exception.type"),
            attributes,
            dropped: event.row().dropped_attributes_count,
        }
    }

    fn log(&self, log: &Log<'_>, service: &str, span_start: u64) -> LogInfo {
        let severity = log.severity();
        let words = log.severity_text();
        let body = value_text(log.body());
        let writer = log.resource().map(store::service_name).filter(|writer| writer != service);
        LogInfo {
            severity: if severity.name().is_empty() { words } else { severity.name() }.to_owned(),
            level: match severity.name() {
                "WARN" => LogLevel::Warning,
                _ if severity.is_error() => LogLevel::Error,
                _ => LogLevel::Quiet,
            },
            matched: self.search.is_some_and(|search| search.matches_text(&body)),
            body,
            event_name: log.event_name().to_owned(),
            offset: offset(log.time().0, span_start),
            service: writer.unwrap_or_default(),
            scope: log.scope().map(|scope| scope.name.clone().into_owned()).unwrap_or_default(),
            attributes: log.attributes().map(|attribute| self.stored(attribute)).collect(),
            dropped: log.dropped_attributes_count(),
            flags: log.flags(),
            of_trace: false,
        }
    }

    fn exemplar(&self, exemplar: &Exemplar<'_>, span_start: u64) -> ExemplarInfo {
        let (metric, unit) = exemplar.metric();
        ExemplarInfo {
            metric: metric.to_owned(),
            value: format!("{} {unit}", value_text(exemplar.value())).trim_end().to_owned(),
            offset: offset(exemplar.time().0, span_start),
            attributes: exemplar.attributes().map(|attribute| self.stored(attribute)).collect(),
        }
    }
}

fn kind_of(value: &AnyValue<'_>) -> ValueKind {
    match value {
        AnyValue::Empty => ValueKind::Empty,
        AnyValue::Str(_) => ValueKind::Text,
        AnyValue::Bool(_) => ValueKind::Bool,
        AnyValue::Int(_) => ValueKind::Int,
        AnyValue::Double(_) => ValueKind::Double,
        AnyValue::Bytes(_) => ValueKind::Bytes,
        AnyValue::Array(_) => ValueKind::Array,
        AnyValue::Map(_) => ValueKind::Map,
    }
}

fn value_text(value: Value<'_>) -> String {
    match value {
        Value::Str(text) => text.to_owned(),
        Value::Owned(value) => any_text(value),
        value => any_text(&value.to_any()),
    }
}

fn any_text(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Empty => String::new(),
        AnyValue::Str(text) => text.clone().into_owned(),
        AnyValue::Bytes(bytes) => Base64(bytes).to_string(),
        // `1.0` keeps its point: it is how a double is told from an integer.
        AnyValue::Double(number) => format!("{number:?}"),
        value => formats::value_to_json(value),
    }
}
