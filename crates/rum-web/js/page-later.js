// What can wait until the page has loaded. A module of its own: pages that want none of it load none of it.

import { frustration } from './frustration.js';
import { shadows } from './leave.js';
import { navigation } from './navigation.js';
import { openStore } from './stored.js';
import { timing } from './timing.js';
import { vitals } from './vitals.js';

// Called as soon as possible where it is asked for.
export { dryRun } from './dry.js';

/** Called once the page has loaded, with what it needs of the tracer. */
export function install(core) {
  const { attempt, tracer } = core;
  const { exporter, options } = tracer;

  /** `work`, whose mistakes are told and nothing else. */
  const safe = (work) => (...args) => attempt(work, ...args);

  /** Calls `work` too whenever the tracer, or its exporter, calls its `name`. */
  const also = (name, work, owner = tracer) => {
    const before = owner[name];
    owner[name] = (...args) => {
      before.apply(owner, args);
      attempt(work, ...args);
    };
  };

  /** Gives all entries of a type to `handle`; what it returns does so for those on their way. */
  const observe = (type, handle, more) => {
    if (!PerformanceObserver.supportedEntryTypes.includes(type)) return () => {};
    const all = safe((entries) => entries.forEach(handle));
    const observer = new PerformanceObserver((list) => all(list.getEntries()));
    observer.observe({ type, buffered: true, ...more });
    core.onUndo(() => observer.disconnect());
    return () => all(observer.takeRecords());
  };

  const api = { ...core, also, observe, safe };
  if (exporter.endpoint) {
    if (options.storage !== false && !navigator.globalPrivacyControl) openStore(api).catch(core.complain);
    if (window.fetchLater) attempt(shadows, api);
  }
  const parts = { pageLoad, webVitals: vitals, timing, frustration, navigation };
  for (const name in parts) if (options[name] !== false) attempt(parts[name], api);
  if (options.resources) attempt(resources, api);
  if (options.consoleErrors) attempt(consoleErrors, api);
}

/** The span of a request that the browser made by itself. */
function requested({ at, complete, Kind, requestAttributes, Span, tracer: { pageLoad } }, entry, attributes) {
  const span = new Span('GET', { kind: Kind.CLIENT, parent: pageLoad.span, start: at(entry.fetchStart), group: pageLoad.group });
  span.setAttributes({ ...requestAttributes('GET', new URL(entry.name)), ...attributes });
  complete({ span, done: 0 }, entry);
}

/** The phases of the load, and the request for the document. */
function pageLoad(api) {
  const [entry] = performance.getEntriesByType('navigation');
  const { pageLoad } = api.tracer;
  if (!pageLoad) return;
  api.addPhases(pageLoad.span, entry, 'unloadEventStart unloadEventEnd domInteractive domContentLoadedEventStart domContentLoadedEventEnd domComplete loadEventStart loadEventEnd'.split(' '));
  requested(api, entry, { 'http.response.status_code': entry.responseStatus || undefined });
}

// A page of a thousand pictures is not better understood by all of them.
const MAX_RESOURCES = 100;

/** What the page loaded beside what it asked for itself. */
function resources(api) {
  const { tracer } = api;
  const mine = /^(fetch|xmlhttprequest|beacon)$/;
  const entries = tracer.pageLoad ? performance.getEntriesByType('resource') : [];
  for (const entry of entries.filter(({ initiatorType }) => !mine.test(initiatorType)).slice(0, MAX_RESOURCES)) {
    if (!tracer.ignores(new URL(entry.name))) requested(api, entry, { 'flamefall.resource.type': entry.initiatorType });
  }
}

/** What the page itself says went wrong. */
function consoleErrors({ attempt, hook, tracer }) {
  hook(console, 'error', (native, self, args) => {
    attempt(() => {
      const error = args.find((it) => it instanceof Error);
      tracer.onto((span) => (error ? span.recordException(error) : span.addEvent('console.error', { 'exception.message': args.map(String).join(' ') })));
    });
    return native.apply(self, args);
  });
}
