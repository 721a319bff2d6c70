//! What the tests of all formats share.

use otel::{SpanContext, SpanId, TraceId};
use proptest::prelude::*;

use crate::headers::{Headers, Write};
use crate::{Context, SamplingState};

pub(crate) type Extract = fn(Headers<'_>) -> Option<Context>;
pub(crate) type Inject = fn(&Context, &mut Write<'_>);

/// The fields `inject` writes.
pub(crate) fn written(inject: Inject, context: &Context) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    inject(context, &mut |name, value| fields.push((name.to_owned(), value.to_owned())));
    fields
}

/// What is extracted from `headers`, as it is sent on. Nothing where nothing is extracted.
pub(crate) fn check(extract: Extract, inject: Inject, headers: &[(&str, &str)], expected: &[(&str, &str)]) {
    let fields = extract(Headers(headers)).map(|context| written(inject, &context)).unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(fields, expected, "{headers:?}");
}

/// The context that is read from what was written of `context`.
pub(crate) fn returned(extract: Extract, inject: Inject, context: &Context) -> Option<Context> {
    let fields = written(inject, context);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    extract(Headers(&fields))
}

/// From other processes, with both ids and no flags.
pub(crate) fn spans() -> impl Strategy<Value = SpanContext> {
    (1..=u128::MAX, 1..=u64::MAX).prop_map(|(trace_id, span_id)| SpanContext {
        trace_id: TraceId(trace_id),
        span_id: SpanId(span_id),
        is_remote: true,
        ..SpanContext::default()
    })
}

/// Contexts in one of these states.
pub(crate) fn contexts(states: &'static [SamplingState]) -> impl Strategy<Value = Context> {
    let context = |(span, state): (SpanContext, _)| Context::remote(span.trace_id, span.span_id, state);
    (spans(), prop::sample::select(states)).prop_map(context)
}
