//! What the writers write, to the letter and read again.

#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(test)]
mod support;

use std::io::{self, Write};

use formats::{JaegerJsonWriter, SpanCsvWriter, ZipkinV2Writer};
use otel::{
    AnyValue, EventRow, KeyValue, LinkRow, Resource, Scope, SpanId, SpanKind, SpanRow, SpanSink, StatusCode,
    TraceId, UnixNanos,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn jaeger(feed: impl FnOnce(&mut dyn SpanSink)) -> String {
    let mut writer = JaegerJsonWriter::new(Vec::new());
    feed(&mut writer);
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn zipkin(feed: impl FnOnce(&mut dyn SpanSink)) -> String {
    let mut writer = ZipkinV2Writer::new(Vec::new());
    feed(&mut writer);
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn csv(feed: impl FnOnce(&mut dyn SpanSink)) -> String {
    let mut writer = SpanCsvWriter::new(Vec::new());
    feed(&mut writer);
    let text = String::from_utf8(writer.finish().unwrap()).unwrap();
    let (header, rows) = text.split_once("\r\n").unwrap();
    assert_eq!(
        header,
        "traceId,spanId,parentSpanId,service,name,kind,startTimeUnixNano,durationNano,status,statusMessage,attributes"
    );
    rows.to_owned()
}

/// One resource, one scope, these spans.
fn feed(spans: &[SpanRow<'_>]) -> impl FnOnce(&mut dyn SpanSink) {
    move |sink| {
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        let attributes = vec![KeyValue::new("host.name", "h"), KeyValue::new("service.name", "cart")];
        sink.close_resource(resource, &Resource { attributes, ..Resource::default() });
        sink.close_scope(scope, &Scope { name: "http".into(), version: "1.2".into(), ..Scope::default() });
        for span in spans {
            sink.span(resource, scope, span);
        }
    }
}

/// A span with something of everything.
fn full() -> SpanRow<'static> {
    SpanRow {
        trace_id: TraceId(0xA),
        span_id: SpanId(2),
        parent_span_id: SpanId(1),
        trace_state: "k=v".into(),
        flags: 1,
        name: "GET \"x\"".into(),
        kind: SpanKind::Client,
        start: UnixNanos(1_700_000_000_000_001_999),
        end: UnixNanos(1_700_000_000_000_004_000),
        attributes: vec![
            KeyValue::new("s", "a,b"),
            KeyValue::new("b", false),
            KeyValue::new("i", 9_007_199_254_740_991_i64),
            KeyValue::new("big", 9_007_199_254_740_992_i64),
            KeyValue::new("d", 1.5),
            KeyValue::new("raw", AnyValue::Bytes(vec![0, 1].into())),
            KeyValue::new("list", AnyValue::Array(vec![1_i64.into(), "x".into()])),
            KeyValue::new("server.address", "db.example"),
        ],
        dropped_attributes_count: 3,
        events: vec![EventRow {
            time: UnixNanos(1_700_000_000_000_002_500),
            name: "miss".into(),
            attributes: vec![KeyValue::new("key", 7_i64)],
            dropped_attributes_count: 0,
        }],
        links: vec![LinkRow {
            trace_id: TraceId(0xB),
            span_id: SpanId(9),
            attributes: vec![KeyValue::new("why", "batch")],
            ..LinkRow::default()
        }],
        status_code: StatusCode::Error,
        status_message: "timed out".into(),
        ..SpanRow::default()
    }
}

#[test]
fn jaeger_to_the_letter() {
    let written: Value = serde_json::from_str(&jaeger(feed(&[full()]))).unwrap();
    let tag = |key: &str, kind: &str, value: Value| json!({"key": key, "type": kind, "value": value});
    let trace = "0000000000000000000000000000000a";
    assert_eq!(
        written,
        json!({"data": [{
            "traceID": trace,
            "spans": [{
                "traceID": trace,
                "spanID": "0000000000000002",
                "flags": 1,
                "operationName": "GET \"x\"",
                "references": [
                    {"refType": "CHILD_OF", "traceID": trace, "spanID": "0000000000000001"},
                    {"refType": "FOLLOWS_FROM", "traceID": "0000000000000000000000000000000b", "spanID": "0000000000000009"},
                ],
                "startTime": 1_700_000_000_000_001_u64,
                "duration": 3,
                "tags": [
                    tag("s", "string", json!("a,b")),
                    tag("b", "bool", json!(false)),
                    tag("i", "int64", json!(9_007_199_254_740_991_i64)),
                    tag("big", "int64", json!("9007199254740992")),
                    tag("d", "float64", json!(1.5)),
                    tag("raw", "binary", json!("AAE=")),
                    tag("list", "string", json!("[1,\"x\"]")),
                    tag("server.address", "string", json!("db.example")),
                    tag("span.kind", "string", json!("client")),
                    tag("error", "bool", json!(true)),
                    tag("otel.status_code", "string", json!("ERROR")),
                    tag("otel.status_description", "string", json!("timed out")),
                    tag("w3c.tracestate", "string", json!("k=v")),
                    tag("otel.dropped_attributes_count", "int64", json!(3)),
                    tag("otel.scope.name", "string", json!("http")),
                    tag("otel.scope.version", "string", json!("1.2")),
                ],
                "logs": [{"timestamp": 1_700_000_000_000_002_u64, "fields": [
                    tag("event", "string", json!("miss")),
                    tag("key", "int64", json!(7)),
                ]}],
                "processID": "p1",
                "warnings": null,
            }],
            "processes": {"p1": {"serviceName": "cart", "tags": [tag("host.name", "string", json!("h"))]}},
            "warnings": null,
        }]})
    );
}

#[test]
fn zipkin_to_the_letter() {
    let written: Value = serde_json::from_str(&zipkin(feed(&[full()]))).unwrap();
    assert_eq!(
        written,
        json!([{
            "traceId": "0000000000000000000000000000000a",
            "id": "0000000000000002",
            "parentId": "0000000000000001",
            "name": "GET \"x\"",
            "kind": "CLIENT",
            "timestamp": 1_700_000_000_000_001_u64,
            "duration": 3,
            "localEndpoint": {"serviceName": "cart"},
            "remoteEndpoint": {"serviceName": "db.example"},
            "annotations": [{"timestamp": 1_700_000_000_000_002_u64, "value": "\"miss\": {\"key\":7}"}],
            "tags": {
                "otel.status_code": "ERROR",
                "error": "timed out",
                "w3c.tracestate": "k=v",
                "otel.dropped_attributes_count": "3",
                "otlp.link.0": "0000000000000000000000000000000b|0000000000000009||{\"why\":\"batch\"}|0",
                "s": "a,b",
                "b": "false",
                "i": "9007199254740991",
                "big": "9007199254740992",
                "d": "1.5",
                "raw": "AAE=",
                "list": "[1,\"x\"]",
                "server.address": "db.example",
                "otel.scope.name": "http",
                "otel.scope.version": "1.2",
                "host.name": "h",
            },
        }])
    );
}

#[test]
fn csv_to_the_letter() {
    assert_eq!(
        csv(feed(&[full(), SpanRow::default()])),
        "0000000000000000000000000000000a,0000000000000002,0000000000000001,cart,\"GET \"\"x\"\"\",client,\
         1700000000000001999,2001,error,timed out,\"{\"\"s\"\":\"\"a,b\"\",\"\"b\"\":false,\
         \"\"i\"\":9007199254740991,\"\"big\"\":9007199254740992,\"\"d\"\":1.5,\"\"raw\"\":\"\"AAE=\"\",\
         \"\"list\"\":[1,\"\"x\"\"],\"\"server.address\"\":\"\"db.example\"\"}\"\r\n,,,cart,,,,,,,\r\n"
    );
}

#[test]
fn nothing_is_a_document_too() {
    assert_eq!(jaeger(|_| ()), r#"{"data":[]}"#);
    assert_eq!(zipkin(|_| ()), "[]");
    assert_eq!(csv(|_| ()), "");
}

#[test]
fn a_table_cell_is_never_a_formula() {
    for (name, cell) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("=\"a\",b", "\"'=\"\"a\"\",b\""),
        ("'=1", "''=1"),
        ("'quoted'", "'quoted'"),
        ("a=1", "a=1"),
        ("two\nlines", "\"two\nlines\""),
    ] {
        let span = SpanRow { name: name.into(), ..SpanRow::default() };
        assert_eq!(csv(feed(&[span])), format!(",,,cart,{cell},,,,,,\r\n"), "{name:?}");
    }
}

#[test]
fn traces_name_only_their_processes() {
    let text = jaeger(|sink| {
        let (one, two, scope) = (sink.open_resource(), sink.open_resource(), sink.open_scope());
        for (resource, trace) in [(one, 1), (two, 1), (one, 1), (two, 2)] {
            sink.span(resource, scope, &SpanRow { trace_id: TraceId(trace), ..SpanRow::default() });
        }
    });
    let written: Value = serde_json::from_str(&text).unwrap();
    let unknown = json!({"serviceName": "unknown_service"});
    assert_eq!(written["data"][0]["processes"], json!({"p1": unknown, "p2": unknown}));
    assert_eq!(written["data"][0]["spans"].as_array().map(Vec::len), Some(3));
    assert_eq!(written["data"][1]["processes"], json!({"p2": unknown}));
}

#[test]
fn zipkin_s_own_rules() {
    #[track_caller]
    fn check(kind: SpanKind, attributes: &[(&'static str, &'static str)], member: &str, expected: &Value) {
        let attributes = attributes.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect();
        let end = UnixNanos(999);
        let span = SpanRow { kind, attributes, end, ..SpanRow::default() };
        let written: Value = serde_json::from_str(&zipkin(feed(&[span]))).unwrap();
        assert_eq!(written[0].pointer(member).unwrap_or(&Value::Null), expected);
    }
    let (client, server) = (SpanKind::Client, SpanKind::Server);
    check(
        client,
        &[("db.name", "d"), ("peer.service", "p")],
        "/remoteEndpoint",
        &json!({"serviceName": "p"}),
    );
    check(
        client,
        &[("network.peer.address", "10.0.0.1"), ("network.peer.port", "80")],
        "/remoteEndpoint",
        &json!({"ipv4": "10.0.0.1", "port": 80}),
    );
    check(client, &[("peer.address", "::1")], "/remoteEndpoint", &json!({"ipv6": "::1"}));
    check(server, &[("server.address", "me")], "/remoteEndpoint", &Value::Null);
    check(SpanKind::Internal, &[], "/kind", &Value::Null);
    check(SpanKind::Internal, &[], "/tags/span.kind", &json!("internal"));
    check(client, &[("error", "false")], "/tags/error", &Value::Null);
    check(client, &[("error", "late")], "/tags/error", &json!("late"));
    check(client, &[("k", "first"), ("k", "second"), ("host.name", "own")], "/tags/k", &json!("first"));
    check(client, &[("host.name", "own")], "/tags/host.name", &json!("own"));
    // As short as Zipkin allows.
    check(client, &[], "/duration", &json!(1));
}

/// Takes so many bytes, then no more.
#[derive(Debug)]
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_output_is_kept_for_the_end() {
    fn check<S: SpanSink>(mut writer: S, finish: impl FnOnce(S) -> io::Result<Full>) {
        support::generate::spans(1000, &mut writer);
        assert_eq!(finish(writer).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
    check(JaegerJsonWriter::new(Full(100_000)), JaegerJsonWriter::finish);
    check(ZipkinV2Writer::new(Full(100_000)), ZipkinV2Writer::finish);
    check(SpanCsvWriter::new(Full(100_000)), SpanCsvWriter::finish);
}

/// A span that Jaeger JSON can say whole: a link leads into another trace, times are whole microseconds.
fn jaeger_span() -> impl Strategy<Value = SpanRow<'static>> {
    let value = prop_oneof![
        any::<String>().prop_map(AnyValue::from),
        any::<bool>().prop_map(AnyValue::Bool),
        any::<i64>().prop_map(AnyValue::Int),
        (-1e300_f64..1e300).prop_map(AnyValue::Double),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(|bytes| AnyValue::Bytes(bytes.into())),
    ];
    let attributes = prop::collection::vec(("x[a-z]{1,3}", value), 0..4)
        .prop_map(|list| list.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect::<Vec<_>>());
    let ids = (1_u64.., 0_u64.., any::<u32>());
    let texts = any::<(String, String, String)>();
    (
        ids,
        texts,
        (0_u64..1 << 50, 0_u64..1 << 20),
        0_u64..6,
        0_u64..3,
        (attributes.clone(), attributes),
        any::<bool>(),
    )
        .prop_map(|(ids, texts, times, kind, code, (attributes, others), more)| {
            let start = times.0 * 1000;
            let link = LinkRow {
                trace_id: TraceId(77),
                span_id: SpanId(ids.0),
                attributes: vec![KeyValue::new("opentracing.ref_type", "follows_from")],
                ..LinkRow::default()
            };
            let event = EventRow {
                time: UnixNanos(start),
                name: texts.1.clone().into(),
                attributes: others,
                dropped_attributes_count: 0,
            };
            SpanRow {
                trace_id: TraceId(7),
                span_id: SpanId(ids.0),
                parent_span_id: SpanId(ids.1),
                flags: ids.2,
                name: texts.0.into(),
                trace_state: texts.1.into(),
                kind: SpanKind::from_number(kind).unwrap_or_default(),
                start: UnixNanos(start),
                end: UnixNanos(start + times.1 * 1000),
                attributes,
                events: if more { vec![event] } else { Vec::new() },
                links: if more { vec![link] } else { Vec::new() },
                status_code: StatusCode::from_number(code).unwrap_or_default(),
                status_message: texts.2.into(),
                ..SpanRow::default()
            }
        })
}

/// A span that Zipkin can say whole: texts, events without attributes, whole microseconds and at least one.
fn zipkin_span() -> impl Strategy<Value = SpanRow<'static>> {
    let attributes = prop::collection::btree_map("x[a-z]{1,3}", any::<String>(), 0..4);
    let times = (1_u64..1 << 50, 1_u64..1 << 20);
    (any::<u64>(), "[a-z ]{1,8}", "[a-z]{0,8}", times, 0_u64..6, 0_u64..3, attributes, any::<bool>())
        .prop_map(|(parent, name, state, times, kind, code, attributes, more)| {
            let start = UnixNanos(times.0 * 1000);
            let mut attributes: Vec<_> =
                attributes.into_iter().map(|(key, value)| KeyValue::new(key, value)).collect();
            if more {
                attributes.push(KeyValue::new("peer.service", "bank"));
            }
            let status_code = StatusCode::from_number(code).unwrap_or_default();
            let events = vec![EventRow { time: start, name: name.clone().into(), ..EventRow::default() }];
            SpanRow {
                trace_id: TraceId(7),
                parent_span_id: SpanId(parent),
                name: name.into(),
                trace_state: state.into(),
                kind: SpanKind::from_number(kind).unwrap_or_default(),
                start,
                end: UnixNanos(start.0 + times.1 * 1000),
                attributes,
                events: if more { events } else { Vec::new() },
                status_code,
                // Zipkin has a place for it in failed spans only.
                status_message: if status_code == StatusCode::Error { "no".into() } else { "".into() },
                ..SpanRow::default()
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn jaeger_is_read_again(spans in prop::collection::vec(jaeger_span(), 1..5)) {
        let mut expected = support::Picture::default();
        let attributes = vec![KeyValue::new("service.name", "cart"), KeyValue::new("n", 1_i64)];
        let resource = Resource { attributes, ..Resource::default() };
        let scope = Scope { name: "http".into(), version: "1.2".into(), ..Scope::default() };
        let feed = |sink: &mut dyn SpanSink| {
            let (r, s) = (sink.open_resource(), sink.open_scope());
            sink.close_resource(r, &resource);
            sink.close_scope(s, &scope);
            for span in &spans {
                sink.span(r, s, span);
            }
        };
        feed(&mut expected);
        let (picture, outcome) = support::decode(jaeger(feed).as_bytes());
        prop_assert_eq!(picture.lines(), expected.lines());
        prop_assert_eq!(outcome.unwrap().spans, spans.len() as u64);
    }

    #[test]
    fn zipkin_is_read_again(spans in prop::collection::vec(zipkin_span(), 1..5)) {
        let mut spans = spans;
        for (place, span) in spans.iter_mut().enumerate() {
            // Reports of one id are joined, and the reader tells spans in the order of their ids.
            span.span_id = SpanId(place as u64 + 1);
        }
        let attributes = vec![KeyValue::new("service.name", "cart")];
        let resource = Resource { attributes, ..Resource::default() };
        let scope = Scope { name: "http".into(), version: "1.2".into(), ..Scope::default() };
        let feed = |sink: &mut dyn SpanSink| {
            let (r, s) = (sink.open_resource(), sink.open_scope());
            sink.close_resource(r, &resource);
            sink.close_scope(s, &scope);
            for span in &spans {
                sink.span(r, s, span);
            }
        };
        let mut expected = support::Picture::default();
        feed(&mut expected);
        let (picture, outcome) = support::decode(zipkin(feed).as_bytes());
        prop_assert_eq!(picture.lines(), expected.lines());
        prop_assert_eq!(outcome.unwrap().spans, spans.len() as u64);
    }

    /// Cells of the rows, read by the rules of RFC 4180, and without the mark.
    #[test]
    fn a_table_is_read_again(names in prop::collection::vec("['=+,\"\r\na@\t-]{0,6}", 1..4)) {
        let spans: Vec<SpanRow<'_>> =
            names.iter().map(|name| SpanRow { name: name.as_str().into(), ..SpanRow::default() }).collect();
        let text = csv(feed(&spans));
        let read: Vec<String> = cells(&text).into_iter().filter_map(|row| row.into_iter().nth(4)).map(unmark).collect();
        prop_assert_eq!(read, names);
    }
}

fn unmark(cell: String) -> String {
    let bare = cell.trim_start_matches('\'');
    if bare.len() < cell.len() && bare.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return cell.strip_prefix('\'').unwrap_or_default().to_owned();
    }
    cell
}

fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(char) = rest.next() {
        match char {
            '"' if quoted && rest.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {
                assert_eq!(rest.next(), Some('\n'));
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            char => cell.push(char),
        }
    }
    rows
}
