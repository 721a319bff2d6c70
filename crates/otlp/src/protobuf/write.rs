//! A sink that writes OTLP protobuf.

use std::io::{self, Write};

use otel::{Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};

use super::encode::Message;

/// Spans that follow each other, of one resource and one scope.
#[derive(Debug)]
struct Group {
    resource: ResourceRef,
    scope: ScopeRef,
    /// As fields of `ScopeSpans`.
    spans: Message,
}

/// Groups longer than this together are written without waiting for their end.
const GROUP: usize = 1 << 20;

/// Writes the spans it is given as one `TracesData` message, which is an `ExportTraceServiceRequest`, too. Other signals
/// are messages of their own, and are left out.
///
/// Lengths come before content: an element is written once the next resource begins, it is a megabyte long, or all is
/// over. So memory is one element where the content of resources and scopes comes before their last span or right after
/// it.
#[derive(Debug)]
pub struct OtlpProtobufWriter<W> {
    out: W,
    /// The first error of `out`; calls of a sink cannot fail.
    error: Option<io::Error>,
    /// Content as fields, by reference; not there until it is closed.
    resources: Vec<Option<Message>>,
    scopes: Vec<Option<Message>>,
    /// Not yet written, in order.
    groups: Vec<Group>,
    /// Bytes of spans in them.
    waiting: usize,
}

impl<W: Write> OtlpProtobufWriter<W> {
    /// Writes to `out` in pieces; needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self { out, error: None, resources: Vec::new(), scopes: Vec::new(), groups: Vec::new(), waiting: 0 }
    }

    /// Writes what is left. Resources and scopes that were never given stay empty.
    ///
    /// # Errors
    /// The first error `out` returned.
    pub fn finish(mut self) -> io::Result<W> {
        let left = std::mem::take(&mut self.groups);
        self.write(&left);
        match self.error {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }

    /// Writes the first `over` groups, as far as their content is known.
    fn write_known(&mut self, over: usize) {
        let known = |group: &Group| {
            given(&self.resources, group.resource.0).is_some() && given(&self.scopes, group.scope.0).is_some()
        };
        let ready = self.groups.iter().take(over).take_while(|group| known(group)).count();
        if ready == 0 {
            return;
        }
        let rest = self.groups.split_off(ready);
        let ready = std::mem::replace(&mut self.groups, rest);
        self.write(&ready);
        self.waiting = self.groups.iter().map(|group| group.spans.0.len()).sum();
    }

    fn write(&mut self, groups: &[Group]) {
        for element in groups.chunk_by(|one, next| one.resource == next.resource) {
            let mut message = Message::default();
            message.nested(1, |message| {
                let resource = element.first().and_then(|group| given(&self.resources, group.resource.0));
                message.0.extend_from_slice(resource.unwrap_or_default());
                for group in element {
                    message.nested(2, |message| {
                        message.0.extend_from_slice(given(&self.scopes, group.scope.0).unwrap_or_default());
                        message.0.extend_from_slice(&group.spans.0);
                    });
                }
            });
            if self.error.is_none()
                && let Err(error) = self.out.write_all(&message.0)
            {
                self.error = Some(error);
            }
        }
    }
}

fn given(contents: &[Option<Message>], index: u32) -> Option<&[u8]> {
    contents.get(index as usize)?.as_ref().map(|content| &*content.0)
}

fn give(contents: &mut [Option<Message>], index: u32, write: impl FnOnce(&mut Message)) {
    if let Some(content) = contents.get_mut(index as usize) {
        write(content.insert(Message::default()));
    }
}

impl<W: Write> SpanSink for OtlpProtobufWriter<W> {
    fn open_resource(&mut self) -> ResourceRef {
        self.resources.push(None);
        ResourceRef(self.resources.len() as u32 - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        give(&mut self.resources, resource.0, |message| message.resource(content));
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.scopes.push(None);
        ScopeRef(self.scopes.len() as u32 - 1)
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        give(&mut self.scopes, scope.0, |message| message.scope(content));
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        let last = self.groups.last().map(|group| (group.resource, group.scope));
        if last != Some((resource, scope)) {
            if last.is_some_and(|(last, _)| last != resource) {
                self.write_known(self.groups.len());
            }
            self.groups.push(Group { resource, scope, spans: Message::default() });
        }
        let Some(group) = self.groups.last_mut() else { return };
        let before = group.spans.0.len();
        group.spans.nested(2, |message| message.span(span));
        self.waiting += group.spans.0.len() - before;
        if self.waiting > GROUP {
            self.write_known(self.groups.len());
        }
    }

    /// What was odd in an input is not written again.
    fn warn(&mut self, _: Warning) {}
}
