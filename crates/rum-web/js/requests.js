// fetch and XMLHttpRequest: a CLIENT span each, by the HTTP conventions, and headers to those who may have them.

import { complain, current, enter, hook, own, wrapPromise } from './context.js';
import { inject, mayPropagate } from './propagate.js';
import { redactedUrl } from './privacy.js';
import { at, HAS_REMOTE, Kind, now, Span, Status } from './span.js';

const { apply } = Reflect;
const KNOWN = /^(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|QUERY)$/;

/** Requests under way. */
const inFlight = new Set();
/** Requests that have ended and wait for their resource timing, oldest first. */
const timed = [];
const TIMING_MILLIS = 300;
const PHASES = /^(fetch|domainL|connect|secure|request|response)\w*(Start|End)$/;

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
  const context = current();
  const span = tracer.child(KNOWN.test(method) ? method : 'HTTP', Kind.CLIENT, context, requestAttributes(method, target));
  const { interaction } = span;
  interaction?.began();
  const request = { span, target, interaction, context };
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
export function failureOf(error, signal) {
  if (error?.name === 'TimeoutError' || signal?.reason?.name === 'TimeoutError') return 'timeout';
  if (error?.name === 'AbortError' || signal?.aborted) return 'abort';
  if (error instanceof TypeError) return 'network_error';
  return error?.name ?? typeof error;
}

function tracedFetch(native, self, args) {
  let request;
  let signal;
  const context = current();
  try {
    const [input, init] = args;
    const isRequest = input instanceof Request;
    const method = String(init?.method ?? (isRequest ? input.method : 'GET')).toUpperCase();
    request = begin(method, isRequest ? input.url : String(input));
    if (request) {
      signal = init?.signal ?? (isRequest ? input.signal : undefined);
      const mode = init?.mode ?? (isRequest ? input.mode : 'cors');
      if (mayPropagate(tracer, request.target, mode)) args = withHeaders(args, request.span);
    }
  } catch (error) {
    complain(error);
  }
  let result;
  try {
    result = apply(native, self, args);
  } catch (error) {
    if (request) finish(request, { error: failureOf(error, signal) });
    throw error;
  }
  if (!(result instanceof Promise)) return result;
  if (!request) return wrapPromise(result, context);
  return wrapPromise(
    result,
    context,
    (response) => finish(request, response),
    (error) => finish(request, { error: failureOf(error, signal) }),
  );
}

function withHeaders([input, init, ...rest], span) {
  const isRequest = input instanceof Request;
  const headers = new Headers(init?.headers ?? (isRequest ? input.headers : undefined));
  let changed = false;
  inject(tracer, span, (name, value) => {
    // What the page set itself stays.
    if (headers.has(name)) return;
    headers.set(name, value);
    changed = true;
  });
  if (!changed) return [input, init, ...rest];
  // A prototype and not a copy: `init` may have getters. A Request with any init forgets its referrer.
  const more = { headers: { value: headers, enumerable: true } };
  if (isRequest && !init) {
    more.referrer = { value: input.referrer, enumerable: true };
    more.referrerPolicy = { value: input.referrerPolicy, enumerable: true };
  }
  return [input, Object.create(init ?? null, more), ...rest];
}

const XHR_EVENTS = ['readystatechange', 'loadstart', 'progress', 'load', 'error', 'abort', 'timeout', 'loadend'];

function hookXhr(window) {
  const prototype = window.XMLHttpRequest?.prototype;
  const opened = new WeakMap();
  const running = new WeakMap();
  const setHeader = prototype?.setRequestHeader;
  hook(prototype, 'open', (native, self, args) => {
    opened.set(self, { method: String(args[0]).toUpperCase(), url: String(args[1]), names: new Set() });
    return apply(native, self, args);
  });
  hook(prototype, 'setRequestHeader', (native, self, args) => {
    opened.get(self)?.names.add(String(args[0]).toLowerCase());
    return apply(native, self, args);
  });
  hook(prototype, 'send', (native, self, args) => {
    let request;
    const context = current();
    try {
      const state = opened.get(self);
      request = state && begin(state.method, state.url);
      if (request) {
        if (!running.has(self)) {
          for (const type of ['load', 'error', 'abort', 'timeout']) {
            self.addEventListener(type, () => {
              const request = running.get(self);
              if (request) finish(request, type === 'load' ? { status: self.status } : { error: type === 'error' ? 'network_error' : type });
            }, { capture: true });
          }
        }
        running.set(self, request);
        if (mayPropagate(tracer, request.target, 'cors')) {
          inject(tracer, request.span, (name, value) => state.names.has(name) || apply(setHeader, self, [name, value]));
        }
      }
      own(self, XHR_EVENTS, context);
    } catch (error) {
      complain(error);
    }
    try {
      return apply(native, self, args);
    } catch (error) {
      if (request) finish(request, { error: failureOf(error) });
      throw error;
    } finally {
      // A synchronous request has entered its own events; the caller goes on in its own context.
      enter(context);
    }
  });
}

function observe(window) {
  try {
    observer = new PerformanceObserver((list) => amend(list.getEntries()));
    observer.observe({ type: 'resource' });
    tracer.onStop(() => {
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
    const index = timed.findIndex(({ target, span, done }) => entry.name === target.href && at(entry.startTime) >= span.start - 1 && at(entry.startTime) <= done);
    if (index >= 0) complete(timed.splice(index, 1)[0], entry);
  }
}

/** When the phases of an entry were, by the names they have there. */
export function addPhases(span, entry, names) {
  for (const name in entry) if (names.test(name) && entry[name] > 0) span.addEvent(name, {}, at(entry[name]));
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
