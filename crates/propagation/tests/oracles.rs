//! The harness of W3C Trace Context, and the vectors of OpenTelemetry for sampling, as facts. They lie beside the
//! project; without them there is nothing to compare.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for no tests"
)]

use std::collections::BTreeMap;

use otel::{SpanContext, SpanId, TraceFlags, TraceId};
use propagation::{
    Context, Decision, Format, Headers, OtTraceState, Randomness, RatioBits, Sampler as _,
    SamplingParameters, Threshold, TraceIdRatioBased, TraceState,
};
use serde_json::Value;

fn oracle(file: &str) -> Option<Value> {
    let path = format!("{}/../../../shared/corpus/oracles/{file}", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read(&path) else {
        println!("skipped: no corpus at {path}");
        return None;
    };
    Some(serde_json::from_slice(&text).unwrap())
}

fn rows<'v>(file: &'v Value, table: &str) -> impl Iterator<Item = &'v Value> {
    file.pointer(table).and_then(Value::as_array).unwrap_or_else(|| panic!("no {table}")).iter()
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row}"))
}

/// What the service of the harness is: it sends on what it was sent, from a span of its own. `own` stands for a source
/// of randomness.
fn sent_on(headers: &[(&str, &str)], own: u64) -> Vec<(String, String)> {
    let (trace_id, span_id) = (TraceId(u128::from(own) << 64 | u128::from(own)), SpanId(own));
    let context = match Format::TraceContext.extract(Headers(headers)) {
        Some(parent) => {
            let span = SpanContext { span_id, is_remote: false, ..parent.span() };
            Context::new(span, parent.trace_state)
        }
        None => Context::new(
            SpanContext {
                trace_id,
                span_id,
                flags: TraceFlags::SAMPLED.with(TraceFlags::RANDOM, true),
                is_remote: false,
            },
            TraceState::default(),
        ),
    };
    let mut fields = Vec::new();
    Format::TraceContext
        .inject(&context, &mut |name, value| fields.push((name.to_owned(), value.to_owned())));
    fields
}

fn header<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}

#[test]
fn w3c_trace_context() {
    let Some(file) = oracle("w3c_trace_context.json") else { return };
    let mut steps = 0;
    let mut own = 0x5eed_0000_0000_0000;
    for test in rows(&file, "/tests") {
        let name = text(test, "test");
        for step in rows(test, "/steps") {
            steps += 1;
            let headers: Vec<_> = rows(step, "/headers")
                .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
                .collect();
            let mut parents = Vec::new();
            let mut traces = Vec::new();
            for _ in 0..step["requests"].as_u64().unwrap() {
                own += 1;
                let fields = sent_on(&headers, own);
                let parent =
                    header(&fields, "traceparent").unwrap_or_else(|| panic!("{name}: no traceparent"));
                let parts: Vec<_> = parent.split('-').collect();
                assert_eq!((parts.len(), parts[0], parent.len()), (4, "00", 55), "{name}: {parent}");
                compare(name, step, &parts, header(&fields, "tracestate").unwrap_or(""));
                traces.push(parts[1].to_owned());
                parents.push(parts[2].to_owned());
            }
            // Every request is a span of its own, in the trace that came or in a trace of its own.
            let count = parents.len();
            parents.sort();
            parents.dedup();
            assert_eq!(parents.len(), count, "{name}: {headers:?}");
            traces.dedup();
            let continues = name.ends_with("test_multiple_requests_with_valid_traceparent");
            assert_eq!(traces.len(), if continues { 1 } else { count }, "{name}: {headers:?}");
        }
    }
    assert_eq!(steps, 83, "requests of the harness");
}

/// No row differs from what is expected: there is no table of exceptions.
fn compare(name: &str, step: &Value, parts: &[&str], trace_state: &str) {
    let expect = &step["expect"];
    let headers = &step["headers"];
    let refused: Vec<_> = expect["trace_id_not"].as_array().into_iter().flatten().collect();
    assert!(refused.iter().all(|it| it.as_str() != Some(parts[1])), "{name}: {headers}");
    if let Some(trace_id) = expect["trace_id"].as_str() {
        assert_eq!(parts[1], trace_id, "{name}: {headers}");
    }
    let parents: Vec<_> = expect["parent_id_not"].as_array().into_iter().flatten().collect();
    assert!(parents.iter().all(|it| it.as_str() != Some(parts[2])), "{name}: {headers}");
    let members: BTreeMap<&str, &str> = trace_state.split(',').filter_map(|it| it.split_once('=')).collect();
    for (key, value) in expect["tracestate"].as_object().into_iter().flatten() {
        assert_eq!(members.get(key.as_str()).copied(), value.as_str(), "{name}: {headers}: {key}");
    }
    for key in expect["tracestate_absent"].as_array().into_iter().flatten() {
        assert!(!members.contains_key(key.as_str().unwrap()), "{name}: {headers}: {key}");
    }
    match step["verdict"].as_str().unwrap() {
        "accept traceparent (keep trace id)" => assert!(expect["trace_id"].is_string(), "{name}"),
        "reject traceparent (start a new trace)" => {
            assert!(!refused.is_empty() && trace_state.is_empty(), "{name}: {headers}");
        }
        verdict => assert_eq!(verdict, "n/a", "{name}"),
    }
    if name.ends_with("test_propagates_random_flag") {
        assert_eq!(parts[3], "02", "{name}");
    }
    if name.ends_with("test_tracestate_included_traceparent_missing") {
        assert_eq!(trace_state, "", "{name}");
    }
}

/// What the samplers write as `th`.
fn written(threshold: Threshold) -> String {
    let mut ot = OtTraceState::default();
    ot.threshold = Some(threshold);
    ot.value().strip_prefix("th:").unwrap().to_owned()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-12, "{found} is not {expected}");
}

#[test]
fn thresholds() {
    let Some(file) = oracle("sampling_vectors.json") else { return };
    let mut count = 0;
    for row in rows(&file, "/threshold_table") {
        let digits = row["precision"].as_u64().unwrap() as u32;
        let threshold =
            Threshold::from_probability(row["probability"].as_f64().unwrap()).unwrap().rounded(digits);
        assert_eq!(written(threshold), text(row, "th"), "{row}");
        near(threshold.probability(), row["actual_probability"].as_f64().unwrap());
        near(threshold.adjusted_count(), row["adjusted_count"].as_f64().unwrap());
        count += 1;
    }
    for row in rows(&file, "/threshold_decode") {
        let threshold = Threshold::parse(text(row, "th")).unwrap();
        if let Some(probability) = row["probability"].as_f64() {
            near(threshold.probability(), probability);
        }
        if let Some(about) = row["about_probability"].as_f64() {
            assert!((threshold.probability() - about).abs() < 1e-7, "{row}");
        }
        if let Some(rejection) = row["rejection"].as_f64() {
            near(1.0 - threshold.probability(), rejection);
        }
        if let Some(adjusted_count) = row["adjusted_count"].as_f64() {
            near(threshold.adjusted_count(), adjusted_count);
        }
        if let Some(padded) = row["padded"].as_str() {
            assert_eq!(Threshold::parse(padded), Some(threshold), "{row}");
        }
        count += 1;
    }
    for row in rows(&file, "/randomness") {
        let expected = Randomness::parse(text(row, "randomness_hex")).unwrap();
        if let Some(state) = row["tracestate"].as_str() {
            assert_eq!(
                OtTraceState::of(&TraceState::parse([state]).unwrap()).randomness,
                Some(expected),
                "{row}"
            );
        }
        if let Some(id) = row["trace_id"].as_str() {
            assert_eq!(Randomness::of_trace(TraceId::from_hex(id.as_bytes()).unwrap()), expected, "{row}");
        }
        if let Some(from) = row["sampled_at_probability_from"].as_f64() {
            // Given to three decimals.
            for (probability, kept) in [(from + 0.001, true), (from - 0.001, false)] {
                let threshold = Threshold::from_probability(probability).unwrap();
                assert_eq!(threshold.keeps(expected), kept, "{row} at {probability}");
            }
        }
        count += 1;
    }
    assert_eq!(count, 39 + 6 + 2, "rows");
}

#[test]
fn ot_entries() {
    let Some(file) = oracle("sampling_vectors.json") else { return };
    let mut count = 0;
    for row in rows(&file, "/ot_tracestate_parse") {
        count += 1;
        let found = OtTraceState::parse(text(row, "in"));
        assert_eq!(found.is_err(), row["error"].is_string(), "{row}");
        let Ok(mut found) = found else { continue };
        assert_eq!(found.threshold, Threshold::parse(text(row, "th")), "{row}");
        assert_eq!(found.randomness, Randomness::parse(text(row, "rv")), "{row}");
        (found.threshold, found.randomness) = (None, None);
        let extra: Vec<_> = rows(row, "/extra").map(|it| it.as_str().unwrap()).collect();
        assert_eq!(found.value(), extra.join(";"), "{row}");
    }
    for row in rows(&file, "/threshold_update") {
        count += 1;
        let mut ot = OtTraceState::parse(text(row, "in")).unwrap_or_default();
        let adjusted_count = |ot: &OtTraceState| ot.threshold.map_or(0.0, Threshold::adjusted_count);
        assert_eq!(adjusted_count(&ot), row["adjusted_count_in"].as_f64().unwrap(), "{row}");
        let to = Threshold::from_probability(row["sample_probability"].as_f64().unwrap()).unwrap();
        assert_eq!(ot.raise(to), row["error"].is_null(), "{row}");
        assert_eq!(ot.value(), text(row, "out"), "{row}");
        near(adjusted_count(&ot), row["adjusted_count_out"].as_f64().unwrap());
    }
    for row in rows(&file, "/key_rewrite") {
        count += 1;
        let mut ot = OtTraceState::parse(text(row, "ot")).unwrap();
        let (key, value) = text(row, "set").split_once(':').unwrap();
        ot.set(key, value).unwrap();
        if let Some(out) = row["out"].as_str() {
            assert_eq!(ot.value(), out, "{row}");
        } else {
            let value = ot.value();
            let mut found: Vec<_> = value.split(';').collect();
            let mut expected: Vec<_> = rows(row, "/out_any_order").map(|it| it.as_str().unwrap()).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{row}");
        }
    }
    assert_eq!(count, 40 + 9 + 2, "rows");
}

#[test]
fn trace_id_ratios() {
    let Some(file) = oracle("sampling_vectors.json") else { return };
    let mut count = 0;
    for (table, bits) in [("js", RatioBits::Xor32), ("python", RatioBits::Low64)] {
        for row in rows(&file, &format!("/trace_id_ratio_based/{table}")) {
            count += 1;
            let ratio = row["ratio"].as_f64().unwrap_or(f64::NAN);
            let Ok(trace_id) = TraceId::from_hex(text(row, "trace_id").as_bytes()) else {
                // What is no id cannot even be asked about.
                assert_eq!(row["sampled"], false, "{row}");
                continue;
            };
            let mut sampler = TraceIdRatioBased::new(ratio, bits);
            let it = SamplingParameters { trace_id, ..SamplingParameters::default() };
            let sampled = sampler.should_sample(&it).decision == Decision::RecordAndSample;
            assert_eq!(Some(sampled), row["sampled"].as_bool(), "{row}");
        }
    }
    assert_eq!(count, 10 + 6, "rows");
}
