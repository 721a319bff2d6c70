//! What can wait until a page has loaded: compression, at once, for when the page is left.

extern crate alloc;

use alloc::vec::Vec;

use wasm_bindgen::prelude::wasm_bindgen;

/// The bytes as one gzip member.
#[wasm_bindgen]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    rum::gzip(bytes)
}
