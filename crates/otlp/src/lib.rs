//! OTLP's messages, a value at a time: JSON text and protobuf bytes to rows, rows to protobuf.
//!
//! What every span passes through, and nothing else: a crate of its own, because the browser's build makes this code fast and
//! that of `formats`, which stands around it, small.
//!
//! Not here: documents, chunks of text, containers, other formats.

pub mod base64;
pub mod ids;
pub mod messages;
pub mod notes;
pub mod owned;
pub mod protobuf;
pub mod reader;
pub mod scalar;
pub mod scan;
pub mod signals;

pub use messages::{Message, fill, fill_span, list};
