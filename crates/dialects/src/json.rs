//! One JSON value in memory, borrowed from the text: what formats other than OTLP JSON are read from, a record at a time.

use std::borrow::Cow;

use otel::{AnyValue, KeyValue, SpanId, TraceId, UnixNanos, WarningKind};

use crate::ids::{self, Id};
use crate::notes::Notes;
use crate::reader::{Reader, Stop};
use crate::scalar::{double, shorten};
use crate::time::{Unit, rfc3339, scaled};

/// Nesting that is still read; what lies deeper is left out, with a note.
const MAX_DEPTH: u8 = 96;

/// A value. Numbers stay text: a float of seconds since the epoch has digits that no `f64` keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json<'t> {
    /// `null`; also what is nested too deep.
    #[default]
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// As it is written.
    Number(&'t str),
    /// Without quotes and escapes.
    Str(Cow<'t, str>),
    /// Elements.
    Array(Vec<Self>),
    /// Members in their order; a name may come twice.
    Object(Vec<(Cow<'t, str>, Self)>),
}

/// What a member that is not there is.
const ABSENT: &Json<'static> = &Json::Null;

impl<'t> Json<'t> {
    /// The value that stands next.
    ///
    /// # Errors
    /// Where it ends before it is whole, or is none.
    pub fn read(json: &mut Reader<'t, '_>) -> Result<Self, Stop> {
        Ok(match json.peek() {
            b'{' | b'[' if json.depth >= MAX_DEPTH => {
                json.ignore()?;
                json.notes.add(
                    WarningKind::TooDeep,
                    format_args!("a value is nested deeper than {MAX_DEPTH} levels; left out"),
                );
                Self::Null
            }
            b'{' => {
                json.depth += 1;
                json.enter(b'{');
                let mut members = Vec::new();
                let mut more = json.first(b'}');
                while more {
                    let name = json.name()?;
                    members.push((name, Self::read(json)?));
                    more = json.next(b'}')?;
                }
                json.depth -= 1;
                Self::Object(members)
            }
            b'[' => {
                json.depth += 1;
                json.enter(b'[');
                let mut values = Vec::new();
                let mut more = json.first(b']');
                while more {
                    values.push(Self::read(json)?);
                    more = json.next(b']')?;
                }
                json.depth -= 1;
                Self::Array(values)
            }
            b'"' => Self::Str(json.text()?),
            b't' => {
                json.ignore()?;
                Self::Bool(true)
            }
            b'f' => {
                json.ignore()?;
                Self::Bool(false)
            }
            b'n' => {
                json.ignore()?;
                Self::Null
            }
            _ => Self::Number(json.number_text()?),
        })
    }

    /// A whole document, such as one that a string holds. `None`: it is none.
    pub(crate) fn parse(text: &'t str, notes: &mut Notes) -> Option<Self> {
        let mut json = Reader::new(text, notes);
        let value = Self::read(&mut json).ok()?;
        (json.peek() == 0).then_some(value)
    }

    /// A member of an object; of a name given twice, the last.
    pub(crate) fn get(&self, name: &str) -> &Self {
        self.members()
            .iter()
            .rev()
            .find_map(|(known, value)| (known == name).then_some(value))
            .unwrap_or(ABSENT)
    }

    /// The first of these members that is there and not null.
    pub(crate) fn any(&self, names: &[&str]) -> &Self {
        names.iter().map(|name| self.get(name)).find(|value| !value.is_null()).unwrap_or(ABSENT)
    }

    /// A member of a member of ...
    pub(crate) fn at(&self, names: &[&str]) -> &Self {
        names.iter().fold(self, |value, name| value.get(name))
    }

    pub(crate) fn members(&self) -> &[(Cow<'t, str>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn elements(&self) -> &[Self] {
        match self {
            Self::Array(values) => values,
            _ => &[],
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// A string as it is; empty otherwise.
    pub(crate) fn str(&self) -> &str {
        match self {
            Self::Str(text) => text,
            _ => "",
        }
    }

    /// A string, number or boolean as text; empty otherwise.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Str(text) => text,
            Self::Number(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Null | Self::Array(_) | Self::Object(_) => "",
        }
    }

    /// A boolean, or the text or number that stands for one.
    pub(crate) fn bool(&self) -> Option<bool> {
        match self.text() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        }
    }

    /// A whole number, also as a string.
    pub(crate) fn u64(&self) -> Option<u64> {
        scaled(self.text(), 0).and_then(|value| u64::try_from(value).ok())
    }

    /// A whole number, also as a string.
    pub(crate) fn i64(&self) -> Option<i64> {
        scaled(self.text(), 0).and_then(|value| i64::try_from(value).ok())
    }

    /// A number, also as a string.
    pub(crate) fn f64(&self) -> Option<f64> {
        double(self.text())
    }

    /// A length of time in nanoseconds, exactly. Negative ones are none.
    pub(crate) fn nanos_in(&self, unit: Unit) -> Option<u64> {
        scaled(self.text(), unit.digits()).and_then(|value| u64::try_from(value).ok())
    }

    /// A point in time: a number of `unit` since the Unix epoch, or a date as RFC 3339 has it.
    pub(crate) fn time_in(&self, unit: Unit) -> Option<UnixNanos> {
        self.nanos_in(unit).map(UnixNanos).or_else(|| rfc3339(self.str()))
    }

    /// Hex of any length up to 32, base64, or anything else: equal texts get equal ids. A JSON number is a decimal one.
    pub(crate) fn trace_id(&self, name: &str, notes: &mut Notes) -> TraceId {
        if let Self::Number(number) = self
            && let Ok(id) = number.parse()
        {
            return TraceId(id);
        }
        match ids::trace_id(self.text()) {
            Id::Read(id) => id,
            Id::MadeUp(id) => {
                self.made_up(name, "32 hexadecimal digits", notes);
                id
            }
        }
    }

    /// As [`Json::trace_id`], of up to 16 digits.
    pub(crate) fn span_id(&self, name: &str, notes: &mut Notes) -> SpanId {
        if let Self::Number(number) = self
            && let Ok(id) = number.parse()
        {
            return SpanId(id);
        }
        match ids::span_id(self.text()) {
            Id::Read(id) => id,
            Id::MadeUp(id) => {
                self.made_up(name, "16 hexadecimal digits", notes);
                id
            }
        }
    }

    /// As [`Json::trace_id`]; a UUID is its 32 digits.
    pub(crate) fn uuid_trace_id(&self, notes: &mut Notes) -> TraceId {
        match uuid(self.text()) {
            Some(digits) => TraceId(digits),
            None => self.trace_id("traceId", notes),
        }
    }

    /// As [`Json::span_id`]; of a UUID, whose 32 digits are too many, an id is made.
    pub(crate) fn uuid_span_id(&self, notes: &mut Notes) -> SpanId {
        match uuid(self.text()) {
            // Halves of random bits: as unlikely to meet as any two ids.
            Some(digits) => SpanId((digits >> 64) as u64 ^ digits as u64),
            None => self.span_id("spanId", notes),
        }
    }

    #[cold]
    fn made_up(&self, name: &str, expected: &str, notes: &mut Notes) {
        notes.add(
            WarningKind::InvalidId,
            format_args!("{name} is {:?}; expected {expected}", shorten(self.text())),
        );
    }

    /// As an attribute's value: whole numbers that fit 64 bits are integers, all others doubles.
    pub(crate) fn value(&self) -> AnyValue<'_> {
        match self {
            Self::Null => AnyValue::Empty,
            Self::Bool(value) => AnyValue::Bool(*value),
            Self::Number(text) => match text.parse() {
                Ok(value) => AnyValue::Int(value),
                Err(_) => text.parse().map(AnyValue::Double).unwrap_or_default(),
            },
            Self::Str(text) => AnyValue::Str(Cow::Borrowed(text)),
            Self::Array(values) => AnyValue::Array(values.iter().map(Self::value).collect()),
            Self::Object(_) => AnyValue::Map(self.attributes()),
        }
    }

    /// Adds the members of an object, and theirs, as attributes whose keys are the names on the way, with dots between.
    /// Arrays stay arrays. `left_out`: names at the top that are told otherwise.
    pub(crate) fn flatten<'j>(&'j self, prefix: &str, left_out: &[&str], attributes: &mut Vec<KeyValue<'j>>) {
        for (name, value) in self.members() {
            if left_out.contains(&&**name) {
                continue;
            }
            let key = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            match value {
                Self::Null => {}
                // Objects are nested no deeper than `MAX_DEPTH`.
                Self::Object(_) => value.flatten(&key, &[], attributes),
                _ => attributes.push(KeyValue::new(key, value.value())),
            }
        }
    }

    /// The members of an object as attributes; null ones are none.
    pub(crate) fn attributes(&self) -> Vec<KeyValue<'_>> {
        let present = self.members().iter().filter(|(_, value)| !value.is_null());
        present.map(|(name, value)| KeyValue::new(&**name, value.value())).collect()
    }
}

/// `123e4567-e89b-12d3-a456-426614174000` (RFC 9562).
fn uuid(text: &str) -> Option<u128> {
    let is_uuid =
        text.len() == 36 && [8, 13, 18, 23].iter().all(|&at| text.as_bytes().get(at) == Some(&b'-'));
    let digits: String = text.split('-').collect();
    (is_uuid && digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn with(text: &str, check: impl FnOnce(&Json<'_>, &mut Notes)) {
        let mut notes = Notes::default();
        let json = Json::parse(text, &mut notes).unwrap();
        check(&json, &mut notes);
    }

    #[test]
    fn values() {
        let check =
            |text: &str, expected: AnyValue<'_>| with(text, |json, _| assert_eq!(json.value(), expected));
        check("null", AnyValue::Empty);
        check("true", AnyValue::Bool(true));
        check("-7", AnyValue::Int(-7));
        check("9223372036854775807", AnyValue::Int(i64::MAX));
        check("18446744073709551616", AnyValue::Double(18_446_744_073_709_552_000.0));
        check("1.5e1", AnyValue::Double(15.0));
        check(r#""\u0061b""#, "ab".into());
        check(
            r#"[1, {"a": "b", "c": null}]"#,
            AnyValue::Array(vec![1.into(), AnyValue::Map(vec![KeyValue::new("a", "b")])]),
        );
    }

    #[test]
    fn no_json() {
        let mut notes = Notes::default();
        for text in ["", "{", "[1,]", "01", "1.", "-", "+1", "1e", "tru", r#"{"a" 1}"#, "1 2", "nan", "\"a"] {
            assert_eq!(Json::parse(text, &mut notes), None, "{text}");
        }
    }

    #[test]
    fn members() {
        with(r#"{"a": {"b": 1}, "c": null, "d": "2", "a2": 3, "d": "4"}"#, |json, _| {
            assert_eq!(json.at(&["a", "b"]).u64(), Some(1));
            assert_eq!(json.at(&["a", "x", "y"]), &Json::Null);
            assert_eq!(json.any(&["x", "c", "d"]).i64(), Some(4), "the last of two");
        });
    }

    #[test]
    fn times_are_exact() {
        let check = |text: &str, unit, expected| {
            with(text, |json, _| assert_eq!(json.time_in(unit).map(|time| time.0), expected, "{text}"));
        };
        check("1509533706521220", Unit::Micros, Some(1_509_533_706_521_220_000));
        check("1461096053.374819498", Unit::Seconds, Some(1_461_096_053_374_819_498));
        check("\"1461096053374.25\"", Unit::Millis, Some(1_461_096_053_374_250_000));
        check("1.5e9", Unit::Seconds, Some(1_500_000_000_000_000_000));
        check("\"2015-09-03T16:40:00.841654024Z\"", Unit::Seconds, Some(1_441_298_400_841_654_024));
        check("-1", Unit::Seconds, None);
        check("1e30", Unit::Seconds, None);
        check("null", Unit::Seconds, None);
    }

    /// Kinds of warnings.
    struct Kinds<'a>(&'a mut Vec<WarningKind>);

    impl otel::SpanSink for Kinds<'_> {
        fn open_resource(&mut self) -> otel::ResourceRef {
            otel::ResourceRef(0)
        }
        fn close_resource(&mut self, _: otel::ResourceRef, _: &otel::Resource<'_>) {}
        fn open_scope(&mut self) -> otel::ScopeRef {
            otel::ScopeRef(0)
        }
        fn close_scope(&mut self, _: otel::ScopeRef, _: &otel::Scope<'_>) {}
        fn span(&mut self, _: otel::ResourceRef, _: otel::ScopeRef, _: &otel::SpanRow<'_>) {}
        fn warn(&mut self, warning: otel::Warning) {
            self.0.push(warning.kind);
        }
    }

    #[test]
    fn depth_is_bounded() {
        let text = "[".repeat(5000) + &"]".repeat(5000);
        with(&text, |json, notes| {
            assert!(!json.elements().is_empty());
            let mut told = Vec::new();
            notes.tell(&mut Kinds(&mut told), 0);
            assert_eq!(told, [WarningKind::TooDeep]);
        });
    }
}
