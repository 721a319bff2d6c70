//! Copies, and room, of what must outlive the window.

use std::borrow::Cow;

use otel::{AnyValue, KeyValue, Resource, Scope};

fn text(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// A resource or scope whose records are being read.
#[derive(Debug)]
pub struct Open<R, C> {
    /// Given by the sink when the first record asks for it: a resource without records is nobody's.
    pub reference: Option<R>,
    /// As far as it was read.
    pub content: C,
}

impl<R, C: Default> Default for Open<R, C> {
    fn default() -> Self {
        Self { reference: None, content: C::default() }
    }
}

/// The same allocation, whatever the lifetime of what was in it.
pub fn emptied(mut list: Vec<KeyValue<'_>>) -> Vec<KeyValue<'static>> {
    list.clear();
    list.into_iter().map_while(|_| None).collect()
}

/// Recursion is bounded: the decoder reads values no deeper than `MAX_VALUE_DEPTH`.
pub fn value(value: AnyValue<'_>) -> AnyValue<'static> {
    match value {
        AnyValue::Empty => AnyValue::Empty,
        AnyValue::Str(string) => AnyValue::Str(text(string)),
        AnyValue::Bool(value) => AnyValue::Bool(value),
        AnyValue::Int(value) => AnyValue::Int(value),
        AnyValue::Double(value) => AnyValue::Double(value),
        AnyValue::Bytes(bytes) => AnyValue::Bytes(Cow::Owned(bytes.into_owned())),
        AnyValue::Array(values) => AnyValue::Array(values.into_iter().map(self::value).collect()),
        AnyValue::Map(entries) => AnyValue::Map(attributes(entries)),
    }
}

fn attributes(attributes: Vec<KeyValue<'_>>) -> Vec<KeyValue<'static>> {
    attributes
        .into_iter()
        .map(|KeyValue { key, value }| KeyValue { key: text(key), value: self::value(value) })
        .collect()
}

pub fn resource(resource: Resource<'_>) -> Resource<'static> {
    Resource {
        attributes: attributes(resource.attributes),
        dropped_attributes_count: resource.dropped_attributes_count,
        schema_url: text(resource.schema_url),
    }
}

pub fn scope(scope: Scope<'_>) -> Scope<'static> {
    Scope {
        name: text(scope.name),
        version: text(scope.version),
        attributes: attributes(scope.attributes),
        dropped_attributes_count: scope.dropped_attributes_count,
        schema_url: text(scope.schema_url),
    }
}
