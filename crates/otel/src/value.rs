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
    Array(Vec<Self>),
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

impl AnyValue<'_> {
    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> AnyValue<'static> {
        match self {
            Self::Empty => AnyValue::Empty,
            Self::Str(text) => AnyValue::Str(Cow::Owned(text.into_owned())),
            Self::Bool(value) => AnyValue::Bool(value),
            Self::Int(value) => AnyValue::Int(value),
            Self::Double(value) => AnyValue::Double(value),
            Self::Bytes(bytes) => AnyValue::Bytes(Cow::Owned(bytes.into_owned())),
            Self::Array(values) => AnyValue::Array(values.into_iter().map(AnyValue::into_owned).collect()),
            Self::Map(values) => AnyValue::Map(values.into_iter().map(KeyValue::into_owned).collect()),
        }
    }
}

impl KeyValue<'_> {
    /// The same attribute, borrowing nothing.
    pub fn into_owned(self) -> KeyValue<'static> {
        KeyValue { key: Cow::Owned(self.key.into_owned()), value: self.value.into_owned() }
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
