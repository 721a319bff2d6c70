// Flamefall's tracer for web pages: `start` is the whole of it.

import { attempt, bind, current, hookBoundaries, listen, setTimeout, undoAll, within, wrapPromise } from './context.js';
import { createExporter } from './export.js';
import { blame, hookErrors } from './errors.js';
import { child, closeAll, hookInteractions } from './interaction.js';
import { hookPageLoad } from './page.js';
import { configure as configureQueue } from './queue.js';
import { endRequests, hookRequests, settleTimings } from './requests.js';
import { touch } from './session.js';
import { randomHex } from './span.js';
import { allow, common, configure, consented, later, never, options, tracer } from './tracer.js';

const pageId = randomHex(8);

function resource() {
  const { serviceName, serviceVersion, environment, resourceAttributes } = options;
  const { language, userAgent, userAgentData } = navigator;
  return {
    'service.name': serviceName ?? 'unknown_service',
    'service.version': serviceVersion,
    'deployment.environment.name': environment,
    'telemetry.sdk.name': 'flamefall-rum',
    'telemetry.sdk.language': 'webjs',
    'browser.brands': userAgentData?.brands.map(({ brand, version }) => `${brand} ${version}`),
    'browser.platform': userAgentData?.platform,
    'browser.mobile': userAgentData?.mobile,
    'browser.language': language,
    'user_agent.original': userAgent,
    'flamefall.page.id': pageId,
    ...resourceAttributes,
  };
}

/** The page leaves, perhaps for good. */
function leave() {
  endRequests();
  settleTimings(true);
  closeAll();
  tracer.onLeave();
  tracer.exporter.leave();
}

function stop() {
  leave();
  never();
  undoAll();
  allow(false);
  tracer.exporter.stop();
  configureQueue();
}

/** @param {import('./flamefall-rum').Options} given */
export function start(given) {
  if (tracer && !tracer.exporter.stopped) attempt(stop);
  // With options that cannot be used at all nothing is done.
  let options;
  const exporter = attempt(() => createExporter((options = { endpoint: '/v1/traces', ...given }), resource)) ?? createExporter((options = { consent: false }), resource);
  const mine = configure(options, { exporter, pageId });
  // One by one: an option that one of them cannot use is not the others'.
  for (const hookAll of [hookBoundaries, hookRequests, hookInteractions, hookErrors]) attempt(hookAll, options);
  const consent = (given) =>
    attempt(() => {
      if (exporter.stopped) return;
      allow(given);
      if (!given) return;
      touch();
      if (!mine.begun) hookPageLoad();
      mine.begun = true;
    });
  consent(options.consent !== false);
  listen(document, 'visibilitychange', () => document.visibilityState === 'hidden' && leave());
  listen(window, 'pagehide', leave);
  listen(document, 'freeze', leave);
  // A task later: nobody waits for it yet.
  exporter.loading = new Promise((go) => setTimeout(go)).then(() => exporter.load(options.wasm ?? new URL('./flamefall-rum.wasm', import.meta.url)));
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
    consent,
    onSpans(listener) {
      attempt(() => exporter.listen(listener));
      return () => exporter.listeners.delete(listener);
    },
    async flush() {
      settleTimings(true);
      await exporter.flush();
    },
    /** What became of the spans: counts since the start. */
    metrics: exporter.metrics,
    shutdown: () => attempt(() => exporter.stopped || stop()),
  };
}
