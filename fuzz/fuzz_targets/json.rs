//! Text in any format. Seeds: `crates/formats/tests/seeds`.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target asks a part")]
#[path = "../../crates/formats/tests/support/property.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| {
    property::any_input(bytes);
});
