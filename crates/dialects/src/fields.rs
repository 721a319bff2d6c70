//! What several formats do with the fields of a record.

use std::borrow::Cow;

use otel::{AnyValue, KeyValue, Severity, SpanKind};

use crate::json::Json;

/// Adds an attribute, unless there is nothing in it or the key is taken.
pub(super) fn put<'t>(
    attributes: &mut Vec<KeyValue<'t>>,
    key: impl Into<Cow<'t, str>>,
    value: impl Into<AnyValue<'t>>,
) {
    let (key, value) = (key.into(), value.into());
    let is_nothing = match &value {
        AnyValue::Empty => true,
        AnyValue::Str(text) => text.is_empty(),
        _ => false,
    };
    if !is_nothing && !attributes.iter().any(|known| known.key == key) {
        attributes.push(KeyValue { key, value });
    }
}

/// Adds the members of an object, those of objects in it with dots between the names.
pub(super) fn flatten<'t>(attributes: &mut Vec<KeyValue<'t>>, prefix: &str, object: &'t Json<'_>) {
    for (name, value) in object.members() {
        let key = if prefix.is_empty() { Cow::Borrowed(&**name) } else { format!("{prefix}.{name}").into() };
        match value {
            Json::Object(_) => flatten(attributes, &key, value),
            _ => put(attributes, key, value.value()),
        }
    }
}

/// A span's kind by its name in any spelling: `server`, `SERVER`, `SPAN_KIND_SERVER`, `SpanKind.SERVER`.
pub(super) fn kind(text: &str) -> Option<SpanKind> {
    let name = text.rsplit(['_', '.']).next().unwrap_or(text);
    [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer]
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name))
}

/// How grave a log record is, by the words loggers have for it.
pub(super) fn severity(word: &str) -> Severity {
    let number = match word.to_ascii_lowercase().as_str() {
        "trace" | "verbose" => 1,
        "debug" => 5,
        "info" | "information" | "informational" | "log" => 9,
        "notice" => 10,
        "warn" | "warning" => 13,
        "error" | "err" => 17,
        "critical" | "alert" | "crit" => 18,
        "fatal" | "emergency" | "panic" => 21,
        _ => 0,
    };
    Severity::from_number(number).unwrap_or_default()
}

/// Adds `name` with the value of `alias`, for each of `(alias, name)` that is there: what a format's own fields mean.
pub(super) fn rename(attributes: &mut Vec<KeyValue<'_>>, aliases: &[(&'static str, &'static str)]) {
    for (alias, name) in aliases {
        let Some(found) = attributes.iter().find(|known| known.key == *alias) else { continue };
        let value = match &found.value {
            AnyValue::Str(text) if matches!(*name, "http.response.status_code" | "server.port") => {
                text.parse().map_or_else(|_| found.value.clone(), AnyValue::Int)
            }
            AnyValue::Str(text) if *name == "url.scheme" => text.trim_end_matches(':').to_owned().into(),
            AnyValue::Str(text) if *name == "url.query" => text.trim_start_matches('?').to_owned().into(),
            AnyValue::Array(values) if *name == "user_agent.original" => {
                values.first().cloned().unwrap_or_default()
            }
            value => value.clone(),
        };
        put(attributes, *name, value);
    }
}

/// The attributes of an exception (OpenTelemetry's semantic conventions for exceptions).
pub(super) fn exception<'t>(
    kind: impl Into<AnyValue<'t>>,
    message: impl Into<AnyValue<'t>>,
    stacktrace: impl Into<AnyValue<'t>>,
) -> Vec<KeyValue<'t>> {
    let mut attributes = Vec::new();
    put(&mut attributes, "exception.type", kind);
    put(&mut attributes, "exception.message", message);
    put(&mut attributes, "exception.stacktrace", stacktrace);
    attributes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for text in ["client", "CLIENT", "SPAN_KIND_CLIENT", "SpanKind.CLIENT", "Client"] {
            assert_eq!(kind(text), Some(SpanKind::Client), "{text}");
        }
        assert_eq!(kind(""), None);
        assert_eq!(kind("web"), None);
    }
}
