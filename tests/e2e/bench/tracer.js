// What a tracer costs this page. Each bundle is a classic script that defines `Tracer.start`.

const options = { serviceName: 'bench', endpoint: null, maxQueueSize: 20_000, maxExportBatchSize: 512, scheduledDelayMillis: 600_000, wasm: '/rum/flamefall-rum.wasm' };

// The linear memory of whoever brings some.
window.memories = [];
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...args) => {
  const result = await instantiate(...args);
  if (result.instance.exports.memory) memories.push(result.instance.exports.memory);
  return result;
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

/** How long the page was busy while `work` ran: in all, and the longest time without a turn for others. */
window.busy = async (work) => {
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  let longest = 0;
  let total = 0;
  let going = true;
  port1.onmessage = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    if (now - last > 0.2) total += now - last;
    last = performance.now();
    if (going) port2.postMessage(0);
  };
  port2.postMessage(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  longest = total = 0;
  last = performance.now();
  await work();
  await new Promise((resolve) => setTimeout(resolve, 20));
  going = false;
  return { longest, total };
};
