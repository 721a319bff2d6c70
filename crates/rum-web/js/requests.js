// fetch and XMLHttpRequest: a CLIENT span each, by the HTTP conventions, and headers to those who may have them.

import { attempt, current, hook, hookConstructor, onUndo, own, owns, wrapPromise } from './context.js';
import { headersFor, mayCarry } from './propagate.js';
import { redactedUrl } from './privacy.js';
import { at, Kind, now, Status } from './span.js';

const { apply } = Reflect;
const KNOWN = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|QUERY)$/;

/** Requests under way. */
const inFlight = new Set();
/** Requests that have ended and wait for their resource timing, oldest first. */
const timed = [];
const TIMING_MILLIS = 300;
const NETWORK = 'network_error';
const PHASES = 'fetchStart domainLookupStart domainLookupEnd connectStart secureConnectionStart connectEnd requestStart responseStart responseEnd'.split(' ');

let tracer;
let observer;

export function hookRequests(window, theTracer) {
  tracer = theTracer;
  hook(window, 'fetch', tracedFetch);
  hookXhr(window);
  if (tracer.options.resourceTiming !== false) observe(window);
}

/** What is known of a request before it is sent. */
export function requestAttributes(method, { href, hostname, port, protocol }) {
  const known = KNOWN.test(method);
  return {
    'http.request.method': known ? method : '_OTHER',
    'http.request.method_original': known ? undefined : method,
    'url.full': redactedUrl(href, tracer.options.allowQuery),
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  };
}

/** A span for a request, or undefined where it is none of ours. */
function begin(method, url) {
  if (!tracer.recording()) return;
  let target;
  try {
    target = new URL(url, document.baseURI);
  } catch {
    return;
  }
  if (!/^https?:$/.test(target.protocol) || tracer.ignores(target)) return;
  // Resource timing leaves it out, too.
  if (target.hash) target.hash = '';
  const span = tracer.child(KNOWN.test(method) ? method : 'HTTP', Kind.CLIENT, current(), requestAttributes(method, target));
  const { interaction } = span;
  interaction?.began();
  const request = { span, method, target, href: target.href, interaction };
  inFlight.add(request);
  return request;
}

function finish(request, { status, error }) {
  const { span, interaction } = request;
  if (request.done) return;
  inFlight.delete(request);
  request.done = now();
  interaction?.finished(request.done);
  if (status) {
    span.setAttribute('http.response.status_code', status);
    if (status >= 400) span.setAttribute('error.type', String(status)).setStatus(Status.ERROR);
  }
  if (error) span.setAttribute('error.type', error).setStatus(Status.ERROR);
  if (!observer) return span.end(request.done);
  timed.push(request);
  tracer.later(settleTimings, TIMING_MILLIS);
}

/** The page leaves: what is under way ends here, as far as anybody can tell. */
export function endRequests() {
  for (const request of inFlight) {
    request.span.setAttribute('flamefall.ended_by', 'page_hidden');
    finish(request, {});
  }
}

/** What a failed request is called: `error.type`. */
function failureOf(error, signal) {
  if (error?.name === 'TimeoutError' || signal?.reason?.name === 'TimeoutError') return 'timeout';
  if (error?.name === 'AbortError' || signal?.aborted) return 'abort';
  const name = error?.name;
  return name === 'TypeError' || name === 'NetworkError' ? NETWORK : name ?? typeof error;
}

function tracedFetch(native, self, args) {
  let request;
  let signal;
  const context = current();
  attempt(() => {
    const [input, init] = args;
    // Refused, and no longer so with what we would add.
    if (!args.length) return;
    const from = input instanceof Request ? input : {};
    request = begin(String(init?.method ?? from.method ?? 'GET').toUpperCase(), from.url ?? String(input));
    if (!request) return;
    signal = init?.signal ?? from.signal;
    if (!mayCarry(tracer, request, init?.mode ?? from.mode)) return;
    const given = init?.headers ?? from.headers;
    let headers = given == null ? undefined : new Headers(given);
    const more = headersFor(tracer, request, headers, init?.body);
    if (!more.length) return;
    if (headers) for (const [name, value] of more) headers.set(name, value);
    else headers = Object.fromEntries(more);
    args = [input, withHeaders(headers, init, from), ...args.slice(2)];
  });
  const failed = (error) => request && finish(request, { error: failureOf(error, signal) });
  try {
    const result = apply(native, self, args);
    return result instanceof Promise ? wrapPromise(result, context, (response) => request && finish(request, response), failed) : result;
  } catch (error) {
    failed(error);
    throw error;
  }
}

/** `init`, which may have getters, so that it is not copied, with other headers. */
function withHeaders(headers, init, { referrer, referrerPolicy }) {
  if (init) return Object.create(init, { headers: { value: headers, enumerable: true } });
  // A Request forgets these two where there is any `init`.
  return referrer === undefined ? { headers } : { headers, referrer, referrerPolicy };
}

// All that come first, or alone, in their tasks, and those that end a request.
const XHR_EVENTS = 'readystatechange loadstart load error abort timeout';

function hookXhr(window) {
  const { prototype } = window.XMLHttpRequest;
  const setHeader = prototype.setRequestHeader;
  // What is known of each since it was opened: method, URL, headers, and the request once it is sent.
  const states = new WeakMap();
  const ended = ({ type, currentTarget }) => {
    const { request } = states.get(currentTarget) ?? {};
    if (request) finish(request, type === 'load' ? currentTarget : { error: type === 'error' ? NETWORK : type });
  };
  const onEnded = (event) => attempt(ended, event);
  const watch = (it) => {
    own(it, XHR_EVENTS);
    for (const type of ['load', 'error', 'abort', 'timeout']) it.addEventListener(type, onEnded, true);
  };
  hookConstructor(window, 'XMLHttpRequest', watch);
  hook(prototype, 'open', (native, self, args) => {
    attempt(() => {
      watch(self);
      // Opened again, it ends without an event.
      ended({ type: 'abort', currentTarget: self });
      states.set(self, { method: String(args[0]).toUpperCase(), url: args[1], headers: new Headers() });
    });
    return apply(native, self, args);
  });
  hook(prototype, 'setRequestHeader', (native, self, args) => {
    const result = apply(native, self, args);
    attempt(() => states.get(self)?.headers.append(...args));
    return result;
  });
  hook(prototype, 'abort', owns(XHR_EVENTS));
  hook(prototype, 'send', (native, self, args) => {
    let request;
    attempt(() => {
      const state = states.get(self);
      if (self.readyState !== 1 || !state || state.request) return;
      own(self, XHR_EVENTS);
      request = state.request = begin(state.method, state.url);
      if (!request || !mayCarry(tracer, request)) return;
      for (const header of headersFor(tracer, request, state.headers, args[0])) apply(setHeader, self, header);
    });
    try {
      return apply(native, self, args);
    } catch (error) {
      if (request) finish(request, { error: failureOf(error) });
      throw error;
    }
  });
}

function observe(window) {
  try {
    observer = new PerformanceObserver((list) => amend(list.getEntries()));
    observer.observe({ type: 'resource' });
    onUndo(() => {
      observer.disconnect();
      observer = undefined;
    });
  } catch {
    observer = undefined;
  }
}

/** Resource timing comes after the answer: spans that still wait for theirs are completed by it. */
function amend(entries) {
  for (const entry of entries) {
    const { name } = entry;
    const start = at(entry.startTime);
    const index = timed.findIndex(({ href, span, done }) => href === name && start >= span.start - 1 && start <= done);
    if (index >= 0) complete(timed.splice(index, 1)[0], entry);
  }
}

/** When the phases of an entry were, by the names they have there. */
export function addPhases(span, entry, names) {
  for (const name of names) {
    const time = entry[name];
    if (time > 0) span.addEvent(name, undefined, at(time));
  }
}

/** Ends the span of a request, with what its resource timing adds. */
export function complete({ span, done }, entry) {
  if (entry) {
    addPhases(span, entry, PHASES);
    const version = /^(?:http\/|h)([\d.]+)$/.exec(entry.nextHopProtocol)?.[1];
    if (version) span.setAttribute('network.protocol.version', version);
    if (entry.encodedBodySize) span.setAttribute('http.response.body.size', entry.encodedBodySize);
    done = Math.max(done, at(entry.responseEnd));
  }
  span.end(done);
}

/** Ends what has waited long enough; at exit everything, and of an interaction that ends what is its, with what the browser already knows. */
export function settleTimings(all = false, group) {
  if (observer) amend(observer.takeRecords());
  const limit = now() - TIMING_MILLIS;
  for (const it of timed.splice(0)) {
    if (all || it.done <= limit || it.span.group === group) complete(it);
    else timed.push(it);
  }
  if (timed.length) tracer.later(settleTimings, TIMING_MILLIS);
}
