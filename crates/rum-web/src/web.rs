//! What JavaScript calls. Times are milliseconds of `performance.now()`.

extern crate alloc;

use alloc::vec::Vec;

use lol_alloc::{FreeListAllocator, LockedAllocator};
use rum::{Answer, Form, Limits, Millis, Next, Options, TailPolicy};
use wasm_bindgen::prelude::wasm_bindgen;

#[global_allocator]
static ALLOCATOR: LockedAllocator<FreeListAllocator> = LockedAllocator::new(FreeListAllocator::new());

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Spans of this page on their way to a receiver.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Pipeline {
    inner: rum::Pipeline,
}

#[wasm_bindgen]
#[expect(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "an object would cost more code"
)]
impl Pipeline {
    /// `value_length` 0: any; `keep_slower_than_ms` infinite or negative: none. The page's time origin is `origin_ms` whole
    /// milliseconds and `origin_ns` nanoseconds after 1970.
    #[wasm_bindgen(constructor)]
    pub fn new(
        queue: u32,
        batch: u32,
        delay_ms: u32,
        attributes: u32,
        events: u32,
        links: u32,
        value_length: u32,
        keep_errors: bool,
        keep_slower_than_ms: f64,
        origin_ms: f64,
        origin_ns: u32,
    ) -> Self {
        let slower_than =
            (0.0..1e12).contains(&keep_slower_than_ms).then_some((keep_slower_than_ms * 1e6) as u64);
        let options = Options {
            queue,
            batch,
            delay: u64::from(delay_ms),
            limits: Limits { attributes, events, links, value_length, ..Limits::default() },
            tail: TailPolicy { errors: keep_errors, slower_than },
            origin: (origin_ms as u64).saturating_mul(1_000_000).saturating_add(u64::from(origin_ns)),
        };
        Self { inner: rum::Pipeline::new(options) }
    }

    /// `count, key text, value …`, texts inline.
    pub fn set_resource(&mut self, attributes: &[u8]) {
        self.inner.set_resource(attributes);
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
    pub fn body(&mut self) -> Vec<u8> {
        self.inner.body()
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

    /// Gives away the oldest spans, in at most `budget` bytes; empty when none are left.
    pub fn exit(&mut self, budget: u32, include_in_flight: bool, compress: bool) -> Vec<u8> {
        let form = if compress { Form::Gzip } else { Form::Json };
        self.inner.exit(budget as usize, include_in_flight, form, Millis(0))
    }

    /// The newest spans, in at most `budget` bytes; they stay.
    pub fn shadow(&self, budget: u32) -> Vec<u8> {
        self.inner.shadow(budget as usize)
    }

    /// recorded, exported, rejected, left, then dropped: full, unsampled, waiting, refused, unreachable, large; then malformed
    /// pushes, retries, failures, bytes sent.
    pub fn metrics(&self) -> Vec<f64> {
        self.inner.metrics().all().to_vec()
    }

    /// Bytes held.
    pub fn memory(&self) -> u32 {
        self.inner.memory() as u32
    }
}

fn millis(time: f64) -> Millis {
    Millis(time as u64)
}
