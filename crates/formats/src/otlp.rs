//! The values of OTLP JSON that are decoded whole: span, resource, scope. Both spellings of every name; unknown
//! names are read over.

use std::borrow::Cow;
use std::fmt;

use otel::{AnyValue, EventRow, KeyValue, LinkRow, Resource, Scope, SpanRow, StatusCode, WarningKind};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess,
    VariantAccess as _, Visitor,
};

use crate::base64::decode_base64;
use crate::notes::Notes;
use crate::scalar::{AnyScalar, OnlyText, Scalar, shorten};

/// Nesting of `arrayValue` and `kvlistValue` that is still read. Each level costs up to four of `serde_json`'s 128,
/// and going past those would cost the span.
pub(crate) const MAX_VALUE_DEPTH: u8 = 24;

/// A message, filled field by field.
pub(crate) trait Message<'de>: Default {
    /// For warnings.
    const NAME: &'static str;

    /// Reads the value of the field `name`, whatever it is.
    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error>;
}

/// Where the decoder is: the notes it takes, and how many values it stands in.
pub(crate) struct At<'n> {
    pub(crate) notes: &'n mut Notes,
    pub(crate) depth: u8,
}

impl At<'_> {
    pub(crate) fn here(&mut self) -> At<'_> {
        At { notes: self.notes, depth: self.depth }
    }

    fn deeper(&mut self) -> At<'_> {
        At { notes: self.notes, depth: self.depth + 1 }
    }
}

/// The name of a field: borrowed unless it is written with escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Cow<'de, str>, D::Error> {
        json.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// `visit_*` for every type that is not the visitor's own: `otherwise` gets what stood there instead.
macro_rules! other_scalars {
    () => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Null))
        }
        fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Bool(value)))
        }
        fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Unsigned(value)))
        }
        fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Negative(value)))
        }
        fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Float(value)))
        }
        fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Str(Cow::Borrowed(value))))
        }
        fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
            Ok(self.otherwise(Scalar::Str(Cow::Owned(value.to_owned()))))
        }
    };
}

/// Fills a message from an object. `false`: it was none.
pub(crate) struct Fill<'n, 'm, M, const STRICT: bool> {
    pub(crate) at: At<'n>,
    pub(crate) message: &'m mut M,
}

impl<'n, 'm, M, const STRICT: bool> Fill<'n, 'm, M, STRICT> {
    pub(crate) fn new(notes: &'n mut Notes, message: &'m mut M) -> Self {
        Self { at: At { notes, depth: 0 }, message }
    }
}

impl<'de, M: Message<'de>, const STRICT: bool> Fill<'_, '_, M, STRICT> {
    #[cold]
    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it away")]
    fn otherwise(self, found: Scalar<'de>) -> bool {
        if found != Scalar::Null {
            self.at.notes.wrong_type(M::NAME, "an object", found.type_name());
        }
        false
    }
}

impl<'de, M: Message<'de>, const STRICT: bool> DeserializeSeed<'de> for Fill<'_, '_, M, STRICT> {
    type Value = bool;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        if STRICT { json.deserialize_map(self) } else { json.deserialize_any(self) }
    }
}

impl<'de, M: Message<'de>, const STRICT: bool> Visitor<'de> for Fill<'_, '_, M, STRICT> {
    type Value = bool;

    #[inline]
    fn visit_map<A: MapAccess<'de>>(mut self, mut json: A) -> Result<bool, A::Error> {
        while let Some(name) = json.next_key_seed(Name)? {
            self.message.field::<STRICT, _>(&name, &mut json, &mut self.at)?;
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<bool, A::Error> {
        while json.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.otherwise(Scalar::Array))
    }

    other_scalars!();
}

/// Appends the messages of an array.
struct FillList<'n, 'm, M, const STRICT: bool> {
    at: At<'n>,
    list: &'m mut Vec<M>,
}

impl<'de, M: Message<'de>, const STRICT: bool> FillList<'_, '_, M, STRICT> {
    #[cold]
    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it away")]
    fn otherwise(self, found: Scalar<'de>) {
        if found != Scalar::Null {
            self.at.notes.wrong_type(M::NAME, "an array of objects", found.type_name());
        }
    }
}

impl<'de, M: Message<'de>, const STRICT: bool> DeserializeSeed<'de> for FillList<'_, '_, M, STRICT> {
    type Value = ();

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if STRICT { json.deserialize_seq(self) } else { json.deserialize_any(self) }
    }
}

impl<'de, M: Message<'de>, const STRICT: bool> Visitor<'de> for FillList<'_, '_, M, STRICT> {
    type Value = ();

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        let At { notes, depth } = self.at;
        loop {
            let mut message = M::default();
            let fill = Fill::<_, STRICT> { at: At { notes, depth }, message: &mut message };
            match json.next_element_seed(fill)? {
                Some(true) => self.list.push(message),
                Some(false) => {}
                None => return Ok(()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        while json.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.otherwise(Scalar::Object);
        Ok(())
    }

    other_scalars!();
}

pub(crate) fn list<'de, const STRICT: bool, M: Message<'de>, A: MapAccess<'de>>(
    list: &mut Vec<M>,
    json: &mut A,
    at: &mut At<'_>,
) -> Result<(), A::Error> {
    // A name given twice means the last of the two, as everywhere in JSON.
    list.clear();
    json.next_value_seed(FillList::<_, STRICT> { at: at.here(), list })
}

#[inline]
pub(crate) fn scalar<'de, A: MapAccess<'de>>(json: &mut A) -> Result<Scalar<'de>, A::Error> {
    json.next_value_seed(AnyScalar)
}

/// Where a string is usual.
#[inline]
pub(crate) fn text<'de, const STRICT: bool, A: MapAccess<'de>>(
    json: &mut A,
) -> Result<Scalar<'de>, A::Error> {
    if STRICT { json.next_value_seed(OnlyText) } else { json.next_value_seed(AnyScalar) }
}

pub(crate) fn ignore<'de, A: MapAccess<'de>>(json: &mut A) -> Result<(), A::Error> {
    json.next_value::<IgnoredAny>().map(drop)
}

impl<'de> Message<'de> for SpanRow<'de> {
    const NAME: &'static str = "span";

    #[inline]
    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "traceId" | "trace_id" => self.trace_id = text::<STRICT, _>(json)?.trace_id("traceId", at.notes),
            "spanId" | "span_id" => self.span_id = text::<STRICT, _>(json)?.span_id("spanId", at.notes),
            "parentSpanId" | "parent_span_id" => {
                self.parent_span_id = text::<STRICT, _>(json)?.span_id("parentSpanId", at.notes);
            }
            "traceState" | "trace_state" => {
                self.trace_state = text::<STRICT, _>(json)?.text("traceState", at.notes);
            }
            "flags" => self.flags = scalar(json)?.u32("flags", at.notes),
            "name" => self.name = text::<STRICT, _>(json)?.text("name", at.notes),
            "kind" => self.kind = scalar(json)?.kind(at.notes),
            "startTimeUnixNano" | "start_time_unix_nano" => {
                self.start = text::<STRICT, _>(json)?.nanos("startTimeUnixNano", at.notes);
            }
            "endTimeUnixNano" | "end_time_unix_nano" => {
                self.end = text::<STRICT, _>(json)?.nanos("endTimeUnixNano", at.notes);
            }
            "attributes" => list::<STRICT, _, _>(&mut self.attributes, json, at)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count = scalar(json)?.u32("droppedAttributesCount", at.notes);
            }
            "events" => list::<STRICT, _, _>(&mut self.events, json, at)?,
            "droppedEventsCount" | "dropped_events_count" => {
                self.dropped_events_count = scalar(json)?.u32("droppedEventsCount", at.notes);
            }
            "links" => list::<STRICT, _, _>(&mut self.links, json, at)?,
            "droppedLinksCount" | "dropped_links_count" => {
                self.dropped_links_count = scalar(json)?.u32("droppedLinksCount", at.notes);
            }
            "status" => {
                let mut status = Status::default();
                json.next_value_seed(Fill::<_, STRICT> { at: at.here(), message: &mut status })?;
                self.status_message = status.message;
                self.status_code = match status.code {
                    StatusCode::Unset if status.deprecated_error => StatusCode::Error,
                    code => code,
                };
            }
            _ => ignore(json)?,
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

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "code" => self.code = scalar(json)?.status_code(at.notes),
            "message" => self.message = text::<STRICT, _>(json)?.text("status.message", at.notes),
            "deprecatedCode" | "deprecated_code" => {
                self.deprecated_error = scalar(json)?.deprecated_code_is_error();
            }
            _ => ignore(json)?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for EventRow<'de> {
    const NAME: &'static str = "events";

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "timeUnixNano" | "time_unix_nano" => {
                self.time = text::<STRICT, _>(json)?.nanos("events.timeUnixNano", at.notes);
            }
            "name" => self.name = text::<STRICT, _>(json)?.text("events.name", at.notes),
            "attributes" => list::<STRICT, _, _>(&mut self.attributes, json, at)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count = scalar(json)?.u32("events.droppedAttributesCount", at.notes);
            }
            _ => ignore(json)?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for LinkRow<'de> {
    const NAME: &'static str = "links";

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "traceId" | "trace_id" => {
                self.trace_id = text::<STRICT, _>(json)?.trace_id("links.traceId", at.notes);
            }
            "spanId" | "span_id" => self.span_id = text::<STRICT, _>(json)?.span_id("links.spanId", at.notes),
            "traceState" | "trace_state" => {
                self.trace_state = text::<STRICT, _>(json)?.text("links.traceState", at.notes);
            }
            "flags" => self.flags = scalar(json)?.u32("links.flags", at.notes),
            "attributes" => list::<STRICT, _, _>(&mut self.attributes, json, at)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count = scalar(json)?.u32("links.droppedAttributesCount", at.notes);
            }
            _ => ignore(json)?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for Resource<'de> {
    const NAME: &'static str = "resource";

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "attributes" => list::<STRICT, _, _>(&mut self.attributes, json, at)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count =
                    scalar(json)?.u32("resource.droppedAttributesCount", at.notes);
            }
            _ => ignore(json)?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for Scope<'de> {
    const NAME: &'static str = "scope";

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "name" => self.name = text::<STRICT, _>(json)?.text("scope.name", at.notes),
            "version" => self.version = text::<STRICT, _>(json)?.text("scope.version", at.notes),
            "attributes" => list::<STRICT, _, _>(&mut self.attributes, json, at)?,
            "droppedAttributesCount" | "dropped_attributes_count" => {
                self.dropped_attributes_count = scalar(json)?.u32("scope.droppedAttributesCount", at.notes);
            }
            _ => ignore(json)?,
        }
        Ok(())
    }
}

impl<'de> Message<'de> for KeyValue<'de> {
    const NAME: &'static str = "attributes";

    #[inline]
    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "key" => self.key = text::<STRICT, _>(json)?.text("attributes.key", at.notes),
            "value" => self.value = json.next_value_seed(Value::<STRICT>(at.here()))?,
            _ => ignore(json)?,
        }
        Ok(())
    }
}

/// An `AnyValue` message.
struct Value<'n, const STRICT: bool>(At<'n>);

impl<'de, const STRICT: bool> Value<'_, STRICT> {
    /// Values written without the wrapper that names their type: what is meant is plain, so it is kept.
    #[cold]
    fn otherwise(self, found: Scalar<'de>) -> AnyValue<'de> {
        if found != Scalar::Null {
            self.0.notes.wrong_type(
                "attributes.value",
                "an object such as {\"stringValue\": …}",
                found.type_name(),
            );
        }
        plain(found)
    }
}

/// The attribute value nearest to a bare JSON value.
pub(crate) fn plain(found: Scalar<'_>) -> AnyValue<'_> {
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

impl<'de, const STRICT: bool> DeserializeSeed<'de> for Value<'_, STRICT> {
    type Value = AnyValue<'de>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<AnyValue<'de>, D::Error> {
        // What serde calls an enum is the same JSON, and costs less than a map.
        if STRICT {
            json.deserialize_enum("AnyValue", &[], OneMember(self.0))
        } else {
            json.deserialize_any(self)
        }
    }
}

/// An `AnyValue` with exactly one member.
struct OneMember<'n>(At<'n>);

impl<'de> Visitor<'de> for OneMember<'_> {
    type Value = AnyValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, json: A) -> Result<AnyValue<'de>, A::Error> {
        let (name, json) = json.variant_seed(Name)?;
        let At { notes, depth } = self.0;
        Ok(match &*name {
            "stringValue" => string_from(json.newtype_variant_seed(OnlyText)?, notes),
            "intValue" => int_from(json.newtype_variant_seed(OnlyText)?, notes),
            "boolValue" => bool_from(json.newtype_variant_seed(AnyScalar)?, notes),
            "doubleValue" => double_from(json.newtype_variant_seed(AnyScalar)?, notes),
            "arrayValue" if depth < MAX_VALUE_DEPTH => {
                let mut list = ArrayValue::default();
                let at = At { notes, depth: depth + 1 };
                json.newtype_variant_seed(Fill::<_, false> { at, message: &mut list })?;
                AnyValue::Array(list.0)
            }
            // Not an error of the input: it makes the span be decoded once more, by the way that takes all.
            _ => return Err(A::Error::custom("rare")),
        })
    }
}

impl<'de, const STRICT: bool> Visitor<'de> for Value<'_, STRICT> {
    type Value = AnyValue<'de>;

    #[inline]
    fn visit_map<A: MapAccess<'de>>(mut self, mut json: A) -> Result<AnyValue<'de>, A::Error> {
        let mut value = AnyValue::Empty;
        let at = &mut self.0;
        while let Some(name) = json.next_key_seed(Name)? {
            let read = match &*name {
                "stringValue" | "string_value" => string_from(scalar(&mut json)?, at.notes),
                "intValue" | "int_value" => int_from(scalar(&mut json)?, at.notes),
                "boolValue" | "bool_value" => bool_from(scalar(&mut json)?, at.notes),
                "doubleValue" | "double_value" => double_from(scalar(&mut json)?, at.notes),
                "bytesValue" | "bytes_value" => bytes_from(scalar(&mut json)?, at.notes),
                "arrayValue" | "array_value" => {
                    let mut list = ArrayValue::default();
                    if nested(&mut list, &mut json, at)? { AnyValue::Array(list.0) } else { AnyValue::Empty }
                }
                "kvlistValue" | "kvlist_value" => {
                    let mut list = KvlistValue::default();
                    if nested(&mut list, &mut json, at)? { AnyValue::Map(list.0) } else { AnyValue::Empty }
                }
                _ => {
                    ignore(&mut json)?;
                    continue;
                }
            };
            // Some printers write every member of the oneof, all but one of them null.
            if read != AnyValue::Empty {
                value = read;
            }
        }
        Ok(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<AnyValue<'de>, A::Error> {
        while json.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.otherwise(Scalar::Array))
    }

    other_scalars!();
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
fn int_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
    match found {
        Scalar::Null => AnyValue::Empty,
        number => match number.i64(notes) {
            Ok(value) => AnyValue::Int(value),
            Err(other) => plain(other),
        },
    }
}

fn double_from<'de>(found: Scalar<'de>, notes: &mut Notes) -> AnyValue<'de> {
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
fn nested<'de, M: Message<'de>, A: MapAccess<'de>>(
    message: &mut M,
    json: &mut A,
    at: &mut At<'_>,
) -> Result<bool, A::Error> {
    if at.depth >= MAX_VALUE_DEPTH {
        at.notes.add(
            WarningKind::TooDeep,
            format_args!(
                "an attribute value is nested more than {MAX_VALUE_DEPTH} deep; the rest was left out"
            ),
        );
        ignore(json)?;
        return Ok(false);
    }
    json.next_value_seed(Fill::<_, false> { at: at.deeper(), message })
}

#[derive(Default)]
struct ArrayValue<'de>(Vec<AnyValue<'de>>);

impl<'de> Message<'de> for ArrayValue<'de> {
    const NAME: &'static str = "arrayValue";

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "values" => json.next_value_seed(Values { at: at.here(), list: &mut self.0 }),
            _ => ignore(json),
        }
    }
}

#[derive(Default)]
struct KvlistValue<'de>(Vec<KeyValue<'de>>);

impl<'de> Message<'de> for KvlistValue<'de> {
    const NAME: &'static str = "kvlistValue";

    fn field<const STRICT: bool, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        json: &mut A,
        at: &mut At<'_>,
    ) -> Result<(), A::Error> {
        match name {
            "values" => list::<STRICT, _, _>(&mut self.0, json, at),
            _ => ignore(json),
        }
    }
}

/// The elements of an `arrayValue`.
struct Values<'n, 'm, 'de> {
    at: At<'n>,
    list: &'m mut Vec<AnyValue<'de>>,
}

impl<'de> Values<'_, '_, 'de> {
    #[cold]
    #[expect(clippy::needless_pass_by_value, reason = "the macro gives it away")]
    fn otherwise(self, found: Scalar<'de>) {
        if found != Scalar::Null {
            self.at.notes.wrong_type("arrayValue.values", "an array", found.type_name());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, '_, 'de> {
    type Value = ();

    fn visit_seq<A: SeqAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        let At { notes, depth } = self.at;
        while let Some(value) = json.next_element_seed(Value::<false>(At { notes, depth }))? {
            self.list.push(value);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut json: A) -> Result<(), A::Error> {
        while json.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        self.otherwise(Scalar::Object);
        Ok(())
    }

    other_scalars!();
}
