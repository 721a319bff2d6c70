// The load of the page is a root span like what a person does: from the navigation to the end of what it caused.

import { addPhases, complete, requestAttributes } from './requests.js';
import { complain, current, enter, hook, listen, onUndo, withoutOrigin } from './context.js';
import { Interaction, TYPED } from './interaction.js';
import { redactedUrl } from './privacy.js';
import { parseTraceparent } from './propagate.js';
import { at, Kind, Span } from './span.js';

// What can wait until the page has loaded is in a module of its own, which needs this.
const api = { at, complain, complete, current, enter, hook, Interaction, Kind, listen, onUndo, redactedUrl, requestAttributes, Span, TYPED };
const MORE = ['storage', 'webVitals', 'timing', 'frustration', 'navigation'];

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
  const loaded = () => {
    if (load) {
      const end = at(entry.loadEventEnd);
      load.deadline = end + 10_000;
      load.finished(end);
      addPhases(load.span, entry, /^(unload|dom[IC]|load)/);
      const request = new Span('GET', { kind: Kind.CLIENT, parent: load.span, start: at(entry.fetchStart), group: load.group });
      request.setAttributes(requestAttributes('GET', new URL(entry.name)));
      if (entry.responseStatus) request.setAttribute('http.response.status_code', entry.responseStatus);
      complete({ span: request, done: 0 }, entry);
    }
    more(tracer);
  };
  // The end of the load event is known a task later.
  if (document.readyState === 'complete') tracer.later(loaded, 0);
  else {
    withoutOrigin(load?.context);
    listen(window, 'load', () => {
      withoutOrigin(undefined);
      tracer.later(loaded, 0);
    });
  }
}

async function more(tracer) {
  if (!tracer.options.resources && MORE.every((option) => tracer.options[option] === false)) return;
  try {
    const { install } = await import(new URL(tracer.options.page ?? './flamefall-rum-page.js', import.meta.url));
    if (!tracer.stopped) install({ ...api, tracer });
  } catch (error) {
    complain(error);
  }
}
