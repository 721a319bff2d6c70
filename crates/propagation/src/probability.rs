//! Consistent probability sampling (OpenTelemetry "`TraceState`: Probability Sampling"): a trace has 56 bits of
//! randomness R, a sampler rejects those below its threshold T, and all samplers of a trace see the same R.

use otel::TraceId;

use crate::text::{hex, push_hex};

/// Hex digits of 56 bits.
const DIGITS: u32 = 14;
/// 2^56.
const LIMIT: u64 = 1 << 56;

/// T: this many of 2^56 traces are rejected. Always below 2^56, so that something is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Threshold(u64);

/// R: 56 random bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Randomness(u64);

impl Threshold {
    /// Keeps everything.
    pub const ALWAYS: Self = Self(0);

    /// For a probability from 2^-56 to 1, exactly. `None` outside.
    pub fn from_probability(probability: f64) -> Option<Self> {
        // The product is exact: only its exponent differs.
        let product = probability * LIMIT as f64;
        let whole = product as u64;
        // Not by adding a half: the sum itself would be rounded.
        let kept = whole + u64::from(product - whole as f64 >= 0.5);
        if product >= 1.0 { LIMIT.checked_sub(kept).map(Self) } else { None }
    }

    /// The nearest that is written in `digits` hex digits (at least one), not counting those that say little: `f` at
    /// the start, or `0`. The specification advises 4.
    #[must_use]
    pub fn rounded(self, digits: u32) -> Self {
        // From bit 55 downwards.
        let aligned = self.0 << 8;
        let idle = aligned.leading_ones().max(aligned.leading_zeros().min(56)) / 4;
        let cut = 4 * DIGITS.saturating_sub(idle.saturating_add(digits.max(1)));
        // After the leading `f`s comes no `f`, so this carries into none of them, and never to 2^56.
        let half = if cut == 0 { 0 } else { 1 << (cut - 1) };
        Self((self.0 + half) >> cut << cut)
    }

    /// 1 to 14 lower-case hex digits; missing ones are zeros at the right.
    pub fn parse(text: &str) -> Option<Self> {
        let missing = DIGITS.checked_sub(text.len() as u32)?;
        Some(Self((hex(text)? as u64) << (4 * missing)))
    }

    /// Without zeros at the right.
    pub(crate) fn push(self, out: &mut String) {
        let zeros = (self.0.trailing_zeros() / 4).min(DIGITS - 1);
        push_hex(out, (self.0 >> (4 * zeros)).into(), DIGITS - zeros);
    }

    /// Is R ≥ T?
    pub fn keeps(self, randomness: Randomness) -> bool {
        randomness.0 >= self.0
    }

    /// The share that is kept, from 2^-56 to 1.
    pub fn probability(self) -> f64 {
        (LIMIT - self.0) as f64 / LIMIT as f64
    }

    /// How many traces a kept one stands for: 1 to 2^56.
    pub fn adjusted_count(self) -> f64 {
        LIMIT as f64 / (LIMIT - self.0) as f64
    }
}

impl Randomness {
    /// The right-most 56 bits of a trace id.
    pub fn of_trace(id: TraceId) -> Self {
        Self(id.0 as u64 & (LIMIT - 1))
    }

    /// The same for every trace of a session: 56 bits of a hash of its id. The hash is part of no interface and may
    /// change between releases.
    pub fn of_session(id: &str) -> Self {
        // FNV-1a, whose high bits hardly move for short ids, then the finalizer of MurmurHash3.
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Self((mixed ^ (mixed >> 33)) & (LIMIT - 1))
    }

    /// Exactly 14 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == DIGITS as usize { hex(text).map(|bits| Self(bits as u64)) } else { None }
    }

    pub(crate) fn push(self, out: &mut String) {
        push_hex(out, self.0.into(), DIGITS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(threshold: Threshold) -> String {
        let mut out = String::new();
        threshold.push(&mut out);
        out
    }

    #[test]
    fn from_probabilities() {
        let check = |probability, expected: Option<&str>| {
            let found = Threshold::from_probability(probability).map(written);
            assert_eq!(found.as_deref(), expected, "{probability}");
        };
        let least = 1.0 / LIMIT as f64;
        check(1.0, Some("0"));
        check(0.75, Some("4"));
        check(0.25, Some("c"));
        check(0.01, Some("fd70a3d70a3d71"));
        check(least, Some("ffffffffffffff"));
        check(least * 1.5, Some("fffffffffffffe"));
        check(least * 0.999, None);
        check(0.0, None);
        check(-1.0, None);
        check(1.000_001, None);
        check(f64::NAN, None);
    }

    #[test]
    fn rounded() {
        let check = |probability: f64, digits, expected: &str| {
            let found = written(Threshold::from_probability(probability).unwrap().rounded(digits));
            assert_eq!(found, expected, "{probability} {digits}");
        };
        check(0.01, 4, "fd70a");
        check(0.01, 100, "fd70a3d70a3d71");
        check(0.01, 0, "fd");
        check(0.99, 3, "028f");
        check(0.99, 4, "028f6");
        check(1.0, 1, "0");
        check(1.0 / LIMIT as f64, 1, "ffffffffffffff");
    }

    #[test]
    fn text() {
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(Threshold::parse(text).map(Threshold::adjusted_count), expected, "{text}");
        };
        check("0", Some(1.0));
        check("8000", Some(2.0));
        check("ffffffffffffff", Some(LIMIT as f64));
        for text in ["", "C", "g", "100000000000000"] {
            check(text, None);
        }
        assert_eq!(Randomness::parse("6e6d1a75832a2f"), Some(Randomness(0x6e_6d1a_7583_2a2f)));
        for text in ["", "6e6d1a75832a2", "6e6d1a75832a2f0", "6E6D1A75832A2F"] {
            assert_eq!(Randomness::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sessions_spread() {
        let threshold = Threshold::from_probability(0.25).unwrap();
        let kept =
            (0..10_000).filter(|at| threshold.keeps(Randomness::of_session(&format!("s{at}")))).count();
        assert!((2_300..2_700).contains(&kept), "{kept} of 10000 at 25 %");
    }

    proptest! {
        #[test]
        fn exact(threshold in 0..LIMIT, randomness in 0..LIMIT) {
            prop_assert_eq!(Threshold(threshold).keeps(Randomness(randomness)), randomness >= threshold);
            prop_assert!(Threshold(threshold).keeps(Randomness(threshold)));
            prop_assert!(threshold == 0 || !Threshold(threshold).keeps(Randomness(threshold - 1)));
            prop_assert_eq!(Threshold::parse(&written(Threshold(threshold))), Some(Threshold(threshold)));
            let mut out = String::new();
            Randomness(randomness).push(&mut out);
            prop_assert_eq!(Randomness::parse(&out), Some(Randomness(randomness)));
        }

        #[test]
        fn from_probability_is_exact(kept in 1..1_u64 << 53, shift in 0..4) {
            let kept = kept << shift;
            let threshold = Threshold::from_probability(kept as f64 / LIMIT as f64);
            prop_assert_eq!(threshold, Some(Threshold(LIMIT - kept)));
            prop_assert_eq!(threshold.map(Threshold::probability), Some(kept as f64 / LIMIT as f64));
        }

        #[test]
        fn higher_keeps_all_that_lower_keeps(a in 1e-9..=1.0_f64, b in 1e-9..=1.0_f64, digits in 1..15_u32, id: u128) {
            let (low, high) = (a.min(b), a.max(b));
            let [low, high] = [low, high].map(|it| Threshold::from_probability(it).unwrap());
            prop_assert!(high <= low && high.rounded(digits) <= low.rounded(digits));
            let randomness = Randomness::of_trace(TraceId(id));
            prop_assert!(high.keeps(randomness) || !low.keeps(randomness));
        }
    }
}
