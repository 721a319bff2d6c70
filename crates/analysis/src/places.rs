//! Where a span stands in the vectors of its trace.

use std::ops::Range;

use store::{SpanIdx, TraceIdx, TraceStore};

/// The places of one trace: a span's place is its index in every vector "by place", and in preorder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    spans: Range<SpanIdx>,
}

impl Places {
    /// The places of `trace`.
    pub fn of(store: &TraceStore, trace: TraceIdx) -> Self {
        Self { spans: store.trace(trace).spans.clone() }
    }

    /// The number of places.
    pub fn len(&self) -> usize {
        (self.spans.end.0 - self.spans.start.0) as usize
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The place of `span`; for a span of another trace, one that no vector has.
    #[inline]
    pub fn place(&self, span: SpanIdx) -> usize {
        span.0.wrapping_sub(self.spans.start.0) as usize
    }

    /// The span at `place`.
    #[inline]
    pub fn span(&self, place: usize) -> SpanIdx {
        SpanIdx(self.spans.start.0 + place as u32)
    }

    /// All spans, in order of place.
    pub fn spans(&self) -> impl DoubleEndedIterator<Item = SpanIdx> + ExactSizeIterator + use<> {
        SpanIdx::range(self.spans.clone())
    }
}
