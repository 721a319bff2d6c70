//! Files in files, documents of several kinds in one file, and what one build of the decoder leaves to another.

#![expect(clippy::unwrap_used, reason = "tests")]

#[cfg(test)]
#[path = "seeds/pack.rs"]
mod pack;
#[cfg(test)]
mod support;

use std::path::{Path, PathBuf};

use formats::{Decoder, Format, Outcome, Refusal, Unavailable};
use pack::{gzip, tar};
use support::{Picture, words};

const OTLP: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"otlp"}]}]}]}"#;
const JAEGER: &str = r#"{"data":[{"traceID":"1","spans":[{"traceID":"1","spanID":"2","operationName":"jaeger"}],"processes":{}}]}"#;
const ZIPKIN: &str = r#"[{"traceId":"1","id":"2","timestamp":1,"name":"zipkin"}]"#;
const XRAY: &str = r#"{"trace_id":"1-2-3","id":"1","name":"xray","start_time":1}"#;

/// Names of the spans and formats, then what was odd.
#[track_caller]
fn check(input: &[u8], expected: &[&str]) {
    let (picture, outcome) = support::decode(input);
    assert_eq!(words(&picture, outcome), expected);
}

#[test]
fn documents_of_several_kinds() {
    check(
        [OTLP, JAEGER, ZIPKIN, "{\"other\":1}", XRAY].join("\n").as_bytes(),
        &[
            "otlp",
            "jaeger",
            "xray",
            "zipkin",
            "notATrace @228 a document holds no spans",
            "OTLP JSON Lines",
            "Jaeger JSON",
            "Zipkin JSON",
            "AWS X-Ray segments",
        ],
    );
}

#[test]
fn files_in_files() {
    let archive = tar(&[
        ("a/otlp.json", OTLP.as_bytes()),
        ("notes.txt", b"hello"),
        ("b.gz", &gzip(JAEGER.as_bytes())),
        ("empty.json", b""),
        ("inner.tar", &tar(&[("zipkin", ZIPKIN.as_bytes())])),
    ]);
    let expected = [
        "otlp",
        "jaeger",
        "zipkin",
        "invalidJson @0 text was skipped: expected a JSON value",
        "notATrace @0 notes.txt: This is not JSON: expected a JSON value at byte 0. Expected a trace.",
        "OTLP JSON",
        "Jaeger JSON",
        "Zipkin JSON",
    ];
    check(&archive, &expected);
    check(&gzip(&archive), &expected);
    check(
        &tar(&[("a.txt", b"hello"), ("b.txt", b"<html>")]),
        &[
            "invalidJson @0 text was skipped: expected a JSON value",
            "notATrace @0 a.txt: This is not JSON: expected a JSON value at byte 0. Expected a trace.",
            "invalidJson @0 text was skipped: expected a JSON value",
            "notATrace @0 b.txt: This is an HTML or XML page. Expected a trace.",
            "refused: notJson @0 None of the 2 files in this holds spans. a.txt: This is not JSON: expected a JSON value at \
             byte 0. Expected a trace.",
        ],
    );
}

#[test]
fn text_of_sixteen_bits() {
    for (mark, to_bytes) in [(0xFEFF, u16::to_le_bytes as fn(u16) -> [u8; 2]), (0xFEFF, u16::to_be_bytes)] {
        let text = OTLP.replace("otlp", "ä😀");
        let bytes: Vec<u8> = std::iter::once(mark).chain(text.encode_utf16()).flat_map(to_bytes).collect();
        check(&bytes, &["ä😀", "OTLP JSON"]);
    }
}

#[test]
fn a_bomb_is_refused_with_its_figures() {
    let zeros = vec![b' '; 200 << 20];
    let bomb = gzip(&zeros);
    let mut picture = Picture::default();
    let mut decoder = Decoder::new();
    let refused = bomb.chunks(4096).find_map(|bytes| decoder.push(bytes, &mut picture).err()).unwrap();
    assert_eq!(refused.kind.name(), "tooLarge");
    assert!(refused.message.contains("bytes to"), "{refused}");
}

/// Decodes with the build that leaves all but OTLP to another.
fn lean(bytes: &[u8], size: usize) -> (Picture, Result<Outcome, Refusal>, bool) {
    let mut picture = Picture::default();
    let mut decoder = Decoder::lean();
    let mut asked = false;
    for (at, chunk) in bytes.chunks(size).enumerate() {
        if let Err(refusal) = decoder.push(chunk, &mut picture) {
            return (picture, Err(refusal), asked);
        }
        // It takes a while until the other build is there.
        if decoder.is_waiting() && at % 3 == 0 {
            asked = true;
            decoder.provide(Box::new(Decoder::new()), &mut picture);
        }
    }
    if let Err(refusal) = decoder.end(&mut picture) {
        return (picture, Err(refusal), asked);
    }
    if decoder.is_waiting() {
        asked = true;
        decoder.provide(Box::new(Decoder::new()), &mut picture);
    }
    let outcome = decoder.finish(&mut picture);
    (picture, outcome, asked)
}

#[test]
fn otlp_is_read_by_the_smaller_build_itself() {
    for input in [OTLP.as_bytes().to_vec(), gzip(OTLP.as_bytes()), format!("[{OTLP}]\n{OTLP}").into_bytes()] {
        for size in [1, 7, 1000] {
            assert!(!lean(&input, size).2, "{}", String::from_utf8_lossy(&input));
        }
    }
    for input in [JAEGER.as_bytes().to_vec(), gzip(ZIPKIN.as_bytes()), tar(&[("a", OTLP.as_bytes())])] {
        for size in [1, 7, 1000] {
            let (picture, outcome, asked) = lean(&input, size);
            assert!(asked);
            let whole = support::decode_in(&input, &[usize::MAX]);
            assert_eq!(words(&picture, outcome), words(&whole.0, whole.1));
        }
    }
}

#[test]
fn the_other_build_names_the_same_place() {
    for size in [1, 7, 1000] {
        let refused = lean(b"\xff\xd8\xff\xe0\x00\x10JFIF", size).1.unwrap_err();
        assert!(refused.message.contains("at byte 0."), "{refused} in chunks of {size}");
    }
}

#[test]
fn where_the_other_build_cannot_be_had() {
    let mut picture = Picture::default();
    let mut decoder = Decoder::lean();
    decoder.push(format!("{OTLP}\n{JAEGER}").as_bytes(), &mut picture).unwrap();
    decoder.end(&mut picture).unwrap();
    assert!(decoder.is_waiting());
    decoder.provide(Box::new(Unavailable { why: "no network".to_owned() }), &mut picture);
    let outcome = decoder.finish(&mut picture);
    assert_eq!(words(&picture, outcome), ["otlp", "OTLP JSON"]);
    let mut decoder = Decoder::lean();
    decoder.push(JAEGER.as_bytes(), &mut picture).unwrap();
    decoder.end(&mut picture).unwrap();
    decoder.provide(Box::new(Unavailable { why: "no network".to_owned() }), &mut picture);
    let refused = decoder.finish(&mut picture).unwrap_err();
    assert_eq!(
        refused.message,
        "What reads this format could not be loaded: no network. OTLP JSON and protobuf can be opened."
    );
}

fn files(under: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![under.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn both_builds_read_the_same_of_every_file() {
    let corpus = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus"));
    if !corpus.is_dir() {
        println!("skipped: no corpus at {}", corpus.display());
        return;
    }
    for path in files(corpus) {
        let bytes = std::fs::read(&path).unwrap();
        let whole = support::decode_in(&bytes, &[1 << 16]);
        let (picture, outcome, _) = lean(&bytes, 1 << 16);
        assert_eq!(picture.spans(), whole.0.spans(), "{}", path.display());
        // What was repaired before the other build had it is longer than it was: offsets behind it differ.
        if !whole.0.lines().contains("invalidUtf8") {
            assert_eq!(picture.lines(), whole.0.lines(), "{}", path.display());
            let spans = |outcome: Result<Outcome, Refusal>| outcome.map(|outcome| outcome.spans);
            assert_eq!(spans(outcome), spans(whole.1), "{}", path.display());
        }
    }
    assert_eq!(Format::named("Jaeger JSON"), Some(Format::Other("Jaeger JSON")));
}
