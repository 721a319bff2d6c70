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
export const install = (core) => {
  const { attempt, tracer } = core;
  const { exporter, options } = tracer;

  /** Calls `work` too whenever the tracer, or its exporter, calls its `name`. */
  const also = (name, work, owner = tracer) => {
    const before = owner[name];
    owner[name] = (...args) => {
      before.apply(owner, args);
      attempt(work, ...args);
    };
  };

  const api = { ...core, also };
  if (exporter.endpoint) {
    if (options.storage !== false && !navigator.globalPrivacyControl) openStore(api).catch(core.complain);
    if (window.fetchLater) attempt(shadows, api);
  }
  const parts = { pageLoad, webVitals: vitals, timing, frustration, navigation };
  for (const name in parts) if (options[name] !== false) attempt(parts[name], api);
  if (options.resources) attempt(resources, api);
  if (options.consoleErrors) attempt(consoleErrors, api);
};

/** The span of a request that the browser made by itself. */
const requested = ({ at, client, complete, tracer }, entry, attributes) => {
  complete(client('GET', new URL(entry.name), tracer.arrival, at(entry.fetchStart)).setAttributes(attributes), entry);
};

/** The phases of the load, and the request for the document. */
const pageLoad = (api) => {
  const [entry] = performance.getEntriesByType('navigation');
  const { arrival } = api.tracer;
  if (!arrival) return;
  api.addPhases(arrival, entry, /load|^dom[CI]/);
  requested(api, entry, { 'http.response.status_code': entry.responseStatus || undefined });
};

// A page of a thousand pictures is not better understood by all of them.
const MAX_RESOURCES = 100;

/** What the page loaded beside what it asked for itself. */
const resources = (api) => {
  if (!api.tracer.arrival) return;
  let left = MAX_RESOURCES;
  for (const entry of performance.getEntriesByType('resource')) {
    const { initiatorType, name } = entry;
    if (/^(fetch|xmlhttprequest|beacon)$/.test(initiatorType) || api.ignores(new URL(name)) || left-- <= 0) continue;
    requested(api, entry, { 'flamefall.resource.type': initiatorType });
  }
};

/** What the page itself says went wrong. */
const consoleErrors = ({ before, hook, onto }) => {
  hook(console, 'error', before((_, args) => onto(args.find((it) => it instanceof Error) ?? { name: 'console.error', message: args.map(String).join(' ') })));
};
