// What a page's scripts need not wait for: a module that is loaded a task later. What decides about spans, keeps and sends
// them is at work at once, all else when the page has loaded.

import { addPhases, attempt, complain, requested, tracer, use } from './core.js';
import { completeExporter } from './export.js';
import { frustration } from './frustration.js';
import { openShadow } from './leave.js';
import { navigation } from './navigation.js';
import { openStore } from './stored.js';
import { timing } from './timing.js';
import { vitals } from './vitals.js';

// What few pages want is a module of its own, beside this one.
const MORE = ['dryRun', 'resources', 'consoleErrors'];

/** Called first, with what it needs of the tracer, and a response with the wasm file. */
export async function connect(mine, core, wasm) {
  use(mine, core);
  mine.onLoad = install;
  const { options } = mine;
  const more = MORE.some((name) => options[name]) && import('./flamefall-rum-more.js').then(({ connect }) => connect(mine, core)).catch(complain);
  await completeExporter(wasm);
  await more;
}

function install() {
  const { exporter, options } = tracer;
  if (options.endpoint) {
    if (options.storage !== false && !navigator.globalPrivacyControl) exporter.store = attempt(openStore);
    if (window.fetchLater) exporter.shadow = openShadow();
  }
  const on = { pageLoad, webVitals: vitals, timing, frustration, navigation };
  for (const name in on) if (options[name] !== false) attempt(on[name]);
}

/** The phases of the load, and the request for the document. */
function pageLoad() {
  const [entry] = performance.getEntriesByType('navigation');
  addPhases(tracer.arrival, entry, Object.keys(PerformanceNavigationTiming.prototype).filter((name) => /load|^dom[CI]/.test(name)));
  requested(entry, { 'http.response.status_code': entry.responseStatus || undefined });
}
