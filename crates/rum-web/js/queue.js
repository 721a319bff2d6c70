// Which finished spans are kept, what is sent of them and when, and what becomes of the rest. Times and chance come in:
// here is no clock, and no network. Bounded, whatever comes in and whatever does not get out.

import { attempt } from './core.js';
import { count, forget, put, reset as resetRecords, size } from './record.js';

const ERROR = 2;
// Bytes of records for each span that may wait; however few they are, this many.
const BYTES_PER_SPAN = 1024;
const LEAST_BYTES = 1 << 18;
// Groups whose end is remembered, for spans that come late.
const MAX_ENDED = 64;
// The first wait after a failure; each further one is half as long again. A batch that failed so often is given up: it may
// be the batch.
const FIRST_WAIT = 1000;
const MAX_ATTEMPTS = 8;
// After so many failures in a row, whatever was sent, one request is tried in each pause.
const MAX_FAILURES = 5;
const PAUSE = 60_000;
// More is not believed.
const MAX_RETRY_AFTER = 3_600_000;

/** Counts since the start. Every span that came in is in exactly one of the others of spans, or still here. */
export let counts;
let most;
let batch;
let delay;
let errors;
let slowerThan;

// Groups that were not sampled: those that have not ended, with their spans, and why their end would keep them; and of those
// that have, why they were kept.
let open;
let ended;
let undecided;

// The first of all spans are a batch, of which so many go in a request; those of the one that is under way.
let taken;
let atOnce;
let busy;
// When the oldest of the others has waited long enough; 0: whenever that would be.
let due;
// How many were told to those who listen on this page.
let told;
// Failures in a row, those of the batch, and when to try again.
let failures;
let attempts;
let until;

/** Begins anew; by default, with a queue that nothing enters. */
export function configure({ attributeFilter, keep, limits, maxExportBatchSize, maxQueueSize, scheduledDelayMillis } = { maxQueueSize: 0 }) {
  resetRecords(limits, attributeFilter);
  counts = { recorded: 0, exported: 0, rejected: 0, left: 0, droppedFull: 0, droppedUnsampled: 0, droppedWaiting: 0, droppedRefused: 0, droppedUnreachable: 0, droppedLarge: 0, retries: 0, failures: 0, bytes: 0 };
  most = maxQueueSize ?? 2048;
  batch = maxExportBatchSize >>> 0 || 512;
  delay = scheduledDelayMillis ?? 5000;
  errors = keep?.errors !== false;
  slowerThan = keep?.slowerThan ?? Infinity;
  open = new Map();
  ended = new Map();
  undecided = taken = atOnce = busy = told = failures = attempts = until = 0;
  due = undefined;
}

/** A span that has ended. What was not sampled waits until its interaction shows whether it is worth keeping. */
export function write(span) {
  const { group, root } = span;
  counts.recorded++;
  if (span.traceFlags & 1) return enqueue(span);
  const kept = group ? ended.get(group) : '';
  if (kept !== undefined) return decide(span, kept);
  const it = open.get(group) ?? { spans: [], why: '' };
  open.set(group, it);
  it.spans.push(span);
  // An error tells more than that it took long.
  if (errors && span.status === ERROR) it.why = 'error';
  else if (root && span.ended - span.start > slowerThan) it.why ||= 'slow';
  if (++undecided > most) settleGroup(open.keys().next().value, 'droppedWaiting');
}

/** The interaction of this span's group has ended: what was undecided is decided. Of those that are sampled nothing is. */
export function settle({ group, traceFlags }) {
  if (!(traceFlags & 1)) settleGroup(group);
}

/** All interactions end. */
export function settleAll() {
  for (const group of open.keys()) settleGroup(group);
}

function settleGroup(group, dropped) {
  const { spans, why } = open.get(group) ?? { spans: [], why: '' };
  open.delete(group);
  undecided -= spans.length;
  ended.set(group, dropped ? '' : why);
  if (ended.size > MAX_ENDED) ended.delete(ended.keys().next().value);
  for (const span of spans) decide(span, dropped ? '' : why, dropped);
}

function decide(span, why, dropped = 'droppedUnsampled') {
  if (!why) {
    counts[dropped]++;
    return;
  }
  if (span.root) span.attributes.unshift('flamefall.sampling.kept', why);
  enqueue(span);
}

function enqueue(span) {
  // Who listens on this page is told of more than can be sent.
  if (count() >= most * 2 || size() > Math.max(most * BYTES_PER_SPAN, LEAST_BYTES)) counts.droppedFull++;
  else if (!attempt(put, span)) counts.recorded--;
}

function remove(from, spans) {
  forget(from, spans);
  taken = Math.max(0, taken - spans);
  if (told > from) told = Math.max(from, told - spans);
}

/** Milliseconds until something is to be sent: 0: now; Infinity: not until something is written or answered. */
export function next(now) {
  if (busy) return Infinity;
  let time = until;
  if (!taken) {
    if (!count()) {
      due = undefined;
      return Infinity;
    }
    due ??= now + delay;
    if (count() < batch) time = Math.max(time, due);
  }
  return Math.max(0, time - now);
}

/** The oldest spans, so many, are sent now. */
export function take(now) {
  if (!taken) {
    taken = atOnce = Math.min(count(), batch);
    due &&= now + delay;
    attempts = 0;
  }
  // Fewer where a body was too large and this is the last part.
  return (busy = atOnce = Math.min(atOnce, taken));
}

/** What is here goes without waiting for more. */
export function flushAll() {
  due = 0;
}

/** Those that are being sent, and stay first of all until that is answered. */
export const sending = () => busy;

/** What is being sent is not, after all. */
export function release() {
  busy = 0;
}

/** Whether a status may be another one next time (OTLP/HTTP, "Retryable Response Codes"); 0: no response at all. */
export const isRetried = (status) => [0, 429, 502, 503, 504].includes(status);

/** How the request ended: its status, `Retry-After` in milliseconds or NaN, and how many spans were not taken. */
export function answered([status, retryAfter, rejected], bytes, now, random) {
  // Those that were given away at the page's exit are not here any more.
  if (!busy) return;
  const spans = busy;
  busy = 0;
  counts.bytes += bytes;
  let dropped = spans;
  let why = 'rejected';
  if (status >= 200 && status < 300) {
    dropped = Math.min(rejected, spans);
    counts.exported += spans - dropped;
    failures = until = 0;
  } else if (status === 413) {
    if (spans > 1) {
      atOnce = spans >> 1;
      return;
    }
    why = 'droppedLarge';
  } else {
    counts.failures++;
    failures++;
    attempts++;
    const retried = isRetried(status);
    const again = retried && attempts < MAX_ATTEMPTS;
    let wait = 0;
    if (failures >= MAX_FAILURES) wait = PAUSE;
    else if (again && !(retryAfter >= 0)) wait = FIRST_WAIT * 1.5 ** (attempts - 1);
    // A fifth more or less, so that pages that failed together do not come back together.
    until = now + Math.max(wait * (0.8 + 0.4 * random), Math.min(retryAfter || 0, MAX_RETRY_AFTER));
    if (again) {
      counts.retries++;
      return;
    }
    why = retried ? 'droppedUnreachable' : 'droppedRefused';
  }
  counts[why] += dropped;
  attempts = 0;
  remove(0, spans);
}

/** So many spans were given away at the page's exit. */
export function left(from, spans, bytes) {
  counts.left += spans;
  counts.bytes += bytes;
  remove(from, spans);
}

/** Spans that were not told yet: where they begin, and how many they are, no more than a batch. */
export const untold = () => [told, Math.min(count() - told, batch)];

/** Those are told, if somebody listens. What is more than can be sent has been here for that alone. */
export function tell(spans) {
  told += spans;
  const more = told - most;
  if (more > 0 && told === count()) {
    counts.droppedFull += more;
    remove(most, more);
  }
}
