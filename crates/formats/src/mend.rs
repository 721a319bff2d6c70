//! Makes JSON of text that some producers take for JSON.

use otel::WarningKind;

/// JSON at last, and what to call what it was.
#[derive(Debug)]
pub(crate) struct Mended {
    pub(crate) text: String,
    pub(crate) kind: WarningKind,
}

/// Half surrogate pairs (strings cut at a UTF-16 unit) become U+FFFD, raw control characters in strings are escaped.
/// `None`: there was nothing of the kind.
pub(crate) fn mend(text: &str) -> Option<Mended> {
    let mut mended = String::with_capacity(text.len());
    let mut kind = None;
    let mut in_string = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        match c {
            '"' => {
                in_string = !in_string;
                mended.push(c);
            }
            '\\' if in_string => {
                let escape = match surrogate(rest) {
                    Some(0xD800..=0xDBFF) => match surrogate(rest.get(6..).unwrap_or_default()) {
                        Some(0xDC00..=0xDFFF) => rest.get(..12),
                        _ => None,
                    },
                    Some(_) => None,
                    None => rest.char_indices().nth(2).map_or(Some(rest), |(end, _)| rest.get(..end)),
                };
                if let Some(escape) = escape {
                    mended.push_str(escape);
                    taken = escape.len();
                } else {
                    mended.push_str("\\ufffd");
                    taken = 6;
                    kind = Some(WarningKind::InvalidUtf8);
                }
            }
            '\0'..='\u{1f}' if in_string => {
                mended.push_str("\\u00");
                mended.extend(
                    [u32::from(c) >> 4, u32::from(c) & 15]
                        .map(|digit| char::from_digit(digit, 16).unwrap_or('0')),
                );
                kind.get_or_insert(WarningKind::InvalidJson);
            }
            _ => mended.push(c),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    kind.map(|kind| Mended { text: mended, kind })
}

/// The surrogate whose escape the text starts with.
fn surrogate(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| (0xD800..=0xDFFF).contains(unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(mend(text).map(|mended| mended.text).as_deref(), expected, "{text}");
    }

    #[test]
    fn mends() {
        check(r#"{"a":"\ud83d"}"#, Some(r#"{"a":"\ufffd"}"#));
        check(r#"["\ude00\ud83dx"]"#, Some(r#"["\ufffd\ufffdx"]"#));
        check("[\"a\tb\n\"]", Some("[\"a\\u0009b\\u000a\"]"));
        check(r#"["\ud83d\ude00 \\ud83d \" \u00e9"]"#, None);
        check("[\n\t1]", None);
        check(r#"["\u"#, None);
    }
}
