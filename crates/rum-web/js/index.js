// Flamefall's tracer for web pages: `start` is the whole of it.

import { attempt, bind, current, hookBoundaries, listen, undoAll, within, wrapPromise } from './context.js';
import { createExporter } from './export.js';
import { hookErrors } from './errors.js';
import { closeAll, hookInteractions, recentId } from './interaction.js';
import { hookPageLoad } from './page.js';
import { configure } from './queue.js';
import { endRequests, hookRequests, settleTimings } from './requests.js';
import { sampler } from './sampling.js';
import { touch } from './session.js';
import { Kind, Span, now, randomHex } from './span.js';

const { setTimeout, clearTimeout } = globalThis;

let running;

class Tracer {
  constructor(options) {
    this.options = options;
    // Global Privacy Control: what elements say may name a person.
    this.names = options.elementNames ?? !navigator.globalPrivacyControl;
    this.consented = options.consent !== false;
    this.sample = sampler(options);
    this.groups = 0;
    this.timers = new Map();
    // Requests of a dry run: see dry.js.
    this.dry = [];
    this.pageId = randomHex(8);
    this.exporter = createExporter(options, () => this.resource());
    this.attributes = { ...options.attributes };
  }

  resource() {
    const { serviceName, serviceVersion, environment, resourceAttributes } = this.options;
    const brands = navigator.userAgentData;
    return {
      'service.name': serviceName ?? 'unknown_service',
      'service.version': serviceVersion,
      'deployment.environment.name': environment,
      'telemetry.sdk.name': 'flamefall-rum',
      'telemetry.sdk.language': 'webjs',
      'browser.brands': brands?.brands.map(({ brand, version }) => `${brand} ${version}`),
      'browser.platform': brands?.platform,
      'browser.mobile': brands?.mobile,
      'browser.language': navigator.language,
      'user_agent.original': navigator.userAgent,
      'flamefall.page.id': this.pageId,
      ...resourceAttributes,
    };
  }

  /** Whether anything is recorded, and any header sent. */
  recording() {
    return this.consented;
  }

  /** Whether a request is not ours to trace. */
  ignores(target) {
    const { ignoreUrls } = this.options;
    return !!ignoreUrls && [ignoreUrls].flat().some((rule) => (typeof rule === 'string' ? target.href.startsWith(rule) : target.href.search(rule) >= 0));
  }

  /** A span without a parent on this page. */
  root(name, kind, attributes, parent, start) {
    const span = new Span(name, { kind, parent, start, group: ++this.groups, root: true });
    this.describe(span, attributes);
    if (this.consented) this.sample(span, this.session.id);
    else span.recording = false;
    return span;
  }

  /** A span for work in `context`; without one it is a root of its own, with a hint. */
  child(name, kind, context, attributes) {
    if (context) {
      const span = new Span(name, { kind, parent: context.span, group: context.span.group });
      span.interaction = context.interaction;
      this.describe(span, attributes);
      return span;
    }
    const span = this.root(name, kind, attributes);
    span.alone = true;
    return span.setAttribute('flamefall.interaction.recent_id', recentId(span.start));
  }

  describe(span, attributes) {
    span.setAttributes(this.attributes).setAttributes(attributes ?? {});
    // Children are found by their trace.
    if (span.root) span.setAttribute('session.id', this.session?.id).setAttribute('session.previous_id', this.session?.previous);
  }

  /** Calls `work` in so many milliseconds, once however often it is asked for. */
  later(work, millis) {
    if (this.timers.has(work)) return;
    this.timers.set(work, setTimeout(() => {
      this.timers.delete(work);
      attempt(work);
    }, millis));
  }

  // What page-later.js does then.
  onInteraction() {}
  onClose() {}
  onLeave() {}

  consent(given) {
    this.consented = given;
    if (!given || this.stopped) return;
    touch(this);
    if (!this.begun) hookPageLoad(window, this);
    this.begun = true;
  }

  leave() {
    endRequests();
    settleTimings(true);
    closeAll('page_hidden');
    this.onLeave();
    this.exporter.leave();
  }

  stop() {
    if (this.stopped) return;
    this.stopped = true;
    this.leave();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    undoAll();
    this.exporter.stop();
    configure();
  }
}

/** @param {import('./flamefall-rum').Options} given */
export function start(given) {
  if (running) attempt(() => running.stop());
  running = attempt(() => new Tracer({ endpoint: '/v1/traces', ...given }));
  const tracer = running ?? new Tracer({ consent: false });
  const { exporter, options } = tracer;
  // With options that cannot be used at all nothing is done, and what the page calls does as much.
  if (!running) tracer.stopped = true;
  else {
    // One by one: an option that one of them cannot use is not the others'.
    for (const hookAll of [hookBoundaries, hookRequests, hookInteractions, hookErrors]) attempt(hookAll, window, tracer);
    attempt(() => tracer.consent(tracer.consented));
    const leave = () => tracer.leave();
    listen(document, 'visibilitychange', () => document.visibilityState === 'hidden' && leave());
    listen(window, 'pagehide', leave);
    listen(document, 'freeze', leave);
    // A task later: nobody waits for it yet.
    exporter.loading = new Promise((go) => setTimeout(go)).then(() => exporter.load(options.wasm ?? new URL('./flamefall-rum.wasm', import.meta.url)));
  }
  return {
    /** A span around `body`, which may be asynchronous. */
    run(name, body, attributes) {
      const context = current();
      const span = attempt(() => tracer.child(name, Kind.INTERNAL, context, attributes)) ?? new Span(name);
      const { interaction } = span;
      interaction?.began();
      const done = () => {
        interaction?.finished(now());
        span.end();
      };
      const failed = (error) => {
        span.recordException(error);
        done();
      };
      let result;
      try {
        result = within({ span, interaction }, () => body(span));
      } catch (error) {
        attempt(failed, error);
        throw error;
      }
      if (typeof result?.then === 'function') return wrapPromise(Promise.resolve(result), context, done, failed);
      attempt(done);
      return result;
    },
    /** A span that nothing comes to be below by itself; who began it ends it. */
    startSpan: (name, attributes) => attempt(() => tracer.child(name, Kind.INTERNAL, current(), attributes)) ?? new Span(name),
    bind,
    wrapPromise: (promise) => wrapPromise(Promise.resolve(promise)),
    setAttributes(attributes) {
      Object.assign(tracer.attributes, attributes);
    },
    recordException(error) {
      attempt(() => {
        const owner = current()?.span;
        const span = owner ?? tracer.child('exception', Kind.INTERNAL);
        span.recordException(error);
        if (!owner) span.end();
      });
    },
    /** Nothing is recorded, stored or sent before it is given, where `start` was told `consent: false`. */
    consent: (given) => attempt(() => tracer.consent(given)),
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
    shutdown: () => attempt(() => tracer.stop()),
  };
}
