//! Attribute values (`opentelemetry/proto/common/v1/common.proto`).

use std::borrow::Cow;

/// `AnyValue`: what an attribute may hold. Borrowed from the input where the input allows it.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum AnyValue<'a> {
    /// No field set: an empty value.
    #[default]
    Empty,
    /// `stringValue`.
    Str(Cow<'a, str>),
    /// `boolValue`.
    Bool(bool),
    /// `intValue`, 64 bits.
    Int(i64),
    /// `doubleValue`, with NaN and the infinities.
    Double(f64),
    /// `bytesValue`.
    Bytes(Cow<'a, [u8]>),
    /// `arrayValue`.
    Array(Vec<AnyValue<'a>>),
    /// `kvlistValue`.
    Map(Vec<KeyValue<'a>>),
}

/// One attribute.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct KeyValue<'a> {
    /// The attribute's name.
    pub key: Cow<'a, str>,
    /// Its value.
    pub value: AnyValue<'a>,
}

impl<'a> KeyValue<'a> {
    /// An attribute.
    pub fn new(key: impl Into<Cow<'a, str>>, value: impl Into<AnyValue<'a>>) -> Self {
        Self { key: key.into(), value: value.into() }
    }
}

impl<'a> From<&'a str> for AnyValue<'a> {
    fn from(value: &'a str) -> Self {
        Self::Str(Cow::Borrowed(value))
    }
}

impl From<String> for AnyValue<'_> {
    fn from(value: String) -> Self {
        Self::Str(Cow::Owned(value))
    }
}

impl From<bool> for AnyValue<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for AnyValue<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for AnyValue<'_> {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}
