//! Events of Datadog's Real User Monitoring, one a line: views, and the actions, resources and long tasks in them.
//!
//! A view is a trace. A request that was traced leads to its trace by a link. Events say again and again what became of a
//! view: the last word counts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use otel::{
    LinkRow, LogRow, Resource, ResourceRef, SpanId, SpanKind, SpanRow, StatusCode, TraceId, UnixNanos,
};

use super::fields::{exception, flatten, put, rename, severity};
use crate::json::Json;
use crate::notes::Notes;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take};

pub(crate) const ENTRY: Entry =
    Entry { name: "Datadog RUM", tells, goes_on: |_| false, open: || Box::<Rum>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    shape.has_all_at(shape.arrays() + 1, &["type", "_dd", "application", "date", "view", "session"])
}

#[derive(Default)]
struct Rum {
    /// By id of the view.
    views: BTreeMap<u128, (ResourceRef, SpanRow<'static>)>,
}

/// So many views are kept open at most.
const VIEWS: usize = 1024;

const ALIASES: &[(&str, &str)] = &[
    ("resource.method", "http.request.method"),
    ("resource.status_code", "http.response.status_code"),
    ("resource.url", "url.full"),
    ("view.url", "url.full"),
    ("usr.id", "user.id"),
];

impl JsonFormat for Rum {
    fn step(&mut self, _path: Path<'_>, first: u8) -> Take {
        if first == b'[' { Take::Enter } else { Take::Record }
    }

    fn record(&mut self, _path: Path<'_>, event: &Json<'_>, out: &mut Out<'_>) {
        let of = event.get("type").str();
        let own = event.get(of);
        let view = uuid(event.at(&["view", "id"]), out.notes);
        let view_span = SpanId((view & u128::from(u64::MAX)) as u64);
        let start = event.get("date").time_in(Unit::Millis).unwrap_or_default();
        let resource = out.resource(&resource(event));
        let action = event.at(&["action", "id"]);
        // The last is the one that is still open.
        let action = action.elements().last().unwrap_or(action);
        let parent = if action.is_null() { view_span } else { span_id(action, out.notes) };
        let duration = match of {
            "view" => own.get("time_spent"),
            "action" => own.get("loading_time"),
            _ => own.get("duration"),
        };
        let duration = duration.nanos_in(Unit::Nanos).unwrap_or(0);
        let mut row = SpanRow {
            trace_id: TraceId(view),
            start,
            end: UnixNanos(start.0.saturating_add(duration)),
            name: name(of, own, event),
            ..SpanRow::default()
        };
        flatten(&mut row.attributes, of, own);
        if of != "view" {
            put(&mut row.attributes, "view.url", event.at(&["view", "url"]).value());
        }
        put(&mut row.attributes, "session.id", event.at(&["session", "id"]).value());
        flatten(&mut row.attributes, "usr", event.get("usr"));
        flatten(&mut row.attributes, "context", event.get("context"));
        rename(&mut row.attributes, ALIASES);
        match of {
            "view" => {
                row.span_id = view_span;
                self.views.insert(view, (resource, row.into_owned()));
                if self.views.len() > VIEWS {
                    self.release(out);
                }
                return;
            }
            "error" => {
                let mut attributes =
                    exception(own.get("type").value(), own.get("message").value(), own.get("stack").value());
                for attribute in row.attributes {
                    put(&mut attributes, attribute.key, attribute.value);
                }
                let log = LogRow {
                    time: start,
                    severity: severity("error"),
                    body: own.get("message").value(),
                    attributes,
                    trace_id: row.trace_id,
                    span_id: parent,
                    event_name: Cow::Borrowed("exception"),
                    ..LogRow::default()
                };
                let scope = out.no_scope();
                out.log(resource, scope, &log);
                return;
            }
            "action" => {
                row.span_id = span_id(own.get("id"), out.notes);
                row.parent_span_id = view_span;
            }
            "resource" => {
                row.span_id = span_id(own.get("id"), out.notes);
                row.parent_span_id = parent;
                row.kind = SpanKind::Client;
                if own.get("status_code").u64().is_some_and(|status| status >= 400) {
                    row.status_code = StatusCode::Error;
                }
                row.links.extend(link(event.get("_dd")));
            }
            "long_task" | "vital" => {
                row.span_id = span_id(own.get("id"), out.notes);
                row.parent_span_id = parent;
            }
            _ => return,
        }
        let scope = out.no_scope();
        out.span(resource, scope, &row);
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        self.release(out);
    }
}

impl Rum {
    fn release(&mut self, out: &mut Out<'_>) {
        let scope = out.no_scope();
        for (resource, row) in std::mem::take(&mut self.views).into_values() {
            out.span(resource, scope, &row);
        }
    }
}

fn uuid(id: &Json<'_>, notes: &mut Notes) -> u128 {
    Json::Str(id.text().replace('-', "").into()).trace_id("id", notes).0
}

/// The lower half of a UUID, which is random but for two bits.
fn span_id(id: &Json<'_>, notes: &mut Notes) -> SpanId {
    SpanId((uuid(id, notes) & u128::from(u64::MAX)) as u64)
}

fn name<'t>(of: &'t str, own: &'t Json<'_>, event: &'t Json<'_>) -> Cow<'t, str> {
    let path = |url: &'t str| {
        let after = url
            .split_once("://")
            .map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| rest.get(at..).unwrap_or("/")));
        after.split(['?', '#']).next().unwrap_or(after)
    };
    match of {
        "view" => {
            let name = own.get("name").str();
            Cow::Borrowed(if name.is_empty() { path(event.at(&["view", "url"]).str()) } else { name })
        }
        "action" => {
            let (target, kind) = (own.at(&["target", "name"]).str(), own.get("type").str());
            if target.is_empty() { Cow::Borrowed(kind) } else { format!("{kind} {target}").into() }
        }
        "resource" => {
            let (method, path) = (own.get("method").str(), path(own.get("url").str()));
            if method.is_empty() { Cow::Borrowed(path) } else { format!("{method} {path}").into() }
        }
        "vital" if !own.get("name").is_null() => Cow::Borrowed(own.get("name").str()),
        _ => Cow::Borrowed(of),
    }
}

/// The span the browser began for a request. Ids are decimal, longer ones hex.
fn link(internal: &Json<'_>) -> Option<LinkRow<'static>> {
    let number = |id: &Json<'_>| {
        let text = id.text();
        if text.len() == 32 { u128::from_str_radix(text, 16).ok() } else { text.parse().ok() }
    };
    let span = number(internal.get("span_id"))?;
    Some(LinkRow {
        trace_id: TraceId(number(internal.get("trace_id"))?),
        span_id: SpanId(u64::try_from(span).ok()?),
        ..LinkRow::default()
    })
}

fn resource<'t>(event: &'t Json<'_>) -> Resource<'t> {
    let mut attributes = Vec::new();
    put(&mut attributes, "service.name", event.get("service").value());
    put(&mut attributes, "service.version", event.get("version").value());
    for tag in event.get("ddtags").str().split(',') {
        match tag.split_once(':') {
            Some(("service", value)) => put(&mut attributes, "service.name", value),
            Some(("env", value)) => put(&mut attributes, "deployment.environment.name", value),
            Some(("version", value)) => put(&mut attributes, "service.version", value),
            Some(("sdk_version", value)) => put(&mut attributes, "telemetry.sdk.version", value),
            _ => {}
        }
    }
    put(&mut attributes, "application.id", event.at(&["application", "id"]).value());
    Resource { attributes, ..Resource::default() }
}
