//! Spans that the tracer of a page has made, as OTLP JSON, and questions about them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Page, Result};

/// Spans by id.
#[derive(Clone, Debug, Default)]
pub struct Spans(pub BTreeMap<String, Value>);

impl Spans {
    /// What the page's `rum` has given to `window.spans`, after a flush.
    ///
    /// # Errors
    /// The page has neither.
    pub fn of(page: &Page) -> Result<Self> {
        let spans = page.eval("await rum.flush(); return spans", &[])?;
        let mut found = Self::default();
        found.add(&spans);
        Ok(found)
    }

    /// Adds the spans of an OTLP request (`resourceSpans`), or of an array of spans.
    pub fn add(&mut self, value: &Value) {
        let list = |value: &Value, key: &str| -> Vec<Value> {
            value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
        };
        let nested = list(value, "resourceSpans").into_iter();
        let nested = nested.flat_map(|it| list(&it, "scopeSpans")).flat_map(|it| list(&it, "spans"));
        for span in value.as_array().cloned().unwrap_or_default().into_iter().chain(nested) {
            self.0.insert(text(&span, "spanId").to_owned(), span);
        }
    }

    /// All spans of this name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.0.values().filter(move |span| text(span, "name") == name)
    }

    /// The first request whose URL ends so.
    pub fn request<'a>(&'a self, end: &'a str) -> Option<&'a Value> {
        self.requests(end).next()
    }

    /// All requests whose URL ends so.
    pub fn requests<'a>(&'a self, end: &'a str) -> impl Iterator<Item = &'a Value> {
        let asks =
            move |span: &&Value| attribute(span, "url.full").as_str().is_some_and(|url| url.ends_with(end));
        self.0.values().filter(asks)
    }

    /// The names from a span's parent to its root.
    pub fn ancestors<'a>(&'a self, span: &'a Value) -> Vec<&'a str> {
        let parent = |span: &Value| self.0.get(text(span, "parentSpanId"));
        std::iter::successors(parent(span), |span| parent(span)).map(|span| text(span, "name")).collect()
    }
}

/// A field that is a string, or an empty one.
pub fn text<'a>(span: &'a Value, key: &str) -> &'a str {
    span.get(key).and_then(Value::as_str).unwrap_or("")
}

/// The value of an attribute without its kind, or null. 64-bit integers are strings, as OTLP writes them.
pub fn attribute(of: &Value, key: &str) -> Value {
    let attributes = of.get("attributes").and_then(Value::as_array);
    let found = attributes.into_iter().flatten().find(|it| text(it, "key") == key);
    let value = found.and_then(|it| it.get("value")?.as_object()?.values().next());
    value.cloned().unwrap_or_default()
}
