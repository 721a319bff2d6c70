//! What the stories share.
#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "no test file uses all of it; what fails here is the test's own"
)]

use std::env;
use std::fs;
use std::path::PathBuf;

use e2e::{Page, Result};
use formats::OtlpJsonWriter;

/// Where tests put files for the page to open.
pub(crate) fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("files");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A sample of the start page, on this machine.
pub(crate) fn sample(name: &str) -> PathBuf {
    e2e::dist().join("examples").join(name)
}

/// OTLP JSON of what is fed.
pub(crate) fn json(feed: impl FnOnce(&mut OtlpJsonWriter<Vec<u8>>)) -> Vec<u8> {
    let mut writer = OtlpJsonWriter::new(Vec::new());
    feed(&mut writer);
    writer.finish().unwrap()
}

/// OTLP JSON of a trace drawn as text: see `fixtures`.
pub(crate) fn drawn(picture: &str) -> Vec<u8> {
    json(|sink| fixtures::trace(picture).feed(sink))
}

/// A file with this content.
pub(crate) fn file(name: &str, content: &[u8]) -> PathBuf {
    let file = folder().join(name);
    // Tests that run beside this one may be reading it, and browsers refuse a file that changed since it was chosen.
    if fs::read(&file).ok().as_deref() != Some(content) {
        fs::write(&file, content).unwrap();
    }
    file
}

/// Opens the page with a sample in it, and waits for it.
pub(crate) fn open_sample(page: &Page, name: &str) -> Result {
    page.open(&format!("?src=examples/{name}"))?;
    page.idle()
}

/// Middle of a row of the waterfall, counted from the top of the screen.
pub(crate) fn row_at(page: &Page, number: i32) -> Result<i32> {
    // Below minimap (52) and ruler (26), rows of 26.
    let (_, top, ..) = page.place_of("canvas")?;
    Ok(top + 52 + 26 + 26 * number + 13)
}
