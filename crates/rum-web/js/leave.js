// For a page that crashes: a request that the browser makes then.

import { attempt, clock, tracer } from './core.js';

// Of `fetchLater`, which has a budget of its own, and how often it is written anew.
const SHADOW_BYTES = 64_000;
const SHADOW_MILLIS = 1000;

/** What was buffered last goes if the page crashes. */
export function openShadow() {
  const { exporter, options } = tracer;
  let shadow;
  let shadowed = -Infinity;
  let stale = true;

  /** Spans have been sent, or left. */
  const gone = () => {
    shadow?.abort();
    stale = true;
  };
  return {
    gone,
    /** What is due was seen to. `fresh`: spans have come since the last time; `sending`: some are on their way. */
    drained(fresh, sending) {
      if (fresh) stale = true;
      if (!stale || sending) return;
      const wait = shadowed + SHADOW_MILLIS - clock();
      if (wait > 0) return exporter.wake(wait);
      gone();
      stale = false;
      shadowed = clock();
      const body = exporter.exit(SHADOW_BYTES, false, true);
      if (!body) return;
      shadow = new AbortController();
      // It throws where that is more than the platform lets this page have.
      attempt(() => window.fetchLater(options.endpoint, { ...exporter.message(body), signal: shadow.signal }));
    },
  };
}
