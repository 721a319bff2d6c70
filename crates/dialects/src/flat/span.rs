//! A row of a table becomes a span.

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, ResourceRef, Scope, ScopeRef, SpanId, SpanKind, SpanRow,
    StatusCode, TraceId, UnixNanos,
};

use super::fields::{Field, Meaning, meaning};
use crate::json::Json;
use crate::notes::Notes;
use crate::semantics;
use crate::structured::{attributes, open};
use crate::time::{Unit, length};
use crate::walk::Out;

/// One value of a row.
pub(crate) struct Cell<'j> {
    pub(super) name: &'j str,
    pub(super) meaning: Option<Meaning>,
    pub(super) value: &'j Json<'j>,
}

impl<'j> Cell<'j> {
    pub(crate) fn of_member(name: &'j str, value: &'j Json<'j>) -> Self {
        Self { name, meaning: meaning(name), value }
    }

    fn is(&self, field: Field) -> bool {
        self.meaning.is_some_and(|meaning| meaning.field == field)
    }

    fn unit(&self) -> Option<Unit> {
        self.meaning.and_then(|meaning| meaning.unit)
    }
}

/// What rows share.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The trace of rows that name none: after the first span of them.
    pub(super) trace: Option<TraceId>,
    /// Are values text, whatever they were?
    pub(super) is_text: bool,
    /// Where rows do not say where they ran.
    pub(super) within: Option<(ResourceRef, ScopeRef)>,
}

impl Table {
    /// Of rows that say nothing of where they ran, since what is around them does.
    pub(crate) fn within(resource: ResourceRef, scope: ScopeRef) -> Self {
        Self { within: Some((resource, scope)), ..Self::default() }
    }
}

/// Names of columns that speak of where a span ran.
const OF_RESOURCE: [&str; 10] = [
    "service.",
    "host.",
    "k8s.",
    "cloud.",
    "container.",
    "process.",
    "os.",
    "telemetry.sdk.",
    "deployment.",
    "faas.",
];

/// Before the names of attributes, where each has a column.
const PREFIXES: [&str; 3] = ["attributes.", "span.attributes.", "span_attributes."];
const RESOURCE_PREFIXES: [&str; 3] = ["resource.attributes.", "resource_attributes.", "resource."];

struct Row<'r, 'j>(&'r [Cell<'j>]);

impl<'r, 'j> Row<'r, 'j> {
    /// What the row says of a field, under the surest of its names.
    fn get(&self, field: Field) -> Option<&'r Cell<'j>> {
        let said = self.all(field);
        said.min_by_key(|cell| cell.meaning.map_or(u8::MAX, |meaning| meaning.rank))
    }

    fn all(&self, field: Field) -> impl Iterator<Item = &'r Cell<'j>> {
        self.0.iter().filter(move |cell| cell.is(field) && !is_empty(cell.value))
    }

    fn value(&self, field: Field) -> &'j Json<'j> {
        self.get(field).map_or(&Json::Null, |cell| cell.value)
    }

    fn text(&self, field: Field) -> &'j str {
        self.value(field).text()
    }
}

fn is_empty(value: &Json<'_>) -> bool {
    value.is_null() || matches!(value, Json::Str(text) if text.is_empty())
}

/// Are there ids by which a row is a span, whatever else is wrong with it?
pub(super) fn has_ids(cells: &[Cell<'_>]) -> bool {
    let row = Row(cells);
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    let are_ids = [Field::SpanId, Field::TraceId].map(|field| row.text(field));
    are_ids.iter().all(|text| !text.is_empty() && text.bytes().all(is_id))
}

/// Gives on the span of a row.
pub(crate) fn tell(cells: &[Cell<'_>], table: &mut Table, out: &mut Out<'_>) {
    let opened: Vec<Option<Json<'_>>> = cells
        .iter()
        .map(|cell| {
            cell.meaning.filter(|meaning| meaning.field.is_structured()).and_then(|_| open(cell.value))
        })
        .collect();
    let cells: Vec<Cell<'_>> = cells
        .iter()
        .zip(&opened)
        .map(|(cell, opened)| Cell { value: opened.as_ref().unwrap_or(cell.value), ..*cell })
        .collect();
    let row = Row(&cells);

    let mut span = SpanRow {
        trace_id: trace_id(row.value(Field::TraceId), out.notes),
        span_id: span_id(row.value(Field::SpanId), out.notes),
        parent_span_id: span_id(row.value(Field::ParentId), out.notes),
        trace_state: Cow::Borrowed(row.text(Field::TraceState)),
        flags: count(row.value(Field::Flags)),
        name: Cow::Borrowed(row.text(Field::Name)),
        kind: row.all(Field::Kind).find_map(|cell| kind(cell.value)).unwrap_or_default(),
        dropped_attributes_count: count(row.value(Field::DroppedAttributes)),
        dropped_events_count: count(row.value(Field::DroppedEvents)),
        dropped_links_count: count(row.value(Field::DroppedLinks)),
        ..SpanRow::default()
    };
    if !cells.iter().any(|cell| cell.is(Field::TraceId)) {
        span.trace_id = *table.trace.get_or_insert_with(|| TraceId(u128::from(span.span_id.0).max(1)));
    }
    (span.start, span.end) = times(&row);
    status(&row, &mut span);
    span.events = events(&row);
    links(&row, &mut span, out.notes);

    let mut resource = Resource::default();
    others(&row, table.is_text, &mut span.attributes, &mut resource.attributes);
    service(&row, &span.attributes, &mut resource.attributes);
    semantics::complete(&mut span.attributes);
    let (resource, scope) = match table.within {
        Some(within) => within,
        None => (out.resource(&resource), out.scope(&scope(&row))),
    };
    out.span(resource, scope, &span);
}

fn count(value: &Json<'_>) -> u32 {
    value.u64().map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
}

/// Without what some write around ids.
fn bare<'j>(id: &'j Json<'j>) -> Json<'j> {
    let Json::Str(text) = id else { return id.clone() };
    let text = text.trim();
    let text = text.strip_prefix("0x").unwrap_or(text);
    // `projects/…/traces/…`
    let text = if text.starts_with("projects/") { text.rsplit('/').next().unwrap_or_default() } else { text };
    let none = ["root", "null", "none", "nil", "undefined", "-", "\\N"];
    Json::Str(Cow::Borrowed(if none.iter().any(|none| text.eq_ignore_ascii_case(none)) { "" } else { text }))
}

fn trace_id(id: &Json<'_>, notes: &mut Notes) -> TraceId {
    bare(id).uuid_trace_id(notes)
}

fn span_id(id: &Json<'_>, notes: &mut Notes) -> SpanId {
    bare(id).uuid_span_id(notes)
}

/// Numbers of the protocol, or names in any dress: `SPAN_KIND_SERVER`, `Server`.
fn kind(value: &Json<'_>) -> Option<SpanKind> {
    let text = value.text();
    let word = text.rsplit(['_', '.']).next().unwrap_or(text).to_ascii_lowercase();
    Some(match word.as_str() {
        "unspecified" | "unset" => SpanKind::Unspecified,
        "internal" => SpanKind::Internal,
        "server" => SpanKind::Server,
        "client" => SpanKind::Client,
        "producer" => SpanKind::Producer,
        "consumer" => SpanKind::Consumer,
        _ => return value.u64().and_then(SpanKind::from_number),
    })
}

/// As [`kind`].
fn status_code(value: &Json<'_>) -> Option<StatusCode> {
    let text = value.text();
    let word = text.rsplit(['_', '.']).next().unwrap_or(text).to_ascii_lowercase();
    Some(match word.as_str() {
        "unset" => StatusCode::Unset,
        "ok" | "success" => StatusCode::Ok,
        "error" | "fail" | "failed" | "failure" => StatusCode::Error,
        _ => return value.u64().and_then(StatusCode::from_number),
    })
}

fn status<'j>(row: &Row<'_, 'j>, span: &mut SpanRow<'j>) {
    for cell in row.all(Field::Status) {
        let code = match cell.value {
            Json::Object(_) => {
                span.status_message = Cow::Borrowed(cell.value.any(&["message", "description"]).text());
                status_code(cell.value.any(&["code", "status_code", "statusCode"]))
            }
            value => status_code(value),
        };
        span.status_code = span.status_code.max(code.unwrap_or_default());
    }
    if let Some(message) = row.get(Field::StatusMessage) {
        span.status_message = Cow::Borrowed(message.value.text());
    }
    if row.all(Field::Error).any(|cell| is_error(cell.value)) {
        span.status_code = StatusCode::Error;
        let message = row.all(Field::Error).map(|cell| cell.value).find(|value| value.bool().is_none());
        if let Some(Json::Str(message)) = message
            && span.status_message.is_empty()
        {
            span.status_message = Cow::Borrowed(message);
        }
    }
}

/// A flag that is set, or words.
fn is_error(value: &Json<'_>) -> bool {
    match value {
        Json::Bool(_) | Json::Number(_) => value.bool() == Some(true),
        Json::Str(text) => !text.is_empty() && value.bool() != Some(false),
        _ => false,
    }
}

/// The unit in which a number of this size counts from the epoch to a time between 1973 and 5138.
fn unit_by_size(number: &Json<'_>) -> Unit {
    match number.nanos_in(Unit::Nanos) {
        Some(..100_000_000_000) => Unit::Seconds,
        Some(..100_000_000_000_000) => Unit::Millis,
        Some(..100_000_000_000_000_000) => Unit::Micros,
        _ => Unit::Nanos,
    }
}

/// A point in time in the unit that is said, or else in the one its size tells.
fn point(time: &Json<'_>, unit: Option<Unit>) -> Option<UnixNanos> {
    // The JSON of protobuf's `Timestamp` where it is taken for any message.
    if let Json::Object(_) = time {
        let seconds = time.get("seconds").nanos_in(Unit::Seconds)?;
        return Some(UnixNanos(
            seconds.saturating_add(time.any(&["nanos", "nanoseconds"]).u64().unwrap_or(0)),
        ));
    }
    time.time_in(unit.unwrap_or_else(|| unit_by_size(time)))
}

/// Start and end.
fn times(row: &Row<'_, '_>) -> (UnixNanos, UnixNanos) {
    let start = row.get(Field::Start).and_then(|cell| Some((point(cell.value, cell.unit())?, cell)));
    let (start, cell) = if let Some((start, cell)) = start {
        (start, Some(cell))
    } else {
        let offset = row.get(Field::Offset);
        let nanos = offset.and_then(|cell| cell.value.nanos_in(cell.unit().unwrap_or(Unit::Millis)));
        (UnixNanos(nanos.unwrap_or(0)), offset)
    };
    if let Some(end) = row.get(Field::End).and_then(|cell| point(cell.value, cell.unit())) {
        return (start, end);
    }
    let duration = row.get(Field::Duration).and_then(|duration| {
        let value = duration.value;
        let number = value.nanos_in(Unit::Nanos).is_some();
        let of_start = || {
            let cell = cell?;
            let is_number = cell.value.nanos_in(Unit::Nanos).is_some();
            cell.unit().or_else(|| is_number.then(|| unit_by_size(cell.value)))
        };
        match duration.unit() {
            Some(unit) if number => value.nanos_in(unit),
            // What it counts in is not said: what the start does; parts of a number are of milliseconds.
            None if number => {
                let parts = if value.text().contains('.') { Unit::Millis } else { Unit::Nanos };
                value.nanos_in(of_start().unwrap_or(parts))
            }
            _ => length(value.str()),
        }
    });
    (start, duration.map_or(UnixNanos(0), |duration| UnixNanos(start.0.saturating_add(duration))))
}

const NAMES: [&str; 4] = ["name", "event", "eventName", "Name"];
const TIMES: [&str; 3] = ["time", "timestamp", "Timestamp"];
const ATTRIBUTES: [&str; 4] = ["attributes", "attributeMap", "Attributes", "attrs"];

fn events<'j>(row: &Row<'_, 'j>) -> Vec<EventRow<'j>> {
    let of_objects = row.value(Field::Events).elements().iter();
    let mut events: Vec<EventRow<'j>> = of_objects
        .map(|told| EventRow {
            time: match told.any(&["timeUnixNano", "time_unix_nano"]) {
                Json::Null => point(told.any(&TIMES), None),
                nanos => point(nanos, Some(Unit::Nanos)),
            }
            .unwrap_or_default(),
            name: Cow::Borrowed(told.any(&NAMES).text()),
            attributes: attributes(told.any(&ATTRIBUTES)).unwrap_or_default(),
            dropped_attributes_count: count(told.get("droppedAttributesCount")),
        })
        .collect();
    // A column of names, a column of times, …
    let times = row.value(Field::EventTimes).elements();
    let others = row.value(Field::EventAttributes).elements();
    for (place, name) in row.value(Field::EventNames).elements().iter().enumerate() {
        events.push(EventRow {
            time: times.get(place).and_then(|time| point(time, None)).unwrap_or_default(),
            name: Cow::Borrowed(name.text()),
            attributes: others.get(place).and_then(attributes).unwrap_or_default(),
            dropped_attributes_count: 0,
        });
    }
    events
}

fn links<'j>(row: &Row<'_, 'j>, span: &mut SpanRow<'j>, notes: &mut Notes) {
    for told in row.value(Field::Links).elements() {
        let context = told.any(&["context", "spanContext"]);
        let context = if context.is_null() { told } else { context };
        let trace = trace_id(context.any(&["traceId", "trace_id", "traceID", "TraceId", "TraceID"]), notes);
        let id = span_id(context.any(&["spanId", "span_id", "spanID", "SpanId", "SpanID"]), notes);
        let kind = told.any(&["refType", "ref_type"]).text();
        let is_parent = kind == "CHILD_OF"
            && (trace == span.trace_id || trace.is_absent())
            && (span.parent_span_id.is_absent() || span.parent_span_id == id);
        if is_parent {
            span.parent_span_id = id;
            continue;
        }
        let mut link = LinkRow {
            trace_id: trace,
            span_id: id,
            trace_state: Cow::Borrowed(context.any(&["traceState", "trace_state", "TraceState"]).text()),
            attributes: attributes(told.any(&ATTRIBUTES)).unwrap_or_default(),
            dropped_attributes_count: count(told.get("droppedAttributesCount")),
            flags: count(told.get("flags")),
        };
        if !kind.is_empty() {
            link.attributes.push(KeyValue::new("opentracing.ref_type", kind.to_ascii_lowercase()));
        }
        if !link.span_id.is_absent() || !link.trace_id.is_absent() {
            span.links.push(link);
        }
    }
    let ids = row.value(Field::LinkSpanIds).elements();
    let states = row.value(Field::LinkTraceStates).elements();
    let others = row.value(Field::LinkAttributes).elements();
    for (place, trace) in row.value(Field::LinkTraceIds).elements().iter().enumerate() {
        span.links.push(LinkRow {
            trace_id: trace_id(trace, notes),
            span_id: ids.get(place).map(|id| span_id(id, notes)).unwrap_or_default(),
            trace_state: states.get(place).map_or(Cow::Borrowed(""), |state| Cow::Borrowed(state.text())),
            attributes: others.get(place).and_then(attributes).unwrap_or_default(),
            ..LinkRow::default()
        });
    }
}

fn scope<'j>(row: &Row<'_, 'j>) -> Scope<'j> {
    let told = row.value(Field::Scope);
    let text = |field, name| match row.text(field) {
        "" => Cow::Borrowed(told.get(name).text()),
        text => Cow::Borrowed(text),
    };
    Scope {
        name: text(Field::ScopeName, "name"),
        version: text(Field::ScopeVersion, "version"),
        ..Scope::default()
    }
}

/// What is an attribute: all that is no field, or a field in a shape that it cannot have.
fn others<'j>(
    row: &Row<'_, 'j>,
    is_text: bool,
    of_span: &mut Vec<KeyValue<'j>>,
    of_resource: &mut Vec<KeyValue<'j>>,
) {
    for cell in row.0.iter().filter(|cell| !is_empty(cell.value)) {
        let list = || attributes(cell.value);
        let is_used = match cell.meaning.map(|meaning| meaning.field) {
            Some(Field::Attributes) => list().map(|list| of_span.extend(list)).is_some(),
            Some(Field::Resource) => list().map(|list| of_resource.extend(list)).is_some(),
            Some(Field::Events | Field::Links | Field::Children) => matches!(cell.value, Json::Array(_)),
            Some(Field::Scope) => matches!(cell.value, Json::Object(_)),
            Some(Field::Status) => matches!(cell.value, Json::Object(_)) || status_code(cell.value).is_some(),
            Some(Field::Kind) => kind(cell.value).is_some(),
            Some(Field::Error) => cell.value.bool().is_some(),
            Some(Field::Pod) => {
                of_resource.push(KeyValue::new("k8s.pod.name", cell.value.text()));
                true
            }
            Some(field) => row.get(field).is_some_and(|used| std::ptr::eq(used, cell)),
            None => false,
        };
        if is_used {
            continue;
        }
        let without = |prefixes: &[&str]| prefixes.iter().find_map(|prefix| cell.name.strip_prefix(prefix));
        let value = value(cell.value, is_text);
        if let Some(name) = without(&RESOURCE_PREFIXES) {
            of_resource.push(KeyValue::new(name, value));
        } else if OF_RESOURCE.iter().any(|prefix| cell.name.starts_with(prefix)) {
            of_resource.push(KeyValue::new(cell.name, value));
        } else {
            of_span.push(KeyValue::new(without(&PREFIXES).unwrap_or(cell.name), value));
        }
    }
}

/// Of text, whole numbers that are written as numbers are numbers again.
fn value<'j>(value: &'j Json<'_>, is_text: bool) -> AnyValue<'j> {
    match value {
        Json::Str(text) if is_text => match text.parse::<i64>() {
            Ok(number) if number.to_string() == **text => AnyValue::Int(number),
            _ => value.value(),
        },
        _ => value.value(),
    }
}

/// `service.name` goes first: a column, an attribute of the resource or the span, or what a pod's name tells.
fn service<'j>(row: &Row<'_, 'j>, of_span: &[KeyValue<'j>], of_resource: &mut Vec<KeyValue<'j>>) {
    const NAME: &str = "service.name";
    if of_resource.iter().any(|attribute| attribute.key == NAME) {
        return;
    }
    let of_pod = || row.get(Field::Pod).map(|cell| AnyValue::from(workload(cell.value.text())));
    let name = row.get(Field::Service).map(|cell| AnyValue::from(cell.value.text()));
    let name = name
        .or_else(|| of_span.iter().find(|attribute| attribute.key == NAME).map(|known| known.value.clone()));
    if let Some(value) = name.or_else(of_pod) {
        of_resource.insert(0, KeyValue::new(NAME, value));
    }
}

/// A pod's name without what a deployment's replica set adds: `cart` of `cart-579b9bff58-t2dbm`.
fn workload(pod: &str) -> &str {
    let is_hash = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len())
            // Kubernetes' alphabet spells no words.
            && part.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte))
    };
    let parts = pod.rsplit_once('-').and_then(|(rest, last)| Some((rest.rsplit_once('-')?, last)));
    match parts {
        Some(((name, set), last)) if is_hash(set, 8..=10) && is_hash(last, 5..=5) => name,
        _ => pod,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads() {
        let check = |pod, expected| assert_eq!(workload(pod), expected);
        check("frontend-579b9bff58-t2dbm", "frontend");
        check("ts-order-service-7c9d8f4b5-x2x4z", "ts-order-service");
        check("mongo-0", "mongo-0");
        check("node-exporter-x2x4z", "node-exporter-x2x4z");
        check("", "");
    }

    #[test]
    fn units_by_size() {
        let check = |text: &'static str, expected| {
            assert_eq!(point(&Json::Number(text), None), Some(UnixNanos(expected)), "{text}");
        };
        check("1700000000", 1_700_000_000_000_000_000);
        check("1700000000.123456789", 1_700_000_000_123_456_789);
        check("1700000000123", 1_700_000_000_123_000_000);
        check("1700000000123.5", 1_700_000_000_123_500_000);
        check("1700000000123456", 1_700_000_000_123_456_000);
        check("1700000000123456789", 1_700_000_000_123_456_789);
    }
}
