//! Log records and metrics: every spelling, and what is wrong with them.

#[cfg(test)]
mod support;

/// The picture in lines, then the outcome in figures or the refusal.
fn check(text: &str, expected: &[&str]) {
    let (picture, outcome) = support::decode(text.as_bytes());
    let mut lines: Vec<String> = picture.lines().lines().map(str::to_owned).collect();
    lines.push(match outcome {
        Ok(of) => {
            format!(
                "{} spans, {} logs, {} exemplars of {} metrics",
                of.spans, of.logs, of.exemplars, of.metrics
            )
        }
        Err(refusal) => format!("refused: {}: {refusal}", refusal.kind.name()),
    });
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn log_records() {
    check(
        r#"{"resourceLogs":[{
            "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
            "scopeLogs":[{
                "scope":{"name":"logger","version":"1"},
                "logRecords":[
                    {"timeUnixNano":"7","observedTimeUnixNano":8,"severityNumber":9,"severityText":"Information",
                     "traceId":"0000000000000000000000000000000a","spanId":"000000000000000b","flags":1,
                     "body":{"stringValue":"it begins"},"eventName":"start","droppedAttributesCount":2,
                     "attributes":[{"key":"n","value":{"intValue":"1"}}]},
                    {"body":{"kvlistValue":{"values":[{"key":"a","value":{"arrayValue":{"values":[{"boolValue":true}]}}}]}},
                     "traceId":"","spanId":""}
                ],
                "schemaUrl":"s1"
            }],
            "schemaUrl":"s2"
        }]}"#,
        &[
            r#"service.name="shop" schema:s2 / logger version:1 schema:s1 / log a:b 7/8 9 text:Information event:start flags:1 "it begins" n=1 dropped:2"#,
            r#"service.name="shop" schema:s2 / logger version:1 schema:s1 / log 0:0 0/0 0 {a=[true]}"#,
            "0 spans, 2 logs, 0 exemplars of 0 metrics",
        ],
    );
}

#[test]
fn log_records_in_other_spellings() {
    check(
        r#"{"resource_logs":[{"scope_logs":[{"log_records":[
            {"time_unix_nano":7,"observed_time_unix_nano":"8","severity_number":"SEVERITY_NUMBER_ERROR2",
             "severity_text":"E","trace_id":"AAAAAAAAAAAAAAAAAAAACg==","span_id":"AAAAAAAAAAs=","event_name":"e"}]}]}]}"#,
        &[" /  / log a:b 7/8 18 text:E event:e ()", "0 spans, 1 logs, 0 exemplars of 0 metrics"],
    );
    check(
        r#"{"resourceLogs":[{"instrumentationLibraryLogs":[{"instrumentationLibrary":{"name":"old"},
            "logs":[{"name":"was called so","severityNumber":"warn"}]}]}]}"#,
        &[" / old / log 0:0 0/0 13 event:was called so ()", "0 spans, 1 logs, 0 exemplars of 0 metrics"],
    );
    // A single object for a list, an element on its own, and beside spans.
    check(
        r#"{"resourceLogs":{"scopeLogs":{"logRecords":[{}]}}}
           {"resource":{},"scopeLogs":[{"logRecords":[{}]}]}
           {"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}],"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}"#,
        &[
            " /  / -:0 \"a\" unspecified 0..0",
            " /  / log 0:0 0/0 0 ()",
            " /  / log 0:0 0/0 0 ()",
            " /  / log 0:0 0/0 0 ()",
            "1 spans, 3 logs, 0 exemplars of 0 metrics",
        ],
    );
}

#[test]
fn exemplars() {
    let point = |value: &str| {
        format!(
            r#"{{"timeUnixNano":"9","exemplars":[{{"traceId":"0a","spanId":"0b","timeUnixNano":"7",{value},
                "filteredAttributes":[{{"key":"k","value":{{"boolValue":true}}}}]}},{{"asInt":"5"}}]}}"#
        )
    };
    let (double, int) = (point(r#""asDouble":0.5"#), point(r#""asInt":"5""#));
    let metrics = format!(
        r#"{{"name":"h","unit":"s","histogram":{{"dataPoints":[{double},{{"count":"3"}}]}}}},
           {{"gauge":{{"dataPoints":[{int}]}},"name":"g","description":"d"}},
           {{"name":"s","sum":{{"dataPoints":[{int}],"isMonotonic":true}}}},
           {{"name":"e","exponentialHistogram":{{"dataPoints":[{double}]}}}},
           {{"name":"q","summary":{{"dataPoints":[{{"count":1}}]}}}}"#
    );
    let whole = format!(
        r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"scope":{{"name":"m"}},"metrics":[{metrics}]}}]}}]}}"#
    );
    check(
        &whole,
        &[
            r#" / m / exemplar a:b "h" "s" 7 0.5 k=true"#,
            r#" / m / exemplar a:b "g" "" 7 5 k=true"#,
            r#" / m / exemplar a:b "s" "" 7 5 k=true"#,
            r#" / m / exemplar a:b "e" "" 7 0.5 k=true"#,
            &format!("metricWithoutExemplar @{}", whole.find(r#"{"name":"q""#).unwrap()),
            "0 spans, 0 logs, 4 exemplars of 5 metrics",
        ],
    );
    let snake = r#"{"resource_metrics":[{"instrumentation_library_metrics":[{"metrics":[{"name":"x",
        "exponential_histogram":{"data_points":[{"exemplars":[{"trace_id":"0a","as_int":5,"time_unix_nano":1,
        "span_id":null,"as_double":null,"filtered_attributes":[]}]}]}}]}]}]}"#;
    check(snake, &[r#" /  / exemplar a:0 "x" "" 1 5"#, "0 spans, 0 logs, 1 exemplars of 1 metrics"]);
}

#[test]
fn what_is_wrong_with_them() {
    let logs =
        |records: &str| format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#);
    check(
        &logs(r#"{"severityNumber":25},7,null,{"body":"bare","timeUnixNano":-1}"#),
        &[
            " /  / log 0:0 0/0 0 ()",
            " /  / log 0:0 0/0 0 \"bare\"",
            "numberOutOfRange @46",
            "wrongType @68",
            "wrongType @75",
            "numberOutOfRange @75",
            "0 spans, 2 logs, 0 exemplars of 0 metrics",
        ],
    );
    check(
        &logs(r#"{"body":{"stringValue":"\ud83d"}},{"body":x},{}"#),
        &[
            " /  / log 0:0 0/0 0 \"\u{fffd}\"",
            " /  / log 0:0 0/0 0 ()",
            "invalidUtf8 @46",
            "invalidJson @80",
            "0 spans, 2 logs, 0 exemplars of 0 metrics",
        ],
    );
    // Cut off inside a record, and inside a metric: what came before the cut is kept.
    let whole = logs(r#"{"body":{"stringValue":"a"}},{"body":{"stringValue":"b"}}"#);
    check(
        whole.split_at(whole.len() - 10).0,
        &[" /  / log 0:0 0/0 0 \"a\"", "truncated @75", "0 spans, 1 logs, 0 exemplars of 0 metrics"],
    );
    check(
        r#"{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[{"exemplars":[{"traceId":"0a"}]},{"#,
        &[r#" /  / exemplar a:0 "m" "" 0 ()"#, "truncated @115", "0 spans, 0 logs, 1 exemplars of 1 metrics"],
    );
    check(
        r#"{"resourceLogs":7}"#,
        &[
            "wrongType @16",
            "refused: empty: This is OTLP JSON, but there are no spans, log records or metrics in it.",
        ],
    );
}
