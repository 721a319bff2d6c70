// What can wait until the page has loaded. A module of its own: pages that want none of it load none of it.

import { addPhases, also, at, attempt, client, complain, complete, hook, ignores, onto, tracer, use } from './core.js';
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
  use(core);
  const { exporter, options } = tracer;
  if (exporter.endpoint) {
    const api = { also, complain, tracer };
    if (options.storage !== false && !navigator.globalPrivacyControl) openStore(api).catch(complain);
    if (window.fetchLater) attempt(shadows, api);
  }
  const on = { pageLoad, webVitals: vitals, timing, frustration, navigation };
  for (const name in on) if (options[name] !== false) attempt(on[name]);
  const off = { resources, consoleErrors };
  for (const name in off) if (options[name]) attempt(off[name]);
}

/** The span of a request that the browser made by itself. */
function requested(entry, attributes) {
  complete(client('GET', new URL(entry.name), tracer.arrival, at(entry.fetchStart)).setAttributes(attributes), entry);
}

/** The phases of the load, and the request for the document. */
function pageLoad() {
  const [entry] = performance.getEntriesByType('navigation');
  addPhases(tracer.arrival, entry, Object.keys(PerformanceNavigationTiming.prototype).filter((name) => /load|^dom[CI]/.test(name)));
  requested(entry, { 'http.response.status_code': entry.responseStatus || undefined });
}

// A page of a thousand pictures is not better understood by all of them.
const MAX_RESOURCES = 100;

/** What the page loaded beside what it asked for itself. */
function resources() {
  let left = MAX_RESOURCES;
  for (const entry of tracer.arrival ? performance.getEntriesByType('resource') : []) {
    const { initiatorType, name } = entry;
    if (/^(fetch|xmlhttprequest|beacon)$/.test(initiatorType) || ignores(new URL(name)) || left-- <= 0) continue;
    requested(entry, { 'flamefall.resource.type': initiatorType });
  }
}

/** What the page itself says went wrong. */
const consoleErrors = () =>
  hook(console, 'error', (native, self, args) => {
    attempt(onto, args.find((it) => it instanceof Error) ?? { name: 'console.error', message: args.map(String).join(' ') });
    return native.apply(self, args);
  });
