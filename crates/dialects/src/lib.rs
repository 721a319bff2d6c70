//! The formats beside OTLP that are text, one module each, one line each in [`ALL`].
//!
//! A document is walked by [`Walk`], which tells its format and gives that format the records in it, one at a time, as
//! [`Json`]; what comes of them goes to a [`SpanSink`](otel::SpanSink).
//!
//! Not here: chunks, containers, OTLP itself: `formats` has them, and calls this.

#![warn(missing_docs)]

mod app_insights;
mod chrome;
mod cpuprofile;
mod datadog;
mod datadog_rum;
mod documents;
mod elastic;
mod faro;
mod fields;
mod flat;
mod gecko;
mod google;
mod honeycomb;
mod jaeger;
mod json;
mod langfuse;
mod made;
mod new_relic;
mod packed;
mod sdk;
mod semantics;
mod sentry;
mod shape;
mod speedscope;
mod stacks;
mod structured;
mod time;
mod v8;
mod walk;
mod xray;
mod zipkin;

use otlp::{base64, ids, notes, owned, reader, scalar};

pub use json::Json;
pub use walk::{Counts, Entry, Step, Take, Told, Walk};

/// Every format that is read as text. Of two that both claim a document, the first has it.
pub const ALL: &[Entry] = &[
    documents::ENTRY,
    datadog_rum::ENTRY,
    datadog::ENTRY,
    sentry::ENTRY,
    app_insights::ENTRY,
    sdk::JAVASCRIPT,
    honeycomb::ENTRY,
    new_relic::ENTRY,
    elastic::ENTRY,
    jaeger::ENTRY, //
    zipkin::ENTRY,
    xray::ENTRY,
    google::ENTRY,
    faro::ENTRY,
    langfuse::ENTRY,
    sdk::GO,
    sdk::PYTHON,
    speedscope::ENTRY,
    gecko::ENTRY,
    cpuprofile::ENTRY,
    chrome::ENTRY,
    chrome::LINES,
    flat::ENTRY,
    flat::CSV,
];

/// What they are called. Nothing else of them is reachable from here.
#[expect(clippy::indexing_slicing, reason = "while the program is compiled, and of lists of one length")]
pub static NAMES: [&str; ALL.len()] = {
    let mut names = [""; ALL.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = ALL[at].name;
        at += 1;
    }
    names
};
