//! The engine's host: bytes in from files and the network, postcard in from the page, answers out.
//!
//! Runs in a module worker (`www/flamefall-worker.js`), or on the page where no worker can start. It decides nothing:
//! everything is `engine::Engine::handle`.

#[cfg(target_arch = "wasm32")]
mod formats;
#[cfg(target_arch = "wasm32")]
mod host;
#[cfg(target_arch = "wasm32")]
mod source;
#[cfg(target_arch = "wasm32")]
mod warm;

fn main() {}
