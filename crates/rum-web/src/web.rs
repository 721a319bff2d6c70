//! What JavaScript calls.

use lol_alloc::LeakingPageAllocator;
use rum::{Gzip, Writer};
use spin::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

// A few buffers, which stay and double where they grow.
#[global_allocator]
static ALLOCATOR: LeakingPageAllocator = LeakingPageAllocator;

static WRITER: Mutex<Writer> = Mutex::new(Writer::new());
static GZIP: Mutex<Gzip> = Mutex::new(Gzip::new());

/// The address of so many bytes, for a record stream.
#[wasm_bindgen]
pub fn input(bytes: u32) -> u32 {
    WRITER.lock().input(bytes as usize).as_ptr() as u32
}

/// As [`Writer::write`]: the place of the text.
#[wasm_bindgen]
pub fn write(texts: u32, origin: u64) -> u64 {
    place(WRITER.lock().write(texts as usize, origin))
}

/// The place of that text, compressed.
#[wasm_bindgen]
pub fn gzip() -> u64 {
    place(GZIP.lock().member(WRITER.lock().text()))
}

/// Where bytes are until the next call, since whoever wants them copies them anyway: their address, and 2^32 times how many
/// there are.
fn place(bytes: &[u8]) -> u64 {
    bytes.as_ptr() as u64 | (bytes.len() as u64) << 32
}
