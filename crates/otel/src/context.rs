//! What identifies a span across processes (W3C Trace Context §3.2, OpenTelemetry "`SpanContext`").

use crate::{SpanId, TraceId};

/// W3C trace flags: a bit field of 8 bits (W3C Trace Context Level 2 §3.2.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceFlags(pub u8);

impl TraceFlags {
    /// The caller may have recorded the trace.
    pub const SAMPLED: Self = Self(0x01);
    /// At least the right-most 7 bytes of the trace id are random.
    pub const RANDOM: Self = Self(0x02);

    /// Are all of these set?
    pub fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// The same, with these set or cleared.
    #[must_use]
    pub fn with(self, flags: Self, on: bool) -> Self {
        Self(if on { self.0 | flags.0 } else { self.0 & !flags.0 })
    }

    /// [`Self::SAMPLED`].
    pub fn is_sampled(self) -> bool {
        self.contains(Self::SAMPLED)
    }

    /// [`Self::RANDOM`].
    pub fn is_random(self) -> bool {
        self.contains(Self::RANDOM)
    }
}

/// A span as other spans name it. The tracestate, a text, travels beside it: this is copied often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// What was decided, and how random the trace id is.
    pub flags: TraceFlags,
    /// Did it come with a request?
    pub is_remote: bool,
}

impl SpanContext {
    /// Are both ids present?
    pub fn is_valid(self) -> bool {
        !self.trace_id.is_absent() && !self.span_id.is_absent()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_bits() {
        let both = TraceFlags::SAMPLED.with(TraceFlags::RANDOM, true);
        assert_eq!(both, TraceFlags(3));
        assert!(both.is_sampled() && both.is_random());
        assert_eq!(both.with(TraceFlags::SAMPLED, false), TraceFlags::RANDOM);
        assert!(!TraceFlags::RANDOM.contains(both));
    }

    #[test]
    fn valid_with_both_ids() {
        let whole = SpanContext { trace_id: TraceId(1), span_id: SpanId(2), ..SpanContext::default() };
        assert!(whole.is_valid());
        assert!(!SpanContext { span_id: SpanId::ABSENT, ..whole }.is_valid());
        assert!(!SpanContext { trace_id: TraceId::ABSENT, ..whole }.is_valid());
    }
}
