//! Langfuse: a trace with its observations, as its UI exports it and its API answers.

use std::borrow::Cow;

use otel::{EventRow, KeyValue, Resource, Scope, SpanKind, SpanRow, StatusCode, UnixNanos};

use crate::json::Json;
use crate::owned;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take, is_at, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Langfuse JSON", tells, goes_on: |_| false, open: || Box::<Langfuse>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    shape.has("observations") && (shape.has("projectId") || shape.has("parentObservationId"))
        || shape.depth_of(&["traceId", "parentObservationId", "startTime"]).is_some()
        || shape.has_all_at(2, &["id", "projectId", "timestamp", "sessionId"])
}

#[derive(Default)]
struct Langfuse {
    /// What the trace says of all its observations.
    of_trace: Vec<KeyValue<'static>>,
    /// The trace's own list of observations, which has less to say than the list beside it, if there is one.
    shorter: Vec<(Resource<'static>, Scope<'static>, SpanRow<'static>)>,
    /// Was there a list beside the trace?
    is_longer: bool,
}

impl JsonFormat for Langfuse {
    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        match name_at(path) {
            "observations" | "trace" | "data" => Take::Enter,
            "userId" | "sessionId" | "tags" | "release" if path.len() <= 2 => Take::Record,
            "" if path.is_empty() || first == b'[' => Take::Enter,
            "" => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        let of_trace = match name_at(path) {
            "" => {
                self.observation(path, record, out);
                return;
            }
            "userId" => "user.id",
            "sessionId" => "session.id",
            "tags" => "langfuse.trace.tags",
            _ => "langfuse.release",
        };
        let is_empty = record.is_null() || matches!(record, Json::Array(tags) if tags.is_empty());
        if !is_empty {
            let value = owned::value(record.value());
            self.of_trace.retain(|known| known.key != of_trace);
            self.of_trace.push(KeyValue { key: Cow::Borrowed(of_trace), value });
        }
    }

    fn leave(&mut self, path: Path<'_>, out: &mut Out<'_>) {
        if is_at(path, &["observations"]) {
            self.is_longer = true;
        }
        if path.is_empty() {
            for (resource, scope, mut row) in std::mem::take(&mut self.shorter) {
                if !self.is_longer {
                    row.attributes.extend(self.of_trace.iter().cloned());
                    let resource = out.resource(&resource);
                    let scope = out.scope(&scope);
                    out.span(resource, scope, &row);
                }
            }
            self.of_trace.clear();
            self.is_longer = false;
        }
    }
}

impl Langfuse {
    fn observation(&mut self, path: Path<'_>, told: &Json<'_>, out: &mut Out<'_>) {
        // A list of observations may hold whole traces.
        if told.get("id").is_null() {
            out.skipped("it has no id, or is not an object");
            return;
        }
        let text = told.get("metadata").str();
        let metadata = Json::parse(text, out.notes).unwrap_or_default();
        let metadata = if text.is_empty() { told.get("metadata") } else { &metadata };

        let mut content =
            Resource { attributes: metadata.get("resourceAttributes").attributes(), ..Resource::default() };
        if !told.get("environment").is_null() {
            content
                .attributes
                .push(KeyValue::new("deployment.environment.name", told.get("environment").value()));
        }
        let scope = Scope {
            name: Cow::Borrowed(metadata.at(&["scope", "name"]).text()),
            version: Cow::Borrowed(metadata.at(&["scope", "version"]).text()),
            ..Scope::default()
        };
        let mut row = span(told, metadata, out);
        if is_at(path, &["trace", "observations", "*"]) {
            self.shorter.push((owned::resource(content), owned::scope(scope), row.into_owned()));
            return;
        }
        row.attributes.extend(self.of_trace.iter().cloned());
        let resource = out.resource(&content);
        let scope = out.scope(&scope);
        out.span(resource, scope, &row);
    }
}

fn span<'t>(told: &'t Json<'_>, metadata: &'t Json<'_>, out: &mut Out<'_>) -> SpanRow<'t> {
    const TOLD: [&str; 12] = [
        "id",
        "traceId",
        "parentObservationId",
        "startTime",
        "endTime",
        "name",
        "level",
        "statusMessage",
        "metadata",
        "environment",
        "type",
        "completionStartTime",
    ];
    let time = |name| told.get(name).time_in(Unit::Millis).unwrap_or_default();
    let kind = told.get("type").text();
    let (start, end) = (time("startTime"), time("endTime"));
    let mut row = SpanRow {
        trace_id: told.get("traceId").uuid_trace_id(out.notes),
        span_id: told.get("id").uuid_span_id(out.notes),
        parent_span_id: told.get("parentObservationId").uuid_span_id(out.notes),
        name: Cow::Borrowed(told.get("name").text()),
        kind: if kind == "GENERATION" { SpanKind::Client } else { SpanKind::Internal },
        start,
        // Events have none.
        end: if kind == "EVENT" { start } else { end },
        status_message: Cow::Borrowed(told.get("statusMessage").text()),
        ..SpanRow::default()
    };
    if told.get("level").text() == "ERROR" {
        row.status_code = StatusCode::Error;
    } else if !matches!(told.get("level").text(), "" | "DEFAULT") {
        row.attributes.push(KeyValue::new("langfuse.observation.level", told.get("level").text()));
    }
    row.attributes.push(KeyValue::new("langfuse.observation.type", kind));
    let mut add = |key: &'static str, value: &'t Json<'_>| {
        if !value.is_null() {
            row.attributes.push(KeyValue::new(key, value.value()));
        }
    };
    add("gen_ai.request.model", told.get("model"));
    add("gen_ai.usage.input_tokens", told.at(&["usageDetails", "input"]));
    add("gen_ai.usage.output_tokens", told.at(&["usageDetails", "output"]));
    row.attributes.extend(metadata.get("attributes").attributes());
    for (name, value) in metadata.members() {
        if !matches!(&**name, "attributes" | "resourceAttributes" | "scope") {
            row.attributes.push(KeyValue::new(format!("metadata.{name}"), value.value()));
        }
    }
    for (name, value) in told.members() {
        let is_empty = match value {
            Json::Null => true,
            Json::Array(values) => values.is_empty(),
            Json::Object(members) => members.iter().all(|(_, value)| value.is_null()),
            _ => false,
        };
        if !is_empty && !TOLD.contains(&&**name) {
            row.attributes.push(KeyValue::new(&**name, value.value()));
        }
    }
    semantics::complete(&mut row.attributes);
    let first_token: UnixNanos = time("completionStartTime");
    if first_token.0 > 0 {
        row.events.push(EventRow {
            time: first_token,
            name: Cow::Borrowed("completion start"),
            ..EventRow::default()
        });
    }
    row
}
