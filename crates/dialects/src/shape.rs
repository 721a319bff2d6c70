//! What the first names of a document tell of its format.

use memchr::{memchr, memchr2};

/// So much of a document is looked at.
const TEXT: usize = 64 << 10;
const NAMES: usize = 400;

/// The beginning of a JSON document: its brackets and the names of its members, in order.
#[derive(Debug)]
pub(crate) struct Shape<'t> {
    /// The brackets before anything else: `[{` of an array of objects.
    opening: &'t str,
    names: Vec<Name<'t>>,
    /// Of text that is no JSON, the first line; such has no names.
    line: &'t str,
    /// Nothing more can be learned: the document ends here, or enough was seen.
    settled: bool,
}

#[derive(Debug)]
struct Name<'t> {
    /// In how many arrays and objects the member stands.
    depth: usize,
    text: &'t str,
    /// The value, where it is a short string without escapes.
    value: &'t str,
}

impl<'t> Shape<'t> {
    /// `last`: no text follows.
    pub(crate) fn of(text: &'t str, last: bool) -> Self {
        let mut shape =
            Self { opening: "", names: Vec::new(), line: "", settled: last || text.len() >= TEXT };
        let mut end = text.len().min(TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = text.get(..end).unwrap_or_default();
        shape.opening = text
            .get(..text.bytes().take_while(|byte| b"[{ \t\r\n".contains(byte)).count())
            .unwrap_or_default();
        let (mut at, mut depth) = (0, 0_usize);
        while let Some(&byte) = text.as_bytes().get(at) {
            at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        shape.settled = true;
                        break;
                    }
                }
                b'"' => {
                    let Some((name, after)) = string(text, at) else { break };
                    at = after;
                    if let Some(after_colon) = skip_to(text, at, b':') {
                        let value = skip_to(text, after_colon, b'"').and_then(|at| string(text, at));
                        let value = value.map_or("", |(value, _)| value);
                        shape.names.push(Name { depth, text: name, value });
                        at = after_colon;
                    }
                }
                _ => {}
            }
            if shape.names.len() >= NAMES {
                shape.settled = true;
                break;
            }
        }
        shape
    }

    /// Of text that is no JSON. `last`: no text follows.
    pub(crate) fn of_line(text: &'t str, last: bool) -> Self {
        let end = memchr(b'\n', text.as_bytes().get(..text.len().min(TEXT)).unwrap_or_default());
        let line = match end {
            Some(end) => text.get(..end),
            None => last.then_some(text),
        };
        let line = line.map_or("", |line| line.strip_suffix('\r').unwrap_or(line));
        let settled = end.is_some() || last || text.len() >= TEXT;
        Self { opening: "", names: Vec::new(), line, settled }
    }

    /// The first line of text that is no JSON; empty otherwise.
    pub(crate) fn line(&self) -> &'t str {
        self.line
    }

    /// The names of members in so many arrays and objects.
    pub(crate) fn names_at(&self, depth: usize) -> impl Iterator<Item = &'t str> {
        self.names.iter().filter(move |known| known.depth == depth).map(|known| known.text)
    }

    /// Will more text tell more?
    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// How many arrays the document begins with.
    pub(crate) fn arrays(&self) -> usize {
        self.opening
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .take_while(|byte| *byte == b'[')
            .count()
    }

    /// Is there a member of this name, in so many arrays and objects? The members of a document that is an object are in
    /// one, those of the objects in an array in two.
    pub(crate) fn has_at(&self, depth: usize, name: &str) -> bool {
        self.names.iter().any(|known| known.depth == depth && known.text == name)
    }

    /// How many members were seen at this depth?
    pub(crate) fn count_at(&self, depth: usize) -> usize {
        self.names.iter().filter(|known| known.depth == depth).count()
    }

    /// Are there members of all these names at one depth?
    pub(crate) fn has_all_at(&self, depth: usize, names: &[&str]) -> bool {
        names.iter().all(|name| self.has_at(depth, name))
    }

    /// Is there a member of this name anywhere?
    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known.text == name)
    }

    /// The value of the first member of this name at this depth, where it is a short string.
    pub(crate) fn value_at(&self, depth: usize, name: &str) -> &'t str {
        self.names
            .iter()
            .find(|known| known.depth == depth && known.text == name)
            .map_or("", |known| known.value)
    }

    /// The name of the first member.
    pub(crate) fn first(&self) -> &'t str {
        self.names.first().map_or("", |known| known.text)
    }

    /// Some depth at which there are members of all these names.
    pub(crate) fn depth_of(&self, names: &[&str]) -> Option<usize> {
        (1..=8).find(|depth| self.has_all_at(*depth, names))
    }
}

/// The string whose quote stands before `at`, and where it ends.
fn string(text: &str, at: usize) -> Option<(&str, usize)> {
    let mut end = at;
    loop {
        end += memchr2(b'"', b'\\', text.as_bytes().get(end..)?)?;
        if text.as_bytes().get(end) == Some(&b'"') {
            return Some((text.get(at..end)?, end + 1));
        }
        end += 2;
    }
}

/// The place after `byte`, if only white space stands before it.
fn skip_to(text: &str, at: usize, byte: u8) -> Option<usize> {
    let rest = text.as_bytes().get(at..)?;
    let space = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    (rest.get(space) == Some(&byte)).then_some(at + space + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_depths() {
        let shape =
            Shape::of(r#" [ {"a" : {"b": ["c", {"d": "e\"f"}]}, "g": "h", "x\"y": 1}] {"z": 1}"#, false);
        assert_eq!(shape.arrays(), 1);
        assert_eq!(shape.first(), "a");
        assert!(shape.has_all_at(2, &["a", "g"]) && shape.has_at(3, "b") && shape.has_at(5, "d"));
        assert_eq!((shape.count_at(2), shape.count_at(9)), (3, 0));
        assert!(!shape.has("c") && !shape.has("z"), "a value is no name, the next document is another");
        assert_eq!((shape.value_at(2, "g"), shape.value_at(5, "d")), ("h", "e\\\"f"));
        assert!(shape.is_settled());
    }

    #[test]
    fn lines() {
        let shape = Shape::of_line("a,b\r\nc,d", false);
        assert_eq!((shape.line(), shape.is_settled()), ("a,b", true));
        assert!(!Shape::of_line("a,b", false).is_settled());
        assert_eq!(Shape::of_line("a,b", true).line(), "a,b");
        assert!(Shape::of_line(&"a".repeat(TEXT), false).is_settled(), "no line is so long");
    }

    #[test]
    fn cut_anywhere() {
        let text = r#"{"a": {"b": "c"}}"#;
        for cut in 0..text.len() {
            let begun = text.get(..cut).unwrap_or_default();
            assert!(!Shape::of(begun, false).is_settled(), "{cut}");
            assert!(Shape::of(begun, true).is_settled(), "{cut}");
        }
    }
}
