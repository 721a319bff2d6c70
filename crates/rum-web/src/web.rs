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

    /// Writes about so many bytes more of the body. Is it complete?
    pub fn encode(&mut self, max_bytes: u32) -> bool {
        self.inner.encode(max_bytes as usize)
    }

    /// All others in one, since each would weigh as much; by number, as `pipeline.js` has them.
    ///
    /// - 0, body: the place of the complete body, OTLP JSON.
    /// - 1, next (now): below 0: nothing to do until something is pushed or answered. 0: [`Pipeline::encode`]. Above: ask
    ///   again in so many ms.
    /// - 2, answered (status (0: none), `Retry-After` in ms (NaN or below 0: none), `rejectedSpans`, now, random): how the
    ///   request ended.
    /// - 3, flush: what is buffered goes without waiting for more.
    /// - 4, exit (budget in bytes, 1 to include what is in flight): the place of the oldest spans; empty when none are left.
    /// - 5, left (bytes): those are given away, in so many bytes.
    /// - 6, shadow (budget in bytes): the place of the newest spans; they stay.
    /// - 7, metrics: the place of these as doubles: recorded, exported, rejected, left, then dropped: full, unsampled,
    ///   waiting, refused, unreachable, large; then malformed pushes, retries, failures, bytes sent.
    /// - Else, memory: bytes held.
    pub fn call(&mut self, what: u32, one: f64, two: f64, three: f64, four: f64, five: f64) -> i64 {
        let it = &mut self.inner;
        match what {
            0 => return place(it.body()),
            1 => {
                return match it.next(millis(one)) {
                    Next::Idle => -1,
                    Next::Encode => 0,
                    Next::In(wait) => wait as i64,
                };
            }
            2 => {
                let retry_after = (two >= 0.0).then_some(two as u64);
                it.answered(
                    Answer { status: one as u32, retry_after, rejected: three as u32 },
                    millis(four),
                    five as u32,
                );
            }
            3 => it.flush(),
            4 => return place(it.exit(one as usize, two > 0.0, Millis(0))),
            5 => it.left(one as usize),
            6 => return place(it.shadow(one as usize)),
            7 => return place(it.metrics().all()),
            _ => return it.memory() as i64,
        }
        0
    }
}

/// Where something is until the next call, since whoever wants it copies it anyway: its address, and 2^32 times how many
/// there are.
fn place<T>(items: &[T]) -> i64 {
    items.as_ptr() as usize as i64 | (items.len() as i64) << 32
}

fn millis(time: f64) -> Millis {
    Millis(time as u64)
}
