//! Datadog's spans: what tracers send to the agent (`[[span]]`, payloads with `chunks`), what its API and its page export.

use std::borrow::Cow;
use std::collections::BTreeMap;

use otel::{
    EventRow, KeyValue, LinkRow, Resource, ResourceRef, ScopeRef, SpanId, SpanKind, SpanRow, StatusCode,
    TraceId, UnixNanos,
};

use super::fields::{exception, flatten, kind, put};
use crate::json::Json;
use crate::notes::Notes;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Datadog JSON", tells, goes_on: |_| false, open: || Box::<Datadog>::default() };

const SPELLINGS: [[&str; 4]; 3] = [
    ["trace_id", "span_id", "start", "duration"],
    ["traceID", "spanID", "start", "duration"],
    ["traceId", "spanId", "start", "duration"],
];

fn are_spans(shape: &Shape<'_>, depth: usize) -> bool {
    SPELLINGS.iter().any(|names| shape.has_all_at(depth, names))
        && ["resource", "meta", "metrics", "service"].iter().any(|name| shape.has_at(depth, name))
}

fn tells(shape: &Shape<'_>) -> bool {
    (1..=8).any(|depth| are_spans(shape, depth))
        || shape.depth_of(&["trace_id", "span_id", "resource_name"]).is_some()
}

/// Upper halves of trace ids are told by one span of each chunk, which need not be the first.
#[derive(Default)]
struct Datadog {
    /// There is nothing around the spans but arrays: `[[span]]`, `[span]`, a span a line.
    bare: bool,
    /// Upper halves by lower halves.
    upper: BTreeMap<u64, u64>,
    /// Spans whose upper half is not known yet.
    held: Vec<(ResourceRef, ScopeRef, SpanRow<'static>)>,
    /// Arrays of spans so far: the trace, where the spans name none.
    chunks: u64,
    /// What a tracer's payload says of the process.
    process: Vec<KeyValue<'static>>,
}

/// So many spans are held at most.
const HELD: usize = 4096;

/// Fields of a tracer's payload and OpenTelemetry's names for them.
const PROCESS: &[(&str, &str)] = &[
    ("containerID", "container.id"),
    ("languageName", "telemetry.sdk.language"),
    ("languageVersion", "process.runtime.version"),
    ("tracerVersion", "telemetry.sdk.version"),
    ("runtimeID", "service.instance.id"),
    ("env", "deployment.environment.name"),
    ("hostname", "host.name"),
    ("hostName", "host.name"),
    ("appVersion", "service.version"),
];

/// Tags that speak of the process.
const TAGS: &[(&str, &str)] = &[
    ("env", "deployment.environment.name"),
    ("version", "service.version"),
    ("language", "telemetry.sdk.language"),
    ("runtime-id", "service.instance.id"),
    ("_dd.hostname", "host.name"),
    ("_dd.tracer_version", "telemetry.sdk.version"),
    ("container_id", "container.id"),
];

impl JsonFormat for Datadog {
    fn begin(&mut self, shape: &Shape<'_>) {
        self.bare = are_spans(shape, shape.arrays() + 1);
    }

    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        if self.bare {
            return if first == b'{' { Take::Record } else { Take::Enter };
        }
        let is_object = first == b'{';
        let nearest = path.iter().rev().skip(1).find_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Element => None,
        });
        match (path.last(), nearest) {
            (Some(Step::Member(_)), Some("spans")) => Take::Record,
            (Some(Step::Element), Some("spans" | "traces" | "data")) if is_object => Take::Record,
            (None | Some(Step::Element), _) => Take::Enter,
            (Some(Step::Member(name)), _) => match name.as_str() {
                "traces" | "trace" | "spans" | "data" | "attributes" | "chunks" | "tracerPayloads" => {
                    Take::Enter
                }
                name if PROCESS.iter().any(|(field, _)| *field == name) => Take::Record,
                _ => Take::Over,
            },
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        if let Some((_, name)) = PROCESS.iter().find(|(field, _)| *field == name_at(path))
            && record.members().is_empty()
        {
            self.process.retain(|known| known.key != *name);
            put(&mut self.process, *name, record.value().into_owned());
        } else if !record.get("spans").is_null() {
            for span in record.get("spans").elements() {
                self.span(span, out);
            }
            self.release(out);
        } else if !record.at(&["attributes", "span_id"]).is_null() {
            self.api_span(record.get("attributes"), out);
        } else {
            self.span(record, out);
        }
    }

    fn leave(&mut self, path: Path<'_>, out: &mut Out<'_>) {
        match name_at(path) {
            "attributes" | "trace" => {}
            // The process of the next payload is another one.
            "" if path.is_empty() => {
                self.process.clear();
                self.release(out);
            }
            _ => self.release(out),
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        self.release(out);
    }
}

impl Datadog {
    /// A chunk ends: what its spans did not tell is not told.
    fn release(&mut self, out: &mut Out<'_>) {
        self.chunks += 1;
        for (resource, scope, mut row) in self.held.drain(..) {
            if row.trace_id.is_absent() {
                row.trace_id = TraceId(u128::from(self.chunks) << 64);
            }
            out.span(resource, scope, &row);
        }
    }

    /// `row` has the lower half of its trace id.
    fn give(&mut self, resource: ResourceRef, mut row: SpanRow<'_>, upper: Option<u64>, out: &mut Out<'_>) {
        let scope = out.no_scope();
        let Ok(lower) = u64::try_from(row.trace_id.0) else {
            out.span(resource, scope, &row);
            return;
        };
        let whole = |upper: u64| TraceId(u128::from(upper) << 64 | u128::from(lower));
        if let Some(upper) = upper {
            self.upper.insert(lower, upper);
            let waited = |(_, _, row): &mut (_, _, SpanRow<'_>)| row.trace_id.0 == u128::from(lower);
            for (resource, scope, mut row) in self.held.extract_if(.., waited) {
                row.trace_id = whole(upper);
                out.span(resource, scope, &row);
            }
        }
        match self.upper.get(&lower) {
            Some(upper) => {
                row.trace_id = whole(*upper);
                out.span(resource, scope, &row);
            }
            None => self.held.push((resource, scope, row.into_owned())),
        }
        if self.held.len() > HELD {
            self.release(out);
        }
    }

    /// As `span.proto` of the agent has it; the page's export has times in seconds.
    fn span(&mut self, span: &Json<'_>, out: &mut Out<'_>) {
        if span.any(&["span_id", "spanID", "spanId"]).is_null() {
            out.skipped("it has no span_id");
            return;
        }
        let notes = &mut *out.notes;
        let (meta, metrics) = (span.get("meta"), span.get("metrics"));
        let unit = unit(span.get("start").text());
        let start = span.get("start").time_in(unit).unwrap_or_default();
        let duration = span.get("duration").nanos_in(unit).unwrap_or(0);
        let mut row = SpanRow {
            trace_id: TraceId(id(span.any(&["trace_id", "traceID", "traceId"]), "trace_id", notes)),
            span_id: span_id(span.any(&["span_id", "spanID", "spanId"]), "span_id", notes),
            parent_span_id: span_id(span.any(&["parent_id", "parentID", "parentId"]), "parent_id", notes),
            name: Cow::Borrowed(span.any(&["name", "resource"]).text()),
            kind: span_kind(meta.get("span.kind").str(), span.get("type").str()),
            start,
            end: UnixNanos(start.0.saturating_add(duration)),
            ..SpanRow::default()
        };
        put(&mut row.attributes, "dd.span.Resource", span.get("resource").value());
        put(&mut row.attributes, "span.type", span.get("type").value());
        for (name, value) in meta.members() {
            match &**name {
                "_dd.p.tid" | "_dd.span_links" | "events" => {}
                "span.kind" if row.kind != SpanKind::Unspecified => {}
                _ => put(&mut row.attributes, &**name, value.value()),
            }
        }
        for (name, value) in
            metrics.members().iter().chain(span.any(&["meta_struct", "metaStruct"]).members())
        {
            put(&mut row.attributes, &**name, value.value());
        }
        if span.get("error").i64().is_some_and(|error| error != 0) {
            fail(
                &mut row,
                meta.get("error.type").str(),
                meta.any(&["error.message", "error.msg"]).str(),
                meta.get("error.stack").str(),
            );
        }
        links(span.any(&["span_links", "spanLinks"]), &mut row, notes);
        events(span.any(&["span_events", "spanEvents"]), &mut row);
        let within = Json::parse(meta.get("_dd.span_links").str(), notes);
        links(within.as_ref().unwrap_or(&Json::Null), &mut row, notes);
        let within = Json::parse(meta.get("events").str(), notes);
        match &within {
            Some(list) => events(list, &mut row),
            None => put(&mut row.attributes, "events", meta.get("events").value()),
        }
        semantics::complete(&mut row.attributes);

        let mut resource = Resource::default();
        put(&mut resource.attributes, "service.name", span.get("service").value());
        for (tag, name) in TAGS {
            put(&mut resource.attributes, *name, meta.get(tag).value());
        }
        put(&mut resource.attributes, "deployment.environment.name", span.get("env").value());
        if let Some(process) = metrics.get("process_id").i64() {
            put(&mut resource.attributes, "process.pid", process);
        }
        for known in &self.process {
            put(&mut resource.attributes, known.key.clone(), known.value.clone());
        }
        let resource = out.resource(&resource);
        let upper = u64::from_str_radix(meta.get("_dd.p.tid").str(), 16).ok();
        self.give(resource, row, upper, out);
    }

    /// What the search of spans answers (`/api/v2/spans/events`).
    fn api_span(&mut self, span: &Json<'_>, out: &mut Out<'_>) {
        let notes = &mut *out.notes;
        let custom = span.any(&["custom", "attributes"]);
        let mut row = SpanRow {
            trace_id: TraceId(id(span.get("trace_id"), "trace_id", notes)),
            span_id: span_id(span.get("span_id"), "span_id", notes),
            parent_span_id: span_id(span.get("parent_id"), "parent_id", notes),
            name: Cow::Borrowed(span.any(&["operation_name", "resource_name"]).text()),
            kind: span_kind(custom.at(&["span", "kind"]).str(), span.get("type").str()),
            start: span.get("start_timestamp").time_in(Unit::Millis).unwrap_or_default(),
            end: span.get("end_timestamp").time_in(Unit::Millis).unwrap_or_default(),
            ..SpanRow::default()
        };
        // The search rounds its times; the duration is exact.
        if let Some(duration) = custom.get("duration").nanos_in(Unit::Nanos) {
            row.end = UnixNanos(row.start.0.saturating_add(duration));
        }
        put(&mut row.attributes, "dd.span.Resource", span.get("resource_name").value());
        put(&mut row.attributes, "span.type", span.get("type").value());
        flatten(&mut row.attributes, "", custom);
        put(&mut row.attributes, "tags", span.get("tags").value());
        let error = custom.get("error");
        if span.get("status").str() == "error" || span.get("error").bool() == Some(true) || !error.is_null() {
            fail(&mut row, error.get("type").str(), error.get("message").str(), error.get("stack").str());
        }
        semantics::complete(&mut row.attributes);
        let mut resource = Resource::default();
        put(&mut resource.attributes, "service.name", span.get("service").value());
        put(&mut resource.attributes, "deployment.environment.name", span.get("env").value());
        put(&mut resource.attributes, "host.name", span.get("host").value());
        let resource = out.resource(&resource);
        self.give(resource, row, None, out);
    }
}

/// Of the numbers a time since the epoch may be written in, by their size.
fn unit(start: &str) -> Unit {
    match start.split(['.', 'e', 'E']).next().map_or(0, str::len) {
        0..=11 => Unit::Seconds,
        12..=14 => Unit::Millis,
        15..=17 => Unit::Micros,
        _ => Unit::Nanos,
    }
}

/// Decimal as Datadog writes ids itself, also with the sign of Java; hex where it is as long as only hex can be.
fn id(id: &Json<'_>, name: &str, notes: &mut Notes) -> u128 {
    let text = id.text();
    if text.len() < 32 {
        if let Ok(id) = text.parse() {
            return id;
        }
        if let Ok(id) = text.parse::<i64>() {
            return id.cast_unsigned().into();
        }
    }
    id.trace_id(name, notes).0
}

fn span_id(json: &Json<'_>, name: &str, notes: &mut Notes) -> SpanId {
    // The lower half: ids that are longer are none.
    SpanId((id(json, name, notes) & u128::from(u64::MAX)) as u64)
}

fn span_kind(tag: &str, of: &str) -> SpanKind {
    kind(tag).unwrap_or(match of {
        "web" => SpanKind::Server,
        "http" | "sql" | "cache" | "redis" | "memcached" | "mongodb" | "elasticsearch" | "cassandra" => {
            SpanKind::Client
        }
        _ => SpanKind::Unspecified,
    })
}

/// The span ended with an error.
fn fail<'t>(row: &mut SpanRow<'t>, kind: &'t str, message: &'t str, stack: &'t str) {
    row.status_code = StatusCode::Error;
    row.status_message = Cow::Borrowed(message);
    if !(kind.is_empty() && stack.is_empty()) {
        row.events.push(EventRow {
            time: row.end,
            name: Cow::Borrowed("exception"),
            attributes: exception(kind, message, stack),
            dropped_attributes_count: 0,
        });
    }
}

/// Ids are numbers in a span's field, hex in its tag.
fn links(links: &Json<'_>, row: &mut SpanRow<'_>, notes: &mut Notes) {
    for link in links.elements() {
        let hex_or_number = |json: &Json<'_>, notes: &mut Notes| match json {
            Json::Str(text) if text.len() != 16 && text.len() != 32 => id(json, "span_links", notes),
            _ => json.trace_id("span_links", notes).0,
        };
        let lower = hex_or_number(link.any(&["trace_id", "traceID"]), notes);
        let upper = hex_or_number(link.any(&["trace_id_high", "traceIDHigh"]), notes);
        let mut attributes = Vec::new();
        for (name, value) in link.get("attributes").members() {
            put(&mut attributes, name.to_string(), value.value().into_owned());
        }
        row.links.push(LinkRow {
            trace_id: TraceId(upper << 64 | lower),
            span_id: SpanId(
                (hex_or_number(link.any(&["span_id", "spanID"]), notes) & u128::from(u64::MAX)) as u64,
            ),
            trace_state: Cow::Owned(link.get("tracestate").text().to_owned()),
            attributes,
            flags: link.get("flags").u64().map_or(0, |flags| flags as u32),
            dropped_attributes_count: 0,
        });
    }
}

/// Values are plain in a span's tag, and say their type in its field.
fn events(events: &Json<'_>, row: &mut SpanRow<'_>) {
    for event in events.elements() {
        let mut attributes = Vec::new();
        for (name, value) in event.get("attributes").members() {
            let typed =
                value.any(&["string_value", "bool_value", "int_value", "double_value", "array_value"]);
            let value = if typed.is_null() { value } else { typed };
            put(&mut attributes, name.to_string(), value.value().into_owned());
        }
        row.events.push(EventRow {
            time: event.get("time_unix_nano").time_in(Unit::Nanos).unwrap_or_default(),
            name: Cow::Owned(event.get("name").text().to_owned()),
            attributes,
            dropped_attributes_count: 0,
        });
    }
}
