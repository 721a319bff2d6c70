//! Documents of every format, written by hand: the smallest there are, and some with everything in them; and every container
//! around them. Files are named by the format, in lower case.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use formats::{OtlpProtobufWriter, formats_by_name};

pub(crate) mod pack;
mod smallest;

pub(crate) use smallest::SMALLEST;

/// An input to begin with.
#[derive(Clone, Debug)]
pub(crate) struct Seed {
    /// What it is told to be; of containers, their name.
    pub(crate) format: String,
    pub(crate) bytes: Vec<u8>,
}

/// The format's name as files have it: `aws-x-ray-segments`.
fn slug(format: &str) -> String {
    format.to_lowercase().replace(' ', "-")
}

/// Documents with everything in them that a format can say.
pub(crate) fn rich() -> Vec<Seed> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/seeds"));
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name != "mod.rs" && name != "pack.rs" && name != "smallest.rs");
    names.sort();
    let of = |name: &String| {
        let (start, _) = name.split_once('.').unwrap();
        let format = formats_by_name().find(|format| slug(format) == start);
        let format = format.unwrap_or_else(|| panic!("{name}: no format is called so")).to_owned();
        Seed { format, bytes: fs::read(folder.join(name)).unwrap() }
    };
    let mut seeds: Vec<Seed> = names.iter().map(of).collect();
    seeds.push(protobuf());
    seeds
}

/// What the JSON Lines of OTLP hold, as protobuf.
fn protobuf() -> Seed {
    let mut writer = OtlpProtobufWriter::new(Vec::new());
    crate::support::decode_to(include_bytes!("otlp-json-lines.1.json"), &mut writer);
    Seed { format: "OTLP protobuf".to_owned(), bytes: writer.finish().unwrap() }
}

/// All formats.
pub(crate) fn documents() -> Vec<Seed> {
    let small = |(text, format): &(&str, &str)| Seed { format: (*format).to_owned(), bytes: (*text).into() };
    let mut seeds: Vec<Seed> = SMALLEST.iter().map(small).collect();
    // A resource without a field, which holds a scope with a span without a field.
    seeds.push(Seed { format: "OTLP protobuf".to_owned(), bytes: b"\x0A\x06\x0A\0\x12\x02\x12\0".to_vec() });
    seeds.push(Seed {
        format: "OTLP JSON Lines".to_owned(),
        bytes: [SMALLEST_OTLP, SMALLEST_OTLP].join("\n").into_bytes(),
    });
    seeds.extend(rich());
    seeds
}

pub(crate) const SMALLEST_OTLP: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"}]}]}]}"#;

/// All containers: around little, and around others.
pub(crate) fn containers() -> Vec<Seed> {
    let (otlp, jaeger) = (SMALLEST_OTLP.as_bytes(), include_bytes!("jaeger-json.1.json").as_slice());
    let members = [("a/otlp.json", otlp), ("b.txt", b"hello"), ("jaeger", jaeger)];
    let of = |format: &str, bytes| Seed { format: format.to_owned(), bytes };
    vec![
        of("gzip", pack::gzip(otlp)),
        of("gzip", [pack::gzip(otlp), pack::gzip(&pack::tar(&members))].concat()),
        of("zstd", pack::zstd(otlp)),
        of("zstd", pack::zstd(&pack::frames(&[otlp, otlp, otlp]))),
        of("zip", pack::zip(&members, true)),
        of(
            "zip",
            pack::zip(&[("in.zip", &pack::zip(&members, false)), ("in.gz", &pack::gzip(jaeger))], false),
        ),
        of("UTF-16", pack::utf16(SMALLEST_OTLP, u16::to_le_bytes)),
        of("UTF-16", pack::utf16(&String::from_utf8_lossy(jaeger), u16::to_be_bytes)),
        of("length-prefixed", pack::frames(&[otlp, otlp])),
        of("length-prefixed", pack::frames(&[&pack::zstd(otlp), &pack::zstd(&protobuf().bytes)])),
        of("tar", pack::tar(&members)),
        of("tar", pack::tar(&[("b.zst", &pack::zstd(jaeger)), ("c.tar", &pack::tar(&members))])),
    ]
}
