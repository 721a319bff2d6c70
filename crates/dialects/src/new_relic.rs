//! New Relic: what its trace API takes (`[{"common", "spans"}]`), and spans that a query answers, of both its APIs.

use std::borrow::Cow;

use otel::{KeyValue, Resource, SpanRow, StatusCode, UnixNanos};

use super::fields::{exception, flatten, kind, put};
use crate::json::Json;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "New Relic", tells, goes_on: |_| false, open: || Box::<NewRelic>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    let is_row = |depth: usize| {
        let id = ["id", "guid", "span.id"].iter().any(|name| shape.has_at(depth, name));
        let trace = ["trace.id", "traceId"].iter().any(|name| shape.has_at(depth, name));
        let own = ["duration.ms", "durationMs", "entity.guid", "entityGuid", "attributes", "nr.entryPoint"];
        id && trace
            && shape.has_at(depth, "timestamp")
            && !["localEndpoint", "instrumentationScope"].iter().any(|name| shape.has_at(depth, name))
            && own.iter().any(|name| shape.has_at(depth, name))
    };
    (1..=9).any(is_row)
}

/// What `common` says of the spans beside it, where it stands first.
#[derive(Default)]
struct NewRelic {
    bare: bool,
    common: Vec<KeyValue<'static>>,
}

/// Attributes that are told in the span itself.
const TAKEN: &[&str] = &[
    "id",
    "guid",
    "trace.id",
    "traceId",
    "parent.id",
    "parentId",
    "name",
    "timestamp",
    "duration.ms",
    "durationMs",
    "duration",
    "span.kind",
    "attributes",
];

/// Attributes that speak of the service and its host.
const PROCESS: &[(&str, &str)] = &[
    ("service.name", "service.name"),
    ("entity.name", "service.name"),
    ("entityName", "service.name"),
    ("appName", "service.name"),
    ("service.version", "service.version"),
    ("service.instance.id", "service.instance.id"),
    ("host", "host.name"),
    ("host.name", "host.name"),
    ("hostname", "host.name"),
    ("container.id", "container.id"),
    ("telemetry.sdk.language", "telemetry.sdk.language"),
    ("telemetry.sdk.name", "telemetry.sdk.name"),
    ("telemetry.sdk.version", "telemetry.sdk.version"),
];

impl JsonFormat for NewRelic {
    fn begin(&mut self, shape: &Shape<'_>) {
        let depth = shape.arrays() + 1;
        self.bare = shape.has_at(depth, "timestamp");
    }

    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        let within = path.iter().rev().find_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Element => None,
        });
        match (path.last(), within) {
            (Some(Step::Member(_)), Some("common")) => Take::Record,
            (Some(Step::Member(_)), Some("metadata" | "performanceStats")) => Take::Over,
            (Some(Step::Element), Some("spans" | "events" | "results")) if first == b'{' => Take::Record,
            _ if self.bare && first == b'{' => Take::Record,
            _ => Take::Enter,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        if name_at(path) == "common" {
            let mut common = Vec::new();
            flatten(&mut common, "", record.get("attributes"));
            self.common = common.into_iter().map(KeyValue::into_owned).collect();
        } else if record.get("events").is_null() {
            self.span(record, out);
        } else {
            for event in record.get("events").elements() {
                self.span(event, out);
            }
        }
    }

    fn leave(&mut self, path: Path<'_>, _out: &mut Out<'_>) {
        if path.last() == Some(&Step::Element) {
            self.common.clear();
        }
    }
}

impl NewRelic {
    fn span(&self, span: &Json<'_>, out: &mut Out<'_>) {
        let within = span.get("attributes");
        // What the API takes has its names in `attributes`, what it gives beside the ids.
        let field = |names: &[&str]| {
            let own = span.any(names);
            if own.is_null() { within.any(names) } else { own }
        };
        let id = field(&["id", "guid"]);
        if id.is_null() {
            out.skipped("it has no id");
            return;
        }
        let notes = &mut *out.notes;
        let start = field(&["timestamp"]).time_in(Unit::Millis).unwrap_or_default();
        let millis = field(&["duration.ms", "durationMs"]);
        let duration = millis.nanos_in(Unit::Millis).or_else(|| field(&["duration"]).nanos_in(Unit::Seconds));
        let mut row = SpanRow {
            trace_id: field(&["trace.id", "traceId"]).trace_id("trace.id", notes),
            span_id: id.span_id("id", notes),
            parent_span_id: field(&["parent.id", "parentId"]).span_id("parent.id", notes),
            name: Cow::Borrowed(field(&["name"]).text()),
            kind: kind(field(&["span.kind"]).str()).unwrap_or_default(),
            start,
            end: UnixNanos(start.0.saturating_add(duration.unwrap_or(0))),
            ..SpanRow::default()
        };
        for source in [within, span] {
            for (name, value) in source.members() {
                if !TAKEN.contains(&&**name) {
                    put(&mut row.attributes, &**name, value.value());
                }
            }
        }
        let (class, message) =
            (field(&["error.class", "errorClass"]), field(&["error.message", "errorMessage"]));
        let status = field(&["otel.status_code"]).text();
        let failed = field(&["error"]).bool() == Some(true) || !class.is_null() || !message.is_null();
        if status == "ERROR" || failed {
            row.status_code = StatusCode::Error;
            let said = field(&["otel.status_description"]);
            row.status_message = Cow::Borrowed(if said.is_null() { message } else { said }.text());
        }
        if !class.is_null() {
            row.events.push(otel::EventRow {
                time: row.end,
                name: Cow::Borrowed("exception"),
                attributes: exception(class.value(), message.value(), field(&["error.stack_trace"]).value()),
                dropped_attributes_count: 0,
            });
        }
        let mut resource = Resource::default();
        for (key, name) in PROCESS {
            put(&mut resource.attributes, *name, field(&[key]).value());
        }
        for known in &self.common {
            let name =
                PROCESS.iter().find(|(key, _)| *key == known.key).map_or(&*known.key, |(_, name)| *name);
            put(&mut resource.attributes, name.to_owned(), known.value.clone());
        }
        semantics::complete(&mut row.attributes);
        let resource = out.resource(&resource);
        let scope = out.no_scope();
        out.span(resource, scope, &row);
    }
}
