//! What OTLP/HTTP says about the JSON of traces, to the letter: stricter than any Collector, which ignores what it does
//! not know.

use data_encoding::BASE64;
use formats::Decoder;
use otel::{Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};
use serde_json::Value;

/// What stands at a place.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Any string.
    Text,
    /// A string that says something.
    Name,
    /// So many hexadecimal digits, not all zero.
    Hex(usize),
    /// A number of 32 bits that is not zero: zero is left out.
    Count,
    /// A number up to this.
    Enum(u64),
    /// Nanoseconds since 1970, as a decimal string.
    Time,
    /// The fields that an object may have, and whether it must.
    Object(&'static [(&'static str, bool, Self)]),
    /// One or more of them: what is empty is left out.
    List(&'static Self),
    /// `AnyValue`.
    Value,
}

use Shape::{Count, Enum, Hex, List, Name, Object, Text, Time};

const ATTRIBUTES: Shape = List(&Object(&[("key", true, Name), ("value", true, Shape::Value)]));
const DROPPED: (&str, bool, Shape) = ("droppedAttributesCount", false, Count);

const EVENT: Shape =
    Object(&[("timeUnixNano", true, Time), ("name", true, Name), ("attributes", false, ATTRIBUTES), DROPPED]);

const LINK: Shape = Object(&[
    ("traceId", true, Hex(32)),
    ("spanId", true, Hex(16)),
    ("traceState", false, Text),
    ("flags", false, Count),
    ("attributes", false, ATTRIBUTES),
    DROPPED,
]);

const SPAN: Shape = Object(&[
    ("traceId", true, Hex(32)),
    ("spanId", true, Hex(16)),
    ("parentSpanId", false, Hex(16)),
    ("traceState", false, Text),
    ("flags", false, Count),
    ("name", true, Name),
    ("kind", true, Enum(5)),
    ("startTimeUnixNano", true, Time),
    ("endTimeUnixNano", true, Time),
    ("attributes", false, ATTRIBUTES),
    DROPPED,
    ("events", false, List(&EVENT)),
    ("droppedEventsCount", false, Count),
    ("links", false, List(&LINK)),
    ("droppedLinksCount", false, Count),
    ("status", false, Object(&[("code", false, Enum(2)), ("message", false, Text)])),
]);

const REQUEST: Shape = Object(&[(
    "resourceSpans",
    true,
    List(&Object(&[
        ("resource", true, Object(&[("attributes", true, ATTRIBUTES)])),
        (
            "scopeSpans",
            true,
            List(&Object(&[
                ("scope", true, Object(&[("name", true, Name), ("version", true, Name)])),
                ("spans", true, List(&SPAN)),
                ("schemaUrl", false, Name),
            ])),
        ),
        ("schemaUrl", false, Name),
    ])),
)]);

/// What is wrong with the body of a request to `/v1/traces`: nothing, if it is right. The crate `formats` has to agree.
pub fn complaints(body: &[u8]) -> Vec<String> {
    let mut complaints = Vec::new();
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => check(&value, REQUEST, "body", &mut complaints),
        Err(error) => complaints.push(format!("not JSON: {error}")),
    }
    let mut warnings = Warnings(Vec::new());
    let mut decoder = Decoder::new();
    let decoded = decoder.push(body, &mut warnings).and_then(|()| decoder.finish(&mut warnings));
    if let Err(refusal) = decoded {
        complaints.push(format!("not decoded: {refusal}"));
    }
    complaints.extend(warnings.0);
    complaints
}

fn check(value: &Value, shape: Shape, place: &str, complaints: &mut Vec<String>) {
    let text = value.as_str();
    let fits = match shape {
        Text => text.is_some(),
        Name => text.is_some_and(|it| !it.is_empty()),
        Hex(digits) => text.is_some_and(|it| {
            it.len() == digits
                && it.bytes().all(|byte| byte.is_ascii_hexdigit())
                && it.bytes().any(|byte| byte != b'0')
        }),
        Count => value.as_u64().is_some_and(|it| (1..=u64::from(u32::MAX)).contains(&it)),
        Enum(most) => value.as_u64().is_some_and(|it| it <= most),
        Time => text.is_some_and(|it| it.parse::<u64>().is_ok_and(|it| it > 0)),
        Object(fields) => return check_object(value, fields, place, complaints),
        List(shape) => {
            let Some(list) = value.as_array().filter(|list| !list.is_empty()) else {
                return complaints.push(format!("{place} is {value}, not a list of something"));
            };
            for (index, item) in list.iter().enumerate() {
                check(item, *shape, &format!("{place}[{index}]"), complaints);
            }
            return;
        }
        Shape::Value => return check_value(value, place, complaints),
    };
    if !fits {
        complaints.push(format!("{place} is {value}, not {shape:?}"));
    }
}

fn check_object(value: &Value, fields: &[(&str, bool, Shape)], place: &str, complaints: &mut Vec<String>) {
    let Some(object) = value.as_object() else {
        return complaints.push(format!("{place} is {value}, not an object"));
    };
    for (name, value) in object {
        match fields.iter().find(|(known, ..)| known == name) {
            Some(&(_, _, shape)) => check(value, shape, &format!("{place}.{name}"), complaints),
            None => complaints.push(format!("{place} has {name}, which OTLP does not know")),
        }
    }
    let missing = fields.iter().filter(|(name, must, _)| *must && !object.contains_key(*name));
    complaints.extend(missing.map(|(name, ..)| format!("{place} has no {name}")));
    let time = |name| object.get(name).and_then(Value::as_str).and_then(|it| it.parse::<u64>().ok());
    if time("endTimeUnixNano") < time("startTimeUnixNano") {
        complaints.push(format!("{place} ends before it starts"));
    }
}

/// Values nest no deeper than the parser of the body allows.
fn check_value(value: &Value, place: &str, complaints: &mut Vec<String>) {
    const NESTED: Shape = Object(&[("values", false, List(&Shape::Value))]);
    const MAP: Shape = Object(&[("values", false, ATTRIBUTES)]);
    let fields: Vec<_> = value.as_object().into_iter().flatten().collect();
    let fits = match fields.as_slice() {
        // A value that is none.
        [] => value.is_object(),
        [(kind, it)] => match kind.as_str() {
            "stringValue" => it.is_string(),
            "boolValue" => it.is_boolean(),
            "intValue" => it.as_str().is_some_and(|it| it.parse::<i64>().is_ok()),
            "doubleValue" => it.is_number() || matches!(it.as_str(), Some("NaN" | "Infinity" | "-Infinity")),
            "bytesValue" => it.as_str().is_some_and(|it| BASE64.decode(it.as_bytes()).is_ok()),
            "arrayValue" => return check(it, NESTED, place, complaints),
            "kvlistValue" => return check(it, MAP, place, complaints),
            _ => false,
        },
        _ => false,
    };
    if !fits {
        complaints.push(format!("{place} is {value}, not an AnyValue"));
    }
}

/// What `formats` finds odd.
struct Warnings(Vec<String>);

impl SpanSink for Warnings {
    fn open_resource(&mut self) -> ResourceRef {
        ResourceRef(0)
    }
    fn close_resource(&mut self, _: ResourceRef, _: &Resource<'_>) {}
    fn open_scope(&mut self) -> ScopeRef {
        ScopeRef(0)
    }
    fn close_scope(&mut self, _: ScopeRef, _: &Scope<'_>) {}
    fn span(&mut self, _: ResourceRef, _: ScopeRef, _: &SpanRow<'_>) {}
    fn warn(&mut self, warning: Warning) {
        self.0.push(format!("decoded, but {}", warning.kind.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::complaints;

    const SPAN: &str = r#""traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"0102030405060708","name":"n","kind":1,
        "startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000000001""#;

    /// What is said of a body with this span.
    fn check(span: &str, expected: &[&str]) {
        let body = format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"s"}}}}]}},
            "scopeSpans":[{{"scope":{{"name":"s","version":"1"}},"spans":[{span}]}}]}}]}}"#
        );
        let said = complaints(body.as_bytes());
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (said, expected) in said.iter().zip(expected) {
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn right() {
        check(&format!("{{{SPAN}}}"), &[]);
        let attribute = |value: &str| format!(r#"{{{SPAN},"attributes":[{{"key":"k","value":{value}}}]}}"#);
        check(&attribute(r#"{"intValue":"-5"}"#), &[]);
        check(&attribute(r#"{"doubleValue":"NaN"}"#), &[]);
        check(&attribute(r#"{"arrayValue":{"values":[{"boolValue":true},{}]}}"#), &[]);
        check(&format!(r#"{{{SPAN},"status":{{"code":2,"message":"m"}},"flags":257}}"#), &[]);
    }

    #[test]
    fn wrong() {
        check("", &["spans is [], not a list", "not decoded"]);
        check(&format!(r#"{{{SPAN},"flags":0}}"#), &["flags is 0"]);
        check(&format!(r#"{{{SPAN},"events":[]}}"#), &["events is []"]);
        check(&format!(r#"{{{SPAN},"trace_state":""}}"#), &["trace_state, which OTLP does not know"]);
        check(&format!(r#"{{{SPAN},"droppedEventsCount":"1"}}"#), &["droppedEventsCount is \"1\""]);
        check(
            &format!(r#"{{{SPAN},"attributes":[{{"key":"k","value":{{"intValue":5}}}}]}}"#),
            &["not an AnyValue"],
        );
        check(&format!("{{{}}}", SPAN.replace("\"kind\":1,", "")), &["has no kind"]);
        check(&format!("{{{}}}", SPAN.replace("\"kind\":1", "\"kind\":\"SPAN_KIND_SERVER\"")), &["kind is"]);
        check(
            &format!("{{{}}}", SPAN.replace("0001\"", "0000\"").replace("00\",\"end", "01\",\"end")),
            &["ends before"],
        );
    }
}
