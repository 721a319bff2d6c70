// Everything that a tracer could break, as lines that are the same with and without one.
const query = new URLSearchParams(location.search);
const options = query.get('options');
if (options) {
  const { start } = await import('/rum/flamefall-rum.js');
  window.spans = [];
  window.rum = start({ serviceName: 'probes', endpoint: null, scheduledDelayMillis: 50, ...JSON.parse(options) });
  rum.onSpans((json) => {
    for (const { scopeSpans } of JSON.parse(json).resourceSpans) for (const { spans } of scopeSpans) window.spans.push(...spans);
  });
}

const lines = [];
const log = (...words) => lines.push(words.map((it) => (typeof it === 'string' ? it : JSON.stringify(it))).join(' '));
const wait = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const failure = (error) => `${error?.constructor?.name} ${error?.name}`;
const until = async (holds) => {
  while (!holds()) await wait(5);
};
const other = location.origin.replace('127.0.0.1', 'localhost');
const it = document.querySelector('#it');

const probes = {
  listeners() {
    const both = () => log('both');
    it.addEventListener('click', both);
    it.addEventListener('click', both, true);
    it.addEventListener('click', () => log('once'), { once: true });
    it.addEventListener('click', { handleEvent: () => log('object') });
    it.addEventListener('click', null);
    const removed = () => log('removed');
    it.addEventListener('click', removed, { capture: true });
    it.removeEventListener('click', removed, true);
    it.onclick = () => log('property');
    it.click();
    it.click();
  },
  functions() {
    for (const it of [fetch, requestIdleCallback, requestAnimationFrame, XMLHttpRequest, XMLHttpRequest.prototype.send, Response.prototype.json, MessageChannel, Worker]) {
      log(it.name, it.length, typeof it, /\[native code\]/.test(it), Object.getOwnPropertyNames(it), it instanceof Function);
    }
    log(fetch === window.fetch, new XMLHttpRequest() instanceof XMLHttpRequest, new XMLHttpRequest().constructor === XMLHttpRequest);
    class Own extends XMLHttpRequest {
      #secret = 1;
      get secret() {
        return this.#secret;
      }
    }
    log(new Own().secret, new Own() instanceof XMLHttpRequest, XMLHttpRequest.DONE, String(new XMLHttpRequest()));
    log(Object.keys(window).filter((name) => !/^(rum|spans|timers|changed|probed)$/.test(name)).length);
    try {
      new IntersectionObserver();
    } catch (error) {
      log(failure(error));
    }
  },
  frozen() {
    Object.freeze(window.fetch);
    log(Object.isFrozen(window.fetch));
  },
  async responses() {
    const response = await fetch('/echo/one?x=1#y');
    log(response instanceof Response, response.constructor === Response, response.bodyUsed, response.type, response.url.split('/echo')[1], response.redirected, response.status);
    const copy = response.clone();
    log(await copy.json());
    log(response.body.locked, new TextDecoder().decode((await response.body.getReader().read()).value).length, response.bodyUsed);
    log((await fetch(new URL('/echo/url', location.href))).status);
    const moved = await fetch('/moved');
    log(moved.redirected, moved.url.split('/echo')[1]);
    log((await fetch('/moved', { redirect: 'manual' })).type, await fetch('/moved', { redirect: 'error' }).catch(failure));
    log((await fetch(`${other}/echo/opaque`, { mode: 'no-cors' })).type);
  },
  async requests() {
    const posts = [
      ['/echo/string', { method: 'POST', body: 'text' }],
      ['/echo/object', { method: 'post', body: new URLSearchParams({ a: 1 }), headers: { 'X-A': 'b' } }],
      ['/echo/array', { method: 'PUT', body: new Blob(['{}'], { type: 'application/json' }), headers: [['X-A', 'b'], ['X-A', 'c']] }],
      ['/echo/headers', { method: 'DELETE', headers: new Headers({ 'X-A': 'b' }) }],
      ['/echo/keepalive', { method: 'POST', body: new Uint8Array([65, 66]), keepalive: true }],
      ['/echo/own', { headers: { traceparent: '00-11111111111111111111111111111111-2222222222222222-01' } }],
      [new Request('/echo/request', { method: 'POST', body: 'of a request', headers: { 'X-A': 'b' } })],
      [new Request('/echo/referrer', { referrer: '/somewhere' })],
      [new Request('/echo/no-referrer', { referrerPolicy: 'no-referrer' })],
      [new Request('/echo/both', { method: 'POST', body: 'of both' }), { headers: { 'X-B': 'c' } }],
      ['/echo/getter', Object.create({ get method() { return 'PATCH'; } })],
    ];
    for (const [input, init] of posts) log(await (await fetch(input, init)).text(), input.bodyUsed ?? '');
    const request = new Request('/echo/twice', { method: 'POST', body: 'once' });
    await fetch(request);
    log(await fetch(request).catch(failure));
    const streamed = new ReadableStream({ start: (it) => it.close() });
    log(await fetch('/echo/streamed', { method: 'POST', body: streamed, duplex: 'half' }).catch(failure));
    log(await fetch('/echo/streamed', { method: 'POST', body: new ReadableStream() }).catch(failure));
  },
  async failures() {
    log(await fetch().catch(failure), await fetch('http://[').catch(failure), await fetch.call({}, '/').catch(failure));
    log(await fetch('/echo/body', { body: 'x' }).catch(failure), await fetch('http://127.0.0.1:1/').catch(failure));
    log(await fetch('/echo/aborted', { signal: AbortSignal.abort() }).catch(failure));
    log(await fetch('/slow', { signal: AbortSignal.timeout(5) }).catch(failure));
    const controller = new AbortController();
    const asked = fetch('/slow', { signal: controller.signal }).catch((it) => it);
    controller.abort('a reason');
    log(await asked);
    let rejections = 0;
    const counted = (event) => {
      event.preventDefault();
      rejections++;
      log(failure(event.reason), event.promise instanceof Promise);
    };
    addEventListener('unhandledrejection', counted);
    fetch('http://127.0.0.1:1/');
    await until(() => rejections);
    await wait(20);
    log(rejections);
    removeEventListener('unhandledrejection', counted);
  },
  async xhr() {
    const ask = (then, url = '/echo/xhr', method = 'POST') =>
      new Promise((resolve) => {
        const xhr = new XMLHttpRequest();
        const seen = [];
        for (const type of ['readystatechange', 'loadstart', 'progress', 'load', 'error', 'abort', 'timeout', 'loadend']) {
          xhr[`on${type}`] = () => seen.push(type[0] === 'r' ? xhr.readyState : type);
        }
        xhr.addEventListener('loadend', () => resolve(log(seen.join(), xhr.status, xhr.responseText.length > 0)));
        xhr.open(method, url);
        then(xhr);
      });
    await ask((xhr) => xhr.send('body'));
    await ask((xhr) => {
      xhr.timeout = 5;
      xhr.send();
    }, '/slow');
    await ask((xhr) => {
      xhr.send();
      xhr.abort();
    });
    await ask((xhr) => xhr.send(), 'http://127.0.0.1:1/');
    const sync = new XMLHttpRequest();
    sync.open('POST', '/echo/sync', false);
    sync.setRequestHeader('X-A', 'b');
    sync.setRequestHeader('X-A', 'c');
    sync.send('at once');
    log(sync.status, sync.responseText);
    const refused = new XMLHttpRequest();
    refused.open('GET', 'http://127.0.0.1:1/', false);
    const tries = [() => refused.send(), () => sync.send(), () => sync.setRequestHeader('a', 'b'), () => sync.open('?', '/'), () => sync.open('TRACE', '/'), () => new XMLHttpRequest().send()];
    for (const it of tries) {
      try {
        log(it());
      } catch (error) {
        log(failure(error));
      }
    }
    sync.open('GET', '/echo/again', false);
    sync.send();
    log(sync.responseText);
  },
  async timers() {
    const arg = () => {};
    await new Promise((resolve) => setTimeout(function (it) {
      log(it === arg, this === window);
      resolve();
    }, 0, arg));
    const id = setTimeout(() => log('never'), 0);
    clearTimeout(id);
    log(typeof id);
    requestAnimationFrame(function (time) {
      log(typeof time, this === window, arguments.length);
    });
    cancelAnimationFrame(requestAnimationFrame(() => log('never')));
    await new Promise(requestAnimationFrame);
    await wait(1);
    window.code = 0;
    await new Promise((resolve) => {
      window.resolveCode = resolve;
      setTimeout.call(window, 'window.code = 1; resolveCode()', 0);
    });
    log(window.code);
  },
  async order() {
    const chain = (name) => Promise.resolve().then(() => log(name, 1)).then(() => log(name, 2));
    chain('a');
    (async () => {
      await null;
      log('await 1');
      await Promise.resolve();
      log('await 2');
    })();
    queueMicrotask(() => log('microtask'));
    chain('b');
    await wait(1);
    log(Promise.prototype.constructor === Promise, Promise.resolve(1).constructor === Promise);
  },
  async messages() {
    const { port1, port2 } = new MessageChannel();
    const got = [];
    port1.onmessage = ({ data, target, ports }) => got.push([data, target === port1, ports.length]);
    try {
      port2.postMessage(() => {});
    } catch (error) {
      log(failure(error));
    }
    port2.postMessage(1);
    const inner = new MessageChannel();
    port2.postMessage('port', [inner.port1]);
    port2.postMessage('options', { transfer: [inner.port2] });
    await until(() => got.length === 3);
    log(got);
    const frame = document.createElement('iframe');
    frame.srcdoc = '<p>';
    const ready = new Promise((resolve) => (frame.onload = resolve));
    document.body.append(frame);
    await ready;
    const source = new Promise((resolve) => addEventListener('message', (event) => resolve(event.source === frame.contentWindow), { once: true }));
    const script = frame.contentDocument.createElement('script');
    script.textContent = "parent.postMessage('it', '*')";
    frame.contentDocument.body.append(script);
    log(await source);
    frame.remove();
    const worker = new Worker(new URL('worker.js', import.meta.url));
    worker.postMessage({ id: 'throws', get more() { return 1; } });
    log(await new Promise((resolve) => (worker.onmessage = ({ data }) => resolve(data))));
    worker.terminate();
  },
  async others() {
    await new Promise((resolve) => {
      const observer = new IntersectionObserver(function (entries, given) {
        log(entries.length, given === observer, this === observer, observer.constructor === IntersectionObserver);
        observer.disconnect();
        resolve();
      });
      observer.observe(it);
    });
    const animation = it.animate([{ opacity: 0.5 }, { opacity: 1 }], 1000);
    log(animation.finished === animation.finished, animation instanceof Animation);
    animation.cancel();
    log(await document.fonts.ready === document.fonts, document.fonts.ready === document.fonts.ready);
    log(await navigator.locks.request('it', async ({ name }) => name), await scheduler.postTask(() => 'posted'));
    await navigator.locks.request('it', () => Promise.reject(new RangeError())).catch((error) => log(failure(error)));
    log(await new Response('{"then":1}').json(), await new Response('x').json().catch(failure));
    const stream = new Response('abc').body.pipeThrough(new TransformStream({ transform: (chunk, to) => to.enqueue(chunk.slice(1)) }));
    log(await new Response(stream).text());
    const reader = new FileReader();
    const seen = [];
    for (const type of ['loadstart', 'progress', 'load', 'loadend']) reader[`on${type}`] = () => seen.push(type);
    reader.readAsText(new Blob(['it']));
    await until(() => reader.readyState === 2 && seen.includes('loadend'));
    log(seen, reader.result);
    let errors = 0;
    const counted = (event) => {
      event.preventDefault();
      errors++;
    };
    addEventListener('error', counted);
    it.addEventListener('click', () => {
      throw new RangeError('of the page');
    }, { once: true });
    it.click();
    removeEventListener('error', counted);
    log(errors);
  },
};

window.probed = (async () => {
  for (const [name, probe] of Object.entries(probes)) {
    log(`-- ${name}`);
    try {
      await probe();
    } catch (error) {
      log(`${failure(error)} ${error.message}`);
    }
  }
  return lines;
})();
