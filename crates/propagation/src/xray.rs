//! AWS X-Ray: `X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.

use otel::{SpanId, TraceId};

use crate::headers::{Headers, Write};
use crate::text::{hex, push_hex, push_span_id, span_id, trim};
use crate::{Context, SamplingState};

const TRACE_ID: &str = "x-amzn-trace-id";

/// The header this reads and writes.
pub const FIELDS: &[&str] = &[TRACE_ID];

/// The span's id is absent where a load balancer began the trace: it sends a root alone. `Self` and `Lineage` are read
/// over.
pub fn extract(headers: Headers<'_>) -> Option<Context> {
    let (mut root, mut parent, mut state) = (None, SpanId::ABSENT, SamplingState::Defer);
    for field in headers.first(TRACE_ID)?.split(';') {
        let Some((key, value)) = field.split_once('=') else { continue };
        match trim(key) {
            "Root" => root = Some(parse_root(trim(value))?),
            "Parent" => parent = span_id(trim(value))?,
            "Sampled" => state = parse_state(trim(value)),
            _ => {}
        }
    }
    Some(Context::remote(root?, parent, state))
}

/// `1-`, 8 digits of seconds since the epoch, `-`, 24 random digits.
fn parse_root(text: &str) -> Option<TraceId> {
    let (seconds, random) = text.strip_prefix("1-")?.split_once('-')?;
    let id = TraceId(if seconds.len() == 8 && random.len() == 24 {
        hex(seconds)? << 96 | hex(random)?
    } else {
        0
    });
    (!id.is_absent()).then_some(id)
}

fn parse_state(text: &str) -> SamplingState {
    match text {
        "1" => SamplingState::Accept,
        "0" => SamplingState::Deny,
        // `?` asks the receiver to decide.
        _ => SamplingState::Defer,
    }
}

/// Writes nothing without a trace id.
pub fn inject(context: &Context, write: &mut Write<'_>) {
    let span = context.span();
    if span.trace_id.is_absent() {
        return;
    }
    let mut out = String::with_capacity(74);
    out.push_str("Root=1-");
    push_hex(&mut out, span.trace_id.0 >> 96, 8);
    out.push('-');
    push_hex(&mut out, span.trace_id.0, 24);
    if !span.span_id.is_absent() {
        out.push_str(";Parent=");
        push_span_id(&mut out, span.span_id);
    }
    out.push_str(match context.state() {
        SamplingState::Defer => "",
        SamplingState::Deny => ";Sampled=0",
        SamplingState::Accept | SamplingState::Debug => ";Sampled=1",
    });
    write(TRACE_ID, &out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";
    const STATES: &[SamplingState] = &[SamplingState::Defer, SamplingState::Deny, SamplingState::Accept];

    /// The header as it is sent on; empty where it is refused. `R` stands for a root.
    fn check(value: &str, expected: &str) {
        let [value, expected] = [value, expected].map(|it| it.replace("R;", &format!("{ROOT};")));
        let expected = [("x-amzn-trace-id", expected.as_str())];
        let expected = if expected[0].1.is_empty() { &[] } else { &expected[..] };
        testing::check(extract, inject, &[("X-Amzn-Trace-Id", &value)], expected);
    }

    #[test]
    fn sent_on() {
        check("R;Parent=53995c3f42cd8ad8;Sampled=1", "R;Parent=53995c3f42cd8ad8;Sampled=1");
        check("R;Parent=53995c3f42cd8ad8;Sampled=0", "R;Parent=53995c3f42cd8ad8;Sampled=0");
        check("R;Parent=53995c3f42cd8ad8;Sampled=?", "R;Parent=53995c3f42cd8ad8");
        check("R;Parent=53995c3f42cd8ad8;Lineage=a:1|b:2;x", "R;Parent=53995c3f42cd8ad8");
        check("Sampled=1; Parent=53995c3f42cd8ad8 ;R;", "R;Parent=53995c3f42cd8ad8;Sampled=1");
        check("Self=1-67891234-12456789abcdef012345678;R;", ROOT);
        check(ROOT, ROOT);
    }

    #[test]
    fn refused() {
        let bad = [
            "",
            "Parent=53995c3f42cd8ad8;Sampled=1",
            "R;Parent=53995c3f42cd8ad;Sampled=1",
            "R;Parent=0000000000000000",
            "Root=2-5759e988-bd862e3fe1be46a994272793",
            "Root=1-5759e98-8bd862e3fe1be46a994272793",
            "Root=1-5759e98-bd862e3fe1be46a994272793",
            "Root=1-5759e988-bd862e3fe1be46a99427279g",
            "Root=1-00000000-000000000000000000000000",
            "Root=1-5759e988bd862e3fe1be46a994272793",
        ];
        for value in bad {
            check(value, "");
        }
    }

    proptest! {
        #[test]
        fn round_trip(context in testing::contexts(STATES)) {
            prop_assert_eq!(testing::returned(extract, inject, &context), Some(context));
        }

        #[test]
        fn anything_may_arrive(value: String) {
            extract(Headers(&[(TRACE_ID, &value)]));
        }
    }
}
