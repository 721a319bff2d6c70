//! [`Engine::handle`]`(Request) -> Response` is the whole protocol: it owns the store and runs everything below.
//!
//! The same engine runs in a Web Worker, on the page where no worker can start, in tests and on the command line.
//!
//! Not here: a clock, a browser, a thread, a global.

mod protocol;

pub use protocol::*;
