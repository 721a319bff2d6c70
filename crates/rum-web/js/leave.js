// What a page that goes away leaves: compressed, so that more of it fits; and for a page that crashes, a request that the
// browser makes then. What is compressed is not stored by itself: see stored.js.

import { EXIT, LEFT, SHADOW } from './pipeline.js';

// Of `fetchLater`, which has a budget of its own, and how often it is written anew.
const SHADOW_BYTES = 64_000;
const SHADOW_MILLIS = 1000;
// What bytes of JSON become one.
const RATIO = 12;

/** Compresses what leaves with the page. By wasm: a page that goes away waits for no stream. */
export async function compression({ give, tracer: { exporter } }) {
  const file = await exporter.fetched(new URL('./flamefall-rum-page.wasm', import.meta.url));
  const module = await WebAssembly.compile(file);

  function gzip(bytes) {
    // An instance each time: it frees nothing, and has nothing to import.
    const { exports } = new WebAssembly.Instance(module);
    const place = give(exports, 'gzip', bytes, []);
    return new Uint8Array(exports.memory.buffer, ...place);
  }

  /** Gives away the oldest spans, in at most so many bytes. */
  exporter.zipped = (budget, cut) => {
    for (let most = budget * RATIO; ; ) {
      const json = exporter.got(EXIT, most, cut);
      if (!json.length) return json;
      const body = gzip(json);
      if (body.length <= budget) {
        exporter.call(LEFT, body.length);
        return body;
      }
      // As much as would fit if all were alike.
      most = Math.floor(((json.length * budget) / body.length) * 0.98);
    }
  };
}

/** What was buffered last goes if the page crashes. */
export function shadows({ also, complain, tracer: { exporter } }) {
  const { fetchLater } = window;
  let shadow;
  let shadowed = -Infinity;
  let stale = true;

  const gone = () => {
    shadow?.abort();
    stale = true;
  };
  also('onSent', gone, exporter);
  also('onLeft', gone, exporter);

  also('onDrain', (records, sending) => {
    if (records) stale = true;
    if (!stale || sending) return;
    const wait = shadowed + SHADOW_MILLIS - performance.now();
    if (wait > 0) return exporter.wake(wait);
    stale = false;
    shadow?.abort();
    shadowed = performance.now();
    const body = exporter.got(SHADOW, SHADOW_BYTES);
    if (!body.length) return;
    shadow = new AbortController();
    try {
      fetchLater(exporter.endpoint, { ...exporter.message(body), signal: shadow.signal });
    } catch (error) {
      // More than the platform lets this page have.
      complain(error);
    }
  }, exporter);
}
