// The load of the page is a root span like what a person does: from the navigation to the end of what it caused.

import { attempt, listen, withoutOrigin } from './context.js';
import { Interaction } from './interaction.js';
import { parseTraceparent } from './propagate.js';
import { at } from './span.js';
import { later, options, tracer } from './tracer.js';

const LONGEST_MILLIS = 10_000;

/** What the server said: the trace that this page was written in. */
function parentOf(entry) {
  const meta = (name) => document.querySelector(`meta[name=${name}]`)?.content;
  const timing = entry.serverTiming?.find(({ name }) => /^trace(parent)?$/i.test(name));
  return parseTraceparent(meta('traceparent') ?? timing?.description, meta('tracestate'));
}

/** Begins when a first span asks for its parent, or else a task later: to look for its own takes longer than all hooks. */
export function beginPageLoad() {
  const mine = tracer;
  const { exporter } = mine;
  const [entry] = performance.getEntriesByType('navigation');
  let load;
  if (options.pageLoad !== false) {
    load = mine.arrival = new Interaction('page load', 'page_load', 0, parentOf(entry));
    load.deadline = Infinity;
    load.began();
  }
  const loaded = async () => {
    const end = at(entry.loadEventEnd);
    if (load) load.deadline = end + LONGEST_MILLIS;
    await exporter.loading;
    if (!exporter.stopped) mine.onLoad?.();
    load?.finished(end);
  };
  // The end of the load event is known a task later.
  const done = () => {
    withoutOrigin();
    later(loaded, 0);
  };
  if (document.readyState === 'complete') return done();
  listen('load', done);
  return load;
}
