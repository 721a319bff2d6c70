//! Datadog's Real User Monitoring.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Datadog RUM")]));
}

#[test]
fn a_view_is_a_trace() {
    check(
        r#"{"type": "view", "_dd": {"document_version": 1}, "application": {"id": "app"}, "date": 1000, "view": {"id": "00000000-0000-0000-0000-0000000000aa", "url": "http://x/cart?a", "time_spent": 1}, "session": {"id": "ses"}, "service": "web", "ddtags": "env:prod,version:2"}
        {"type": "action", "_dd": {}, "application": {"id": "app"}, "date": 1010, "view": {"id": "00000000-0000-0000-0000-0000000000aa", "url": "http://x/cart?a"}, "session": {"id": "ses"}, "service": "web", "ddtags": "env:prod,version:2",
            "action": {"id": "00000000-0000-0000-0000-0000000000bb", "type": "click", "target": {"name": "Buy"}, "loading_time": 5000000}}
        {"type": "resource", "_dd": {"trace_id": "9107059714942109460", "span_id": "10"}, "application": {"id": "app"}, "date": 1011, "view": {"id": "00000000-0000-0000-0000-0000000000aa", "url": "http://x/cart?a"}, "session": {"id": "ses"}, "service": "web", "ddtags": "env:prod,version:2",
            "action": {"id": ["x", "00000000-0000-0000-0000-0000000000bb"]}, "resource": {"id": "00000000-0000-0000-0000-0000000000cc", "method": "POST", "url": "http://x/api/buy?b", "status_code": 500, "duration": 3000000}}
        {"type": "view", "_dd": {"document_version": 2}, "application": {"id": "app"}, "date": 1000, "view": {"id": "00000000-0000-0000-0000-0000000000aa", "url": "http://x/cart?a", "time_spent": 30000000}, "session": {"id": "ses"}, "service": "web", "ddtags": "env:prod,version:2"}"#,
        "service.name=\"web\" deployment.environment.name=\"prod\" service.version=\"2\" \
         application.id=\"app\" /  / aa:bb in:aa \"click Buy\" unspecified 1010000000..1015000000 \
         action.id=\"00000000-0000-0000-0000-0000000000bb\" action.type=\"click\" action.target.name=\"Buy\" \
         action.loading_time=5000000 view.url=\"http://x/cart?a\" session.id=\"ses\" \
         url.full=\"http://x/cart?a\"\n\
         service.name=\"web\" deployment.environment.name=\"prod\" service.version=\"2\" \
         application.id=\"app\" /  / aa:cc in:bb \"POST /api/buy\" client 1011000000..1014000000 \
         resource.id=\"00000000-0000-0000-0000-0000000000cc\" resource.method=\"POST\" \
         resource.url=\"http://x/api/buy?b\" resource.status_code=500 resource.duration=3000000 \
         view.url=\"http://x/cart?a\" session.id=\"ses\" http.request.method=\"POST\" \
         http.response.status_code=500 url.full=\"http://x/api/buy?b\" link(7e62c68f39650714:a) Error()\n\
         service.name=\"web\" deployment.environment.name=\"prod\" service.version=\"2\" \
         application.id=\"app\" /  / aa:aa \"/cart\" unspecified 1000000000..1030000000 \
         view.id=\"00000000-0000-0000-0000-0000000000aa\" view.url=\"http://x/cart?a\" \
         view.time_spent=30000000 session.id=\"ses\" url.full=\"http://x/cart?a\"",
    );
}
