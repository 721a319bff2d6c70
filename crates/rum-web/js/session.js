// Visits. In memory, unless the page asks for more.

import { attempt } from './context.js';
import { randomHex } from './span.js';
import { options } from './tracer.js';

const IDLE_MILLIS = 30 * 60_000;
const LONGEST_MILLIS = 4 * 3_600_000;
const KEY = 'flamefall.session';

let session;
/** The id of the session before this one, if any. */
export let previousId;
let began = 0;
let seen = 0;

/** The id of this session, which begins with the first span. */
export function sessionId() {
  if (!session) touch();
  return session;
}

/** Somebody acts: the session goes on, or another begins. */
export function touch() {
  const time = Date.now();
  let storage;
  try {
    // Global Privacy Control: nothing that could recognise a visitor outlives the page. Only the one that is wanted: a
    // storage that is looked at is read from disk.
    if (!navigator.globalPrivacyControl) storage = window[{ tab: 'sessionStorage', browser: 'localStorage' }[options.session]];
    // Another tab may have gone on with it.
    const stored = JSON.parse(storage?.getItem(KEY) ?? null);
    if (/^[\da-f]{32}$/.test(stored?.[0])) [session, began, seen, previousId] = stored;
  } catch {
    // No storage here, or somebody else's text in it.
  }
  if (!(time - seen < IDLE_MILLIS && time - began < LONGEST_MILLIS)) {
    previousId = session;
    session = randomHex(16);
    began = time;
  }
  seen = time;
  attempt(() => storage?.setItem(KEY, JSON.stringify([session, began, seen, previousId])));
}
