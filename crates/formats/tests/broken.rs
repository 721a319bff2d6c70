//! What cannot be read is counted, with its offset; what can be read is.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "tests")]

#[cfg(test)]
mod support;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

const A: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;
const B: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"b"}]}]}]}"#;

/// Names of the spans that are read, then the warnings: kind, offset, the words of the first.
#[track_caller]
fn check(input: impl AsRef<[u8]>, expected: &[&str]) {
    let (picture, outcome) = support::decode(input.as_ref());
    let mut seen: Vec<String> = picture
        .lines()
        .lines()
        .filter(|line| line.contains('"'))
        .map(|line| line.split('"').nth(1).unwrap().to_owned())
        .collect();
    for warning in &picture.warnings {
        seen.push(format!("{} @{} {}", warning.kind, warning.offset.unwrap(), warning.detail));
    }
    if let Err(refusal) = outcome {
        seen.push(format!("refused: {} @{} {refusal}", refusal.kind.name(), refusal.offset));
    }
    assert_eq!(seen, expected);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn spans(spans: &str) -> String {
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{spans}]}}]}}]}}"#)
}

#[test]
fn cut_off() {
    check(
        &A[..A.len() - 1],
        &["a", "truncated @60 the input ends inside a document; everything before was read"],
    );
    check(&A[..55], &["a", "truncated @55 the input ends inside spans; everything before was read"]);
    let two = spans(r#"{"name":"a"},{"name":"b"}"#);
    check(&two[..65], &["a", "truncated @56 the input ends inside a span; everything before was read"]);
    check(
        &A[..50],
        &[
            "truncated @43 the input ends inside a span; everything before was read",
            "refused: truncated @43 The input ends at byte 43, before its first span does.",
        ],
    );
}

#[test]
fn broken_lines() {
    check(
        format!("{A}\n{{\"resourceSpans\": nonsense}}\n{B}"),
        &["a", "b", "invalidJson @81 text was skipped: expected a JSON value"],
    );
    check(
        format!("{A}\nnot json at all\n{B}\n"),
        &["a", "b", "invalidJson @63 text was skipped: expected a JSON value"],
    );
    // A line cut inside a string, and one cut between values.
    check(
        format!("{}\n{B}", &A[..52]),
        &[
            "b",
            "invalidJson @52 text was skipped: control character (\\u0000-\\u001F) found while parsing a string",
        ],
    );
    check(format!("{}\n{B}", &A[..54]), &["b", "invalidJson @55 text was skipped: expected `,` or `}`"]);
    check(
        format!("{}\n{B}", &A[..40]),
        &[
            "b",
            "invalidJson @40 text was skipped: control character (\\u0000-\\u001F) found while parsing a string",
        ],
    );
    check(format!("{A}]}}\n{B}"), &["a", "b", "invalidJson @61 text was skipped: expected a JSON value"]);
}

#[test]
fn broken_spans() {
    check(
        spans(r#"{"name":"a"},{"name":oops},{"name":"b"}"#),
        &["a", "b", "skippedSpan @56 a span was skipped: expected a JSON value"],
    );
    check(
        spans(r#"{"name":"a"},7,"x",null,[],{"name":"b"}"#),
        &[
            "a",
            "b",
            "skippedSpan @56 a span was skipped: it is not an object",
            "skippedSpan @58 ",
            "skippedSpan @67 ",
        ],
    );
    check(
        spans(r#"{"name":"a","kind":7,},{"name":"b"}"#),
        &["b", "skippedSpan @43 a span was skipped: trailing comma"],
    );
}

#[test]
fn strings_json_does_not_allow() {
    check(
        spans(r#"{"name":"a\ud83d"},{"name":"b"}"#),
        &[
            "a\u{fffd}",
            "b",
            "invalidUtf8 @43 a string holds what JSON does not allow (an escape stands for no character); mended",
        ],
    );
    check(
        spans("{\"name\":\"a\tb\"}"),
        &[
            "a\\tb",
            "invalidJson @43 a string holds what JSON does not allow (control character (\\u0000-\\u001F) found while parsing a string); mended",
        ],
    );
    let mut bytes = spans(r#"{"name":"a!"},{"name":"b"}"#).into_bytes();
    bytes[53] = 0xFF;
    check(bytes, &["a\u{fffd}", "b", "invalidUtf8 @53 bytes [ff] are not UTF-8; replaced by U+FFFD"]);
}

#[test]
fn refusals() {
    check("", &["refused: empty @0 The input is empty."]);
    check(" \n\t ", &["refused: empty @0 There is nothing but white space in this."]);
    check(
        r#"{"resourceSpans":[]}"#,
        &["refused: empty @0 This is a trace file, but there are no spans in it."],
    );
    check(
        "hello",
        &[
            "invalidJson @0 text was skipped: expected a JSON value",
            "refused: notJson @0 This is not JSON: expected a JSON value at byte 0. Expected a trace.",
        ],
    );
    check(
        r#"{"name":"x","list":[1]}"#,
        &[
            "notATrace @0 a document holds no spans",
            r#"refused: notATrace @0 No spans in this: found JSON with "name", "list"; expected a trace."#,
        ],
    );
    check(
        r#"{"data":[{"traceID":"1","spans":[{}],"processes":{}}]}"#,
        &[
            "skippedSpan @33 a span was skipped: it is not an object, or has nothing in it",
            "refused: notATrace @0 This is Jaeger JSON, but there are no spans in it.",
        ],
    );
    check(
        r#"{"resourceLogs":[{},{}]}"#,
        &["refused: empty @0 This is OTLP JSON, but there are no spans, log records or metrics in it."],
    );
    check(
        r#"{"resourceProfiles":[{},{}]}"#,
        &[
            "otherSignal @21 resourceProfiles are not read yet",
            "otherSignal @24 ",
            "refused: notATrace @0 This is OTLP JSON, but it holds only resourceProfiles, which are not read yet. Expected resourceSpans.",
        ],
    );
    check(
        "<!doctype html><title>Login</title>",
        &[
            "invalidJson @0 text was skipped: expected a JSON value",
            "refused: unsupportedFormat @0 This is an HTML or XML page. Expected a trace.",
        ],
    );
    check(
        b"%PDF-1.7 and so on",
        &[
            "damagedCompression @0 this is a PDF document, which is not read",
            "refused: unsupportedFormat @0 This is a PDF document, which is not read. Expected a trace, also in gzip, zstd, zip or tar.",
        ],
    );
    check(
        "42",
        &[
            "notATrace @0 a document holds no spans",
            "refused: notATrace @0 No spans in this: found JSON without names that are known; expected a trace.",
        ],
    );
}

#[test]
fn compressed() {
    check(gzip(A), &["a"]);
    check([gzip(A), gzip(B)].concat(), &["a", "b"]);
    let long = (0..2000).map(|n| A.replace("\"a\"", &format!("\"{n}\""))).collect::<Vec<_>>().join("\n");
    let whole = gzip(&long);
    let (picture, outcome) = support::decode_in(&whole[..whole.len() / 2], &[1000]);
    assert!((500..1500).contains(&picture.spans()), "{}", picture.spans());
    assert_eq!(outcome.unwrap().spans, picture.spans() as u64);
    let kinds: Vec<_> = picture.warnings.iter().map(|warning| warning.kind.name()).collect();
    assert_eq!(kinds, ["damagedCompression", "truncated"]);
    let mut damaged = whole;
    let middle = damaged.len() / 2;
    damaged[middle..middle + 50].fill(0xAA);
    let (picture, _) = support::decode_in(&damaged, &[1000]);
    assert!(picture.spans() > 100, "{}", picture.spans());
    assert!(picture.warnings.iter().any(|warning| warning.kind.name() == "damagedCompression"));
}

#[test]
fn deep_nesting_ends() {
    let (_, outcome) = support::decode_in("[".repeat(200_000).as_bytes(), &[4096]);
    assert_eq!(outcome.unwrap_err().kind.name(), "truncated");
    let (_, outcome) = support::decode_in("{\"data\":".repeat(100_000).as_bytes(), &[4096]);
    assert_eq!(outcome.unwrap_err().kind.name(), "truncated");
    check(format!(r#"{{"deep":{}{},{}"#, "[".repeat(50_000), "]".repeat(50_000), &A[1..]), &["a"]);
}
