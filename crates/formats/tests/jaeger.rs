//! Jaeger's JSON in its shapes and spellings.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Jaeger JSON")]));
}

#[test]
fn an_answer_of_the_api() {
    check(
        r#"{"data": [{"traceID": "1", "spans": [{
            "traceID": "1", "spanID": "b", "flags": 1, "operationName": "get",
            "references": [{"refType": "CHILD_OF", "traceID": "1", "spanID": "a"}],
            "startTime": 1509533706521220, "duration": 1173,
            "tags": [
                {"key": "span.kind", "type": "string", "value": "client"},
                {"key": "error", "type": "bool", "value": true},
                {"key": "otel.scope.name", "type": "string", "value": "http"},
                {"key": "otel.status_description", "type": "string", "value": "timed out"},
                {"key": "retries", "type": "int64", "value": 2},
                {"key": "big", "type": "int64", "value": "9007199254740993"},
                {"key": "share", "type": "float64", "value": 1},
                {"key": "raw", "type": "binary", "value": "AAE="}
            ],
            "logs": [{"timestamp": 1509533706521221, "fields": [
                {"key": "event", "type": "string", "value": "cache miss"},
                {"key": "size", "type": "int64", "value": 3}
            ]}],
            "processID": "p1", "warnings": ["clock skew"]
        }], "processes": {"p1": {"serviceName": "cart", "tags": [
            {"key": "hostname", "type": "string", "value": "h"}
        ]}}, "warnings": null}], "total": 0, "limit": 0, "offset": 0, "errors": null}"#,
        "service.name=\"cart\" hostname=\"h\" / http / 1:b in:a \"get\" client \
         1509533706521220000..1509533706522393000 flags:1 retries=2 big=9007199254740993 share=1.0 raw=[00, 01] \
         jaeger.warning=\"clock skew\" event(1509533706521221000 \"cache miss\" size=3) Error(timed out)",
    );
}

#[test]
fn names_of_processes_are_those_of_one_trace() {
    let trace = |id: u8, service: &str, processes_first: bool| {
        let spans = format!(
            r#""spans": [{{"spanID": "{id}", "operationName": "o", "references": [], "processID": "p1"}}]"#
        );
        let processes = format!(r#""processes": {{"p1": {{"serviceName": "{service}"}}}}"#);
        let (a, b) = if processes_first { (processes, spans) } else { (spans, processes) };
        format!(r"{{{a}, {b}}}")
    };
    let expected = "service.name=\"one\" /  / -:1 \"o\" unspecified 0..0\nservice.name=\"two\" /  / -:2 \"o\" unspecified 0..0";
    for first in [true, false] {
        let (one, two) = (trace(1, "one", first), trace(2, "two", first));
        check(&format!(r#"{{"data": [{one}, {two}]}}"#), expected);
        check(&format!("[{one}, {two}]"), expected);
        check(&format!("{one}\n{two}"), expected);
    }
}

#[test]
fn the_first_reference_within_the_trace_is_the_parent() {
    let span = |references: &str| {
        format!(
            r#"{{"spans": [{{"traceID": "1", "spanID": "2", "operationName": "o", "references": [{references}]}}], "processes": {{}}}}"#
        )
    };
    let reference = |kind: &str, trace: u8, span: u8| {
        format!(r#"{{"refType": "{kind}", "traceID": "{trace}", "spanID": "{span}"}}"#)
    };
    let start = "? /  / 1:2";
    let check = |references: &[String], expected: &str| {
        check(&span(&references.join(",")), &format!("{start}{expected}"));
    };
    let (child, follows) = (
        |trace, span| reference("CHILD_OF", trace, span),
        |trace, span| reference("FOLLOWS_FROM", trace, span),
    );
    check(&[], " \"o\" unspecified 0..0");
    check(&[follows(1, 3)], " in:3 \"o\" unspecified 0..0");
    check(
        &[follows(1, 3), child(1, 4)],
        " in:4 \"o\" unspecified 0..0 link(1:3 opentracing.ref_type=\"follows_from\")",
    );
    check(&[child(9, 3)], " \"o\" unspecified 0..0 link(9:3 opentracing.ref_type=\"child_of\")");
}

#[test]
fn the_json_of_a_batch() {
    check(
        r#"{"process": {"serviceName": "s", "tags": [{"key": "k", "vType": "INT64", "vInt64": "7"}]}, "spans": [{
            "traceId": "AAAAAAAAAAAAAAAAAAAAAQ==", "spanId": "AAAAAAAAAAI=", "operationName": "o",
            "references": [], "startTime": "2017-01-26T21:46:31.639875Z", "duration": "0.022938s",
            "tags": [{"key": "t", "vStr": "x"}, {"key": "no", "vType": "BOOL"}]
        }]}"#,
        "service.name=\"s\" k=7 /  / 1:2 \"o\" unspecified 1485467191639875000..1485467191662813000 t=\"x\" no=false",
    );
}
