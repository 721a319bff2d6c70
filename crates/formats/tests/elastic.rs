//! Elastic APM's intake, as agents of servers and of browsers write it.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Elastic APM intake")]));
}

#[test]
fn lines_of_an_agent() {
    check(
        r#"{"metadata": {"service": {"name": "shop", "version": "1", "environment": "prod", "agent": {"name": "nodejs", "version": "3"},
            "node": {"configured_name": "n1"}}, "process": {"pid": 7}, "system": {"hostname": "h"}, "labels": {"l": true}}}
        {"transaction": {"id": "a", "trace_id": "1", "name": "GET /", "type": "request", "timestamp": 1496170407154000,
            "duration": 32.592981, "outcome": "failure", "marks": {"agent": {"domComplete": 1.5}},
            "context": {"request": {"method": "GET", "url": {"full": "https://x/?a", "protocol": "https:", "search": "?a"}},
            "response": {"status_code": 500}, "user": {"id": 9}, "tags": {"t": "v"}}}}
        {"span": {"id": "b", "transaction_id": "a", "parent_id": "a", "trace_id": "1", "name": "SELECT", "type": "db.postgresql.query",
            "start": 2.5, "duration": 3, "context": {"db": {"statement": "SELECT 1", "instance": "i"}},
            "composite": {"count": 2, "sum": 3.5, "compression_strategy": "exact_match"},
            "stacktrace": [{"function": "f", "filename": "a.js", "lineno": 3}, {"classname": "C", "filename": "b.js"}]}}
        {"span": {"id": "c", "parent_id": "b", "trace_id": "1", "name": "send", "type": "messaging", "action": "send",
            "timestamp": 1496170407155000, "duration": 1, "links": [{"trace_id": "2", "span_id": "3"}],
            "context": {"service": {"name": "other"}, "message": {"queue": {"name": "q"}}}}}"#,
        "service.name=\"shop\" service.version=\"1\" service.instance.id=\"n1\" deployment.environment.name=\"prod\" \
         telemetry.sdk.name=\"nodejs\" telemetry.sdk.version=\"3\" host.name=\"h\" process.pid=7 l=true /  / 1:a \"GET /\" \
         server 1496170407154000000..1496170407186592981 request.method=\"GET\" request.url.full=\"https://x/?a\" \
         request.url.protocol=\"https:\" request.url.search=\"?a\" response.status_code=500 user.id=9 t=\"v\" \
         http.request.method=\"GET\" url.full=\"https://x/?a\" url.scheme=\"https\" url.query=\"a\" \
         http.response.status_code=500 transaction.type=\"request\" \
         event(1496170407155500000 \"domComplete\" mark.group=\"agent\") Error()\n\
         service.name=\"shop\" service.version=\"1\" service.instance.id=\"n1\" deployment.environment.name=\"prod\" \
         telemetry.sdk.name=\"nodejs\" telemetry.sdk.version=\"3\" host.name=\"h\" process.pid=7 l=true /  / 1:b in:a \
         \"SELECT\" client 1496170407156500000..1496170407159500000 db.statement=\"SELECT 1\" db.instance=\"i\" \
         db.query.text=\"SELECT 1\" db.namespace=\"i\" span.type=\"db.postgresql.query\" span.composite.count=2 \
         span.composite.sum=3.5 span.composite.compression_strategy=\"exact_match\" db.system.name=\"postgresql\" \
         code.stacktrace=\"    at f (a.js:3)\\n    at C.<anonymous> (b.js)\"\n\
         service.name=\"other\" service.version=\"1\" service.instance.id=\"n1\" deployment.environment.name=\"prod\" \
         telemetry.sdk.name=\"nodejs\" telemetry.sdk.version=\"3\" host.name=\"h\" process.pid=7 l=true /  / 1:c in:b \
         \"send\" producer 1496170407155000000..1496170407156000000 message.queue.name=\"q\" \
         messaging.destination.name=\"q\" span.type=\"messaging\" span.action=\"send\" link(2:3)",
    );
}

const METADATA: &str = r#"{"metadata": {"service": {"name": "s"}}}"#;

#[test]
fn a_span_begins_within_its_transaction() {
    let span = |id: u8, start: u8| {
        format!(
            r#"{{"span": {{"id": "{id}", "trace_id": "1", "parent_id": "a", "transaction_id": "a", "start": {start}, "duration": 1}}}}"#
        )
    };
    let transaction =
        |time: &str| format!(r#"{{"transaction": {{"id": "a", "trace_id": "1", "duration": 5{time}}}}}"#);
    let row = |id: &str, start: u64, end: u64| {
        let parent = if id == "a" { "" } else { " in:a" };
        format!("service.name=\"s\" /  / 1:{id}{parent} \"\" unspecified {start}000000..{end}000000")
    };
    let (timed, untimed) = (transaction(r#", "timestamp": 7000"#), transaction(""));
    check(
        &[METADATA, &span(1, 2), &timed, &span(2, 3)].join("\n"),
        &[row("a", 7, 12), row("1", 9, 10), row("2", 10, 11)].join("\n"),
    );
    let (picture, _) = support::decode([METADATA, &untimed, &span(1, 2)].join("\n").as_bytes());
    let lines = picture.lines();
    let expected = [row("a", 1000, 1005), row("1", 1002, 1003)].join("\n");
    assert_eq!(lines.trim_end(), format!("{expected}\nmissingStartTime @57"));
    // The transaction is not there: the first time of the input has to do.
    let timed = r#"{"transaction": {"id": "b", "trace_id": "2", "duration": 5, "timestamp": 7000}}"#;
    let (picture, _) = support::decode([METADATA, &span(1, 2), timed].join("\n").as_bytes());
    assert_eq!(picture.lines().lines().nth(1), Some(&*row("1", 9, 10)));
}

#[test]
fn short_names() {
    check(
        r#"{"m": {"se": {"n": "web", "a": {"n": "rum-js", "ve": "5"}, "la": {"n": "javascript"}}}}
        {"x": {"id": "a", "tid": "1", "n": "/cart", "t": "page-load", "d": 137, "timestamp": 1000000, "yc": {"sd": 2},
            "c": {"p": {"rf": "", "url": "http://x/"}, "r": {"ts": 5}}, "k": {"nt": {"de": 10}}, "y": [
            {"id": "b", "n": "GET /api", "t": "external", "su": "http", "s": 4, "d": 2,
                "c": {"h": {"mt": "GET", "url": "http://x/api", "sc": 404}, "dt": {"ad": "x", "po": 80}}, "o": "failure"},
            {"id": "c", "pi": 0, "n": "inner", "t": "app", "s": 5, "d": 1}
        ]}}"#,
        "service.name=\"web\" telemetry.sdk.name=\"rum-js\" telemetry.sdk.version=\"5\" \
         telemetry.sdk.language=\"javascript\" /  / 1:a \"/cart\" unspecified 1000000000..1137000000 \
         page.url=\"http://x/\" response.transfer_size=5 url.full=\"http://x/\" transaction.type=\"page-load\" \
         event(1010000000 \"de\" mark.group=\"nt\")\n\
         service.name=\"web\" telemetry.sdk.name=\"rum-js\" telemetry.sdk.version=\"5\" \
         telemetry.sdk.language=\"javascript\" /  / 1:b in:a \"GET /api\" client 1004000000..1006000000 \
         http.method=\"GET\" http.url=\"http://x/api\" http.status_code=404 destination.address=\"x\" \
         destination.port=80 url.full=\"http://x/api\" http.request.method=\"GET\" http.response.status_code=404 \
         server.address=\"x\" server.port=80 span.type=\"external\" span.subtype=\"http\" Error()\n\
         service.name=\"web\" telemetry.sdk.name=\"rum-js\" telemetry.sdk.version=\"5\" \
         telemetry.sdk.language=\"javascript\" /  / 1:c in:b \"inner\" unspecified 1005000000..1006000000 span.type=\"app\"",
    );
}
