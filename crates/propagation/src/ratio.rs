//! Sampling by the trace id, as SDKs did before thresholds (OpenTelemetry "`TraceIdRatioBased`").

use otel::TraceId;

use crate::{Sampler, SamplingParameters, SamplingResult};

/// Which bits of a trace id a [`TraceIdRatioBased`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RatioBits {
    /// The low 64, as the SDK for Python.
    Low64,
    /// The exclusive or of its four words of 32, as the SDK for JavaScript.
    Xor32,
}

/// A trace is kept if some bits of its id, as a number, are below a bound. Two SDKs agree only if they look at the same
/// bits; [`Probability`](crate::Probability) always agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceIdRatioBased {
    bits: RatioBits,
    /// Up to 2^64.
    bound: u128,
}

impl TraceIdRatioBased {
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

impl Sampler for TraceIdRatioBased {
    fn should_sample(&mut self, it: &SamplingParameters<'_>) -> SamplingResult {
        it.result(self.keeps(it.trace_id), None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn higher_keeps_all_that_lower_keeps(a in 0.0..=1.0_f64, b in 0.0..=1.0_f64, id: u128) {
            let (low, high) = (a.min(b), a.max(b));
            for bits in [RatioBits::Low64, RatioBits::Xor32] {
                let [low, high] = [low, high].map(|ratio| TraceIdRatioBased::new(ratio, bits).keeps(TraceId(id)));
                prop_assert!(high || !low);
            }
        }
    }
}
