// What did not get out when a page was left, until the next visit. In web storage, where what is written is kept even if
// the page ends in the same moment: a transaction of IndexedDB is aborted with its page, committed or not (Chromium 156).

const HOURS = 24;
// Half a megabyte of the five that a site has for all its own.
const MAX_BODIES = 8;
const BODY_BYTES = 60 * 1024;

/** Opens the store of this exporter's endpoint, and sends what earlier visits have left in it. */
export async function openStore({ also, complain, tracer: { exporter } }) {
  const storage = window.localStorage;
  const prefix = `flamefall ${exporter.endpoint} `;
  // Oldest first: what follows is the time.
  const keys = () => Object.keys(storage).filter((key) => key.startsWith(prefix)).sort();
  let busy;
  let left = true;

  /** A compressed body. A byte is a character. */
  function put(body) {
    const [oldest, ...others] = keys();
    if (others.length >= MAX_BODIES - 1) storage.removeItem(oldest);
    storage.setItem(`${prefix}${Date.now()} ${Math.random()}`, Array.from(body, (byte) => String.fromCharCode(byte)).join(''));
    left = true;
  }

  /** A body that was sent at an exit in vain, from which the page has come back. */
  const tried = async (body, gzip) => put(gzip ? body : await exporter.joined([body], CompressionStream));

  async function sendAll() {
    for (const key of keys()) {
      if (Date.now() - parseInt(key.slice(prefix.length)) < HOURS * 3_600_000) {
        const body = Uint8Array.from(storage.getItem(key), (it) => it.charCodeAt());
        const [status] = await exporter.post([await exporter.joined([body], DecompressionStream)]);
        if (exporter.isRetried(status)) {
          left = true;
          break;
        }
      }
      storage.removeItem(key);
    }
  }

  async function send() {
    if (busy || !left) return;
    busy = true;
    left = false;
    try {
      // One page of the site at a time: the others would send the same.
      await (navigator.locks ? navigator.locks.request(prefix, { ifAvailable: true }, (lock) => lock && sendAll()) : sendAll());
    } finally {
      busy = false;
    }
  }

  also('onTried', (...answer) => tried(...answer).catch(complain), exporter);
  also('onSent', (ok) => ok && send().catch(complain), exporter);
  also('onLeft', () => {
    for (let body; (body = exporter.exit(BODY_BYTES, true)); ) put(body);
  }, exporter);
  await send();
}
