// From wasm to a collector, and to who listens on this page. What is due and when it is tried again is wasm's to say
// (crates/rum); here is only how bytes leave a page, also one that goes away.

import { attempt, complain } from './context.js';
import { ANSWERED, BODY, EXIT, FLUSH, LEFT, MEMORY, METRICS, NEXT, give, instantiate, placed } from './pipeline.js';
import { definitions, droppedEarly, reset, setUpRecord, take, waiting } from './record.js';

// A millisecond or so at once.
const SLICE_BYTES = 1 << 17;
const TIMEOUT_MILLIS = 10_000;
// What the platform lets requests with `keepalive` hold together, less room for their headers.
const KEEPALIVE_BYTES = 60 * 1024;
const KEEPALIVE_REQUESTS = 9;
// Too little to be worth a request.
const LEAST_BYTES = 1024;
const OFFLINE_MILLIS = 5000;
// As crates/rum/src/metrics.rs.
const COUNTS = 'recorded exported rejected left droppedFull droppedUnsampled droppedWaiting droppedRefused droppedUnreachable droppedLarge malformed retries failures bytes';

// The page's own, before anybody stands in front of them; ours first of all. What is sent by this reference is not traced.
const { fetch, setTimeout, clearTimeout, performance } = globalThis;

const random = () => crypto.getRandomValues(new Uint32Array(1))[0];
const pause = () => new Promise((resolve) => setTimeout(resolve));
const offline = () => navigator.onLine === false;
const isOk = (status) => status >= 200 && status < 300;

/** `bytes` through a CompressionStream or a DecompressionStream: not on this thread. */
const recoded = async (bytes, Stream) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new Stream('gzip'))).arrayBuffer());

// Once a page, however often the tracer starts.
let instantiated;
let wasm;

/** Asks a `Pipeline` of src/web.rs. */
const ask = (it, what, ...args) => wasm.pipeline_call(it, what, ...args);
const call = (...args) => Number(ask(...args));
/** What it gives, until the next call. */
const got = (...args) => placed(wasm, ask(...args));

// By the page's own fetch: loading the tracer is not traced. Not streamed: so small a file, from a server that may not know
// its media type.
const fetched = async (url) => (await fetch(url)).arrayBuffer();

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

  function create(delay) {
    const { limits = {}, keep = {} } = options;
    const { errors, slowerThan } = keep;
    const numbers = [options.maxQueueSize ?? 2048, options.maxExportBatchSize ?? 512, delay, limits.attributes ?? 128, limits.events ?? 128, limits.links ?? 128, limits.valueLength ?? 0, errors !== false].map((it) => it >>> 0);
    numbers.push(slowerThan >= 0 && slowerThan < 1e12 ? Math.round(slowerThan * 1e6) + 1 : 0, Math.floor(origin), Math.round((origin % 1) * 1e6));
    return give(wasm, 'pipeline_new', setUpRecord(numbers, resource()), []);
  }

  /** Loads wasm. Spans wait as records until then. */
  async function load(url) {
    try {
      // Tried again where it failed, and only there.
      wasm = await (instantiated ??= fetched(url).then(instantiate).catch((error) => {
        instantiated = undefined;
        throw error;
      }));
      if (exporter.stopped) return;
      pipeline = create(options.scheduledDelayMillis ?? 5000);
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

  const push = (it, bytes, time) => bytes.length && give(wasm, 'pipeline_push', bytes, [it], time);

  function hand() {
    const texts = definitions();
    const records = take();
    const time = performance.now();
    if (!texts.length && !records.length) return 0;
    for (const it of aside ? [pipeline, aside] : [pipeline]) {
      push(it, texts, time);
      push(it, records, time);
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
    push(aside, definitions(true), 0);
  }

  function tell(time) {
    while (!call(aside, NEXT, time)) {
      while (!wasm.pipeline_encode(aside, SLICE_BYTES));
      const text = new TextDecoder().decode(got(aside, BODY));
      for (const listener of listeners) {
        try {
          listener(text);
        } catch (error) {
          // The page's own mistake, told as one, and no reason to stop.
          reportError(error);
        }
      }
      call(aside, ANSWERED, 200, NaN, 0, time, 0);
    }
  }

  function drain() {
    if (!pipeline) return;
    const records = hand();
    pump();
    exporter.onDrain(records, sending);
  }

  function pump() {
    if (sending) return sending;
    const wait = call(pipeline, NEXT, performance.now()) || (offline() ? OFFLINE_MILLIS : 0);
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
    while (!wasm.pipeline_encode(pipeline, SLICE_BYTES)) {
      await pause();
      if (!pipeline) return;
    }
    const answer = endpoint ? await post(got(pipeline, BODY), job) : [200, NaN, 0];
    // Shut down meanwhile.
    if (!pipeline) return;
    call(pipeline, ANSWERED, ...answer, performance.now(), random());
    exporter.onSent(isOk(answer[0]));
  }

  /** Sends JSON in the form that the collector takes. Status, `Retry-After` in milliseconds or NaN, rejected spans. */
  async function post(json, job = new AbortController()) {
    const zip = gzip !== false;
    // It may be needed again, and lies where wasm may move it.
    if (!gzip) json = json.slice();
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

  /** Everything decided so far leaves now. */
  async function flush() {
    await exporter.loading;
    if (!pipeline) return;
    do {
      hand();
      call(pipeline, FLUSH);
      await pump();
    } while (pipeline && !offline() && (sending || !call(pipeline, NEXT, performance.now())));
  }

  /** The page leaves, perhaps for good: what fits the budget goes now. The rest is stored, see leave.js. */
  function leave() {
    if (!pipeline || !endpoint) return;
    hand();
    // What is under way without keepalive, or not yet, would end with the page.
    const cut = !!job && !job.kept;
    if (cut) job.abort();
    // Where nobody has told, what needs no permission.
    const zip = exporter.zipped && (gzip ?? new URL(endpoint, document.baseURI).origin === location.origin);
    for (;;) {
      const room = KEEPALIVE_BYTES - keptAlive;
      if (room < LEAST_BYTES || requests >= KEEPALIVE_REQUESTS || offline()) break;
      const body = (zip ? exporter.zipped : exit)(room, cut);
      if (!body.length) break;
      request(body, zip, new AbortController()).then(([status]) => exporter.onTried(status, body, zip)).catch(complain);
    }
    exporter.onLeft(cut);
  }

  /** Gives away the oldest spans, in at most so many bytes. */
  function exit(budget, cut) {
    const body = got(pipeline, EXIT, budget, cut).slice();
    call(pipeline, LEFT, body.length);
    return body;
  }

  function stop() {
    exporter.stopped = true;
    clearTimeout(timer);
    leave();
    metrics();
    for (const it of [pipeline, aside]) if (it) wasm.__wbg_pipeline_free(it, 0);
    pipeline = aside = undefined;
    listeners.clear();
  }

  /** Counts of spans, requests and bytes since the start. */
  function metrics() {
    if (pipeline) counts = [...placed(wasm, ask(pipeline, METRICS), Float64Array)];
    const named = Object.fromEntries(COUNTS.split(' ').map((name, index) => [name, counts[index] ?? 0]));
    return { ...named, droppedEarly: droppedEarly(), memory: pipeline ? call(pipeline, MEMORY) : 0 };
  }

  // `zipped`: see leave.js, which is loaded later, as are those who listen to the four.
  const exporter = { onDrain() {}, onSent() {}, onTried() {}, onLeft() {}, zipped: undefined, endpoint, listeners, loading: undefined, stopped: false, listen, load, written, flush, leave, stop, metrics, post, recoded, fetched, message, wake, call: (...args) => call(pipeline, ...args), got: (...args) => got(pipeline, ...args) };
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
