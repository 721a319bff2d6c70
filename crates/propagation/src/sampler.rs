//! Who decides whether a trace is recorded (OpenTelemetry "Sampling").

use std::fmt;

use otel::{KeyValue, SpanKind, TraceId, UnixNanos};

use crate::{Context, OtTraceState, Randomness, SamplingState, Threshold, TraceState};

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

/// Decides. A program pays for the samplers it makes, and for no other.
pub trait Sampler: Send {
    /// About a span that starts.
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult;
}

/// Samples everything. What the tracestate says of a probability stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysOn;

/// Drops everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysOff;

/// Records what the other would drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlwaysRecord<S>(pub S);

/// Consistently: whatever samples at a higher probability, here or elsewhere, samples all that this does, and the
/// tracestate says by which probability (`ot=th`). `None`: never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probability(pub Option<Threshold>);

/// As [`Probability`], but one decision for all traces of a session: a trace that begins here gets the session's
/// randomness (`ot=rv`), so that services downstream follow. Without a session, by the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionProbability(pub Option<Threshold>);

impl Probability {
    /// By a probability from 0 to 1, rounded to 4 significant hex digits. Below 2^-56, or not a number: never.
    pub fn new(probability: f64) -> Self {
        // Not `min`, which makes 1 of what is no number.
        let probability = if probability > 1.0 { 1.0 } else { probability };
        Self(Threshold::from_probability(probability).map(|threshold| threshold.rounded(4)))
    }
}

impl SessionProbability {
    /// As [`Probability::new`].
    pub fn new(probability: f64) -> Self {
        Self(Probability::new(probability).0)
    }
}

impl Sampler for AlwaysOn {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        let trace_state = it.parent.map(|parent| parent.trace_state.clone()).unwrap_or_default();
        SamplingResult { decision: Decision::RecordAndSample, trace_state, attributes: Vec::new() }
    }
}

impl Sampler for AlwaysOff {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        it.result(false, None, None)
    }
}

impl<S: Sampler> Sampler for AlwaysRecord<S> {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        let result = self.0.should_sample(it);
        SamplingResult { decision: result.decision.max(Decision::RecordOnly), ..result }
    }
}

impl Sampler for Probability {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        it.consistent(self.0, None)
    }
}

impl Sampler for SessionProbability {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        let begins_trace = it.parent.is_none_or(|parent| parent.span().trace_id.is_absent());
        let has_session = begins_trace && !it.session_id.is_empty();
        it.consistent(self.0, has_session.then(|| Randomness::of_session(it.session_id)))
    }
}

/// Follows the parent.
pub struct ParentBased {
    /// Without a parent, or where the parent left the decision to others.
    pub root: Box<dyn Sampler>,
    /// The parent came with a request, and is sampled.
    pub remote_parent_sampled: Box<dyn Sampler>,
    /// The parent came with a request, and is not sampled.
    pub remote_parent_not_sampled: Box<dyn Sampler>,
    /// The parent is of this process, and is sampled.
    pub local_parent_sampled: Box<dyn Sampler>,
    /// The parent is of this process, and is not sampled.
    pub local_parent_not_sampled: Box<dyn Sampler>,
}

impl fmt::Debug for ParentBased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ParentBased")
    }
}

impl ParentBased {
    /// What the parent decided; `root` where there is none.
    pub fn new(root: impl Sampler + 'static) -> Self {
        Self {
            root: Box::new(root),
            remote_parent_sampled: Box::new(AlwaysOn),
            remote_parent_not_sampled: Box::new(AlwaysOff),
            local_parent_sampled: Box::new(AlwaysOn),
            local_parent_not_sampled: Box::new(AlwaysOff),
        }
    }
}

impl Sampler for ParentBased {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        let decided = it.parent.filter(|parent| parent.state() != SamplingState::Defer);
        let delegate = match decided.map(|parent| (parent.span().is_remote, parent.state().is_sampled())) {
            None => &mut self.root,
            Some((true, true)) => &mut self.remote_parent_sampled,
            Some((true, false)) => &mut self.remote_parent_not_sampled,
            Some((false, true)) => &mut self.local_parent_sampled,
            Some((false, false)) => &mut self.local_parent_not_sampled,
        };
        delegate.should_sample(it)
    }
}

impl SamplingParameters<'_> {
    /// R ≥ T. Randomness of its own is not given to a trace that has some.
    fn consistent(&self, threshold: Option<Threshold>, own: Option<Randomness>) -> SamplingResult {
        let came = self.parent.and_then(|parent| OtTraceState::of(&parent.trace_state).randomness);
        let explicit = came.or(own);
        let randomness = explicit.unwrap_or_else(|| Randomness::of_trace(self.trace_id));
        self.result(threshold.is_some_and(|it| it.keeps(randomness)), threshold, explicit)
    }

    /// The parent's tracestate, with `th` as given if sampled, else without.
    pub(crate) fn result(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use otel::{SpanContext, SpanId, TraceFlags};
    use proptest::prelude::*;

    /// Decision and tracestate for a child of `parent`, in a trace whose randomness is `0x80…`.
    fn check(sampler: &mut dyn Sampler, parent: Option<&Context>, expected: (Decision, &str)) {
        let result = sampler.should_sample(&SamplingParameters {
            parent,
            trace_id: TraceId(1 << 55),
            ..SamplingParameters::default()
        });
        assert_eq!((result.decision, result.trace_state.as_str()), expected, "{parent:?}");
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
        check(&mut AlwaysOn, None, (KEPT, ""));
        check(&mut AlwaysOn, Some(&sampled), (KEPT, sampled.trace_state.as_str()));
        check(&mut AlwaysOff, None, (Decision::Drop, ""));
        check(&mut AlwaysOff, Some(&sampled), (Decision::Drop, "ot=rv:00000000000001;x:y,a=1"));
        let mut recorded = AlwaysRecord(AlwaysOff);
        check(&mut recorded, None, (Decision::RecordOnly, ""));
        check(&mut AlwaysRecord(AlwaysOn), None, (KEPT, ""));
    }

    #[test]
    fn probability() {
        check(&mut Probability::new(1.0), None, (KEPT, "ot=th:0"));
        check(&mut Probability::new(7.0), None, (KEPT, "ot=th:0"));
        check(&mut Probability::new(0.5), None, (KEPT, "ot=th:8"));
        check(&mut Probability::new(0.25), None, (Decision::Drop, ""));
        for never in [0.0, -1.0, f64::NAN] {
            check(&mut Probability::new(never), None, (Decision::Drop, ""));
        }
        // Randomness that came goes before that of the id, stays as it was, and the flag of the parent is not asked.
        let lucky = parent(SamplingState::Deny, "ot=rv:ffffffffffffff,a=1");
        check(&mut Probability::new(0.01), Some(&lucky), (KEPT, "ot=th:fd70a;rv:ffffffffffffff,a=1"));
        let unlucky = parent(SamplingState::Accept, "a=1,ot=th:0;rv:00000000000000");
        check(&mut Probability::new(0.99), Some(&unlucky), (Decision::Drop, "ot=rv:00000000000000,a=1"));
        check(&mut Probability::new(0.5), Some(&parent(SamplingState::Accept, "ot=bad")), (KEPT, "ot=th:8"));
    }

    #[test]
    fn one_decision_for_a_session() {
        let mut sampler = SessionProbability::new(0.5);
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
        assert_eq!(SessionProbability::new(0.5).should_sample(&it).trace_state.as_str(), "ot=th:8");
    }

    #[test]
    fn a_session_leaves_randomness_that_came() {
        let mut came = Context::remote(TraceId::ABSENT, SpanId::ABSENT, SamplingState::Defer);
        came.trace_state = TraceState::parse(["ot=rv:ffffffffffffff"]).unwrap();
        let it = SamplingParameters {
            parent: Some(&came),
            trace_id: TraceId(1),
            session_id: "s",
            ..SamplingParameters::default()
        };
        let result = SessionProbability::new(0.5).should_sample(&it);
        assert_eq!(result.trace_state.as_str(), "ot=th:8;rv:ffffffffffffff");
    }

    #[test]
    fn by_parent() {
        let mut sampler = ParentBased::new(Probability::new(1.0));
        check(&mut sampler, None, (KEPT, "ot=th:0"));
        check(&mut sampler, Some(&parent(SamplingState::Defer, "a=1")), (KEPT, "ot=th:0,a=1"));
        check(&mut sampler, Some(&parent(SamplingState::Accept, "ot=th:c")), (KEPT, "ot=th:c"));
        check(&mut sampler, Some(&parent(SamplingState::Debug, "")), (KEPT, ""));
        check(&mut sampler, Some(&parent(SamplingState::Deny, "ot=th:c")), (Decision::Drop, ""));

        let mut each = ParentBased::new(AlwaysOff);
        each.remote_parent_sampled = Box::new(Probability::new(1.0));
        each.remote_parent_not_sampled = Box::new(Probability::new(0.75));
        each.local_parent_sampled = Box::new(Probability::new(0.5));
        each.local_parent_not_sampled = Box::new(AlwaysOn);
        let mut sampler = each;
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

    proptest! {
        #[test]
        fn higher_keeps_all_that_lower_keeps(a in 0.0..=1.0_f64, b in 0.0..=1.0_f64, id: u128) {
            let (low, high) = (a.min(b), a.max(b));
            let it = SamplingParameters { trace_id: TraceId(id), session_id: "s", ..SamplingParameters::default() };
            let by_trace = [low, high].map(|at| Probability::new(at).should_sample(&it).decision);
            let by_session = [low, high].map(|at| SessionProbability::new(at).should_sample(&it).decision);
            prop_assert!(by_trace.is_sorted() && by_session.is_sorted());
        }

        /// What a probability keeps, every service downstream with the same or a higher one keeps.
        #[test]
        fn consistent_downstream(id: u128, at in 0.001..=1.0_f64, session in prop::option::of("[a-z]{1,8}")) {
            let it = SamplingParameters {
                trace_id: TraceId(id.max(1)),
                session_id: session.as_deref().unwrap_or(""),
                ..SamplingParameters::default()
            };
            let result = SessionProbability::new(at).should_sample(&it);
            let mut parent = Context::remote(it.trace_id, SpanId(1), SamplingState::Accept);
            parent.trace_state = result.trace_state.clone();
            let arrived = testing::returned(
                crate::trace_context::extract,
                crate::trace_context::inject,
                &parent,
            ).unwrap();
            let downstream = SamplingParameters { parent: Some(&arrived), session_id: "", ..it };
            prop_assert_eq!(Probability::new(at).should_sample(&downstream), result);
        }
    }
}
