//! What is kept when an interaction has ended: now it is known how it went.

use otel::TraceFlags;

use crate::Decision;

/// Errors and slow interactions are kept at any rate, the others by what the sampler decided at the start. It can only
/// keep what was recorded: give it a sampler in [`AlwaysRecord`](crate::AlwaysRecord).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TailPolicy {
    /// Keep what had an error?
    pub errors: bool,
    /// Keep what took longer than this, in nanoseconds. `None`: slowness is no reason.
    pub slower_than: Option<u64>,
}

/// An interaction that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// What the sampler said at the start.
    pub decision: Decision,
    /// The flags that requests carried; `None` if nothing was sent.
    pub sent: Option<TraceFlags>,
    /// From start to end, in nanoseconds.
    pub duration: u64,
    /// Did anything in it fail?
    pub is_error: bool,
}

/// Why a trace is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// The sampler chose it: it stands for others, as its threshold says.
    BySampler,
    /// It had an error. It stands for itself only.
    Error,
    /// It was slow. It stands for itself only.
    Slow,
}

impl Kept {
    /// As an attribute has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::BySampler => "sampler",
            Self::Error => "error",
            Self::Slow => "slow",
        }
    }
}

/// What is done with an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Forget it.
    Drop,
    /// Export it.
    Keep {
        /// The reason. Only [`Kept::BySampler`] may leave `ot=th` in the tracestate.
        why: Kept,
        /// Servers were told that it is not sampled, so their spans are probably missing: to be said on the span. The
        /// flag that was sent is not changed.
        against_sent_flag: bool,
    },
}

impl TailPolicy {
    /// Decides. What was sent as sampled is kept.
    pub fn decide(self, ended: Ended) -> Verdict {
        let was_sent_sampled = ended.sent.is_some_and(TraceFlags::is_sampled);
        let why = if ended.decision == Decision::Drop {
            return Verdict::Drop;
        } else if ended.decision == Decision::RecordAndSample || was_sent_sampled {
            Kept::BySampler
        } else if self.errors && ended.is_error {
            Kept::Error
        } else if self.slower_than.is_some_and(|limit| ended.duration > limit) {
            Kept::Slow
        } else {
            return Verdict::Drop;
        };
        let against_sent_flag = ended.sent.is_some() && !was_sent_sampled;
        Verdict::Keep { why, against_sent_flag }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: TailPolicy = TailPolicy { errors: true, slower_than: Some(1_000) };

    fn check(policy: TailPolicy, ended: Ended, expected: Option<(&str, bool)>) {
        let found = match policy.decide(ended) {
            Verdict::Drop => None,
            Verdict::Keep { why, against_sent_flag } => Some((why.name(), against_sent_flag)),
        };
        assert_eq!(found, expected, "{policy:?} {ended:?}");
    }

    #[test]
    fn at_the_end() {
        let fine = Ended { decision: Decision::RecordOnly, sent: None, duration: 1_000, is_error: false };
        let error = Ended { is_error: true, ..fine };
        let slow = Ended { duration: 1_001, ..fine };
        check(POLICY, fine, None);
        check(POLICY, error, Some(("error", false)));
        check(POLICY, slow, Some(("slow", false)));
        check(POLICY, Ended { duration: 1_001, ..error }, Some(("error", false)));
        check(TailPolicy::default(), error, None);
        check(TailPolicy::default(), slow, None);
        for ended in [fine, error, slow] {
            let told = |decision, sent| Ended { decision, sent: Some(sent), ..ended };
            let sampled = TraceFlags::SAMPLED;
            check(POLICY, Ended { decision: Decision::Drop, ..ended }, None);
            check(POLICY, Ended { decision: Decision::RecordAndSample, ..ended }, Some(("sampler", false)));
            check(POLICY, told(Decision::RecordAndSample, sampled), Some(("sampler", false)));
            check(POLICY, told(Decision::RecordOnly, sampled), Some(("sampler", false)));
        }
        let told = |ended| Ended { sent: Some(TraceFlags::RANDOM), ..ended };
        check(POLICY, told(fine), None);
        check(POLICY, told(error), Some(("error", true)));
        check(POLICY, told(slow), Some(("slow", true)));
    }
}
