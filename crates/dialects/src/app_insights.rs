//! Application Insights: telemetry as SDKs send it (envelopes), and as it is read again: tables of a query, records of the
//! diagnostic settings, rows. Requests, dependencies, page views and availability tests are spans; traces, events and
//! exceptions are log records.

use std::borrow::Cow;

use otel::{
    AnyValue, KeyValue, LinkRow, LogRow, Resource, Severity, SpanId, SpanKind, SpanRow, StatusCode, UnixNanos,
};

use super::fields::{flatten, put, rename};
use crate::json::Json;
use crate::notes::Notes;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take, name_at};

pub(crate) const ENTRY: Entry =
    Entry { name: "Application Insights", tells, goes_on: |_| false, open: || Box::<AppInsights>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    // A row of a query, in the names of the one schema and of the other.
    const ROWS: [&[&str]; 4] = [
        &["operation_Id", "timestamp"],
        &["OperationId", "TimeGenerated"],
        &["OperationId", "ParentId"],
        &["baseType", "baseData"],
    ];
    let is_table = ["tables", "Tables"].iter().any(|name| shape.has_at(1, name))
        && (shape.has("columns") || shape.has("Columns"));
    is_table || ROWS.iter().any(|names| shape.depth_of(names).is_some())
}

#[derive(Default)]
struct AppInsights {
    /// Rows and records stand in objects.
    wrapped: bool,
    /// Names of the columns of the table that is read.
    columns: Vec<String>,
}

impl JsonFormat for AppInsights {
    fn begin(&mut self, shape: &Shape<'_>) {
        self.wrapped = shape.arrays() == 0
            && ["tables", "Tables", "records", "value"].iter().any(|name| shape.has_at(1, name));
    }

    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        let within = path.iter().rev().find_map(|step| match step {
            Step::Member(name) => Some(name.as_str()),
            Step::Element => None,
        });
        if matches!(name_at(path), "columns" | "Columns") {
            return Take::Record;
        }
        match (path.last(), within) {
            (Some(Step::Member(_)), Some("tables" | "Tables" | "rows" | "Rows" | "records" | "value")) => {
                Take::Enter
            }
            (Some(Step::Member(_)), _) => Take::Over,
            (Some(Step::Element), Some("rows" | "Rows" | "records" | "value")) => Take::Record,
            _ if first == b'{' && !self.wrapped => Take::Record,
            _ => Take::Enter,
        }
    }

    fn record(&mut self, path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        if matches!(name_at(path), "columns" | "Columns") {
            let names =
                record.elements().iter().map(|column| column.any(&["name", "ColumnName"]).text().to_owned());
            self.columns = names.collect();
            return;
        }
        if !record.elements().is_empty() {
            let cells = self.columns.iter().zip(record.elements());
            let row = cells.map(|(name, cell)| (Cow::Borrowed(name.as_str()), cell.clone())).collect();
            row_of_a_query(&Json::Object(row), out);
        } else if record.get("data").get("baseData").is_null() {
            row_of_a_query(record, out);
        } else {
            envelope(record, out);
        }
    }
}

/// What kind of telemetry an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Request,
    Dependency,
    PageView,
    Availability,
    Trace,
    Event,
    Exception,
}

impl Of {
    /// `RequestData` of an envelope, `request` of the classic tables, `AppRequests` of the others.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RequestData" | "request" | "requests" | "AppRequests" => Self::Request,
            "RemoteDependencyData" | "dependency" | "dependencies" | "AppDependencies" => Self::Dependency,
            "PageViewData" | "pageView" | "pageViews" | "AppPageViews" => Self::PageView,
            "AvailabilityData" | "availabilityResult" | "availabilityResults" | "AppAvailabilityResults" => {
                Self::Availability
            }
            "MessageData" | "trace" | "traces" | "AppTraces" => Self::Trace,
            "EventData" | "customEvent" | "customEvents" | "AppEvents" => Self::Event,
            "ExceptionData" | "exception" | "exceptions" | "AppExceptions" => Self::Exception,
            _ => return None,
        })
    }

    /// Of rows that do not say it, by the columns that only they have.
    fn guessed(row: &Json<'_>) -> Option<Self> {
        let has = |names: &[&str]| !row.any(names).is_null();
        if has(&["target", "Target", "DependencyType", "data", "Data"]) {
            Some(Self::Dependency)
        } else if has(&["message", "Message"]) {
            Some(Self::Trace)
        } else if has(&["ExceptionType", "outerMessage", "OuterMessage"]) {
            Some(Self::Exception)
        } else if has(&["duration", "DurationMs"]) && has(&["id", "Id"]) {
            Some(Self::Request)
        } else {
            None
        }
    }
}

/// An item, whoever wrote it.
struct Item<'t> {
    of: Of,
    time: UnixNanos,
    duration: u64,
    id: &'t Json<'t>,
    trace: &'t Json<'t>,
    parent: &'t Json<'t>,
    name: &'t str,
    success: Option<bool>,
    /// What a dependency is: `SQL`, `HTTP`, `InProc`, `Queue Message | kafka`.
    kind: &'t str,
    body: &'t Json<'t>,
    severity: &'t Json<'t>,
    attributes: Vec<KeyValue<'t>>,
    resource: Resource<'t>,
}

const ALIASES: &[(&str, &str)] = &[
    ("url", "url.full"),
    ("Url", "url.full"),
    ("responseCode", "http.response.status_code"),
    ("client_IP", "client.address"),
    ("ClientIP", "client.address"),
    ("ai.location.ip", "client.address"),
    ("ai.user.id", "user.id"),
    ("user_Id", "user.id"),
    ("UserId", "user.id"),
    ("ai.session.id", "session.id"),
    ("session_Id", "session.id"),
    ("SessionId", "session.id"),
];

/// Those of exceptions.
const RAISED: &[(&str, &str)] = &[
    ("exceptions.typeName", "exception.type"),
    ("type", "exception.type"),
    ("ExceptionType", "exception.type"),
    ("exceptions.message", "exception.message"),
    ("outerMessage", "exception.message"),
    ("OuterMessage", "exception.message"),
    ("exceptions.stack", "exception.stacktrace"),
];

/// `{"name", "time", "tags", "data": {"baseType", "baseData"}}`
fn envelope(envelope: &Json<'_>, out: &mut Out<'_>) {
    let (data, tags) = (envelope.at(&["data", "baseData"]), envelope.get("tags"));
    let Some(of) = Of::named(envelope.at(&["data", "baseType"]).str()) else { return };
    let mut attributes = Vec::new();
    flatten(&mut attributes, "", data.get("properties"));
    for (name, value) in data.members() {
        if !matches!(
            &**name,
            "id" | "name" | "duration" | "success" | "ver" | "properties" | "message" | "exceptions"
        ) {
            put(&mut attributes, &**name, value.value());
        }
    }
    if let Some(raised) = data.get("exceptions").elements().first() {
        put(&mut attributes, "exceptions.typeName", raised.get("typeName").value());
        put(&mut attributes, "exceptions.message", raised.get("message").value());
        put(&mut attributes, "exceptions.stack", raised.get("stack").value());
    }
    for (name, value) in tags.members() {
        if !matches!(&**name, "ai.operation.id" | "ai.operation.parentId") {
            put(&mut attributes, &**name, value.value());
        }
    }
    let mut resource = Resource::default();
    put(&mut resource.attributes, "service.name", data.get("properties").get("service.name").value());
    put(&mut resource.attributes, "service.name", tags.get("ai.cloud.role").value());
    put(&mut resource.attributes, "service.instance.id", tags.get("ai.cloud.roleInstance").value());
    put(&mut resource.attributes, "service.version", tags.get("ai.application.ver").value());
    put(&mut resource.attributes, "telemetry.sdk.version", tags.get("ai.internal.sdkVersion").value());
    let body = data.get("message");
    let body = if body.is_null() {
        data.get("exceptions").elements().first().unwrap_or(body).get("message")
    } else {
        body
    };
    tell(
        Item {
            of,
            time: envelope.get("time").time_in(Unit::Millis).unwrap_or_default(),
            duration: span_of_time(data.get("duration").text()),
            id: data.get("id"),
            trace: tags.get("ai.operation.id"),
            parent: tags.get("ai.operation.parentId"),
            name: data.get("name").text(),
            success: data.get("success").bool(),
            kind: data.get("type").text(),
            body,
            severity: data.get("severityLevel"),
            attributes,
            resource,
        },
        out,
    );
}

/// Columns that are told in the item itself.
const TAKEN: &[&str] = &[
    "timestamp",
    "TimeGenerated",
    "time",
    "id",
    "Id",
    "operation_Id",
    "OperationId",
    "operation_ParentId",
    "ParentId",
    "name",
    "Name",
    "duration",
    "DurationMs",
    "success",
    "Success",
    "itemType",
    "Type",
    "customDimensions",
    "Properties",
    "message",
    "Message",
];

/// A row of a table, or a record of the diagnostic settings, whose columns have the same names.
fn row_of_a_query(row: &Json<'_>, out: &mut Out<'_>) {
    let said = [row.get("itemType"), row.get("Type"), row.get("type")];
    let Some(of) = said.into_iter().find_map(|name| Of::named(name.text())).or_else(|| Of::guessed(row))
    else {
        return;
    };
    // Dimensions are JSON in a string.
    let dimensions = row.any(&["customDimensions", "Properties"]);
    let parsed = Json::parse(dimensions.str(), out.notes);
    let dimensions = parsed.as_ref().unwrap_or(dimensions);
    let mut attributes = Vec::new();
    flatten(&mut attributes, "", dimensions);
    for (name, value) in row.members() {
        let is_table = name == "type" && Of::named(value.str()).is_some();
        if !TAKEN.contains(&&**name) && !is_table {
            put(&mut attributes, &**name, value.value());
        }
    }
    let mut resource = Resource::default();
    put(&mut resource.attributes, "service.name", row.any(&["cloud_RoleName", "AppRoleName"]).value());
    put(
        &mut resource.attributes,
        "service.instance.id",
        row.any(&["cloud_RoleInstance", "AppRoleInstance"]).value(),
    );
    put(&mut resource.attributes, "service.version", row.any(&["application_Version", "AppVersion"]).value());
    put(&mut resource.attributes, "telemetry.sdk.version", row.any(&["sdkVersion", "SDKVersion"]).value());
    let duration = row.any(&["duration", "DurationMs"]);
    tell(
        Item {
            of,
            time: row.any(&["timestamp", "TimeGenerated", "time"]).time_in(Unit::Millis).unwrap_or_default(),
            duration: duration.nanos_in(Unit::Millis).unwrap_or_else(|| span_of_time(duration.text())),
            id: row.any(&["id", "Id"]),
            trace: row.any(&["operation_Id", "OperationId"]),
            parent: row.any(&["operation_ParentId", "ParentId"]),
            name: row.any(&["name", "Name"]).text(),
            success: row.any(&["success", "Success"]).bool(),
            kind: row.any(&["DependencyType", "type"]).text(),
            body: row.any(&["message", "Message", "outerMessage", "OuterMessage"]),
            severity: row.any(&["severityLevel", "SeverityLevel"]),
            attributes,
            resource,
        },
        out,
    );
}

fn tell(mut item: Item<'_>, out: &mut Out<'_>) {
    let trace_id = plain(item.trace).trace_id("operation id", out.notes);
    // The root's parent is the operation itself.
    let parent = if item.parent.text() == item.trace.text() {
        SpanId::ABSENT
    } else {
        span_id(item.parent, out.notes)
    };
    let is_http = item.kind.to_ascii_lowercase().starts_with("http");
    let dependency = match item.attributes.iter().find(|known| matches!(&*known.key, "data" | "Data")) {
        Some(data) if is_http => Some(("url.full", data.value.clone())),
        Some(data) if item.kind.contains("SQL") || item.kind.contains("DB") => {
            Some(("db.query.text", data.value.clone()))
        }
        _ => None,
    };
    if let Some((name, value)) = dependency {
        put(&mut item.attributes, name, value);
    }
    if item.of == Of::Request || is_http {
        rename(
            &mut item.attributes,
            &[("resultCode", "http.response.status_code"), ("ResultCode", "http.response.status_code")],
        );
    }
    rename(&mut item.attributes, ALIASES);
    if item.of == Of::Exception {
        rename(&mut item.attributes, RAISED);
    }
    semantics::complete(&mut item.attributes);
    let resource = out.resource(&item.resource);
    let scope = out.no_scope();
    let kind = match item.of {
        Of::Request if item.attributes.iter().any(|known| known.key.starts_with("messaging.")) => {
            SpanKind::Consumer
        }
        Of::Request => SpanKind::Server,
        Of::Dependency if item.kind.starts_with("InProc") => SpanKind::Internal,
        Of::Dependency if item.kind.starts_with("Queue Message") => SpanKind::Producer,
        Of::Dependency => SpanKind::Client,
        Of::PageView | Of::Availability => SpanKind::Unspecified,
        Of::Trace | Of::Event | Of::Exception => {
            let log = LogRow {
                time: item.time,
                severity: severity(item.severity, item.of),
                severity_text: Cow::Borrowed(item.severity.str()),
                body: if item.of == Of::Event { item.name.into() } else { item.body.value() },
                attributes: item.attributes,
                trace_id,
                span_id: parent,
                event_name: Cow::Borrowed(match item.of {
                    Of::Event => item.name,
                    Of::Exception => "exception",
                    _ => "",
                }),
                ..LogRow::default()
            };
            out.log(resource, scope, &log);
            return;
        }
    };
    let links = links(&mut item.attributes, out.notes);
    let row = SpanRow {
        trace_id,
        span_id: span_id(item.id, out.notes),
        parent_span_id: parent,
        name: Cow::Borrowed(item.name),
        kind,
        start: item.time,
        end: UnixNanos(item.time.0.saturating_add(item.duration)),
        attributes: item.attributes,
        links,
        status_code: if item.success == Some(false) { StatusCode::Error } else { StatusCode::Unset },
        ..SpanRow::default()
    };
    out.span(resource, scope, &row);
}

/// Hex, or of the older kind `|trace.span.`, whose last part is the span's own.
fn plain(id: &Json<'_>) -> Json<'static> {
    let text = id.text();
    let inner = text.strip_prefix('|').map_or(text, |inner| inner.trim_end_matches('.'));
    let last = inner.rsplit('.').next().unwrap_or(inner);
    let is_hex = last.len() == 16 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    Json::Str(if is_hex { last.to_owned() } else { inner.replace('-', "") }.into())
}

fn span_id(span: &Json<'_>, notes: &mut Notes) -> SpanId {
    plain(span).span_id("id", notes)
}

/// `_MS.links` is JSON in a string: `[{"operation_Id": "...", "id": "..."}]`.
fn links(attributes: &mut Vec<KeyValue<'_>>, notes: &mut Notes) -> Vec<LinkRow<'static>> {
    let Some(place) = attributes.iter().position(|known| known.key == "_MS.links") else { return Vec::new() };
    let AnyValue::Str(text) = attributes.remove(place).value else { return Vec::new() };
    let parsed = Json::parse(&text, notes).unwrap_or_default();
    let linked = parsed.elements().iter().map(|link| LinkRow {
        trace_id: plain(link.get("operation_Id")).trace_id("_MS.links", notes),
        span_id: span_id(link.get("id"), notes),
        ..LinkRow::default()
    });
    linked.collect()
}

/// 0 verbose to 4 critical, or the word.
fn severity(level: &Json<'_>, of: Of) -> Severity {
    match level.u64() {
        Some(level @ 0..=4) => {
            Severity::from_number([5, 9, 13, 17, 21].into_iter().nth(level as usize).unwrap_or(0))
        }
        _ if level.is_null() && of == Of::Exception => Severity::from_number(17),
        _ => Some(super::fields::severity(level.text())),
    }
    .unwrap_or_default()
}

/// .NET's: `days.hh:mm:ss.fffffff`, of which days and fraction may be missing. In nanoseconds.
fn span_of_time(text: &str) -> u64 {
    let nanos = |text: &str| -> Option<u64> {
        let mut parts = text.splitn(3, ':');
        let (hours, minutes, seconds) = (parts.next()?, parts.next()?, parts.next()?);
        let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
        let [days, hours, minutes] =
            [days, hours, minutes].map(|part| part.parse::<u64>().ok().filter(|part| *part < 1_000_000));
        let whole = (days? * 24 + hours?) * 60 + minutes?;
        let seconds = Json::Str(seconds.into()).nanos_in(Unit::Seconds)?;
        seconds.checked_add(whole.checked_mul(60_000_000_000)?)
    };
    nanos(text).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        let check = |text: &str, expected: u64| assert_eq!(span_of_time(text), expected, "{text}");
        check("00:00:00.1234567", 123_456_700);
        check("1.02:03:04", ((26 * 60 + 3) * 60 + 4) * 1_000_000_000);
        check("STRIPPED", 0);
        check("99999999999.00:00:00", 0);
        check("999999.00:00:00", 0);
        check("", 0);
    }
}
