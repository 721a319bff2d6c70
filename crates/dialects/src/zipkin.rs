//! Zipkin's JSON, version 1 and 2 (`zipkin2-api.yaml`, `zipkin-api.yaml`).
//!
//! Client and server of one call may share a span id, and each may be reported in parts and in any order: spans are held
//! back until the input ends, then parts are joined, and the server of a shared id gets one of its own.

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, Resource, Scope, SpanId, SpanKind, SpanRow, StatusCode, TraceId, UnixNanos,
};

use crate::json::Json;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take};

pub(crate) const ENTRY: Entry =
    Entry { name: "Zipkin JSON", tells, goes_on: |_| false, open: || Box::<Zipkin>::default() };

fn tells(shape: &Shape<'_>) -> bool {
    let of_a_span = |depth| {
        let names = [
            "localEndpoint",
            "remoteEndpoint",
            "binaryAnnotations",
            "annotations",
            "timestamp",
            "kind",
            "tags",
        ];
        shape.has_all_at(depth, &["traceId", "id"])
            && !shape.has_at(depth, "spanId")
            && !shape.has_at(depth, "instrumentationScope")
            && names.iter().any(|name| shape.has_at(depth, name))
    };
    // A span, a list of them, a list of traces.
    (1..=3).any(|depth| shape.arrays() >= depth - 1 && of_a_span(depth))
}

#[derive(Default)]
struct Zipkin {
    parts: Vec<Part>,
}

/// What one reporter says of a span.
#[derive(Clone, Debug, Default)]
struct Part {
    trace_id: TraceId,
    id: SpanId,
    parent: SpanId,
    kind: SpanKind,
    /// The id is that of the caller's span.
    shared: bool,
    debug: bool,
    name: String,
    start: Option<UnixNanos>,
    duration: Option<u64>,
    local: Endpoint,
    remote: Endpoint,
    tags: Vec<(String, String)>,
    annotations: Vec<(UnixNanos, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Endpoint {
    service: String,
    ip: String,
    port: u16,
}

impl Endpoint {
    fn read(endpoint: &Json<'_>) -> Self {
        Self {
            service: endpoint.get("serviceName").text().to_owned(),
            ip: endpoint.any(&["ipv4", "ipv6"]).text().to_owned(),
            port: endpoint.get("port").u64().and_then(|port| u16::try_from(port).ok()).unwrap_or(0),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// May both be the same host? What is not said differs from nothing.
    fn may_be(&self, other: &Self) -> bool {
        let same = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
        same(&self.service, &other.service) && same(&self.ip, &other.ip)
    }
}

impl JsonFormat for Zipkin {
    fn step(&mut self, _path: Path<'_>, first: u8) -> Take {
        if first == b'[' { Take::Enter } else { Take::Record }
    }

    fn record(&mut self, _path: Path<'_>, span: &Json<'_>, out: &mut Out<'_>) {
        if span.get("id").text().is_empty() {
            out.skipped("it has no id, or is not an object");
            return;
        }
        let notes = &mut *out.notes;
        let part = Part {
            trace_id: span.get("traceId").trace_id("traceId", notes),
            id: span.get("id").span_id("id", notes),
            parent: span.get("parentId").span_id("parentId", notes),
            kind: kind(span.get("kind").text()),
            shared: span.get("shared").bool().unwrap_or(false),
            debug: span.get("debug").bool().unwrap_or(false),
            name: span.get("name").text().to_owned(),
            start: span.get("timestamp").time_in(Unit::Micros).filter(|start| start.0 > 0),
            duration: span.get("duration").nanos_in(Unit::Micros).filter(|duration| *duration > 0),
            local: Endpoint::read(span.get("localEndpoint")),
            remote: Endpoint::read(span.get("remoteEndpoint")),
            tags: texts(span.get("tags").members().iter().map(|(key, value)| (&**key, value))),
            annotations: Vec::new(),
        };
        let annotations = span.get("annotations").elements();
        let has_endpoint = |annotation: &Json<'_>| !annotation.get("endpoint").is_null();
        let binary = span.get("binaryAnnotations").elements();
        if binary.is_empty() && !annotations.iter().any(has_endpoint) {
            let annotations = annotations.iter().map(annotation).collect();
            self.parts.push(Part { annotations, ..part });
        } else {
            self.version_1(part, annotations, binary);
        }
    }

    fn finish(&mut self, out: &mut Out<'_>) {
        let mut parts = std::mem::take(&mut self.parts);
        parts.sort_by_key(|part| (part.trace_id, part.id, part.shared, part.kind != SpanKind::Client));
        for trace in parts.chunk_by(|a, b| a.trace_id == b.trace_id) {
            let spans = join(trace);
            for span in &spans {
                tell(span, out);
            }
        }
    }
}

fn kind(text: &str) -> SpanKind {
    match text {
        "CLIENT" => SpanKind::Client,
        "SERVER" => SpanKind::Server,
        "PRODUCER" => SpanKind::Producer,
        "CONSUMER" => SpanKind::Consumer,
        _ => SpanKind::Unspecified,
    }
}

fn texts<'j, 't: 'j>(pairs: impl Iterator<Item = (&'j str, &'j Json<'t>)>) -> Vec<(String, String)> {
    pairs.map(|(key, value)| (key.to_owned(), value.text().to_owned())).collect()
}

fn annotation(annotation: &Json<'_>) -> (UnixNanos, String) {
    let time = annotation.get("timestamp").time_in(Unit::Micros).unwrap_or_default();
    (time, annotation.get("value").text().to_owned())
}

/// One side of a call, as annotations of version 1 tell it.
struct Side<'j, 't> {
    kind: SpanKind,
    begins: Option<&'j Json<'t>>,
    ends: Option<&'j Json<'t>>,
}

impl Side<'_, '_> {
    fn is_there(&self) -> bool {
        self.begins.is_some() || self.ends.is_some()
    }

    fn endpoint(&self) -> Endpoint {
        let told = [self.begins, self.ends].into_iter().flatten();
        told.map(|annotation| Endpoint::read(annotation.get("endpoint")))
            .find(|endpoint| !endpoint.is_empty())
            .unwrap_or_default()
    }

    fn start(&self) -> Option<UnixNanos> {
        self.begins.map(|begins| annotation(begins).0)
    }

    fn duration(&self) -> Option<u64> {
        let (begins, ends) = (annotation(self.begins?).0, annotation(self.ends?).0);
        ends.0.checked_sub(begins.0)
    }
}

impl Zipkin {
    /// Version 1 says by annotations what version 2 has fields for, and tells of both sides of a call in one span.
    fn version_1(&mut self, part: Part, annotations: &[Json<'_>], binary: &[Json<'_>]) {
        let at = |value: &str| annotations.iter().find(|annotation| annotation.get("value").text() == value);
        let side = |kind, begins, ends| Side { kind, begins: at(begins), ends: at(ends) };
        let sides = [
            side(SpanKind::Client, "cs", "cr"),
            side(SpanKind::Server, "sr", "ss"),
            side(SpanKind::Producer, "ms", "ws"),
            side(SpanKind::Consumer, "wr", "mr"),
        ];
        let mut parts = Vec::new();
        for side in sides.iter().filter(|side| side.is_there()) {
            let first = parts.is_empty();
            parts.push(Part {
                kind: side.kind,
                shared: part.shared || !first,
                // The span's own times are those of the side that began it.
                start: part.start.filter(|_| first).or_else(|| side.start()),
                duration: part.duration.filter(|_| first).or_else(|| side.duration()),
                local: side.endpoint(),
                ..part.clone()
            });
        }
        if parts.is_empty() {
            let endpoints =
                annotations.iter().chain(binary).map(|annotation| Endpoint::read(annotation.get("endpoint")));
            let local = endpoints.into_iter().find(|endpoint| !endpoint.is_empty()).unwrap_or_default();
            parts.push(Part { local, ..part });
        }
        let owner = |parts: &[Part], endpoint: &Endpoint| {
            parts.iter().position(|part| !endpoint.is_empty() && part.local == *endpoint).unwrap_or(0)
        };
        for told in annotations {
            const SIDES: [&str; 8] = ["cs", "cr", "sr", "ss", "ms", "mr", "ws", "wr"];
            if !SIDES.contains(&told.get("value").text()) {
                let owner = owner(&parts, &Endpoint::read(told.get("endpoint")));
                if let Some(part) = parts.get_mut(owner) {
                    part.annotations.push(annotation(told));
                }
            }
        }
        for told in binary {
            let (key, value, endpoint) =
                (told.get("key").text(), told.get("value").text(), Endpoint::read(told.get("endpoint")));
            let address_of = |kind| move |part: &&mut Part| part.kind == kind;
            let peer = match key {
                "sa" => parts.iter_mut().find(address_of(SpanKind::Client)),
                "ca" => parts.iter_mut().find(address_of(SpanKind::Server)),
                "ma" => {
                    parts.iter_mut().find(|part| matches!(part.kind, SpanKind::Producer | SpanKind::Consumer))
                }
                _ => None,
            };
            if let Some(part) = peer {
                part.remote = endpoint;
            } else if key != "lc" || !value.is_empty() {
                let owner = owner(&parts, &endpoint);
                if let Some(part) = parts.get_mut(owner) {
                    part.tags.push((key.to_owned(), value.to_owned()));
                }
            }
        }
        self.parts.append(&mut parts);
    }
}

/// Joins the parts of each span of a trace, and finds parents where ids are shared. `parts`: sorted by id, those who own
/// the id before those who share it.
fn join(parts: &[Part]) -> Vec<Part> {
    let mut spans: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts {
        let of_same_id = spans.iter_mut().rev().take_while(|span| span.id == part.id);
        let mut same: Option<&mut Part> = None;
        let mut is_taken = false;
        for span in of_same_id {
            is_taken = true;
            let same_side = span.kind == part.kind
                || span.kind == SpanKind::Unspecified
                || part.kind == SpanKind::Unspecified;
            if same_side && span.local.may_be(&part.local) && same.is_none() {
                same = Some(span);
            }
        }
        if let Some(span) = same {
            span.add(part);
        } else {
            let mut part = part.clone();
            // A server that has its client's id shares it, said or not.
            part.shared |= is_taken;
            spans.push(part);
        }
    }
    // Who shares an id is below its owner, and of the children those of its own host are its.
    let owners: Vec<usize> =
        (0..spans.len()).filter(|&place| spans.get(place).is_some_and(|span| !span.shared)).collect();
    let id_of = |place: &usize| spans.get(*place).map_or(SpanId::ABSENT, |span| span.id);
    let has_owner = |id: SpanId| owners.binary_search_by_key(&id, id_of).is_ok();
    let sharers: Vec<(SpanId, Endpoint, SpanId)> = spans
        .iter()
        .filter(|span| span.shared && has_owner(span.id))
        .map(|span| (span.id, span.local.clone(), own_id(span)))
        .collect();
    for span in &mut spans {
        let is_sharer = span.shared && sharers.binary_search_by_key(&span.id, |(id, _, _)| *id).is_ok();
        if is_sharer {
            span.parent = span.id;
            span.id = own_id(span);
            continue;
        }
        let from = sharers.partition_point(|(id, _, _)| *id < span.parent);
        let of_parent = sharers.iter().skip(from).take_while(|(id, _, _)| *id == span.parent);
        if let Some((_, _, own)) = of_parent.into_iter().find(|(_, local, _)| *local == span.local) {
            span.parent = *own;
        }
    }
    spans
}

/// The id of a span that shares its caller's: always the same for the same host (FNV-1a).
fn own_id(span: &Part) -> SpanId {
    let text = span.local.service.bytes().chain(span.local.ip.bytes());
    let hash = text.fold(span.id.0 ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    SpanId(hash.wrapping_mul(0x0100_0000_01b3) | 1)
}

impl Part {
    /// Adds what another report of the same span says.
    fn add(&mut self, part: &Self) {
        self.start = self.start.into_iter().chain(part.start).min();
        self.duration = self.duration.max(part.duration);
        if self.parent.is_absent() {
            self.parent = part.parent;
        }
        if self.kind == SpanKind::Unspecified {
            self.kind = part.kind;
        }
        if self.name.is_empty() || self.name == "unknown" {
            self.name.clone_from(&part.name);
        }
        if self.local.is_empty() {
            self.local = part.local.clone();
        }
        if self.remote.is_empty() {
            self.remote = part.remote.clone();
        }
        self.debug |= part.debug;
        for tag in &part.tags {
            if self.tags.iter().all(|(key, _)| *key != tag.0) {
                self.tags.push(tag.clone());
            }
        }
        for annotation in &part.annotations {
            if !self.annotations.contains(annotation) {
                self.annotations.push(annotation.clone());
            }
        }
    }
}

fn tell(span: &Part, out: &mut Out<'_>) {
    let mut row = SpanRow {
        trace_id: span.trace_id,
        span_id: span.id,
        parent_span_id: span.parent,
        name: Cow::Borrowed(&span.name),
        kind: span.kind,
        start: span.start.unwrap_or_default(),
        ..SpanRow::default()
    };
    if let (Some(start), Some(duration)) = (span.start, span.duration) {
        row.end = UnixNanos(start.0.saturating_add(duration));
    }
    let mut scope = Scope::default();
    for (key, value) in &span.tags {
        match key.as_str() {
            "otel.status_code" => {
                row.status_code = if value == "ERROR" { StatusCode::Error } else { StatusCode::Ok };
            }
            "otel.scope.name" | "otel.library.name" => scope.name = Cow::Borrowed(value),
            "otel.scope.version" | "otel.library.version" => scope.version = Cow::Borrowed(value),
            "error" | "otel.status_description" => {
                if key == "error" && value != "false" {
                    row.status_code = StatusCode::Error;
                }
                if !matches!(value.as_str(), "" | "true" | "false") {
                    row.status_message = Cow::Borrowed(value);
                }
            }
            // What OpenTelemetry's exporters say by tags, since Zipkin has no field for it.
            "span.kind" if value == "internal" && row.kind == SpanKind::Unspecified => {
                row.kind = SpanKind::Internal;
            }
            "w3c.tracestate" => row.trace_state = Cow::Borrowed(value),
            _ => row.attributes.push(KeyValue::new(key.as_str(), value.as_str())),
        }
    }
    // A tag of this name goes before (OpenTelemetry's specification of the Zipkin exporter).
    let mut peer = |key: &'static str, value: &'_ str| {
        if !value.is_empty() && row.attributes.iter().all(|known| known.key != key) {
            row.attributes.push(KeyValue::new(key, value.to_owned()));
        }
    };
    peer("peer.service", &span.remote.service);
    peer("network.peer.address", &span.remote.ip);
    if span.remote.port > 0 && row.attributes.iter().all(|known| known.key != "network.peer.port") {
        row.attributes.push(KeyValue::new("network.peer.port", i64::from(span.remote.port)));
    }
    if span.debug {
        row.attributes.push(KeyValue::new("zipkin.debug", true));
    }
    semantics::complete(&mut row.attributes);
    let mut annotations: Vec<_> = span.annotations.iter().collect();
    annotations.sort_by_key(|(time, _)| *time);
    let event = |(time, name): &(UnixNanos, String)| EventRow {
        time: *time,
        name: Cow::Owned(name.clone()),
        ..EventRow::default()
    };
    row.events = annotations.into_iter().map(event).collect();

    let mut content = Resource::default();
    if !span.local.service.is_empty() {
        content.attributes.push(KeyValue::new("service.name", span.local.service.as_str()));
    }
    if !span.local.ip.is_empty() {
        let addresses = vec![AnyValue::from(span.local.ip.as_str())];
        content.attributes.push(KeyValue::new("host.ip", AnyValue::Array(addresses)));
    }
    let resource = out.resource(&content);
    let scope = out.scope(&scope);
    out.span(resource, scope, &row);
}
