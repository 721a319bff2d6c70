//! Datadog: `x-datadog-…`, the low 64 bits of the trace id in decimal.
//!
//! What a [`Context`] has no place for (the priority as such, the origin, the tags of the trace) is held in the `dd`
//! member of its tracestate, spelled as Datadog spells it there: `s:2;o:rum;t.dm:-4`.

use otel::{SpanId, TraceId};

use crate::headers::{Headers, Write};
use crate::text::{decimal, hex, push_decimal, push_hex};
use crate::{Context, SamplingState};

const TRACE_ID: &str = "x-datadog-trace-id";
const PARENT_ID: &str = "x-datadog-parent-id";
const SAMPLING_PRIORITY: &str = "x-datadog-sampling-priority";
const ORIGIN: &str = "x-datadog-origin";
const TAGS: &str = "x-datadog-tags";

/// The headers this reads and writes.
pub const FIELDS: &[&str] = &[TRACE_ID, PARENT_ID, SAMPLING_PRIORITY, ORIGIN, TAGS];

/// Prefix of the tags that are propagated.
const TAG_PREFIX: &str = "_dd.p.";
/// The tag that holds the high 64 bits of the trace id.
const TID: &str = "tid";
/// Key in the tracestate.
const DD: &str = "dd";
/// Longest value in a tracestate.
const MAX_DD: usize = 256;

/// -1 and 0 deny, 1 and 2 accept (2 by a person's will). The span's id is absent where the parent is none: `0`.
pub fn extract(headers: Headers<'_>) -> Option<Context> {
    let low = decimal(headers.first(TRACE_ID)?).filter(|&low| low > 0)?;
    let span_id = SpanId(decimal(headers.first(PARENT_ID)?)?);
    let priority = headers.first(SAMPLING_PRIORITY).filter(|text| is_priority(text));
    let state = match priority {
        None => SamplingState::Defer,
        Some("-1" | "0") => SamplingState::Deny,
        Some(_) => SamplingState::Accept,
    };
    let mut high = 0;
    let mut dd = String::new();
    if let Some(priority) = priority {
        push_entry(&mut dd, "s:", "", priority);
    }
    if let Some(origin) = headers.first(ORIGIN) {
        push_entry(&mut dd, "o:", "", origin);
    }
    for (key, value) in headers.first(TAGS).into_iter().flat_map(tags) {
        if key != TID {
            push_entry(&mut dd, "t.", key, value);
        } else if value.len() == 16 {
            high = hex(value).unwrap_or(0);
        }
    }
    let mut context = Context::remote(TraceId(high << 64 | u128::from(low)), span_id, state);
    if !dd.is_empty() {
        // Refuses what no header may hold, which is then not sent on.
        let _ = context.trace_state.set(DD, &dd);
    }
    Some(context)
}

fn is_priority(text: &str) -> bool {
    matches!(text, "-1" | "0" | "1" | "2")
}

/// Key without its prefix, and value.
fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split(',').filter_map(|tag| tag.strip_prefix(TAG_PREFIX)?.split_once('='))
}

/// Adds `{prefix}{key}:{value}` if it is short enough. Characters with a meaning in a tracestate are replaced as
/// Datadog replaces them: `=` by `~`, others by `_`.
fn push_entry(dd: &mut String, prefix: &str, key: &str, value: &str) {
    let before = dd.len();
    if before > 0 {
        dd.push(';');
    }
    dd.push_str(prefix);
    dd.extend(key.chars().map(|it| if matches!(it, '!'..='~') && !",;=:".contains(it) { it } else { '_' }));
    if !key.is_empty() {
        dd.push(':');
    }
    dd.extend(value.chars().map(|it| match it {
        '=' => '~',
        ' '..='~' if !",;~".contains(it) => it,
        _ => '_',
    }));
    if dd.len() > MAX_DD {
        dd.truncate(before);
    }
}

/// Writes nothing without the low half of a trace id. The priority that came is sent on while it agrees with the
/// decision.
pub fn inject(context: &Context, write: &mut Write<'_>) {
    let TraceId(id) = context.span().trace_id;
    if id as u64 == 0 {
        return;
    }
    let dd = context.trace_state.get(DD).unwrap_or("");
    let entries = || dd.split(';').filter_map(|entry| entry.split_once(':'));
    let entry = |key: &str| entries().find(|&(it, _)| it == key).map(|(_, value)| value);

    let mut out = String::new();
    push_decimal(&mut out, id as u64);
    write(TRACE_ID, &out);
    out.clear();
    push_decimal(&mut out, context.span().span_id.0);
    write(PARENT_ID, &out);
    let came = entry("s").filter(|it| is_priority(it));
    match (context.state(), came) {
        (SamplingState::Defer, _) => {}
        (SamplingState::Deny, Some("-1")) => write(SAMPLING_PRIORITY, "-1"),
        (SamplingState::Deny, _) => write(SAMPLING_PRIORITY, "0"),
        (SamplingState::Accept, Some("2")) | (SamplingState::Debug, _) => write(SAMPLING_PRIORITY, "2"),
        (SamplingState::Accept, _) => write(SAMPLING_PRIORITY, "1"),
    }
    if let Some(origin) = entry("o") {
        write(ORIGIN, &origin.replace('~', "="));
    }
    out.clear();
    if id >> 64 > 0 {
        out.push_str("_dd.p.tid=");
        push_hex(&mut out, id >> 64, 16);
    }
    for (key, value) in entries().filter_map(|(key, value)| Some((key.strip_prefix("t.")?, value))) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(TAG_PREFIX);
        out.push_str(key);
        out.push('=');
        out.push_str(&value.replace('~', "="));
    }
    if !out.is_empty() {
        write(TAGS, &out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use proptest::prelude::*;

    const STATES: &[SamplingState] = &[SamplingState::Defer, SamplingState::Deny, SamplingState::Accept];
    const IDS: [(&str, &str); 2] =
        [("x-datadog-trace-id", "18446744073709551615"), ("x-datadog-parent-id", "7")];

    /// The other headers, as they are sent on.
    fn check(headers: &[(&str, &str)], expected: &[(&str, &str)]) {
        testing::check(extract, inject, &[&IDS[..], headers].concat(), &[&IDS[..], expected].concat());
    }

    #[test]
    fn sent_on() {
        check(&[], &[]);
        for priority in ["-1", "0", "1", "2"] {
            check(&[("X-Datadog-Sampling-Priority", priority)], &[("x-datadog-sampling-priority", priority)]);
        }
        check(&[("x-datadog-sampling-priority", "3")], &[]);
        check(&[("x-datadog-origin", "rum")], &[("x-datadog-origin", "rum")]);
        check(&[("x-datadog-origin", "a=b;c,d")], &[("x-datadog-origin", "a=b_c_d")]);
        let tags = |text| ("x-datadog-tags", text);
        check(
            &[tags("_dd.p.dm=-4,other=1,_dd.p.tid=640cfd8d00000000")],
            &[tags("_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4")],
        );
        check(&[tags("_dd.p.a=b=c==,_dd.p.x")], &[tags("_dd.p.a=b=c==")]);
        check(&[tags("_dd.p.tid=640CFD8D00000000")], &[]);
        check(&[tags("_dd.p.tid=640cfd8d")], &[]);
        check(
            &[tags(&format!("_dd.p.a=1,_dd.p.long={},_dd.p.b=2", "x".repeat(300)))],
            &[tags("_dd.p.a=1,_dd.p.b=2")],
        );
    }

    #[test]
    fn high_half_of_the_trace_id() {
        let headers = [IDS[0], IDS[1], ("x-datadog-tags", "_dd.p.tid=640cfd8d00000000")];
        let span = extract(Headers(&headers)).unwrap().span();
        assert_eq!(span.trace_id, TraceId(0x640c_fd8d_0000_0000_ffff_ffff_ffff_ffff));
        assert_eq!(span.span_id, SpanId(7));
    }

    #[test]
    fn travels_as_tracestate() {
        let headers = [
            IDS[0],
            IDS[1],
            ("x-datadog-sampling-priority", "2"),
            ("x-datadog-origin", "rum"),
            ("x-datadog-tags", "_dd.p.dm=-4"),
        ];
        let mut context = extract(Headers(&headers)).unwrap();
        assert_eq!(context.trace_state.as_str(), "dd=s:2;o:rum;t.dm:-4");
        assert_eq!(testing::written(inject, &context).len(), 5);
        // Decided otherwise here: the priority that came is no more.
        let denied = otel::SpanContext { flags: otel::TraceFlags::default(), ..context.span() };
        context = Context::new(denied, context.trace_state);
        assert!(testing::written(inject, &context).contains(&(SAMPLING_PRIORITY.to_owned(), "0".to_owned())));
    }

    #[test]
    fn refused() {
        let check = |trace, parent| {
            testing::check(
                extract,
                inject,
                &[("x-datadog-trace-id", trace), ("x-datadog-parent-id", parent)],
                &[],
            );
        };
        check("", "1");
        check("0", "1");
        check("abc", "1");
        check("18446744073709551616", "1");
        check("1", "x");
        testing::check(extract, inject, &[IDS[0]], &[]);
        testing::check(extract, inject, &[IDS[1]], &[]);
        let root = [IDS[0], ("x-datadog-parent-id", "0")];
        testing::check(extract, inject, &root, &root);
    }

    proptest! {
        #[test]
        fn round_trip(context in testing::contexts(STATES), priority in 0..2_u8, tag in "[a-z]{1,8}", value in "[!-+\\--:<-}]{1,20}") {
            prop_assume!(context.span().trace_id.0 as u64 != 0);
            let mut context = context;
            if context.state() != SamplingState::Defer {
                let priority = if context.state() == SamplingState::Accept { 1 + i32::from(priority) } else { -i32::from(priority) };
                context.trace_state.set("dd", &format!("s:{priority};o:rum;t.{tag}:{}", value.replace('=', "~"))).unwrap();
            }
            prop_assert_eq!(testing::returned(extract, inject, &context), Some(context));
        }

        #[test]
        fn anything_may_arrive(priority: String, origin: String, tags: String) {
            let headers = [IDS[0], IDS[1], (SAMPLING_PRIORITY, &priority), (ORIGIN, &origin), (TAGS, &tags)];
            if let Some(context) = extract(Headers(&headers)) {
                testing::written(inject, &context);
            }
        }
    }
}
