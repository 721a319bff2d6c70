//! What JavaScript calls. Times are milliseconds of `performance.now()`.

use rum::{Answer, Millis, Next};
use wasm_bindgen::prelude::wasm_bindgen;

/// Spans of this page on their way to a receiver.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Pipeline {
    inner: rum::Pipeline,
}

#[wasm_bindgen]
impl Pipeline {
    /// As [`rum::Pipeline::set_up`].
    #[wasm_bindgen(constructor)]
    pub fn new(record: &[u8]) -> Self {
        Self { inner: rum::Pipeline::set_up(record) }
    }

    /// Messages of the record stream.
    pub fn push(&mut self, messages: &[u8], now_ms: f64) {
        self.inner.push(messages, millis(now_ms));
    }

    /// Below 0: nothing to do until something is pushed or answered. 0: [`Pipeline::encode`]. Above: ask again in so many ms.
    pub fn next(&mut self, now_ms: f64) -> f64 {
        match self.inner.next(millis(now_ms)) {
            Next::Idle => -1.0,
            Next::Encode => 0.0,
            Next::In(wait) => wait as f64,
        }
    }

    /// Writes about so many bytes more of the body. Is it complete?
    pub fn encode(&mut self, max_bytes: u32) -> bool {
        self.inner.encode(max_bytes as usize)
    }

    /// The complete body: OTLP JSON.
    pub fn body(&self) -> u64 {
        place(self.inner.body())
    }

    /// How the request ended: status (0: none), `Retry-After` in ms (below 0: none), `rejectedSpans`.
    pub fn answered(&mut self, status: u32, retry_after_ms: f64, rejected: u32, now_ms: f64, random: u32) {
        let retry_after = (retry_after_ms >= 0.0).then_some(retry_after_ms as u64);
        self.inner.answered(Answer { status, retry_after, rejected }, millis(now_ms), random);
    }

    /// What is buffered goes without waiting for more.
    pub fn flush(&mut self) {
        self.inner.flush();
    }

    /// The oldest spans, in at most `budget` bytes; empty when none are left.
    pub fn exit(&mut self, budget: u32, include_in_flight: bool) -> u64 {
        place(self.inner.exit(budget as usize, include_in_flight, Millis(0)))
    }

    /// Those are given away, in so many bytes.
    pub fn left(&mut self, bytes: u32) {
        self.inner.left(bytes as usize);
    }

    /// The newest spans, in at most `budget` bytes; they stay.
    pub fn shadow(&mut self, budget: u32) -> u64 {
        place(self.inner.shadow(budget as usize))
    }

    /// recorded, exported, rejected, left, then dropped: full, unsampled, waiting, refused, unreachable, large; then malformed
    /// pushes, retries, failures, bytes sent: doubles.
    pub fn metrics(&self) -> u64 {
        place(self.inner.metrics().all())
    }

    /// Bytes held.
    pub fn memory(&self) -> u32 {
        self.inner.memory() as u32
    }
}

/// Where something is until the next call, since whoever wants it copies it anyway: its address, and 2^32 times how many
/// there are.
fn place<T>(items: &[T]) -> u64 {
    items.as_ptr() as usize as u64 | (items.len() as u64) << 32
}

fn millis(time: f64) -> Millis {
    Millis(time as u64)
}
