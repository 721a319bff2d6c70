//! Spans in Elasticsearch and `OpenSearch`, of all who put them there.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Elasticsearch documents")]));
}

#[test]
fn data_prepper_in_a_bulk_request() {
    check(
        r#"{"index": {"_id": "1"}}
        {"traceId": "1", "spanId": "2", "parentSpanId": "3", "traceState": "a=b", "name": "GET", "kind": "SPAN_KIND_CLIENT",
            "startTime": "2021-03-25T17:23:30.088478464Z", "endTime": "2021-03-25T17:23:30.481628416Z", "durationInNanos": 393149952,
            "serviceName": "shop", "traceGroup": "checkout", "status.code": 2, "status.message": "no",
            "span.attributes.http@status_code": 500, "resource.attributes.host@name": "h",
            "instrumentationLibrary.name": "lib", "instrumentationLibrary.version": "1", "droppedEventsCount": 4,
            "events": [{"time": "2021-03-25T17:23:31Z", "name": "e", "attributes": {"exception@type": "E"}}],
            "links": [{"traceId": "7", "spanId": "8", "traceState": "", "attributes": {}, "droppedAttributesCount": 0}]}"#,
        "host.name=\"h\" service.name=\"shop\" / lib version:1 / 1:2 in:3 \"GET\" client \
         1616693010088478464..1616693010481628416 state:a=b http.status_code=500 traceGroup=\"checkout\" \
         event(1616693011000000000 \"e\" exception.type=\"E\") link(7:8) dropped:(0, 4, 0) Error(no)",
    );
}

#[test]
fn nested_as_the_collector_writes_them() {
    check(
        r#"{"took": 1, "hits": {"total": {"value": 1}, "hits": [{"_id": "x", "_source": {
            "@timestamp": "2021-03-25T17:23:30Z", "trace_id": "1", "span_id": "2", "name": "n", "kind": "Server", "duration": 5,
            "attributes": {"http.route": "/a"}, "resource": {"attributes": {"service.name": "s"}}, "scope": {"name": "lib"},
            "status": {"code": "Error", "message": "no"}}}]}}"#,
        "service.name=\"s\" / lib / 1:2 \"n\" server 1616693010000000000..1616693010000000005 \
         http.route=\"/a\" Error(no)",
    );
}

#[test]
fn jaeger_in_elasticsearch() {
    check(
        r#"{"hits": {"hits": [{"_source": {"traceID": "1", "spanID": "2", "operationName": "o", "references": [],
            "startTime": 1, "startTimeMillis": 0, "duration": 2, "tags": [], "tag": {"span@kind": "server", "http@status_code": 200, "error": true},
            "logs": [], "process": {"serviceName": "s", "tags": [], "tag": {"host@name": "h"}}}}]}}"#,
        "service.name=\"s\" host.name=\"h\" /  / 1:2 \"o\" server 1000..3000 http.status_code=200 Error()",
    );
}

#[test]
fn elastic_apm_documents() {
    check(
        r#"{"@timestamp": "2021-03-25T17:23:30Z", "processor": {"event": "transaction"}, "timestamp": {"us": 1616693010000001},
            "trace": {"id": "1"}, "transaction": {"id": "2", "name": "GET /", "type": "request", "duration": {"us": 5}},
            "service": {"name": "s", "environment": "prod"}, "agent": {"name": "go"}, "event": {"outcome": "failure"},
            "url": {"full": "http://x"}, "observer": {"type": "apm-server"}}
        {"@timestamp": "2021-03-25T17:23:30.5Z", "processor.event": "span", "trace.id": "1", "span.id": "3", "transaction.id": "2",
            "span.name": "SELECT", "span.type": "db", "span.subtype": "mysql", "span.duration.us": 7, "span.db.statement": "SELECT 1"}
        {"processor": {"event": "error"}, "trace": {"id": "1"}, "error": {"exception": [{"type": "E"}]}}"#,
        "service.name=\"s\" deployment.environment.name=\"prod\" telemetry.sdk.name=\"go\" /  / 1:2 \"GET /\" \
         server 1616693010000001000..1616693010000006000 transaction.id=\"2\" transaction.name=\"GET /\" \
         transaction.type=\"request\" event.outcome=\"failure\" url.full=\"http://x\" Error()\n\
          \x20/  / 1:3 in:2 \"SELECT\" client 1616693010500000000..1616693010500007000 transaction.id=\"2\" \
         span.type=\"db\" span.subtype=\"mysql\" span.db.statement=\"SELECT 1\" db.query.text=\"SELECT 1\" \
         db.system.name=\"mysql\"\n\
         \x20/  / log 1:0 0/0 17 event:exception () exception.type=\"E\"",
    );
}

#[test]
fn fields_of_a_search() {
    check(
        r#"{"hits": {"hits": [{"_index": "x", "fields": {"processor.event": ["span"], "trace.id": ["1"], "span.id": ["3"],
            "parent.id": ["2"], "span.name": ["a"], "timestamp.us": [5], "span.duration.us": [7], "service.name": ["s"]}}]}}"#,
        "service.name=\"s\" /  / 1:3 in:2 \"a\" unspecified 5000..12000",
    );
}
