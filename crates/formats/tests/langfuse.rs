//! Langfuse's exports and answers.

#[cfg(test)]
mod support;

use formats::Format;

#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("Langfuse JSON")]));
    assert_eq!(picture.lines().lines().map(str::trim).collect::<Vec<_>>(), expected);
}

#[test]
fn a_trace_and_what_it_says_of_its_observations() {
    check(
        r#"{"id": "0f", "projectId": "p", "timestamp": "2023-11-14T22:13:20Z", "name": "t", "userId": "u", "sessionId": "s",
            "tags": ["x"], "release": null, "observations": [
            {"id": "a1", "traceId": "0f", "parentObservationId": null, "type": "SPAN", "name": "root", "level": "DEFAULT",
             "startTime": "2023-11-14T22:13:20.001Z", "endTime": "2023-11-14T22:13:21Z", "environment": "prod"},
            {"id": "a2", "traceId": "0f", "parentObservationId": "a1", "type": "GENERATION", "name": "ask", "level": "ERROR",
             "statusMessage": "bad", "startTime": "2023-11-14T22:13:20.1Z", "endTime": "2023-11-14T22:13:20.9Z",
             "completionStartTime": "2023-11-14T22:13:20.5Z", "model": "m", "usageDetails": {"input": 3, "output": 4}},
            {"id": "a3", "traceId": "0f", "parentObservationId": "a1", "type": "EVENT", "name": "e", "level": "WARNING",
             "startTime": "2023-11-14T22:13:20.2Z", "endTime": null}]}"#,
        &[
            "deployment.environment.name=\"prod\" /  / f:a1 \"root\" internal 1700000000001000000..1700000001000000000 \
             langfuse.observation.type=\"SPAN\" user.id=\"u\" session.id=\"s\" langfuse.trace.tags=[\"x\"]",
            "/  / f:a2 in:a1 \"ask\" client 1700000000100000000..1700000000900000000 \
             langfuse.observation.type=\"GENERATION\" gen_ai.request.model=\"m\" gen_ai.usage.input_tokens=3 \
             gen_ai.usage.output_tokens=4 model=\"m\" usageDetails={input=3 output=4} user.id=\"u\" session.id=\"s\" \
             langfuse.trace.tags=[\"x\"] event(1700000000500000000 \"completion start\") Error(bad)",
            "/  / f:a3 in:a1 \"e\" internal 1700000000200000000..1700000000200000000 \
             langfuse.observation.level=\"WARNING\" langfuse.observation.type=\"EVENT\" user.id=\"u\" session.id=\"s\" \
             langfuse.trace.tags=[\"x\"]",
        ],
    );
}

#[test]
fn metadata_is_an_object_or_its_text() {
    let metadata = r#"{"attributes": {"a": "b"}, "resourceAttributes": {"service.name": "bot"}, "scope": {"name": "lib", "version": "1"}, "n": 7}"#;
    let quoted = format!("\"{}\"", metadata.replace('"', "\\\""));
    for metadata in [metadata, &quoted] {
        check(
            &format!(
                r#"{{"data": [{{"id": "1", "traceId": "2", "parentObservationId": null, "type": "SPAN", "name": "n",
                    "startTime": "2023-11-14T22:13:20Z", "endTime": null, "metadata": {metadata}}}]}}"#
            ),
            &["service.name=\"bot\" / lib version:1 / 2:1 \"n\" internal 1700000000000000000..0 \
               langfuse.observation.type=\"SPAN\" a=\"b\" metadata.n=7"],
        );
    }
}

#[test]
fn ids_that_are_uuids() {
    check(
        r#"[{"id": "123e4567-e89b-12d3-a456-426614174000", "traceId": "123e4567-e89b-12d3-a456-426614174001",
             "parentObservationId": null, "type": "SPAN", "name": "a", "startTime": "2023-11-14T22:13:20Z"},
            {"id": "123e4567-e89b-12d3-a456-426614174002", "traceId": "123e4567-e89b-12d3-a456-426614174001",
             "parentObservationId": "123e4567-e89b-12d3-a456-426614174000", "type": "SPAN", "name": "b",
             "startTime": "2023-11-14T22:13:20Z"}]"#,
        &[
            "/  / 123e4567e89b12d3a456426614174001:b6680701fc8c52d3 \"a\" internal 1700000000000000000..0 \
             langfuse.observation.type=\"SPAN\"",
            "/  / 123e4567e89b12d3a456426614174001:b6680701fc8c52d1 in:b6680701fc8c52d3 \"b\" internal 1700000000000000000..0 \
             langfuse.observation.type=\"SPAN\"",
        ],
    );
}

/// An export has the trace with a list of its own and a longer one beside it: each span is told once, from the longer.
#[test]
fn the_longer_list_counts() {
    let observation = |more: &str| {
        format!(
            r#"{{"id": "1", "traceId": "2", "parentObservationId": null, "type": "SPAN", "name": "n", "startTime": "2023-11-14T22:13:20Z"{more}}}"#
        )
    };
    let trace = format!(
        r#""trace": {{"id": "2", "projectId": "p", "userId": "u", "observations": [{}]}}"#,
        observation("")
    );
    let longer = format!(r#""observations": [{}]"#, observation(r#", "k": "v""#));
    let line = "/  / 2:1 \"n\" internal 1700000000000000000..0 langfuse.observation.type=\"SPAN\"";
    check(&format!("{{{trace}, {longer}}}"), &[&format!("{line} k=\"v\" user.id=\"u\"")]);
    check(&format!("{{{trace}}}"), &[&format!("{line} user.id=\"u\"")]);
}

#[test]
fn an_observation_without_an_id_is_counted() {
    let (picture, outcome) = support::decode(
        br#"{"projectId": "p", "observations": [{"id": "1", "traceId": "2", "name": "n"}, {"name": "none"}, 7]}"#,
    );
    assert_eq!(outcome.map(|outcome| outcome.spans), Ok(1));
    assert_eq!(picture.lines().matches("skippedSpan").count(), 2);
}
