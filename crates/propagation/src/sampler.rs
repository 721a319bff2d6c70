//! Who decides whether a trace is recorded (OpenTelemetry "Sampling").

use otel::{KeyValue, SpanKind, TraceId, UnixNanos};

use crate::{Context, OtTraceState, Randomness, Rule, SamplingState, Threshold, TraceState};

/// What shall become of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decision {
    /// Nothing is recorded.
    Drop,
    /// Recorded, but the sampled flag is not set: others are told that it is not kept. [`TailPolicy`](crate::TailPolicy) may keep it.
    RecordOnly,
    /// Recorded, and the sampled flag is set.
    RecordAndSample,
}

/// What is known when a span starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct SamplingParameters<'a> {
    /// What the span descends from, in this process or another. Its ids may be absent, where a request carried a
    /// decision alone.
    pub parent: Option<&'a Context>,
    /// The trace, new or continued.
    pub trace_id: TraceId,
    /// The operation.
    pub name: &'a str,
    /// Role in a request.
    pub kind: SpanKind,
    /// Attributes given at the start; those set later come too late.
    pub attributes: &'a [KeyValue<'a>],
    /// The session; empty without one.
    pub session_id: &'a str,
    /// Now. May go backwards; then no credit is given.
    pub now: UnixNanos,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingResult {
    /// Drop, record or sample.
    pub decision: Decision,
    /// What the span has and sends on, instead of its parent's.
    pub trace_state: TraceState,
    /// To be added to the span.
    pub attributes: Vec<KeyValue<'static>>,
}

/// Decides.
#[derive(Clone, Debug)]
pub enum Sampler {
    /// Samples everything. What the tracestate says of a probability stays.
    AlwaysOn,
    /// Drops everything.
    AlwaysOff,
    /// By the id of the trace. Two SDKs agree only if they look at the same bits; [`Self::Probability`] always agrees.
    TraceIdRatio(TraceIdRatio),
    /// Consistently: whatever samples at a higher probability, here or elsewhere, samples all that this does, and the
    /// tracestate says by which probability (`ot=th`).
    Probability(Threshold),
    /// As [`Self::Probability`], but one decision for all traces of a session: a trace that begins here gets the
    /// session's randomness (`ot=rv`), so that services downstream follow. Without a session, by the trace.
    Session(Threshold),
    /// So many traces a second. The probability is unknown afterwards.
    RateLimit(RateLimit),
    /// By what the parent decided.
    ParentBased(Box<ParentBased>),
    /// The first rule that matches decides; the last sampler where none does.
    Rules(Vec<Rule>, Box<Self>),
    /// Records what the other would drop.
    AlwaysRecord(Box<Self>),
}

impl Sampler {
    /// As the specification's default: follows the parent, and asks `root` where there is none.
    pub fn parent_based(root: Self) -> Self {
        Self::ParentBased(Box::new(ParentBased::new(root)))
    }

    /// By a probability from 0 to 1, rounded to 4 significant hex digits. Below 2^-56, or not a number: never.
    pub fn probability(probability: f64) -> Self {
        Self::of(probability, Self::Probability)
    }

    /// [`Self::probability`] for sessions.
    pub fn session(probability: f64) -> Self {
        Self::of(probability, Self::Session)
    }

    fn of(probability: f64, sampler: fn(Threshold) -> Self) -> Self {
        // Not `min`, which makes 1 of what is no number.
        let probability = if probability > 1.0 { 1.0 } else { probability };
        let threshold = Threshold::from_probability(probability);
        threshold.map_or(Self::AlwaysOff, |threshold| sampler(threshold.rounded(4)))
    }

    /// Decides about a span that starts.
    pub fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        match self {
            Self::AlwaysOn => {
                let trace_state = it.parent.map(|parent| parent.trace_state.clone()).unwrap_or_default();
                SamplingResult { decision: Decision::RecordAndSample, trace_state, attributes: Vec::new() }
            }
            Self::AlwaysOff => it.result(false, None, None),
            Self::TraceIdRatio(ratio) => it.result(ratio.keeps(it.trace_id), None, None),
            Self::Probability(threshold) => it.consistent(*threshold, None),
            Self::Session(threshold) => {
                let has_session = it.begins_trace() && !it.session_id.is_empty();
                it.consistent(*threshold, has_session.then(|| Randomness::of_session(it.session_id)))
            }
            Self::RateLimit(limit) => it.result(limit.take(it.now), None, None),
            Self::ParentBased(samplers) => samplers.delegate(it.parent).should_sample(it),
            Self::Rules(rules, otherwise) => match rules.iter_mut().find(|rule| rule.matches(it)) {
                Some(rule) => rule.should_sample(it),
                None => otherwise.should_sample(it),
            },
            Self::AlwaysRecord(sampler) => {
                let result = sampler.should_sample(it);
                SamplingResult { decision: result.decision.max(Decision::RecordOnly), ..result }
            }
        }
    }
}

impl SamplingParameters<'_> {
    fn begins_trace(&self) -> bool {
        self.parent.is_none_or(|parent| parent.span().trace_id.is_absent())
    }

    /// R ≥ T. Randomness of its own is not given to a trace that has some.
    fn consistent(&self, threshold: Threshold, own: Option<Randomness>) -> SamplingResult {
        let came = self.parent.and_then(|parent| OtTraceState::of(&parent.trace_state).randomness);
        let explicit = came.or(own);
        let randomness = explicit.unwrap_or_else(|| Randomness::of_trace(self.trace_id));
        self.result(threshold.keeps(randomness), Some(threshold), explicit)
    }

    /// The parent's tracestate, with `th` as given if sampled, else without.
    fn result(
        &self,
        sampled: bool,
        threshold: Option<Threshold>,
        randomness: Option<Randomness>,
    ) -> SamplingResult {
        let mut trace_state = self.parent.map(|parent| parent.trace_state.clone()).unwrap_or_default();
        let mut ot = OtTraceState::of(&trace_state);
        ot.threshold = threshold.filter(|_| sampled);
        ot.randomness = ot.randomness.or(randomness);
        ot.put(&mut trace_state);
        let decision = if sampled { Decision::RecordAndSample } else { Decision::Drop };
        SamplingResult { decision, trace_state, attributes: Vec::new() }
    }
}

/// Which bits of a trace id a [`TraceIdRatio`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatioBits {
    /// The low 64, as the SDK for Python.
    Low64,
    /// The exclusive or of its four words of 32, as the SDK for JavaScript.
    Xor32,
}

/// `TraceIdRatioBased`: a trace is kept if some bits of its id, as a number, are below a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceIdRatio {
    bits: RatioBits,
    /// Up to 2^64.
    bound: u128,
}

impl TraceIdRatio {
    /// The ratio is taken into 0 to 1; what is no number is 0.
    pub fn new(ratio: f64, bits: RatioBits) -> Self {
        let ratio = if ratio > 0.0 { ratio.min(1.0) } else { 0.0 };
        let bound = match bits {
            RatioBits::Low64 => {
                let product = ratio * (1_u128 << 64) as f64;
                let whole = product as u128;
                whole + u128::from(product - whole as f64 >= 0.5)
            }
            // With the bound of the formula, a ratio of 1 would reject one trace of 2^32.
            RatioBits::Xor32 if ratio == 1.0 => 1 << 32,
            RatioBits::Xor32 => (ratio * f64::from(u32::MAX)) as u128,
        };
        Self { bits, bound }
    }

    /// Is the trace kept?
    pub fn keeps(self, TraceId(id): TraceId) -> bool {
        let bits = match self.bits {
            RatioBits::Low64 => u128::from(id as u64),
            RatioBits::Xor32 => {
                u128::from((id >> 96) as u32 ^ (id >> 64) as u32 ^ (id >> 32) as u32 ^ id as u32)
            }
        };
        bits < self.bound
    }
}

/// A token bucket.
#[derive(Clone, Debug)]
pub struct RateLimit {
    per_second: u32,
    /// In 10^-9 tokens: what a nanosecond brings is a whole number of them.
    credit: u64,
    capacity: u64,
    last: Option<UnixNanos>,
}

/// What one trace costs.
const TOKEN: u64 = 1_000_000_000;

impl RateLimit {
    /// `per_second` on average, `burst` at once. The bucket is full at first.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let capacity = u64::from(burst) * TOKEN;
        Self { per_second, credit: capacity, capacity, last: None }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: UnixNanos) -> bool {
        let elapsed = self.last.map_or(0, |last| now.0.saturating_sub(last.0));
        let earned = elapsed.saturating_mul(self.per_second.into());
        // After a step backwards time is counted from there: a clock that was wrong once must not stop all sampling.
        self.last = Some(now);
        self.credit = self.credit.saturating_add(earned).min(self.capacity);
        let left = self.credit.checked_sub(TOKEN);
        self.credit = left.unwrap_or(self.credit);
        left.is_some()
    }
}

/// Follows the parent.
#[derive(Clone, Debug)]
pub struct ParentBased {
    /// Without a parent, or where the parent left the decision to others.
    pub root: Sampler,
    /// The parent came with a request, and is sampled.
    pub remote_parent_sampled: Sampler,
    /// The parent came with a request, and is not sampled.
    pub remote_parent_not_sampled: Sampler,
    /// The parent is of this process, and is sampled.
    pub local_parent_sampled: Sampler,
    /// The parent is of this process, and is not sampled.
    pub local_parent_not_sampled: Sampler,
}

impl ParentBased {
    /// What the parent decided; `root` where there is none.
    pub fn new(root: Sampler) -> Self {
        Self {
            root,
            remote_parent_sampled: Sampler::AlwaysOn,
            remote_parent_not_sampled: Sampler::AlwaysOff,
            local_parent_sampled: Sampler::AlwaysOn,
            local_parent_not_sampled: Sampler::AlwaysOff,
        }
    }

    fn delegate(&mut self, parent: Option<&Context>) -> &mut Sampler {
        let Some(parent) = parent.filter(|parent| parent.state() != SamplingState::Defer) else {
            return &mut self.root;
        };
        match (parent.span().is_remote, parent.state().is_sampled()) {
            (true, true) => &mut self.remote_parent_sampled,
            (true, false) => &mut self.remote_parent_not_sampled,
            (false, true) => &mut self.local_parent_sampled,
            (false, false) => &mut self.local_parent_not_sampled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use otel::{SpanContext, SpanId, TraceFlags};
    use proptest::prelude::*;

    /// Decision and tracestate for a child of `parent`, in a trace whose randomness is `0x80…`.
    fn check(sampler: &mut Sampler, parent: Option<&Context>, expected: (Decision, &str)) {
        let result = sampler.should_sample(&SamplingParameters {
            parent,
            trace_id: TraceId(1 << 55),
            ..SamplingParameters::default()
        });
        assert_eq!((result.decision, result.trace_state.as_str()), expected, "{sampler:?} {parent:?}");
    }

    fn parent(state: SamplingState, trace_state: &str) -> Context {
        let mut parent = Context::remote(TraceId(1 << 55), SpanId(1), state);
        parent.trace_state = TraceState::parse([trace_state]).unwrap();
        parent
    }

    const KEPT: Decision = Decision::RecordAndSample;

    #[test]
    fn always() {
        let sampled = parent(SamplingState::Accept, "a=1,ot=th:c;rv:00000000000001;x:y");
        check(&mut Sampler::AlwaysOn, None, (KEPT, ""));
        check(&mut Sampler::AlwaysOn, Some(&sampled), (KEPT, sampled.trace_state.as_str()));
        check(&mut Sampler::AlwaysOff, None, (Decision::Drop, ""));
        check(&mut Sampler::AlwaysOff, Some(&sampled), (Decision::Drop, "ot=rv:00000000000001;x:y,a=1"));
        let mut recorded = Sampler::AlwaysRecord(Box::new(Sampler::AlwaysOff));
        check(&mut recorded, None, (Decision::RecordOnly, ""));
        check(&mut Sampler::AlwaysRecord(Box::new(Sampler::AlwaysOn)), None, (KEPT, ""));
    }

    #[test]
    fn probability() {
        check(&mut Sampler::probability(1.0), None, (KEPT, "ot=th:0"));
        check(&mut Sampler::probability(7.0), None, (KEPT, "ot=th:0"));
        check(&mut Sampler::probability(0.5), None, (KEPT, "ot=th:8"));
        check(&mut Sampler::probability(0.25), None, (Decision::Drop, ""));
        for never in [0.0, -1.0, f64::NAN] {
            check(&mut Sampler::probability(never), None, (Decision::Drop, ""));
        }
        // Randomness that came goes before that of the id, stays as it was, and the flag of the parent is not asked.
        let lucky = parent(SamplingState::Deny, "ot=rv:ffffffffffffff,a=1");
        check(&mut Sampler::probability(0.01), Some(&lucky), (KEPT, "ot=th:fd70a;rv:ffffffffffffff,a=1"));
        let unlucky = parent(SamplingState::Accept, "a=1,ot=th:0;rv:00000000000000");
        check(&mut Sampler::probability(0.99), Some(&unlucky), (Decision::Drop, "ot=rv:00000000000000,a=1"));
        check(
            &mut Sampler::probability(0.5),
            Some(&parent(SamplingState::Accept, "ot=bad")),
            (KEPT, "ot=th:8"),
        );
    }

    #[test]
    fn one_decision_for_a_session() {
        let mut sampler = Sampler::session(0.5);
        let mut decide = |trace: u128, session_id: &str| {
            let it =
                SamplingParameters { trace_id: TraceId(trace), session_id, ..SamplingParameters::default() };
            sampler.should_sample(&it)
        };
        let mut kept = 0;
        for session in 0..100 {
            let session = format!("session-{session}");
            let first = decide(0, &session);
            assert!(first.trace_state.as_str().contains("rv:"));
            assert_eq!(first, decide(u128::MAX, &session));
            kept += usize::from(first.decision == KEPT);
        }
        assert!((30..70).contains(&kept), "{kept} of 100 sessions at 50 %");
        assert_eq!(decide(0, "").trace_state.as_str(), "");
        assert_eq!(decide(u128::MAX, "").trace_state.as_str(), "ot=th:8");
    }

    #[test]
    fn a_session_leaves_the_traces_of_others() {
        let continued = parent(SamplingState::Accept, "");
        let it = SamplingParameters {
            parent: Some(&continued),
            trace_id: TraceId(1 << 55),
            session_id: "s",
            ..SamplingParameters::default()
        };
        assert_eq!(Sampler::session(0.5).should_sample(&it).trace_state.as_str(), "ot=th:8");
    }

    #[test]
    fn by_parent() {
        let mut sampler = Sampler::parent_based(Sampler::probability(1.0));
        check(&mut sampler, None, (KEPT, "ot=th:0"));
        check(&mut sampler, Some(&parent(SamplingState::Defer, "a=1")), (KEPT, "ot=th:0,a=1"));
        check(&mut sampler, Some(&parent(SamplingState::Accept, "ot=th:c")), (KEPT, "ot=th:c"));
        check(&mut sampler, Some(&parent(SamplingState::Debug, "")), (KEPT, ""));
        check(&mut sampler, Some(&parent(SamplingState::Deny, "ot=th:c")), (Decision::Drop, ""));

        let mut each = ParentBased::new(Sampler::AlwaysOff);
        each.remote_parent_sampled = Sampler::probability(1.0);
        each.remote_parent_not_sampled = Sampler::probability(0.75);
        each.local_parent_sampled = Sampler::probability(0.5);
        each.local_parent_not_sampled = Sampler::AlwaysOn;
        let mut sampler = Sampler::ParentBased(Box::new(each));
        let local = |flags| {
            let span = SpanContext { trace_id: TraceId(1), span_id: SpanId(1), flags, is_remote: false };
            Context::new(span, TraceState::default())
        };
        check(&mut sampler, None, (Decision::Drop, ""));
        check(&mut sampler, Some(&parent(SamplingState::Accept, "")), (KEPT, "ot=th:0"));
        check(&mut sampler, Some(&parent(SamplingState::Deny, "")), (KEPT, "ot=th:4"));
        check(&mut sampler, Some(&local(TraceFlags::SAMPLED)), (KEPT, "ot=th:8"));
        check(&mut sampler, Some(&local(TraceFlags::RANDOM)), (KEPT, ""));
    }

    #[test]
    fn rate() {
        let mut limit = RateLimit::new(2, 3);
        let mut check = |millis: u64, expected: &[bool]| {
            let found: Vec<_> = expected.iter().map(|_| limit.take(UnixNanos(millis * 1_000_000))).collect();
            assert_eq!(found, expected, "at {millis} ms");
        };
        check(10_000, &[true, true, true, false]);
        check(10_499, &[false]);
        check(10_500, &[true, false]);
        // A step back gives nothing and takes nothing; time then counts from there.
        check(2_000, &[false]);
        check(2_500, &[true, false]);
        // A bucket holds no more than the burst.
        check(1_000_000, &[true, true, true, false]);
        assert!(!RateLimit::new(5, 0).take(UnixNanos(1)));
        let mut sampler = Sampler::RateLimit(RateLimit::new(0, 1));
        let sampled = parent(SamplingState::Accept, "ot=th:c");
        check_rate(&mut sampler, &sampled, KEPT);
        check_rate(&mut sampler, &sampled, Decision::Drop);
    }

    fn check_rate(sampler: &mut Sampler, parent: &Context, expected: Decision) {
        check(sampler, Some(parent), (expected, ""));
    }

    proptest! {
        /// However time passes, no more than burst + rate · time.
        #[test]
        fn rate_is_kept(per_second in 0..50_u32, burst in 0..10_u32, steps in prop::collection::vec(0..300_000_000_u64, 1..200)) {
            let mut limit = RateLimit::new(per_second, burst);
            let (mut now, mut taken) = (0, 0);
            for step in &steps {
                now += step;
                taken += u64::from(limit.take(UnixNanos(now)));
            }
            prop_assert!(taken <= u64::from(burst) + now * u64::from(per_second) / 1_000_000_000);
        }

        #[test]
        fn higher_keeps_all_that_lower_keeps(a in 0.0..=1.0_f64, b in 0.0..=1.0_f64, id: u128) {
            let (low, high) = (a.min(b), a.max(b));
            for bits in [RatioBits::Low64, RatioBits::Xor32] {
                let [low, high] = [low, high].map(|ratio| TraceIdRatio::new(ratio, bits).keeps(TraceId(id)));
                prop_assert!(high || !low);
            }
            let it = SamplingParameters { trace_id: TraceId(id), session_id: "s", ..SamplingParameters::default() };
            for sampler in [Sampler::probability, Sampler::session] {
                let [low, high] = [low, high].map(|at| sampler(at).should_sample(&it).decision);
                prop_assert!(high >= low);
            }
        }

        /// What a probability keeps, every service downstream with the same or a higher one keeps.
        #[test]
        fn consistent_downstream(id: u128, at in 0.001..=1.0_f64, session in prop::option::of("[a-z]{1,8}")) {
            let it = SamplingParameters {
                trace_id: TraceId(id.max(1)),
                session_id: session.as_deref().unwrap_or(""),
                ..SamplingParameters::default()
            };
            let result = Sampler::session(at).should_sample(&it);
            let mut parent = Context::remote(it.trace_id, SpanId(1), SamplingState::Accept);
            parent.trace_state = result.trace_state.clone();
            let arrived = testing::returned(
                crate::trace_context::extract,
                crate::trace_context::inject,
                &parent,
            ).unwrap();
            let downstream = SamplingParameters { parent: Some(&arrived), session_id: "", ..it };
            prop_assert_eq!(Sampler::probability(at).should_sample(&downstream), result);
        }
    }
}
