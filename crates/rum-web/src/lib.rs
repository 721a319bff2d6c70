//! `rum` for JavaScript: the same calls, in numbers. The rest of the tracer is `js/`.
//!
//! Without `std`: its panics alone would weigh as much as everything else.

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
mod web;
#[cfg(target_arch = "wasm32")]
pub use web::{gzip, input, write};

#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
