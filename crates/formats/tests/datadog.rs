//! Datadog's spans in the shapes they are sent and exported in.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Datadog JSON")]));
}

#[test]
fn what_a_tracer_sends() {
    check(
        r#"[[{
            "service": "shop", "name": "web.request", "resource": "GET /cart", "type": "web",
            "trace_id": 7277407061855694839, "span_id": 2, "parent_id": 1,
            "start": 1777483950448835886, "duration": 13373958, "error": 1,
            "meta": {
                "_dd.p.tid": "69f240ae00000000", "env": "prod", "version": "1.2", "language": "go", "runtime-id": "r",
                "http.status_code": "500", "http.useragent": "curl", "error.type": "E", "error.message": "no",
                "_dd.span_links": "[{\"trace_id\": \"69de5306000000004a6e4011fe07bb1e\", \"span_id\": \"e136c610a3de7ef1\", \"attributes\": {\"k\": \"v\"}, \"flags\": 1}]",
                "events": "[{\"name\": \"retry\", \"time_unix_nano\": 1777483950448835887, \"attributes\": {\"n\": 2}}]"
            },
            "metrics": {"_sampling_priority_v1": 1, "process_id": 42.0},
            "meta_struct": {"m": {"a": true}},
            "span_links": [{"trace_id": 5, "trace_id_high": 1, "span_id": 6, "tracestate": "dd=s:1"}],
            "span_events": [{"name": "e", "time_unix_nano": 9, "attributes": {"i": {"type": 2, "int_value": 3}}}]
        }]]"#,
        "service.name=\"shop\" deployment.environment.name=\"prod\" service.version=\"1.2\" \
         telemetry.sdk.language=\"go\" service.instance.id=\"r\" process.pid=42 /  / \
         69f240ae0000000064fe8b2a57d3eff7:2 in:1 \"web.request\" server 1777483950448835886..1777483950462209844 \
         dd.span.Resource=\"GET /cart\" span.type=\"web\" env=\"prod\" version=\"1.2\" language=\"go\" runtime-id=\"r\" \
         http.status_code=\"500\" http.useragent=\"curl\" error.type=\"E\" error.message=\"no\" \
         _sampling_priority_v1=1 process_id=42.0 m={a=true} user_agent.original=\"curl\" \
         event(1777483950462209844 \"exception\" exception.type=\"E\" exception.message=\"no\") \
         event(9 \"e\" i=3) event(1777483950448835887 \"retry\" n=2) \
         link(10000000000000005:6 state:dd=s:1) \
         link(69de5306000000004a6e4011fe07bb1e:e136c610a3de7ef1 k=\"v\" flags:1) Error(no)",
    );
}

fn span(trace: &str, id: u8, meta: &str) -> String {
    format!(
        r#"{{"service": "s", "name": "n", "trace_id": {trace}, "span_id": {id}, "parent_id": 0, "start": 1, "duration": 1, "meta": {{{meta}}}}}"#
    )
}

#[test]
fn one_span_of_a_chunk_tells_the_upper_half_of_all_trace_ids() {
    let upper = r#""_dd.p.tid": "a""#;
    let line = |trace: &str, id: u8| {
        format!("service.name=\"s\" /  / {trace}:{id} \"n\" unspecified 1000000000..2000000000")
    };
    let expected = [line("a0000000000000007", 1), line("a0000000000000007", 2)].join("\n");
    for (first, second) in [(upper, ""), ("", upper)] {
        let (one, two) = (span("7", 1, first), span("\"7\"", 2, second));
        check(&format!("[[{one}, {two}]]"), &expected);
        check(&format!("{{\"traces\": [[{one}], [{two}]]}}"), &{
            // A chunk that does not tell is one of 64 bits.
            if first.is_empty() {
                [line("7", 1), line("a0000000000000007", 2)].join("\n")
            } else {
                expected.clone()
            }
        });
        check(&format!("{one}\n{two}"), &expected);
        check(&format!(r#"{{"trace": {{"root_id": "1", "spans": {{"1": {one}, "2": {two}}}}}}}"#), &expected);
        check(&format!(r#"{{"chunks": [{{"priority": 1, "spans": [{one}, {two}]}}]}}"#), &expected);
    }
    // Test snapshots count traces from zero.
    check(
        &format!("[[{}], [{}]]", span("0", 1, ""), span("0", 2, "")),
        &[line("10000000000000000", 1), line("20000000000000000", 2)].join("\n"),
    );
}

#[test]
fn the_process_of_a_payload() {
    check(
        &format!(
            r#"{{"tracerPayloads": [{{"containerID": "c", "languageName": "go", "env": "", "chunks": [{{"spans": [{}]}}]}}]}}"#,
            span("-1", 1, "")
        ),
        "service.name=\"s\" container.id=\"c\" telemetry.sdk.language=\"go\" /  / ffffffffffffffff:1 \"n\" unspecified \
         1000000000..2000000000",
    );
}

#[test]
fn the_search_of_spans() {
    check(
        r#"{"data": [{"id": "x", "type": "spans", "attributes": {
            "service": "shop", "operation_name": "web.request", "resource_name": "GET /", "type": "web",
            "trace_id": "69f240ae000000000000000000000007", "span_id": "11", "parent_id": "0", "env": "prod", "host": "h",
            "start_timestamp": "2023-01-01T00:00:00.5Z", "end_timestamp": "2023-01-01T00:00:01Z",
            "custom": {"duration": 500000001, "http": {"status_code": 500}, "error": {"message": "no", "type": "E"}},
            "tags": ["a:b"]
        }}], "meta": {"elapsed": 1}}"#,
        "service.name=\"shop\" deployment.environment.name=\"prod\" host.name=\"h\" /  / \
         69f240ae000000000000000000000007:b \"web.request\" server 1672531200500000000..1672531201000000001 \
         dd.span.Resource=\"GET /\" span.type=\"web\" duration=500000001 http.status_code=500 error.message=\"no\" \
         error.type=\"E\" tags=[\"a:b\"] \
         event(1672531201000000001 \"exception\" exception.type=\"E\" exception.message=\"no\") Error(no)",
    );
}

#[test]
fn times_in_seconds() {
    check(
        r#"{"trace": {"spans": {"9": {"trace_id": "1", "span_id": "9", "parent_id": "0", "name": "n", "service": "s",
            "start": 1777483950.448835886, "duration": 0.001, "end": 1777483950.449835886}}}}"#,
        "service.name=\"s\" /  / 1:9 \"n\" unspecified 1777483950448835886..1777483950449835886",
    );
}
