//! Google Cloud Trace, both versions.

#[cfg(test)]
mod support;

use formats::Format;

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().lines().collect::<Vec<_>>(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Google Cloud Trace JSON")]));
}

#[test]
fn version_1() {
    let trace = r#"{"projectId": "p", "traceId": "6ef9eae4acda422912f705b69539cec8", "spans": [
        {"spanId": "13616474711799465301", "kind": "RPC_CLIENT", "name": "/a", "startTime": "2015-09-03T16:40:00.841654024Z",
         "endTime": "2015-09-03T16:40:00.856599389Z", "labels": {"/http/status_code": "503", "g.co/gae/app/module": "web"}},
        {"spanId": "2", "parentSpanId": "13616474711799465301", "name": "b", "labels": {"/error/message": "gone"}}
    ]}"#;
    let expected = [
        "service.name=\"web\" gcp.project.id=\"p\" /  / 6ef9eae4acda422912f705b69539cec8:bcf76f9b71e58555 \"/a\" client \
         1441298400841654024..1441298400856599389 /http/status_code=\"503\" g.co/gae/app/module=\"web\" \
         http.response.status_code=503 Error()",
        "gcp.project.id=\"p\" /  / 6ef9eae4acda422912f705b69539cec8:2 in:bcf76f9b71e58555 \"b\" unspecified 0..0 \
         /error/message=\"gone\" Error(gone)",
    ];
    check(trace, &expected);
    check(&format!(r#"{{"traces": [{trace}], "nextPageToken": ""}}"#), &expected);
    check(&format!("[{trace}]"), &expected);
}

#[test]
fn version_2() {
    check(
        r#"{"spans": [{"name": "projects/p/traces/0a/spans/0b", "spanId": "0b", "parentSpanId": "0c",
            "displayName": {"value": "get", "truncatedByteCount": 0}, "spanKind": "SERVER",
            "startTime": "1970-01-01T00:00:01Z", "endTime": "1970-01-01T00:00:02Z",
            "attributes": {"attributeMap": {"/http/method": {"stringValue": {"value": "GET"}}, "n": {"intValue": "7"},
                "b": {"boolValue": true}, "service.name": {"stringValue": {"value": "web"}}}, "droppedAttributesCount": 2},
            "timeEvents": {"timeEvent": [{"time": "1970-01-01T00:00:01.5Z", "annotation": {"description": {"value": "miss"},
                "attributes": {"attributeMap": {"k": {"intValue": 1}}}}}], "droppedMessageEventsCount": 3},
            "links": {"link": [{"traceId": "0d", "spanId": "0e", "type": "PARENT_LINKED_SPAN"}]},
            "status": {"code": 5, "message": "gone"}}]}"#,
        &["service.name=\"web\" gcp.project.id=\"p\" /  / a:b in:c \"get\" server 1000000000..2000000000 \
           /http/method=\"GET\" n=7 b=true service.name=\"web\" http.request.method=\"GET\" \
           event(1500000000 \"miss\" k=1) link(d:e) dropped:(2, 3, 0) Error(gone)"],
    );
}
