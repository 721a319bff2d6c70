//! When to send: what has failed is tried again, later each time, and rarely once nothing gets through.

/// Milliseconds of any clock that does not go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// The first wait after a failure; each further one is half as long again.
const FIRST_WAIT: u64 = 1_000;
const LONGEST_WAIT: u64 = 30_000;
/// After so many failures in a row, whatever was sent, one request is tried in each [`PAUSE`].
const FAILURES: u32 = 5;
const PAUSE: u64 = 60_000;
/// A longer `Retry-After` is not believed.
const LONGEST_RETRY_AFTER: u64 = 3_600_000;
/// A batch that failed so often is given up: it may be the batch.
pub(crate) const ATTEMPTS: u32 = 8;

/// Waits after failures.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    /// In a row.
    failures: u32,
    /// Of this batch.
    attempts: u32,
    until: Millis,
}

impl Backoff {
    /// Milliseconds that must still pass.
    pub(crate) fn wait(&self, now: Millis) -> u64 {
        self.until.0.saturating_sub(now.0)
    }

    /// Another batch is tried.
    pub(crate) fn next_batch(&mut self) {
        self.attempts = 0;
    }

    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The batch was refused and is not sent again.
    pub(crate) fn refused(&mut self, now: Millis, random: u32) {
        self.failures += 1;
        if self.failures >= FAILURES {
            self.until = Millis(now.0 + jitter(PAUSE, random));
        }
    }

    /// `retry_after`: what the answer asked for, in milliseconds. Is the batch to be sent again?
    pub(crate) fn failed(&mut self, retry_after: Option<u64>, now: Millis, random: u32) -> bool {
        self.failures += 1;
        self.attempts += 1;
        let mut wait = FIRST_WAIT;
        for _ in 1..self.attempts {
            wait = (wait + wait / 2).min(LONGEST_WAIT);
        }
        wait = jitter(if self.failures >= FAILURES { PAUSE } else { wait }, random);
        if let Some(asked) = retry_after {
            let asked = asked.min(LONGEST_RETRY_AFTER);
            wait = if self.failures >= FAILURES { wait.max(asked) } else { asked };
        }
        self.until = Millis(now.0 + wait);
        self.attempts < ATTEMPTS
    }
}

/// A fifth more or less, so that pages that failed together do not come back together.
fn jitter(wait: u64, random: u32) -> u64 {
    wait * 4 / 5 + ((wait * 2 / 5 * u64::from(random)) >> 32)
}
