//! W3C Trace Context Level 2: `traceparent`, and what servers answer with.

use otel::{SpanContext, TraceFlags};

use crate::headers::{Headers, Write};
use crate::text::{hex, push_hex, push_span_id, push_trace_id, span_id, trace_id, trim};
use crate::{Context, TraceState};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The headers this reads and writes.
pub const FIELDS: &[&str] = &[TRACEPARENT, TRACESTATE];

/// Bits that mean something today; the others are sent as zero (§3.2.2.5.3).
const KNOWN_FLAGS: u8 = TraceFlags::SAMPLED.0 | TraceFlags::RANDOM.0;

/// `None` means: begin a new trace. A bad tracestate is dropped alone.
pub fn extract(headers: Headers<'_>) -> Option<Context> {
    let span = parse_traceparent(headers.only(TRACEPARENT)?)?;
    Some(Context::new(span, TraceState::parse(headers.all(TRACESTATE)).unwrap_or_default()))
}

/// Writes both headers; nothing for a context that is not valid.
pub fn inject(context: &Context, write: &mut Write<'_>) {
    if context.span().is_valid() {
        write(TRACEPARENT, &traceparent(context.span()));
        if !context.trace_state.is_empty() {
            write(TRACESTATE, context.trace_state.as_str());
        }
    }
}

/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01` (§3.2). Later versions are read by their first four
/// fields (§4.4).
pub fn parse_traceparent(value: &str) -> Option<SpanContext> {
    let mut fields = trim(value).splitn(5, '-');
    let version = byte(fields.next()?)?;
    let trace_id = trace_id(fields.next()?)?;
    let span_id = span_id(fields.next()?)?;
    let flags = TraceFlags(byte(fields.next()?)?);
    // 0xFF is forbidden, and version 0 has no fifth field.
    let known = version != 0xFF && (version != 0 || fields.next().is_none());
    known.then_some(SpanContext { trace_id, span_id, flags, is_remote: true })
}

/// The value of `traceparent`, in version 00: 55 bytes.
pub fn traceparent(span: SpanContext) -> String {
    let mut out = String::with_capacity(55);
    out.push_str("00-");
    push_trace_id(&mut out, span.trace_id);
    out.push('-');
    push_span_id(&mut out, span.span_id);
    out.push('-');
    push_hex(&mut out, (span.flags.0 & KNOWN_FLAGS).into(), 2);
    out
}

/// The server's span, from the headers of its response: `Server-Timing: trace;desc=00-…` (or `traceparent;desc=…`), or
/// `traceresponse: 00-…`.
pub fn extract_response(headers: Headers<'_>) -> Option<SpanContext> {
    headers
        .all("server-timing")
        .find_map(parse_server_timing)
        .or_else(|| headers.only("traceresponse").and_then(parse_traceparent))
}

/// The same from a metric that the browser took apart (`PerformanceServerTiming`: name, description).
pub fn parse_server_timing_metric(name: &str, description: &str) -> Option<SpanContext> {
    let is_ours = ["trace", TRACEPARENT].iter().any(|it| name.eq_ignore_ascii_case(it));
    if is_ours { parse_traceparent(description) } else { None }
}

fn parse_server_timing(value: &str) -> Option<SpanContext> {
    split_unquoted(value, ',').find_map(|metric| {
        let mut parts = split_unquoted(metric, ';').map(trim);
        let name = parts.next()?;
        let description = parts.find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            trim(key).eq_ignore_ascii_case("desc").then(|| trim(value).trim_matches('"'))
        })?;
        parse_server_timing_metric(name, description)
    })
}

/// As `split`, but for separators within double quotes. A quote may be escaped (RFC 9110 §5.6.4).
fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |it| {
        if escaped {
            escaped = false;
        } else if it == '"' {
            quoted = !quoted;
        } else if quoted {
            escaped = it == '\\';
        }
        !quoted && it == separator
    })
}

fn byte(text: &str) -> Option<u8> {
    if text.len() == 2 { hex(text).map(|value| value as u8) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// What is extracted, as it is sent on.
    fn check(headers: &[(&str, &str)], expected: &[(&str, &str)]) {
        testing::check(extract, inject, headers, expected);
    }

    #[test]
    fn sent_on() {
        let parent = ("traceparent", PARENT);
        check(&[parent], &[parent]);
        check(&[("TraceParent", &format!("\t{PARENT} "))], &[parent]);
        check(&[parent, ("tracestate", "a=1"), ("TraceState", "b=2")], &[parent, ("tracestate", "a=1,b=2")]);
        check(&[parent, ("tracestate", "a=1,B=2")], &[parent]);
        check(&[parent, parent], &[]);
        check(&[("tracestate", "a=1")], &[]);
        // Unknown bits are not passed on, nor a later version.
        check(
            &[("traceparent", &PARENT.replace("-01", "-ff"))],
            &[("traceparent", &PARENT.replace("-01", "-03"))],
        );
        check(&[("traceparent", &PARENT.replace("00-4", "cc-4"))], &[parent]);
        check(&[("traceparent", &format!("cc{}-more-", PARENT.strip_prefix("00").unwrap()))], &[parent]);
    }

    #[test]
    fn a_new_trace() {
        let bad = [
            "",
            "-",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
            "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "FE-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
        ];
        for value in bad {
            check(&[("traceparent", value)], &[]);
        }
    }

    #[test]
    fn absent_ids_are_not_sent() {
        inject(&Context::default(), &mut |name, _| panic!("{name} was written"));
    }

    #[test]
    fn answers() {
        let check = |headers: &[(&str, &str)], found: bool| {
            let span = extract_response(Headers(headers));
            assert_eq!(span.map(traceparent).as_deref(), found.then_some(PARENT), "{headers:?}");
        };
        let timing = |value: &str, found| check(&[("Server-Timing", &value.replace('P', PARENT))], found);
        timing("trace;desc=P", true);
        timing("Trace ; dur=1; DESC = \"P\"", true);
        timing("traceparent;desc=\"P\"", true);
        timing("db;desc=\"a, trace;desc=x\";dur=3, trace;desc=P", true);
        timing("db;desc=\"a\\\", trace;desc=P", false);
        timing("trace;desc=x, trace;desc=P", true);
        timing("tracer;desc=P", false);
        timing("trace;dur=P", false);
        timing("trace", false);
        timing("", false);
        check(&[("server-timing", "db;dur=1"), ("server-timing", &format!("trace;desc={PARENT}"))], true);
        check(&[("traceresponse", PARENT)], true);
        check(&[("traceresponse", "00-x")], false);
        check(&[("traceparent", PARENT)], false);
    }

    proptest! {
        #[test]
        fn round_trip(span in testing::spans(), flags in 0..4_u8) {
            let span = SpanContext { flags: TraceFlags(flags), ..span };
            prop_assert_eq!(parse_traceparent(&traceparent(span)), Some(span));
        }

        #[test]
        fn anything_may_arrive(value: String) {
            parse_traceparent(&value);
            parse_server_timing(&value);
        }
    }
}
