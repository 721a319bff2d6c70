//! The values of OTLP JSON that are decoded whole: span, resource, scope. Both spellings of every name; unknown
//! names are read over.

use std::borrow::Cow;

use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, Scope, SpanId, SpanKind, SpanRow, StatusCode, TraceId,
    UnixNanos, WarningKind,
};

use crate::base64::decode_base64;
use crate::notes::Notes;
use crate::reader::{Reader, Stop};
use crate::scalar::{Scalar, shorten};
use crate::scan::digits;

/// Nesting of `arrayValue` and `kvlistValue` that is still read.
pub const MAX_VALUE_DEPTH: u8 = 24;

/// A message, filled field by field.
pub trait Message<'de>: Default {
    /// For warnings.
    const NAME: &'static str;

    /// Reads members as long as they are what is most often met, to the letter.
    #[inline]
    fn usual(&mut self, _json: &mut Reader<'de, '_>) {}

    /// Reads the value of the field `name`, whatever it is.
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop>;
}

/// Fills a message from an object. `false`: it was none.
pub fn fill<'de, M: Message<'de>>(message: &mut M, json: &mut Reader<'de, '_>) -> Result<bool, Stop> {
    if !json.enter(b'{') {
        otherwise(M::NAME, "an object", json)?;
        return Ok(false);
    }
    let mut more = json.first(b'}');
    if more {
        message.usual(json);
    }
    while more {
        let name = json.name()?;
        message.field(&name, json)?;
        more = json.next(b'}')?;
    }
    Ok(true)
}

/// [`fill`] of a span: compiled here, for speed, and not where it is called.
#[inline(never)]
pub fn fill_span<'de>(span: &mut SpanRow<'de>, json: &mut Reader<'de, '_>) -> Result<bool, Stop> {
    fill(span, json)
}

/// Fills a list from an array of objects.
pub fn list<'de, M: Message<'de>>(list: &mut Vec<M>, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
    // A name given twice means the last of the two, as everywhere in JSON.
    list.clear();
    if !json.enter(b'[') {
        return otherwise(M::NAME, "an array of objects", json);
    }
    let mut more = json.first(b']');
    while more {
        let mut message = M::default();
        if fill(&mut message, json)? {
            list.push(message);
        }
        more = json.next(b']')?;
    }
    Ok(())
}

/// Reads over something of a wrong type.
#[cold]
fn otherwise(name: &str, expected: &str, json: &mut Reader<'_, '_>) -> Result<(), Stop> {
    let found = json.scalar()?;
    if found != Scalar::Null {
        json.notes.wrong_type(name, expected, found.type_name());
    }
    Ok(())
}

impl<'de> Message<'de> for SpanRow<'de> {
    const NAME: &'static str = "span";

    /// As printers without white space begin a span: in the order of the protocol.
    #[inline]
    fn usual(&mut self, json: &mut Reader<'de, '_>) {
        let span_id = |text: &str| SpanId::from_hex(text.as_bytes()).ok();
        let nanos = |text: &str| digits(text.as_bytes()).map(UnixNanos);
        if let Some(id) = json.text_member(br#""traceId":""#, |text| TraceId::from_hex(text.as_bytes()).ok())
        {
            self.trace_id = id;
        }
        if let Some(id) = json.text_member(br#""spanId":""#, span_id) {
            self.span_id = id;
        }
        if let Some(id) = json.text_member(br#""parentSpanId":""#, span_id) {
            self.parent_span_id = id;
        }
        if let Some(flags) = json.small_member(br#""flags":"#, Some) {
            self.flags = flags;
        }
        if let Some(name) = json.text_member(br#""name":""#, Some) {
            self.name = Cow::Borrowed(name);
        }
        if let Some(kind) = json.small_member(br#""kind":"#, |kind| SpanKind::from_number(kind.into())) {
            self.kind = kind;
        }
        if let Some(start) = json.text_member(br#""startTimeUnixNano":""#, nanos) {
            self.start = start;
        }
        if let Some(end) = json.text_member(br#""endTimeUnixNano":""#, nanos) {
            self.end = end;
        }
    }

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "traceId" | "trace_id" => self.trace_id = json.scalar()?.trace_id("traceId", json.notes),
            "spanId" | "span_id" => self.span_id = json.scalar()?.span_id("spanId", json.notes),
            "parentSpanId" | "parent_span_id" => {
                self.parent_span_id = json.scalar()?.span_id("parentSpanId", json.notes);
            }
            "traceState" | "trace_state" => {
                self.trace_state = json.scalar()?.text("traceState", json.notes);
            }
            "flags" => self.flags = json.scalar()?.u32("flags", json.notes),
            "name" => self.name = json.scalar()?.text("name", json.notes),
            "kind" => self.kind = json.scalar()?.kind(json.notes),
            "startTimeUnixNano" | "start_time_unix_nano" => {
                self.start = json.scalar()?.nanos("startTimeUnixNano", json.notes);
            }
            "endTimeUnixNano" | "end_time_unix_nano" => {
                self.end = json.scalar()?.nanos("endTimeUnixNano", json.notes);
            }
            "attributes" => attributes(&mut self.attributes, json)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count = json.scalar()?.u32("droppedAttributesCount", json.notes);
            }
            "events" => list(&mut self.events, json)?,
            "droppedEventsCount" | "dropped_events_count" => {
                self.dropped_events_count = json.scalar()?.u32("droppedEventsCount", json.notes);
            }
            "links" => list(&mut self.links, json)?,
            "droppedLinksCount" | "dropped_links_count" => {
                self.dropped_links_count = json.scalar()?.u32("droppedLinksCount", json.notes);
            }
            "status" => {
                let mut status = Status::default();
                fill(&mut status, json)?;
                self.status_message = status.message;
                self.status_code = match status.code {
                    StatusCode::Unset if status.deprecated_error => StatusCode::Error,
                    code => code,
                };
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Status<'de> {
    code: StatusCode,
    message: Cow<'de, str>,
    deprecated_error: bool,
}

impl<'de> Message<'de> for Status<'de> {
    const NAME: &'static str = "status";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "code" => self.code = json.scalar()?.status_code(json.notes),
            "message" => self.message = json.scalar()?.text("status.message", json.notes),
            "deprecatedCode" | "deprecated_code" => {
                self.deprecated_error = json.scalar()?.deprecated_code_is_error();
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for EventRow<'de> {
    const NAME: &'static str = "events";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "timeUnixNano" | "time_unix_nano" => {
                self.time = json.scalar()?.nanos("events.timeUnixNano", json.notes);
            }
            "name" => self.name = json.scalar()?.text("events.name", json.notes),
            "attributes" => attributes(&mut self.attributes, json)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count =
                    json.scalar()?.u32("events.droppedAttributesCount", json.notes);
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for LinkRow<'de> {
    const NAME: &'static str = "links";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "traceId" | "trace_id" => {
                self.trace_id = json.scalar()?.trace_id("links.traceId", json.notes);
            }
            "spanId" | "span_id" => self.span_id = json.scalar()?.span_id("links.spanId", json.notes),
            "traceState" | "trace_state" => {
                self.trace_state = json.scalar()?.text("links.traceState", json.notes);
            }
            "flags" => self.flags = json.scalar()?.u32("links.flags", json.notes),
            "attributes" => attributes(&mut self.attributes, json)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count =
                    json.scalar()?.u32("links.droppedAttributesCount", json.notes);
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for Resource<'de> {
    const NAME: &'static str = "resource";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "attributes" => attributes(&mut self.attributes, json)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count =
                    json.scalar()?.u32("resource.droppedAttributesCount", json.notes);
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for Scope<'de> {
    const NAME: &'static str = "scope";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "name" => self.name = json.scalar()?.text("scope.name", json.notes),
            "version" => self.version = json.scalar()?.text("scope.version", json.notes),
            "attributes" => attributes(&mut self.attributes, json)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count =
                    json.scalar()?.u32("scope.droppedAttributesCount", json.notes);
            }
            _ => json.ignore()?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for KeyValue<'de> {
    const NAME: &'static str = "attributes";

    #[inline]
    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "key" => self.key = json.scalar()?.text("attributes.key", json.notes),
            "value" => self.value = value(json)?,
            _ => json.ignore()?,
        }
        Ok(())
    }
}

/// [`list`] of attributes, which are most of all text.
pub fn attributes<'de>(list: &mut Vec<KeyValue<'de>>, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
    list.clear();
    if !json.enter(b'[') {
        return otherwise(KeyValue::NAME, "an array of objects", json);
    }
    let mut more = json.first(b']');
    while more {
        let start = json.used();
        if let Some(attribute) = usual_attribute(json) {
            list.push(attribute);
        } else {
            json.back_to(start);
            let mut attribute = KeyValue::default();
            if fill(&mut attribute, json)? {
                list.push(attribute);
            }
        }
        more = json.next(b']')?;
    }
    Ok(())
}

/// A text or an integer, spelled as every printer without white space does.
#[inline]
fn usual_attribute<'de>(json: &mut Reader<'de, '_>) -> Option<KeyValue<'de>> {
    let key = json.literal(br#"{"key":""#).then(|| json.plain())??;
    let value = if json.literal(br#","value":{""#) && json.literal(br#"stringValue":""#) {
        AnyValue::Str(Cow::Borrowed(json.plain()?))
    } else if json.literal(br#"intValue":""#) {
        AnyValue::Int(digits(json.plain()?.as_bytes())?.try_into().ok()?)
    } else {
        return None;
    };
    json.brackets().then_some(KeyValue { key: Cow::Borrowed(key), value })
}

/// An `AnyValue` message.
pub fn value<'de>(json: &mut Reader<'de, '_>) -> Result<AnyValue<'de>, Stop> {
    if !json.enter(b'{') {
        return bare_value(json);
    }
    let mut value = AnyValue::Empty;
    let mut more = json.first(b'}');
    while more {
        let name = json.name()?;
        let read = match &*name {
            "stringValue" | "string_value" => string_from(json.scalar()?, json.notes),
            "intValue" | "int_value" => int_from(json.scalar()?, json.notes),
            "boolValue" | "bool_value" => bool_from(json.scalar()?, json.notes),
            "doubleValue" | "double_value" => double_from(json.scalar()?, json.notes),
            "bytesValue" | "bytes_value" => bytes_from(json.scalar()?, json.notes),
            "arrayValue" | "array_value" => {
                let mut list = ArrayValue::default();
                if nested(&mut list, json)? { AnyValue::Array(list.0) } else { AnyValue::Empty }
            }
            "kvlistValue" | "kvlist_value" => {
                let mut list = KvlistValue::default();
                if nested(&mut list, json)? { AnyValue::Map(list.0) } else { AnyValue::Empty }
            }
            _ => {
                json.ignore()?;
                AnyValue::Empty
            }
        };
        // Some printers write every member of the oneof, all but one of them null.
        if read != AnyValue::Empty {
            value = read;
        }
        more = json.next(b'}')?;
    }
    Ok(value)
}

/// A value written without the wrapper that names its type: what is meant is plain, so it is kept.
#[cold]
fn bare_value<'de>(json: &mut Reader<'de, '_>) -> Result<AnyValue<'de>, Stop> {
    let found = json.scalar()?;
    if found != Scalar::Null {
        let expected = "an object such as {\"stringValue\": …}";
        json.notes.wrong_type("attributes.value", expected, found.type_name());
    }
    Ok(plain(found))
}

/// The attribute value nearest to a bare JSON value.
pub fn plain(found: Scalar<'_>) -> AnyValue<'_> {
    match found {
        Scalar::Bool(value) => AnyValue::Bool(value),
        Scalar::Unsigned(value) => match i64::try_from(value) {
            Ok(value) => AnyValue::Int(value),
            Err(_) => AnyValue::Str(Cow::Owned(value.to_string())),
        },
        Scalar::Negative(value) => AnyValue::Int(value),
        Scalar::Float(value) => AnyValue::Double(value),
        Scalar::Str(text) => AnyValue::Str(text),
        Scalar::Null | Scalar::Array | Scalar::Object => AnyValue::Empty,
    }
}

#[inline]
fn string_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
    match found {
        Scalar::Str(text) => AnyValue::Str(text),
        Scalar::Null => AnyValue::Empty,
        other => {
            notes.wrong_type("stringValue", "a string", other.type_name());
            plain(other)
        }
    }
}

#[inline]
pub fn int_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
    match found {
        Scalar::Null => AnyValue::Empty,
        number => match number.i64(notes) {
            Ok(value) => AnyValue::Int(value),
            Err(other) => plain(other),
        },
    }
}

pub fn double_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
    match found {
        Scalar::Null => AnyValue::Empty,
        number => match number.f64(notes) {
            Ok(value) => AnyValue::Double(value),
            Err(other) => plain(other),
        },
    }
}

fn bool_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
    match &found {
        Scalar::Bool(value) => AnyValue::Bool(*value),
        Scalar::Null => AnyValue::Empty,
        Scalar::Str(text) if text == "true" => AnyValue::Bool(true),
        Scalar::Str(text) if text == "false" => AnyValue::Bool(false),
        _ => {
            notes.wrong_type("boolValue", "a boolean", found.type_name());
            plain(found)
        }
    }
}

#[cold]
fn bytes_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
    if found == Scalar::Null {
        return AnyValue::Empty;
    }
    if let Scalar::Str(text) = &found {
        if let Some(bytes) = decode_base64(text) {
            return AnyValue::Bytes(Cow::Owned(bytes));
        }
        let start = shorten(text);
        notes.add(WarningKind::WrongType, format_args!("bytesValue is {start:?}; expected base64"));
    } else {
        notes.wrong_type("bytesValue", "base64 in a string", found.type_name());
    }
    plain(found)
}

/// Not inlined: the recursion of nested values passes here, and here it ends.
#[cold]
fn nested<'de, M: Message<'de>>(message: &mut M, json: &mut Reader<'de, '_>) -> Result<bool, Stop> {
    if json.depth >= MAX_VALUE_DEPTH {
        json.notes.add(
            WarningKind::TooDeep,
            format_args!(
                "an attribute value is nested more than {MAX_VALUE_DEPTH} deep; the rest was left out"
            ),
        );
        json.ignore()?;
        return Ok(false);
    }
    json.depth += 1;
    let was_object = fill(message, json)?;
    json.depth -= 1;
    Ok(was_object)
}

#[derive(Default)]
struct ArrayValue<'de>(Vec<AnyValue<'de>>);

impl<'de> Message<'de> for ArrayValue<'de> {
    const NAME: &'static str = "arrayValue";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        if name != "values" {
            return json.ignore();
        }
        if !json.enter(b'[') {
            return otherwise("arrayValue.values", "an array", json);
        }
        let mut more = json.first(b']');
        while more {
            self.0.push(value(json)?);
            more = json.next(b']')?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct KvlistValue<'de>(Vec<KeyValue<'de>>);

impl<'de> Message<'de> for KvlistValue<'de> {
    const NAME: &'static str = "kvlistValue";

    fn field(&mut self, name: &str, json: &mut Reader<'de, '_>) -> Result<(), Stop> {
        match name {
            "values" => attributes(&mut self.0, json),
            _ => json.ignore(),
        }
    }
}
