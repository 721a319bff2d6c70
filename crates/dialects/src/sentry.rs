//! Sentry: envelopes (a line of headers, then a line of headers and a payload for each item), their payloads alone, and
//! what its API answers. Transactions with the spans in them, spans of both versions; errors and logs are log records.
//!
//! Payloads that are no JSON (attachments, recordings) are skipped as any line that is none.

use std::borrow::Cow;
use std::fmt::Write as _;

use otel::{
    EventRow, KeyValue, LinkRow, LogRow, Resource, ResourceRef, Severity, SpanId, SpanKind, SpanRow,
    StatusCode, TraceId, UnixNanos,
};

use super::fields::{exception, flatten, kind, put, severity};
use crate::json::Json;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take};

pub(crate) const ENTRY: Entry = Entry { name: "Sentry", tells, goes_on, open: || Box::<Sentry>::default() };

/// Types of items in an envelope.
const ITEMS: [&str; 18] = [
    "transaction",
    "event",
    "span",
    "log",
    "session",
    "sessions",
    "attachment",
    "client_report",
    "user_report",
    "feedback",
    "profile",
    "profile_chunk",
    "replay_event",
    "replay_recording",
    "replay_video",
    "check_in",
    "statsd",
    "trace_metric",
];

fn tells(shape: &Shape<'_>) -> bool {
    let is_header = shape.has_at(1, "sent_at")
        || (shape.has_at(1, "event_id") && ["sdk", "trace", "dsn"].iter().any(|name| shape.has_at(1, name)));
    let depth = shape.arrays() + 1;
    let is_event = shape.has_at(depth, "contexts")
        && ["start_timestamp", "startTimestamp", "event_id", "exception", "spans"]
            .iter()
            .any(|name| shape.has_at(depth, name))
        || shape.has_all_at(depth, &["event_id", "platform", "timestamp"]);
    let is_span = (1..=8).any(|depth| {
        shape.has_at(depth, "start_timestamp")
            && (shape.has_all_at(depth, &["span_id", "trace_id"])
                || shape.has_all_at(depth, &["children", "op"]))
            && ["op", "is_segment", "exclusive_time", "origin"].iter().any(|name| shape.has_at(depth, name))
            && !shape.has_at(depth, "span_name")
    });
    is_header && shape.arrays() == 0 || is_event || is_span || is_item(shape)
}

fn is_item(shape: &Shape<'_>) -> bool {
    shape.arrays() == 0
        && ITEMS.contains(&shape.value_at(1, "type"))
        && (shape.count_at(1) == 1 || shape.has_at(1, "length") || shape.has_at(1, "content_type"))
}

/// Payloads that hold no spans.
fn goes_on(shape: &Shape<'_>) -> bool {
    [
        "discarded_events",
        "sid",
        "aggregates",
        "replay_id",
        "segment_id",
        "check_in_id",
        "items",
        "profile",
        "comments",
    ]
    .iter()
    .any(|name| shape.has_at(1, name))
        || shape.has_at(1, "type")
}

/// What the header of an envelope says holds for its items.
#[derive(Default)]
struct Sentry {
    environment: String,
    release: String,
    sdk: (String, String),
}

impl JsonFormat for Sentry {
    fn step(&mut self, _path: Path<'_>, first: u8) -> Take {
        if first == b'[' { Take::Enter } else { Take::Record }
    }

    fn record(&mut self, _path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        let is_transaction = !record.any(&["start_timestamp", "startTimestamp"]).is_null();
        if !record.at(&["contexts", "trace"]).is_null() && is_transaction {
            self.transaction(record, out);
        } else if is_transaction {
            self.spans(std::slice::from_ref(record), TraceId::ABSENT, record, out);
        } else if !record.get("items").is_null() {
            for item in record.get("items").elements() {
                if item.get("start_timestamp").is_null() {
                    self.log(item, out);
                } else {
                    self.spans(std::slice::from_ref(item), TraceId::ABSENT, item, out);
                }
            }
        } else if !record.any(&["transactions", "children"]).is_null() {
            self.spans(record.any(&["transactions", "children"]).elements(), TraceId::ABSENT, record, out);
        } else if !record.any(&["exception", "logentry", "message", "level"]).is_null() {
            self.error(record, out);
        } else if !record.any(&["sent_at", "sdk", "trace", "dsn"]).is_null() {
            let text = |path: &[&str]| record.at(path).text().to_owned();
            self.environment = text(&["trace", "environment"]);
            self.release = text(&["trace", "release"]);
            self.sdk = (text(&["sdk", "name"]), text(&["sdk", "version"]));
        }
    }
}

impl Sentry {
    fn transaction(&self, event: &Json<'_>, out: &mut Out<'_>) {
        let context = event.at(&["contexts", "trace"]);
        let mut row = SpanRow {
            trace_id: context.get("trace_id").trace_id("trace_id", out.notes),
            span_id: context.get("span_id").span_id("span_id", out.notes),
            parent_span_id: context.get("parent_span_id").span_id("parent_span_id", out.notes),
            name: Cow::Borrowed(event.any(&["transaction", "title"]).text()),
            start: time(event.any(&["start_timestamp", "startTimestamp"])),
            end: time(event.any(&["timestamp", "endTimestamp"])),
            kind: span_kind(context),
            ..SpanRow::default()
        };
        status(context, &mut row);
        words(context, &mut row.attributes);
        tags(event.get("tags"), &mut row.attributes);
        words(event, &mut row.attributes);
        let request = event.get("request");
        put(&mut row.attributes, "url.full", request.get("url").value());
        put(&mut row.attributes, "http.request.method", request.get("method").value());
        let agent = request.get("headers").any(&["User-Agent", "user-agent"]);
        put(&mut row.attributes, "user_agent.original", agent.value());
        let status = event.at(&["contexts", "response", "status_code"]);
        put(&mut row.attributes, "http.response.status_code", status.value());
        flatten(&mut row.attributes, "user", event.get("user"));
        put(&mut row.attributes, "sentry.source", event.at(&["transaction_info", "source"]).value());
        put(&mut row.attributes, "sentry.event_id", event.any(&["event_id", "eventID"]).value());
        for (name, context) in event.get("contexts").members() {
            if !matches!(&**name, "trace" | "otel") {
                flatten(&mut row.attributes, &format!("contexts.{name}"), context);
            }
        }
        let breadcrumbs = event.get("breadcrumbs");
        let list = breadcrumbs.get("values");
        let breadcrumbs = if list.is_null() { breadcrumbs } else { list };
        row.events = breadcrumbs.elements().iter().map(breadcrumb).collect();
        links(context, &mut row, out);
        semantics::complete(&mut row.attributes);
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        out.span(resource, scope, &row);

        let entries = event.get("entries").elements().iter();
        let entries =
            entries.filter(|entry| entry.get("type").str() == "spans").map(|entry| entry.get("data"));
        for spans in std::iter::once(event.get("spans")).chain(entries) {
            self.spans(spans.elements(), row.trace_id, event, out);
        }
    }

    /// Spans with those in them; `event` says where they come from.
    fn spans(&self, spans: &[Json<'_>], trace_id: TraceId, event: &Json<'_>, out: &mut Out<'_>) {
        let mut left: Vec<(&Json<'_>, TraceId, SpanId)> =
            spans.iter().rev().map(|span| (span, trace_id, SpanId::ABSENT)).collect();
        while let Some((span, trace_id, parent)) = left.pop() {
            let span_id = span.any(&["span_id", "event_id"]).span_id("span_id", out.notes);
            let own = span.any(&["trace_id", "trace"]).trace_id("trace_id", out.notes);
            let trace_id = match (own.is_absent(), trace_id.is_absent()) {
                (false, _) => own,
                (true, false) => trace_id,
                // Answers of the API leave out what was asked for.
                (true, true) => TraceId(u128::from(span_id.0)),
            };
            self.span(span, trace_id, span_id, parent, event, out);
            let children = span.get("children").elements().iter().rev();
            left.extend(children.map(|child| (child, trace_id, span_id)));
        }
    }

    fn span(
        &self,
        span: &Json<'_>,
        trace_id: TraceId,
        span_id: SpanId,
        within: SpanId,
        event: &Json<'_>,
        out: &mut Out<'_>,
    ) {
        let parent = span.get("parent_span_id").span_id("parent_span_id", out.notes);
        let name = [span.get("name"), span.get("description"), span.get("transaction"), span.get("op")];
        let mut row = SpanRow {
            trace_id,
            span_id,
            parent_span_id: if parent.is_absent() { within } else { parent },
            name: Cow::Borrowed(
                name.into_iter().map(Json::text).find(|name| !name.is_empty()).unwrap_or_default(),
            ),
            start: time(span.get("start_timestamp")),
            end: time(span.any(&["end_timestamp", "timestamp"])),
            kind: span_kind(span),
            ..SpanRow::default()
        };
        status(span, &mut row);
        words(span, &mut row.attributes);
        tags(span.get("tags"), &mut row.attributes);
        links(span, &mut row, out);
        semantics::complete(&mut row.attributes);
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        out.span(resource, scope, &row);
    }

    fn error(&self, event: &Json<'_>, out: &mut Out<'_>) {
        let raised = event.get("exception");
        let list = raised.get("values");
        // Causes come first.
        let raised = if list.is_null() { raised } else { list }.elements().last();
        let mut attributes = raised.map_or_else(Vec::new, |raised| {
            let stack = stacktrace(raised.at(&["stacktrace", "frames"]));
            exception(raised.get("type").value(), raised.get("value").value(), stack)
        });
        tags(event.get("tags"), &mut attributes);
        put(&mut attributes, "url.full", event.at(&["request", "url"]).value());
        put(&mut attributes, "sentry.event_id", event.get("event_id").value());
        let logged = event.any(&["logentry", "message"]);
        let message = [logged.any(&["formatted", "message"]), logged];
        let message = message.into_iter().find(|message| !message.text().is_empty());
        let level = event.get("level").str();
        let context = event.at(&["contexts", "trace"]);
        let log = LogRow {
            time: time(event.get("timestamp")),
            severity: if level.is_empty() { severity("error") } else { severity(level) },
            severity_text: Cow::Borrowed(level),
            body: message.or_else(|| Some(raised?.get("value"))).unwrap_or(&Json::Null).value(),
            attributes,
            trace_id: context.get("trace_id").trace_id("trace_id", out.notes),
            span_id: context.get("span_id").span_id("span_id", out.notes),
            event_name: Cow::Borrowed(if raised.is_some() { "exception" } else { "" }),
            ..LogRow::default()
        };
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        out.log(resource, scope, &log);
    }

    fn log(&self, item: &Json<'_>, out: &mut Out<'_>) {
        let mut attributes = Vec::new();
        words(item, &mut attributes);
        let level = item.get("level").str();
        let number = item.get("severity_number").u64().and_then(Severity::from_number);
        let log = LogRow {
            time: time(item.get("timestamp")),
            severity: number.unwrap_or_else(|| severity(level)),
            severity_text: Cow::Borrowed(level),
            body: item.get("body").value(),
            attributes,
            trace_id: item.get("trace_id").trace_id("trace_id", out.notes),
            span_id: item.get("span_id").span_id("span_id", out.notes),
            ..LogRow::default()
        };
        let resource = self.resource(item, out);
        let scope = out.no_scope();
        out.log(resource, scope, &log);
    }

    /// Sentry knows projects, not services: what is nearest to a name.
    fn resource(&self, event: &Json<'_>, out: &mut Out<'_>) -> ResourceRef {
        let mut attributes = Vec::new();
        let otel = event.at(&["contexts", "otel", "resource"]);
        let own = |name: &str| attribute_value(event.get("attributes").get(name));
        let release = [event.get("release").text(), own("sentry.release").text(), &self.release];
        let release = release.into_iter().find(|release| !release.is_empty()).unwrap_or_default();
        let (package, version) = release.split_once('@').unwrap_or(("", release));
        put(&mut attributes, "service.name", otel.get("service.name").value());
        put(&mut attributes, "service.name", own("service.name").value());
        put(&mut attributes, "service.name", event.get("tags").get("service").value());
        put(&mut attributes, "service.name", package);
        put(&mut attributes, "service.name", event.at(&["contexts", "app", "app_name"]).value());
        put(
            &mut attributes,
            "service.name",
            event.any(&["project_slug", "project_name", "platform"]).value(),
        );
        put(&mut attributes, "service.version", version);
        put(&mut attributes, "deployment.environment.name", event.get("environment").value());
        put(&mut attributes, "deployment.environment.name", own("sentry.environment").value());
        put(&mut attributes, "deployment.environment.name", &*self.environment);
        put(&mut attributes, "host.name", event.get("server_name").value());
        put(&mut attributes, "telemetry.sdk.name", event.at(&["sdk", "name"]).value());
        put(&mut attributes, "telemetry.sdk.name", &*self.sdk.0);
        put(&mut attributes, "telemetry.sdk.version", event.at(&["sdk", "version"]).value());
        put(&mut attributes, "telemetry.sdk.version", &*self.sdk.1);
        put(&mut attributes, "telemetry.sdk.language", event.get("platform").value());
        for (path, name) in [
            (["os", "name"], "os.name"),
            (["os", "version"], "os.version"),
            (["runtime", "name"], "process.runtime.name"),
            (["runtime", "version"], "process.runtime.version"),
            (["device", "model"], "device.model.identifier"),
        ] {
            put(&mut attributes, name, event.get("contexts").at(&path).value());
        }
        flatten(&mut attributes, "", otel);
        out.resource(&Resource { attributes, ..Resource::default() })
    }
}

/// Seconds since the epoch with a fraction, or a date.
fn time(time: &Json<'_>) -> UnixNanos {
    time.time_in(Unit::Seconds).unwrap_or_default()
}

/// Attributes of spans of version 2 and of logs say their type beside the value.
fn attribute_value<'t, 'j>(value: &'t Json<'j>) -> &'t Json<'j> {
    if value.get("value").is_null() { value } else { value.get("value") }
}

/// What spans, transactions and their contexts say in the same words.
fn words<'t>(span: &'t Json<'_>, attributes: &mut Vec<KeyValue<'t>>) {
    put(attributes, "sentry.op", span.get("op").value());
    put(attributes, "sentry.origin", span.get("origin").value());
    for (name, value) in span.get("attributes").members().iter().chain(span.get("data").members()) {
        put(attributes, &**name, attribute_value(value).value());
    }
    for (name, measurement) in span.get("measurements").members() {
        put(attributes, format!("measurements.{name}"), attribute_value(measurement).value());
        put(attributes, format!("measurements.{name}.unit"), measurement.get("unit").value());
    }
    put(attributes, "sentry.exclusive_time", span.get("exclusive_time").value());
}

/// An object, or a list of pairs.
fn tags<'t>(tags: &'t Json<'_>, attributes: &mut Vec<KeyValue<'t>>) {
    flatten(attributes, "", tags);
    for tag in tags.elements() {
        match tag.elements() {
            [key, value] => put(attributes, key.text(), value.value()),
            _ => put(attributes, tag.get("key").text(), tag.get("value").value()),
        }
    }
}

/// The names of gRPC's codes; all but three are failures.
fn status<'t>(span: &'t Json<'_>, row: &mut SpanRow<'t>) {
    let status = span.get("status").text();
    let (code, message) = match status {
        "ok" => (StatusCode::Ok, ""),
        "" | "unknown" | "cancelled" | "unset" => (StatusCode::Unset, ""),
        "error" => (StatusCode::Error, ""),
        status => (StatusCode::Error, status),
    };
    (row.status_code, row.status_message) = (code, Cow::Borrowed(message));
}

fn span_kind(span: &Json<'_>) -> SpanKind {
    let said = [span.get("kind"), attribute_value(span.get("data").get("otel.kind"))];
    let said = said.into_iter().find_map(|said| kind(said.str()));
    let op = attribute_value(span.get("attributes").get("sentry.op"));
    let op = if op.is_null() { span.get("op") } else { op }.str();
    said.unwrap_or_else(|| match op.split('.').next().unwrap_or_default() {
        "db" | "cache" => SpanKind::Client,
        _ => match op {
            "http.server" | "rpc.server" | "grpc.server" | "websocket.server" => SpanKind::Server,
            "http.client" | "rpc.client" | "grpc.client" => SpanKind::Client,
            "queue.publish" | "queue.submit" => SpanKind::Producer,
            "queue.process" | "queue.task" => SpanKind::Consumer,
            _ => SpanKind::Unspecified,
        },
    })
}

fn links(span: &Json<'_>, row: &mut SpanRow<'_>, out: &mut Out<'_>) {
    for link in span.get("links").elements() {
        let mut attributes = Vec::new();
        for (name, value) in link.get("attributes").members() {
            put(&mut attributes, name.to_string(), attribute_value(value).value().into_owned());
        }
        row.links.push(LinkRow {
            trace_id: link.get("trace_id").trace_id("links.trace_id", out.notes),
            span_id: link.get("span_id").span_id("links.span_id", out.notes),
            attributes,
            flags: u32::from(link.get("sampled").bool() == Some(true)),
            ..LinkRow::default()
        });
    }
}

fn breadcrumb<'t>(breadcrumb: &'t Json<'_>) -> EventRow<'t> {
    let mut attributes = Vec::new();
    put(&mut attributes, "message", breadcrumb.get("message").value());
    put(&mut attributes, "level", breadcrumb.get("level").value());
    flatten(&mut attributes, "data", breadcrumb.get("data"));
    let name = breadcrumb.any(&["category", "type"]).text();
    EventRow {
        time: time(breadcrumb.get("timestamp")),
        name: Cow::Borrowed(if name.is_empty() { "breadcrumb" } else { name }),
        attributes,
        dropped_attributes_count: 0,
    }
}

/// A frame a line, the innermost first.
fn stacktrace(frames: &Json<'_>) -> String {
    let mut text = String::new();
    for frame in frames.elements().iter().rev() {
        let function = frame.get("function").text();
        let function = if function.is_empty() { "<anonymous>" } else { function };
        let end = if text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ =
            write!(text, "{end}    at {function} ({}", frame.any(&["filename", "abs_path", "module"]).text());
        for place in [frame.get("lineno").text(), frame.get("colno").text()] {
            if !place.is_empty() {
                let _ = write!(text, ":{place}");
            }
        }
        text.push(')');
    }
    text
}
