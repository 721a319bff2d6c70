//! Rows that are spans, as JSON and as tables of text.

#[cfg(test)]
mod support;

use formats::{Format, SpanCsvWriter};
use otel::{
    AnyValue, KeyValue, Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink, StatusCode, TraceId, UnixNanos,
};
use proptest::prelude::*;

#[track_caller]
fn check_as(format: &'static str, input: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other(format)]));
    assert_eq!(picture.lines().lines().map(str::trim).collect::<Vec<_>>(), expected);
}

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    check_as("Rows of spans", input, expected);
}

#[track_caller]
fn check_csv(input: &str, expected: &[&str]) {
    check_as("CSV", input, expected);
}

/// A row of these members; what it says in a line, after `1:2`.
#[track_caller]
fn check_row(members: &str, expected: &str) {
    check(&format!(r#"{{"trace_id": "1", "span_id": "2", {members}}}"#), &[expected]);
}

#[test]
fn a_trace_exported_by_signoz() {
    check(
        r#"[{"span_id": "a", "parent_span_id": "", "name": "root", "kind": 1, "status_code": 0, "duration": "PT3.764059S",
             "offset_ms": 0, "resources": {"host.name": "h", "service.name": "frontend"}, "attributes": {"n": 99}},
            {"span_id": "b", "parent_span_id": "a", "name": "query", "kind": 3, "status_code": 2, "duration": "PT0.080000S",
             "offset_ms": 4, "resources": {"service.name": "db"}, "attributes": {}}]"#,
        &[
            "host.name=\"h\" service.name=\"frontend\" /  / a:a \"root\" internal 0..3764059000 n=99",
            "service.name=\"db\" /  / a:b in:a \"query\" client 4000000..84000000 Error()",
        ],
    );
}

#[test]
fn answers_of_signoz() {
    check(
        r#"{"result": [{"list": [{"timestamp": "1700000000000000000", "data": {
            "spanID": "a1", "traceID": "0f", "parentSpanID": "", "durationNano": "5200", "statusCode": 1, "name": "suite",
            "tagMap": {"rf.status": "PASS"}, "stringTagMap": {"service.name": "robot"}}}]}]}"#,
        &["service.name=\"robot\" /  / f:a1 \"suite\" unspecified 1700000000000000000..1700000000000005200 \
           rf.status=\"PASS\" service.name=\"robot\" Ok()"],
    );
    check(
        r#"{"status": "success", "data": {"startTimestampMillis": 1, "spans": [{
            "timestamp": 1700000000123, "durationNano": 1500, "spanId": "a1", "rootSpanId": "", "traceId": "0f",
            "hasError": true, "kind": 2, "serviceName": "cart", "name": "GET /",
            "references": [{"traceId": "0f", "spanId": "9", "refType": "CHILD_OF"},
                           {"traceId": "0e", "spanId": "8", "refType": "FOLLOWS_FROM"}],
            "tagMap": {"k": "v"},
            "event": ["{\"name\":\"exception\",\"timeUnixNano\":1700000000123000001,\"attributeMap\":{\"a\":\"b\"}}"],
            "statusMessage": "bad", "statusCodeString": "Error", "spanKind": "Server", "level": 0,
            "children": [{"timestamp": 1700000000124, "durationNano": 1, "spanId": "a2", "traceId": "0f",
                          "parentSpanId": "a1", "serviceName": "db", "name": "q", "children": []}]}]}}"#,
        &[
            "service.name=\"cart\" /  / f:a1 in:9 \"GET /\" server 1700000000123000000..1700000000123001500 k=\"v\" level=0 \
             event(1700000000123000001 \"exception\" a=\"b\") link(e:8 opentracing.ref_type=\"follows_from\") Error(bad)",
            "service.name=\"db\" /  / f:a2 in:a1 \"q\" unspecified 1700000000124000000..1700000000124000001",
        ],
    );
}

const CLICKHOUSE: &str = "service.name=\"cart\" host.name=\"h\" / lib version:1.2 / f:a1 in:a0 \"GET /\" server \
    1700000000123456789..1700000000123458289 state:k=v http.method=\"GET\" \
    event(1700000000123456790 \"it's\" n=\"1\") link(e:8 why=\"x\" state:s=t) Error(bad)";

#[test]
fn the_table_of_the_clickhouse_exporter() {
    check(
        r#"{"Timestamp":"2023-11-14 22:13:20.123456789","TraceId":"0f","SpanId":"a1","ParentSpanId":"a0","TraceState":"k=v",
            "SpanName":"GET /","SpanKind":"Server","ServiceName":"cart",
            "ResourceAttributes":{"service.name":"cart","host.name":"h"},"ScopeName":"lib","ScopeVersion":"1.2",
            "SpanAttributes":{"http.method":"GET"},"Duration":"1500","StatusCode":"Error","StatusMessage":"bad",
            "Events.Timestamp":["2023-11-14 22:13:20.123456790"],"Events.Name":["it's"],"Events.Attributes":[{"n":"1"}],
            "Links.TraceId":["0e"],"Links.SpanId":["8"],"Links.TraceState":["s=t"],"Links.Attributes":[{"why":"x"}]}"#,
        &[CLICKHOUSE],
    );
    let names = "Timestamp,TraceId,SpanId,ParentSpanId,TraceState,SpanName,SpanKind,ServiceName,ResourceAttributes,\
        ScopeName,ScopeVersion,SpanAttributes,Duration,StatusCode,StatusMessage,Events.Timestamp,Events.Name,\
        Events.Attributes,Links.TraceId,Links.SpanId,Links.TraceState,Links.Attributes";
    let row = r#""2023-11-14 22:13:20.123456789","0f","a1","a0","k=v","GET /","SPAN_KIND_SERVER","cart","{'service.name':'cart','host.name':'h'}","lib","1.2","{'http.method':'GET'}",1500,"STATUS_CODE_ERROR","bad","['2023-11-14 22:13:20.123456790']","['it\'s']","[{'n':'1'}]","['0e']","['8']","['s=t']","[{'why':'x'}]""#;
    check_csv(&format!("{names}\n{row}\n"), &[CLICKHOUSE]);
}

#[test]
fn answers_that_name_their_columns() {
    check(
        r#"{"meta": [{"name": "TraceId", "type": "String"}], "data": [
            {"TraceId": "1", "SpanId": "2", "SpanName": "a", "Timestamp": "2023-11-14 22:13:20", "Duration": 5}
           ], "rows": 1, "statistics": {"elapsed": 0.1}}"#,
        &["/  / 1:2 \"a\" unspecified 1700000000000000000..1700000000000000005"],
    );
}

#[test]
fn rows_of_other_stores() {
    // Axiom.
    check(
        r#"{"_time": "2023-11-14T22:13:20Z", "trace_id": "1", "span_id": "2", "parent_span_id": "3", "name": "n",
            "kind": "client", "duration": "12.5ms", "service.name": "s", "error": true, "status.code": "ERROR",
            "status.message": "m", "attributes.http.method": "GET", "attributes.custom": {"a": 1},
            "resource.host.name": "h", "resource.custom": {"b": 2}, "scope.name": "lib",
            "events": [{"name": "e", "timestamp": 1700000000000000001, "attributes": {"c": true}}]}"#,
        &["service.name=\"s\" host.name=\"h\" custom={b=2} / lib / 1:2 in:3 \"n\" client \
           1700000000000000000..1700000000012500000 http.method=\"GET\" a=1 event(1700000000000000001 \"e\" c=true) Error(m)"],
    );
    // Uptrace.
    check(
        r#"{"spans": [{"id": "2", "parentId": "3", "traceId": "1", "name": "n", "kind": "server", "time": 1700000000123.5,
            "duration": 2.25, "statusCode": "ok", "attrs": {"service.name": "s", "n": 1.5}}]}"#,
        &["service.name=\"s\" /  / 1:2 in:3 \"n\" server 1700000000123500000..1700000000125750000 \
           service.name=\"s\" n=1.5 Ok()"],
    );
    // BigQuery.
    check(
        r#"[{"trace_id":"1","span_id":"2","parent_span_id":null,"name":"n","start_time":"2023-11-14 22:13:20.5 UTC",
            "end_time":"2023-11-14 22:13:21 UTC","kind":"SPAN_KIND_SERVER","status":{"code":2,"message":"m"},
            "attributes":"{\"a\": [1, 2]}","resource":{"attributes":{"service.name":"s"}}}]"#,
        &[
            "service.name=\"s\" /  / 1:2 \"n\" server 1700000000500000000..1700000001000000000 a=[1 2] Error(m)",
        ],
    );
    // Spans of OTLP with nothing around them.
    check(
        r#"{"traceId":"1","spanId":"2","parentSpanId":"","name":"n","kind":3,"startTimeUnixNano":"5","endTimeUnixNano":"9",
            "attributes":[{"key":"a","value":{"intValue":"1"}},{"key":"b","value":{"arrayValue":{"values":[{"boolValue":true}]}}}],
            "droppedAttributesCount":1,"events":[{"timeUnixNano":"6","name":"e"}],"status":{}}"#,
        &["/  / 1:2 \"n\" client 5..9 a=1 b=[true] event(6 \"e\") dropped:(1, 0, 0)"],
    );
}

#[test]
fn times() {
    let check =
        |members: &str, times: &str| check_row(members, &format!("/  / 1:2 \"\" unspecified {times}"));
    check(r#""start": 1700000000, "duration": 2"#, "1700000000000000000..1700000002000000000");
    check(r#""start": 1700000000000, "duration": 2"#, "1700000000000000000..1700000000002000000");
    check(r#""start": 1700000000000000, "duration": 2"#, "1700000000000000000..1700000000000002000");
    check(r#""start": 1700000000000000000, "duration": 2"#, "1700000000000000000..1700000000000000002");
    check(r#""start_us": 7, "duration_ms": 0.5"#, "7000..507000");
    check(r#""start_us": 7, "duration": 3"#, "7000..10000");
    check(
        r#""startTime": "2023-11-14T22:13:20Z", "duration": 2"#,
        "1700000000000000000..1700000000000000002",
    );
    check(
        r#""startTime": "2023-11-14T22:13:20Z", "duration": 2.5"#,
        "1700000000000000000..1700000000002500000",
    );
    check(r#""start_ns": 5, "end_ns": 9, "duration_ms": 1"#, "5..9");
    check(r#""start_ns": 5, "duration": "1m2s""#, "5..62000000005");
    check(r#""start": {"seconds": "7", "nanos": 3}, "duration_ns": 1"#, "7000000003..7000000004");
    check(r#""start_time": 5, "timestamp": 9, "end": 7"#, "5000000000..7000000000 timestamp=9");
    check(r#""start": "soon", "duration": "long""#, "0..0");
}

#[test]
fn ids() {
    let check = |ids: &str, expected: &str| {
        check(
            &format!(r#"{{{ids}, "start_ns": 1, "end_ns": 2}}"#),
            &[&format!("/  / {expected} \"\" unspecified 1..2")],
        );
    };
    check(r#""trace.id": "1", "span.id": "2", "parent.id": "3""#, "1:2 in:3");
    check(r#""traceID": "0xA", "spanID": "0xb", "parentSpanID": "root""#, "a:b");
    check(r#""traceId": "projects/p/traces/0f", "spanId": "1", "parentId": null"#, "f:1");
    check(r#""traceId": 12, "spanId": 34, "parentId": 0"#, "c:22");
    check(
        r#""traceId": "123e4567-e89b-12d3-a456-426614174000", "spanId": "2""#,
        "123e4567e89b12d3a456426614174000:2",
    );
}

#[test]
fn kinds_and_status() {
    let check = |members: &str, kind: &str, rest: &str| {
        check_row(
            &format!(r#""start_ns": 1, "end_ns": 2, {members}"#),
            &format!("/  / 1:2 \"\" {kind} 1..2{rest}"),
        );
    };
    check(r#""kind": "SPAN_KIND_PRODUCER""#, "producer", "");
    check(r#""kind": 2"#, "server", "");
    check(r#""kind": "5""#, "consumer", "");
    check(r#""kind": "llm""#, "unspecified", " kind=\"llm\"");
    check(r#""status": "STATUS_CODE_OK""#, "unspecified", " Ok()");
    check(r#""status": {"code": "STATUS_CODE_ERROR", "message": "m"}"#, "unspecified", " Error(m)");
    check(r#""status": 404"#, "unspecified", " status=404");
    check(r#""error": "timed out""#, "unspecified", " error=\"timed out\" Error(timed out)");
    check(r#""error": false"#, "unspecified", "");
    check(r#""has_error": "true""#, "unspecified", " Error()");
}

#[test]
fn lines() {
    let row = |id: u8| format!(r#"{{"trace_id":"1","span_id":"{id}","start_ns":1,"end_ns":2}}"#);
    let expected = [1, 2].map(|id| format!("/  / 1:{id} \"\" unspecified 1..2"));
    check(&format!("{}\n{}\n", row(1), row(2)), &expected.each_ref().map(String::as_str));
}

#[test]
fn log_records_are_no_spans() {
    for text in [
        r#"{"time":"2023-11-14T22:13:20Z","level":"info","msg":"m","trace_id":"1","span_id":"2"}"#,
        "Timestamp,PodName,TraceID,SpanID,Log\n2023,p,1,2,x\n",
    ] {
        assert!(support::decode(text.as_bytes()).1.is_err(), "{text}");
    }
}

const NEZHA: &str =
    "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration";

#[test]
fn traces_of_nezha() {
    check_csv(
        &format!(
            "{NEZHA}\r\n0f,a1,root,frontend-579b9bff58-t2dbm,hipstershop.Frontend/Recv.,1661140374351773094,1661140374362982609,11209\r\n\
             0f,a2,a1,mongo-0,get,1661140374351773095,1661140374351773096,0\r\n"
        ),
        &[
            "service.name=\"frontend\" k8s.pod.name=\"frontend-579b9bff58-t2dbm\" /  / f:a1 \"hipstershop.Frontend/Recv.\" \
             unspecified 1661140374351773094..1661140374362982609",
            "service.name=\"mongo-0\" k8s.pod.name=\"mongo-0\" /  / f:a2 in:a1 \"get\" unspecified \
             1661140374351773095..1661140374351773096",
        ],
    );
}

#[test]
fn tables_in_other_dress() {
    let expected = ["service.name=\"s\" /  / 1:2 \"a b\" unspecified 5..7 n=7 code=\"007\""];
    check_csv(
        "\u{feff}\"trace_id\";\"span_id\";\"service\";\"name\";\"start_ns\";\"duration_ns\";\"n\";\"code\"\r\n1;2;s;a b;5;2;7;007",
        &expected,
    );
    check_csv(
        "trace_id\tspan_id\tservice\tname\tstart_ns\tduration_ns\tn\tcode\n1\t2\ts\ta b\t5\t2\t7\t007\n",
        &expected,
    );
    check_csv(
        "\n trace_id|span_id|service|name|start_ns|duration_ns|n|code\n1|2|s|a b|5|2|7|007\n",
        &expected,
    );
}

#[test]
fn quotes_and_line_breaks() {
    check_csv(
        "traceId,spanId,name,start_ns,duration_ns\r\n1,2,\"a \"\"b\"\"\r\nc, d\",5,2\r\n\r\n1,3,,5,2\r\n",
        &["/  / 1:2 \"a \\\"b\\\"\\r\\nc, d\" unspecified 5..7", "/  / 1:3 \"\" unspecified 5..7"],
    );
}

#[test]
fn rows_that_are_not_whole() {
    let names = "traceId,spanId,name,start_ns,duration_ns";
    // Too short, too long, longer by nothing, without ids, without anything.
    check_csv(
        &format!("{names}\n1,2,short\n1,3,long,5,2,more\n1,4,a,5,2,,\nx\n,,b\n,,c,5,2\n,,,,\n"),
        &[
            "/  / 1:2 \"short\" unspecified 0..0",
            "/  / 1:3 \"long\" unspecified 5..7",
            "/  / 1:4 \"a\" unspecified 5..7",
            "/  / -:0 \"c\" unspecified 5..7",
            "wrongType @41",
            "wrongType @51",
            "skippedSpan @81",
            "skippedSpan @83",
        ],
    );
    // A quote that does not close costs the rest of its line; two of them what is between.
    check_csv(
        &format!("{names}\n1,2,\"open,5,2\n1,3,b,5,2\n"),
        &["/  / 1:2 \"\" unspecified 0..0", "/  / 1:3 \"b\" unspecified 5..7", "wrongType @41"],
    );
    check_csv(
        &format!("{names}\n1,2,\"open,5,2\n1,3,\"b\nc\",5,2\n1,4,d,5,2\n"),
        &[
            "/  / 1:2 \"open,5,2\\n1,3,b\" unspecified 0..0",
            "/  / 1:4 \"d\" unspecified 5..7",
            "wrongType @41",
            "skippedSpan @62",
        ],
    );
}

#[test]
fn a_table_may_be_cut_at_any_byte() {
    let text = "traceId,spanId,name,start_ns,duration_ns,attributes\n1,2,a,5,2,{}\n1,3,\"b\nc\",5,2,\"{\"\"k\"\":\"\"v\"\"}\"\n";
    let mut before = 0;
    for cut in 0..text.len() {
        let (picture, outcome) = support::decode(&text.as_bytes()[..cut]);
        let spans = outcome.map_or(0, |outcome| outcome.spans);
        assert!(spans >= before, "{cut}: {spans} after {before}");
        before = spans;
        let has_a_start = picture.lines().lines().filter(|line| line.contains(" 5..7")).count() as u64;
        let is_told = picture.lines().contains("truncated");
        assert!(has_a_start + u64::from(is_told) >= spans, "{cut}: {}", picture.lines());
    }
    assert_eq!(before, 2);
}

/// A span of which a table says everything.
fn row() -> impl Strategy<Value = SpanRow<'static>> {
    let value = prop_oneof![
        Just(AnyValue::Empty).prop_map(|_| AnyValue::from(true)),
        any::<String>().prop_map(AnyValue::from),
        any::<i64>().prop_map(AnyValue::Int),
        (-1e300_f64..1e300).prop_map(AnyValue::Double),
    ];
    let value = value.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(AnyValue::Array),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..3).prop_map(|members| AnyValue::Map(
                members.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect()
            )),
        ]
    });
    let attributes = prop::collection::vec(("x[a-z=+,\"\n]{1,3}", value), 0..4);
    let text = "['=+,\"\r\na@\tä-]{0,6}";
    (
        (1_u128.., 1_u64.., 0_u64..),
        (text, text),
        (1_u64..u64::MAX / 2, 0_u64..u64::MAX / 2),
        (0_u64..6, 0_u64..3),
        attributes,
    )
        .prop_map(|(ids, texts, times, numbers, attributes)| SpanRow {
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            parent_span_id: SpanId(ids.2),
            name: texts.0.into(),
            kind: SpanKind::from_number(numbers.0).unwrap_or_default(),
            start: UnixNanos(times.0),
            end: UnixNanos(times.0 + times.1),
            attributes: attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect(),
            status_code: StatusCode::from_number(numbers.1).unwrap_or_default(),
            status_message: texts.1.into(),
            ..SpanRow::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// What tables cannot say: the resource but for its service, scopes, events, links, trace states, flags, counts of what
    /// was dropped; values that are nothing, bytes, or no numbers; an end before the start, or without one.
    #[test]
    fn what_was_written_as_a_table_is_read_again(
        rows in prop::collection::vec((row(), "['=+,\"a]{0,4}"), 1..5),
    ) {
        let feed = |sink: &mut dyn SpanSink| {
            let scope = sink.open_scope();
            sink.close_scope(scope, &Scope::default());
            for (row, service) in &rows {
                let resource = sink.open_resource();
                let mut content = Resource::default();
                if !service.is_empty() {
                    content.attributes.push(KeyValue::new("service.name", service.as_str()));
                }
                sink.close_resource(resource, &content);
                sink.span(resource, scope, row);
            }
        };
        let mut expected = support::Picture::default();
        feed(&mut expected);
        let mut writer = SpanCsvWriter::new(Vec::new());
        feed(&mut writer);
        let (picture, outcome) = support::decode(&writer.finish().unwrap());
        prop_assert_eq!(picture.lines(), expected.lines());
        prop_assert_eq!(outcome.unwrap().spans, rows.len() as u64);
    }

    /// Whatever a table holds, it ends, and chunks do not matter.
    #[test]
    fn any_table_ends(text in "[1a,\"\n\r\\\\{}':\\[ä]{0,200}") {
        support::decode(format!("traceId,spanId,start,attributes\n{text}").as_bytes()).1.ok();
    }
}
