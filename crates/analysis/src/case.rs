//! Lower case for search: of Latin, Greek, Cyrillic and Armenian, a letter at a time. The library's knows every script, and
//! is 15 kB of WebAssembly, most of them tables that hardly compress.

/// `text`, its capital letters made small. Final sigmas count as others.
pub fn lower_case(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.chars().map(lower).collect() }
}

fn lower(letter: char) -> char {
    let code = letter as u32;
    let small = match code {
        0x41..=0x5A
        | 0xC0..=0xD6
        | 0xD8..=0xDE
        | 0x391..=0x3A1
        | 0x3A3..=0x3AB
        | 0x410..=0x42F
        | 0xFF21..=0xFF3A => code + 32,
        // Pairs, the capital first: at even numbers, and at odd ones.
        0x100..=0x12F
        | 0x132..=0x137
        | 0x14A..=0x177
        | 0x1DE..=0x1EF
        | 0x1F8..=0x21F
        | 0x222..=0x233
        | 0x246..=0x24F
        | 0x460..=0x481
        | 0x48A..=0x4BF
        | 0x4D0..=0x52F
        | 0x1E00..=0x1E95
        | 0x1EA0..=0x1EFF => code | 1,
        0x139..=0x148 | 0x179..=0x17E | 0x1CD..=0x1DC | 0x4C1..=0x4CE => code + (code & 1),
        0x178 => 0xFF,
        0x386 => 0x3AC,
        0x388..=0x38A => code + 37,
        0x38C => 0x3CC,
        0x38E | 0x38F => code + 63,
        0x3C2 => 0x3C3,
        0x400..=0x40F => code + 80,
        0x4C0 => 0x4CF,
        0x531..=0x556 => code + 48,
        0x1E9E => 0xDF,
        _ => code,
    };
    char::from_u32(small).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_the_library_in_the_scripts_it_knows() {
        let known = (0..0x180)
            .chain(0x1CD..0x1F0)
            .chain(0x1F8..0x220)
            .chain(0x222..0x234)
            .chain(0x246..0x250)
            .chain(0x386..0x3CF)
            .chain(0x400..0x590)
            .chain(0x1E00..0x1F00)
            .chain(0xFF00..0xFF60);
        for letter in known.filter_map(char::from_u32) {
            // The one is two letters when small, the other a sigma as well.
            if !matches!(letter, 'İ' | 'ς') {
                let library: Vec<char> = letter.to_lowercase().collect();
                assert_eq!(library, [lower(letter)], "{letter} U+{:04X}", letter as u32);
            }
        }
    }

    #[test]
    fn texts() {
        assert_eq!(lower_case("GET /Über/ΟΔΟΣ?ЖЁ=Łódź"), "get /über/οδοσ?жё=łódź");
        assert_eq!(lower_case("οδός"), "οδόσ");
        assert_eq!(lower_case("日本 Ⅷ"), "日本 Ⅷ");
    }
}
