//! All of it together: records in, bodies out.

use alloc::vec::Vec;

use crate::encode::{self, Writer};
use crate::gzip::gzip;
use crate::log::Log;
use crate::metrics::Metrics;
use crate::read::Reader;
use crate::record::{Facts, Intake, Limits};
use crate::schedule::{Backoff, Millis};
use crate::texts::Texts;
use crate::waiting::{TailPolicy, Waiting, mark};

/// Bytes that the queue, and what waits beside it, may take for each span that they may hold.
const BYTES_PER_SPAN: usize = 1024;

/// Tags of messages.
const DEFINE: u8 = 1;
const SPAN: u8 = 2;
const SETTLE: u8 = 3;

/// How spans are treated.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Spans that may wait to be sent; as many again may wait for the end of their interaction.
    pub queue: u32,
    /// Spans of a request, at most.
    pub batch: u32,
    /// Milliseconds for which a span may wait for others.
    pub delay: u64,
    /// What a span may hold.
    pub limits: Limits,
    /// What is kept although it was not sampled.
    pub tail: TailPolicy,
    /// Unix nanoseconds of the page's time origin, to which the times of all records are relative.
    pub origin: u64,
}

impl Default for Options {
    /// As OpenTelemetry's batch processor.
    fn default() -> Self {
        Self {
            queue: 2048,
            batch: 512,
            delay: 5_000,
            limits: Limits::default(),
            tail: TailPolicy::default(),
            origin: 0,
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until something is pushed or answered.
    Idle,
    /// Ask again in so many milliseconds.
    In(u64),
    /// Call [`Pipeline::encode`].
    Encode,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status; 0 where there was none.
    pub status: u32,
    /// `Retry-After`, in milliseconds.
    pub retry_after: Option<u64>,
    /// `partialSuccess.rejectedSpans`.
    pub rejected: u32,
}

/// The body that is being written, or on its way.
#[derive(Debug)]
struct Body {
    json: Vec<u8>,
    spans: u32,
    complete: bool,
}

/// Spans of a page on their way to a receiver. Bounded, whatever comes in and whatever does not get out.
#[derive(Debug)]
pub struct Pipeline {
    options: Options,
    /// What each body begins with.
    head: Vec<u8>,
    texts: Texts,
    /// A push was cut, so the page and this may no longer agree on the numbers of texts to come.
    cut: bool,
    /// One record.
    scratch: Vec<u8>,
    waiting: Waiting,
    queue: Log,
    /// When the oldest of the queue has waited long enough.
    due: Option<Millis>,
    /// Spans of the queue that are to go whether or not they are due.
    flush: u32,
    /// Taken from the queue to be sent.
    sending: Log,
    /// Spans of `sending` that go in one request.
    at_once: u32,
    body: Option<Body>,
    /// Bytes of the body as it was last taken.
    body_bytes: usize,
    backoff: Backoff,
    metrics: Metrics,
}

impl Pipeline {
    /// Nothing recorded yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            head: encode::head(&[]),
            texts: Texts::default(),
            cut: false,
            scratch: Vec::new(),
            waiting: Waiting::default(),
            queue: Log::default(),
            due: None,
            flush: 0,
            sending: Log::default(),
            at_once: 0,
            body: None,
            body_bytes: 0,
            backoff: Backoff::default(),
            metrics: Metrics::default(),
        }
    }

    /// Attributes of the resource, `count, key text, value …`, with inline texts. What is malformed is counted and changes
    /// nothing.
    pub fn set_resource(&mut self, attributes: &[u8]) {
        self.scratch.clear();
        let mut intake =
            Intake::new(Reader::new(attributes), &mut self.scratch, &self.options.limits, self.texts.len());
        if intake.resource().is_some() {
            self.head = encode::head(&self.scratch);
        } else {
            self.metrics.malformed += 1;
        }
    }

    /// Takes messages (see the crate's documentation). Where they stop making sense the rest is left and counted.
    pub fn push(&mut self, messages: &[u8], now: Millis) {
        let mut reader = Reader::new(messages);
        while !reader.rest().is_empty() {
            if self.message(&mut reader, now).is_none() {
                self.metrics.malformed += 1;
                self.cut = true;
                break;
            }
        }
    }

    fn message(&mut self, reader: &mut Reader<'_>, now: Millis) -> Option<()> {
        match reader.byte()? {
            DEFINE if !self.cut => {
                let length = reader.small()?;
                self.texts.define(reader.utf8(length)?, self.options.limits.value_length)
            }
            SPAN => {
                self.scratch.clear();
                let mut intake =
                    Intake::new(*reader, &mut self.scratch, &self.options.limits, self.texts.len());
                let facts = intake.span()?;
                *reader = intake.rest();
                self.metrics.recorded += 1;
                let record = core::mem::take(&mut self.scratch);
                self.sort(&facts, &record, now);
                self.scratch = record;
                Some(())
            }
            SETTLE => {
                let group = reader.small()?;
                self.end(group, now);
                Some(())
            }
            _ => None,
        }
    }

    /// To the queue, to the others of its group, or away.
    fn sort(&mut self, facts: &Facts, record: &[u8], now: Millis) {
        if facts.sampled {
            return self.enqueue(record, 0, now);
        }
        let why = if facts.group == 0 || !self.options.tail.keeps() {
            Some(0)
        } else {
            self.waiting.ended(facts.group)
        };
        match why {
            Some(0) => self.metrics.dropped_unsampled += 1,
            Some(why) => self.enqueue(record, mark(record, why), now),
            None => {
                self.waiting.add(facts, record, self.options.tail);
                while self.waiting.spans() > self.options.queue || self.waiting.held() > self.most_bytes() {
                    let Some(oldest) = self.waiting.oldest() else { break };
                    self.metrics.dropped_waiting += u64::from(self.waiting.end(oldest, true, |_, _| {}));
                }
            }
        }
    }

    fn most_bytes(&self) -> usize {
        self.options.queue as usize * BYTES_PER_SPAN
    }

    fn enqueue(&mut self, record: &[u8], bits: u8, now: Millis) {
        let spans = self.queue.spans() + self.sending.spans();
        let bytes = self.queue.held() + self.sending.held();
        if spans >= self.options.queue || bytes + record.len() > self.most_bytes() {
            self.metrics.dropped_full += 1;
            return;
        }
        self.queue.push(record, bits);
        self.due.get_or_insert(Millis(now.0 + self.options.delay));
    }

    fn end(&mut self, group: u32, now: Millis) {
        let mut waiting = core::mem::take(&mut self.waiting);
        let dropped = waiting.end(group, false, |record, bits| self.enqueue(record, bits, now));
        self.metrics.dropped_unsampled += u64::from(dropped);
        self.waiting = waiting;
    }

    /// What to do at `now`.
    pub fn next(&mut self, now: Millis) -> Next {
        if let Some(body) = &self.body {
            return if body.complete { Next::Idle } else { Next::Encode };
        }
        if self.sending.spans() == 0 && self.queue.spans() == 0 {
            return Next::Idle;
        }
        let mut wait = self.backoff.wait(now);
        if self.sending.spans() == 0 && self.queue.spans() < self.options.batch && self.flush == 0 {
            wait = wait.max(self.due.map_or(0, |due| due.0.saturating_sub(now.0)));
        }
        if wait > 0 {
            return Next::In(wait);
        }
        if self.sending.spans() == 0 {
            self.next_batch(now);
        }
        Next::Encode
    }

    fn next_batch(&mut self, now: Millis) {
        let count = self.queue.spans().min(self.options.batch.max(1));
        for record in self.queue.records().take(count as usize) {
            self.sending.push(record, 0);
        }
        self.queue.forget(count);
        self.flush = self.flush.saturating_sub(count);
        self.due = (self.queue.spans() > 0).then_some(Millis(now.0 + self.options.delay));
        self.at_once = count;
        self.backoff.next_batch();
    }

    /// Writes `bytes` more of the body, or a little more than that. Is it complete?
    pub fn encode(&mut self, bytes: usize) -> bool {
        if self.sending.spans() == 0 {
            return false;
        }
        let Body { json, mut spans, complete } =
            self.body.take().unwrap_or_else(|| Body { json: self.head.clone(), spans: 0, complete: false });
        let mut writer = Writer { out: json, texts: &self.texts, origin: self.options.origin };
        let end = writer.out.len().saturating_add(bytes);
        let mut left = self.sending.records().take(self.at_once as usize).skip(spans as usize);
        let mut ended = complete;
        while !ended && writer.out.len() < end {
            match left.next() {
                Some(record) => {
                    if spans > 0 {
                        writer.out.push(b',');
                    }
                    writer.span(record);
                    spans += 1;
                }
                None => {
                    writer.out.extend_from_slice(encode::TAIL.as_bytes());
                    ended = true;
                }
            }
        }
        self.body = Some(Body { json: writer.out, spans, complete: ended });
        ended
    }

    fn complete(&self) -> &[u8] {
        self.body.as_ref().filter(|body| body.complete).map_or(&[], |body| &body.json)
    }

    /// The complete body: OTLP JSON.
    pub fn body(&mut self) -> Vec<u8> {
        let json = self.complete().to_vec();
        self.body_bytes = json.len();
        json
    }

    /// The complete body, compressed.
    pub fn body_gzip(&mut self) -> Vec<u8> {
        let body = gzip(self.complete());
        self.body_bytes = body.len();
        body
    }

    /// Spans of the body so far.
    pub fn body_spans(&self) -> u32 {
        self.body.as_ref().map_or(0, |body| body.spans)
    }

    /// How the request with the complete body ended.
    pub fn answered(&mut self, answer: Answer, now: Millis, random: u32) {
        let Some(body) = self.body.take() else { return };
        // Those that were given away at the page's exit are not here any more.
        let spans = body.spans.min(self.sending.spans());
        self.metrics.bytes += core::mem::take(&mut self.body_bytes) as u64;
        let dropped = match answer.status {
            200..300 => {
                let rejected = answer.rejected.min(spans);
                self.metrics.rejected += u64::from(rejected);
                self.backoff.succeeded();
                self.sending.forget(spans);
                self.metrics.exported += u64::from(spans - rejected);
                return;
            }
            413 if spans > 1 => {
                self.at_once = spans / 2;
                self.backoff.next_batch();
                return;
            }
            413 => &mut self.metrics.dropped_large,
            0 | 429 | 502 | 503 | 504 => {
                self.metrics.failures += 1;
                if self.backoff.failed(answer.retry_after, now, random) {
                    self.metrics.retries += 1;
                    return;
                }
                &mut self.metrics.dropped_unreachable
            }
            _ => {
                self.metrics.failures += 1;
                self.backoff.refused(now, random);
                &mut self.metrics.dropped_refused
            }
        };
        *dropped += u64::from(spans);
        self.sending.forget(spans);
        self.backoff.next_batch();
    }

    /// What is buffered now is sent without waiting for more.
    pub fn flush(&mut self) {
        self.flush = self.queue.spans();
    }

    /// The page may be gone after this: all interactions end, and the oldest spans are given away as one gzip body of at most
    /// `budget` bytes. Empty when none are left. Oldest first, since their traces are complete, or were sent in part.
    ///
    /// `in_flight`: also those of a request that was not answered.
    pub fn exit(&mut self, budget: usize, in_flight: bool, now: Millis) -> Vec<u8> {
        while let Some(oldest) = self.waiting.oldest() {
            self.end(oldest, now);
        }
        let complete = self.body.as_ref().is_some_and(|body| body.complete);
        let of_sending = if in_flight || !complete { self.sending.spans() } else { 0 };
        let total = of_sending + self.queue.spans();
        let skipped = self.sending.spans() - of_sending;
        let (body, spans) = self.pack(skipped, total, budget, false);
        if of_sending > 0 && spans > 0 && !complete {
            self.body = None;
        }
        self.sending.forget(spans.min(of_sending));
        self.queue.forget(spans.saturating_sub(of_sending));
        self.metrics.left += u64::from(spans);
        self.metrics.bytes += body.len() as u64;
        body
    }

    /// The newest spans as one gzip body of at most `budget` bytes, which stay where they are: for a request that is only made
    /// if the page crashes.
    pub fn shadow(&self, budget: usize) -> Vec<u8> {
        self.pack(0, self.sending.spans() + self.queue.spans(), budget, true).0
    }

    /// A body of some of the `count` spans after the first `skip`, and how many they are.
    fn pack(&self, skip: u32, count: u32, budget: usize, newest: bool) -> (Vec<u8>, u32) {
        let mut some = count.min((budget / 100) as u32);
        while some > 0 {
            let skip = if newest { skip + count - some } else { skip };
            let records = self.sending.records().chain(self.queue.records()).skip(skip as usize);
            let mut writer =
                Writer { out: self.head.clone(), texts: &self.texts, origin: self.options.origin };
            for (index, record) in records.take(some as usize).enumerate() {
                if index > 0 {
                    writer.out.push(b',');
                }
                writer.span(record);
            }
            writer.out.extend_from_slice(encode::TAIL.as_bytes());
            let body = gzip(&writer.out);
            if body.len() <= budget {
                return (body, some);
            }
            some = (some - 1).min((u64::from(some) * budget as u64 / body.len() as u64) as u32);
        }
        (Vec::new(), 0)
    }

    /// What became of the spans.
    pub fn metrics(&self) -> Metrics {
        self.metrics
    }

    /// Bytes held for spans and texts.
    pub fn memory(&self) -> usize {
        self.queue.held()
            + self.sending.held()
            + self.waiting.held()
            + self.texts.held()
            + self.scratch.capacity()
            + self.head.capacity()
            + self.body.as_ref().map_or(0, |body| body.json.capacity())
    }
}
