//! Bytes to spans, log records and exemplars; these to text.
//!
//! [`Decoder`] takes an input in chunks and gives a [`SpanSink`](otel::SpanSink) what it reads; the writers
//! are sinks that write OTLP JSON, Jaeger JSON, Zipkin v2 and CSV.
//!
//! Not here: any DOM of the input, any storage of spans, any clock, any file.

#![warn(missing_docs)]

mod decoder;
mod elsewhere;
mod envelope;
mod known;
mod leaf;
mod mend;
mod search;
mod skip;
mod text;
mod unpack;
mod write;

use otlp::{base64, notes, owned, protobuf, reader, scalar, signals};

pub use base64::Base64;
pub use decoder::{Decoder, Format, Outcome, Progress, Refusal, RefusalKind};
pub use elsewhere::{Elsewhere, Unavailable};
pub use known::{containers_by_name, formats_by_name};
pub use protobuf::{
    OtlpProtobufWriter, Protobuf, Read, TapeError, TapePlayer, TapeWriter, looks_like_protobuf,
};
pub use write::{
    JaegerJsonWriter, OtlpJsonWriter, SpanCsvWriter, ZipkinV2Writer, span_to_json, value_to_json,
};
