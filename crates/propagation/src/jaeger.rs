//! Jaeger: `uber-trace-id: {trace-id}:{span-id}:{parent-span-id}:{flags}`, and a field `uberctx-{key}` for each member
//! of baggage.

use otel::{SpanId, TraceId};

use crate::baggage::Baggage;
use crate::headers::{Headers, Write};
use crate::text::{percent_decode, push_percent_encoded, push_span_id, push_trace_id};
use crate::{Context, SamplingState};

const TRACE_ID: &str = "uber-trace-id";
const BAGGAGE_PREFIX: &str = "uberctx-";

/// The header [`extract`] reads and [`inject`] writes. Baggage has no fixed names.
pub const FIELDS: &[&str] = &[TRACE_ID];

/// Flags: sampled.
const SAMPLED: u64 = 1;
/// Flags: debug, which means something only where it is sampled.
const DEBUG: u64 = 2;

/// Ids may be shorter than they are written: Jaeger leaves out leading zeros. Some clients escape the colons.
pub fn extract(headers: Headers<'_>) -> Option<Context> {
    let value = percent_decode(headers.first(TRACE_ID)?);
    let mut fields = value.split(':');
    let trace_id = TraceId::from_hex(fields.next()?.as_bytes()).ok()?;
    let span_id = SpanId::from_hex(fields.next()?.as_bytes()).ok()?;
    // Deprecated: whatever it says.
    fields.next()?;
    let flags = SpanId::from_hex(fields.next()?.as_bytes()).ok()?.0;
    if trace_id.is_absent() || span_id.is_absent() || flags > 0xFF || fields.next().is_some() {
        return None;
    }
    let state = match (flags & SAMPLED, flags & DEBUG) {
        (0, _) => SamplingState::Deny,
        (_, 0) => SamplingState::Accept,
        _ => SamplingState::Debug,
    };
    Some(Context::remote(trace_id, span_id, state))
}

/// Writes nothing for a context that is not valid.
pub fn inject(context: &Context, write: &mut Write<'_>) {
    let span = context.span();
    if !span.is_valid() {
        return;
    }
    let mut out = String::with_capacity(53);
    push_trace_id(&mut out, span.trace_id);
    out.push(':');
    push_span_id(&mut out, span.span_id);
    out.push_str(match context.state() {
        SamplingState::Defer | SamplingState::Deny => ":0:0",
        SamplingState::Accept => ":0:1",
        SamplingState::Debug => ":0:3",
    });
    write(TRACE_ID, &out);
}

/// From all `uberctx-…` fields. Keys are in lower case: headers have none.
pub fn extract_baggage(headers: Headers<'_>) -> Baggage {
    let mut baggage = Baggage::default();
    for (name, value) in headers.0 {
        if let Some((prefix, key)) = name.split_at_checked(BAGGAGE_PREFIX.len())
            && prefix.eq_ignore_ascii_case(BAGGAGE_PREFIX)
        {
            // A name that is no token is no header either; what comes after the 64th is left out.
            let _ = baggage.set(&key.to_ascii_lowercase(), &percent_decode(value), Vec::new());
        }
    }
    baggage
}

/// Writes a field for each member; properties have no place in it.
pub fn inject_baggage(baggage: &Baggage, write: &mut Write<'_>) {
    let (mut name, mut value) = (String::new(), String::new());
    for member in baggage.members() {
        name.clear();
        name.push_str(BAGGAGE_PREFIX);
        name.push_str(member.key());
        value.clear();
        push_percent_encoded(&mut value, &member.value);
        write(&name, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    const STATES: &[SamplingState] = &[SamplingState::Deny, SamplingState::Accept, SamplingState::Debug];

    /// The header as it is sent on; empty where it is refused. `T` and `S` stand for ids.
    fn check(value: &str, expected: &str) {
        let ids =
            |it: &str| it.replace('T', "abcdef1234567890abcdef1234567890").replace('S', "53ce929d0e0e4736");
        let [value, expected] = [value, expected].map(ids);
        let expected = [("uber-trace-id", expected.as_str())];
        let expected = if expected[0].1.is_empty() { &[] } else { &expected[..] };
        testing::check(extract, inject, &[("Uber-Trace-Id", &value)], expected);
    }

    #[test]
    fn sent_on() {
        check("T:S:0:1", "T:S:0:1");
        check("T:S:0:0", "T:S:0:0");
        check("T:S:53ce929d0e0e4737:3", "T:S:0:3");
        check("T:S::09", "T:S:0:1");
        // Debug without sampled says nothing.
        check("T:S:0:2", "T:S:0:0");
        check("T%3AS%3a0%3A1", "T:S:0:1");
        check("1:aB:0:1", "00000000000000000000000000000001:00000000000000ab:0:1");
    }

    #[test]
    fn refused() {
        let bad = [
            "",
            "T",
            "T:S",
            "T:S:0",
            "T:S:0:",
            "T:S:0:1:",
            "T:S:0:x",
            "T:S:0:100",
            "T0:S:0:1",
            "T:S0:0:1",
            "0:S:0:1",
            "T:0:0:1",
            ":S:0:1",
        ];
        for value in bad {
            check(value, "");
        }
    }

    #[test]
    fn deferral_is_a_denial() {
        let context = Context::remote(TraceId(1), SpanId(2), SamplingState::Defer);
        let returned = testing::returned(extract, inject, &context).unwrap();
        assert_eq!(returned.state(), SamplingState::Deny);
    }

    #[test]
    fn baggage() {
        let headers =
            Headers(&[("UberCtx-User", "Am%C3%A9lie%20P."), ("uberctx-", "x"), ("uber", "y"), ("b", "z")]);
        let baggage = extract_baggage(headers);
        assert_eq!(baggage.members().len(), 1);
        assert_eq!(baggage.get("user"), Some("Amélie P."));
        let mut fields = Vec::new();
        inject_baggage(&baggage, &mut |name, value| fields.push((name.to_owned(), value.to_owned())));
        assert_eq!(fields, [("uberctx-user".to_owned(), "Am%C3%A9lie%20P.".to_owned())]);
    }

    proptest! {
        #[test]
        fn round_trip(context in testing::contexts(STATES)) {
            prop_assert_eq!(testing::returned(extract, inject, &context), Some(context));
        }

        #[test]
        fn anything_may_arrive(name: String, value: String) {
            extract(Headers(&[(TRACE_ID, &value)]));
            extract_baggage(Headers(&[(&name, &value)]));
        }
    }
}
