//! What other signals say about spans: log records (`opentelemetry/proto/logs/v1/logs.proto`) and exemplars of metrics
//! (`opentelemetry/proto/metrics/v1/metrics.proto`).

use std::borrow::Cow;

use crate::{AnyValue, KeyValue, SpanId, TraceId, UnixNanos};

/// `LogRecord`, as it was written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRow<'a> {
    /// When it happened; absent when zero.
    pub time: UnixNanos,
    /// When it was collected; absent when zero. Stands in for [`LogRow::time`] where that is absent.
    pub observed_time: UnixNanos,
    /// How grave it is.
    pub severity: Severity,
    /// How grave it is in the source's own words.
    pub severity_text: Cow<'a, str>,
    /// What is said.
    pub body: AnyValue<'a>,
    /// Attributes, in the order of the input.
    pub attributes: Vec<KeyValue<'a>>,
    /// Attributes the producer dropped.
    pub dropped_attributes_count: u32,
    /// W3C trace flags of the context it was written in; `None` where it is not said.
    pub flags: Option<u32>,
    /// Trace it belongs to; may be absent.
    pub trace_id: TraceId,
    /// Span it belongs to; may be absent.
    pub span_id: SpanId,
    /// Names the kind of event, where the record is one.
    pub event_name: Cow<'a, str>,
}

/// `SeverityNumber`: 0 not said, 1..=4 trace, 5..=8 debug, 9..=12 info, 13..=16 warn, 17..=20 error, 21..=24 fatal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Severity(u8);

impl Severity {
    /// Not said.
    pub const UNSPECIFIED: Self = Self(0);

    /// By protobuf number; unknown numbers are `None`.
    pub fn from_number(number: u64) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| *number <= 24).map(Self)
    }

    /// By what a `severity_text` usually says; the lowest of the range, or not said.
    pub fn from_text(text: &str) -> Self {
        const NAMES: [(&str, u8); 15] = [
            ("TRACE", 1),
            ("VERBOSE", 1),
            ("DEBUG", 5),
            ("INFO", 9),
            ("INFORMATION", 9),
            ("NOTICE", 10),
            ("WARN", 13),
            ("WARNING", 13),
            ("ERR", 17),
            ("ERROR", 17),
            ("SEVERE", 17),
            ("CRIT", 21),
            ("CRITICAL", 21),
            ("FATAL", 21),
            ("EMERGENCY", 21),
        ];
        let known = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text.trim()));
        known.map_or(Self::UNSPECIFIED, |&(_, number)| Self(number))
    }

    /// The protobuf number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The range it is in, as the specification's short name: `WARN`. Empty where it is not said.
    pub fn name(self) -> &'static str {
        match self.0 {
            0 => "",
            1..=4 => "TRACE",
            5..=8 => "DEBUG",
            9..=12 => "INFO",
            13..=16 => "WARN",
            17..=20 => "ERROR",
            _ => "FATAL",
        }
    }

    /// Is it as grave as an error?
    pub fn is_error(self) -> bool {
        self.0 >= 17
    }
}

/// `Exemplar`, with what is needed of the metric it is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExemplarRow<'a> {
    /// `Metric.name`.
    pub metric: Cow<'a, str>,
    /// `Metric.unit` (UCUM).
    pub unit: Cow<'a, str>,
    /// When it was measured.
    pub time: UnixNanos,
    /// What was measured: `Int` or `Double`.
    pub value: AnyValue<'a>,
    /// Trace it was measured in; an exemplar without one leads nowhere.
    pub trace_id: TraceId,
    /// Span it was measured in; may be absent.
    pub span_id: SpanId,
    /// Attributes that the metric itself does not have.
    pub filtered_attributes: Vec<KeyValue<'a>>,
}

fn own(attributes: Vec<KeyValue<'_>>) -> Vec<KeyValue<'static>> {
    attributes.into_iter().map(KeyValue::into_owned).collect()
}

impl LogRow<'_> {
    /// The same record, borrowing nothing.
    pub fn into_owned(self) -> LogRow<'static> {
        LogRow {
            time: self.time,
            observed_time: self.observed_time,
            severity: self.severity,
            severity_text: Cow::Owned(self.severity_text.into_owned()),
            body: self.body.into_owned(),
            attributes: own(self.attributes),
            dropped_attributes_count: self.dropped_attributes_count,
            flags: self.flags,
            trace_id: self.trace_id,
            span_id: self.span_id,
            event_name: Cow::Owned(self.event_name.into_owned()),
        }
    }
}

impl ExemplarRow<'_> {
    /// The same exemplar, borrowing nothing.
    pub fn into_owned(self) -> ExemplarRow<'static> {
        ExemplarRow {
            metric: Cow::Owned(self.metric.into_owned()),
            unit: Cow::Owned(self.unit.into_owned()),
            time: self.time,
            value: self.value.into_owned(),
            trace_id: self.trace_id,
            span_id: self.span_id,
            filtered_attributes: own(self.filtered_attributes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities() {
        let check = |number, name, is_error| {
            let severity = Severity::from_number(number);
            assert_eq!(severity.map(Severity::name), name, "{number}");
            assert_eq!(severity.is_some_and(Severity::is_error), is_error, "{number}");
        };
        check(0, Some(""), false);
        check(1, Some("TRACE"), false);
        check(9, Some("INFO"), false);
        check(16, Some("WARN"), false);
        check(17, Some("ERROR"), true);
        check(24, Some("FATAL"), true);
        check(25, None, false);
        check(256, None, false);
    }

    #[test]
    fn severities_in_words() {
        let check = |text, name| assert_eq!(Severity::from_text(text).name(), name, "{text:?}");
        check("Warning", "WARN");
        check(" error ", "ERROR");
        check("critical", "FATAL");
        check("Information", "INFO");
        check("", "");
        check("loud", "");
    }
}
