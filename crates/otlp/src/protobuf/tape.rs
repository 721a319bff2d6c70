//! The tape: the calls of a sink as bytes, to be made again elsewhere. One module decodes, another has the sink.
//!
//! A call is its kind (a byte), its references, and its row with the length before it, in the encoding of OTLP protobuf.
//! Both ends are built together: nothing tells versions apart.

use std::borrow::Cow;
use std::fmt;

use otel::{
    AnyValue, ExemplarRow, LogRow, Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning,
    WarningKind,
};

use super::encode::Message;
use super::memo::Memo;
use super::message;
use super::wire::{Fields, I64, LEN, Malformed, text};
use crate::notes::Notes;
use crate::owned::emptied;

const OPEN_RESOURCE: u8 = 1;
const CLOSE_RESOURCE: u8 = 2;
const OPEN_SCOPE: u8 = 3;
const CLOSE_SCOPE: u8 = 4;
const SPAN: u8 = 5;
const LOG: u8 = 6;
const EXEMPLAR: u8 = 7;
const WARNING: u8 = 8;

/// A sink that writes down what it is told.
#[derive(Debug, Default)]
pub struct TapeWriter {
    tape: Message,
    resources: u32,
    scopes: u32,
}

impl TapeWriter {
    /// Nothing on it.
    pub fn new() -> Self {
        Self::default()
    }

    /// The calls since the last time, whole. References go on.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tape.0)
    }

    fn call(&mut self, kind: u8, references: &[u32], write: impl FnOnce(&mut Message)) {
        self.tape.0.push(kind);
        for &reference in references {
            self.tape.varint(reference.into());
        }
        // As field 1 of something: what is nested has its length before it.
        self.tape.nested(1, write);
    }
}

impl SpanSink for TapeWriter {
    fn open_resource(&mut self) -> ResourceRef {
        self.tape.0.push(OPEN_RESOURCE);
        self.resources += 1;
        ResourceRef(self.resources - 1)
    }

    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.call(CLOSE_RESOURCE, &[resource.0], |message| message.resource(content));
    }

    fn open_scope(&mut self) -> ScopeRef {
        self.tape.0.push(OPEN_SCOPE);
        self.scopes += 1;
        ScopeRef(self.scopes - 1)
    }

    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.call(CLOSE_SCOPE, &[scope.0], |message| message.scope(content));
    }

    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        self.call(SPAN, &[resource.0, scope.0], |message| message.span(span));
    }

    fn log(&mut self, resource: ResourceRef, scope: ScopeRef, log: &LogRow<'_>) {
        self.call(LOG, &[resource.0, scope.0], |message| message.log(log));
    }

    fn exemplar(&mut self, resource: ResourceRef, scope: ScopeRef, exemplar: &ExemplarRow<'_>) {
        self.call(EXEMPLAR, &[resource.0, scope.0], |message| {
            message.text(1, &exemplar.metric);
            message.text(2, &exemplar.unit);
            message.nested(3, |message| message.exemplar(exemplar));
            // The protocol has numbers only.
            if !matches!(exemplar.value, AnyValue::Int(_) | AnyValue::Double(_)) {
                message.nested(4, |message| message.value(&exemplar.value));
            }
        });
    }

    fn warn(&mut self, warning: Warning) {
        self.call(WARNING, &[warning.kind as u32], |message| {
            if let Some(offset) = warning.offset {
                message.fixed64(1, offset);
            }
            message.text(2, &warning.detail);
        });
    }
}

/// A tape that this program did not write, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeError;

impl fmt::Display for TapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the tape is damaged")
    }
}

impl std::error::Error for TapeError {}

impl From<Malformed> for TapeError {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// Makes the calls of one tape, piece by piece. The sink's own references stand for those on the tape.
#[derive(Debug, Default)]
pub struct TapePlayer {
    resources: Vec<ResourceRef>,
    scopes: Vec<ScopeRef>,
    /// Capacity of the last span's attributes, for the next.
    attributes: Vec<otel::KeyValue<'static>>,
    memo: Memo,
}

impl TapePlayer {
    /// At the beginning of a tape.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the calls of the next piece, which [`TapeWriter::take`] gave.
    ///
    /// # Errors
    /// When the piece is not one of a tape. The calls before the damage were made.
    pub fn play(&mut self, piece: &[u8], sink: &mut dyn SpanSink) -> Result<(), TapeError> {
        let mut tape = Fields(piece);
        // What was odd about the rows was told when they were read first.
        let mut notes = Notes::default();
        while let Some((&kind, rest)) = tape.0.split_first() {
            tape.0 = rest;
            match kind {
                OPEN_RESOURCE => self.resources.push(sink.open_resource()),
                CLOSE_RESOURCE => {
                    let reference = self.resource(&mut tape)?;
                    let (mut content, mut fields) = (Resource::default(), row(&mut tape)?);
                    while let Some((field, wire)) = fields.key()? {
                        match (field, wire) {
                            (1, LEN) => message::resource(&mut content, fields.bytes()?, &mut notes)?,
                            (3, LEN) => content.schema_url = read_text(&mut fields, &mut notes)?,
                            _ => return Err(TapeError),
                        }
                    }
                    sink.close_resource(reference, &content);
                }
                OPEN_SCOPE => self.scopes.push(sink.open_scope()),
                CLOSE_SCOPE => {
                    let reference = self.scope(&mut tape)?;
                    let (mut content, mut fields) = (Scope::default(), row(&mut tape)?);
                    while let Some((field, wire)) = fields.key()? {
                        match (field, wire) {
                            (1, LEN) => message::scope(&mut content, fields.bytes()?, &mut notes)?,
                            (3, LEN) => content.schema_url = read_text(&mut fields, &mut notes)?,
                            _ => return Err(TapeError),
                        }
                    }
                    sink.close_scope(reference, &content);
                }
                SPAN => {
                    let (resource, scope) = (self.resource(&mut tape)?, self.scope(&mut tape)?);
                    let attributes = std::mem::take(&mut self.attributes);
                    let mut span = SpanRow { attributes, ..SpanRow::default() };
                    message::span(&mut span, row(&mut tape)?.0, &mut self.memo, &mut notes, sink)?;
                    self.memo.tell(sink, resource, scope, &span);
                    self.attributes = emptied(span.attributes);
                }
                LOG => {
                    let (resource, scope) = (self.resource(&mut tape)?, self.scope(&mut tape)?);
                    let mut log = LogRow::default();
                    message::log(&mut log, row(&mut tape)?.0, &mut notes)?;
                    sink.log(resource, scope, &log);
                }
                EXEMPLAR => {
                    let (resource, scope) = (self.resource(&mut tape)?, self.scope(&mut tape)?);
                    let exemplar = exemplar(row(&mut tape)?, &mut notes)?;
                    sink.exemplar(resource, scope, &exemplar);
                }
                WARNING => {
                    let kind = tape.varint()? as usize;
                    let kind = *WarningKind::ALL.get(kind).ok_or(TapeError)?;
                    sink.warn(warning(kind, row(&mut tape)?, &mut notes)?);
                }
                _ => return Err(TapeError),
            }
        }
        Ok(())
    }

    fn resource(&self, tape: &mut Fields<'_>) -> Result<ResourceRef, TapeError> {
        self.resources.get(tape.varint()? as usize).copied().ok_or(TapeError)
    }

    fn scope(&self, tape: &mut Fields<'_>) -> Result<ScopeRef, TapeError> {
        self.scopes.get(tape.varint()? as usize).copied().ok_or(TapeError)
    }
}

/// The row of a call.
fn row<'b>(tape: &mut Fields<'b>) -> Result<Fields<'b>, TapeError> {
    if tape.key()? == Some((1, LEN)) { Ok(Fields(tape.bytes()?)) } else { Err(TapeError) }
}

fn read_text<'b>(fields: &mut Fields<'b>, notes: &mut Notes) -> Result<Cow<'b, str>, TapeError> {
    Ok(text(fields.bytes()?, "", notes))
}

fn exemplar<'b>(fields: Fields<'b>, notes: &mut Notes) -> Result<ExemplarRow<'b>, TapeError> {
    let (mut exemplar, mut fields) = (ExemplarRow::default(), fields);
    while let Some((field, wire)) = fields.key()? {
        match (field, wire) {
            (1, LEN) => exemplar.metric = read_text(&mut fields, notes)?,
            (2, LEN) => exemplar.unit = read_text(&mut fields, notes)?,
            (3, LEN) => message::exemplar(&mut exemplar, fields.bytes()?, notes)?,
            (4, LEN) => message::value(&mut exemplar.value, fields.bytes()?, 0, notes)?,
            _ => return Err(TapeError),
        }
    }
    Ok(exemplar)
}

fn warning(kind: WarningKind, fields: Fields<'_>, notes: &mut Notes) -> Result<Warning, TapeError> {
    let (mut warning, mut fields) = (Warning { kind, offset: None, detail: String::new() }, fields);
    while let Some((field, wire)) = fields.key()? {
        match (field, wire) {
            (1, I64) => warning.offset = Some(fields.fixed64()?),
            (2, LEN) => warning.detail = read_text(&mut fields, notes)?.into_owned(),
            _ => return Err(TapeError),
        }
    }
    Ok(warning)
}
