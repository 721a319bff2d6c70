// For a page that crashes: a request that the browser makes then.

// Of `fetchLater`, which has a budget of its own, and how often it is written anew.
const SHADOW_BYTES = 64_000;
const SHADOW_MILLIS = 1000;

/** What was buffered last goes if the page crashes. */
export function shadows({ also, complain, tracer: { exporter } }) {
  const { fetchLater } = window;
  let shadow;
  let shadowed = -Infinity;
  let stale = true;

  const gone = () => {
    shadow?.abort();
    stale = true;
  };
  also('onSent', gone, exporter);
  also('onLeft', gone, exporter);

  also('onDrain', (fresh, sending) => {
    if (fresh) stale = true;
    if (!stale || sending) return;
    const wait = shadowed + SHADOW_MILLIS - performance.now();
    if (wait > 0) return exporter.wake(wait);
    stale = false;
    shadow?.abort();
    shadowed = performance.now();
    const body = exporter.exit(SHADOW_BYTES, false, true);
    if (!body) return;
    shadow = new AbortController();
    try {
      fetchLater(exporter.endpoint, { ...exporter.message(body), signal: shadow.signal });
    } catch (error) {
      // More than the platform lets this page have.
      complain(error);
    }
  }, exporter);
}
