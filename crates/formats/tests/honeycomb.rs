//! Honeycomb's events and rows.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Honeycomb")]));
}

#[test]
fn events_of_a_batch() {
    check(
        r#"[
            {"time": "2022-11-11T04:48:28Z", "data": {"trace.trace_id": "1", "trace.parent_id": "2", "name": "e", "meta.annotation_type": "span_event", "n": 3}},
            {"time": "2022-11-11T04:48:27.5Z", "samplerate": 1, "data": {"trace.trace_id": "1", "trace.span_id": "2", "trace.parent_id": "4",
                "service.name": "shop", "name": "GET", "duration_ms": 1.5, "span.kind": "server", "error": true, "status_message": "no", "http.path": "/a"}},
            {"time": "2022-11-11T04:48:28Z", "data": {"trace.trace_id": "1", "trace.parent_id": "2", "trace.link.trace_id": "5", "trace.link.span_id": "6", "meta.annotation_type": "link"}}
        ]"#,
        "service.name=\"shop\" /  / 1:2 in:4 \"GET\" server 1668142107500000000..1668142107501500000 \
         error=true http.path=\"/a\" url.path=\"/a\" event(1668142108000000000 \"e\" n=3) link(5:6) Error(no)",
    );
}

#[test]
fn a_row_a_line() {
    check(
        r#"{"timestamp": "2022-11-11T04:48:27Z", "trace.trace_id": "1", "trace.span_id": "2", "service_name": "s", "name": "a", "duration_ms": 1}
        {"Timestamp": 1668142107000, "trace.trace_id": "1", "trace.span_id": "3", "trace.parent_id": "2", "name": "b", "duration_ms": "2", "error": "boom"}"#,
        "service.name=\"s\" /  / 1:2 \"a\" unspecified 1668142107000000000..1668142107001000000\n\
          \x20/  / 1:3 in:2 \"b\" unspecified 1668142107000000000..1668142107002000000 error=\"boom\" Error()",
    );
}

#[test]
fn the_result_of_a_query() {
    check(
        r#"{"query": {"limit": 10}, "data": {"results": [{"data": {"trace.trace_id": "1", "trace.span_id": "2", "name": "a", "duration_ms": 1, "time": 1668142107}}]}}"#,
        " /  / 1:2 \"a\" unspecified 1668142107000000000..1668142107001000000",
    );
}
