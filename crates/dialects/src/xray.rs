//! AWS X-Ray: segment documents, alone, line by line as its daemon takes them, and in what `BatchGetTraces` answers (X-Ray
//! developer guide, "Segment documents").

use std::borrow::Cow;

use otel::{EventRow, KeyValue, Resource, SpanId, SpanKind, SpanRow, StatusCode, TraceId, UnixNanos};

use crate::json::Json;
use crate::notes::Notes;
use crate::semantics;
use crate::shape::Shape;
use crate::time::Unit;
use crate::walk::{Entry, JsonFormat, Out, Path, Take, name_at};

pub(crate) const ENTRY: Entry = Entry {
    name: "AWS X-Ray segments",
    tells,
    // Between the documents stand the daemon's headers.
    goes_on: |shape| shape.has_all_at(1, &["format", "version"]),
    open: || Box::<XRay>::default(),
};

fn tells(shape: &Shape<'_>) -> bool {
    let is_segment = |depth| {
        shape.has_all_at(depth, &["id", "name", "trace_id"])
            && ["start_time", "end_time", "in_progress"].iter().any(|name| shape.has_at(depth, name))
    };
    is_segment(1)
        || is_segment(2)
        || shape.depth_of(&["Id", "Segments"]).is_some()
        || shape.depth_of(&["Id", "Document"]).is_some()
        || shape.first() == "format"
            && shape.has_all_at(1, &["format", "version"])
            && shape.value_at(1, "format") == "json"
}

#[derive(Default)]
struct XRay {
    /// Is the document an answer, in which segments stand?
    is_answer: bool,
}

impl JsonFormat for XRay {
    fn begin(&mut self, shape: &Shape<'_>) {
        self.is_answer = shape.has("Segments");
    }

    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        match (name_at(path), path.last()) {
            ("Traces" | "Segments", _) => Take::Enter,
            ("", _) if first == b'[' => Take::Enter,
            ("", None) if self.is_answer => Take::Enter,
            ("", Some(_))
                if self.is_answer
                    && name_at(path.get(..path.len() - 1).unwrap_or_default()) != "Segments" =>
            {
                Take::Enter
            }
            ("", _) => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, _path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        match record.get("Document") {
            Json::Null => segment(record, out),
            Json::Str(text) => match Json::parse(text, out.notes) {
                Some(document) => segment(&document, out),
                None => out.skipped("its Document is not JSON"),
            },
            document => segment(document, out),
        }
    }
}

/// `1-5759e988-bd862e3fe1be46a994272793`: a version, then the 32 digits in two parts.
fn trace_id(id: &Json<'_>, notes: &mut Notes) -> TraceId {
    let text = id.text();
    let digits: String = text.strip_prefix("1-").unwrap_or(text).split('-').collect();
    Json::Str(Cow::Owned(digits)).trace_id("trace_id", notes)
}

/// A segment or independent subsegment, and all that is inside.
fn segment(segment: &Json<'_>, out: &mut Out<'_>) {
    if segment.get("id").is_null() {
        // The daemon's header of the next segment has none.
        if segment.get("format").is_null() {
            out.skipped("it has no id, or is not an object");
        }
        return;
    }
    let trace_id = trace_id(segment.get("trace_id"), out.notes);
    let content = resource(segment);
    let resource = out.resource(&content);
    let scope = out.no_scope();
    let mut waiting = vec![(segment, SpanId::ABSENT)];
    while let Some((part, above)) = waiting.pop() {
        let row = span(part, trace_id, above, out.notes);
        waiting.extend(part.get("subsegments").elements().iter().rev().map(|inside| (inside, row.span_id)));
        out.span(resource, scope, &row);
    }
}

/// A segment is named after its service; of a subsegment that was sent alone nothing else is known.
fn resource<'t>(segment: &'t Json<'_>) -> Resource<'t> {
    let mut attributes = Vec::new();
    let mut add = |key: &'static str, value: &'t Json<'_>| {
        if !value.is_null() {
            attributes.push(KeyValue::new(key, value.value()));
        }
    };
    let aws = segment.get("aws");
    add("service.name", segment.get("name"));
    add("service.version", segment.at(&["service", "version"]));
    add("process.runtime.name", segment.at(&["service", "runtime"]));
    add("process.runtime.version", segment.at(&["service", "runtime_version"]));
    add("aws.xray.origin", segment.get("origin"));
    add("cloud.account.id", aws.get("account_id"));
    add("cloud.region", aws.get("region"));
    let zone = aws.at(&["ec2", "availability_zone"]);
    add("cloud.availability_zone", if zone.is_null() { aws.at(&["ecs", "availability_zone"]) } else { zone });
    add("host.id", aws.at(&["ec2", "instance_id"]));
    add("host.type", aws.at(&["ec2", "instance_size"]));
    add("host.image.id", aws.at(&["ec2", "ami_id"]));
    add("container.name", aws.at(&["ecs", "container"]));
    add("container.id", aws.at(&["ecs", "container_id"]));
    add("k8s.cluster.name", aws.at(&["eks", "cluster_name"]));
    add("k8s.pod.name", aws.at(&["eks", "pod"]));
    add("telemetry.sdk.name", aws.at(&["xray", "sdk"]));
    add("telemetry.sdk.version", aws.at(&["xray", "sdk_version"]));
    Resource { attributes, ..Resource::default() }
}

fn span<'t>(part: &'t Json<'_>, trace_id: TraceId, above: SpanId, notes: &mut Notes) -> SpanRow<'t> {
    const TOLD: [&str; 12] = [
        "id",
        "name",
        "trace_id",
        "parent_id",
        "start_time",
        "end_time",
        "subsegments",
        "annotations",
        "cause",
        "fault",
        "error",
        "in_progress",
    ];
    let time = |name| part.get(name).time_in(Unit::Seconds).unwrap_or_default();
    let is_alone = above.is_absent() && part.get("type").text() != "subsegment";
    let mut row = SpanRow {
        trace_id,
        span_id: part.get("id").span_id("id", notes),
        parent_span_id: if above.is_absent() {
            part.get("parent_id").span_id("parent_id", notes)
        } else {
            above
        },
        name: Cow::Borrowed(part.get("name").text()),
        kind: match part.get("namespace").text() {
            "aws" | "remote" => SpanKind::Client,
            _ if is_alone => SpanKind::Server,
            _ => SpanKind::Internal,
        },
        start: time("start_time"),
        end: time("end_time"),
        ..SpanRow::default()
    };
    for (key, value) in part.get("annotations").members() {
        row.attributes.push(KeyValue::new(&**key, value.value()));
    }
    part.flatten("", &TOLD, &mut row.attributes);
    let flag = |name| part.get(name).bool() == Some(true);
    for name in ["fault", "error"] {
        if flag(name) {
            row.attributes.push(KeyValue::new(format!("aws.xray.{name}"), true));
        }
    }
    semantics::complete(&mut row.attributes);
    if flag("fault") || flag("error") {
        row.status_code = StatusCode::Error;
    }
    for exception in part.at(&["cause", "exceptions"]).elements() {
        if row.status_message.is_empty() && row.status_code == StatusCode::Error {
            row.status_message = Cow::Borrowed(exception.get("message").text());
        }
        row.events.push(event(exception, if row.end.0 > 0 { row.end } else { row.start }));
    }
    row
}

/// Exceptions have no time of their own: that of the end is given to them.
fn event<'t>(exception: &'t Json<'_>, time: UnixNanos) -> EventRow<'t> {
    let mut attributes = Vec::new();
    for (name, key) in [("type", "exception.type"), ("message", "exception.message")] {
        if !exception.get(name).is_null() {
            attributes.push(KeyValue::new(key, exception.get(name).value()));
        }
    }
    let frames = exception.get("stack").elements().iter();
    let frames = frames.map(|frame| {
        format!(
            "at {} ({}:{})",
            frame.get("label").text(),
            frame.get("path").text(),
            frame.get("line").text()
        )
    });
    let frames: Vec<String> = frames.collect();
    if !frames.is_empty() {
        attributes.push(KeyValue::new("exception.stacktrace", frames.join("\n")));
    }
    for (name, value) in exception.members() {
        if !matches!(&**name, "type" | "message" | "stack") {
            attributes.push(KeyValue::new(format!("aws.xray.exception.{name}"), value.value()));
        }
    }
    EventRow { time, name: Cow::Borrowed("exception"), attributes, dropped_attributes_count: 0 }
}
