//! Zipkin's JSON, both versions.

#[cfg(test)]
mod support;

use formats::Format;

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().lines().collect::<Vec<_>>(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Zipkin JSON")]));
}

#[test]
fn version_2() {
    check(
        r#"[{"traceId": "1", "parentId": "2", "id": "3", "kind": "CLIENT", "name": "get", "timestamp": 1472470996199000,
            "duration": 207000, "debug": true,
            "localEndpoint": {"serviceName": "frontend", "ipv4": "10.0.0.1"},
            "remoteEndpoint": {"serviceName": "backend", "ipv4": "192.168.99.101", "port": 9000},
            "annotations": [{"timestamp": 1472470996403000, "value": "bar"}, {"timestamp": 1472470996238000, "value": "foo"}],
            "tags": {"http.path": "/api", "error": "timed out", "otel.scope.name": "http"}}]"#,
        &["service.name=\"frontend\" host.ip=[\"10.0.0.1\"] / http / 1:3 in:2 \"get\" client \
           1472470996199000000..1472470996406000000 http.path=\"/api\" peer.service=\"backend\" \
           network.peer.address=\"192.168.99.101\" network.peer.port=9000 zipkin.debug=true url.path=\"/api\" \
           event(1472470996238000000 \"foo\") event(1472470996403000000 \"bar\") Error(timed out)"],
    );
}

/// Kind, service, duration of the spans of a shared id, in any order of their reports.
#[test]
fn a_shared_id_is_two_spans() {
    let reports = [
        r#"{"traceId": "1", "id": "2", "kind": "CLIENT", "name": "c", "timestamp": 1, "duration": 9, "localEndpoint": {"serviceName": "a"}}"#,
        r#"{"traceId": "1", "id": "2", "kind": "SERVER", "name": "s", "timestamp": 2, "duration": 3, "localEndpoint": {"serviceName": "b"}, "shared": true}"#,
        r#"{"traceId": "1", "id": "4", "parentId": "2", "name": "of the server", "timestamp": 3, "localEndpoint": {"serviceName": "b"}}"#,
        r#"{"traceId": "1", "id": "5", "parentId": "2", "name": "of the client", "timestamp": 4, "localEndpoint": {"serviceName": "a"}}"#,
    ];
    let expected = [
        "service.name=\"a\" /  / 1:2 \"c\" client 1000..10000",
        "service.name=\"b\" /  / 1:89f4807b547d50d in:2 \"s\" server 2000..5000",
        "service.name=\"b\" /  / 1:4 in:89f4807b547d50d \"of the server\" unspecified 3000..0",
        "service.name=\"a\" /  / 1:5 in:2 \"of the client\" unspecified 4000..0",
    ];
    for first in 0..reports.len() {
        let order: Vec<_> =
            (0..reports.len()).filter_map(|at| reports.get((at + first) % reports.len()).copied()).collect();
        check(&format!("[{}]", order.join(",")), &expected);
        check(&format!("[[{}]]", order.join("],[")), &expected);
        // Nobody says that it is shared.
        check(&format!("[{}]", order.join(",").replace(r#", "shared": true"#, "")), &expected);
    }
}

#[test]
fn parts_of_one_span_are_joined() {
    check(
        r#"[{"traceId": "1", "id": "2", "kind": "SERVER", "timestamp": 5, "localEndpoint": {"serviceName": "a"}, "tags": {"x": "1"}},
            {"traceId": "1", "id": "2", "name": "n", "timestamp": 4, "duration": 7, "tags": {"x": "2", "y": "3"}}]"#,
        &["service.name=\"a\" /  / 1:2 \"n\" server 4000..11000 x=\"1\" y=\"3\""],
    );
}

#[test]
fn version_1() {
    let endpoint = |service: &str| {
        format!(r#""endpoint": {{"serviceName": "{service}", "ipv4": "1.2.3.4", "port": 80}}"#)
    };
    let (client, server) = (endpoint("c"), endpoint("s"));
    check(
        &format!(
            r#"[{{"traceId": "1", "id": "2", "name": "n", "annotations": [
                {{"timestamp": 1, "value": "cs", {client}}}, {{"timestamp": 9, "value": "cr", {client}}},
                {{"timestamp": 2, "value": "sr", {server}}}, {{"timestamp": 7, "value": "ss", {server}}},
                {{"timestamp": 3, "value": "cache miss", {server}}}
            ], "binaryAnnotations": [
                {{"key": "http.status_code", "value": "500", {server}}}, {{"key": "sa", "value": true, {server}}}
            ]}}]"#
        ),
        &[
            "service.name=\"c\" host.ip=[\"1.2.3.4\"] /  / 1:2 \"n\" client 1000..9000 peer.service=\"s\" \
             network.peer.address=\"1.2.3.4\" network.peer.port=80",
            "service.name=\"s\" host.ip=[\"1.2.3.4\"] /  / 1:e8e052ef05cb361b in:2 \"n\" server 2000..7000 \
             http.status_code=\"500\" event(3000 \"cache miss\")",
        ],
    );
    check(
        &format!(
            r#"[{{"traceId": "1", "id": "2", "name": "n", "timestamp": 5, "duration": 6, "annotations": [],
                "binaryAnnotations": [{{"key": "lc", "value": "pool", {server}}}]}}]"#
        ),
        &["service.name=\"s\" host.ip=[\"1.2.3.4\"] /  / 1:2 \"n\" unspecified 5000..11000 lc=\"pool\""],
    );
}
