//! The nouns: identifiers, values and rows of OpenTelemetry traces, and [`SpanSink`], which decoders write to.
//!
//! Names and meanings are those of `opentelemetry/proto/trace/v1/trace.proto` and the OTLP/JSON mapping
//! (OTLP specification, "JSON Protobuf Encoding").
//!
//! Not here: any format, any storage, any time arithmetic beyond a difference. This crate depends on nothing.

#![warn(missing_docs)]

mod context;
mod id;
mod row;
mod signal;
mod sink;
mod value;

pub use context::{SpanContext, TraceFlags};
pub use id::{IdError, SpanId, TraceId};
pub use row::{EventRow, LinkRow, Resource, Scope, SpanKind, SpanRow, StatusCode, UnixNanos};
pub use signal::{ExemplarRow, LogRow, Severity};
pub use sink::{AttributeRef, ResourceRef, ScopeRef, SpanSink, Warning, WarningKind};
pub use value::{AnyValue, KeyValue};
