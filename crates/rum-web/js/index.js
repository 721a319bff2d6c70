// Flamefall's tracer for web pages: `start` is the whole of it.

import { attempt, bind, clearTimeout, clock, complain, current, enter, entriesOf, fetch, hook, hookBoundaries, hookRest, listen, origin, setTimeout, undoAll, within, withoutOrigin, wrapPromise } from './context.js';
import { blame, hookErrors, onto } from './errors.js';
import { child, closeAll, hookGestures, hookInteractions, Interaction, TYPED } from './interaction.js';
import { openOutbox } from './outbox.js';
import { beginPageLoad } from './page.js';
import { redactedUrl } from './privacy.js';
import { addPhases, client, complete, endRequests, hookRequests, ignores, measureRequests, settleTimings } from './requests.js';
import { at, randomHex } from './span.js';
import { allow, common, configure, later, never, options, tracer } from './tracer.js';

// What the part that comes later needs of this one, in the order of core.js: names would be sent twice.
const core = [attempt, addPhases, at, child, clearTimeout, client, clock, complain, complete, current, enter, entriesOf, fetch, hook, ignores, Interaction, listen, onto, randomHex, redactedUrl, setTimeout, TYPED];

/** The page leaves, perhaps for good. */
function leave() {
  endRequests();
  settleTimings(true);
  closeAll();
  tracer.onLeave?.();
  tracer.exporter.leave?.();
}

function stop() {
  leave();
  never();
  undoAll();
  allow(false);
  const { exporter } = tracer;
  exporter.stopped = true;
  exporter.write = () => {};
  exporter.stop?.();
}

/** What a page's scripts need not wait for. */
function settleDown(mine) {
  hookRest();
  for (const begin of [hookGestures, measureRequests, origin]) attempt(begin);
  listen('visibilitychange', () => document.visibilityState === 'hidden' && leave());
  listen('pagehide', leave);
  listen('freeze', leave);
  return load(mine);
}

/** Gets what decides about spans, keeps and sends them, and what else can come late. */
async function load(mine) {
  const { exporter } = mine;
  try {
    const wasm = fetch(options.wasm ?? new URL('./flamefall-rum.wasm', import.meta.url));
    // Told below.
    wasm.catch(() => {});
    const { connect } = await import(options.later ?? new URL('./flamefall-rum-later.js', import.meta.url));
    if (!exporter.stopped) await connect(mine, core, wasm);
  } catch (error) {
    if (exporter.stopped) return;
    // No module, or no wasm (a strict policy, an old browser): headers are still sent, spans are not.
    exporter.write = () => {};
    mine.onLoad = undefined;
    complain(error);
  }
}

/** @param {import('./flamefall-rum').Options} given */
export function start(given) {
  if (tracer && !tracer.exporter.stopped) attempt(stop);
  // With options that cannot be used at all nothing is done.
  const options = attempt(() => ({ endpoint: '/v1/traces', ...given })) ?? { consent: false };
  const exporter = openOutbox(options);
  const mine = configure(options, { exporter });
  // One by one: an option that one of them cannot use is not the others'.
  for (const hookAll of [hookBoundaries, hookRequests, hookInteractions, hookErrors]) attempt(hookAll, options);
  let begun;
  const consent = (given) => {
    if (exporter.stopped) return;
    allow(given);
    if (given && !begun) withoutOrigin(beginPageLoad);
    begun ||= given;
  };
  consent(options.consent !== false);
  exporter.loading = new Promise((go) => setTimeout(go)).then(() => exporter.stopped || settleDown(mine));
  return {
    /** A span around `body`, which may be asynchronous. */
    run(name, body, attributes) {
      const context = current();
      const span = child(name, attributes, context);
      const { interaction } = span;
      interaction?.began();
      const done = () => {
        interaction?.finished();
        span.end();
      };
      const failed = (error) => {
        span.recordException(error);
        done();
      };
      let result;
      try {
        result = within(span, () => body(span));
      } catch (error) {
        attempt(failed, error);
        throw error;
      }
      if (typeof result?.then === 'function') return wrapPromise(result, context, done, failed);
      attempt(done);
      return result;
    },
    /** A span that nothing comes to be below by itself; who began it ends it. */
    startSpan: (name, attributes) => child(name, attributes, current()),
    bind,
    wrapPromise: (promise) => wrapPromise(promise),
    setAttributes(attributes) {
      Object.assign(common, attributes);
    },
    recordException: (error) => attempt(() => blame(error, current())),
    /** Nothing is recorded, stored or sent before it is given, where `start` was told `consent: false`. */
    consent(given) {
      consent(given);
      origin();
    },
    onSpans(listener) {
      attempt(() => exporter.tellAll?.());
      exporter.listeners.add(listener);
      return () => exporter.listeners.delete(listener);
    },
    async flush() {
      settleTimings(true);
      await exporter.loading;
      await exporter.flush?.();
    },
    /** What became of the spans: counts since the start. */
    metrics: () => ({ ...exporter.metrics?.() }),
    shutdown: () => attempt(() => exporter.stopped || stop()),
  };
}
