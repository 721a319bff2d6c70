//! Trace context in headers, and the samplers.
//!
//! A request says which trace it belongs to, in one of several formats. [`Format`] reads that into a [`Context`] and
//! writes it again; [`Baggage`] does the same for names and values of the application. A [`Sampler`] decides when a
//! span starts whether its trace is recorded, and a [`TailPolicy`] when it has ended whether it is kept after all.
//!
//! ```
//! use otel::{SpanContext, SpanId};
//! use propagation::{Context, Decision, Format, Headers, ParentBased, Probability, Sampler as _, SamplingParameters};
//!
//! let received = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
//! let parent = Format::TraceContext.extract(Headers(&received)).expect("a valid header");
//! let trace_id = parent.span().trace_id;
//! let it = SamplingParameters { parent: Some(&parent), trace_id, ..SamplingParameters::default() };
//! let result = ParentBased::new(Probability::new(0.1)).should_sample(&it);
//! assert_eq!(result.decision, Decision::RecordAndSample);
//! let span = SpanContext { span_id: SpanId(7), is_remote: false, ..parent.span() };
//! Format::B3Single.inject(&Context::new(span, result.trace_state), &mut |name, value| {
//!     assert_eq!((name, value), ("b3", "4bf92f3577b34da6a3ce929d0e0e4736-0000000000000007-1"));
//! });
//! ```
//!
//! Not here: a clock, a source of randomness, a browser; `core::fmt` on the way of a request.

#![warn(missing_docs)]

pub mod b3;
mod baggage;
pub mod cloud_trace;
mod context;
pub mod datadog;
mod format;
mod headers;
pub mod jaeger;
mod ot;
mod probability;
mod rate;
mod ratio;
mod rules;
mod sampler;
mod tail;
#[cfg(test)]
mod testing;
mod text;
pub mod trace_context;
mod trace_state;
pub mod xray;

pub use baggage::{Baggage, BaggageError, Member, Property};
pub use context::{Context, SamplingState};
pub use format::Format;
pub use headers::{Headers, Write};
pub use ot::OtTraceState;
pub use probability::{Randomness, Threshold};
pub use rate::RateLimiting;
pub use ratio::{RatioBits, TraceIdRatioBased};
pub use rules::{Condition, Rule, RuleBased};
pub use sampler::{
    AlwaysOff, AlwaysOn, AlwaysRecord, Decision, ParentBased, Probability, Sampler, SamplingParameters,
    SamplingResult, SessionProbability,
};
pub use tail::{Ended, Kept, TailPolicy, Verdict};
pub use trace_state::{TraceState, TraceStateError};
