//! Finished spans of a page to OTLP JSON, and that compressed: what a page could not do as fast.
//!
//! Numbers come in as integers. Nothing here knows a clock, a network or a browser; and nothing here weighs much, since
//! every page that is traced loads it: no `core::fmt`, no `serde`, no strings.
//!
//! # The record stream
//!
//! How the page keeps spans until they are sent: JSON, in which what repeats has a number, ids are binary, and times are
//! relative. *varint* is LEB128, *zigzag* a varint in which the sign is the lowest bit.
//!
//! ```text
//! texts    UTF-8, a line feed after each (JSON needs none): text 0, text 1 …
//! tokens   each begins with a varint:
//!   even   n/2 bytes follow, which are copied
//!   1      a span without a parent: trace id 16 B, span id 8 B, start varint (ns since the page's origin), duration varint
//!          (ns). Written are text 0, trace id, text 1, span id, text 3, start, text 4, end; ids as hexadecimal digits
//!   3      a span with a parent, whose id (8 B) comes after its own: between them stands text 2
//!   5      zigzag: a time of that span, in ns after its start
//!   odd    else: text (n - 7) / 2
//! ```
//!
//! What begins with a comma is written without it after `[`, so that all elements of a list are the same. (Texts of the page's
//! own come after a quotation mark.)
//!
//! Malformed input never panics: what does not fit reads as zero and as nothing.

#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

extern crate alloc;

mod gzip;
mod writer;

use alloc::vec;
use alloc::vec::Vec;

pub use gzip::Gzip;
pub use writer::Writer;

/// Makes room for so many bytes, and as many again.
fn grow(bytes: &mut Vec<u8>, least: usize) {
    if bytes.len() < least {
        let mut larger = vec![0; least * 2];
        for (to, from) in larger.iter_mut().zip(&*bytes) {
            *to = *from;
        }
        *bytes = larger;
    }
}
