//! New Relic's spans.

#[cfg(test)]
mod support;

use formats::Format;

/// Spans as the sink is told of them, then what was odd.
#[track_caller]
fn check(input: &str, expected: &str) {
    let (picture, outcome) = support::decode(input.as_bytes());
    assert_eq!(picture.lines().trim_end(), expected);
    assert_eq!(outcome.map(|outcome| outcome.formats), Ok(vec![Format::Other("New Relic")]));
}

#[test]
fn what_the_trace_api_takes() {
    check(
        r#"[{"common": {"attributes": {"hostname": "h", "deployment": "blue"}}, "spans": [
            {"id": "2", "trace.id": "1", "timestamp": 1603336834409, "attributes": {"name": "GET", "duration.ms": 12.53, "parent.id": "3", "service.name": "shop", "error.message": "no", "k": 1}},
            {"id": "4", "trace.id": "1", "timestamp": 1603336834410, "attributes": {"name": "b", "duration.ms": 1, "span.kind": "client", "error.class": "E"}}
        ]}, {"spans": [{"id": "5", "trace.id": "1", "timestamp": 1603336834410, "attributes": {"service.name": "other"}}]}]"#,
        "service.name=\"shop\" host.name=\"h\" deployment=\"blue\" /  / 1:2 in:3 \"GET\" unspecified \
         1603336834409000000..1603336834421530000 service.name=\"shop\" error.message=\"no\" k=1 Error(no)\n\
         host.name=\"h\" deployment=\"blue\" /  / 1:4 \"b\" client 1603336834410000000..1603336834411000000 \
         error.class=\"E\" event(1603336834411000000 \"exception\" exception.type=\"E\") Error()\n\
         service.name=\"other\" /  / 1:5 \"\" unspecified 1603336834410000000..1603336834410000000 \
         service.name=\"other\"",
    );
}

#[test]
fn spans_of_a_query() {
    check(
        r#"{"results": [{"events": [{"appName": "shop", "guid": "2", "traceId": "1", "parentId": "3", "name": "a", "timestamp": 1603336834409, "duration": 0.5, "duration.ms": 500, "nr.entryPoint": true}]}], "metadata": {"contents": []}}"#,
        "service.name=\"shop\" /  / 1:2 in:3 \"a\" unspecified 1603336834409000000..1603336834909000000 \
         appName=\"shop\" nr.entryPoint=true",
    );
}

#[test]
fn spans_of_graphql() {
    check(
        r#"{"data": {"actor": {"account": {"nrql": {"results": [{"entity.name": "shop", "entity.guid": "g", "id": "2", "trace.id": "1", "name": "a", "timestamp": 1603336834409, "duration.ms": 500}]}}}}}"#,
        "service.name=\"shop\" /  / 1:2 \"a\" unspecified 1603336834409000000..1603336834909000000 \
         entity.name=\"shop\" entity.guid=\"g\"",
    );
}
