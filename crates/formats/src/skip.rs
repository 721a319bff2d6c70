//! Finds the end of a JSON array or object without decoding it, across chunks, in constant memory.

use memchr::{memchr2, memchr3};

/// Where a scan stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The value ends before this byte.
    End(usize),
    /// The text ends first.
    Short,
    /// The text ends first, with this newline in a string that is open. What follows it tells whether that is one: it has
    /// to be shown again.
    Newline(usize),
    /// A line begins here that cannot belong to the value: it starts like a document, and the value is known to be
    /// broken, or a string was still open.
    Line(usize),
}

/// Begins before the opening bracket.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Skip {
    depth: u64,
    in_string: bool,
    escaped: bool,
    /// Take any line that starts like a document for one.
    broken: bool,
}

impl Skip {
    /// Over a value that is known to be broken.
    pub(crate) fn broken() -> Self {
        Self { broken: true, ..Self::default() }
    }

    pub(crate) fn scan(&mut self, text: &[u8]) -> Stop {
        let mut at = 0;
        if self.escaped && !text.is_empty() {
            self.escaped = false;
            at = 1;
        }
        loop {
            let rest = text.get(at..).unwrap_or_default();
            if self.in_string {
                let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else { return Stop::Short };
                match rest.get(found) {
                    Some(b'"') => self.in_string = false,
                    Some(b'\\') => {
                        if at + found + 1 >= text.len() {
                            self.escaped = true;
                            return Stop::Short;
                        }
                        at += 1;
                    }
                    _ if found + 1 == rest.len() => return Stop::Newline(at + found),
                    _ => {
                        if begins_document(rest.get(found + 1..)) {
                            return Stop::Line(at + found + 1);
                        }
                    }
                }
                at += found + 1;
                continue;
            }
            let Some(found) = rest.iter().position(|byte| {
                matches!(byte, b'"' | b'{' | b'}' | b'[' | b']') || (self.broken && *byte == b'\n')
            }) else {
                return Stop::Short;
            };
            at += found + 1;
            match rest.get(found) {
                Some(b'"') => self.in_string = true,
                Some(b'{' | b'[') => self.depth += 1,
                Some(b'}' | b']') => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Stop::End(at);
                    }
                }
                _ => {
                    if begins_document(text.get(at..)) {
                        return Stop::Line(at);
                    }
                }
            }
        }
    }
}

fn begins_document(text: Option<&[u8]>) -> bool {
    matches!(text, Some([b'{' | b'[', ..]))
}

/// The next line that starts like a document. `Err`: how much of the text can be given up meanwhile.
pub(crate) fn next_document_line(text: &[u8]) -> Result<usize, usize> {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'\n', b'\r', rest)) {
        at += found + 1;
        match text.get(at) {
            Some(b'{' | b'[') => return Ok(at),
            Some(_) => {}
            None => return Err(at - 1),
        }
    }
    Err(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In one piece, and byte by byte.
    fn check(text: &str, expected: Stop) {
        assert_eq!(Skip::default().scan(text.as_bytes()), expected, "{text}");
        if let Stop::End(end) = expected {
            let mut skip = Skip::default();
            let ends: Vec<_> = text.as_bytes().chunks(1).map(|byte| skip.scan(byte)).collect();
            assert_eq!(
                ends.iter().position(|stop| *stop == Stop::End(1)),
                Some(end - 1),
                "{text}, byte by byte"
            );
        }
    }

    #[test]
    fn ends() {
        check("{} ", Stop::End(2));
        check(r#"{"a":["}",{"b":"\"}"}]},"#, Stop::End(23));
        check(r#"["\\"]"#, Stop::End(6));
        check("[[]", Stop::Short);
        check("[\"a\n{}", Stop::Line(4));
        check("[\n{}\n]", Stop::End(6));
    }

    #[test]
    fn a_line_that_comes_later() {
        let mut skip = Skip::default();
        assert_eq!(skip.scan(b"[\"a\n"), Stop::Newline(3));
        assert_eq!(skip.scan(b"\n"), Stop::Newline(0));
        assert_eq!(skip.scan(b"\n{}"), Stop::Line(1));
        assert_eq!(skip.scan(b"\nb\"]"), Stop::End(4));
    }

    #[test]
    fn a_broken_value_ends_where_a_document_begins() {
        let mut skip = Skip::broken();
        assert_eq!(skip.scan(b"{\"a\":\n{}"), Stop::Line(6));
        let mut skip = Skip::broken();
        assert_eq!(skip.scan(b"{\"a\":\n {}}"), Stop::End(10));
    }

    #[test]
    fn lines() {
        assert_eq!(next_document_line(b"x{\n [\n{"), Ok(6));
        assert_eq!(next_document_line(b"x\ny"), Err(3));
        assert_eq!(next_document_line(b"x\n"), Err(1), "the next chunk may begin with a document");
    }
}
