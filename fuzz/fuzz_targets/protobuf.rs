//! OTLP protobuf: its first resource is there, so that what follows is read as such.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target asks a part")]
#[path = "../../crates/formats/tests/support/property.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| {
    // One resource without a field, with a scope whose fields the bytes are.
    if let Ok(length) = u8::try_from(bytes.len())
        && length < 0x7C
    {
        property::any_input(&[&[0x0A, length + 4, 0x0A, 0, 0x12, length], bytes].concat());
    }
    // And after a whole one.
    property::any_input(&[b"\x0A\x06\x0A\0\x12\x02\x12\0", bytes].concat());
});
