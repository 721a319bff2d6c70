//! The table of formats in `README.md`: printed from what is read, and compared. `cargo xtask bless` takes what is printed.
//!
//! How a format is read is measured with its seeds. The last column counts files of the corpus, where it is at hand.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use formats::Decoder;
use support::Picture;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
const BEGINS: &str = "<!-- Formats: printed by crates/formats/tests/table.rs -->\n";
const ENDS: &str = "<!-- End of formats -->\n";

/// What there is a writer for.
const WRITTEN: &[&str] =
    &["OTLP JSON", "OTLP JSON Lines", "OTLP protobuf", "Jaeger JSON", "Zipkin JSON", "CSV"];

/// When spans come out: the earliest of all seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Record,
    Document,
    Input,
}

impl Held {
    fn words(self) -> &'static str {
        match self {
            Self::Record => "a record at a time",
            Self::Document => "a document at a time",
            Self::Input => "held until the input ends",
        }
    }
}

fn held(format: &str) -> Held {
    let seeds = seeds::documents().into_iter().filter(|seed| seed.format == format);
    let of = |bytes: &[u8]| {
        // Up to the last bracket and the one in it. Space, so that it is as long as what tells the format may be.
        let space = vec![b' '; 64 << 10];
        let text = bytes.trim_ascii_end();
        let (begin, end) = text.split_at(text.len().saturating_sub(2));
        let (mut decoder, mut picture) = (Decoder::new(), Picture::default());
        decoder.push(&[begin, &space].concat(), &mut picture).unwrap();
        if picture.spans() > 0 {
            return Held::Record;
        }
        decoder.push(&[end, b"\n", &space].concat(), &mut picture).unwrap();
        if picture.spans() > 0 { Held::Document } else { Held::Input }
    };
    seeds.map(|seed| of(&seed.bytes)).min().unwrap()
}

/// Files of the corpus that open, by format.
fn opened() -> Option<BTreeMap<&'static str, usize>> {
    let mut folders = vec![PathBuf::from(CORPUS)];
    if !Path::new(CORPUS).is_dir() {
        println!("skipped: files of the corpus are not counted: there is none at {CORPUS}");
        return None;
    }
    let mut opened = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What others make of the files.
                folders.extend((!path.ends_with("oracles")).then_some(path));
                continue;
            }
            let (_, outcome) = support::decode_in(&fs::read(&path).unwrap(), &[1 << 20]);
            for format in outcome.iter().flat_map(|outcome| &outcome.formats) {
                *opened.entry(format.name()).or_default() += 1;
            }
        }
    }
    Some(opened)
}

fn table(opened: Option<&BTreeMap<&'static str, usize>>) -> String {
    let mut text = "| format | read | written | real files tested |\n|---|---|---|---|\n".to_owned();
    for format in formats::formats_by_name() {
        let written = if WRITTEN.contains(&format) { "yes" } else { "" };
        let files = opened.map_or(0, |opened| opened.get(format).copied().unwrap_or(0));
        writeln!(text, "| {format} | {} | {written} | {files} |", held(format).words()).unwrap();
    }
    let containers: Vec<_> = formats::containers_by_name().collect();
    text + &format!("\nUnpacked on the way, also in each other: {}.\n", containers.join(", "))
}

/// Without the column that the corpus is needed for.
fn without_files(table: &str) -> String {
    let line = |line: &str| match line.strip_suffix('|').and_then(|line| line.rsplit_once('|')) {
        Some((rest, _)) => format!("{rest}|\n"),
        None => format!("{line}\n"),
    };
    table.lines().map(line).collect()
}

#[test]
fn the_readme_has_the_table() {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(BEGINS).unwrap();
    let (told, after) = rest.split_once(ENDS).unwrap();
    let opened = opened();
    let table = format!("\n{}\n", table(opened.as_ref()));
    if opened.is_some() && env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        fs::write(README, format!("{before}{BEGINS}{table}{ENDS}{after}")).unwrap();
        return;
    }
    let hint = "README.md tells of other formats than are read: `cargo xtask bless`";
    assert_eq!(without_files(told), without_files(&table), "{hint}");
    if opened.is_some() {
        assert_eq!(told, table, "{hint}");
    }
}
