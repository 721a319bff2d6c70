//! B3, as Zipkin propagates: one `b3` header, or several `X-B3-…`.

use otel::{SpanId, TraceId};

use crate::headers::{Headers, Write};
use crate::text::{hex, push_span_id, push_trace_id, span_id, trace_id};
use crate::{Context, SamplingState};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_SPAN_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// The header [`inject_single`] writes.
pub const SINGLE_FIELDS: &[&str] = &[SINGLE];

/// The headers [`inject_multi`] writes, and the parent's id, which is read over.
pub const MULTI_FIELDS: &[&str] = &[TRACE_ID, SPAN_ID, PARENT_SPAN_ID, SAMPLED, FLAGS];

/// From the single header, or else from the many. Ids are absent where the request carries a decision alone.
pub fn extract(headers: Headers<'_>) -> Option<Context> {
    headers.first(SINGLE).and_then(parse_single).or_else(|| extract_multi(headers))
}

/// `{TraceId}-{SpanId}[-{SamplingState}[-{ParentSpanId}]]`, or `{SamplingState}`.
fn parse_single(value: &str) -> Option<Context> {
    if let Some(state) = parse_state(value) {
        return Some(Context::remote(TraceId::ABSENT, SpanId::ABSENT, state));
    }
    let mut fields = value.split('-');
    let (trace_id, span_id) = (b3_trace_id(fields.next()?)?, span_id(fields.next()?)?);
    let state = fields.next().map_or(Some(SamplingState::Defer), parse_state)?;
    // The parent's parent is no business of ours, but must be one.
    let parent_is_good = fields.next().is_none_or(|parent| parent.len() == 16 && hex(parent).is_some());
    (parent_is_good && fields.next().is_none()).then(|| Context::remote(trace_id, span_id, state))
}

fn parse_state(text: &str) -> Option<SamplingState> {
    Some(match text {
        "0" => SamplingState::Deny,
        "1" => SamplingState::Accept,
        "d" => SamplingState::Debug,
        _ => return None,
    })
}

fn extract_multi(headers: Headers<'_>) -> Option<Context> {
    let state = if headers.first(FLAGS) == Some("1") {
        SamplingState::Debug
    } else {
        match headers.first(SAMPLED) {
            Some("1" | "true") => SamplingState::Accept,
            Some("0" | "false") => SamplingState::Deny,
            _ => SamplingState::Defer,
        }
    };
    match (headers.first(TRACE_ID), headers.first(SPAN_ID)) {
        (Some(trace), Some(span)) => Some(Context::remote(b3_trace_id(trace)?, span_id(span)?, state)),
        (None, None) if state != SamplingState::Defer => {
            Some(Context::remote(TraceId::ABSENT, SpanId::ABSENT, state))
        }
        _ => None,
    }
}

/// 32 or 16 hex digits.
fn b3_trace_id(text: &str) -> Option<TraceId> {
    if text.len() == 16 { span_id(text).map(|low| TraceId(low.0.into())) } else { trace_id(text) }
}

/// Writes `b3`. A decision without ids is written too, so that `b3: 0` can keep a request out of all traces.
pub fn inject_single(context: &Context, write: &mut Write<'_>) {
    let state = match context.state() {
        SamplingState::Defer => "",
        SamplingState::Deny => "0",
        SamplingState::Accept => "1",
        SamplingState::Debug => "d",
    };
    let mut out = String::with_capacity(51);
    if context.span().is_valid() {
        push_trace_id(&mut out, context.span().trace_id);
        out.push('-');
        push_span_id(&mut out, context.span().span_id);
        if !state.is_empty() {
            out.push('-');
        }
    }
    out.push_str(state);
    if !out.is_empty() {
        write(SINGLE, &out);
    }
}

/// Writes `x-b3-…`.
pub fn inject_multi(context: &Context, write: &mut Write<'_>) {
    if context.span().is_valid() {
        let mut out = String::with_capacity(32);
        push_trace_id(&mut out, context.span().trace_id);
        write(TRACE_ID, &out);
        out.clear();
        push_span_id(&mut out, context.span().span_id);
        write(SPAN_ID, &out);
    }
    match context.state() {
        SamplingState::Defer => {}
        SamplingState::Deny => write(SAMPLED, "0"),
        SamplingState::Accept => write(SAMPLED, "1"),
        // Implies acceptance, which is then not said (B3, "Debug Flag").
        SamplingState::Debug => write(FLAGS, "1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
    const SPAN: &str = "e457b5a2e4d86bd1";
    const STATES: &[SamplingState] =
        &[SamplingState::Defer, SamplingState::Deny, SamplingState::Accept, SamplingState::Debug];

    /// The header as it is sent on; empty where it is refused. `T` and `S` stand for ids.
    fn check(value: &str, expected: &str) {
        let [value, expected] = [value, expected].map(|it| it.replace('T', TRACE).replace('S', SPAN));
        let expected = [("b3", expected.as_str())];
        let expected = if expected[0].1.is_empty() { &[] } else { &expected[..] };
        testing::check(extract, inject_single, &[("B3", &value)], expected);
    }

    #[test]
    fn single() {
        check("T-S", "T-S");
        check("T-S-0", "T-S-0");
        check("T-S-1", "T-S-1");
        check(" T-S-d ", "T-S-d");
        check("T-S-1-05e3ac9a4f6e3b90", "T-S-1");
        check("64fe8b2a57d3eff7-S-1", "000000000000000064fe8b2a57d3eff7-S-1");
        check("0", "0");
        check("1", "1");
        check("d", "d");
        let bad = [
            "",
            "-",
            "T",
            "T-",
            "T-S-",
            "T-S-x",
            "T-S-true",
            "T-S-1-",
            "T-S-1-5",
            "T-S-1-S-",
            "S-T",
            "x",
            "D",
            "1-",
            "T-0000000000000000-1",
            "80F198EE56343BA864FE8B2A57D3EFF7-S-1",
            "0064fe8b2a57d3eff7-S-1",
        ];
        for value in bad {
            check(value, "");
        }
    }

    #[test]
    fn multi() {
        let check = |headers: &[(&str, &str)], expected: &[(&str, &str)]| {
            testing::check(extract, inject_multi, headers, expected);
        };
        let trace = ("x-b3-traceid", TRACE);
        let span = ("x-b3-spanid", SPAN);
        let parent = ("X-B3-ParentSpanId", "05e3ac9a4f6e3b90");
        let sampled = |value| ("x-b3-sampled", value);
        let debug = ("x-b3-flags", "1");
        check(&[("X-B3-TraceId", TRACE), ("X-B3-SpanId", SPAN), parent], &[trace, span]);
        check(&[trace, span, sampled("1")], &[trace, span, sampled("1")]);
        check(&[trace, span, sampled("true")], &[trace, span, sampled("1")]);
        check(&[trace, span, sampled("false")], &[trace, span, sampled("0")]);
        check(&[trace, span, sampled("x")], &[trace, span]);
        check(&[trace, span, sampled("0"), debug], &[trace, span, debug]);
        check(&[trace, span, ("x-b3-flags", "0")], &[trace, span]);
        check(&[sampled("0")], &[sampled("0")]);
        check(&[debug], &[debug]);
        check(&[trace, ("x-b3-traceid", "x"), span], &[trace, span]);
        check(&[trace], &[]);
        check(&[span], &[]);
        check(&[("x-b3-traceid", ""), span], &[]);
        check(&[trace, ("x-b3-spanid", "-")], &[]);
        check(&[parent], &[]);
        check(&[], &[]);
        assert_eq!(extract(Headers(&[])), None);
    }

    #[test]
    fn the_single_header_wins() {
        let multi = [("x-b3-traceid", TRACE), ("x-b3-spanid", SPAN)];
        let both = |single| [multi[0], multi[1], ("b3", single)];
        testing::check(extract, inject_multi, &both("0"), &[("x-b3-sampled", "0")]);
        testing::check(extract, inject_multi, &both("nonsense"), &multi);
    }

    #[test]
    fn nothing_to_say() {
        let nothing = Context::remote(TraceId::ABSENT, SpanId::ABSENT, SamplingState::Defer);
        assert_eq!(testing::written(inject_single, &nothing), []);
        assert_eq!(testing::written(inject_multi, &nothing), []);
    }

    proptest! {
        #[test]
        fn round_trip(context in testing::contexts(STATES)) {
            for inject in [inject_single, inject_multi] {
                prop_assert_eq!(testing::returned(extract, inject, &context), Some(context.clone()));
            }
        }

        #[test]
        fn anything_may_arrive(value: String) {
            parse_single(&value);
        }
    }
}
