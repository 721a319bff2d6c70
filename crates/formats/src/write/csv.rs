//! Spans as rows of a table (RFC 4180), for spreadsheets and notebooks.

use std::fmt;
use std::io::{self, Write};

use otel::{
    Resource, ResourceRef, Scope, ScopeRef, SpanKind, SpanRow, SpanSink, StatusCode, UnixNanos, Warning,
};

use super::json::Json;
use super::{Output, service_name};

const HEADER: &str = "traceId,spanId,parentSpanId,service,name,kind,startTimeUnixNano,durationNano,status,\
                      statusMessage,attributes\r\n";

/// Writes what it is given as a table: a line of names, then a line a span.
///
/// Ids are hex, times decimal nanoseconds, kind as in `client`, status `ok` or `error`, attributes a JSON object; what is
/// absent is empty. Text that a spreadsheet would take for a formula, since it begins with `=`, `+`, `-`, `@`, a tab or a
/// carriage return, gets a `'` before it, and so does text like `'=`: taking one `'` away gives it back.
#[derive(Debug)]
pub struct SpanCsvWriter<W> {
    out: Output<W>,
    /// Names, by resource.
    services: Vec<String>,
    scopes: u32,
}

impl<W: Write> SpanCsvWriter<W> {
    /// Writes to `out` in pieces; needs no buffer of its own.
    pub fn new(out: W) -> Self {
        Self { out: Output::new(out, HEADER), services: Vec::new(), scopes: 0 }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The first error `out` returned.
    pub fn finish(self) -> io::Result<W> {
        self.out.finish()
    }

    /// A cell that is no text of others, and the comma after it.
    fn plain(&mut self, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.out.json(|json| json.display(value));
        }
        self.out.text.push(b',');
    }

    /// A cell and the comma after it.
    fn text(&mut self, text: &str) {
        cell(&mut self.out.text, text);
        self.out.text.push(b',');
    }
}

impl<W: Write> SpanSink for SpanCsvWriter<W> {
    fn open_resource(&mut self) -> ResourceRef {
        self.services.push(String::new());
        ResourceRef(self.services.len() as u32 - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        if let Some(name) = self.services.get_mut(resource.0 as usize) {
            *name = service_name(content);
        }
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.scopes += 1;
        ScopeRef(self.scopes - 1)
    }

    /// A row has no place for it.
    fn close_scope(&mut self, _: ScopeRef, _: &Scope<'_>) {}

    fn span(&mut self, resource: ResourceRef, _: ScopeRef, span: &SpanRow<'_>) {
        let known = |time: UnixNanos| (time.0 != 0).then_some(time.0);
        let (start, end) = (known(span.start), known(span.end));
        let service = self.services.get(resource.0 as usize).cloned().unwrap_or_default();
        self.plain((!span.trace_id.is_absent()).then_some(span.trace_id));
        self.plain((!span.span_id.is_absent()).then_some(span.span_id));
        self.plain((!span.parent_span_id.is_absent()).then_some(span.parent_span_id));
        self.text(&service);
        self.text(&span.name);
        self.plain((span.kind != SpanKind::Unspecified).then_some(span.kind.name()));
        self.plain(start);
        self.plain(start.zip(end).map(|(start, end)| end.saturating_sub(start)));
        self.plain(match span.status_code {
            StatusCode::Unset => None,
            StatusCode::Ok => Some("ok"),
            StatusCode::Error => Some("error"),
        });
        self.text(&span.status_message);
        if !span.attributes.is_empty() {
            let mut json = Json::compact(Vec::new());
            json.members(&span.attributes);
            cell(&mut self.out.text, &String::from_utf8_lossy(&json.out));
        }
        self.out.text.extend_from_slice(b"\r\n");
        self.out.flush_piece();
    }

    /// What was odd in an input is not written again.
    fn warn(&mut self, _: Warning) {}
}

/// Text, in quotes where it has to be.
fn cell(out: &mut Vec<u8>, text: &str) {
    let formula = text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark: &[u8] = if formula { b"'" } else { b"" };
    if !text.contains([',', '"', '\r', '\n']) {
        out.extend_from_slice(mark);
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    out.extend_from_slice(mark);
    for (place, part) in text.split('"').enumerate() {
        if place > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}
