//! What a request says of the trace it belongs to.

use otel::{SpanContext, SpanId, TraceFlags, TraceId};

use crate::TraceState;

/// What was decided before. B3 tells four states apart, W3C's flag two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SamplingState {
    /// Nobody decided: whoever receives this shall.
    Defer,
    /// Not sampled.
    #[default]
    Deny,
    /// Sampled.
    Accept,
    /// Sampled, and to be kept whatever any rate or limit says.
    Debug,
}

impl SamplingState {
    /// Is the sampled flag set?
    pub fn is_sampled(self) -> bool {
        matches!(self, Self::Accept | Self::Debug)
    }
}

/// A span context as it travels. Some formats may leave out the span's id, or both, and send a decision alone: ask
/// [`SpanContext::is_valid`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    // Private, so that the flag in `span` always agrees with `state`.
    span: SpanContext,
    state: SamplingState,
    /// What vendors say beside it.
    pub trace_state: TraceState,
}

impl Context {
    /// Of a span for which the decision is taken.
    pub fn new(span: SpanContext, trace_state: TraceState) -> Self {
        let state = if span.flags.is_sampled() { SamplingState::Accept } else { SamplingState::Deny };
        Self { span, state, trace_state }
    }

    /// From a request. Nothing is known about the randomness of the trace id.
    pub fn remote(trace_id: TraceId, span_id: SpanId, state: SamplingState) -> Self {
        let flags = TraceFlags::default().with(TraceFlags::SAMPLED, state.is_sampled());
        let span = SpanContext { trace_id, span_id, flags, is_remote: true };
        Self { span, state, trace_state: TraceState::default() }
    }

    /// The span.
    pub fn span(&self) -> SpanContext {
        self.span
    }

    /// The decision.
    pub fn state(&self) -> SamplingState {
        self.state
    }
}
