// fetch and XMLHttpRequest: a CLIENT span each, by the HTTP conventions, and headers to those who may have them.

import { apply, attempt, before, current, hook, hookConstructor, entriesOf, listen, own, owns, performance, wrapPromise } from './context.js';
import { child } from './interaction.js';
import { CLIENT, ERROR } from './otlp.js';
import { redactedUrl } from './privacy.js';
import { headersFor } from './propagate.js';
import { at, now } from './span.js';
import { consented, later, list, options } from './tracer.js';

/** Requests under way. */
const inFlight = new Set();
/** Requests that have ended and wait for their resource timing, oldest first. */
const timed = [];
const TIMING_MILLIS = 300;
const NETWORK = 'network_error';
// What a failed request is called, `error.type`, by the name of an error or the type of an event.
const FAILURES = { TimeoutError: 'timeout', timeout: 'timeout', AbortError: 'abort', abort: 'abort', TypeError: NETWORK, NetworkError: NETWORK, error: NETWORK };

// Asked for when the first request has ended: to find them takes a moment, and the page waits for this script.
const phases = () => (phaseNames ??= Object.keys(PerformanceResourceTiming.prototype).filter((name) => /^(fetch|domai|conn|secu|req|resp).*[td]$/.test(name)));
let phaseNames;

// Whether they wait at all.
let measured;
// The latest timings, once the browser keeps no more, and what adds those on their way.
let latest;
let observed;
// Timings that are some span's.
const met = new WeakSet();
// How many a browser keeps, where the page has not told it otherwise.
const KEPT = 250;

export function hookRequests() {
  hook(window, 'fetch', tracedFetch);
  hookConstructor('XMLHttpRequest', own, hookXhr);
}

/** No request has ended yet. */
export function measureRequests() {
  latest = undefined;
  measured = options.resourceTiming !== false;
  if (!measured) return;
  // To be told of them takes a task for each: not before it must be, and what does not fit is the only one that is lost.
  const observe = () => {
    if (latest) return;
    latest = [];
    observed = entriesOf('resource', (entry) => latest.push(entry));
  };
  listen('resourcetimingbufferfull', observe, performance);
  if (performance.getEntriesByType('resource').length >= KEPT) observe();
}

/** Whether a request is not ours to trace. */
export const ignores = (href) => options.ignoreUrls && list(options.ignoreUrls).some((rule) => (typeof rule === 'string' ? href.startsWith(rule) : href.search(rule) >= 0));

/** The span of a request, with what is known before it is sent. */
export function client(method, { href, hostname, port, protocol }, context, start) {
  const known = /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|QUERY)$/.test(method);
  const attributes = {
    'http.request.method': known ? method : '_OTHER',
    'http.request.method_original': known ? undefined : method,
    'url.full': redactedUrl(href),
    'server.address': hostname,
    'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
  };
  return child(known ? method : 'HTTP', attributes, context, CLIENT, start);
}

/** A span for a request, and what it carries more; or undefined where it is none of ours. */
function begin(method, url, headers, body, mode) {
  const target = new URL(url, document.baseURI);
  const { href } = target;
  if (!consented || !/^http/.test(href) || ignores(href)) return;
  const span = client(method, target, current());
  span.interaction?.began();
  // Resource timing leaves fragments out, too.
  span.address = href.replace(/#.*/, '');
  span.more = attempt(headersFor, span, method, target, headers, body, mode);
  inFlight.add(span);
  return span;
}

function finish(span, status, error) {
  if (!inFlight.delete(span)) return;
  span.done = now();
  span.interaction?.finished(span.done);
  if (status) span.setAttribute('http.response.status_code', status);
  if (status >= 400) error = String(status);
  if (error) span.setAttribute('error.type', error).setStatus(ERROR);
  if (!measured) return complete(span);
  timed.push(span);
  later(settleTimings, TIMING_MILLIS);
}

/** The page leaves: what is under way ends here, as far as anybody can tell. */
export function endRequests() {
  for (const span of inFlight) finish(span.setAttribute('flamefall.ended_by', 'page_hidden'));
}

const failureOf = (error, signal) => (signal?.aborted && error?.name !== 'TimeoutError' ? 'abort' : FAILURES[error?.name] ?? error?.name ?? typeof error);

function tracedFetch(native, self, args) {
  let span;
  let signal;
  const context = current();
  attempt(() => {
    // Refused, and no longer so with what we would add.
    if (!args.length) return;
    const input = args[0];
    const init = args[1];
    const from = input instanceof Request ? input : {};
    const of = (name) => init?.[name] ?? from[name];
    const headers = of('headers');
    signal = of('signal');
    span = begin(String(of('method') ?? 'GET').toUpperCase(), from.url ?? input, headers, init?.body, of('mode'));
    if (!span?.more) return;
    // `init` may have getters, so that it is not copied; and a Request forgets these two where there is any.
    const { referrer, referrerPolicy } = from;
    const value = headers ? { ...Object.fromEntries(new Headers(headers)), ...span.more } : span.more;
    args[1] = init ? Object.create(init, { headers: { value, enumerable: true } }) : { headers: value, referrer, referrerPolicy };
  });
  const failed = (error) => finish(span, 0, failureOf(error, signal));
  try {
    const result = apply(native, self, args);
    return result instanceof Promise ? wrapPromise(result, context, ({ status }) => finish(span, status), failed) : result;
  } catch (error) {
    failed(error);
    throw error;
  }
}

function hookXhr(prototype) {
  const { setRequestHeader } = prototype;
  // What each was opened with, and its span once it is sent.
  const opened = new WeakMap();
  hook(
    prototype,
    'open',
    before((self, [method, url]) => {
      own(self);
      // Opened again, it ends without an event.
      finish(opened.get(self)?.span, 0, 'abort');
      opened.set(self, { method: String(method).toUpperCase(), url, headers: new Headers() });
    }),
  );
  hook(prototype, 'setRequestHeader', before((self, header) => opened.get(self)?.headers.append(...header)));
  hook(prototype, 'abort', owns);
  hook(prototype, 'send', (native, self, args) => {
    let span;
    attempt(() => {
      const it = opened.get(self);
      if (self.readyState !== 1 || !it || it.span) return;
      own(self, ({ type }) => /^(load|error|abort|timeout)$/.test(type) && finish(span, self.status, FAILURES[type]));
      span = it.span = begin(it.method, it.url, it.headers, args[0]);
      for (const header of Object.entries(span?.more ?? {})) apply(setRequestHeader, self, header);
    });
    try {
      return apply(native, self, args);
    } catch (error) {
      finish(span, 0, failureOf(error));
      throw error;
    }
  });
}

/** The timing of a request, which comes after the answer. */
function timingOf({ address, start, done }) {
  const all = latest ?? performance.getEntriesByName(address, 'resource');
  const entry = all.find((it) => it.name === address && at(it.startTime) >= start - 1 && at(it.startTime) <= done && !met.has(it));
  if (entry) met.add(entry);
  return entry;
}

/**
 * When the phases of an entry were, by the names they have there, but for those that it had no need of: on a connection that
 * was there already all of its making is when it began. Names are given: to ask an entry for them takes longer than all else.
 */
export function addPhases(span, entry, names) {
  const { fetchStart } = entry;
  for (const name of names) {
    const time = entry[name];
    if (time > 0 && (time !== fetchStart || name === 'fetchStart')) span.addEvent(name, undefined, at(time));
  }
}

/** Ends the span of a request, with what its resource timing adds. */
export function complete(span, entry) {
  let { done = 0 } = span;
  if (entry) {
    addPhases(span, entry, phases());
    const version = /^(?:http\/|h)([\d.]+)$/.exec(entry.nextHopProtocol)?.[1];
    span.setAttribute('network.protocol.version', version).setAttribute('http.response.body.size', entry.encodedBodySize || undefined);
    done = Math.max(done, at(entry.responseEnd));
  }
  span.end(done);
}

/** Ends what has waited long enough; at exit everything, and of an interaction that ends what is its, with what the browser already knows. */
export function settleTimings(all, group) {
  if (latest) observed();
  const limit = now() - TIMING_MILLIS;
  for (const it of timed.splice(0)) {
    const entry = timingOf(it);
    if (entry || all || it.done <= limit || it.group === group) complete(it, entry);
    else timed.push(it);
  }
  latest?.splice(0, latest.length - KEPT);
  if (timed.length) later(settleTimings, TIMING_MILLIS);
}
