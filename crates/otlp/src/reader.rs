//! JSON, token by token, from text that is at hand. What is usual is read here, in place; values nobody asks for are left to
//! `serde_json`, and so is the word for what is wrong.

use std::borrow::Cow;

use serde::de::{Deserialize as _, IgnoredAny};

use crate::notes::Notes;
use crate::scalar::{Scalar, written};
use crate::scan::{digits, plain_run};

/// Why reading ended before the value did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The text ends first.
    Short,
    /// It is no JSON; `serde_json` will say why.
    Broken,
}

/// Stands before, inside or after a value.
#[derive(Debug)]
pub struct Reader<'t, 'n> {
    text: &'t str,
    at: usize,
    /// What was odd so far.
    pub notes: &'n mut Notes,
    /// How many values it stands in.
    pub depth: u8,
}

impl<'t, 'n> Reader<'t, 'n> {
    pub fn new(text: &'t str, notes: &'n mut Notes) -> Self {
        Self { text, at: 0, notes, depth: 0 }
    }

    /// Bytes read.
    pub fn used(&self) -> usize {
        self.at
    }

    #[inline]
    fn byte(&self, at: usize) -> u8 {
        // No token begins with a zero, so it can stand for the end.
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    #[inline]
    fn rest(&self, at: usize) -> &'t [u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    #[cold]
    fn stop(&self) -> Stop {
        if self.at < self.text.len() { Stop::Broken } else { Stop::Short }
    }

    /// The first byte of the next token; 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        let byte = self.byte(self.at);
        if byte > b' ' { byte } else { self.peek_after_space() }
    }

    fn peek_after_space(&mut self) -> u8 {
        while let b' ' | b'\t' | b'\n' | b'\r' = self.byte(self.at) {
            self.at += 1;
        }
        self.byte(self.at)
    }

    /// Takes the bracket that begins a list, if it is one.
    #[inline]
    pub fn enter(&mut self, bracket: u8) -> bool {
        let enters = self.peek() == bracket;
        self.at += usize::from(enters);
        enters
    }

    /// After the opening bracket: is there a first element? Takes the closing bracket otherwise.
    #[inline]
    pub fn first(&mut self, closing: u8) -> bool {
        let ends = self.peek() == closing;
        self.at += usize::from(ends);
        !ends
    }

    /// After an element: is there another? Takes the comma or the closing bracket.
    #[inline]
    pub fn next(&mut self, closing: u8) -> Result<bool, Stop> {
        let byte = self.peek();
        if byte != b',' && byte != closing {
            return Err(self.stop());
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// The name of a member, and the colon after it.
    #[inline]
    pub fn name(&mut self) -> Result<Cow<'t, str>, Stop> {
        if self.peek() != b'"' {
            return Err(self.stop());
        }
        let name = self.string()?;
        if self.peek() != b':' {
            return Err(self.stop());
        }
        self.at += 1;
        Ok(name)
    }

    /// A string, from its quote on. Borrowed, unless there are escapes in it.
    #[inline]
    fn string(&mut self) -> Result<Cow<'t, str>, Stop> {
        let start = self.at + 1;
        let end = start + plain_run(self.rest(start));
        if self.byte(end) == b'"'
            && let Some(text) = self.text.get(start..end)
        {
            self.at = end + 1;
            return Ok(Cow::Borrowed(text));
        }
        self.string_with_escapes(end)
    }

    /// `end`: of what is plain.
    #[inline(never)]
    fn string_with_escapes(&mut self, mut end: usize) -> Result<Cow<'t, str>, Stop> {
        while self.byte(end) == b'\\' {
            end += 2;
            end += plain_run(self.rest(end));
        }
        if end >= self.text.len() {
            return Err(Stop::Short);
        }
        // A control character ends it, too.
        let quoted = if self.byte(end) == b'"' { self.text.get(self.at + 1..end) } else { None };
        let text = quoted.and_then(unescape).ok_or(Stop::Broken)?;
        self.at = end + 1;
        Ok(Cow::Owned(text))
    }

    /// Takes these very bytes, if they come next.
    #[inline]
    pub fn literal<const N: usize>(&mut self, literal: &[u8; N]) -> bool {
        let is = self.rest(self.at).first_chunk().is_some_and(|found| same(found, literal));
        if is {
            self.at += N;
        }
        is
    }

    /// A string without escapes, from after its quote on.
    #[inline]
    pub fn plain(&mut self) -> Option<&'t str> {
        let end = self.at + plain_run(self.rest(self.at));
        if self.byte(end) != b'"' {
            return None;
        }
        let text = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// A member whose value is a string, from its name on, and the comma after it: all or nothing. `start`: up to the
    /// quote that begins the value.
    #[inline]
    pub fn text_member<const N: usize, T>(
        &mut self,
        start: &[u8; N],
        value: impl FnOnce(&'t str) -> Option<T>,
    ) -> Option<T> {
        let used = self.at;
        let value = if self.literal(start) { self.plain().and_then(value) } else { None };
        self.with_comma(used, value)
    }

    /// [`Reader::text_member`] for a number of few digits.
    #[inline]
    pub fn small_member<const N: usize, T>(
        &mut self,
        start: &[u8; N],
        value: impl FnOnce(u32) -> Option<T>,
    ) -> Option<T> {
        let used = self.at;
        if !self.literal(start) {
            return None;
        }
        let mut number = 0;
        let digits = self.at;
        while self.byte(self.at).is_ascii_digit() && self.at < digits + 9 {
            number = number * 10 + u32::from(self.byte(self.at) - b'0');
            self.at += 1;
        }
        let is_number = self.at == digits + 1 || self.at > digits && self.byte(digits) != b'0';
        let value = if is_number { value(number) } else { None };
        self.with_comma(used, value)
    }

    #[inline]
    fn with_comma<T>(&mut self, used: usize, value: Option<T>) -> Option<T> {
        if value.is_some() && self.byte(self.at) == b',' {
            self.at += 1;
            return value;
        }
        self.at = used;
        None
    }

    /// Takes `}}`, if it comes next.
    #[inline]
    pub fn brackets(&mut self) -> bool {
        let are = self.rest(self.at).first_chunk() == Some(b"}}");
        self.at += if are { 2 } else { 0 };
        are
    }

    /// Reads again from a place that [`Reader::used`] told.
    #[inline]
    pub fn back_to(&mut self, used: usize) {
        self.at = used;
    }

    /// Any value; arrays and objects are read over.
    #[inline]
    pub fn scalar(&mut self) -> Result<Scalar<'t>, Stop> {
        match self.peek() {
            b'"' => self.string().map(Scalar::Str),
            b'0'..=b'9' => self.number(),
            first => self.unusual(first),
        }
    }

    #[inline(never)]
    fn unusual(&mut self, first: u8) -> Result<Scalar<'t>, Stop> {
        let scalar = match first {
            b't' => Scalar::Bool(true),
            b'f' => Scalar::Bool(false),
            b'[' => Scalar::Array,
            b'{' => Scalar::Object,
            b'-' => return self.number_text().map(written),
            _ => Scalar::Null,
        };
        self.ignore().map(|()| scalar)
    }

    fn number(&mut self) -> Result<Scalar<'t>, Stop> {
        let rest = self.rest(self.at);
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (first, after) = (rest.first(), rest.get(length));
        if matches!(after, Some(b',' | b'}' | b']'))
            && (length == 1 || first != Some(&b'0'))
            && let Some(value) = rest.get(..length).and_then(digits)
        {
            self.at += length;
            return Ok(Scalar::Unsigned(value));
        }
        self.number_text().map(written)
    }

    /// A string; the next byte is known to be its quote.
    pub fn text(&mut self) -> Result<Cow<'t, str>, Stop> {
        self.string()
    }

    /// A number as it is written (RFC 8259 §6).
    pub fn number_text(&mut self) -> Result<&'t str, Stop> {
        let mut end = self.at + usize::from(self.byte(self.at) == b'-');
        let digits = |from: usize| self.rest(from).iter().take_while(|byte| byte.is_ascii_digit()).count();
        let whole = digits(end);
        let mut is_number = whole == 1 || whole > 1 && self.byte(end) != b'0';
        end += whole;
        if self.byte(end) == b'.' {
            let fraction = digits(end + 1);
            is_number &= fraction > 0;
            end += 1 + fraction;
        }
        if let b'e' | b'E' = self.byte(end) {
            end += 1 + usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
            let exponent = digits(end);
            is_number &= exponent > 0;
            end += exponent;
        }
        match self.text.get(self.at..end) {
            Some(number) if is_number => {
                self.at = end;
                Ok(number)
            }
            // What is missing may be what has not come yet.
            _ if end >= self.text.len() => Err(Stop::Short),
            _ => Err(Stop::Broken),
        }
    }

    /// A value nobody asks for.
    #[cold]
    #[inline(never)]
    pub fn ignore(&mut self) -> Result<(), Stop> {
        self.peek();
        let mut json = serde_json::Deserializer::from_str(self.text.get(self.at..).unwrap_or_default());
        match IgnoredAny::deserialize(&mut json) {
            Ok(_) => {
                self.at += json.into_iter::<IgnoredAny>().byte_offset();
                Ok(())
            }
            Err(error) if error.is_eof() => Err(Stop::Short),
            Err(_) => Err(Stop::Broken),
        }
    }
}

/// What a string with escapes says (RFC 8259 §7). `None`: an escape is none, or half a surrogate pair.
pub fn unescape(quoted: &str) -> Option<String> {
    let mut pieces = quoted.split('\\');
    let mut text = String::with_capacity(quoted.len());
    text.push_str(pieces.next()?);
    while let Some(piece) = pieces.next() {
        let Some(escape) = piece.chars().next() else {
            // A backslash itself: what follows it is no escape.
            text.push('\\');
            text.push_str(pieces.next()?);
            continue;
        };
        let (character, rest) = match escape {
            '"' | '/' => (escape, piece.get(1..)?),
            'b' => ('\u{8}', piece.get(1..)?),
            'f' => ('\u{c}', piece.get(1..)?),
            'n' => ('\n', piece.get(1..)?),
            'r' => ('\r', piece.get(1..)?),
            't' => ('\t', piece.get(1..)?),
            'u' => match code_unit(piece)? {
                high @ 0xD800..0xDC00 if piece.len() == 5 => {
                    let piece = pieces.next()?;
                    let low = code_unit(piece).filter(|low| (0xDC00..0xE000).contains(low))?;
                    (char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?, piece.get(5..)?)
                }
                unit => (char::from_u32(unit)?, piece.get(5..)?),
            },
            _ => return None,
        };
        text.push(character);
        text.push_str(rest);
    }
    Some(text)
}

/// `u` and four hexadecimal digits.
fn code_unit(escape: &str) -> Option<u32> {
    let digits = escape.strip_prefix('u')?.as_bytes().first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// Inlined, where the library would call a function that goes byte by byte.
#[inline]
fn same<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    const { assert!(N >= 4, "the last four bytes are looked at") }
    let ((a_eights, _), (b_eights, _)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let eights = a_eights.iter().zip(b_eights);
    eights.fold(true, |same, (a, b)| same & (u64::from_le_bytes(*a) == u64::from_le_bytes(*b)))
        && (N.is_multiple_of(8) || N < 8 || a.last_chunk::<8>() == b.last_chunk::<8>())
        && (N >= 8
            || a.first_chunk::<4>() == b.first_chunk::<4>() && a.last_chunk::<4>() == b.last_chunk::<4>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(quoted: &str) {
        let expected: Option<String> = serde_json::from_str(&format!("\"{quoted}\"")).ok();
        assert_eq!(unescape(quoted), expected, "{quoted}");
    }

    #[test]
    fn escapes_as_serde_json_reads_them() {
        for quoted in [
            r"\n",
            r"a\tb",
            r#"\""#,
            r"\\",
            r"\\n",
            r"\\\\",
            r"\\\n",
            r"\/",
            r"\b\f\r",
            r"\u00e9",
            r"\u0000",
            r"é\u00E9x",
            r"\ud83d\ude00",
            r"\uD83D\uDE00!",
            r"\uffff",
        ] {
            check(quoted);
        }
        for quoted in [
            r"\ud83d",
            r"\ude00",
            r"\ud83dx\ude00",
            r"\ud83d\u0041",
            r"\ud83d\n",
            r"\ud83d\\",
            r"\x",
            r"\u12",
            r"\u12g4",
            r"\é",
            r"\u+123",
            r"\U0041",
            r"\ud83d\ud83d\ude00",
        ] {
            check(quoted);
        }
    }

    proptest! {
        #[test]
        fn any_escapes(quoted in r#"([a-zé]|\\[nt"\\/u]|\\u(d8|de|00)[0-9a-f]{2}){0,8}"#) {
            check(&quoted);
        }
    }
}
