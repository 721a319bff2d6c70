//! Bytes of one or several sources into one store.

use formats::{Decoder, Elsewhere, Refusal};
use store::{TraceStore, TraceStoreBuilder};

use crate::{Failure, Opened, Progress};

/// Between the names of sources, and of formats.
const SEPARATOR: &str = ", ";

/// A load that has begun: nothing of it is seen until it ends well.
#[derive(Debug)]
pub(crate) struct Load {
    decoder: fn() -> Decoder,
    builder: TraceStoreBuilder,
    /// What is added to, or nothing.
    base: Opened,
    source: Option<Source>,
    names: Vec<String>,
    formats: Vec<String>,
    refused: Vec<Failure>,
    sources: usize,
    bytes: u64,
}

/// The source whose bytes are coming.
#[derive(Debug)]
struct Source {
    name: String,
    decoder: Decoder,
    refusal: Option<Failure>,
}

impl Load {
    /// `onto`: what to add to.
    pub(crate) fn new(onto: Option<(&TraceStore, &Opened)>, decoder: fn() -> Decoder) -> Self {
        Self {
            decoder,
            builder: onto.map(|(store, _)| TraceStoreBuilder::from_store(store)).unwrap_or_default(),
            base: onto.map(|(_, opened)| opened.clone()).unwrap_or_default(),
            source: None,
            names: Vec::new(),
            formats: Vec::new(),
            refused: Vec::new(),
            sources: 0,
            bytes: 0,
        }
    }

    /// The next source. One that was not ended is ended.
    pub(crate) fn source(&mut self, name: String) {
        // A refusal is kept among the refused.
        let _ = self.end_source();
        self.sources += 1;
        self.source = Some(Source { name, decoder: (self.decoder)(), refusal: None });
    }

    /// The next bytes, or why the source holds nothing: then the rest of it need not come.
    #[inline(never)]
    pub(crate) fn chunk(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(source) = &mut self.source else {
            return Err(Failure::not_open("Bytes came before their source was named."));
        };
        self.bytes += bytes.len() as u64;
        if source.refusal.is_none()
            && let Err(refusal) = source.decoder.push(bytes, &mut self.builder)
        {
            source.refusal = Some(failure_of(refusal, &source.name));
        }
        source.refusal.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn wants_formats(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.refusal.is_none() && source.decoder.is_waiting())
    }

    pub(crate) fn provide(&mut self, formats: Box<dyn Elsewhere>) {
        if let Some(source) = &mut self.source {
            source.decoder.provide(formats, &mut self.builder);
        }
    }

    pub(crate) fn end_of_bytes(&mut self) {
        if let Some(source) = &mut self.source
            && source.refusal.is_none()
            && let Err(refusal) = source.decoder.end(&mut self.builder)
        {
            source.refusal = Some(failure_of(refusal, &source.name));
        }
    }

    /// The source is complete.
    pub(crate) fn end_source(&mut self) -> Result<(), Failure> {
        let Some(source) = self.source.take() else { return Ok(()) };
        let Source { name, decoder, refusal } = source;
        let outcome = match refusal {
            Some(refusal) => Err(refusal),
            None => decoder.finish(&mut self.builder).map_err(|refusal| failure_of(refusal, &name)),
        };
        match outcome {
            Ok(outcome) => {
                self.formats.extend(outcome.formats.iter().map(|format| format.name().to_owned()));
                self.names.push(name);
                Ok(())
            }
            Err(failure) => {
                self.refused.push(failure.clone());
                Err(failure)
            }
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress {
            name: self.source.as_ref().map(|source| source.name.clone()).unwrap_or_default(),
            bytes: self.bytes,
            spans: self.builder.span_count() as u64,
            traces: self.builder.trace_count() as u64,
        }
    }

    /// Ends the last source, and tells why there is nothing to seal, if so.
    pub(crate) fn complete(&mut self) -> Result<(), Failure> {
        let _ = self.end_source();
        if self.names.is_empty() { Err(self.nothing()) } else { Ok(()) }
    }

    /// Why what was read cannot be shown: nothing of it is a span.
    pub(crate) fn without_spans(&self) -> Option<Failure> {
        if self.builder.span_count() > 0 {
            return None;
        }
        let of = |count: usize, one: &str, many: &str| {
            format!("{} {}", scene::format_count(count as u64), if count == 1 { one } else { many })
        };
        let (logs, exemplars) = (self.builder.log_count(), self.builder.exemplar_count());
        let traces = of(self.builder.named_trace_count(), "trace", "traces");
        let what = match (logs, exemplars) {
            (0, 0) => String::new(),
            (0, _) => of(exemplars, "exemplar of a metric", "exemplars of metrics"),
            _ => of(logs, "log record", "log records"),
        };
        let message = match self.builder.named_trace_count() {
            _ if what.is_empty() => {
                "Metrics without exemplars, and no spans: nothing here leads to a trace.".to_owned()
            }
            0 => format!("{what} without a trace id, and no spans: nothing here leads to a trace."),
            _ => format!("{what} in {traces}, but no spans: open the trace file together with this one."),
        };
        let name = self.names.first().cloned().unwrap_or_default();
        Some(Failure { name, ..Failure::new("notATrace", message) })
    }

    /// The store, and what is said about its sources.
    pub(crate) fn seal(self) -> (TraceStore, Opened) {
        let opened = Opened {
            format: joined(self.base.format, self.formats),
            name: joined(self.base.name, self.names),
            bytes: self.base.bytes + self.bytes,
            refused: self.refused,
            ..Opened::default()
        };
        (self.builder.seal(), opened)
    }

    /// Why nothing was opened.
    fn nothing(&self) -> Failure {
        let count = self.refused.len();
        match self.refused.first().cloned() {
            None => Failure::new("empty", "There is nothing to open: no file was given."),
            Some(first) if count == 1 => first,
            Some(first) => Failure {
                message: format!("None of {count} files could be opened. {}: {}", first.name, first.message),
                ..first
            },
        }
    }
}

/// Adds names to a list in words, each once: whoever appends for hours does so under one name.
fn joined(mut list: String, names: Vec<String>) -> String {
    for name in names {
        if list.split(SEPARATOR).all(|known| known != name) {
            if !list.is_empty() {
                list.push_str(SEPARATOR);
            }
            list.push_str(&name);
        }
    }
    list
}

fn failure_of(refusal: Refusal, name: &str) -> Failure {
    Failure {
        kind: refusal.kind.name().to_owned(),
        message: refusal.message,
        offset: Some(refusal.offset),
        name: name.to_owned(),
    }
}
