// Flamefall's tracer for web pages: `start` is the whole of it.

import { bind, complain, current, enter, hookBoundaries, listen, onUndo, undoAll, within, wrapPromise } from './context.js';
import { createExporter } from './export.js';
import { hookErrors } from './errors.js';
import { closeAll, hookInteractions, recentInteraction } from './interaction.js';
import { hookPageLoad } from './page.js';
import { configure, reset, settle } from './record.js';
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
    this.pageId = randomHex(8);
    this.own = options.endpoint && new URL(options.endpoint, document.baseURI);
    this.exporter = createExporter(options, this.resource(), performance.timeOrigin);
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
    return ignoreUrls?.some((rule) => (typeof rule === 'string' ? target.href.startsWith(rule) : rule.test(target.href)));
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
    const recent = recentInteraction();
    if (recent) span.setAttribute('flamefall.interaction.recent_id', recent.span.spanId);
    span.onEnd = () => settle(span.group);
    return span;
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
      try {
        work();
      } catch (error) {
        complain(error);
      }
    }, millis));
  }

  // What page-later.js does then.
  onInteraction() {}
  onClose() {}
  onLeave() {}

  onStop(it) {
    onUndo(it);
  }

  consent(given) {
    this.consented = given;
    if (!given) return;
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
    this.stopped = true;
    this.leave();
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    undoAll();
    this.exporter.stop();
    reset();
  }
}

/** @param {import('./flamefall-rum').Options} options */
export function start(options = {}) {
  try {
    running?.stop();
    const tracer = (running = new Tracer({ endpoint: '/v1/traces', ...options }));
    configure({ written: () => tracer.exporter.written(), filter: options.attributeFilter });
    hookBoundaries(window, options);
    hookRequests(window, tracer);
    hookInteractions(window, tracer);
    hookErrors(window, tracer);
    tracer.consent(tracer.consented);
    listen(document, 'visibilitychange', () => document.visibilityState === 'hidden' && tracer.leave());
    listen(window, 'pagehide', () => tracer.leave());
    listen(document, 'freeze', () => tracer.leave());
    tracer.exporter.loading = tracer.exporter.load(options.wasm ?? new URL('./flamefall-rum.wasm', import.meta.url));
    return handle(tracer);
  } catch (error) {
    complain(error);
    return handle(running);
  }
}

function handle(tracer) {
  const exporter = tracer?.exporter;
  return {
    /** A span around `body`, which may be asynchronous. */
    run(name, body, attributes) {
      const context = current();
      const span = tracer.child(name, Kind.INTERNAL, context, attributes);
      const interaction = span.interaction;
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
        failed(error);
        throw error;
      }
      if (typeof result?.then !== 'function') {
        done();
        return result;
      }
      return wrapPromise(Promise.resolve(result), context, done, failed);
    },
    bind: (callback) => bind(callback),
    wrapPromise: (promise) => wrapPromise(promise),
    setAttributes(attributes) {
      Object.assign(tracer.attributes, attributes);
    },
    recordException(error) {
      const span = current()?.span ?? tracer.child('exception', Kind.INTERNAL);
      span.recordException(error);
      if (!current()) span.end();
    },
    /** Nothing is recorded, stored or sent before it is given, where `start` was told `consent: false`. */
    consent: (given) => tracer.consent(given),
    onSpans(listener) {
      exporter.listeners.add(listener);
      return () => exporter.listeners.delete(listener);
    },
    flush: async () => {
      settleTimings(true);
      await exporter?.flush();
    },
    /** What became of the spans: counts since the start. */
    metrics: () => exporter?.metrics(),
    shutdown: () => tracer?.stop(),
  };
}
