//! Google Cloud: `X-Cloud-Trace-Context: TRACE_ID/SPAN_ID;o=OPTIONS`, the span's id in decimal.

use otel::{SpanId, TraceId};

use crate::headers::{Headers, Write};
use crate::text::{decimal, push_decimal, push_trace_id, trim};
use crate::{Context, SamplingState};

const CONTEXT: &str = "x-cloud-trace-context";

/// The header this reads and writes.
pub const FIELDS: &[&str] = &[CONTEXT];

/// The span's id is absent where the header has none, or zero.
pub fn extract(headers: Headers<'_>) -> Option<Context> {
    let (ids, options) = halves(headers.first(CONTEXT)?, ';');
    let (trace, span) = halves(ids, '/');
    // Written in either case.
    let trace_id =
        if trace.len() == 32 { TraceId::from_hex(trace.as_bytes()).ok()? } else { TraceId::ABSENT };
    if trace_id.is_absent() {
        return None;
    }
    let span_id = SpanId(if span.is_empty() { 0 } else { decimal(span)? });
    let state = match trim(options).strip_prefix("o=").map(decimal) {
        // A bit field: only the lowest means something.
        Some(Some(bits)) if bits & 1 == 1 => SamplingState::Accept,
        Some(Some(_)) => SamplingState::Deny,
        _ => SamplingState::Defer,
    };
    Some(Context::remote(trace_id, span_id, state))
}

fn halves(text: &str, separator: char) -> (&str, &str) {
    text.split_once(separator).unwrap_or((text, ""))
}

/// Writes nothing without a trace id.
pub fn inject(context: &Context, write: &mut Write<'_>) {
    let span = context.span();
    if span.trace_id.is_absent() {
        return;
    }
    let mut out = String::with_capacity(57);
    push_trace_id(&mut out, span.trace_id);
    if !span.span_id.is_absent() {
        out.push('/');
        push_decimal(&mut out, span.span_id.0);
    }
    out.push_str(match context.state() {
        SamplingState::Defer => "",
        SamplingState::Deny => ";o=0",
        SamplingState::Accept | SamplingState::Debug => ";o=1",
    });
    write(CONTEXT, &out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    const STATES: &[SamplingState] = &[SamplingState::Defer, SamplingState::Deny, SamplingState::Accept];

    /// The header as it is sent on; empty where it is refused. `T` stands for a trace id.
    fn check(value: &str, expected: &str) {
        let [value, expected] =
            [value, expected].map(|it| it.replace('T', "105445aa7843bc8bf206b12000100000"));
        let expected = [("x-cloud-trace-context", expected.as_str())];
        let expected = if expected[0].1.is_empty() { &[] } else { &expected[..] };
        testing::check(extract, inject, &[("X-Cloud-Trace-Context", &value)], expected);
    }

    #[test]
    fn sent_on() {
        check("T/1;o=1", "T/1;o=1");
        check("T/18446744073709551615;o=0", "T/18446744073709551615;o=0");
        check("105445AA7843BC8BF206B12000100000/1;o=3", "T/1;o=1");
        check("T/1", "T/1");
        check("T/1;o=x", "T/1");
        check("T;o=1", "T;o=1");
        check("T/0;o=1", "T;o=1");
        check("T", "T");
    }

    #[test]
    fn refused() {
        for value in ["", "/1;o=1", "T/x;o=1", "T/18446744073709551616", "T/+1", "105445aa7843bc8b/1", "T0/1"]
        {
            check(value, "");
        }
        check("00000000000000000000000000000000/1;o=1", "");
    }

    proptest! {
        #[test]
        fn round_trip(context in testing::contexts(STATES)) {
            prop_assert_eq!(testing::returned(extract, inject, &context), Some(context));
        }

        #[test]
        fn anything_may_arrive(value: String) {
            extract(Headers(&[(CONTEXT, &value)]));
        }
    }
}
