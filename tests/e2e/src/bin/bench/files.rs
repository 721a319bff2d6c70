//! The files that are opened: written anew for each run, gone with it.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::{env, process};

use ::formats::OtlpJsonWriter;
use e2e::Result;
use otel::{Resource, ResourceRef, Scope, ScopeRef, SpanRow, SpanSink, Warning};

/// What is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Many traces, as a Collector's file exporter leaves them.
    Collector,
    /// One trace.
    OneTrace,
    /// One trace, 630 bytes a span: as large as the one that Jaeger UI was measured with.
    LeanTrace,
}

/// A file of spans, deleted when this is dropped.
#[derive(Debug)]
pub(crate) struct SpanFile {
    pub(crate) path: PathBuf,
    pub(crate) spans: usize,
    pub(crate) bytes: u64,
}

impl SpanFile {
    pub(crate) fn write(content: Content, spans: usize) -> Result<Self> {
        let path =
            env::temp_dir().join(format!("flamefall-bench-{}-{content:?}-{spans}.json", process::id()));
        let mut writer = OtlpJsonWriter::new(BufWriter::with_capacity(1 << 20, File::create(&path)?));
        match content {
            Content::Collector => fixtures::collector_file(1, spans, &mut writer),
            Content::OneTrace => fixtures::one_trace(1, spans, &mut writer),
            Content::LeanTrace => fixtures::one_trace(1, spans, &mut Lean(&mut writer)),
        }
        writer.finish()?;
        let bytes = fs::metadata(&path)?.len();
        Ok(Self { path, spans, bytes })
    }

    /// A file of these bytes.
    pub(crate) fn of(bytes: &[u8], spans: usize) -> Result<Self> {
        let path = env::temp_dir().join(format!("flamefall-bench-{}-{}", process::id(), bytes.len()));
        fs::write(&path, bytes)?;
        Ok(Self { path, spans, bytes: bytes.len() as u64 })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn megabytes(&self) -> f64 {
        self.bytes as f64 / 1e6
    }
}

impl Drop for SpanFile {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

/// Passes on no more than the first attributes of each span.
struct Lean<'a>(&'a mut dyn SpanSink);

impl SpanSink for Lean<'_> {
    fn open_resource(&mut self) -> ResourceRef {
        self.0.open_resource()
    }
    fn close_resource(&mut self, resource: ResourceRef, content: &Resource<'_>) {
        self.0.close_resource(resource, content);
    }
    fn open_scope(&mut self) -> ScopeRef {
        self.0.open_scope()
    }
    fn close_scope(&mut self, scope: ScopeRef, content: &Scope<'_>) {
        self.0.close_scope(scope, content);
    }
    fn span(&mut self, resource: ResourceRef, scope: ScopeRef, span: &SpanRow<'_>) {
        let mut lean = span.clone();
        lean.attributes.truncate(5);
        self.0.span(resource, scope, &lean);
    }
    fn warn(&mut self, warning: Warning) {
        self.0.warn(warning);
    }
}
