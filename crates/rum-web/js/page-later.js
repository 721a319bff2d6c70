// What can wait until the page has loaded. A module of its own: pages that want none of it load none of it.

import { frustration } from './frustration.js';
import { navigation } from './navigation.js';
import { openStore } from './stored.js';
import { timing } from './timing.js';
import { vitals } from './vitals.js';

/** Called once, with what it needs of the tracer. */
export function install(core) {
  const { complain, tracer } = core;
  const { exporter, options } = tracer;
  if (options.storage !== false && exporter.endpoint && !navigator.globalPrivacyControl) openStore(exporter).catch(complain);

  const safe = (work) => (...args) => {
    try {
      work(...args);
    } catch (error) {
      complain(error);
    }
  };

  /** Calls `work` too whenever the tracer calls its `name`. */
  const also = (name, work) => {
    const before = tracer[name].bind(tracer);
    work = safe(work);
    tracer[name] = (...args) => {
      before(...args);
      work(...args);
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
  const parts = { webVitals: vitals, timing, frustration, navigation };
  for (const name in parts) if (options[name] !== false) safe(parts[name])(api);
  if (options.resources) safe(resources)(api);
}

// A page of a thousand pictures is not better understood by all of them.
const MAX_RESOURCES = 100;

/** What the page loaded beside what it asked for itself. */
function resources({ at, complete, Kind, requestAttributes, Span, tracer: { pageLoad: load, ignores, options } }) {
  const mine = /^(fetch|xmlhttprequest|beacon)$/;
  const entries = load ? performance.getEntriesByType('resource') : [];
  for (const entry of entries.filter(({ initiatorType }) => !mine.test(initiatorType)).slice(0, MAX_RESOURCES)) {
    const url = new URL(entry.name);
    if (ignores.call({ options }, url)) continue;
    const span = new Span('GET', { kind: Kind.CLIENT, parent: load.span, start: at(entry.startTime), group: load.group });
    span.setAttributes(requestAttributes('GET', url)).setAttribute('flamefall.resource.type', entry.initiatorType);
    complete({ span, done: 0 }, entry);
  }
}
