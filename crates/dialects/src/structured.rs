//! Values that stand in a row as text: JSON, or arrays and maps as `ClickHouse` writes them (`{'k':'v'}`, `['a','b']`); and
//! lists of attributes in their several shapes.

use std::borrow::Cow;

use otel::{AnyValue, KeyValue};

use crate::base64::decode_base64;
use crate::json::Json;
use crate::notes::Notes;

/// Arrays and maps in each other that are still read.
const MAX_DEPTH: u8 = 16;

/// What text holds, or the texts of a list. `None`: nothing but text.
pub(super) fn open<'j>(value: &'j Json<'_>) -> Option<Json<'j>> {
    match value {
        Json::Str(text) => open_text(text),
        Json::Array(values) if values.iter().all(|value| value.str().starts_with('{')) => {
            values.iter().map(|value| open_text(value.str())).collect::<Option<_>>().map(Json::Array)
        }
        _ => None,
    }
}

fn open_text(text: &str) -> Option<Json<'_>> {
    if !text.trim_start().starts_with(['{', '[', '(']) {
        return None;
    }
    // What is odd in it is odd in any table that holds text.
    Json::parse(text, &mut Notes::default()).or_else(|| {
        let mut literal = Literal { rest: text };
        let value = literal.value(MAX_DEPTH)?;
        literal.rest.trim().is_empty().then_some(value)
    })
}

struct Literal<'t> {
    rest: &'t str,
}

impl<'t> Literal<'t> {
    fn value(&mut self, depth: u8) -> Option<Json<'t>> {
        let depth = depth.checked_sub(1)?;
        if self.takes('{') {
            let mut members = Vec::new();
            while !self.takes('}') {
                let name = match self.value(depth)? {
                    Json::Str(name) => name,
                    Json::Number(name) => Cow::Borrowed(name),
                    _ => return None,
                };
                if !self.takes(':') {
                    return None;
                }
                members.push((name, self.value(depth)?));
                self.comma('}')?;
            }
            return Some(Json::Object(members));
        }
        for (begin, end) in [('[', ']'), ('(', ')')] {
            if self.takes(begin) {
                let mut values = Vec::new();
                while !self.takes(end) {
                    values.push(self.value(depth)?);
                    self.comma(end)?;
                }
                return Some(Json::Array(values));
            }
        }
        if self.takes('\'') {
            return self.string().map(Json::Str);
        }
        let end = self.rest.find([',', ':', '}', ']', ')']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(match word.trim() {
            "" => return None,
            "NULL" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            word => Json::Number(word),
        })
    }

    fn takes(&mut self, char: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(char);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Between two values, or nothing before the end.
    fn comma(&mut self, end: char) -> Option<()> {
        (self.takes(',') || self.rest.trim_start().starts_with(end)).then_some(())
    }

    /// What follows a quote, up to the one that closes: `\` and doubled quotes are escapes.
    fn string(&mut self) -> Option<Cow<'t, str>> {
        let mut text = String::new();
        let mut at = 0;
        loop {
            let rest = self.rest.get(at..)?;
            let found = at + rest.find(['\'', '\\'])?;
            let before = self.rest.get(at..found)?;
            let after = self.rest.get(found + 1..)?;
            if self.rest.as_bytes().get(found) == Some(&b'\\') {
                let escaped = after.chars().next()?;
                text.push_str(before);
                text.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    '0' => '\0',
                    other => other,
                });
                at = found + 1 + escaped.len_utf8();
            } else if after.starts_with('\'') {
                text.push_str(before);
                text.push('\'');
                at = found + 2;
            } else {
                self.rest = after;
                return Some(if text.is_empty() {
                    Cow::Borrowed(before)
                } else {
                    text.push_str(before);
                    Cow::Owned(text)
                });
            }
        }
    }
}

/// Attributes as an object, as OTLP's list of keys and values, or as a list of objects. `None`: it is something else.
pub(super) fn attributes<'j>(value: &'j Json<'_>) -> Option<Vec<KeyValue<'j>>> {
    match value {
        Json::Object(_) => {
            let inner = value.get("attributes");
            match inner {
                Json::Object(_) | Json::Array(_) => attributes(inner),
                _ => Some(members(value).collect()),
            }
        }
        Json::Array(values) if values.iter().all(|value| matches!(value, Json::Object(_))) => {
            let mut list = Vec::new();
            for element in values {
                let key = element.any(&["key", "Key"]);
                match key {
                    Json::Str(key) => {
                        list.push(KeyValue::new(&**key, any_value(element.any(&["value", "Value"]))));
                    }
                    _ => list.extend(members(element)),
                }
            }
            Some(list)
        }
        _ => None,
    }
}

fn members<'j>(object: &'j Json<'_>) -> impl Iterator<Item = KeyValue<'j>> {
    let present = object.members().iter().filter(|(_, value)| !value.is_null());
    present.map(|(name, value)| KeyValue::new(&**name, any_value(value)))
}

/// OTLP's `AnyValue` (`{"intValue": "1"}`), or the JSON itself.
pub(super) fn any_value<'j>(value: &'j Json<'_>) -> AnyValue<'j> {
    let [(kind, inner)] = value.members() else { return value.value() };
    match &**kind {
        "stringValue" | "string_value" => AnyValue::from(inner.text()),
        "boolValue" | "bool_value" => inner.bool().map_or_else(|| inner.value(), AnyValue::Bool),
        "intValue" | "int_value" => inner.i64().map_or_else(|| inner.value(), AnyValue::Int),
        "doubleValue" | "double_value" => inner.f64().map_or_else(|| inner.value(), AnyValue::Double),
        "bytesValue" | "bytes_value" => match decode_base64(inner.str()) {
            Some(bytes) => AnyValue::Bytes(Cow::Owned(bytes)),
            None => inner.value(),
        },
        // Values nest no deeper than the record they stand in.
        "arrayValue" | "array_value" => {
            AnyValue::Array(inner.get("values").elements().iter().map(any_value).collect())
        }
        "kvlistValue" | "kvlist_value" => AnyValue::Map(attributes(inner.get("values")).unwrap_or_default()),
        _ => value.value(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let mut notes = Notes::default();
        let expected =
            expected.map(|json| Json::parse(json, &mut notes).unwrap_or_default().value().into_owned());
        let text = Json::Str(Cow::Borrowed(text));
        assert_eq!(open(&text).map(|json| json.value().into_owned()), expected);
    }

    #[test]
    fn texts() {
        check(r#"{"a": [1]}"#, Some(r#"{"a": [1]}"#));
        check("{'a':'b','c':'it\\'s ''so'''}", Some(r#"{"a": "b", "c": "it's 'so'"}"#));
        check("['a', 'b\\n']", Some(r#"["a", "b\n"]"#));
        check("[{'k':'v'},{}]", Some(r#"[{"k": "v"}, {}]"#));
        check("[1,NULL,true,('x',2)]", Some(r#"[1, null, true, ["x", 2]]"#));
        check("[]", Some("[]"));
        check("plain", None);
        check("{'a':'b'", None);
        check("{'a'}", None);
        check("['a' 'b']", None);
        check(&"[".repeat(100_000), None);
    }

    #[test]
    fn lists_of_attributes() {
        let check = |text: &str, expected: Option<&[(&str, AnyValue<'static>)]>| {
            let mut notes = Notes::default();
            let json = Json::parse(text, &mut notes).unwrap_or_default();
            let expected: Option<Vec<_>> = expected.map(|list| {
                list.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), value.clone())).collect()
            });
            assert_eq!(attributes(&json), expected, "{text}");
        };
        check(r#"{"a": 1, "b": null}"#, Some(&[("a", 1.into())]));
        check(r#"{"attributes": {"a": true}}"#, Some(&[("a", true.into())]));
        check(r#"[{"key": "a", "value": {"intValue": "7"}}]"#, Some(&[("a", 7.into())]));
        check(r#"[{"key": "a", "type": "string", "value": "x"}]"#, Some(&[("a", "x".into())]));
        check(r#"[{"a": "x"}, {"b": "y"}]"#, Some(&[("a", "x".into()), ("b", "y".into())]));
        check(r#"["a"]"#, None);
        check("7", None);
    }
}
