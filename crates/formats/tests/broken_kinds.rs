//! Every format, broken in every way: what could be read is given, the rest is named, with where and why.

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod support;

use seeds::{SMALLEST, SMALLEST_OTLP, Seed, pack};
use support::{Picture, words};

/// A line a span, without what was odd: offsets differ, and what is odd about a span does not.
fn spans(bytes: &[u8]) -> Vec<String> {
    spans_of(&support::decode(bytes).0)
}

fn spans_of(picture: &Picture) -> Vec<String> {
    picture.lines().lines().filter(|line| line.contains(" / ")).map(str::to_owned).collect()
}

/// Seeds that are text, and not CSV, whose line ends are part of it.
fn json() -> impl Iterator<Item = (String, String)> {
    let seeds = seeds::documents().into_iter();
    let seeds = seeds.filter(|seed| !matches!(&*seed.format, "CSV" | "OTLP protobuf"));
    seeds.filter_map(|Seed { format, bytes }| Some((format, String::from_utf8(bytes).ok()?)))
}

/// Names of spans, then what was odd, then formats or why it was refused.
#[track_caller]
fn check(bytes: &[u8], expected: &[&str]) {
    let (picture, outcome) = support::decode(bytes);
    assert_eq!(words(&picture, outcome), expected);
}

#[test]
fn cut_off_anywhere() {
    for Seed { format, bytes } in seeds::documents() {
        let whole = spans(&bytes).len();
        for part in 1..16 {
            let cut = bytes.len() * part / 16;
            let (picture, outcome) = support::decode_in(&bytes[..cut], &[64]);
            assert!(picture.spans() <= whole, "{format} cut at {cut}: {} of {whole}", picture.spans());
            let warned = picture.warnings.iter().any(|warning| warning.offset.unwrap() <= cut as u64);
            match outcome {
                Err(refusal) => assert!(refusal.offset <= cut as u64, "{format} cut at {cut}: {refusal}"),
                // A row that is cut off may still be one; arrays of trace events need no end; so do lines.
                Ok(_) if matches!(&*format, "CSV" | "Chrome trace events") => {}
                Ok(outcome) => {
                    let between = outcome.documents > 0 && is_whole(&bytes[..cut]);
                    assert!(warned || between, "{format} cut at {cut}: nothing said: {picture:?}");
                }
            }
        }
    }
}

/// Does it end where a document does?
fn is_whole(text: &[u8]) -> bool {
    let mut documents = serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Value>();
    documents.all(|document| document.is_ok())
}

#[test]
fn marks_and_line_ends_of_other_systems() {
    for (format, text) in json() {
        let plain = spans(text.as_bytes());
        assert_eq!(spans(format!("\u{feff}{text}").as_bytes()), plain, "{format} with a byte order mark");
        for bytes in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
            assert_eq!(spans(&pack::utf16(&text, bytes)), plain, "{format} in UTF-16");
        }
        if format != "Sentry" {
            assert_eq!(spans(text.replace('\n', "\r\n").as_bytes()), plain, "{format} with CRLF");
            assert_eq!(
                spans(format!("\r\n\t {text}\r\n\r\n").as_bytes()),
                plain,
                "{format} with space around"
            );
        }
    }
    for Seed { format, bytes } in seeds::documents() {
        if format == "CSV" {
            let text = String::from_utf8(bytes).unwrap();
            let rows = |text: &str| support::decode(text.as_bytes()).0.spans();
            assert_eq!(rows(&text.replace('\n', "\r\n")), rows(&text), "{text}");
            assert_eq!(spans(format!("\u{feff}{text}").as_bytes()), spans(text.as_bytes()), "{text}");
        }
    }
}

/// Ten lines that are no documents, each of another kind.
const BROKEN: [&str; 10] = [
    "garbage",
    r#"{"traceId":"1","#,
    r#"{"a":1}}"#,
    r#"{"a" 1}"#,
    "{'a':1}",
    r#"{"a":01}"#,
    "]",
    r#""text"#,
    "2024-05-01 10:00:00 ERROR no connection",
    r#"[{"id":nonsense,"traceId":}]"#,
];

#[test]
fn broken_lines_among_good_ones() {
    for (text, format) in SMALLEST.iter().filter(|(text, _)| text.starts_with('{')) {
        let whole = support::decode(format!("{text}\n").repeat(BROKEN.len()).as_bytes()).0;
        // Arrays that may end anywhere, and lines that need one before them, have tests of their own.
        if whole.spans() == 0 || !is_whole(text.as_bytes()) {
            continue;
        }
        let mut lines = String::new();
        let mut starts = Vec::new();
        for broken in BROKEN {
            lines.push_str(text);
            lines.push('\n');
            starts.push(lines.len());
            lines.push_str(broken);
            lines.push('\n');
        }
        let (picture, outcome) = support::decode(lines.as_bytes());
        assert_eq!(picture.spans(), whole.spans(), "{format}: {text}\n{:?}", picture.warnings);
        assert!(outcome.is_ok());
        for (at, broken) in starts.iter().zip(BROKEN) {
            // Said where it breaks, which is at the latest where the next line begins.
            let here = *at as u64..=(at + broken.len() + 1) as u64;
            let said = picture.warnings.iter().any(|warning| here.contains(&warning.offset.unwrap()));
            assert!(said, "{format}: nothing said of {broken} at {at}: {:?}", picture.warnings);
        }
    }
}

#[test]
fn one_after_the_other() {
    for (format, text) in json() {
        let once: std::collections::BTreeSet<String> =
            spans(text.as_bytes()).iter().map(|line| ids(line)).collect();
        for between in ["", "\n", " \n\n"] {
            let (picture, outcome) = support::decode(format!("{text}{between}{text}").as_bytes());
            let names: Vec<_> = outcome.iter().flat_map(|outcome| &outcome.formats).collect();
            let twice: Vec<String> = spans_of(&picture).iter().map(|line| ids(line)).collect();
            let missing = once.iter().find(|span| !twice.contains(span));
            // Ids that are made up count on.
            if !MADE_UP.contains(&&*format) {
                assert_eq!(missing, None, "{format} twice: {text}");
            }
            assert!(names.len() <= 1, "{format} twice: {names:?}");
        }
    }
}

/// Of a span: what is said twice of it may be joined.
fn ids(line: &str) -> String {
    let span = line.rsplit(" / ").next().unwrap_or_default();
    span.split('"').next().unwrap_or_default().to_owned()
}

/// Formats without ids.
const MADE_UP: &[&str] = &["Chrome trace events", "speedscope", "V8 CPU profile", "Firefox profile"];

#[test]
fn all_formats_in_one_file() {
    let mut all = String::new();
    let mut names = std::collections::BTreeSet::new();
    for Seed { format, bytes } in seeds::rich() {
        // Lines of trace events may go on for ever: what comes after them would be one of them.
        if let Ok(text) = String::from_utf8(bytes)
            && !matches!(&*format, "CSV" | "OTLP JSON Lines")
            && is_whole(text.as_bytes())
        {
            all.push_str(&text);
            names.insert(if format == "OTLP JSON" { "OTLP JSON Lines".to_owned() } else { format });
        }
    }
    let (_, outcome) = support::decode_in(all.as_bytes(), &[4096]);
    let told: std::collections::BTreeSet<String> =
        outcome.unwrap().formats.into_iter().map(|format| format.to_string()).collect();
    names.remove("Tempo JSON");
    names.remove("Tempo search result");
    assert_eq!(told, names);
}

#[test]
fn containers_that_are_not_what_they_seem() {
    let otlp = SMALLEST_OTLP.as_bytes();
    let deep = pack::gzip(&pack::gzip(&pack::zip(&[("a.gz", otlp)], true)));
    check(&deep, &["a", "OTLP JSON"]);
    check(&pack::zip(&[("a.json", &pack::zstd(otlp)), ("b.tar", otlp)], false), &["a", "a", "OTLP JSON"]);
    check(b"", &["refused: empty @0 The input is empty."]);
    check(&pack::gzip(b""), &["refused: empty @0 There is no file in this archive."]);
    check(&pack::zip(&[], false), &["refused: empty @0 There is no file in this archive."]);
    check(
        &pack::tar(&[("a/", b""), ("a/b/", b"")]),
        &["refused: empty @0 There is no file in this archive."],
    );
    check(
        &pack::zip(&[("a/", b""), ("a/b/", b"")], false),
        &["refused: empty @0 There is no file in this archive."],
    );
    check(&pack::tar(&[("a/", b""), ("a/b.json", otlp)]), &["a", "OTLP JSON"]);
    let mut five = otlp.to_vec();
    for _ in 0..5 {
        five = pack::gzip(&five);
    }
    check(
        &five,
        &[
            "damagedCompression @0 the gzip data is inside 4 other containers",
            "refused: damagedCompression @0 The gzip data is inside 4 other containers, and no span could be read from it.",
        ],
    );
}

#[test]
fn numbers_that_chunks_cut() {
    for number in ["-1", "-0.5", "1.5", "1e9", "-1.5e+10", "2E-3"] {
        let text = SMALLEST_OTLP.replacen('{', &format!("{{\"x\":{number},\"y\":[{number}],"), 1);
        check(text.as_bytes(), &["a", "OTLP JSON"]);
    }
    check(
        b"{\"x\":-",
        &[
            "truncated @1 the input ends inside a document; everything before was read",
            "refused: truncated @1 The input ends at byte 1, before its first span does.",
        ],
    );
}

#[test]
fn members_that_are_not_read() {
    let otlp = SMALLEST_OTLP.as_bytes();
    let said = "damagedCompression @0 a.pdf: the member is a PDF document, which is not read";
    for archive in [pack::tar, |members: &[(&str, &[u8])]| pack::zip(members, false)] {
        let (picture, outcome) = support::decode(&archive(&[("a.pdf", b"%PDF-1.7"), ("b.json", otlp)]));
        assert_eq!(words(&picture, outcome), ["a", said, "OTLP JSON"]);
    }
    let mut zip = pack::zip(&[("a.json", otlp), ("b.json", otlp)], false);
    // LZMA.
    zip[8] = 14;
    check(
        &zip,
        &["a", "damagedCompression @0 a.json: the member is packed by LZMA, which is not read", "OTLP JSON"],
    );
}

#[test]
fn bombs() {
    let zeros = vec![b' '; 100 << 20];
    let inner = pack::gzip(&zeros);
    for (name, bomb) in [
        ("gzip", pack::gzip(&vec![b' '; 200 << 20])),
        ("zip", pack::zip(&[("a", &zeros), ("b", &zeros)], true)),
        ("zip of gzip", pack::zip(&[("a", &inner), ("b", &inner)], true)),
        ("gzip of tar of gzip", pack::gzip(&pack::tar(&[("a", &inner), ("b", &inner)]))),
    ] {
        let (picture, outcome) = support::decode_in(&bomb, &[4096]);
        let refusal = outcome.unwrap_err();
        assert_eq!(refusal.kind.name(), "tooLarge", "{name}: {refusal}");
        assert!(refusal.message.contains("bytes to"), "{name}: {refusal}");
        assert_eq!(picture.spans(), 0);
    }
    // What stood before is kept.
    let bomb = pack::zip(&[("a", SMALLEST_OTLP.as_bytes()), ("b", &zeros), ("c", &zeros)], true);
    let (picture, outcome) = support::decode_in(&bomb, &[4096]);
    assert_eq!(picture.spans(), 1);
    assert!(outcome.is_ok());
    let last = picture.warnings.last().unwrap();
    assert!(last.detail.contains("bytes to"), "{last:?}");
}
