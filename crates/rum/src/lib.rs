//! Finished spans of a page on their way to a receiver: brought within limits, sampled once their interaction has
//! ended, buffered, batched, written as OTLP JSON, compressed, sent again when that failed.
//!
//! Time and randomness come in as integers. Nothing here knows a clock, a network or a browser; and nothing here weighs
//! much, since every page that is traced loads it: no `core::fmt`, no `serde`, few generics.
//!
//! # The record stream
//!
//! What the page pushes, and how spans are kept until they are sent. Little endian; *varint* is LEB128, *zigzag* a varint
//! in which the sign is the lowest bit. A push holds messages, each of which begins with a tag byte.
//!
//! ```text
//! 1 DEFINE  length varint, UTF-8: a text that gets the next number (0, 1, 2 …); 4096 at most
//! 2 SPAN    bits u8: 1 has parent, 2 has trace state, 4 has status message, 8 is the root of its group
//!           trace id 16 B, span id 8 B, parent span id 8 B if bit 1
//!           flags varint (OTLP), group varint (0: none), name text, kind u8 (OTLP)
//!           start varint (ns since the page's origin), duration varint (ns), status code u8 (OTLP)
//!           trace state text if bit 2, status message text if bit 4
//!           attributes: count varint, (key text, value) each, dropped varint
//!           events: count varint, (name text, time zigzag (ns after start), attributes) each, dropped varint
//!           links: count varint, (trace id, span id, flags varint, trace state text, attributes) each, dropped varint
//! 3 SETTLE  group varint: that interaction has ended
//!
//! text      n varint; odd: the text with the number n/2; even: n/2 bytes of UTF-8 follow
//! value     tag u8: 0 empty, 1 text, 2 false, 3 true, 4 zigzag, 5 double (length, its JSON: a number, or
//!           "NaN", "Infinity", "-Infinity" in quotation marks, which JavaScript writes shorter than wasm could),
//!           6 array (count, values), 7 map (count, (key text, value) each), 8 bytes (length, bytes)
//! ```
//!
//! Malformed input never panics: the push is cut there and counted, and what came before stays.

#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

extern crate alloc;

mod encode;
mod gzip;
mod json;
mod log;
mod metrics;
mod pipeline;
mod read;
mod record;
mod schedule;
mod texts;
mod waiting;

pub use gzip::gzip;
pub use metrics::{Count, Metrics};
pub use pipeline::{Answer, Next, Options, Pipeline};
pub use record::Limits;
pub use schedule::Millis;
pub use waiting::TailPolicy;
