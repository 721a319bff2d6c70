//! What one build of the decoder leaves to another. A browser loads the means to read rare formats when it meets one.

use std::fmt;

use otel::SpanSink;

use crate::decoder::{Decoder, Outcome, Refusal, RefusalKind};

/// Decodes an input, or what is left of it.
pub trait Elsewhere: fmt::Debug {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// As for [`Decoder::push`].
    fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal>;

    /// Spans given to the sink so far.
    fn spans(&self) -> u64;

    /// Takes note that no bytes follow.
    ///
    /// # Errors
    /// As for [`Decoder::finish`].
    fn finish(self: Box<Self>, sink: &mut dyn SpanSink) -> Result<Outcome, Refusal>;
}

impl Elsewhere for Decoder {
    fn push(&mut self, bytes: &[u8], sink: &mut dyn SpanSink) -> Result<(), Refusal> {
        Self::push(self, bytes, sink)
    }

    fn spans(&self) -> u64 {
        self.progress().spans
    }

    fn finish(self: Box<Self>, sink: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
        Self::finish(*self, sink)
    }
}

/// The other build could not be had.
#[derive(Clone, Debug)]
pub struct Unavailable {
    /// Why, in words.
    pub why: String,
}

impl Unavailable {
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal {
            kind: RefusalKind::UnsupportedFormat,
            offset: 0,
            message: format!(
                "What reads this format could not be loaded: {}. OTLP JSON and protobuf can be opened.",
                self.why
            ),
        }
    }
}

impl Elsewhere for Unavailable {
    fn push(&mut self, _: &[u8], _: &mut dyn SpanSink) -> Result<(), Refusal> {
        Err(self.refusal())
    }

    fn spans(&self) -> u64 {
        0
    }

    fn finish(self: Box<Self>, _: &mut dyn SpanSink) -> Result<Outcome, Refusal> {
        Err(self.refusal())
    }
}
