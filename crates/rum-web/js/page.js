// The load of the page is a root span like what a person does: from the navigation to the end of what it caused.

import { addPhases, client, complete, ignores } from './requests.js';
import { attempt, complain, current, enter, entriesOf, hook, listen, withoutOrigin } from './context.js';
import { onto } from './errors.js';
import { child, Interaction, TYPED } from './interaction.js';
import { redactedUrl } from './privacy.js';
import { parseTraceparent } from './propagate.js';
import { at } from './span.js';
import { later, options, tracer } from './tracer.js';

// What can wait until the page has loaded is in a module of its own, which needs this.
const core = { addPhases, at, attempt, child, client, complain, complete, current, enter, entriesOf, hook, ignores, Interaction, listen, onto, redactedUrl, TYPED };
const LONGEST_MILLIS = 10_000;

/** What the server said: the trace that this page was written in. */
function parentOf(entry) {
  const meta = (name) => document.querySelector(`meta[name=${name}]`)?.content;
  const timing = entry.serverTiming?.find(({ name }) => /^trace(parent)?$/i.test(name));
  return parseTraceparent(meta('traceparent') ?? timing?.description, meta('tracestate'));
}

export function hookPageLoad() {
  const mine = tracer;
  const [entry] = performance.getEntriesByType('navigation');
  let load;
  if (options.pageLoad !== false) {
    load = mine.arrival = new Interaction('page load', 'page_load', 0, parentOf(entry));
    load.deadline = Infinity;
    load.began();
  }
  const module = () => import(options.page || new URL('./flamefall-rum-page.js', import.meta.url));
  // What is rarely asked for is there too, and what it is told of waits for it.
  if (options.dryRun) module().then(({ dryRun }) => dryRun(mine)).catch(complain);
  const loaded = async () => {
    const end = at(entry.loadEventEnd);
    if (load) load.deadline = end + LONGEST_MILLIS;
    try {
      const { install } = options.page !== false && (await module());
      if (!mine.exporter.stopped) install?.({ ...core, tracer: mine });
    } catch (error) {
      complain(error);
    }
    load?.finished(end);
  };
  // The end of the load event is known a task later.
  const done = () => {
    withoutOrigin();
    later(loaded, 0);
  };
  if (document.readyState === 'complete') return done();
  withoutOrigin(load);
  listen(window, 'load', done);
}
