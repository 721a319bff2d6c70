// The load of the page is a root span like what a person does: from the navigation to the end of what it caused.

import { addPhases, complete, requestAttributes } from './requests.js';
import { attempt, complain, current, enter, hook, listen, onUndo, withoutOrigin } from './context.js';
import { Interaction, TYPED } from './interaction.js';
import { redactedUrl } from './privacy.js';
import { parseTraceparent } from './propagate.js';
import { at, Kind, Span } from './span.js';

// What can wait until the page has loaded is in a module of its own, which needs this.
const api = { addPhases, at, attempt, complain, complete, current, enter, hook, Interaction, Kind, listen, onUndo, redactedUrl, requestAttributes, Span, TYPED };
const LONGEST_MILLIS = 10_000;

/** What the server said: the trace that this page was written in. */
function parentOf(entry) {
  const meta = (name) => document.querySelector(`meta[name=${name}]`)?.content;
  const timing = entry?.serverTiming?.find(({ name }) => /^trace(parent)?$/i.test(name));
  return parseTraceparent(meta('traceparent') ?? timing?.description, meta('tracestate'));
}

export function hookPageLoad(window, tracer) {
  const { options } = tracer;
  const [entry] = performance.getEntriesByType('navigation');
  let load;
  if (options.pageLoad !== false && entry) {
    load = tracer.pageLoad = new Interaction('page load', 'page_load', 0, parentOf(entry));
    load.deadline = Infinity;
    load.began();
  }
  const later = () => import(options.page || new URL('./flamefall-rum-page.js', import.meta.url));
  // What is rarely asked for is there too, and what it is told of waits for it.
  if (options.dryRun) later().then(({ dryRun }) => dryRun(tracer)).catch(complain);
  const loaded = async () => {
    const end = at(entry?.loadEventEnd);
    if (load) load.deadline = end + LONGEST_MILLIS;
    try {
      const { install } = options.page !== false && (await later());
      if (!tracer.stopped) install?.({ ...api, tracer });
    } catch (error) {
      complain(error);
    }
    load?.finished(end);
  };
  // The end of the load event is known a task later.
  const done = () => {
    withoutOrigin();
    tracer.later(loaded, 0);
  };
  if (document.readyState === 'complete') return done();
  withoutOrigin(load?.context);
  listen(window, 'load', done);
}
