// From wasm to a collector, and to who listens on this page. What is due and when it is tried again is wasm's to say
// (crates/rum); here is only how bytes leave a page, also one that goes away.

import { attempt, complain } from './context.js';
import { createPipeline, instantiate } from './pipeline.js';
import { definitions, droppedEarly, reset, resourceRecord, take, waiting } from './record.js';

// A millisecond or so at once.
const SLICE_BYTES = 1 << 17;
const TIMEOUT_MILLIS = 10_000;
// What the platform lets requests with `keepalive` hold together, less room for their headers.
const KEEPALIVE_BYTES = 60 * 1024;
const KEEPALIVE_REQUESTS = 9;
// Too little to be worth a request.
const LEAST_BYTES = 1024;
// The same for `fetchLater`, which has a budget of its own, and how often it is written anew.
const SHADOW_BYTES = 64_000;
const SHADOW_MILLIS = 1000;
const OFFLINE_MILLIS = 5000;
// As crates/rum/src/metrics.rs.
const METRICS = 'recorded exported rejected left droppedFull droppedUnsampled droppedWaiting droppedRefused droppedUnreachable droppedLarge malformed retries failures bytes';

// The page's own, before anybody stands in front of them; ours first of all. What is sent by this reference is not traced.
const { fetch, fetchLater, setTimeout, clearTimeout, performance } = globalThis;

const random = () => crypto.getRandomValues(new Uint32Array(1))[0];
const pause = () => new Promise((resolve) => setTimeout(resolve));
const offline = () => navigator.onLine === false;
const isOk = (status) => status >= 200 && status < 300;

/** `bytes` through a CompressionStream or a DecompressionStream: not on this thread. */
const recoded = async (bytes, Stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new Stream('gzip'))).arrayBuffer());

// Once a page, however often the tracer starts.
let instantiated;

// By the page's own fetch: loading the tracer is not traced. Not streamed: so small a file, from a server that may not know
// its media type.
const fetched = async (url) => instantiate(await (await fetch(url)).arrayBuffer());

/** What one page sends. `resource()`: attributes. `origin`: `performance.timeOrigin`. */
export function createExporter(options, resource, origin) {
  const { endpoint, compression } = options;
  const listeners = new Set();
  // The same spans for who listens on this page: at once, and whatever a collector says of them.
  let aside;
  let pipeline;
  let counts = [];
  // What is done next, and when.
  let timer;
  let at;
  // Whether records are waited for no longer than that.
  let woken = false;
  // The one export that is under way, and the request it has come to.
  let sending;
  let job;
  // Bytes and number of requests that outlive the page.
  let keptAlive = 0;
  let requests = 0;
  // Whether the collector takes gzip. Unknown, until it has: its CORS may only allow for simple headers.
  let gzip = compression === 'none' || !globalThis.CompressionStream ? false : compression === 'gzip' || undefined;
  // A request that the browser makes if this page dies, and when it was last written.
  let shadow;
  let shadowed = -Infinity;
  let stale;

  function create(delay) {
    const { limits = {}, keep = {} } = options;
    const it = createPipeline(
      options.maxQueueSize ?? 2048,
      options.maxExportBatchSize ?? 512,
      delay,
      limits.attributes ?? 128,
      limits.events ?? 128,
      limits.links ?? 128,
      limits.valueLength ?? 0,
      keep.errors !== false,
      keep.slowerThan ?? -1,
      Math.floor(origin),
      Math.round((origin % 1) * 1e6),
    );
    it.setResource(resourceRecord(resource()));
    return it;
  }

  /** Loads wasm. Spans wait as records until then. */
  async function load(url) {
    try {
      // Tried again where it failed, and only there.
      await (instantiated ??= fetched(url).catch((error) => {
        instantiated = undefined;
        throw error;
      }));
      if (exporter.stopped) return;
      const it = create(options.scheduledDelayMillis ?? 5000);
      pipeline = it;
      if (listeners.size) aside = create(0);
      drain();
    } catch (error) {
      if (exporter.stopped) return;
      // No wasm (a strict policy, an old browser): headers are still sent, spans are not.
      reset();
      complain(error);
    }
  }

  /** Called after every record: hands them over in bulk, and sees to what is due. */
  function written() {
    if (!pipeline) return;
    if (waiting() > 32_768) drain();
    else if (!woken) {
      // Once for many: to ask for the time takes longer than all else here.
      woken = true;
      wake(listeners.size ? 50 : 500);
    }
  }

  function wake(millis) {
    const time = performance.now() + millis;
    if (timer !== undefined && at <= time) return;
    clearTimeout(timer);
    at = time;
    timer = setTimeout(() => {
      timer = undefined;
      woken = false;
      attempt(drain);
    }, millis);
  }

  function hand() {
    const texts = definitions();
    const records = take();
    const time = performance.now();
    if (!texts.length && !records.length) return 0;
    for (const it of [pipeline, aside]) {
      if (texts.length) it?.push(texts, time);
      it?.push(records, time);
    }
    if (aside) tell(time);
    return records.length;
  }

  /** Calls `listener` with OTLP JSON of what ends from now on. */
  function listen(listener) {
    listeners.add(listener);
    woken = false;
    if (!pipeline || aside) return;
    drain();
    aside = create(0);
    aside.push(definitions(true), 0);
  }

  function tell(time) {
    while (!aside.next(time)) {
      while (!aside.encode(SLICE_BYTES));
      const text = new TextDecoder().decode(aside.body());
      for (const listener of listeners) {
        try {
          listener(text);
        } catch (error) {
          // The page's own mistake, told as one, and no reason to stop.
          reportError(error);
        }
      }
      aside.answered(200, NaN, 0, time, 0);
    }
  }

  function drain() {
    if (!pipeline) return;
    if (hand()) stale = true;
    pump();
    if (!stale || sending || !fetchLater || !endpoint) return;
    const wait = shadowed + SHADOW_MILLIS - performance.now();
    if (wait > 0) wake(wait);
    else castShadow();
  }

  function pump() {
    if (sending) return sending;
    const wait = pipeline.next(performance.now()) || (offline() ? OFFLINE_MILLIS : 0);
    if (wait > 0) wake(wait);
    else if (!wait) {
      sending = send().catch(complain).finally(() => {
        sending = job = undefined;
        drain();
      });
    }
    return sending;
  }

  async function send() {
    job = new AbortController();
    while (!pipeline.encode(SLICE_BYTES)) {
      await pause();
      if (!pipeline) return;
    }
    const body = pipeline.body();
    const answer = endpoint ? await post(body, job) : [200, NaN, 0];
    // Shut down meanwhile.
    if (!pipeline) return;
    pipeline.answered(...answer, performance.now(), random());
    shadow?.abort();
    stale = true;
    if (isOk(answer[0])) exporter.store?.send().catch(complain);
  }

  /** Sends JSON in the form that the collector takes. Status, `Retry-After` in milliseconds or NaN, rejected spans. */
  async function post(json, job = new AbortController()) {
    const zip = gzip !== false;
    const unknown = zip && !gzip;
    const body = zip ? await recoded(json, CompressionStream) : json;
    let answer = await request(body, zip, job);
    if (unknown && isOk(answer[0])) gzip = true;
    // Who does not allow for gzip, or cannot read it, may take JSON; and somebody else may hold the budget of keepalive.
    else if (!job.signal.aborted && (unknown ? [0, 400, 415].includes(answer[0]) : !answer[0] && job.kept)) {
      answer = await request(unknown ? json : body, zip && !unknown, job, false);
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

  /** What is buffered last would go if the page crashed now. */
  function castShadow() {
    stale = false;
    shadow?.abort();
    shadowed = performance.now();
    const body = pipeline.shadow(SHADOW_BYTES);
    if (!body.length) return;
    shadow = new AbortController();
    try {
      fetchLater(endpoint, { ...message(body), signal: shadow.signal });
    } catch (error) {
      // More than the platform lets this page have.
      complain(error);
    }
  }

  /** Everything decided so far leaves now. */
  async function flush() {
    await exporter.loading;
    if (!pipeline) return;
    do {
      hand();
      pipeline.flush();
      await pump();
    } while (pipeline && !offline() && (sending || !pipeline.next(performance.now())));
  }

  /** The page leaves, perhaps for good: what fits the budget goes now, and the rest is stored. */
  function leave() {
    if (!pipeline || !endpoint) return;
    hand();
    shadow?.abort();
    stale = true;
    // Where nobody has told, what needs no permission.
    const zip = gzip ?? new URL(endpoint, document.baseURI).origin === location.origin;
    // What is under way without keepalive, or not yet, would end with the page.
    const cut = !!job && !job.kept;
    if (cut) job.abort();
    for (;;) {
      const room = KEEPALIVE_BYTES - keptAlive;
      if (room < LEAST_BYTES || requests >= KEEPALIVE_REQUESTS || offline()) break;
      const body = pipeline.exit(room, cut, zip);
      if (!body.length) break;
      request(body, zip, new AbortController()).then(([status]) => exporter.store?.tried(status, body, zip)).catch(complain);
    }
    for (let body; (body = exporter.store && pipeline.exit(KEEPALIVE_BYTES, cut, true))?.length; ) exporter.store.put(body);
  }

  function stop() {
    exporter.stopped = true;
    clearTimeout(timer);
    leave();
    metrics();
    aside?.free();
    aside = undefined;
    pipeline?.free();
    pipeline = undefined;
    listeners.clear();
  }

  /** Counts of spans, requests and bytes since the start. */
  function metrics() {
    if (pipeline) counts = [...pipeline.metrics()];
    const named = Object.fromEntries(METRICS.split(' ').map((name, index) => [name, counts[index] ?? 0]));
    return { ...named, droppedEarly: droppedEarly(), memory: pipeline?.memory() ?? 0 };
  }

  // `store`: see stored.js, which is loaded later.
  const exporter = { endpoint, listeners, loading: undefined, store: undefined, stopped: false, listen, load, written, flush, leave, stop, metrics, post, recoded };
  return exporter;
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
