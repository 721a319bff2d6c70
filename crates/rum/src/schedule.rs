//! When to send: what has failed is tried again, later each time, and rarely once nothing gets through.

/// Milliseconds of any clock that does not go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

/// The first wait after a failure; each further one is half as long again.
const FIRST_WAIT: u64 = 1_000;
/// After so many failures in a row, whatever was sent, one request is tried in each [`PAUSE`].
const FAILURES: u32 = 5;
const PAUSE: u64 = 60_000;
/// A longer `Retry-After` is not believed.
const LONGEST_RETRY_AFTER: u64 = 3_600_000;
/// A batch that failed so often is given up: it may be the batch.
const ATTEMPTS: u32 = 8;

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
    /// Nothing is sent before.
    pub(crate) fn until(&self) -> Millis {
        self.until
    }

    /// Another batch is tried.
    pub(crate) fn next_batch(&mut self) {
        self.attempts = 0;
    }

    /// `retry_after`: what the answer asked for, in milliseconds. Is the batch to be sent again?
    pub(crate) fn failed(
        &mut self,
        retriable: bool,
        retry_after: Option<u64>,
        now: Millis,
        random: u32,
    ) -> bool {
        self.failures += 1;
        self.attempts += 1;
        let again = retriable && self.attempts < ATTEMPTS;
        let mut wait = 0;
        if self.failures >= FAILURES {
            wait = jitter(PAUSE, random);
        } else if again {
            wait = FIRST_WAIT;
            for _ in 1..self.attempts {
                wait += wait / 2;
            }
            wait = jitter(wait, random);
            if retry_after.is_some() {
                wait = 0;
            }
        }
        self.until = Millis(now.0 + wait.max(retry_after.unwrap_or(0).min(LONGEST_RETRY_AFTER)));
        again
    }
}

/// A fifth more or less, so that pages that failed together do not come back together.
fn jitter(wait: u64, random: u32) -> u64 {
    wait * 4 / 5 + ((wait * 2 / 5 * u64::from(random)) >> 32)
}
