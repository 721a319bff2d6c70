//! One JSON value of any type, so that a field of the wrong type costs the field and not the span.

use std::borrow::Cow;

use lexical_parse_float::FromLexical as _;
use otel::{Severity, SpanId, SpanKind, StatusCode, TraceId, UnixNanos, WarningKind};

use crate::ids::{self, Id};
use crate::notes::Notes;
use crate::scan::digits;

/// What stood there. Arrays and objects are read over.
#[derive(Debug, PartialEq)]
pub enum Scalar<'de> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Str(Cow<'de, str>),
    Array,
    Object,
}

/// `SeverityNumber` by number.
const SEVERITIES: [&str; 25] = [
    "UNSPECIFIED",
    "TRACE",
    "TRACE2",
    "TRACE3",
    "TRACE4",
    "DEBUG",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "INFO",
    "INFO2",
    "INFO3",
    "INFO4",
    "WARN",
    "WARN2",
    "WARN3",
    "WARN4",
    "ERROR",
    "ERROR2",
    "ERROR3",
    "ERROR4",
    "FATAL",
    "FATAL2",
    "FATAL3",
    "FATAL4",
];

/// 2^64 and 2^63, which floats can hold.
const U64_LIMIT: f64 = 2.0 * I64_LIMIT;
const I64_LIMIT: f64 = (1_u64 << 63) as f64;

/// Why a scalar is not the number asked for.
#[derive(Clone, Copy)]
enum NotThat {
    Type,
    Range,
}

impl<'de> Scalar<'de> {
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Unsigned(_) | Self::Negative(_) | Self::Float(_) => "a number",
            Self::Str(_) => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }

    pub fn text(self, field: &str, notes: &mut Notes) -> Cow<'de, str> {
        match self {
            Self::Str(text) => text,
            Self::Null => Cow::Borrowed(""),
            other => {
                notes.wrong_type(field, "a string", other.type_name());
                Cow::Borrowed("")
            }
        }
    }

    fn unsigned(&self) -> Result<u64, NotThat> {
        match self {
            Self::Null => Ok(0),
            Self::Unsigned(value) => Ok(*value),
            Self::Negative(_) => Err(NotThat::Range),
            Self::Float(value) => float_to_u64(*value),
            Self::Str(text) => match digits(text.as_bytes()) {
                Some(value) => Ok(value),
                None => unusual_unsigned(text),
            },
            Self::Bool(_) | Self::Array | Self::Object => Err(NotThat::Type),
        }
    }

    /// `fixed64` and `uint64`: a number or a string; 0 where it is neither.
    pub fn u64(self, field: &str, notes: &mut Notes) -> u64 {
        match self.unsigned() {
            Ok(value) => value,
            Err(why) => {
                self.complain(why, field, "a 64-bit number", notes);
                0
            }
        }
    }

    pub fn nanos(self, field: &str, notes: &mut Notes) -> UnixNanos {
        UnixNanos(self.u64(field, notes))
    }

    /// `uint32` and `fixed32`.
    pub fn u32(self, field: &str, notes: &mut Notes) -> u32 {
        match self.unsigned().and_then(|value| u32::try_from(value).map_err(|_out_of_range| NotThat::Range)) {
            Ok(value) => value,
            Err(why) => {
                self.complain(why, field, "a 32-bit number", notes);
                0
            }
        }
    }

    #[cold]
    fn complain(&self, why: NotThat, field: &str, expected: &str, notes: &mut Notes) {
        match why {
            NotThat::Type => notes.wrong_type(field, expected, self.type_name()),
            NotThat::Range => notes.add(
                WarningKind::NumberOutOfRange,
                format_args!("{field} is {}, which is not {expected}", self.as_text()),
            ),
        }
    }

    pub fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(value) => Cow::Owned(value.to_string()),
            Self::Unsigned(value) => Cow::Owned(value.to_string()),
            Self::Negative(value) => Cow::Owned(value.to_string()),
            Self::Float(value) => Cow::Owned(value.to_string()),
            Self::Str(text) => Cow::Borrowed(text),
            Self::Null | Self::Array | Self::Object => Cow::Borrowed(self.type_name()),
        }
    }

    pub fn trace_id(self, field: &str, notes: &mut Notes) -> TraceId {
        match ids::trace_id(&self.id_text(field, notes)) {
            Id::Read(id) => id,
            Id::MadeUp(id) => {
                self.complain_id(field, "32 hexadecimal digits", notes);
                id
            }
        }
    }

    pub fn span_id(self, field: &str, notes: &mut Notes) -> SpanId {
        match ids::span_id(&self.id_text(field, notes)) {
            Id::Read(id) => id,
            Id::MadeUp(id) => {
                self.complain_id(field, "16 hexadecimal digits", notes);
                id
            }
        }
    }

    #[inline]
    fn id_text(&self, field: &str, notes: &mut Notes) -> Cow<'_, str> {
        match self {
            Self::Str(text) => Cow::Borrowed(text),
            Self::Null => Cow::Borrowed(""),
            _ => {
                notes.wrong_type(field, "a string", self.type_name());
                Cow::Borrowed("")
            }
        }
    }

    #[cold]
    fn complain_id(&self, field: &str, expected: &str, notes: &mut Notes) {
        notes.add(
            WarningKind::InvalidId,
            format_args!("{field} is {:?}; expected {expected}", shorten(&self.as_text())),
        );
    }

    pub fn kind(self, notes: &mut Notes) -> SpanKind {
        self.enumeration(
            "kind",
            "SPAN_KIND_",
            notes,
            SpanKind::from_number,
            &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"],
        )
    }

    pub fn status_code(self, notes: &mut Notes) -> StatusCode {
        self.enumeration(
            "status.code",
            "STATUS_CODE_",
            notes,
            StatusCode::from_number,
            &["UNSET", "OK", "ERROR"],
        )
    }

    pub fn severity(self, notes: &mut Notes) -> Severity {
        self.enumeration("severityNumber", "SEVERITY_NUMBER_", notes, Severity::from_number, &SEVERITIES)
    }

    /// Numbers, numbers as strings, names with and without their prefix in any case.
    fn enumeration<T: Default>(
        self,
        field: &str,
        prefix: &str,
        notes: &mut Notes,
        from_number: fn(u64) -> Option<T>,
        names: &[&str],
    ) -> T {
        if let Self::Str(text) = &self {
            let name = match text.get(..prefix.len()) {
                Some(start) if start.eq_ignore_ascii_case(prefix) => {
                    text.get(prefix.len()..).unwrap_or_default()
                }
                _ => text,
            };
            if let Some(number) =
                (0..).zip(names).find_map(|(n, known)| name.eq_ignore_ascii_case(known).then_some(n))
            {
                return from_number(number).unwrap_or_default();
            }
        }
        match self.unsigned().map(from_number) {
            Ok(Some(value)) => value,
            Ok(None) => {
                self.complain(NotThat::Range, field, "one of its values", notes);
                T::default()
            }
            Err(_) => {
                notes.add(
                    WarningKind::WrongType,
                    format_args!("{field} is {:?}; expected a number or a name", shorten(&self.as_text())),
                );
                T::default()
            }
        }
    }

    /// Was the status an error before there was `STATUS_CODE_ERROR`?
    pub fn deprecated_code_is_error(&self) -> bool {
        match self {
            Self::Str(text) => !text.is_empty() && text != "0" && !text.ends_with("_OK"),
            Self::Unsigned(number) => *number != 0,
            _ => false,
        }
    }

    /// `int64`: a number or a string. `Err` gives the text back, to be kept as it is.
    pub fn i64(self, notes: &mut Notes) -> Result<i64, Self> {
        let value = match &self {
            Self::Unsigned(value) => i64::try_from(*value).ok(),
            Self::Negative(value) => Some(*value),
            Self::Str(text) => {
                let positive = digits(text.as_bytes()).and_then(|value| i64::try_from(value).ok());
                positive.or_else(|| text.trim().parse().ok()).or_else(|| double(text).and_then(float_to_i64))
            }
            Self::Float(value) => float_to_i64(*value),
            _ => None,
        };
        value.ok_or_else(|| {
            let numeric = match &self {
                Self::Str(text) => double(text).is_some(),
                Self::Unsigned(_) | Self::Float(_) => true,
                _ => false,
            };
            let why = if numeric { NotThat::Range } else { NotThat::Type };
            self.complain(why, "intValue", "a 64-bit integer", notes);
            self
        })
    }

    /// `double`: a number, a string, or the names JSON has no number for.
    pub fn f64(self, notes: &mut Notes) -> Result<f64, Self> {
        let value = match &self {
            Self::Unsigned(value) => Some(*value as f64),
            Self::Negative(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Str(text) => double(text),
            _ => None,
        };
        value.ok_or_else(|| {
            self.complain(NotThat::Type, "doubleValue", "a number", notes);
            self
        })
    }
}

pub fn shorten(text: &str) -> &str {
    text.char_indices().nth(60).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cold]
fn unusual_unsigned(text: &str) -> Result<u64, NotThat> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(0);
    }
    if let Ok(value) = text.parse::<u64>() {
        return Ok(value);
    }
    double(text).map_or(Err(NotThat::Type), float_to_u64)
}

/// A number as JSON writes it.
pub fn written(number: &str) -> Scalar<'static> {
    if let Ok(value) = number.parse() {
        return Scalar::Unsigned(value);
    }
    // There is no integer -0.
    if let Ok(value) = number.parse()
        && value != 0
    {
        return Scalar::Negative(value);
    }
    Scalar::Float(double(number).unwrap_or_default())
}

/// What `str::parse` would make of it, by a library that does without its 10 kB of tables, which do not compress.
#[cold]
#[inline(never)]
pub fn double(text: &str) -> Option<f64> {
    f64::from_lexical(text.trim().as_bytes()).ok()
}

fn float_to_u64(value: f64) -> Result<u64, NotThat> {
    if (0.0..U64_LIMIT).contains(&value) { Ok(value as u64) } else { Err(NotThat::Range) }
}

fn float_to_i64(value: f64) -> Option<i64> {
    ((-I64_LIMIT..I64_LIMIT).contains(&value) && value.fract() == 0.0).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) {
        let shown = |value: Option<f64>| value.map(|value| format!("{value:?}"));
        assert_eq!(shown(double(text)), shown(text.trim().parse().ok()), "{text:?}");
    }

    #[test]
    fn doubles_as_the_library_reads_them() {
        for text in [
            "1", "-1", "+1", "1.5", ".5", "5.", "007.50", "0", "-0", "1e3", "1E+3", "25e-1", "1e999",
            "-1e999",
        ] {
            check(text);
        }
        for text in
            ["1e-999", " 2 ", "NaN", "nan", "Infinity", "-Infinity", "+inf", "9007199254740993", "4.9e-324"]
        {
            check(text);
        }
        for text in [
            "", "-", ".", "e1", "1e", "1e+", "1.2.3", "1 2", "--1", "+-1", "0x1", "1_000", "in", "infinit",
            "é",
        ] {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn any_double(value in any::<f64>()) {
            check(&value.to_string());
            check(&format!("{value:e}"));
        }

        #[test]
        fn any_digits(text in "[-+]?[0-9]{0,30}[.]?[0-9]{0,30}([eE][-+]?[0-9]{0,3})?") {
            check(&text);
        }
    }
}
