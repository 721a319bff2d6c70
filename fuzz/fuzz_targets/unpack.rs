//! Containers: the first byte tells which.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "each target asks a part")]
#[path = "../../crates/formats/tests/support/property.rs"]
mod property;

fuzz_target!(|bytes: &[u8]| {
    const MAGIC: [&[u8]; 5] = [
        b"\x1F\x8B\x08\0\0\0\0\0\0\0",
        b"\x28\xB5\x2F\xFD",
        b"PK\x03\x04\x14\0",
        b"\xFF\xFE",
        b"\0\0\0\x3D{",
    ];
    let Some((first, rest)) = bytes.split_first() else { return };
    let magic = MAGIC.get(usize::from(*first) % 8).copied().unwrap_or_default();
    property::any_input(&[magic, rest].concat());
});
