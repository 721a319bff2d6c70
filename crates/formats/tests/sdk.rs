//! Spans as the SDKs of Go, JavaScript and Python print them.

#[cfg(test)]
mod support;

use formats::Format;

#[track_caller]
fn check(format: &'static str, input: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other(format)]));
    assert_eq!(picture.lines().lines().map(str::trim).collect::<Vec<_>>(), expected);
}

#[track_caller]
fn go(input: &str, expected: &[&str]) {
    check("Go SDK spans", input, expected);
}

#[track_caller]
fn javascript(input: &str, expected: &[&str]) {
    check("JavaScript SDK spans", input, expected);
}

#[track_caller]
fn python(input: &str, expected: &[&str]) {
    check("Python SDK spans", input, expected);
}

#[test]
fn go_stdouttrace() {
    go(
        r#"{"Name": "get", "SpanContext": {"TraceID": "0f", "SpanID": "a1", "TraceFlags": "01", "TraceState": "k=v", "Remote": false},
            "Parent": {"TraceID": "0f", "SpanID": "a0", "TraceFlags": "01", "TraceState": "", "Remote": true}, "SpanKind": 3,
            "StartTime": "2023-11-14T22:13:20.000000001Z", "EndTime": "2023-11-14T23:13:20.5+01:00",
            "Attributes": [{"Key": "n", "Value": {"Type": "INT64", "Value": 7}},
                           {"Key": "share", "Value": {"Type": "FLOAT64", "Value": 1}},
                           {"Key": "list", "Value": {"Type": "STRINGSLICE", "Value": ["a", "b"]}}],
            "Events": [{"Name": "e", "Attributes": [{"Key": "b", "Value": {"Type": "BOOL", "Value": true}}],
                        "DroppedAttributeCount": 2, "Time": "2023-11-14T22:13:20.1Z"}],
            "Links": [{"SpanContext": {"TraceID": "0e", "SpanID": "8", "TraceFlags": "01", "TraceState": "s=t"},
                       "Attributes": null, "DroppedAttributeCount": 1}],
            "Status": {"Code": "Error", "Description": "bad"}, "DroppedAttributes": 1, "DroppedEvents": 2, "DroppedLinks": 3,
            "Resource": [{"Key": "service.name", "Value": {"Type": "STRING", "Value": "cart"}}],
            "InstrumentationScope": {"Name": "lib", "Version": "1.2", "SchemaURL": "s"}}"#,
        &["service.name=\"cart\" / lib version:1.2 schema:s / f:a1 in:a0 \"get\" client \
           1700000000000000001..1700000000500000000 state:k=v flags:1 n=7 share=1.0 list=[\"a\" \"b\"] \
           event(1700000000100000000 \"e\" b=true dropped:2) link(e:8 state:s=t flags:1 dropped:1) dropped:(1, 2, 3) Error(bad)"],
    );
}

#[test]
fn go_counts_status_differently() {
    let check = |status: &str, expected: &str| {
        go(
            &format!(
                r#"[{{"Name": "a", "SpanContext": {{"TraceID": "1", "SpanID": "2"}}, "Parent": {{"SpanID": "0000000000000000"}},
                    "StartTime": "2023-11-14T22:13:20Z", "EndTime": "0001-01-01T00:00:00Z", "Status": {status}}}]"#
            ),
            &[&format!("/  / 1:2 \"a\" unspecified 1700000000000000000..0{expected}")],
        );
    };
    check(r#"{"Code": 0}"#, "");
    check(r#"{"Code": 1, "Description": "m"}"#, " Error(m)");
    check(r#"{"Code": 2}"#, " Ok()");
    check(r#"{"Code": "Unset"}"#, "");
    check(r#"{"Code": "Ok"}"#, " Ok()");
    check("null", "");
}

#[test]
fn javascript_readable_spans() {
    javascript(
        r#"[{"name": "get", "kind": 2, "spanContext": {"traceId": "0f", "spanId": "a1", "traceFlags": 1},
            "parentSpanContext": {"traceId": "0f", "spanId": "a0"}, "startTime": [1700000000, 5], "endTime": [1700000001, 500000000],
            "status": {"code": 2, "message": "bad"}, "attributes": {"n": 7, "share": 1.5, "list": ["a"]},
            "links": [{"context": {"traceId": "0e", "spanId": "8", "traceFlags": 1}, "attributes": {"why": "x"}}],
            "events": [{"name": "e", "time": [1700000000, 6], "attributes": {"k": true}, "droppedAttributesCount": 2}],
            "duration": [1, 499999995], "resource": {"_attributes": {"service.name": "cart"}},
            "instrumentationScope": {"name": "lib", "version": "1.2"},
            "droppedAttributesCount": 1, "droppedEventsCount": 2, "droppedLinksCount": 3}]"#,
        &["service.name=\"cart\" / lib version:1.2 / f:a1 in:a0 \"get\" client \
           1700000000000000005..1700000001500000000 flags:1 n=7 share=1.5 list=[\"a\"] \
           event(1700000000000000006 \"e\" k=true dropped:2) link(e:8 why=\"x\" flags:1) dropped:(1, 2, 3) Error(bad)"],
    );
}

/// What its console exporter prints: microseconds.
#[test]
fn javascript_console() {
    javascript(
        r#"{"resource": {"attributes": {"service.name": "cart"}}, "instrumentationScope": {"name": "lib"}, "traceId": "0f",
            "parentId": "a0", "name": "get", "id": "a1", "kind": 0, "timestamp": 1700000000000001, "duration": 2.5,
            "attributes": {}, "status": {"code": 1}, "events": [], "links": []}"#,
        &[
            "service.name=\"cart\" / lib / f:a1 in:a0 \"get\" internal 1700000000000001000..1700000000000003500 Ok()",
        ],
    );
}

#[test]
fn javascript_without_an_end() {
    javascript(
        r#"{"name": "a", "_spanContext": {"traceId": "1", "spanId": "2"}, "parentSpanId": "3", "startTime": [1, 2], "kind": 9}"#,
        &["/  / 1:2 in:3 \"a\" unspecified 1000000002..0"],
    );
}

#[test]
fn python_console() {
    python(
        r#"{"name": "get", "context": {"trace_id": "0x0f", "span_id": "0xa1", "trace_state": "[]"}, "kind": "SpanKind.CLIENT",
            "parent_id": "0xa0", "start_time": "2023-11-14T22:13:20.000001Z", "end_time": "2023-11-14T22:13:20.5Z",
            "status": {"status_code": "ERROR", "description": "bad"}, "attributes": {"n": 7, "list": [1, 2]},
            "events": [{"name": "e", "timestamp": "2023-11-14T22:13:20.1Z", "attributes": {"k": "v"}}],
            "links": [{"context": {"trace_id": "0x0e", "span_id": "0x8", "trace_state": "[]"}, "attributes": {"why": "x"}}],
            "resource": {"attributes": {"service.name": "cart"}, "schema_url": "s"}}"#,
        &[
            "service.name=\"cart\" schema:s /  / f:a1 in:a0 \"get\" client 1700000000000001000..1700000000500000000 n=7 \
           list=[1 2] event(1700000000100000000 \"e\" k=\"v\") link(e:8 why=\"x\") Error(bad)",
        ],
    );
}

#[test]
fn python_status() {
    let check = |status: &str, expected: &str| {
        python(
            &format!(
                r#"{{"name": "a", "context": {{"trace_id": "0x1", "span_id": "0x2"}}, "parent_id": null, "kind": "SpanKind.SERVER", {status}}}"#
            ),
            &[&format!("/  / 1:2 \"a\" server 0..0{expected}")],
        );
    };
    check(r#""status": {"status_code": "UNSET"}"#, "");
    check(r#""status": {"status_code": "OK"}"#, " Ok()");
    check(r#""status": {"status_code": "StatusCode.ERROR", "description": "m"}"#, " Error(m)");
    // As Phoenix has it.
    check(
        r#""status_code": "ERROR", "status_message": "m", "span_kind": "LLM""#,
        " openinference.span.kind=\"LLM\" Error(m)",
    );
}

#[test]
fn what_is_no_span_is_counted() {
    let span = r#"{"Name": "a", "SpanContext": {"TraceID": "1", "SpanID": "2"}}"#;
    let (picture, outcome) = support::decode(format!("[{span}, {{}}, 7]").as_bytes());
    assert_eq!(outcome.map(|outcome| outcome.spans), Ok(1));
    assert_eq!(picture.lines().matches("skippedSpan").count(), 2);
}
