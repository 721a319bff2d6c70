//! Sentry: envelopes, their payloads, answers of its API.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Sentry")]));
}

#[test]
fn an_envelope_with_a_transaction() {
    check(
        r#"{"event_id":"67","sent_at":"2023-11-30T12:31:34.536Z","sdk":{"name":"sentry.python","version":"1"},"trace":{"environment":"prod","release":"shop@1.2"}}
{"type":"attachment","length":12,"filename":"a.txt"}
not { json }
{"type":"transaction","length":5}
{"contexts":{"trace":{"trace_id":"1","span_id":"2","parent_span_id":"3","op":"http.server","status":"internal_error","data":{"d":1}},"os":{"name":"Linux"}},"transaction":"GET /","start_timestamp":1701347493.4148002,"timestamp":"2023-11-30T12:31:33.5Z","spans":[{"trace_id":"1","span_id":"4","parent_span_id":"2","op":"db.sql.query","description":"SELECT 1","start_timestamp":1701347493.42,"timestamp":1701347493.43,"status":"ok","origin":"auto","data":{"db.system":"mysql"},"tags":{"t":"v"}}],"tags":[["a","b"]],"measurements":{"lcp":{"value":57.5,"unit":"millisecond"}},"breadcrumbs":{"values":[{"timestamp":1701347493.5,"category":"console","message":"hi","data":{"x":1}}]},"request":{"url":"http://x","method":"GET"},"server_name":"h","platform":"python"}
{"type":"client_report"}
{"timestamp":1,"discarded_events":[]}"#,
        "service.name=\"shop\" service.version=\"1.2\" deployment.environment.name=\"prod\" host.name=\"h\" \
         telemetry.sdk.name=\"sentry.python\" telemetry.sdk.version=\"1\" telemetry.sdk.language=\"python\" \
         os.name=\"Linux\" /  / 1:2 in:3 \"GET /\" server 1701347493414800200..1701347493500000000 \
         sentry.op=\"http.server\" d=1 a=\"b\" measurements.lcp=57.5 measurements.lcp.unit=\"millisecond\" \
         url.full=\"http://x\" http.request.method=\"GET\" contexts.os.name=\"Linux\" \
         event(1701347493500000000 \"console\" message=\"hi\" data.x=1) Error(internal_error)\n\
         service.name=\"shop\" service.version=\"1.2\" deployment.environment.name=\"prod\" host.name=\"h\" \
         telemetry.sdk.name=\"sentry.python\" telemetry.sdk.version=\"1\" telemetry.sdk.language=\"python\" \
         os.name=\"Linux\" /  / 1:4 in:2 \"SELECT 1\" client 1701347493420000000..1701347493430000000 \
         sentry.op=\"db.sql.query\" sentry.origin=\"auto\" db.system=\"mysql\" t=\"v\" Ok()\n\
         invalidJson @206",
    );
}

#[test]
fn spans_of_version_2() {
    check(
        r#"{"sent_at":"2025-02-07T14:16:00Z","sdk":{"name":"s"},"trace":{}}
{"type":"span","item_count":1,"content_type":"application/vnd.sentry.items.span.v2+json"}
{"items":[{"trace_id":"1","span_id":"2","name":"GET /users","status":"error","is_segment":true,"start_timestamp":1742921669.158209,"end_timestamp":1742921669.180536,"attributes":{"sentry.op":{"type":"string","value":"http.server"},"n":{"type":"integer","value":3},"sentry.release":{"type":"string","value":"a@1"}},"links":[{"trace_id":"5","span_id":"6","sampled":true,"attributes":{"k":{"type":"string","value":"v"}}}]}]}"#,
        "service.name=\"a\" service.version=\"1\" telemetry.sdk.name=\"s\" /  / 1:2 \"GET /users\" server \
         1742921669158209000..1742921669180536000 sentry.op=\"http.server\" n=3 sentry.release=\"a@1\" \
         link(5:6 k=\"v\" flags:1) Error()",
    );
}

#[test]
fn a_tree_of_the_api() {
    check(
        r#"[{"event_id":"a","project_slug":"web","op":"pageload","description":"/","start_timestamp":1.5,"end_timestamp":2.5,"children":[{"event_id":"b","project_slug":"web","op":"ui","start_timestamp":1.75,"end_timestamp":2,"children":[{"event_id":"c","op":"x","start_timestamp":1.75,"end_timestamp":2,"children":[]}]},{"event_id":"d","project_slug":"web","op":"ui","start_timestamp":2,"end_timestamp":2.25,"children":[]}]}]"#,
        "service.name=\"web\" /  / a:a \"/\" unspecified 1500000000..2500000000 sentry.op=\"pageload\"\n\
         service.name=\"web\" /  / a:b in:a \"ui\" unspecified 1750000000..2000000000 sentry.op=\"ui\"\n\
         service.name=\"web\" /  / a:c in:b \"x\" unspecified 1750000000..2000000000 sentry.op=\"x\"\n\
         service.name=\"web\" /  / a:d in:a \"ui\" unspecified 2000000000..2250000000 sentry.op=\"ui\"",
    );
}
