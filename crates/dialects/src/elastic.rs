//! What agents of Elastic APM send (intake API, version 2, and version 3 of the browser's agent, with short names): lines
//! of `metadata`, `transaction`, `span`, `error`, `log`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, LogRow, Resource, ResourceRef, Severity, SpanId, SpanKind,
    SpanRow, StatusCode, UnixNanos, WarningKind,
};

use super::fields::{exception, flatten, kind, put, rename, severity};
use crate::json::Json;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Elastic APM intake", tells, goes_on, open: || Box::<Elastic>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    let depth = shape.arrays() + 1;
    let holds = |name: &str, members: &[&str]| {
        shape.first() == name && shape.has_at(depth, name) && shape.has_all_at(depth + 1, members)
    };
    holds("metadata", &["service"])
        || holds("m", &["se"])
        || holds("transaction", &["id", "trace_id", "duration"])
        || holds("span", &["id", "trace_id", "duration"])
        || holds("x", &["id", "tid", "d"])
}

/// Lines that only other lines tell the meaning of.
fn goes_on(shape: &Shape<'_>) -> bool {
    let depth = shape.arrays() + 1;
    ["error", "e", "log", "metricset", "me", "transaction", "span", "x"]
        .iter()
        .any(|name| shape.first() == *name && shape.has_at(depth, name))
}

/// Spans of a browser say when they began within their transaction, and their transaction need not say when it began.
#[derive(Default)]
struct Elastic {
    /// What the last metadata says of all that follows.
    process: Vec<KeyValue<'static>>,
    /// When transactions began.
    starts: BTreeMap<SpanId, UnixNanos>,
    /// Spans whose transaction is not known yet: it, nanoseconds since it began, the span.
    waiting: Vec<(SpanId, u64, ResourceRef, SpanRow<'static>)>,
    /// The first time that was told.
    earliest: Option<UnixNanos>,
}

/// So many spans wait at most.
const WAITING: usize = 4096;

/// When a transaction began that does not say it: a second after the epoch, for zero means that a time is absent.
const UNTOLD: UnixNanos = UnixNanos(1_000_000_000);

/// What the fields of a context mean.
const ALIASES: &[(&str, &str)] = &[
    ("request.method", "http.request.method"),
    ("request.url.full", "url.full"),
    ("request.url.pathname", "url.path"),
    ("request.url.protocol", "url.scheme"),
    ("request.url.search", "url.query"),
    ("request.url.hostname", "server.address"),
    ("request.url.port", "server.port"),
    ("request.headers.User-Agent", "user_agent.original"),
    ("request.headers.user-agent", "user_agent.original"),
    ("request.socket.remote_address", "client.address"),
    ("response.status_code", "http.response.status_code"),
    ("page.url", "url.full"),
    ("user.username", "user.name"),
    ("http.url", "url.full"),
    ("http.method", "http.request.method"),
    ("http.status_code", "http.response.status_code"),
    ("http.response.status_code", "http.response.status_code"),
    ("db.statement", "db.query.text"),
    ("db.instance", "db.namespace"),
    ("db.rows_affected", "db.response.returned_rows"),
    ("destination.address", "server.address"),
    ("destination.port", "server.port"),
    ("message.queue.name", "messaging.destination.name"),
];

/// Where the metadata has what a resource says.
const PROCESS: &[(&[&str], &str)] = &[
    (&["system", "configured_hostname"], "host.name"),
    (&["system", "detected_hostname"], "host.name"),
    (&["system", "hostname"], "host.name"),
    (&["system", "architecture"], "host.arch"),
    (&["system", "platform"], "os.type"),
    (&["system", "container", "id"], "container.id"),
    (&["system", "kubernetes", "namespace"], "k8s.namespace.name"),
    (&["system", "kubernetes", "pod", "name"], "k8s.pod.name"),
    (&["system", "kubernetes", "pod", "uid"], "k8s.pod.uid"),
    (&["system", "kubernetes", "node", "name"], "k8s.node.name"),
    (&["process", "pid"], "process.pid"),
    (&["process", "ppid"], "process.parent_pid"),
    (&["process", "title"], "process.title"),
    (&["process", "argv"], "process.command_args"),
    (&["cloud", "provider"], "cloud.provider"),
    (&["cloud", "region"], "cloud.region"),
    (&["cloud", "availability_zone"], "cloud.availability_zone"),
    (&["cloud", "account", "id"], "cloud.account.id"),
    (&["cloud", "instance", "id"], "host.id"),
    (&["cloud", "machine", "type"], "host.type"),
    (&["cloud", "service", "name"], "cloud.platform"),
];

impl JsonFormat for Elastic {
    fn step(&mut self, path: Path<'_>, _first: u8) -> Take {
        match name_at(path) {
            "" => Take::Enter,
            "metadata" | "m" | "transaction" | "x" | "span" | "error" | "e" | "log" => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        if record.members().is_empty() {
            out.skipped("it is not an object, or has nothing in it");
            return;
        }
        match name_at(path) {
            "metadata" | "m" => self.process = process(record),
            "transaction" | "x" => self.transaction(record, out),
            "span" => {
                let transaction = record.any(&["transaction_id", "parent_id"]);
                let transaction = transaction.span_id("transaction_id", out.notes);
                self.span(record, transaction, None, out);
            }
            "error" | "e" => self.error(record, out),
            _ => self.log(record, out),
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        self.release(out);
    }
}

fn process(metadata: &Json<'_>) -> Vec<KeyValue<'static>> {
    let mut attributes = Vec::new();
    service(metadata.any(&["service", "se"]), &mut attributes);
    for (path, name) in PROCESS {
        put(&mut attributes, *name, metadata.at(path).value());
    }
    flatten(&mut attributes, "", metadata.any(&["labels", "l"]));
    flatten(&mut attributes, "user", metadata.any(&["user", "u"]));
    attributes.into_iter().map(KeyValue::into_owned).collect()
}

fn service<'t>(service: &'t Json<'_>, attributes: &mut Vec<KeyValue<'t>>) {
    let part = |names: &[&str], field: &[&str]| service.any(names).any(field).value();
    let (name, version) = (&["name", "n"], &["version", "ve"]);
    put(attributes, "service.name", service.any(name).value());
    put(attributes, "service.version", service.any(version).value());
    put(attributes, "service.instance.id", part(&["node"], &["configured_name"]));
    put(attributes, "deployment.environment.name", service.any(&["environment", "en"]).value());
    put(attributes, "telemetry.sdk.name", part(&["agent", "a"], name));
    put(attributes, "telemetry.sdk.version", part(&["agent", "a"], version));
    put(attributes, "telemetry.sdk.language", part(&["language", "la"], name));
    put(attributes, "process.runtime.name", part(&["runtime", "ru"], name));
    put(attributes, "process.runtime.version", part(&["runtime", "ru"], version));
    put(attributes, "service.framework.name", part(&["framework", "fw"], name));
    put(attributes, "service.framework.version", part(&["framework", "fw"], version));
}

impl Elastic {
    /// What the event says of its service goes before what the metadata says.
    fn resource(&self, event: &Json<'_>, out: &mut Out<'_>) -> ResourceRef {
        let mut attributes = Vec::new();
        service(event.any(&["context", "c"]).any(&["service", "se"]), &mut attributes);
        for known in &self.process {
            put(&mut attributes, known.key.clone(), known.value.clone());
        }
        out.resource(&Resource { attributes, ..Resource::default() })
    }

    fn told(&mut self, time: UnixNanos) {
        self.earliest = Some(self.earliest.map_or(time, |earliest| earliest.min(time)));
    }

    fn transaction(&mut self, event: &Json<'_>, out: &mut Out<'_>) {
        let mut row = common(event, out);
        let start = event.get("timestamp").time_in(Unit::Micros).filter(|time| time.0 > 0);
        match start {
            Some(start) => self.told(start),
            None => out.notes.add(
                WarningKind::MissingStartTime,
                format_args!(
                    "a transaction does not say when it began; shown as if the epoch had just begun"
                ),
            ),
        }
        let start = start.unwrap_or(UNTOLD);
        (row.start, row.end) = (start, UnixNanos(start.0.saturating_add(duration(event))));
        row.kind = transaction_kind(event);
        let has_type = event.any(&["type", "t"]);
        put(&mut row.attributes, "transaction.type", has_type.value());
        put(&mut row.attributes, "transaction.result", event.any(&["result", "rt"]).value());
        put(&mut row.attributes, "transaction.sampled", event.any(&["sampled", "sm"]).value());
        let dropped = event.any(&["span_count", "yc"]).any(&["dropped", "dd"]);
        put(&mut row.attributes, "transaction.span_count.dropped", dropped.value());
        flatten(&mut row.attributes, "session", event.any(&["session", "ses"]));
        flatten(&mut row.attributes, "experience", event.any(&["experience", "exp"]));
        flatten(&mut row.attributes, "faas", event.get("faas"));
        row.events = marks(event.any(&["marks", "k"]), start);
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        out.span(resource, scope, &row);

        self.starts.insert(row.span_id, start);
        self.release_of(row.span_id, start, out);
        let spans = event.get("y").elements();
        for span in spans {
            let parent = span.get("pi").u64().and_then(|place| spans.get(usize::try_from(place).ok()?));
            let parent = parent.map_or(row.span_id, |parent| parent.get("id").span_id("id", out.notes));
            let parent = SpanRow { trace_id: row.trace_id, span_id: parent, ..SpanRow::default() };
            self.span(span, row.span_id, Some(&parent), out);
        }
    }

    /// `within`: what a span does not say itself that stands in its transaction.
    fn span(
        &mut self,
        event: &Json<'_>,
        transaction: SpanId,
        within: Option<&SpanRow<'_>>,
        out: &mut Out<'_>,
    ) {
        let mut row = common(event, out);
        if let Some(within) = within {
            row.trace_id = within.trace_id;
            row.parent_span_id = within.span_id;
        }
        row.kind = span_kind(event);
        put(&mut row.attributes, "span.type", event.any(&["type", "t"]).value());
        put(&mut row.attributes, "span.subtype", event.any(&["subtype", "su"]).value());
        put(&mut row.attributes, "span.action", event.any(&["action", "ac"]).value());
        put(&mut row.attributes, "span.sync", event.any(&["sync", "sy"]).value());
        flatten(&mut row.attributes, "span.composite", event.get("composite"));
        if let Some(system) = db_system(event) {
            put(&mut row.attributes, "db.system.name", system);
        }
        let stack = stacktrace(event.any(&["stacktrace", "st"]));
        put(&mut row.attributes, "code.stacktrace", stack);
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        let (offset, duration) = (nanos(event.any(&["start", "s"])), duration(event));
        let told = event.get("timestamp").time_in(Unit::Micros).filter(|time| time.0 > 0);
        if let Some(start) = told {
            self.told(start);
        }
        let begun = self.starts.get(&transaction).map(|begun| UnixNanos(begun.0.saturating_add(offset)));
        if let Some(start) = told.or(begun) {
            (row.start, row.end) = (start, UnixNanos(start.0.saturating_add(duration)));
            out.span(resource, scope, &row);
            return;
        }
        // The end is as long after zero as the span takes.
        row.end = UnixNanos(duration);
        self.waiting.push((transaction, offset, resource, row.into_owned()));
        if self.waiting.len() > WAITING {
            self.release(out);
        }
    }

    /// A transaction tells when its spans began.
    fn release_of(&mut self, transaction: SpanId, start: UnixNanos, out: &mut Out<'_>) {
        let scope = out.no_scope();
        for (_, offset, resource, mut row) in self.waiting.extract_if(.., |waiting| waiting.0 == transaction)
        {
            place(&mut row, start, offset);
            out.span(resource, scope, &row);
        }
    }

    /// No transaction told when these spans began.
    fn release(&mut self, out: &mut Out<'_>) {
        let scope = out.no_scope();
        let start = self.earliest.unwrap_or(UNTOLD);
        for (_, offset, resource, mut row) in self.waiting.drain(..) {
            out.notes.add(
                WarningKind::MissingStartTime,
                format_args!(
                    "a span says when it began within its transaction only, which is not in the input; shown as if that \
                     had begun first of all"
                ),
            );
            place(&mut row, start, offset);
            out.span(resource, scope, &row);
        }
    }

    fn error(&self, event: &Json<'_>, out: &mut Out<'_>) {
        let (raised, logged) = (event.any(&["exception", "ex"]), event.get("log"));
        let message = raised.any(&["message", "mg"]);
        let message = if message.is_null() { logged.any(&["message", "mg"]) } else { message };
        let transaction = event.any(&["transaction_id", "xid"]).span_id("transaction_id", out.notes);
        let parent = event.any(&["parent_id", "pid"]).span_id("parent_id", out.notes);
        let level = logged.any(&["level", "lv"]).str();
        let mut attributes = exception(
            raised.any(&["type", "ty"]).value(),
            raised.any(&["message", "mg"]).value(),
            stacktrace(raised.any(&["stacktrace", "st"])),
        );
        put(&mut attributes, "error.id", event.get("id").value());
        put(&mut attributes, "error.culprit", event.any(&["culprit", "cl"]).value());
        put(&mut attributes, "error.handled", raised.any(&["handled", "hd"]).value());
        put(&mut attributes, "log.logger", logged.any(&["logger_name", "lg"]).value());
        context(event.any(&["context", "c"]), &mut attributes);
        let named = match severity(level) {
            Severity::UNSPECIFIED => severity("error"),
            named => named,
        };
        let time = event.get("timestamp").time_in(Unit::Micros);
        let time = time.or_else(|| self.starts.get(&transaction).copied()).unwrap_or_default();
        let log = LogRow {
            time,
            severity: named,
            severity_text: Cow::Borrowed(level),
            body: message.value(),
            attributes,
            trace_id: event.any(&["trace_id", "tid"]).trace_id("trace_id", out.notes),
            span_id: if parent.is_absent() { transaction } else { parent },
            event_name: Cow::Borrowed(if raised.is_null() { "" } else { "exception" }),
            ..LogRow::default()
        };
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        out.log(resource, scope, &log);
    }

    /// Fields are those of ECS, nested or with dots in their names.
    fn log(&self, event: &Json<'_>, out: &mut Out<'_>) {
        let mut attributes = Vec::new();
        flatten(&mut attributes, "", event);
        let text = |key: &str| {
            let found = attributes.iter().rfind(|known: &&KeyValue<'_>| known.key == key);
            match found.map(|known| &known.value) {
                Some(AnyValue::Str(text)) => text.to_string(),
                _ => String::new(),
            }
        };
        let (trace, level) = (text("trace.id"), text("log.level"));
        let span = [text("span.id"), text("transaction.id")].into_iter().find(|id| !id.is_empty());
        let log = LogRow {
            time: event.get("@timestamp").time_in(Unit::Micros).unwrap_or_default(),
            severity: severity(&level),
            severity_text: level.into(),
            body: event.get("message").value(),
            trace_id: Json::Str(trace.into()).trace_id("trace.id", out.notes),
            span_id: Json::Str(span.unwrap_or_default().into()).span_id("span.id", out.notes),
            ..LogRow::default()
        };
        let taken = ["message", "@timestamp", "trace.id", "span.id", "transaction.id", "log.level"];
        attributes.retain(|known| !taken.contains(&&*known.key));
        let resource = self.resource(event, out);
        let scope = out.no_scope();
        out.log(resource, scope, &LogRow { attributes, ..log });
    }
}

/// What transactions and spans have in common.
fn common<'t>(event: &'t Json<'_>, out: &mut Out<'_>) -> SpanRow<'t> {
    let notes = &mut *out.notes;
    let mut row = SpanRow {
        trace_id: event.any(&["trace_id", "tid"]).trace_id("trace_id", notes),
        span_id: event.get("id").span_id("id", notes),
        parent_span_id: event.any(&["parent_id", "pid"]).span_id("parent_id", notes),
        name: Cow::Borrowed(event.any(&["name", "n"]).text()),
        status_code: match event.any(&["outcome", "o"]).str() {
            "failure" => StatusCode::Error,
            _ => StatusCode::Unset,
        },
        ..SpanRow::default()
    };
    for link in event.get("links").elements() {
        row.links.push(LinkRow {
            trace_id: link.get("trace_id").trace_id("links.trace_id", notes),
            span_id: link.get("span_id").span_id("links.span_id", notes),
            ..LinkRow::default()
        });
    }
    for (name, value) in event.at(&["otel", "attributes"]).members() {
        put(&mut row.attributes, &**name, value.value());
    }
    context(event.any(&["context", "c"]), &mut row.attributes);
    semantics::complete(&mut row.attributes);
    row
}

/// `context`: tags are attributes, all else has its place in the names.
fn context<'t>(context: &'t Json<'_>, attributes: &mut Vec<KeyValue<'t>>) {
    for (name, value) in context.members() {
        match &**name {
            "tags" | "g" => flatten(attributes, "", value),
            "service" | "se" => {}
            "url" => put(attributes, &**name, value.value()),
            name => fields(attributes, long(name), value),
        }
    }
    rename(attributes, ALIASES);
}

/// As [`flatten`], with short names written out.
fn fields<'t>(attributes: &mut Vec<KeyValue<'t>>, prefix: &str, value: &'t Json<'_>) {
    match value {
        Json::Object(members) => {
            for (name, value) in members {
                fields(attributes, &format!("{prefix}.{}", long(name)), value);
            }
        }
        _ => put(attributes, prefix.to_owned(), value.value()),
    }
}

/// Names of a context in version 3 of the browser's agent.
fn long(name: &str) -> &str {
    match name {
        "p" => "page",
        "q" => "request",
        "r" => "response",
        "u" => "user",
        "h" => "http",
        "dt" => "destination",
        "cu" => "custom",
        "se" => "service",
        "rf" => "referer",
        "mt" => "method",
        "sc" => "status_code",
        "he" => "headers",
        "hve" => "http_version",
        "en" => "env",
        "ts" => "transfer_size",
        "ebs" => "encoded_body_size",
        "dbs" => "decoded_body_size",
        "ad" => "address",
        "po" => "port",
        "rc" => "resource",
        "em" => "email",
        "un" => "username",
        "n" => "name",
        "t" => "type",
        name => name,
    }
}

/// Milliseconds with a fraction.
fn nanos(millis: &Json<'_>) -> u64 {
    millis.nanos_in(Unit::Millis).unwrap_or(0)
}

fn duration(event: &Json<'_>) -> u64 {
    nanos(event.any(&["duration", "d"]))
}

/// `row.end` is the duration.
fn place(row: &mut SpanRow<'_>, transaction: UnixNanos, offset: u64) {
    row.start = UnixNanos(transaction.0.saturating_add(offset));
    row.end = UnixNanos(row.start.0.saturating_add(row.end.0));
}

fn transaction_kind(event: &Json<'_>) -> SpanKind {
    kind(event.at(&["otel", "span_kind"]).str()).unwrap_or_else(|| match event.any(&["type", "t"]).str() {
        "request" => SpanKind::Server,
        "messaging" => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    })
}

fn span_kind(event: &Json<'_>) -> SpanKind {
    kind(event.at(&["otel", "span_kind"]).str())
        .unwrap_or_else(|| exit_kind(event.any(&["type", "t"]).str(), event.any(&["action", "ac"]).str()))
}

/// Types are written whole (`messaging.kafka.send`) or in three fields.
pub(super) fn exit_kind(of: &str, action: &str) -> SpanKind {
    let mut of = of.split('.');
    let (of, last) = (of.next().unwrap_or_default(), of.next_back().unwrap_or_default());
    match of {
        "db" | "external" | "storage" => SpanKind::Client,
        "messaging" if action == "send" || last == "send" => SpanKind::Producer,
        "messaging" if action == "receive" || last == "receive" => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

/// `postgresql` of a span of type `db.postgresql.query`, or of type `db` and that subtype.
fn db_system<'t>(event: &'t Json<'_>) -> Option<&'t str> {
    let mut parts = event.any(&["type", "t"]).str().split('.');
    if parts.next() != Some("db") {
        return None;
    }
    let subtype = event.any(&["subtype", "su"]).str();
    Some(if subtype.is_empty() { parts.next()? } else { subtype })
}

/// Milliseconds after the start of the transaction, by group and name.
fn marks<'t>(marks: &'t Json<'_>, start: UnixNanos) -> Vec<EventRow<'t>> {
    let mut events = Vec::new();
    for (group, marks) in marks.members() {
        for (name, mark) in marks.members() {
            let Some(after) = mark.nanos_in(Unit::Millis) else { continue };
            events.push(EventRow {
                time: UnixNanos(start.0.saturating_add(after)),
                name: Cow::Borrowed(name),
                attributes: vec![KeyValue::new("mark.group", &**group)],
                dropped_attributes_count: 0,
            });
        }
    }
    events
}

/// A frame a line.
fn stacktrace(frames: &Json<'_>) -> String {
    let mut text = String::new();
    for frame in frames.elements() {
        let field = |long: &str, short: &str| frame.any(&[long, short]).text();
        let (function, class) = (field("function", "fn"), field("classname", "cn"));
        let place = frame.any(&["filename", "f", "abs_path", "ap"]).text();
        let function = if function.is_empty() { "<anonymous>" } else { function };
        let dot = if class.is_empty() { "" } else { "." };
        let end = if text.is_empty() { "" } else { "\n" };
        // Writing to a string cannot fail.
        let _ = write!(text, "{end}    at {class}{dot}{function} ({place}");
        for place in [field("lineno", "li"), field("colno", "co")] {
            if !place.is_empty() {
                let _ = write!(text, ":{place}");
            }
        }
        text.push(')');
    }
    text
}
