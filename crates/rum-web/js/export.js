// From wasm to a collector, and to who listens on this page. What is due and when it is tried again is wasm's to say
// (crates/rum); here is only how bytes leave a page, also one that goes away.

import init, { Pipeline } from 'pipeline';

import { complain } from './context.js';
import { reset, resourceRecord, take, waiting } from './record.js';

const SLICE_BYTES = 1 << 19;
const TIMEOUT_MILLIS = 10_000;
// What the platform lets requests with `keepalive` hold together, less room for their headers.
const KEEPALIVE_BYTES = 60 * 1024;

// The page's own, before anybody stands in front of them; ours first of all. What is sent by this reference is not traced.
const { fetch, setTimeout, clearTimeout, performance } = globalThis;

export class Exporter {
  constructor(options, resource, origin) {
    this.options = options;
    this.resource = resource;
    this.origin = origin;
    this.listeners = new Set();
    this.pipeline = undefined;
    this.failed = undefined;
    this.sending = undefined;
    this.keptAlive = 0;
    this.timer = undefined;
    this.gzip = options.compression !== 'none';
  }

  /** Loads wasm. Spans wait as records until then. */
  async load(url) {
    try {
      // By the page's own fetch: loading the tracer is not traced.
      await init({ module_or_path: fetch(url) });
      const { options: o } = this;
      const limits = o.limits ?? {};
      const tail = o.keep ?? {};
      const pipeline = new Pipeline(
        o.maxQueueSize ?? 2048,
        o.maxExportBatchSize ?? 512,
        o.scheduledDelayMillis ?? 5000,
        limits.attributes ?? 128,
        limits.events ?? 128,
        limits.links ?? 128,
        limits.valueLength ?? 0,
        tail.errors !== false,
        tail.slowerThan ?? -1,
        Math.floor(this.origin),
        Math.round((this.origin % 1) * 1e6),
      );
      pipeline.set_resource(resourceRecord(this.resource));
      this.pipeline = pipeline;
      this.drain();
    } catch (error) {
      // No wasm (a strict policy, an old browser): headers are still sent, spans are not.
      this.failed = error;
      reset();
      complain(error);
    }
  }

  /** Called after every record: hands them over in bulk, and sees to what is due. */
  written() {
    if (!this.pipeline) return;
    if (waiting() > 32_768) this.drain();
    else this.wake(this.listeners.size ? 50 : 500);
  }

  wake(millis) {
    if (this.timer !== undefined && this.at <= performance.now() + millis) return;
    clearTimeout(this.timer);
    this.at = performance.now() + millis;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.drain();
    }, millis);
  }

  drain() {
    if (!this.pipeline) return;
    const records = take();
    if (records.length) this.pipeline.push(records, performance.now());
    this.pump();
  }

  pump() {
    if (this.sending) return this.sending;
    const wait = this.pipeline.next(performance.now(), random());
    if (wait > 0) this.wake(wait);
    else if (wait === 0) {
      this.sending = this.send().catch(complain).finally(() => {
        this.sending = undefined;
        this.drain();
      });
    }
    return this.sending;
  }

  async send() {
    while (!this.pipeline.encode(SLICE_BYTES)) await pause();
    const body = this.pipeline.body();
    if (this.listeners.size) {
      const text = new TextDecoder().decode(body);
      for (const listener of this.listeners) {
        try {
          listener(text);
        } catch (error) {
          // The page's own mistake, told as one, and no reason to stop.
          reportError(error);
        }
      }
    }
    const answer = this.options.endpoint ? await this.post(body) : { status: 200, retryAfter: -1, rejected: 0 };
    this.pipeline.answered(answer.status, answer.retryAfter, answer.rejected, performance.now(), random());
  }

  async post(json) {
    const body = this.gzip ? await compressed(json) : json;
    const keepalive = this.keptAlive + body.length <= KEEPALIVE_BYTES;
    if (keepalive) this.keptAlive += body.length;
    try {
      const response = await this.request(body, this.gzip, keepalive, AbortSignal.timeout(this.options.timeoutMillis ?? TIMEOUT_MILLIS));
      // Read to its end: an answer that is not keeps its bytes of the keepalive budget for ever.
      const text = await response.text();
      return { status: response.status, retryAfter: retryAfter(response), rejected: rejected(text) };
    } catch (error) {
      return { status: 0, retryAfter: -1, rejected: 0 };
    } finally {
      if (keepalive) this.keptAlive -= body.length;
    }
  }

  request(body, gzip, keepalive, signal) {
    const headers = { 'Content-Type': 'application/json', ...this.options.headers };
    if (gzip) headers['Content-Encoding'] = 'gzip';
    return fetch(this.options.endpoint, { method: 'POST', headers, body, keepalive, signal, credentials: this.options.credentials ?? 'same-origin' });
  }

  /** Everything decided so far leaves now. */
  async flush() {
    await this.loading;
    if (!this.pipeline) return;
    do {
      this.pipeline.push(take(), performance.now());
      this.pipeline.flush();
      await this.pump();
    } while (this.pipeline.next(performance.now(), random()) === 0);
  }

  /** The page leaves: what fits the budget goes now. */
  leave() {
    if (!this.pipeline || !this.options.endpoint) return;
    this.pipeline.push(take(), performance.now());
    for (;;) {
      const body = this.pipeline.exit(KEEPALIVE_BYTES - this.keptAlive, false);
      if (!body.length) break;
      this.keptAlive += body.length;
      this.request(body, true, true).then((response) => response.arrayBuffer()).catch(() => {}).finally(() => (this.keptAlive -= body.length));
    }
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leave();
    this.pipeline?.free();
    this.pipeline = undefined;
    this.listeners.clear();
  }
}

const random = () => crypto.getRandomValues(new Uint32Array(1))[0];

const pause = () => new Promise((resolve) => setTimeout(resolve));

async function compressed(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Milliseconds, or -1. Seconds or a date (RFC 9110, "Retry-After"). */
function retryAfter(response) {
  const value = response.headers.get('retry-after');
  if (!value) return -1;
  const seconds = Number(value);
  const millis = Number.isNaN(seconds) ? Date.parse(value) - Date.now() : seconds * 1000;
  return Number.isNaN(millis) ? -1 : Math.max(0, millis);
}

function rejected(text) {
  try {
    const { partialSuccess } = JSON.parse(text || '{}');
    if (partialSuccess?.errorMessage) console.warn(`flamefall: the collector says: ${partialSuccess.errorMessage}`);
    return Number(partialSuccess?.rejectedSpans ?? 0) || 0;
  } catch {
    return 0;
  }
}
