//! Every spelling of OTLP JSON there is, each as a picture of what it says.

#[cfg(test)]
mod support;

use formats::Format;

/// A line a span, `resource / scope / span`; a line a warning.
#[track_caller]
fn check(input: &str, expected: &[&str]) {
    let (picture, _) = support::decode(input.as_bytes());
    let lines = picture.lines();
    assert_eq!(lines.lines().collect::<Vec<_>>(), expected, "{:#?}", picture.warnings);
}

#[track_caller]
fn check_span(fields: &str, expected: &[&str]) {
    let input = format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{fields}}}]}}]}}]}}"#);
    let expected: Vec<_> = expected
        .iter()
        .map(|line| if line.contains('@') { (*line).to_owned() } else { format!(" /  / {line}") })
        .collect();
    check(&input, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[track_caller]
fn check_value(value: &str, expected: &[&str]) {
    let [first, rest @ ..] = expected else { return };
    let span = format!("-:0 \"\" unspecified 0..0 k={first}");
    let lines: Vec<&str> = std::iter::once(span.as_str()).chain(rest.iter().copied()).collect();
    check_span(&format!(r#""attributes":[{{"key":"k","value":{value}}}]"#), &lines);
}

const A: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;
const B: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"b"}]}]}]}"#;
const LINE_A: &str = r#" /  / -:0 "a" unspecified 0..0"#;
const LINE_B: &str = r#" /  / -:0 "b" unspecified 0..0"#;

#[test]
fn everything_a_span_carries() {
    check(
        r#"{"resourceSpans":[{
          "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}],"droppedAttributesCount":1},
          "scopeSpans":[{
            "scope":{"name":"http","version":"1.2","attributes":[{"key":"x","value":{"intValue":"1"}}],"droppedAttributesCount":2},
            "spans":[{
              "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173",
              "traceState":"a=b","flags":257,"name":"GET /","kind":2,
              "startTimeUnixNano":"1544712660000000001","endTimeUnixNano":"1544712661000000002",
              "attributes":[{"key":"ok","value":{"boolValue":true}}],"droppedAttributesCount":3,
              "events":[{"timeUnixNano":"1544712660000000005","name":"e","attributes":[{"key":"n","value":{"doubleValue":0.5}}],"droppedAttributesCount":4}],
              "droppedEventsCount":5,
              "links":[{"traceId":"5b8efff798038103d269b633813fc60d","spanId":"eee19b7ec3c1b175","traceState":"c=d","attributes":[],"droppedAttributesCount":6,"flags":1}],
              "droppedLinksCount":7,
              "status":{"code":2,"message":"no"}
            }],
            "schemaUrl":"scope schema"
          }],
          "schemaUrl":"resource schema"}]}"#,
        &[concat!(
            r#"service.name="shop" dropped:1 schema:resource schema / http version:1.2 x=1 dropped:2 schema:scope schema / "#,
            r#"5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174 in:eee19b7ec3c1b173 "GET /" server "#,
            r#"1544712660000000001..1544712661000000002 state:a=b flags:257 ok=true "#,
            r#"event(1544712660000000005 "e" n=0.5 dropped:4) "#,
            r#"link(5b8efff798038103d269b633813fc60d:eee19b7ec3c1b175 state:c=d flags:1 dropped:6) "#,
            r#"dropped:(3, 5, 7) Error(no)"#
        )],
    );
}

#[test]
fn names_with_underscores_and_older_names() {
    check(
        r#"{"resource_spans":[{"instrumentation_library_spans":[{"instrumentation_library":{"name":"lib"},"spans":[{
          "trace_id":"0000000000000000000000000000000a","span_id":"000000000000000b","parent_span_id":"000000000000000c",
          "trace_state":"s","start_time_unix_nano":1,"end_time_unix_nano":2,"kind":"SPAN_KIND_CLIENT",
          "attributes":[{"key":"k","value":{"string_value":"v"}},{"key":"l","value":{"array_value":{"values":[{"int_value":1}]}}}],
          "dropped_attributes_count":1,"dropped_events_count":2,"dropped_links_count":3,
          "events":[{"time_unix_nano":3,"name":"e"}],"status":{"code":"STATUS_CODE_OK"}}],"schema_url":"u"}]}]}"#,
        &[
            r#" / lib schema:u / a:b in:c "" client 1..2 state:s k="v" l=[1] event(3 "e") dropped:(1, 2, 3) Ok()"#,
        ],
    );
    for name in ["instrumentationLibrarySpans", "deprecatedScopeSpans", "scope_spans"] {
        check(&A.replace("scopeSpans", name), &[LINE_A]);
    }
}

#[test]
fn documents() {
    let both = &[LINE_A, LINE_B];
    check(&format!("{A}\n{B}\n"), both);
    check(&format!("{A}\r\n\r\n{B}"), both);
    check(&format!("{A}{B}"), both);
    check(&format!("[{A},{B}]"), both);
    check(&format!("{A},\n{B}"), both);
    check(&format!("\u{1e}{A}\n\u{1e}{B}\n"), both);
    check(&format!("\u{feff}{A}"), &[LINE_A]);
    check(&A.replace(':', " :\n\t ").replace(',', "\r\n , "), &[LINE_A]);
}

#[test]
fn wrappers() {
    for wrapper in [
        r#"{"trace":A,"metrics":{"n":[1,"]"]}}"#,
        r#"{"result":A}"#,
        r#"{"status":"ok","data":[A]}"#,
        r#"{"data":{"trace":A}}"#,
        r#"{"result":[[A]]}"#,
        r#"{"traces":[A]}"#,
    ] {
        check(&wrapper.replace('A', A), &[LINE_A]);
    }
    check(&A.replace("resourceSpans", "batches"), &[LINE_A]);
    // One element of resourceSpans on its own, its resource before or after.
    check(
        r#"{"resource":{"attributes":[{"key":"r","value":{"intValue":1}}]},"scopeSpans":[{"spans":[{"name":"a"}]}]}"#,
        &[r#"r=1 /  / -:0 "a" unspecified 0..0"#],
    );
    check(
        r#"{"scopeSpans":[{"spans":[{"name":"a"}],"scope":{"name":"s"}}],"resource":{"attributes":[]},"schemaUrl":"u"}"#,
        &[r#"schema:u / s / -:0 "a" unspecified 0..0"#],
    );
}

#[test]
fn a_search_result() {
    let input = r#"{"traces":[{"traceID":"a","rootServiceName":"shop","rootTraceName":"GET /","startTimeUnixNano":"5","durationMs":1,
        "spanSet":{"spans":[{"spanID":"1","name":"x","startTimeUnixNano":"7","durationNanos":"3"}],"matched":1},
        "spanSets":[{"spans":[{"spanID":"1","name":"x","startTimeUnixNano":"7","durationNanos":"3",
          "attributes":[{"key":"service.name","value":{"stringValue":"cart"}},{"key":"n","value":{"intValue":"1"}}]}],"matched":1}]},
        {"traceID":"b","rootServiceName":"shop","rootTraceName":"GET /","startTimeUnixNano":"5","durationMs":1}],"metrics":{}}"#;
    check(
        input,
        &[
            r#"service.name="cart" /  / a:1 "x" unspecified 7..10 n=1"#,
            r#"service.name="shop" /  / b:0 "GET /" unspecified 5..1000005"#,
        ],
    );
    assert_eq!(support::decode(input.as_bytes()).1.unwrap().formats, [Format::TempoSearch]);
}

#[test]
fn numbers() {
    check_span(
        r#""startTimeUnixNano":1544712660000000001,"endTimeUnixNano":"1544712660000000002""#,
        &[r#"-:0 "" unspecified 1544712660000000001..1544712660000000002"#],
    );
    check_span(
        r#""startTimeUnixNano":1.7e18,"endTimeUnixNano":"1.7e18""#,
        &[r#"-:0 "" unspecified 1700000000000000000..1700000000000000000"#],
    );
    check_span(r#""startTimeUnixNano":null,"endTimeUnixNano":"""#, &[r#"-:0 "" unspecified 0..0"#]);
    check_span(
        r#""startTimeUnixNano":-1,"endTimeUnixNano":"18446744073709551616""#,
        &[r#"-:0 "" unspecified 0..0"#, "numberOutOfRange @43", "numberOutOfRange @43"],
    );
    check_span(
        r#""flags":"257","droppedEventsCount":4294967296"#,
        &[r#"-:0 "" unspecified 0..0 flags:257"#, "numberOutOfRange @43"],
    );
}

#[test]
fn enums() {
    for kind in ["4", "\"4\"", "\"SPAN_KIND_PRODUCER\"", "\"producer\"", "4.0"] {
        check_span(&format!(r#""kind":{kind}"#), &[r#"-:0 "" producer 0..0"#]);
    }
    check_span(r#""kind":99"#, &[r#"-:0 "" unspecified 0..0"#, "numberOutOfRange @43"]);
    check_span(r#""kind":"CLIENTELE""#, &[r#"-:0 "" unspecified 0..0"#, "wrongType @43"]);
    for code in ["2", "\"STATUS_CODE_ERROR\"", "\"Error\""] {
        check_span(&format!(r#""status":{{"code":{code}}}"#), &[r#"-:0 "" unspecified 0..0 Error()"#]);
    }
    check_span(
        r#""status":{"deprecatedCode":"DEPRECATED_STATUS_CODE_UNKNOWN_ERROR"}"#,
        &[r#"-:0 "" unspecified 0..0 Error()"#],
    );
    check_span(r#""status":{"deprecatedCode":0}"#, &[r#"-:0 "" unspecified 0..0"#]);
}

#[test]
fn ids() {
    check_span(
        r#""traceId":"W47/95gDgQPSabYzgT/GDA==","spanId":"7uGbfsPBsXQ=","parentSpanId":"""#,
        &[r#"5b8efff798038103d269b633813fc60c:eee19b7ec3c1b174 "" unspecified 0..0"#],
    );
    check_span(
        r#""traceId":"trace one","spanId":null,"parentSpanId":"0000000000000000""#,
        &[r#"da7fbb60066cb56e77f4bb90922c92:0 "" unspecified 0..0"#, "invalidId @43"],
    );
    check_span(
        r#""traceId":7,"spanId":["1"]"#,
        &[r#"-:0 "" unspecified 0..0"#, "wrongType @43", "wrongType @43"],
    );
}

#[test]
fn values() {
    check_value(r#"{"stringValue":""}"#, &[r#""""#]);
    check_value(r#"{"stringValue":"\"\u00e9\n\ud83d\ude00"}"#, &[r#""\"é\n😀""#]);
    check_value(r#"{"intValue":"-9223372036854775808"}"#, &["-9223372036854775808"]);
    check_value(r#"{"intValue":9007199254740993}"#, &["9007199254740993"]);
    check_value(r#"{"intValue":1e3}"#, &["1000"]);
    check_value(
        r#"{"intValue":"9223372036854775808"}"#,
        &[r#""9223372036854775808""#, "numberOutOfRange @43"],
    );
    check_value(r#"{"intValue":9223372036854775808}"#, &[r#""9223372036854775808""#, "numberOutOfRange @43"]);
    check_value(r#"{"intValue":"many"}"#, &[r#""many""#, "wrongType @43"]);
    check_value(r#"{"boolValue":false}"#, &["false"]);
    check_value(r#"{"boolValue":"true"}"#, &["true"]);
    check_value(r#"{"boolValue":1}"#, &["1", "wrongType @43"]);
    check_value(r#"{"doubleValue":1}"#, &["1.0"]);
    check_value(r#"{"doubleValue":"-Infinity"}"#, &["-inf"]);
    check_value(r#"{"doubleValue":"NaN"}"#, &["NaN"]);
    check_value(r#"{"doubleValue":0.1}"#, &["0.1"]);
    check_value(r#"{"bytesValue":"AP8="}"#, &["[00, ff]"]);
    check_value(r#"{"bytesValue":"_w"}"#, &["[ff]"]);
    check_value(r#"{"bytesValue":"?"}"#, &[r#""?""#, "wrongType @43"]);
    check_value("{}", &["()"]);
    check_value("null", &["()"]);
    check_value(r#"{"stringValue":null,"intValue":"5","boolValue":null}"#, &["5"]);
    check_value(
        r#"{"arrayValue":{"values":[{"stringValue":"a"},{"arrayValue":{}},{}]}}"#,
        &[r#"["a" [] ()]"#],
    );
    check_value(r#"{"arrayValue":{"values":7}}"#, &["[]", "wrongType @43"]);
    check_value(
        r#"{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}},{"key":"b","value":{"kvlistValue":{"values":[]}}}]}}"#,
        &["{a=1 b={}}"],
    );
    // Values without the wrapper that names their type.
    check_value(r#""bare""#, &[r#""bare""#, "wrongType @43"]);
    check_value("[1]", &["()", "wrongType @43"]);
}

#[test]
fn values_as_deep_as_they_come() {
    let deep = |levels: usize| {
        format!(
            "{}{}{}",
            r#"{"arrayValue":{"values":["#.repeat(levels),
            r#"{"intValue":1}"#,
            "]}}".repeat(levels)
        )
    };
    let drawn = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    check_value(&deep(24), &[&drawn(24)]);
    check_value(&deep(25), &[&drawn(24).replace('1', "()"), "tooDeep @43"]);
    check_value(&deep(20_000), &[&drawn(24).replace('1', "()"), "tooDeep @43"]);
}

#[test]
fn fields_of_the_wrong_type_cost_the_field() {
    check_span(
        r#""name":7,"attributes":{"a":1},"events":"none","links":[1,null],"status":3,"flags":[]"#,
        &[
            r#"-:0 "" unspecified 0..0"#,
            "wrongType @43",
            "wrongType @43",
            "wrongType @43",
            "wrongType @43",
            "wrongType @43",
            "wrongType @43",
        ],
    );
    check_span(r#""unknown":{"traceId":[{}]},"name":"n""#, &[r#"-:0 "n" unspecified 0..0"#]);
    check_span(
        r#""attributes":[{"key":"a","value":{"boolValue":true}}],"attributes":[]"#,
        &[r#"-:0 "" unspecified 0..0"#],
    );
    check_span(r#""na\u006de":"escaped name""#, &[r#"-:0 "escaped name" unspecified 0..0"#]);
    check_span(
        r#""attributes":null,"events":null,"links":null,"status":null,"name":null"#,
        &[r#"-:0 "" unspecified 0..0"#],
    );
}

#[test]
fn formats_are_named() {
    let format = |input: &str| support::decode(input.as_bytes()).1.unwrap().formats;
    assert_eq!(format(A), [Format::OtlpJson]);
    assert_eq!(format(&format!("[{A},{B}]")), [Format::OtlpJson]);
    assert_eq!(format(&format!("{A}\n{B}")), [Format::OtlpJsonLines]);
    assert_eq!(format(&A.replace("resourceSpans", "batches")), [Format::TempoJson]);
}
