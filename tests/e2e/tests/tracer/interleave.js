// Twelve buttons. Each does eight steps of kinds that a seed chooses, and asks for /svc/BUTTON/STEP after each.
import { start } from '/rum/flamefall-rum.js';

const { seed, options, tangled, shared } = JSON.parse(new URLSearchParams(location.search).get('it'));
window.spans = [];
window.rum = start({ serviceName: 'interleave', endpoint: null, scheduledDelayMillis: 100, pageLoad: false, ...options });
rum.onSpans((json) => {
  for (const { scopeSpans } of JSON.parse(json).resourceSpans) for (const { spans } of scopeSpans) window.spans.push(...spans);
});

let state = seed;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

const worker = new Worker(new URL('worker.js', import.meta.url));
const answers = new Map();
worker.onmessage = ({ data: { id } }) => answers.get(id)();
let ids = 0;
const database = new Promise((resolve) => {
  const request = indexedDB.open('interleave');
  request.onupgradeneeded = () => request.result.createObjectStore('it').put(1, 'one');
  request.onsuccess = () => resolve(request.result);
});
const db = await database;

// A loop that works for all, as frameworks have them.
const jobs = [];
const loop = new MessageChannel();
let looping = false;
loop.port1.onmessage = () => {
  jobs.shift()();
  if (jobs.length) loop.port2.postMessage(null);
  else looping = false;
};
const schedule = (job) => {
  jobs.push(job);
  if (!looping) loop.port2.postMessage(null);
  looping = true;
};
// One question at a time, and who asks anew ends it.
let controller;
// One answer for all who ask meanwhile, and many questions in one.
let promise;
let batch;

const steps = {
  microtask: async () => null,
  timer: () => wait(random(40)),
  interval: () =>
    new Promise((resolve) => {
      const id = setInterval(() => {
        clearInterval(id);
        resolve();
      }, random(20));
    }),
  frame: () => new Promise(requestAnimationFrame),
  idle: () => new Promise((resolve) => requestIdleCallback(resolve, { timeout: 50 })),
  task: () => scheduler.postTask(() => {}),
  yields: () => scheduler.yield(),
  fetches: async () => (await fetch('/svc/inner')).text(),
  reads: async () => {
    for await (const _ of (await fetch('/svc/inner')).body);
  },
  asks: () =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onload = resolve;
      request.open('GET', '/svc/inner');
      request.send();
    }),
  channel: () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      port2.postMessage(null);
    }),
  worker: () =>
    new Promise((resolve) => {
      const id = ++ids;
      answers.set(id, resolve);
      worker.postMessage({ id, wait: random(40) });
    }),
  stored: () =>
    new Promise((resolve) => {
      db.transaction('it').objectStore('it').get('one').onsuccess = resolve;
    }),
  digest: () => crypto.subtle.digest('SHA-256', new Uint8Array(1000)),
  // All at once, and whoever is first.
  all: () => Promise.all([wait(random(20)), fetch('/svc/inner'), null]),
  race: () => Promise.race([wait(random(20)), wait(random(20))]),
  rejected: () => fetch('/svc/inner', { signal: AbortSignal.timeout(1) }).catch(() => {}),
  manual: () => rum.run('manual', () => wait(random(20))),
  ...(tangled && {
    loop: () => new Promise(schedule),
    async ends() {
      controller?.abort();
      controller = new AbortController();
      await null;
      await fetch('/svc/slow', { signal: controller.signal }).catch(() => {});
    },
  }),
  ...(shared && {
    async shared() {
      promise ??= wait(30).finally(() => (promise = undefined));
      await promise;
    },
    module: () => import(`data:text/javascript,${ids++}`),
    batched: async () => {
      if (!batch) {
        batch = [];
        setTimeout(() => {
          const resolvers = batch;
          batch = undefined;
          fetch('/svc/batch').then(() => resolvers.forEach((resolve) => resolve()));
        }, 10);
      }
      await new Promise((resolve) => batch.push(resolve));
    },
  }),
};
const kinds = Object.keys(steps);

window.ended = new Set();
window.log = [];
for (let button = 0; button < 12; button++) {
  const element = document.createElement('button');
  // Letters: names do not tell numbers apart.
  const name = (element.id = element.textContent = `button ${'abcdefghijkl'[button]}`);
  element.addEventListener('click', async () => {
    for (let step = 0; step < 8; step++) {
      const kind = kinds[random(kinds.length)];
      log.push(`${name} ${step} ${kind}`);
      await steps[kind]();
      fetch(`/svc/${name}/${step}`);
    }
    ended.add(name);
  });
  document.querySelector('#buttons').append(element);
}
window.ready = true;
