//! What is read, by name, for tables and tests.

use crate::decoder::Format;
use crate::unpack;

/// Every format that is read, as people call it, each once.
pub fn formats_by_name() -> impl Iterator<Item = &'static str> {
    let otlp = [
        Format::OtlpJson,
        Format::OtlpJsonLines,
        Format::OtlpProtobuf,
        Format::TempoJson,
        Format::TempoSearch,
    ];
    // Spellings of one format stand side by side.
    let names = otlp.map(Format::name).into_iter().chain(dialects::NAMES);
    let mut last = "";
    names.filter(move |name| std::mem::replace(&mut last, name) != *name)
}

/// Every container that is unpacked.
pub fn containers_by_name() -> impl Iterator<Item = &'static str> {
    unpack::ALL.containers.iter().map(|container| container.name)
}
