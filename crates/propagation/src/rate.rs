//! Sampling so many traces a second.

use otel::UnixNanos;

use crate::{Sampler, SamplingParameters, SamplingResult};

/// So many traces a second, by a token bucket. The probability is unknown afterwards.
#[derive(Clone, Debug)]
pub struct RateLimiting {
    per_second: u32,
    /// In 10^-9 tokens: what a nanosecond brings is a whole number of them.
    credit: u64,
    capacity: u64,
    last: Option<UnixNanos>,
}

/// What one trace costs.
const TOKEN: u64 = 1_000_000_000;

impl RateLimiting {
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

impl Sampler for RateLimiting {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        it.result(self.take(it.now), None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Decision, SamplingState, TraceState};
    use otel::{SpanId, TraceId};
    use proptest::prelude::*;

    #[test]
    fn rate() {
        let mut limit = RateLimiting::new(2, 3);
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
        assert!(!RateLimiting::new(5, 0).take(UnixNanos(1)));
    }

    #[test]
    fn the_probability_is_unknown() {
        let mut parent = Context::remote(TraceId(1), SpanId(1), SamplingState::Accept);
        parent.trace_state = TraceState::parse(["ot=th:c"]).unwrap();
        let it = SamplingParameters { parent: Some(&parent), ..SamplingParameters::default() };
        let mut limit = RateLimiting::new(0, 1);
        for expected in [Decision::RecordAndSample, Decision::Drop] {
            let result = limit.should_sample(&it);
            assert_eq!((result.decision, result.trace_state.as_str()), (expected, ""));
        }
    }

    proptest! {
        /// However time passes, no more than burst + rate · time.
        #[test]
        fn rate_is_kept(per_second in 0..50_u32, burst in 0..10_u32, steps in prop::collection::vec(0..300_000_000_u64, 1..200)) {
            let mut limit = RateLimiting::new(per_second, burst);
            let (mut now, mut taken) = (0, 0);
            for step in &steps {
                now += step;
                taken += u64::from(limit.take(UnixNanos(now)));
            }
            prop_assert!(taken <= u64::from(burst) + now * u64::from(per_second) / 1_000_000_000);
        }
    }
}
