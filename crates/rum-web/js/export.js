// From records to a collector, and to who listens on this page. What is due and when it is tried again is queue.js's to say;
// here is only how bytes leave a page, also one that goes away.

import { attempt, clearTimeout, clock, complain, fetch, randomHex, setTimeout, tracer } from './core.js';
import { answered, configure, counts, flushAll, isRetried, left, next, release, sending, settle, settleAll, take, tell, untold, write } from './queue.js';
import { HEAD, TAIL, count, describe, size, stream } from './record.js';

// Spans that are written at once: half a millisecond.
const SLICE = 256;
// Spans of one body at the exit.
const MOST_AT_EXIT = 512;
// Spans that wait to be recorded.
const MOST_WAITING = 128;
const TIMEOUT_MILLIS = 10_000;
// What the platform lets requests with `keepalive` hold together, less room for their headers.
const KEEPALIVE_BYTES = 60 * 1024;
const KEEPALIVE_REQUESTS = 9;
// Too little to be worth a request.
const LEAST_BYTES = 1024;
const OFFLINE_MILLIS = 5000;

const offline = () => navigator.onLine === false;
const isOk = (status) => status >= 200 && status < 300;

/** Pieces as one, through a CompressionStream or a DecompressionStream if there is one: not on this thread. */
export async function joined(pieces, Stream) {
  const stream = new Blob(pieces).stream();
  return new Uint8Array(await new Response(Stream ? stream.pipeThrough(new Stream('gzip')) : stream).arrayBuffer());
}

// What src/web.rs exports. Once a page, however often the tracer starts.
let wasm;
// Unix nanoseconds of `clock()` 0. Browsers tell microseconds at best.
let origin;

/** What is at a place, until wasm is called: an address, and 2^32 times how many bytes there are. */
const placed = (place) => new Uint8Array(wasm.memory.buffer, Number(place & 0xffffffffn), Number(place >> 32n));

/** OTLP JSON of so many spans, until the next call; `first`, `last`: of a body. */
function json(from, spans, first = true, last = true) {
  const [texts, records] = stream(from, spans);
  const { length } = texts;
  const size = length + records.length + 2;
  const at = wasm.input(size);
  const input = new Uint8Array(wasm.memory.buffer, at, size);
  input.set(texts);
  input[length] = first ? HEAD : 0;
  input.set(records, length + 1);
  input[size - 1] = last ? TAIL : 0;
  return placed(wasm.write(length, origin));
}

/** Of this page, however often the tracer starts. */
export let pageId;

function resource({ serviceName, serviceVersion, environment, resourceAttributes }) {
  const { language, userAgent, userAgentData } = navigator;
  return {
    'service.name': serviceName ?? 'unknown_service',
    'service.version': serviceVersion,
    'deployment.environment.name': environment,
    'telemetry.sdk.name': 'flamefall-rum',
    'telemetry.sdk.language': 'webjs',
    'browser.brands': userAgentData?.brands.map(({ brand, version }) => `${brand} ${version}`),
    'browser.platform': userAgentData?.platform,
    'browser.mobile': userAgentData?.mobile,
    'browser.language': language,
    'user_agent.original': userAgent,
    'flamefall.page.id': (pageId ??= randomHex(8)),
    ...resourceAttributes,
  };
}

/** Makes the tracer's outbox what sends it, by wasm from a response that is on its way. */
export async function completeExporter(response) {
  const { exporter, options } = tracer;
  const { endpoint, compression } = options;
  const { listeners } = exporter;
  // What is done next, and when.
  let timer;
  let at = Infinity;
  // Whether spans are waited for no longer than that, and whether there are new ones.
  let woken = false;
  let fresh = true;
  // The one export that is under way, and the request it has come to.
  let exporting;
  let job;
  // Bytes and number of requests that outlive the page.
  let keptAlive = 0;
  let requests = 0;
  // Whether the collector takes gzip. Unknown, until it has: its CORS may only allow for simple headers.
  let gzip = compression === 'none' || !globalThis.CompressionStream ? false : compression === 'gzip' || undefined;
  origin = BigInt(Math.round(performance.timeOrigin * 1000)) * 1000n;
  configure(options);
  const mine = counts;

  const works = () => wasm && !exporter.stopped;

  /** A span has ended, and so many wait. */
  function added(spans) {
    if (spans >= MOST_WAITING) takeAll();
    if (woken || !wasm) return;
    // Once for many: to ask for the time takes longer than all else here.
    woken = true;
    wake(listeners.size ? 50 : 500);
  }

  function takeAll() {
    for (const span of exporter.waiting.splice(0)) {
      write(span);
      // The interaction is over, too.
      if (span.root) settle(span);
      fresh = true;
    }
  }

  function wake(millis) {
    const time = clock() + millis;
    if (at <= time) return;
    clearTimeout(timer);
    at = time;
    timer = setTimeout(() => {
      at = Infinity;
      woken = false;
      attempt(drain);
    }, millis);
  }

  /** Calls those who listen with OTLP JSON of what has ended since. */
  function tellAll() {
    takeAll();
    if (!works()) return;
    // Who comes to listen waits for less.
    woken = false;
    for (let [from, spans] = untold(); spans; [from, spans] = untold()) {
      const text = listeners.size && new TextDecoder().decode(json(from, spans));
      tell(spans);
      for (const listener of listeners) {
        try {
          listener(text);
        } catch (error) {
          // The page's own mistake, told as one, and no reason to stop.
          reportError(error);
        }
      }
    }
  }

  function drain() {
    if (!works()) return;
    tellAll();
    pump();
    exporter.shadow?.drained(fresh, exporting);
    fresh = false;
  }

  const wait = () => next(clock()) || (offline() ? OFFLINE_MILLIS : 0);

  function pump() {
    if (exporting) return exporting;
    const millis = wait();
    if (!millis) {
      exporting = send().catch(complain).finally(() => {
        exporting = job = undefined;
        drain();
      });
    } else wake(millis);
    return exporting;
  }

  async function send() {
    const { signal } = (job = new AbortController());
    const spans = take(clock());
    const pieces = [];
    let bytes = 0;
    // For nobody nothing is written.
    for (let from = 0; endpoint && from < spans; from += SLICE) {
      if (from) await new Promise((resolve) => setTimeout(resolve));
      if (signal.aborted) return;
      const end = from + SLICE >= spans;
      const piece = json(from, end ? spans - from : SLICE, !from, end).slice();
      bytes += piece.length;
      pieces.push(piece);
    }
    const answer = endpoint ? await post(pieces, job) : [200, NaN, 0];
    // Shut down meanwhile.
    if (exporter.stopped) return;
    answered(answer, bytes, clock(), Math.random());
    exporter.shadow?.gone();
    if (isOk(answer[0])) exporter.store?.send();
  }

  /** Sends JSON in the form that the collector takes. Status, `Retry-After` in milliseconds or NaN, rejected spans. */
  async function post(json, job = new AbortController()) {
    const zip = gzip !== false;
    const unknown = zip && !gzip;
    const body = await joined(json, zip && CompressionStream);
    let answer = await request(body, zip, job);
    if (unknown && isOk(answer[0])) gzip = true;
    // Who does not allow for gzip, or cannot read it, may take JSON; and somebody else may hold the budget of keepalive.
    else if (!job.signal.aborted && (unknown ? [0, 400, 415].includes(answer[0]) : !answer[0] && job.kept)) {
      answer = await request(unknown ? await joined(json) : body, zip && !unknown, job, false);
      if (unknown && isOk(answer[0])) gzip = false;
    }
    return answer;
  }

  /** As `post` answers; status 0 where no answer came. */
  async function request(body, zip, job, mayOutlive = true) {
    const { length } = body;
    const keepalive = (job.kept = mayOutlive && requests < KEEPALIVE_REQUESTS && keptAlive + length <= KEEPALIVE_BYTES);
    if (keepalive) {
      keptAlive += length;
      requests++;
    }
    const timer = setTimeout(() => job.abort(), options.timeoutMillis ?? TIMEOUT_MILLIS);
    try {
      const response = await fetch(endpoint, { ...message(body, zip), keepalive, signal: job.signal });
      // Read to its end: an answer that is not keeps its bytes of the keepalive budget for ever.
      const text = await response.text().catch(() => '');
      const { status, headers } = response;
      if (!isOk(status)) complain(`the collector answers ${status} ${text.slice(0, 200)}`);
      // RFC 9110, "Retry-After": seconds, or a date.
      const after = headers.get('retry-after');
      return [status, Math.max(0, after * 1000 || Date.parse(after) - Date.now()), rejected(text)];
    } catch {
      return [0, NaN, 0];
    } finally {
      clearTimeout(timer);
      if (keepalive) {
        keptAlive -= length;
        requests--;
      }
    }
  }

  const message = (body, zip) => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...options.headers, ...(zip && { 'Content-Encoding': 'gzip' }) },
    body,
    credentials: options.credentials ?? 'same-origin',
  });

  /** Everything decided so far leaves now. */
  async function flush() {
    if (!works()) return;
    do {
      tellAll();
      flushAll();
      await pump();
    } while (works() && (exporting || !wait()));
  }

  /** The page leaves, perhaps for good: what fits the budget goes now. The rest is stored, see stored.js. */
  function leave() {
    takeAll();
    if (!works() || !endpoint) return;
    settleAll();
    tellAll();
    // What is under way without keepalive, or not yet, would end with the page.
    if (job && !job.kept) {
      job.abort();
      release();
    }
    // Where nobody has told, what needs no permission.
    const zip = gzip ?? new URL(endpoint, document.baseURI).origin === location.origin;
    for (;;) {
      const room = KEEPALIVE_BYTES - keptAlive;
      if (room < LEAST_BYTES || requests >= KEEPALIVE_REQUESTS || offline()) break;
      const body = exit(room, zip);
      if (!body) break;
      request(body, zip, new AbortController()).then(([status]) => isRetried(status) && exporter.store?.tried(body, zip)).catch(complain);
    }
    exporter.shadow?.gone();
    if (exporter.store) attempt(exporter.store.left);
  }

  /** The oldest spans that are not being sent, in at most so many bytes, which are given away; or the newest, which stay. */
  function exit(budget, zip, newest) {
    const from = sending();
    for (let spans = Math.min(count() - from, MOST_AT_EXIT); spans > 0; ) {
      const text = json(newest ? count() - spans : from, spans);
      const body = zip ? placed(wasm.gzip()) : text;
      const { length } = body;
      if (length <= budget) {
        const copy = body.slice();
        if (!newest) left(from, spans, length);
        return copy;
      }
      // As many as would fit if all were alike.
      spans = Math.min(spans - 1, Math.floor((spans * budget) / length));
    }
  }

  function stop() {
    clearTimeout(timer);
    listeners.clear();
    configure();
  }

  /** Counts of spans, requests and bytes since the start. */
  const metrics = () => {
    if (!exporter.stopped) takeAll();
    return { ...mine, memory: size() + (wasm?.memory.buffer.byteLength ?? 0) };
  };

  Object.assign(exporter, { added, tellAll, flush, leave, stop, metrics, post, message, wake, exit });
  takeAll();
  // Spans wait as records until wasm is there. Not streamed: so small a file, from a server that may not know its media type.
  wasm ??= (await WebAssembly.instantiate(await (await response).arrayBuffer())).instance.exports;
  if (exporter.stopped) return;
  describe(resource(options));
  drain();
}

/** How many spans a collector did not take. What it says about that is told. */
function rejected(text) {
  try {
    const { rejectedSpans, errorMessage } = JSON.parse(text).partialSuccess;
    if (errorMessage) complain(`the collector says: ${errorMessage}`);
    return Number(rejectedSpans) || 0;
  } catch {
    return 0;
  }
}
