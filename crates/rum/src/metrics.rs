//! What became of the spans: counters that only grow.

/// What is counted. Every span that came in is in exactly one of the others of spans, or still buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Spans that came in.
    Recorded,
    /// Spans a receiver has taken.
    Exported,
    /// Spans a receiver has refused in a partial success.
    Rejected,
    /// Spans given away when the page was left; nobody answers for them.
    Left,
    /// Spans dropped because the queue was full.
    DroppedFull,
    /// Spans dropped because neither their trace was sampled nor their interaction worth keeping.
    DroppedUnsampled,
    /// Spans of interactions that were dropped before their end, because too much was waiting.
    DroppedWaiting,
    /// Spans dropped because the receiver refused them for good.
    DroppedRefused,
    /// Spans dropped because they did not get through, often enough.
    DroppedUnreachable,
    /// Spans dropped because one alone is too large to be sent.
    DroppedLarge,
    /// Pushes that were cut where they stopped making sense.
    Malformed,
    /// Requests sent again.
    Retries,
    /// Requests that failed.
    Failures,
    /// Bytes of bodies, as they were taken to be sent.
    Bytes,
}

/// Counts since the start, by [`Count`]. Whole numbers, as JavaScript has them: converting them would cost more code than
/// all there is to do with them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Metrics([f64; 14]);

impl Metrics {
    /// One of them.
    pub fn get(&self, what: Count) -> u64 {
        self.0.get(what as usize).copied().unwrap_or(0.0) as u64
    }

    /// All, in the order of [`Count`].
    pub fn all(&self) -> &[f64] {
        &self.0
    }

    pub(crate) fn add(&mut self, what: Count, more: usize) {
        if let Some(count) = self.0.get_mut(what as usize) {
            *count += more as f64;
        }
    }
}
