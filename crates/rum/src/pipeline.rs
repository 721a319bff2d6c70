//! All of it together: records in, bodies out.

use alloc::vec::Vec;

use crate::encode::{self, Writer};
use crate::json::Json;
use crate::log::Log;
use crate::metrics::{Count, Metrics};
use crate::read::Reader;
use crate::record::{Facts, Intake, Limits};
use crate::schedule::{Backoff, Millis};
use crate::texts::Texts;
use crate::waiting::{TailPolicy, Waiting, mark};

/// Bytes that the queue, and what waits beside it, may take for each span that they may hold.
const BYTES_PER_SPAN: usize = 1024;
/// However few they are, since memory is taken in pieces.
const LEAST_BYTES: usize = 256 << 10;

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

/// The body of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    None,
    /// Some of its spans are written.
    Begun,
    /// Not answered yet.
    Complete,
}

/// Spans of a page on their way to a receiver. Bounded, whatever comes in and whatever does not get out.
#[derive(Debug)]
pub struct Pipeline {
    options: Options,
    /// What each body begins with.
    head: Json,
    texts: Texts,
    /// A push was cut, so the page and this may no longer agree on the numbers of texts to come.
    cut: bool,
    /// One record.
    scratch: Vec<u8>,
    waiting: Waiting,
    queue: Log,
    /// When the oldest of the queue has waited long enough.
    due: Millis,
    /// Spans of the queue that are to go whether or not they are due.
    flush: u32,
    /// Taken from the queue to be sent.
    sending: Log,
    /// Spans of `sending` that go in one request.
    at_once: u32,
    body: Body,
    json: Json,
    /// Spans of `sending` that are in `json`.
    written: u32,
    /// The body that was last made for an exit.
    leaving: Json,
    /// Spans of `sending` and of `queue` that are in `leaving`.
    leave: (u32, u32),
    backoff: Backoff,
    metrics: Metrics,
}

impl Pipeline {
    /// Nothing recorded yet.
    pub fn new(options: Options) -> Self {
        let texts = Texts::default();
        Self {
            options,
            head: encode::head(&[], &texts),
            texts,
            cut: false,
            scratch: Vec::new(),
            waiting: Waiting::default(),
            queue: Log::default(),
            due: Millis(0),
            flush: 0,
            sending: Log::default(),
            at_once: 0,
            body: Body::None,
            json: Json::default(),
            written: 0,
            leaving: Json::default(),
            leave: (0, 0),
            backoff: Backoff::default(),
            metrics: Metrics::default(),
        }
    }

    /// What [`Pipeline::new`] and [`Pipeline::set_resource`] do, from one record: `queue`, `batch`, `delay`, and what a span
    /// may hold (attributes, events, links, characters of a text) as varints; 1 to keep errors; 0, or 1 more than the
    /// nanoseconds beyond which is kept what is slow; milliseconds and nanoseconds of the origin; the resource.
    pub fn set_up(record: &[u8]) -> Self {
        let mut reader = Reader::new(record);
        let queue = reader.small();
        let batch = reader.small();
        let delay = reader.varint();
        let limits = Limits {
            attributes: reader.small(),
            events: reader.small(),
            links: reader.small(),
            value_length: reader.small(),
            ..Limits::default()
        };
        let tail = TailPolicy { errors: reader.small() != 0, slower_than: reader.varint().checked_sub(1) };
        let origin = reader.varint().saturating_mul(1_000_000).saturating_add(reader.varint());
        let mut it = Self::new(Options { queue, batch, delay, limits, tail, origin });
        it.set_resource(reader.rest());
        it
    }

    /// Attributes of the resource, `count, key text, value …`. What is malformed is counted and changes nothing.
    pub fn set_resource(&mut self, attributes: &[u8]) {
        let mut checked = Vec::new();
        let mut intake =
            Intake::new(Reader::new(attributes), &mut checked, &self.options.limits, self.texts.len());
        intake.resource();
        if intake.reader.malformed() {
            self.metrics.add(Count::Malformed, 1);
        } else {
            self.head = encode::head(&checked, &self.texts);
        }
    }

    /// Takes messages (see the crate's documentation). Where they stop making sense the rest is left and counted.
    pub fn push(&mut self, messages: &[u8], now: Millis) {
        let mut reader = Reader::new(messages);
        while !reader.rest().is_empty() {
            self.message(&mut reader, now);
        }
        if reader.malformed() {
            self.metrics.add(Count::Malformed, 1);
            self.cut = true;
        }
    }

    fn message(&mut self, reader: &mut Reader<'_>, now: Millis) {
        match reader.byte() {
            DEFINE if !self.cut => {
                let text = reader.bytes();
                if !reader.malformed() {
                    let taken = self.texts.define(text, self.options.limits.value_length);
                    reader.fail_unless(taken);
                }
            }
            SPAN => {
                let mut record = core::mem::take(&mut self.scratch);
                record.clear();
                let mut intake = Intake::new(*reader, &mut record, &self.options.limits, self.texts.len());
                let facts = intake.span();
                *reader = intake.reader;
                if !reader.malformed() {
                    self.metrics.add(Count::Recorded, 1);
                    self.sort(&facts, &record, now);
                }
                self.scratch = record;
            }
            SETTLE => {
                let group = reader.small();
                self.end(group, now);
            }
            _ => reader.fail(),
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
            Some(0) => self.metrics.add(Count::DroppedUnsampled, 1),
            Some(why) => self.enqueue(record, mark(record, why), now),
            None => {
                self.waiting.add(facts, record, self.options.tail);
                while self.waiting.spans() > self.options.queue || self.waiting.bytes() > self.most_bytes() {
                    let Some(oldest) = self.waiting.oldest() else { break };
                    let dropped = self.waiting.end(oldest, true, &mut |_, _| {});
                    self.metrics.add(Count::DroppedWaiting, dropped);
                }
            }
        }
    }

    fn most_bytes(&self) -> usize {
        (self.options.queue as usize * BYTES_PER_SPAN).max(LEAST_BYTES)
    }

    fn enqueue(&mut self, record: &[u8], bits: u8, now: Millis) {
        let spans = self.queue.spans() + self.sending.spans();
        let bytes = self.queue.held() + self.sending.held();
        if spans >= self.options.queue || bytes + record.len() > self.most_bytes() {
            return self.metrics.add(Count::DroppedFull, 1);
        }
        if self.queue.spans() == 0 {
            self.due = Millis(now.0 + self.options.delay);
        }
        self.queue.push(record, bits);
    }

    fn end(&mut self, group: u32, now: Millis) {
        let mut waiting = core::mem::take(&mut self.waiting);
        let dropped = waiting.end(group, false, &mut |record, bits| self.enqueue(record, bits, now));
        self.metrics.add(Count::DroppedUnsampled, dropped);
        self.waiting = waiting;
    }

    /// What to do at `now`.
    pub fn next(&mut self, now: Millis) -> Next {
        match self.body {
            Body::Begun => return Next::Encode,
            Body::Complete => return Next::Idle,
            Body::None => {}
        }
        let mut until = self.backoff.until();
        if self.sending.spans() == 0 {
            if self.queue.spans() == 0 {
                return Next::Idle;
            }
            if self.queue.spans() < self.options.batch && self.flush == 0 {
                until = until.max(self.due);
            }
        }
        if until > now {
            return Next::In(until.0 - now.0);
        }
        if self.sending.spans() == 0 {
            self.at_once = self.queue.spans().min(self.options.batch.max(1));
            for record in self.queue.records().take(self.at_once as usize) {
                self.sending.push(record, 0);
            }
            self.queue.forget(self.at_once);
            self.flush = self.flush.saturating_sub(self.at_once);
            self.due = Millis(now.0 + self.options.delay);
            self.backoff.next_batch();
        }
        // Fewer where a body was too large and this is the last part.
        self.at_once = self.at_once.min(self.sending.spans());
        self.json.cut(0);
        self.json.bytes(self.head.text());
        self.written = 0;
        self.body = Body::Begun;
        Next::Encode
    }

    /// Writes `bytes` more of the body that [`Next::Encode`] asks for, or a little more than that. Is it complete?
    pub fn encode(&mut self, bytes: usize) -> bool {
        if self.body == Body::Begun {
            let mut json = core::mem::take(&mut self.json);
            let end = json.length().saturating_add(bytes.max(1));
            let left = self.at_once - self.written;
            let written = self.write(&mut json, self.written, left, end, usize::MAX);
            if written == left {
                json.close(encode::TAIL);
                self.body = Body::Complete;
            }
            self.written += written;
            self.json = json;
        }
        self.body == Body::Complete
    }

    /// Writes spans after the first `skip` of all that are buffered: `count` at most, none after `end` bytes, and of what would
    /// take more than `most` with the end of the body none. How many?
    fn write(&self, out: &mut Json, skip: u32, count: u32, end: usize, most: usize) -> u32 {
        let records = self.sending.records().chain(self.queue.records());
        let mut writer = Writer { out, texts: &self.texts, origin: self.options.origin };
        let mut written = 0;
        for record in records.skip(skip as usize).take(count as usize) {
            let before = writer.out.length();
            if before >= end {
                break;
            }
            writer.span(record);
            if writer.out.length() + encode::TAIL.len() > most {
                writer.out.cut(before);
                break;
            }
            written += 1;
        }
        written
    }

    /// The complete body: OTLP JSON.
    pub fn body(&self) -> &[u8] {
        self.json.text()
    }

    /// Spans of the body so far.
    pub fn body_spans(&self) -> u32 {
        self.written
    }

    /// How the request with the complete body ended.
    pub fn answered(&mut self, answer: Answer, now: Millis, random: u32) {
        if core::mem::replace(&mut self.body, Body::None) == Body::None {
            return;
        }
        // What comes next is as long, if anything comes.
        if self.queue.spans() < self.options.batch {
            self.json = Json::default();
        }
        // Those that were given away at the page's exit are not here any more.
        let spans = core::mem::take(&mut self.written).min(self.sending.spans());
        self.metrics.add(Count::Bytes, self.json.length());
        let mut refused = spans;
        let why = match answer.status {
            200..300 => {
                refused = answer.rejected.min(spans);
                self.metrics.add(Count::Exported, (spans - refused) as usize);
                self.backoff = Backoff::default();
                Count::Rejected
            }
            413 => {
                if spans > 1 {
                    self.at_once = spans / 2;
                    return;
                }
                Count::DroppedLarge
            }
            status => {
                self.metrics.add(Count::Failures, 1);
                let retriable = matches!(status, 0 | 429 | 502 | 503 | 504);
                if self.backoff.failed(retriable, answer.retry_after, now, random) {
                    self.metrics.add(Count::Retries, 1);
                    return;
                }
                if retriable { Count::DroppedUnreachable } else { Count::DroppedRefused }
            }
        };
        self.metrics.add(why, refused as usize);
        self.sending.forget(spans);
        self.backoff.next_batch();
    }

    /// What is buffered now is sent without waiting for more.
    pub fn flush(&mut self) {
        self.flush = self.queue.spans();
    }

    /// The page may be gone after this: all interactions end, and as many spans as take `budget` bytes come as one body, to be
    /// given away. Empty when none are left, or the next alone is too large. Oldest first: the rest of their traces was sent,
    /// or is in the same body. They are here until [`Pipeline::left`].
    ///
    /// `in_flight`: also those of a request that was not answered.
    pub fn exit(&mut self, budget: usize, in_flight: bool, now: Millis) -> &[u8] {
        while let Some(oldest) = self.waiting.oldest() {
            self.end(oldest, now);
        }
        let kept = if in_flight || self.body != Body::Complete { 0 } else { self.sending.spans() };
        let (body, spans) = self.pack(budget, kept, u32::MAX);
        let of_sending = spans.min(self.sending.spans() - kept);
        self.leave = (of_sending, spans - of_sending);
        self.leaving = body;
        self.leaving.text()
    }

    /// What [`Pipeline::exit`] gave has left, in so many bytes.
    pub fn left(&mut self, bytes: usize) {
        if self.body == Body::Begun {
            self.body = Body::None;
        }
        let (of_sending, of_queue) = core::mem::take(&mut self.leave);
        self.sending.forget(of_sending);
        self.queue.forget(of_queue);
        self.metrics.add(Count::Left, (of_sending + of_queue) as usize);
        self.metrics.add(Count::Bytes, bytes);
        self.leaving = Json::default();
    }

    /// The newest spans as one body of at most `budget` bytes, which stay where they are: for a request that is only made if
    /// the page crashes.
    pub fn shadow(&mut self, budget: usize) -> &[u8] {
        let all = self.sending.spans() + self.queue.spans();
        let mut count = all;
        loop {
            let (body, written) = self.pack(budget, all - count, count);
            if written == count {
                self.leaving = body;
                return self.leaving.text();
            }
            count = written;
        }
    }

    /// A body of `count` spans after the first `skip`, or of those before them that fit, and how many they are.
    fn pack(&self, budget: usize, skip: u32, count: u32) -> (Json, u32) {
        let mut json = Json::default();
        json.bytes(self.head.text());
        let written = self.write(&mut json, skip, count, usize::MAX, budget);
        json.close(encode::TAIL);
        if written == 0 {
            json.cut(0);
        }
        (json, written)
    }

    /// What became of the spans.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Bytes held for spans and texts.
    pub fn memory(&self) -> usize {
        self.queue.held()
            + self.sending.held()
            + self.waiting.bytes()
            + self.texts.held()
            + self.head.held()
            + self.json.held()
            + self.leaving.held()
    }
}
