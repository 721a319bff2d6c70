// Visits. In memory, unless the page asks for more.

import { randomHex } from './span.js';

const IDLE_MILLIS = 30 * 60_000;
const LONGEST_MILLIS = 4 * 3_600_000;
const KEY = 'flamefall.session';

/** Somebody acts: the session of `tracer` goes on, or another begins. */
export function touch(tracer) {
  const time = Date.now();
  let { session } = tracer;
  let storage;
  try {
    // Global Privacy Control: nothing that could recognise a visitor outlives the page. Only the one that is wanted: a
    // storage that is looked at is read from disk.
    if (!navigator.globalPrivacyControl) storage = window[{ tab: 'sessionStorage', browser: 'localStorage' }[tracer.options.session]];
    // Another tab may have gone on with it.
    const [id, began, seen, previous] = JSON.parse(storage?.getItem(KEY) ?? null) ?? [];
    if (/^[\da-f]{32}$/.test(id)) session = { id, began, seen, previous };
  } catch {
    // No storage here, or somebody else's text in it.
  }
  if (!session || !(time - session.seen < IDLE_MILLIS && time - session.began < LONGEST_MILLIS)) {
    session = { id: randomHex(16), began: time, previous: session?.id };
  }
  session.seen = time;
  tracer.session = session;
  try {
    storage?.setItem(KEY, JSON.stringify([session.id, session.began, time, session.previous]));
  } catch {
    // Full.
  }
}
