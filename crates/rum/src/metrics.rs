//! What became of the spans: counters that only grow.

/// Counts since the start. Whatever was recorded is in exactly one of the others, or still buffered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Spans that came in.
    pub recorded: u64,
    /// Spans a receiver has taken.
    pub exported: u64,
    /// Spans a receiver has taken back in a partial success.
    pub rejected: u64,
    /// Spans given away when the page was left; nobody answers for them.
    pub left: u64,
    /// Spans dropped because the queue was full.
    pub dropped_full: u64,
    /// Spans dropped because neither their trace was sampled nor their interaction worth keeping.
    pub dropped_unsampled: u64,
    /// Spans of interactions that were dropped before their end, because too much was waiting.
    pub dropped_waiting: u64,
    /// Spans dropped because the receiver refused them for good.
    pub dropped_refused: u64,
    /// Spans dropped because they were not got through often enough.
    pub dropped_unreachable: u64,
    /// Spans dropped because they are too large to be sent alone.
    pub dropped_large: u64,
    /// Pushes that were cut where they stopped making sense. Not spans.
    pub malformed: u64,
    /// Requests sent again. Not spans.
    pub retries: u64,
    /// Requests that failed, for whatever reason. Not spans.
    pub failures: u64,
    /// Bytes of bodies, as they were sent.
    pub bytes: u64,
}

impl Metrics {
    /// All of them, in the order above.
    pub fn to_array(self) -> [u64; 14] {
        [
            self.recorded,
            self.exported,
            self.rejected,
            self.left,
            self.dropped_full,
            self.dropped_unsampled,
            self.dropped_waiting,
            self.dropped_refused,
            self.dropped_unreachable,
            self.dropped_large,
            self.malformed,
            self.retries,
            self.failures,
            self.bytes,
        ]
    }
}
