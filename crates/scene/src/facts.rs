//! What the views ask about spans, beside what the store says.

use serde::{Deserialize, Serialize};
use store::SpanIdx;

/// What a span has to do with a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ErrorMark {
    /// It did not fail.
    #[default]
    None,
    /// The failure began here.
    Origin,
    /// The failure passed through.
    Through,
}

/// Derived columns and what the user did, as the views need them. The engine implements this over its caches.
pub trait Facts {
    /// Colour slot of the span's service: 0..=9 of the palette, 10..=19 the same hatched.
    fn colour(&self, span: SpanIdx) -> u8;
    /// Nanoseconds not covered by children.
    fn self_time(&self, span: SpanIdx) -> u64;
    /// Where failures began.
    fn mark(&self, span: SpanIdx) -> ErrorMark;
    /// Adds the span's sections of the critical path (start, end), by time; with `subtree` those of all below it too,
    /// merged, for a collapsed row.
    fn critical(&self, span: SpanIdx, subtree: bool, sections: &mut Vec<(u64, u64)>);
    /// Does the search match it?
    fn matched(&self, span: SpanIdx) -> bool;
    /// Is there a search at all? Spares the question for each of many spans.
    fn searching(&self) -> bool;
}
