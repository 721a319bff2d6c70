// What a tracer costs this page. Each bundle is a classic script that defines `Tracer.start`.

const options = { serviceName: 'bench', endpoint: null, maxQueueSize: 100_000, maxExportBatchSize: 512, scheduledDelayMillis: 600_000, later: '/rum/flamefall-rum-later.js', wasm: '/rum/flamefall-rum.wasm' };

// How long each piece of writing OTLP JSON took, in ms.
window.written = [];
window.timing = (work) => {
  const start = performance.now();
  const result = work();
  written.push(performance.now() - start);
  return result;
};

// The linear memory of whoever brings some.
window.memories = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  const { exports } = result.instance;
  if (!exports.memory) return result;
  memories.push(exports.memory);
  // The same functions, timed: from the input to the JSON that is made of it.
  let start;
  const timed = {
    ...exports,
    input(...args) {
      start = performance.now();
      return exports.input(...args);
    },
    write(...args) {
      const place = exports.write(...args);
      written.push(performance.now() - start);
      return place;
    },
  };
  return { instance: { exports: timed } };
};

/** Milliseconds from a script's text to a started tracer: compiled, executed, hooks in place. */
window.begin = async (bundle, more) => {
  const text = await (await fetch(bundle)).text();
  const script = document.createElement('script');
  script.textContent = text;
  const start = performance.now();
  document.head.append(script);
  window.tracer = Tracer.start({ ...options, ...more });
  return performance.now() - start;
};

const URLS = Array.from({ length: 64 }, (_, index) => `https://shop.example/products/${index}?page=${index % 7}`);

window.makeSpans = (count) => {
  for (let index = 0; index < count; index++) tracer.span('bench span', URLS[index % 64], index, 'GET', index % 3 === 0);
};

/** Microseconds a span: start, four attributes, end. Median of batches, what a batch hands over included. */
window.spanTime = () => {
  const times = [];
  for (let batch = 0; batch < 20; batch++) {
    const start = performance.now();
    makeSpans(2000);
    times.push(((performance.now() - start) * 1000) / 2000);
  }
  return times.slice(5).sort((a, b) => a - b)[7];
};

window.fetches = async (count) => {
  for (let index = 0; index < count; index++) await (await fetch(`/svc/${index}`)).text();
};
