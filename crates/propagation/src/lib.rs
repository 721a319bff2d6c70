//! Trace context in headers: what a request says of the trace it belongs to, read and written in the usual formats.
//!
//! Not here: a clock, a source of randomness, a browser.

#![warn(missing_docs)]

pub mod b3;
mod baggage;
pub mod cloud_trace;
mod context;
pub mod datadog;
mod format;
mod headers;
pub mod jaeger;
#[cfg(test)]
mod testing;
mod text;
pub mod trace_context;
mod trace_state;
pub mod xray;

pub use baggage::{Baggage, BaggageKeyError, Member, Property};
pub use context::{Context, SamplingState};
pub use format::Format;
pub use headers::{Headers, Write};
pub use trace_state::{TraceState, TraceStateError};
