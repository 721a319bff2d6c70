//! Grafana Faro: what its web SDK sends, OTLP spans beside events, exceptions, logs and measurements (`faro.receiver`).

use std::borrow::Cow;
use std::fmt::Write as _;

use otel::{
    AnyValue, ExemplarRow, KeyValue, LogRow, Resource, ResourceRef, Scope, Severity, SpanId, TraceId,
    UnixNanos,
};

use super::flat::{Cell, Table, tell};
use super::structured::attributes;
use crate::json::Json;
use crate::notes::Notes;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take, is_at, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Grafana Faro", tells, goes_on: |_| false, open: || Box::<Faro>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    let items = ["events", "exceptions", "logs", "measurements", "traces"];
    shape.has_at(1, "meta")
        && (shape.has_at(2, "sdk") || shape.has_at(2, "app"))
        && items.iter().any(|name| shape.has_at(1, name))
}

/// Its `meta` may stand behind the items it speaks of.
#[derive(Default)]
struct Faro {
    resource: Option<ResourceRef>,
}

impl JsonFormat for Faro {
    fn begin(&mut self, _shape: &Shape<'_>) {
        self.resource = None;
    }

    fn step(&mut self, path: Path<'_>, _first: u8) -> Take {
        match (path.len(), name_at(path)) {
            (0, _)
            | (1, "events" | "exceptions" | "logs" | "measurements" | "traces")
            | (2, "resourceSpans") => Take::Enter,
            (1, "meta") | (2 | 3, "") => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        if is_at(path, &["traces", "resourceSpans", "*"]) {
            spans(record, out);
            return;
        }
        let resource = *self.resource.get_or_insert_with(|| out.open_resource());
        if is_at(path, &["meta"]) {
            out.close_resource(resource, &meta(record));
            return;
        }
        let scope = out.no_scope();
        let context = Context::of(record, out.notes);
        let log = match name_at(path.get(..1).unwrap_or_default()) {
            "events" => event(record),
            "exceptions" => exception(record),
            "logs" => message(record),
            _ => {
                for exemplar in measurements(record, &context) {
                    out.exemplar(resource, scope, &exemplar);
                }
                return;
            }
        };
        let Context { time, trace_id, span_id } = context;
        let mut log = LogRow { time, trace_id, span_id, ..log };
        record.get("action").flatten("faro.action", &[], &mut log.attributes);
        out.log(resource, scope, &log);
    }
}

/// When, and in which span, an item came about.
struct Context {
    time: UnixNanos,
    trace_id: TraceId,
    span_id: SpanId,
}

impl Context {
    fn of(item: &Json<'_>, notes: &mut Notes) -> Self {
        Self {
            time: item.get("timestamp").time_in(Unit::Millis).unwrap_or_default(),
            trace_id: item.at(&["trace", "trace_id"]).trace_id("trace.trace_id", notes),
            span_id: item.at(&["trace", "span_id"]).span_id("trace.span_id", notes),
        }
    }
}

/// One element of OTLP's `resourceSpans`.
fn spans(of_resource: &Json<'_>, out: &mut Out<'_>) {
    let dropped = |told: &Json<'_>| {
        told.get("droppedAttributesCount").u64().map_or(0, |count| u32::try_from(count).unwrap_or(u32::MAX))
    };
    let told = of_resource.get("resource");
    let resource = out.resource(&Resource {
        attributes: attributes(told.get("attributes")).unwrap_or_default(),
        dropped_attributes_count: dropped(told),
        schema_url: Cow::Borrowed(of_resource.get("schemaUrl").text()),
    });
    for of_scope in of_resource.any(&["scopeSpans", "instrumentationLibrarySpans"]).elements() {
        let told = of_scope.any(&["scope", "instrumentationLibrary"]);
        let scope = out.scope(&Scope {
            name: Cow::Borrowed(told.get("name").text()),
            version: Cow::Borrowed(told.get("version").text()),
            attributes: attributes(told.get("attributes")).unwrap_or_default(),
            dropped_attributes_count: dropped(told),
            schema_url: Cow::Borrowed(of_scope.get("schemaUrl").text()),
        });
        let mut table = Table::within(resource, scope);
        for span in of_scope.get("spans").elements() {
            let cells: Vec<Cell<'_>> =
                span.members().iter().map(|(name, value)| Cell::of_member(name, value)).collect();
            tell(&cells, &mut table, out);
        }
    }
}

/// What is said of the page and its visitor.
fn meta<'j>(meta: &'j Json<'_>) -> Resource<'j> {
    const NAMES: [(&str, &[&str]); 19] = [
        ("service.name", &["app", "name"]),
        ("service.version", &["app", "version"]),
        ("service.namespace", &["app", "namespace"]),
        ("deployment.environment.name", &["app", "environment"]),
        ("telemetry.distro.name", &["sdk", "name"]),
        ("telemetry.distro.version", &["sdk", "version"]),
        ("user_agent.original", &["browser", "userAgent"]),
        ("user_agent.name", &["browser", "name"]),
        ("user_agent.version", &["browser", "version"]),
        ("browser.language", &["browser", "language"]),
        ("browser.mobile", &["browser", "mobile"]),
        ("os.name", &["os", "name"]),
        ("os.version", &["os", "version"]),
        ("session.id", &["session", "id"]),
        ("user.id", &["user", "id"]),
        ("user.name", &["user", "username"]),
        ("user.email", &["user", "email"]),
        ("url.full", &["page", "url"]),
        ("faro.view.name", &["view", "name"]),
    ];
    let said = NAMES.iter().map(|(key, path)| (*key, meta.at(path)));
    let said = said.filter(|(_, value)| !value.is_null() && value.str() != "unknown");
    Resource {
        attributes: said.map(|(key, value)| KeyValue::new(key, value.value())).collect(),
        ..Resource::default()
    }
}

fn event<'j>(told: &'j Json<'_>) -> LogRow<'j> {
    let mut attributes = told.get("attributes").attributes();
    if !told.get("domain").is_null() {
        attributes.push(KeyValue::new("event.domain", told.get("domain").value()));
    }
    LogRow { event_name: Cow::Borrowed(told.get("name").text()), attributes, ..LogRow::default() }
}

fn exception<'j>(told: &'j Json<'_>) -> LogRow<'j> {
    let (kind, message) = (told.get("type").text(), told.get("value").text());
    let mut stack = format!("{kind}: {message}");
    for frame in told.at(&["stacktrace", "frames"]).elements() {
        let text = |name| frame.get(name).text();
        // Writing to memory cannot fail.
        let _ = write!(
            stack,
            "\n    at {} ({}:{}:{})",
            text("function"),
            text("filename"),
            text("lineno"),
            text("colno")
        );
    }
    let mut attributes = vec![
        KeyValue::new("exception.type", kind),
        KeyValue::new("exception.message", message),
        KeyValue::new("exception.stacktrace", stack),
    ];
    attributes.extend(told.get("context").attributes());
    LogRow {
        severity: severity("error"),
        body: AnyValue::from(message),
        event_name: Cow::Borrowed("exception"),
        attributes,
        ..LogRow::default()
    }
}

fn message<'j>(told: &'j Json<'_>) -> LogRow<'j> {
    let level = told.get("level").text();
    LogRow {
        severity: severity(level),
        severity_text: Cow::Borrowed(level),
        body: told.get("message").value(),
        attributes: told.get("context").attributes(),
        ..LogRow::default()
    }
}

/// `LogLevel` of the SDK.
fn severity(level: &str) -> Severity {
    let number = match level {
        "trace" => 1,
        "debug" => 5,
        "info" | "log" => 9,
        "warn" => 13,
        "error" => 17,
        _ => 0,
    };
    Severity::from_number(number).unwrap_or_default()
}

/// The values that were measured while there was a span.
fn measurements<'j>(told: &'j Json<'_>, context: &Context) -> Vec<ExemplarRow<'j>> {
    if context.trace_id.is_absent() {
        return Vec::new();
    }
    let exemplar = |(name, value): &'j (Cow<'_, str>, Json<'_>)| ExemplarRow {
        metric: Cow::Borrowed(&**name),
        unit: Cow::Borrowed(""),
        time: context.time,
        value: value.value(),
        trace_id: context.trace_id,
        span_id: context.span_id,
        filtered_attributes: told.get("context").attributes(),
    };
    told.get("values").members().iter().map(exemplar).collect()
}
