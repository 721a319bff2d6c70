// Flamefall's tracer for web pages: `start` is the whole of it.

import { bind, complain, current, enter, hookBoundaries, listen, onUndo, undoAll, within, wrapPromise } from './context.js';
import { Exporter } from './export.js';
import { closeAll, hookInteractions, Interaction, recentInteraction } from './interaction.js';
import { configure, reset, settle } from './record.js';
import { hookRequests, settleTimings } from './requests.js';
import { Kind, RANDOM, SAMPLED, Span, now, randomHex } from './span.js';

const { setTimeout, clearTimeout } = globalThis;

let running;

class Tracer {
  constructor(options) {
    this.options = options;
    this.names = true;
    this.groups = 0;
    this.timers = new Map();
    this.pageId = randomHex(8);
    this.sessionId = randomHex(16);
    this.own = options.endpoint && new URL(options.endpoint, document.baseURI);
    this.exporter = new Exporter(options, this.resource(), performance.timeOrigin);
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

  recording() {
    return !this.exporter.failed || true;
  }

  /** Whether a request is not ours to trace. */
  ignores(target) {
    const { ignoreUrls } = this.options;
    return ignoreUrls?.some((rule) => (typeof rule === 'string' ? target.href.startsWith(rule) : rule.test(target.href)));
  }

  sample(span) {
    span.traceFlags = RANDOM | SAMPLED;
  }

  /** A span without a parent on this page. */
  root(name, kind, parent, start) {
    const span = new Span(name, { kind, parent, start, group: ++this.groups, root: true });
    this.sample(span);
    this.describe(span);
    return span;
  }

  /** A span for work in `context`; without one it is a root of its own, with a hint. */
  child(name, kind, context) {
    if (context) {
      const span = new Span(name, { kind, parent: context.span, group: context.span.group });
      span.interaction = context.interaction;
      this.describe(span);
      return span;
    }
    const span = this.root(name, kind);
    const recent = recentInteraction();
    if (recent) span.setAttribute('flamefall.interaction.recent_id', recent.span.spanId);
    span.onEnd = () => settle(span.group);
    return span;
  }

  describe(span) {
    span.setAttributes(this.attributes);
    // Children are found by their trace.
    if (span.root) span.setAttribute('session.id', this.sessionId);
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

  onInteraction() {}

  onStop(it) {
    onUndo(it);
  }

  leave() {
    closeAll('page_hidden');
    settleTimings(true);
    this.exporter.leave();
  }

  stop() {
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
    hookBoundaries(window);
    hookRequests(window, tracer);
    hookInteractions(window, tracer);
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
      const span = tracer.child(name, Kind.INTERNAL, context);
      span.setAttributes(attributes ?? {});
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
    onSpans(listener) {
      exporter.listeners.add(listener);
      return () => exporter.listeners.delete(listener);
    },
    flush: async () => {
      settleTimings(true);
      await exporter?.flush();
    },
    shutdown: () => tracer?.stop(),
  };
}
