// What did not get out when a page was left, until the next visit. In web storage, where what is written is kept even if
// the page ends in the same moment: a transaction of IndexedDB is aborted with its page, committed or not (Chromium 156).

import { complain, tracer } from './core.js';
import { joined } from './export.js';
import { isRetried } from './queue.js';

const HOURS = 24;
// Half a megabyte of the five that a site has for all its own.
const MAX_BODIES = 8;
const BODY_BYTES = 60 * 1024;

/** A store for this endpoint. What earlier visits have left in it is sent. */
export function openStore() {
  const { exporter, options } = tracer;
  const storage = window.localStorage;
  const prefix = `flamefall ${options.endpoint} `;
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

  async function sendAll() {
    for (const key of keys()) {
      if (Date.now() - parseInt(key.slice(prefix.length)) < HOURS * 3_600_000) {
        const body = Uint8Array.from(storage.getItem(key), (it) => it.charCodeAt());
        const [status] = await exporter.post([await joined([body], DecompressionStream)]);
        if (isRetried(status)) {
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
    } catch (error) {
      complain(error);
    }
    busy = false;
  }

  send();
  return {
    /** The collector takes what it gets. */
    send,
    /** A body that was sent at an exit in vain, from which the page has come back. */
    async tried(body, gzip) {
      put(gzip ? body : await joined([body], CompressionStream));
    },
    /** The page is left: what has not gone is kept. */
    left() {
      for (let body; (body = exporter.exit(BODY_BYTES, true)); ) put(body);
    },
  };
}
