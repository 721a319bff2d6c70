//! What the record stream says is what is written.

#![expect(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::io::Read as _;

use flate2::read::GzDecoder;
use proptest::collection::vec;
use proptest::prelude::*;
use rum::{Gzip, Writer};

/// 2026-11-21 in nanoseconds.
const ORIGIN: u64 = 1_795_219_200_000_000_007;

/// What a page defines first.
const AROUND: [&str; 5] = [",{id:", " own:", " parent:", " start:", " end:"];

/// A piece of the stream.
#[derive(Clone, Debug)]
enum Token {
    Inline(String),
    Text(usize),
    /// Trace id, span id, parent, start, duration.
    Span(u128, u64, Option<u64>, u64, u64),
    Time(i64),
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The stream, and how many bytes of it are texts.
fn stream(texts: &[&str], tokens: &[Token]) -> (Vec<u8>, usize) {
    let mut out: Vec<u8> = AROUND.iter().chain(texts).flat_map(|it| it.bytes().chain(*b"\n")).collect();
    let length = out.len();
    for token in tokens {
        match token {
            Token::Inline(text) => {
                varint(&mut out, text.len() as u64 * 2);
                out.extend(text.bytes());
            }
            Token::Text(number) => varint(&mut out, *number as u64 * 2 + 7),
            Token::Span(trace, own, parent, start, duration) => {
                out.push(if parent.is_some() { 3 } else { 1 });
                out.extend(trace.to_be_bytes());
                out.extend(own.to_be_bytes());
                out.extend(parent.iter().flat_map(|it| it.to_be_bytes()));
                varint(&mut out, *start);
                varint(&mut out, *duration);
            }
            Token::Time(after) => {
                out.push(5);
                varint(&mut out, (after << 1 ^ after >> 63) as u64);
            }
        }
    }
    (out, length)
}

/// The same, by `format!`.
fn expected(texts: &[&str], tokens: &[Token]) -> String {
    let mut out = String::new();
    let mut begun = 0_u64;
    let text = |out: &mut String, text: &str| {
        let drop = usize::from(text.starts_with(',') && out.ends_with('['));
        out.push_str(&text[drop..]);
    };
    for token in tokens {
        match token {
            Token::Inline(inline) => text(&mut out, inline),
            Token::Text(number) => {
                text(&mut out, AROUND.iter().chain(texts).nth(*number).copied().unwrap_or_default());
            }
            Token::Span(trace, own, parent, start, duration) => {
                begun = ORIGIN.wrapping_add(*start);
                text(&mut out, AROUND[0]);
                write!(out, "{trace:032x}{}{own:016x}", AROUND[1]).unwrap();
                if let Some(parent) = parent {
                    write!(out, "{}{parent:016x}", AROUND[2]).unwrap();
                }
                write!(out, "{}{begun}{}{}", AROUND[3], AROUND[4], begun.wrapping_add(*duration)).unwrap();
            }
            Token::Time(after) => out += &begun.wrapping_add_signed(*after).to_string(),
        }
    }
    out
}

fn written<'a>(writer: &'a mut Writer, stream: &[u8], texts: usize, origin: u64) -> &'a [u8] {
    writer.input(stream.len()).copy_from_slice(stream);
    writer.write(texts, origin)
}

/// Written twice, the second time where something else was.
#[track_caller]
fn check(texts: &[&str], tokens: &[Token], text: &str) {
    let mut writer = Writer::default();
    let (stream, length) = stream(texts, tokens);
    for _ in 0..2 {
        assert_eq!(str::from_utf8(written(&mut writer, &stream, length, ORIGIN)).unwrap(), text);
        written(&mut writer, b"\ra text that is not asked for", 0, 0);
    }
}

#[test]
fn pieces() {
    check(&[], &[], "");
    check(&[], &[Token::Inline(String::new())], "");
    check(&[], &[Token::Inline("as it is, \"ü€😀\"".into())], "as it is, \"ü€😀\"");
    check(
        &["one", "", "two"],
        &[Token::Text(5), Token::Text(6), Token::Text(7), Token::Text(5)],
        "onetwoone",
    );
    let text = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(8);
    for length in 0..text.len() {
        check(&[&text[..length], "."], &[Token::Text(5), Token::Text(6)], &format!("{}.", &text[..length]));
        check(
            &["."],
            &[Token::Inline(text[..length].into()), Token::Text(5)],
            &format!("{}.", &text[..length]),
        );
    }
    let long = "x".repeat(1_000_000);
    check(&[], &[Token::Inline(long.clone())], &long);
}

#[test]
fn spans() {
    let span = Token::Span(0x5b8e_fff7_9803_8103_d269_b633_813f_c60c, 0xeee1_9b7e_c3c1_b174, None, 0, 13);
    let id = "5b8efff798038103d269b633813fc60c";
    let first = format!("{{id:{id} own:eee19b7ec3c1b174 start:1795219200000000007 end:1795219200000000020");
    check(&[], std::slice::from_ref(&span), &format!(",{first}"));
    check(&["["], &[Token::Text(5), span.clone(), span], &format!("[{first},{first}"));
    let child = Token::Span(1, 2, Some(0xA3), 1_000_000_000_000, 0);
    let times =
        [child, Token::Inline(" ".into()), Token::Time(5), Token::Inline(" ".into()), Token::Time(-8)];
    let own = "own:0000000000000002 parent:00000000000000a3";
    let expected = format!(
        ",{{id:{}1 {own} start:1795220200000000007 end:1795220200000000007 1795220200000000012 1795220199999999999",
        "0".repeat(31)
    );
    check(&[], &times, &expected);
}

#[test]
fn numbers() {
    for time in [0, 9, 10, 99, 999_999_999, 1_000_000_000, 1_000_000_000_000_000_000, u64::MAX] {
        let (stream, length) = stream(&[], &[Token::Span(1, 2, None, time, 0)]);
        let mut writer = Writer::default();
        let text = str::from_utf8(written(&mut writer, &stream, length, 0)).unwrap();
        assert!(text.ends_with(&format!(" start:{time} end:{time}")), "{text}");
    }
}

#[test]
fn a_list_begins_without_a_comma() {
    let texts = ["[", ",a", "]"];
    let list = |count| {
        let mut tokens = vec![Token::Text(6); count];
        tokens.insert(0, Token::Text(5));
        tokens.push(Token::Text(7));
        tokens
    };
    for (count, expected) in [(0, "[]"), (1, "[a]"), (3, "[a,a,a]")] {
        check(&texts, &list(count), expected);
    }
}

fn token() -> impl Strategy<Value = Token> {
    prop_oneof![
        any::<String>().prop_map(Token::Inline),
        (0..14_usize).prop_map(Token::Text),
        any::<(u128, u64, Option<u64>, u64, u64)>().prop_map(|(a, b, c, d, e)| Token::Span(a, b, c, d, e)),
        any::<i64>().prop_map(Token::Time),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_stream(texts in vec("[\\[,a\"ü]{0,20}", 0..8), mut tokens in vec(token(), 0..40)) {
        // Times are those of a span.
        tokens.insert(0, Token::Span(1, 2, None, 3, 4));
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        check(&texts, &tokens, &expected(&texts, &tokens));
    }

    /// Whatever comes in, it ends without a panic; and what comes out is compressed and comes back.
    #[test]
    fn noise(bytes in vec(any::<u8>(), 0..400), texts in 0_usize..500) {
        let mut writer = Writer::default();
        let text = written(&mut writer, &bytes, texts, ORIGIN).to_vec();
        let mut back = Vec::new();
        GzDecoder::new(Gzip::default().member(&text)).read_to_end(&mut back).unwrap();
        prop_assert!(back == text);
    }
}
