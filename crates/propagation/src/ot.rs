//! The `ot` member of a tracestate: `th:c;rv:6e6d1a75832a2f;key:value` (OpenTelemetry "`TraceState` Handling").

use crate::{Randomness, Threshold, TraceState, TraceStateError};

/// Key in the tracestate.
const OT: &str = "ot";
/// Longest value in a tracestate.
const MAX_LEN: usize = 256;

/// What OpenTelemetry says of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtTraceState {
    /// `th`: the threshold by which the trace was sampled. Absent: not sampled, or by an unknown probability.
    pub threshold: Option<Threshold>,
    /// `rv`: randomness, where it is not that of the trace id.
    pub randomness: Option<Randomness>,
    /// The others, as they came.
    rest: String,
}

impl OtTraceState {
    /// The value of `ot`. One bad entry refuses them all.
    pub fn parse(value: &str) -> Result<Self, TraceStateError> {
        let mut it = Self::default();
        if value.len() > MAX_LEN {
            return Err(TraceStateError);
        }
        for entry in value.split(';') {
            let (key, value) = entry.split_once(':').ok_or(TraceStateError)?;
            if !is_key(key) || !is_value(value) {
                return Err(TraceStateError);
            }
            match key {
                "th" => it.threshold = Some(Threshold::parse(value).ok_or(TraceStateError)?),
                "rv" => it.randomness = Some(Randomness::parse(value).ok_or(TraceStateError)?),
                _ => it.push(entry),
            }
        }
        Ok(it)
    }

    /// Of a trace. What cannot be read counts as absent.
    pub fn of(state: &TraceState) -> Self {
        state.get(OT).and_then(|value| Self::parse(value).ok()).unwrap_or_default()
    }

    /// Puts this into a tracestate in place of what it has; takes it out when there is nothing to say.
    pub fn put(&self, state: &mut TraceState) {
        let value = self.value();
        // An unchanged member keeps its place.
        if state.get(OT).unwrap_or("") != value && state.set(OT, &value).is_err() {
            state.remove(OT);
        }
    }

    /// The value of `ot`; empty when there is nothing to say. Of more than 256 bytes the last of the others are left out.
    pub fn value(&self) -> String {
        let mut out = String::with_capacity(36 + self.rest.len());
        if let Some(threshold) = self.threshold {
            out.push_str("th:");
            threshold.push(&mut out);
        }
        if let Some(randomness) = self.randomness {
            push_separated(&mut out, "rv:");
            randomness.push(&mut out);
        }
        for entry in self.entries() {
            let separator = usize::from(!out.is_empty());
            if out.len() + separator + entry.len() > MAX_LEN {
                break;
            }
            push_separated(&mut out, entry);
        }
        out
    }

    /// The value of another key than `th` and `rv`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries()
            .filter_map(|entry| entry.split_once(':'))
            .find(|&(it, _)| it == key)
            .map(|(_, value)| value)
    }

    /// Sets another key than `th` and `rv`.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), TraceStateError> {
        if !is_key(key) || !is_value(value) || key == "th" || key == "rv" {
            return Err(TraceStateError);
        }
        let mut with =
            Self { rest: String::with_capacity(self.rest.len() + key.len() + value.len() + 2), ..*self };
        for entry in self.entries().filter(|entry| entry.split_once(':').is_some_and(|(it, _)| it != key)) {
            with.push(entry);
        }
        with.push(key);
        with.rest.push(':');
        with.rest.push_str(value);
        *self = with;
        Ok(())
    }

    /// Samples once more what was sampled before: the threshold may rise, never fall, for what was rejected cannot
    /// come back. `false` where it would fall: then nothing is changed.
    pub fn raise(&mut self, threshold: Threshold) -> bool {
        let may = self.threshold.is_none_or(|before| before <= threshold);
        if may {
            self.threshold = Some(threshold);
        }
        may
    }

    fn entries(&self) -> impl Iterator<Item = &str> {
        self.rest.split(';').filter(|entry| !entry.is_empty())
    }

    fn push(&mut self, entry: &str) {
        push_separated(&mut self.rest, entry);
    }
}

fn push_separated(out: &mut String, entry: &str) {
    if !out.is_empty() {
        out.push(';');
    }
    out.push_str(entry);
}

/// `[a-z][a-z0-9]*`.
fn is_key(key: &str) -> bool {
    key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// `[A-Za-z0-9._-]*`.
fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn read_and_written() {
        let check = |value: &str, expected: Result<&str, TraceStateError>| {
            let found = OtTraceState::parse(value).map(|it| it.value());
            assert_eq!(found.as_deref(), expected.as_ref().copied(), "{value}");
        };
        check("th:c000", Ok("th:c"));
        check("rv:6e6d1a75832a2f;th:0", Ok("th:0;rv:6e6d1a75832a2f"));
        check("a:;th:8;b1:X._-", Ok("th:8;a:;b1:X._-"));
        for value in ["", ";", "th:8;", "th", "th:", "th:g", "rv:1", "1a:b", "A:b", "a:b c", "a:b:c"] {
            check(value, Err(TraceStateError));
        }
    }

    #[test]
    fn the_rest_gives_way() {
        let rest = format!("a:b;c:{}", "x".repeat(249));
        let mut it = OtTraceState::parse(&rest).unwrap();
        assert_eq!(it.value(), rest);
        it.threshold = Threshold::parse("8");
        assert_eq!(it.value(), "th:8;a:b");
    }

    #[test]
    fn other_keys() {
        let mut it = OtTraceState::parse("p:8;k1:7;th:8").unwrap();
        assert_eq!(it.get("k1"), Some("7"));
        it.set("k1", "13").unwrap();
        it.set("k", "1").unwrap();
        assert_eq!(it.value(), "th:8;p:8;k1:13;k:1");
        for (key, value) in [("th", "1"), ("rv", "1"), ("K", "1"), ("", "1"), ("k", ";")] {
            assert_eq!(it.set(key, value), Err(TraceStateError), "{key}:{value}");
        }
        assert_eq!(it.get("th"), None);
    }

    #[test]
    fn thresholds_rise() {
        let mut it = OtTraceState::default();
        for (threshold, rises) in [("4", true), ("4", true), ("c", true), ("8", false)] {
            assert_eq!(it.raise(Threshold::parse(threshold).unwrap()), rises, "{threshold}");
        }
        assert_eq!(it.value(), "th:c");
    }

    #[test]
    fn within_a_tracestate() {
        let mut state = TraceState::parse(["a=1,ot=rv:6e6d1a75832a2f"]).unwrap();
        let mut ot = OtTraceState::of(&state);
        ot.put(&mut state);
        assert_eq!(state.as_str(), "a=1,ot=rv:6e6d1a75832a2f");
        ot.threshold = Some(Threshold::ALWAYS);
        ot.put(&mut state);
        assert_eq!(state.as_str(), "ot=th:0;rv:6e6d1a75832a2f,a=1");
        OtTraceState::default().put(&mut state);
        assert_eq!(state.as_str(), "a=1");
        assert_eq!(OtTraceState::of(&TraceState::parse(["ot=nonsense"]).unwrap()), OtTraceState::default());
    }

    proptest! {
        #[test]
        fn round_trip(value in "([a-z][a-z0-9]{0,3}:[A-Za-z0-9._-]{0,5};){0,20}x:") {
            if let Ok(it) = OtTraceState::parse(&value) {
                prop_assert_eq!(OtTraceState::parse(&it.value()), Ok(it));
            }
        }

        #[test]
        fn anything_may_arrive(value: String) {
            let _ = OtTraceState::parse(&value);
        }
    }
}
