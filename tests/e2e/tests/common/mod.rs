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
use otel::{
    ExemplarRow, KeyValue, LogRow, Resource, Scope, Severity, SpanId, SpanSink as _, TraceId, UnixNanos,
};

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

const LOGGED: &str = r#"
    shop     POST /checkout   0..1000ms   server id=1 !error
      cart   GET /cart        40..240ms   client id=2 @120ms:cache.miss
      bank   POST /charge     260..900ms  client id=3 !error "declined"
        db   INSERT payment   300..420ms  client id=4
"#;

/// A trace, and the log records and exemplars that belong to it.
pub(crate) fn logged() -> (Vec<u8>, Vec<u8>) {
    let at = |millis: u64| UnixNanos(fixtures::BASE.0 + millis * 1_000_000);
    let signals = json(|sink| {
        let (resource, scope) = (sink.open_resource(), sink.open_scope());
        for (millis, span, severity, body) in [
            (20, 1, 9, "checkout accepted for cart 77"),
            (80, 2, 5, "looking for cart 77 in the cache"),
            (180, 2, 13, "cache is cold, asking the database instead"),
            (500, 3, 13, "bank answers slowly: 240 ms"),
            (700, 3, 17, "card declined: insufficient funds"),
            (950, 0, 9, "response written"),
        ] {
            let log = LogRow {
                trace_id: TraceId(1),
                span_id: SpanId(span),
                time: at(millis),
                severity: Severity::from_number(severity).unwrap(),
                body: body.into(),
                attributes: vec![KeyValue::new("thread.id", 7_i64), KeyValue::new("cart.id", "77")],
                flags: Some(1),
                ..LogRow::default()
            };
            sink.log(resource, scope, &log);
        }
        let exemplar = ExemplarRow {
            metric: "http.client.request.duration".into(),
            unit: "s".into(),
            time: at(880),
            value: 0.62.into(),
            trace_id: TraceId(1),
            span_id: SpanId(3),
            ..ExemplarRow::default()
        };
        sink.exemplar(resource, scope, &exemplar);
        let attributes = vec![KeyValue::new("service.name", "shop")];
        sink.close_resource(resource, &Resource { attributes, ..Resource::default() });
        sink.close_scope(scope, &Scope { name: "logger".into(), ..Scope::default() });
    });
    (drawn(LOGGED), signals)
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
