// One button a kind of continuation. Each asks for /svc/NAME in the end; the test knows which click that belongs to.
import { start } from '/rum/flamefall-rum.js';

const options = JSON.parse(new URLSearchParams(location.search).get('options') ?? '{}');
window.spans = [];
window.rum = start({ serviceName: 'matrix', endpoint: null, scheduledDelayMillis: 100, ...options });
rum.onSpans((json) => {
  for (const { scopeSpans } of JSON.parse(json).resourceSpans) for (const { spans } of scopeSpans) window.spans.push(...spans);
});

const asked = (window.asked = new Set());
const ask = (window.ask = (name) => fetch(`/svc/${name}`).then((it) => it.text()).then(() => asked.add(name)));
const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const xhr = (name, then) => {
  const request = new XMLHttpRequest();
  request.onload = () => {
    asked.add(name);
    then?.();
  };
  request.open('GET', `/svc/${name}`);
  request.send();
};
const worker = new Worker(new URL('worker.js', import.meta.url));
const shared = new Worker(new URL('worker.js', import.meta.url));
const answers = new Map();
shared.onmessage = ({ data: { id } }) => answers.get(id)();
customElements.define('it-self', class extends HTMLElement {
  connectedCallback() {
    ask('element');
  }
});
const channel = new BroadcastChannel('it');
channel.onmessage = () => ask('broadcast');
const database = new Promise((resolve) => {
  const request = indexedDB.open('matrix');
  request.onupgradeneeded = () => request.result.createObjectStore('it').put(1, 'one');
  request.onsuccess = () => resolve(request.result);
});

export const cases = {
  'sync': () => ask('sync'),
  'xhr-sync': () => xhr('xhr-sync'),
  async 'await-micro'() {
    await null;
    ask('await-micro');
  },
  async 'await-fetch'() {
    await ask('await-fetch-pre');
    ask('await-fetch');
  },
  async 'await-json-sleep'() {
    await (await fetch('/svc/await-json-sleep-pre')).json();
    await wait(30);
    ask('await-json-sleep');
  },
  'then': () => Promise.resolve().then(() => {}).then(() => ask('then')),
  'fetch-then': () => fetch('/svc/fetch-then-pre').then((it) => it.json()).then(() => ask('fetch-then')),
  'setTimeout': () => setTimeout(() => ask('setTimeout'), 10),
  'setTimeout-later': () => setTimeout(() => ask('setTimeout-later'), 300),
  'setTimeout-late': () => setTimeout(() => ask('setTimeout-late'), 2000),
  'setInterval'() {
    const id = setInterval(() => {
      clearInterval(id);
      ask('setInterval');
    }, 20);
  },
  'queueMicrotask': () => queueMicrotask(() => ask('queueMicrotask')),
  'rAF': () => requestAnimationFrame(() => ask('rAF')),
  'rIC': () => requestIdleCallback(() => ask('rIC'), { timeout: 500 }),
  'postTask': () => scheduler.postTask(() => ask('postTask')),
  async 'sched-yield'() {
    await scheduler.yield();
    ask('sched-yield');
  },
  'MessageChannel'() {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => ask('MessageChannel');
    port2.postMessage(null);
  },
  'MutationObserver'() {
    const observer = new MutationObserver(() => {
      observer.disconnect();
      ask('MutationObserver');
    });
    observer.observe(document.body, { attributes: true });
    document.body.setAttribute('x', Math.random());
  },
  'dispatchEvent'() {
    document.addEventListener('own', () => ask('dispatchEvent'), { once: true });
    document.dispatchEvent(new CustomEvent('own'));
  },
  'xhr-onload': () => xhr('xhr-onload-pre', () => xhr('xhr-onload')),
  async 'for-await'() {
    async function* steps() {
      await wait(10);
      yield 1;
      await wait(10);
      yield 2;
    }
    for await (const step of steps()) if (step === 2) ask('for-await');
  },
  'worker'() {
    worker.addEventListener('message', () => ask('worker'), { once: true });
    worker.postMessage({});
  },
  async 'idb'() {
    const request = (await database).transaction('it').objectStore('it').get('one');
    request.onsuccess = () => ask('idb');
  },
  'pushState'() {
    history.pushState({}, '', '#/there');
    setTimeout(() => ask('pushState'), 5);
  },
  'multi': () => ask('multi'),
  async 'ilvA'() {
    await wait(120);
    ask('ilvA');
  },
  async 'ilvB'() {
    await wait(10);
    ask('ilvB');
  },
  // What no rival was asked.
  async 'stream'() {
    for await (const _ of (await fetch('/svc/stream-pre')).body);
    ask('stream');
  },
  async 'reader'() {
    const reader = (await fetch('/svc/reader-pre')).body.getReader();
    while (!(await reader.read()).done);
    ask('reader');
  },
  async 'digest'() {
    await crypto.subtle.digest('SHA-256', new Uint8Array(1 << 16));
    ask('digest');
  },
  'image'() {
    const image = new Image();
    image.onload = () => ask('image');
    image.src = `/favicon.svg?${Math.random()}`;
  },
  async 'lock'() {
    await navigator.locks.request('it', async () => {
      await wait(5);
    });
    ask('lock');
  },
  'file'() {
    const reader = new FileReader();
    reader.onload = () => ask('file');
    reader.readAsText(new Blob(['it']));
  },
  async 'blob'() {
    await new Blob(['it']).text();
    ask('blob');
  },
  async 'all'() {
    await Promise.all([fetch('/svc/all-pre'), wait(20)]);
    ask('all');
  },
  'intersection'() {
    const observer = new IntersectionObserver(() => {
      observer.disconnect();
      ask('intersection');
    });
    observer.observe(document.querySelector('#form'));
  },
  async 'rejected'() {
    try {
      await fetch('/svc/none', { signal: AbortSignal.timeout(1) });
    } catch {
      await wait(1);
    }
    ask('rejected');
  },
  async 'animation'() {
    await document.body.animate([{ opacity: 0.9 }, { opacity: 1 }], 20).finished;
    ask('animation');
  },
  'onfinish'() {
    document.body.animate([{ opacity: 0.9 }, { opacity: 1 }], 20).onfinish = () => ask('onfinish');
  },
  async 'view-transition'() {
    const transition = document.startViewTransition(() => ask('view-transition-pre'));
    await transition.finished;
    ask('view-transition');
  },
  async 'pipe'() {
    const { readable, writable } = new TransformStream();
    const piped = (await fetch('/svc/pipe-pre')).body.pipeTo(writable);
    await new Response(readable).text();
    await piped;
    ask('pipe');
  },
  async 'tee'() {
    const [one, two] = (await fetch('/svc/tee-pre')).body.tee();
    await Promise.all([new Response(one).text(), new Response(two).text()]);
    ask('tee');
  },
  async 'cache'() {
    const cache = await caches.open('it');
    await cache.put('/svc/cached', new Response('it'));
    await (await cache.match('/svc/cached')).text();
    ask('cache');
  },
  'timeout-signal': () => AbortSignal.timeout(20).addEventListener('abort', () => ask('timeout-signal')),
  'abort-signal'() {
    const controller = new AbortController();
    controller.signal.onabort = () => ask('abort-signal');
    setTimeout(() => controller.abort(), 10);
  },
  'nested'() {
    let left = 5;
    const again = () => (left-- ? setTimeout(again, 1) : ask('nested'));
    again();
  },
  'element'() {
    document.body.append(document.createElement('it-self'));
  },
  'comlink'() {
    const id = String(Math.random());
    answers.set(id, () => ask('comlink'));
    shared.postMessage({ id, wait: 30 });
  },
  'reused'() {
    const request = new XMLHttpRequest();
    request.onload = () => {
      request.onload = () => ask('reused');
      request.open('GET', '/svc/reused-second');
      request.send();
    };
    request.open('GET', '/svc/reused-pre');
    request.send();
  },
  'onreadystatechange'() {
    const request = new XMLHttpRequest();
    request.onreadystatechange = () => request.readyState === 4 && ask('onreadystatechange');
    request.open('GET', '/svc/onreadystatechange-pre');
    request.send();
  },
  'jsonp'() {
    const script = document.createElement('script');
    script.onload = () => ask('jsonp');
    script.src = 'data:text/javascript,1';
    document.head.append(script);
  },
  'canvas': () => document.createElement('canvas').toBlob(() => ask('canvas')),
  async 'postTask-signal'() {
    const controller = new TaskController({ priority: 'background' });
    await scheduler.postTask(() => wait(5), { signal: controller.signal });
    ask('postTask-signal');
  },
  async 'abort-other'() {
    // Two questions of one click, one of which ends the other.
    const controller = new AbortController();
    fetch('/svc/never', { signal: controller.signal }).catch(() => {});
    await wait(5);
    controller.abort();
    await null;
    ask('abort-other');
  },
  // Of whom nobody can tell.
  async 'import'() {
    await import('data:text/javascript,1');
    ask('import');
  },
  'window-message'() {
    addEventListener('message', () => ask('window-message'), { once: true });
    postMessage('it', '*');
  },
  'broadcast'() {
    new BroadcastChannel('it').postMessage('it');
  },
  async 'run'() {
    await rum.run('inside', async () => {
      await wait(5);
      await ask('run');
    });
  },
};

for (const [name, body] of Object.entries(cases)) {
  const button = document.createElement('button');
  button.dataset.case = button.textContent = name;
  button.addEventListener('click', body);
  document.querySelector('#buttons').append(button);
}
// As an attribute: a handler that no listener tells of.
document.querySelector('[data-case=onclick]').setAttribute('onclick', "ask('onclick')");
const multi = document.querySelector('[data-case=multi]');
for (const target of [multi, document.body, document, window]) {
  target.addEventListener('click', () => {});
  target.addEventListener('click', () => {}, true);
}
document.querySelector('#list').addEventListener('click', ({ target }) => target.matches('[data-case]') && ask('delegated'));
document.querySelector('#form').addEventListener('submit', (event) => {
  event.preventDefault();
  ask('submit');
});
setInterval(() => ask('poll-bg'), 50);
window.ready = true;
