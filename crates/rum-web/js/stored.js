// What did not get out when a page was left, in IndexedDB until the next visit.

const HOURS = 24;
// Of 60 KiB at most: 2 MB.
const MAX_BODIES = 32;

// OTLP/HTTP, "Retryable Response Codes", and no response at all.
const isRetried = (status) => [0, 429, 502, 503, 504].includes(status);

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Opens the store of this exporter's endpoint, and sends what earlier visits have left in it. */
export async function openStore(exporter) {
  const opening = indexedDB.open(`flamefall ${exporter.endpoint}`);
  opening.onupgradeneeded = () => opening.result.createObjectStore('bodies', { autoIncrement: true });
  const database = await done(opening);
  const bodies = () => database.transaction('bodies', 'readwrite').objectStore('bodies');
  let busy;
  let left = true;

  function put(body, gzip, time = Date.now()) {
    const store = bodies();
    store.add({ body, gzip, time });
    // Without waiting for the answer: there may be no page to hear it.
    store.transaction.commit();
    left = true;
  }

  /** Takes out the oldest: nobody else sends it then. */
  async function take() {
    const cursor = await done(bodies().openCursor());
    if (cursor) await done(cursor.delete());
    return cursor?.value;
  }

  async function send() {
    if (busy || !left) return;
    busy = true;
    left = false;
    try {
      const keys = await done(bodies().getAllKeys());
      if (keys.length > MAX_BODIES) bodies().delete(IDBKeyRange.upperBound(keys.at(-MAX_BODIES), true));
      for (let it; (it = await take()); ) {
        if (Date.now() - it.time > HOURS * 3_600_000) continue;
        const [status] = await exporter.post(it.gzip ? await exporter.recoded(it.body, DecompressionStream) : it.body);
        if (!isRetried(status)) continue;
        put(it.body, it.gzip, it.time);
        break;
      }
    } catch {
      // Closed, or no room: then it is as without a store.
    }
    busy = false;
  }

  const close = () => database.close();
  database.onversionchange = close;
  if (exporter.stopped) return close();
  exporter.store = { put, tried: (status, body, gzip) => isRetried(status) && put(body, gzip), send, close };
  return send();
}
