//! Tables as text: RFC 4180 with commas, semicolons, tabs or bars, a line of names first.

use std::borrow::Cow;

use memchr::{memchr, memchr2};
use otel::WarningKind;

use super::fields::{Field, Meaning, is_row, meaning};
use super::span::{Cell, Table, has_ids, tell};
use crate::json::Json;
use crate::shape::Shape;
use crate::walk::{Entry, JsonFormat, Out, Path, Take};

pub(crate) const ENTRY: Entry = Entry {
    name: "CSV",
    tells: |shape| delimiter(shape.line()).is_some(),
    goes_on: |_| false,
    open: || Box::<Csv>::default(),
};

const QUOTE: u8 = b'"';

/// A row whose quotes do not close within this is not one.
const LONGEST: usize = 4 << 20;

/// By which the names of a table are the names of a span.
fn delimiter(line: &str) -> Option<u8> {
    b",\t;|".iter().copied().find(|delimiter| {
        let Split::Row(cells, _) = split(line, *delimiter, Some(QUOTE), true) else { return false };
        let has = |field| cells.iter().any(|name| meaning(name).is_some_and(|known| known.field == field));
        has(Field::TraceId)
            && has(Field::SpanId)
            && is_row(&cells.iter().map(|name| &**name).collect::<Vec<_>>())
    })
}

#[derive(Default)]
struct Csv {
    columns: Vec<(String, Option<Meaning>)>,
    delimiter: u8,
    is_begun: bool,
    table: Table,
    /// So much text from here on is known to have a quote that does not close: its lines are its rows.
    without_quotes: usize,
}

impl JsonFormat for Csv {
    fn begin(&mut self, shape: &Shape<'_>) {
        let Some(delimiter) = delimiter(shape.line()) else { return };
        let Split::Row(names, _) = split(shape.line(), delimiter, Some(QUOTE), true) else { return };
        *self = Self { delimiter, table: Table { is_text: true, ..Table::default() }, ..Self::default() };
        self.columns = names.into_iter().map(|name| (name.trim().to_owned(), meaning(&name))).collect();
    }

    fn step(&mut self, _path: Path<'_>, _first: u8) -> Take {
        Take::Over
    }

    fn record(&mut self, _path: Path<'_>, _record: &Json<'_>, _out: &mut Out<'_>) {}

    fn row(&mut self, text: &str, last: bool, out: &mut Out<'_>) -> usize {
        let mut end = text.len().min(LONGEST);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let last = last && end == text.len();
        let text = text.get(..end).unwrap_or_default();
        if text.is_empty() {
            return 0;
        }
        let quote = (self.without_quotes == 0).then_some(QUOTE);
        match split(text, self.delimiter, quote, last) {
            Split::Row(mut cells, used) => {
                self.without_quotes = self.without_quotes.saturating_sub(used);
                let has_end = text.get(..used).is_some_and(|row| row.ends_with('\n'));
                let is_cut = last && !has_end && cells.len() < self.columns.len();
                if is_cut {
                    // Half a time is another time.
                    cells.pop();
                }
                self.take(&cells, is_cut, out);
                used
            }
            Split::Short | Split::Unclosed if !last && text.len() < LONGEST - 3 => 0,
            Split::Short | Split::Unclosed => {
                self.without_quotes = text.len();
                self.broken_row(text, last, out)
            }
        }
    }
}

impl Csv {
    /// A line with a quote that does not close, which is where the row is cut off; or one that does not end.
    #[cold]
    fn broken_row(&mut self, text: &str, last: bool, out: &mut Out<'_>) -> usize {
        let end = memchr(b'\n', text.as_bytes()).map_or(text.len(), |end| end + 1);
        let line = text.get(..end).unwrap_or_default();
        self.without_quotes = self.without_quotes.saturating_sub(end);
        let Split::Row(mut cells, _) = split(line, self.delimiter, None, true) else { return end };
        let open = cells.iter().rposition(|cell| cell.starts_with('"')).unwrap_or(cells.len());
        cells.truncate(open);
        self.take(&cells, last && end == text.len(), out);
        end
    }

    /// `is_cut`: the input ends inside the row, after these cells.
    fn take(&mut self, cells: &[Cow<'_, str>], is_cut: bool, out: &mut Out<'_>) {
        if is_cut {
            out.notes.add(
                WarningKind::Truncated,
                format_args!("the input ends inside a row; everything before was read"),
            );
        }
        if !std::mem::replace(&mut self.is_begun, true) || cells.iter().all(|cell| cell.is_empty()) {
            return;
        }
        let expected = self.columns.len();
        let values: Vec<Json<'_>> = cells.iter().map(|cell| Json::Str(Cow::Borrowed(unmark(cell)))).collect();
        let row: Vec<Cell<'_>> = self
            .columns
            .iter()
            .zip(&values)
            .map(|((name, meaning), value)| Cell { name, meaning: *meaning, value })
            .collect();
        let surplus = values.iter().skip(expected).any(|value| !value.str().is_empty());
        let is_whole = values.len() >= expected && !surplus;
        if !is_whole && !has_ids(&row) {
            out.skipped(&format!("a row has {} cells of {expected}, and no ids", values.len()));
            return;
        }
        if !is_whole && !is_cut {
            out.notes.add(
                WarningKind::WrongType,
                format_args!("a row has {} cells; expected {expected}", values.len()),
            );
        }
        tell(&row, &mut self.table, out);
    }
}

/// Without the `'` that keeps spreadsheets from taking text for a formula, and without what stands for nothing.
fn unmark(cell: &str) -> &str {
    let marked = cell.trim_start_matches('\'');
    if marked.len() < cell.len() && marked.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return cell.get(1..).unwrap_or_default();
    }
    if cell == "\\N" { "" } else { cell }
}

enum Split<'t> {
    /// The cells of the first row, and how long it is with its end.
    Row(Vec<Cow<'t, str>>, usize),
    /// The row goes on after the text.
    Short,
    /// The text ends, and a quote was not closed.
    Unclosed,
}

/// Takes the first row apart. `quote`: around cells, if any are. `last`: no text follows.
fn split(text: &str, delimiter: u8, quote: Option<u8>, last: bool) -> Split<'_> {
    let bytes = text.as_bytes();
    let find = |from: usize, a, b| {
        memchr2(a, b, bytes.get(from..).unwrap_or_default()).map_or(bytes.len(), |found| from + found)
    };
    let mut cells = Vec::new();
    let mut at = 0;
    loop {
        let mut cell = Cow::Borrowed("");
        if quote.is_some() && bytes.get(at) == quote.as_ref() {
            at += 1;
            loop {
                let end = find(at, QUOTE, QUOTE);
                cell += text.get(at..end).unwrap_or_default();
                match (bytes.get(end), bytes.get(end + 1)) {
                    (None, _) => return Split::Unclosed,
                    (_, Some(b'"')) => {
                        cell += "\"";
                        at = end + 2;
                    }
                    // The next byte may be another quote.
                    (_, None) if !last => return Split::Short,
                    _ => {
                        at = end + 1;
                        break;
                    }
                }
            }
        }
        let end = find(at, delimiter, b'\n');
        let rest = text.get(at..end).unwrap_or_default();
        match bytes.get(end) {
            Some(b'\n') => {
                cell += rest.strip_suffix('\r').unwrap_or(rest);
                cells.push(cell);
                return Split::Row(cells, end + 1);
            }
            Some(_) => {
                cell += rest;
                cells.push(cell);
                at = end + 1;
            }
            None if last => {
                cell += rest.strip_suffix('\r').unwrap_or(rest);
                cells.push(cell);
                return Split::Row(cells, end);
            }
            None => return Split::Short,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&[&str]]) {
        let mut rest = text;
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let Split::Row(cells, used) = split(rest, b',', Some(QUOTE), true) else { break };
            rows.push(cells);
            rest = rest.get(used..).unwrap_or_default();
        }
        assert_eq!(rows, expected);
    }

    #[test]
    fn rows() {
        check("a,b\r\nc,d\n", &[&["a", "b"], &["c", "d"]]);
        check("a,\n,b", &[&["a", ""], &["", "b"]]);
        check("\"a\"\"b\",\"c\nd\",\"\"", &[&["a\"b", "c\nd", ""]]);
        check("\"a\"b,c\"d\"", &[&["ab", "c\"d\""]]);
        check("a\r", &[&["a"]]);
        check("\"a\nb", &[]);
    }

    #[test]
    fn rows_that_go_on() {
        for text in ["a", "a,b", "\"a\"", "\"a\",", "a\r"] {
            assert!(matches!(split(text, b',', Some(QUOTE), false), Split::Short), "{text}");
        }
        assert!(matches!(split("\"a\n", b',', Some(QUOTE), false), Split::Unclosed));
    }

    #[test]
    fn delimiters() {
        let check = |line, expected| assert_eq!(delimiter(line), expected, "{line}");
        check("traceId,spanId,duration", Some(b','));
        check("\"TraceId\";\"SpanId\";\"Duration\"", Some(b';'));
        check("trace_id\tspan_id\tstart", Some(b'\t'));
        check("trace_id|span_id|start", Some(b'|'));
        check("traceId,name,duration", None);
        check("Timestamp,TraceID,SpanID,Log", None);
        check("\"traceId,spanId,duration", None);
        check("", None);
    }

    #[test]
    fn marks() {
        let check = |cell, expected| assert_eq!(unmark(cell), expected, "{cell}");
        check("'=1", "=1");
        check("''=1", "'=1");
        check("'quoted'", "'quoted'");
        check("=1", "=1");
        check("\\N", "");
    }
}
