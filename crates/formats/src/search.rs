//! Results of a Tempo `TraceQL` search: traces known by their root, with the few spans that matched.

use std::borrow::Cow;

use otel::{AnyValue, KeyValue, Resource, Scope, SpanId, SpanRow, SpanSink, TraceId, UnixNanos};

use crate::reader::{Reader, Stop};
use otlp::{Message, fill, list};

/// One element of `traces`.
#[derive(Default)]
pub(crate) struct FoundTrace<'de> {
    trace_id: TraceId,
    root_service: Cow<'de, str>,
    root_name: Cow<'de, str>,
    start: UnixNanos,
    duration_ms: u64,
    /// The older field, kept by newer versions as a copy of the first of `sets`.
    set: Vec<FoundSpan<'de>>,
    sets: Vec<SpanSet<'de>>,
}

#[derive(Default)]
struct SpanSet<'de>(Vec<FoundSpan<'de>>);

#[derive(Default)]
struct FoundSpan<'de> {
    row: SpanRow<'de>,
    duration: u64,
}

impl<'de> Message<'de> for FoundTrace<'de> {
    const NAME: &'static str = "traces";

    #[cold]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "traceID" | "traceId" => self.trace_id = json.scalar()?.trace_id("traces.traceID", json.notes),
            "rootServiceName" => {
                self.root_service = json.scalar()?.text("traces.rootServiceName", json.notes);
            }
            "rootTraceName" => self.root_name = json.scalar()?.text("traces.rootTraceName", json.notes),
            "startTimeUnixNano" => self.start = json.scalar()?.nanos("traces.startTimeUnixNano", json.notes),
            "durationMs" => self.duration_ms = json.scalar()?.u64("traces.durationMs", json.notes),
            "spanSet" => {
                let mut set = SpanSet::default();
                fill(&mut set, json)?;
                self.set = set.0;
            }
            "spanSets" => list(&mut self.sets, json)?,
            _ => json.ignore()?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for SpanSet<'de> {
    const NAME: &'static str = "spanSet";

    #[cold]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "spans" => list(&mut self.0, json),
            _ => json.ignore(),
        }
    }
}

impl<'de> Message<'de> for FoundSpan<'de> {
    const NAME: &'static str = "spans";

    #[cold]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "spanID" => self.row.span_id = json.scalar()?.span_id("spans.spanID", json.notes),
            "durationNanos" => self.duration = json.scalar()?.u64("spans.durationNanos", json.notes),
            _ => self.row.field(name, json)?,
        }
        Ok(())
    }
}

impl<'de> FoundTrace<'de> {
    /// Gives the spans on; returns how many. A trace of which no span was returned is shown by what is known of its
    /// root.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell(mut self, sink: &mut dyn SpanSink) -> u64 {
        let mut spans: Vec<FoundSpan<'de>> = self.sets.drain(..).flat_map(|set| set.0).collect();
        if spans.is_empty() {
            spans = self.set;
        }
        if spans.is_empty() && !self.trace_id.is_absent() {
            spans.push(FoundSpan {
                row: SpanRow {
                    name: self.root_name.clone(),
                    start: self.start,
                    attributes: vec![service(self.root_service.clone())],
                    ..SpanRow::default()
                },
                duration: self.duration_ms.saturating_mul(1_000_000),
            });
        }
        // A span that matches twice is returned twice.
        let mut told = Vec::<SpanId>::new();
        let scope = sink.open_scope();
        sink.close_scope(scope, &Scope::default());
        let mut count = 0;
        for FoundSpan { mut row, duration } in spans {
            if !row.span_id.is_absent() {
                let Err(place) = told.binary_search(&row.span_id) else { continue };
                told.insert(place, row.span_id);
            }
            row.trace_id = self.trace_id;
            row.end = UnixNanos(row.start.0.saturating_add(duration));
            // The service is among the attributes of the span, where it was asked for.
            let mut resource = Resource::default();
            if let Some(at) = row.attributes.iter().position(|attribute| attribute.key == "service.name") {
                resource.attributes.push(row.attributes.remove(at));
            }
            let reference = sink.open_resource();
            sink.span(reference, scope, &row);
            sink.close_resource(reference, &resource);
            count += 1;
        }
        count
    }
}

fn service(name: Cow<'_, str>) -> KeyValue<'_> {
    KeyValue { key: Cow::Borrowed("service.name"), value: AnyValue::Str(name) }
}
