//! The decoder with every format in it: loaded when a file is met that the engine cannot read. Bytes in, tape out.
//!
//! Its memory is its own: what it reads goes to the engine as a tape of a sink's calls, which the engine plays.

#[cfg(target_arch = "wasm32")]
mod host;

fn main() {}
