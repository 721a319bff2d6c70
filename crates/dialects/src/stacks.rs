//! Samples of call stacks become spans: one for each frame and stretch of samples that it stands in.

use std::borrow::Cow;

use otel::{KeyValue, ResourceRef, ScopeRef, SpanId, SpanRow, TraceId};

use super::made::Clock;
use crate::walk::Out;

/// Writes the spans of one trace, and counts their ids.
pub(super) struct Writer<'o, 'a> {
    pub(super) out: &'o mut Out<'a>,
    pub(super) trace_id: TraceId,
    pub(super) clock: Clock,
    pub(super) resource: ResourceRef,
    pub(super) scope: ScopeRef,
    /// The last id that was given.
    pub(super) last_id: u64,
}

impl<'o, 'a> Writer<'o, 'a> {
    pub(super) fn new(out: &'o mut Out<'a>, trace_id: TraceId, clock: Clock) -> Self {
        let (resource, scope) = (out.service(""), out.no_scope());
        Self { out, trace_id, clock, resource, scope, last_id: 0 }
    }

    pub(super) fn id(&mut self) -> SpanId {
        self.last_id += 1;
        SpanId(self.last_id)
    }

    pub(super) fn span(&mut self, span: &Stretch, name: &str, attributes: Vec<KeyValue<'_>>) {
        let (start, end) = self.clock.span(span.start, span.end);
        self.out.span(
            self.resource,
            self.scope,
            &SpanRow {
                trace_id: self.trace_id,
                span_id: span.id,
                parent_span_id: span.parent,
                name: Cow::Borrowed(name),
                start,
                end,
                attributes,
                ..SpanRow::default()
            },
        );
    }
}

/// A frame, as long as it stood on the stack without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) id: SpanId,
    pub(super) parent: SpanId,
    pub(super) start: i64,
    pub(super) end: i64,
}

/// Where a function stands in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) name: &'a str,
    pub(super) file: &'a str,
    /// From 1 on.
    pub(super) line: Option<i64>,
    pub(super) column: Option<i64>,
}

impl Frame<'_> {
    pub(super) fn attributes(&self) -> Vec<KeyValue<'_>> {
        let mut attributes = Vec::new();
        if !self.file.is_empty() {
            attributes.push(KeyValue::new("code.file.path", self.file));
        }
        let numbers = [("code.line.number", self.line), ("code.column.number", self.column)];
        for (key, number) in numbers {
            attributes.extend(number.map(|number| KeyValue::new(key, number)));
        }
        attributes
    }

    pub(super) fn name(&self) -> &str {
        if self.name.is_empty() { "(anonymous)" } else { self.name }
    }
}

/// The stack that is open.
#[derive(Debug, Default)]
pub(super) struct Stretches {
    open: Vec<(u32, Stretch)>,
}

impl Stretches {
    /// From `at` on this is the stack, the outermost frame first; frames that were not in the one before begin, those
    /// that are not in this one end.
    pub(super) fn change<'f>(
        &mut self,
        stack: &[u32],
        at: i64,
        root: SpanId,
        frame: &dyn Fn(u32) -> Frame<'f>,
        writer: &mut Writer<'_, '_>,
    ) {
        let same = self.open.iter().zip(stack).take_while(|((open, _), frame)| open == *frame).count();
        for (number, mut stretch) in self.open.drain(same..).rev() {
            stretch.end = at.max(stretch.start);
            let frame = frame(number);
            writer.span(&stretch, frame.name(), frame.attributes());
        }
        for &frame in stack.get(same..).unwrap_or_default() {
            let parent = self.open.last().map_or(root, |(_, stretch)| stretch.id);
            self.open.push((frame, Stretch { id: writer.id(), parent, start: at, end: at }));
        }
    }
}
