//! Zipkin's JSON, version 2 (`zipkin2-api.yaml`), by the rules of OpenTelemetry's specification of the Zipkin exporter;
//! where that says nothing (resource, trace state, links, internal spans), as the OpenTelemetry Collector does it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::net::IpAddr;

use otel::{
    AnyValue, EventRow, LinkRow, Resource, ResourceRef, Scope, ScopeRef, SpanKind, SpanRow, SpanSink,
    StatusCode, Warning,
};

use super::json::{Json, value_to_json};
use super::{
    Output, SERVICE_NAME, TRACE_STATE, UNKNOWN_SERVICE, dropped_tags, micros, micros_between, scope_tags,
    service_name, status_code, text,
};

/// Writes what it is given as one Zipkin v2 document, a list of spans.
///
/// - Times are whole microseconds: start and end are cut. A span that ended lasts at least 1 µs, as Zipkin demands.
/// - Every attribute is a tag, and so text. Of several with one name the first is written: what the span says of its
///   status, kind and links, its attributes, its scope's, its resource's.
/// - An event's attributes stand in its annotation: `"name": {"key":"value"}`.
/// - A link is a tag, `otlp.link.0`: `trace|span|state|{attributes}|dropped`.
#[derive(Debug)]
pub struct ZipkinV2Writer<W> {
    out: Output<W>,
    resources: Vec<Service>,
    /// Tags of a scope's spans.
    scopes: Vec<Tags>,
    first: bool,
}

/// Names and texts, in order.
type Tags = Vec<(String, String)>;

#[derive(Debug)]
struct Service {
    name: String,
    tags: Tags,
}

impl<W: Write> ZipkinV2Writer<W> {
    /// Writes to `out` in pieces; needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self { out: Output::new(out, "["), resources: Vec::new(), scopes: Vec::new(), first: true }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The first error `out` returned.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.text.push(b']');
        self.out.finish()
    }
}

impl<W: Write> SpanSink for ZipkinV2Writer<W> {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources.push(Service { name: UNKNOWN_SERVICE.to_owned(), tags: Tags::new() });
        ResourceRef(self.resources.len() as u32 - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        let Some(service) = self.resources.get_mut(resource.0 as usize) else { return };
        let name = service_name(content);
        if !name.is_empty() {
            service.name = name;
        }
        let others = content.attributes.iter().filter(|attribute| attribute.key != SERVICE_NAME);
        service.tags = others.map(|it| (it.key.to_string(), text(&it.value))).collect();
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.scopes.push(Tags::new());
        ScopeRef(self.scopes.len() as u32 - 1)
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        if let Some(tags) = self.scopes.get_mut(scope.0 as usize) {
            *tags = scope_tags(content).map(|it| (it.key.into_owned(), text(&it.value))).collect();
        }
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, row: &SpanRow<'_>) {
        if !std::mem::take(&mut self.first) {
            self.out.text.push(b',');
        }
        let service = self.resources.get(resource.0 as usize);
        let scope = self.scopes.get(scope.0 as usize).map(Vec::as_slice).unwrap_or_default();
        self.out.json(|json| span(json, row, service, scope));
        self.out.flush_piece();
    }

    /// What was odd in an input is not written again.
    fn warn(&mut self, _: Warning) {}
}

fn span(json: &mut Json, span: &SpanRow<'_>, service: Option<&Service>, scope: &[(String, String)]) {
    json.object(|json| {
        json.id_member("traceId", span.trace_id.is_absent(), span.trace_id);
        json.id_member("id", span.span_id.is_absent(), span.span_id);
        json.id_member("parentId", span.parent_span_id.is_absent(), span.parent_span_id);
        json.text_member("name", &span.name);
        match span.kind {
            SpanKind::Unspecified | SpanKind::Internal => {}
            SpanKind::Server => json.string_member("kind", "SERVER"),
            SpanKind::Client => json.string_member("kind", "CLIENT"),
            SpanKind::Producer => json.string_member("kind", "PRODUCER"),
            SpanKind::Consumer => json.string_member("kind", "CONSUMER"),
        }
        if span.start.0 != 0 {
            json.name("timestamp");
            json.display(micros(span.start.0));
        }
        if span.end.0 != 0 {
            json.name("duration");
            json.display(micros_between(span).max(1));
        }
        json.name("localEndpoint");
        let name = service.map_or(UNKNOWN_SERVICE, |service| &service.name);
        json.object(|json| json.string_member("serviceName", name));
        remote_endpoint(json, span);
        if !span.events.is_empty() {
            json.name("annotations");
            json.list(&span.events, annotation);
        }
        let mut tags = TagWriter { json, written: BTreeSet::new() };
        span_tags(&mut tags, span);
        for (key, value) in scope.iter().chain(service.into_iter().flat_map(|service| &service.tags)) {
            tags.tag(key, value);
        }
        tags.end();
    });
}

/// Members of `tags`, each name once; no `tags` where there are none.
struct TagWriter<'j> {
    json: &'j mut Json,
    written: BTreeSet<String>,
}

impl TagWriter<'_> {
    fn tag(&mut self, key: &str, value: &str) {
        if self.written.contains(key) {
            return;
        }
        if self.written.is_empty() {
            self.json.name("tags");
            self.json.open(b'{');
        }
        self.written.insert(key.to_owned());
        self.json.string_member(key, value);
    }

    fn end(self) {
        if !self.written.is_empty() {
            self.json.close(b'}');
        }
    }
}

fn span_tags(tags: &mut TagWriter<'_>, span: &SpanRow<'_>) {
    if let Some(code) = status_code(span) {
        tags.tag("otel.status_code", code);
    }
    if span.status_code == StatusCode::Error {
        tags.tag("error", &span.status_message);
    }
    if span.kind == SpanKind::Internal {
        tags.tag("span.kind", "internal");
    }
    if !span.trace_state.is_empty() {
        tags.tag(TRACE_STATE, &span.trace_state);
    }
    for (key, count) in dropped_tags(span) {
        tags.tag(key, &count.to_string());
    }
    for (place, link) in span.links.iter().enumerate() {
        tags.tag(&format!("otlp.link.{place}"), &link_text(link));
    }
    for attribute in &span.attributes {
        let value = text(&attribute.value);
        // Zipkin takes every span for failed that has an `error`, whatever it says.
        if attribute.key != "error" || value != "false" {
            tags.tag(&attribute.key, &value);
        }
    }
}

fn link_text(link: &LinkRow<'_>) -> String {
    let attributes = value_to_json(&AnyValue::Map(link.attributes.clone()));
    let LinkRow { trace_id, span_id, trace_state, dropped_attributes_count: dropped, .. } = link;
    format!("{trace_id}|{span_id}|{trace_state}|{attributes}|{dropped}")
}

fn annotation(json: &mut Json, event: &EventRow<'_>) {
    json.object(|json| {
        json.name("timestamp");
        json.display(micros(event.time.0));
        json.name("value");
        if event.attributes.is_empty() {
            json.string(&event.name);
        } else {
            let name = value_to_json(&(*event.name).into());
            json.string(&format!("{name}: {}", value_to_json(&AnyValue::Map(event.attributes.clone()))));
        }
    });
}

/// What names the other side, best first, and the attribute that has its port.
const PEERS: [(&str, Option<&str>); 11] = [
    ("peer.service", None),
    ("server.address", None),
    ("net.peer.name", None),
    ("network.peer.address", Some("network.peer.port")),
    ("server.socket.domain", None),
    ("server.socket.address", Some("server.socket.port")),
    ("net.sock.peer.name", None),
    ("net.sock.peer.addr", Some("net.sock.peer.port")),
    ("peer.hostname", None),
    ("peer.address", None),
    ("db.name", None),
];

/// Whom a span called. A server's attributes name itself, but for `peer.service`.
fn remote_endpoint(json: &mut Json, span: &SpanRow<'_>) {
    let known = match span.kind {
        SpanKind::Client | SpanKind::Producer | SpanKind::Consumer => PEERS.len(),
        SpanKind::Server => 1,
        SpanKind::Unspecified | SpanKind::Internal => 0,
    };
    let find = |key: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
        Some(text(&found.value)).filter(|text| !text.is_empty())
    };
    let peer = PEERS.iter().take(known).find_map(|(name, port)| Some((find(name)?, port.and_then(find))));
    let Some((name, port)) = peer else { return };
    json.name("remoteEndpoint");
    json.object(|json| {
        match name.parse() {
            Ok(IpAddr::V4(_)) => json.string_member("ipv4", &name),
            Ok(IpAddr::V6(_)) => json.string_member("ipv6", &name),
            Err(_) => json.string_member("serviceName", &name),
        }
        if let Some(port) = port.and_then(|port| port.parse::<u16>().ok()) {
            json.name("port");
            json.display(port);
        }
    });
}
