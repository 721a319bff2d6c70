// What the parts of the tracer share. There is one at a time.

import { attempt, setTimeout } from './context.js';

/** What `start` was given. */
export let options = {};
/** Attributes of every span. */
export let common;
/** Whether anything is recorded, and any header sent. */
export let consented = false;
/** What later.js has of it, and what it does then. */
export let tracer;

export function configure(given, more) {
  options = given;
  common = { ...given.attributes };
  return (tracer = { options, dry: [], recording: () => consented, ...more });
}

export const allow = (given) => (consented = given);

/** What may be one or many, or none. */
export const list = (it, otherwise = []) => [it ?? otherwise].flat();

const waiting = new Set();

/** Calls `work` in so many milliseconds, once however often it is asked for. */
export function later(work, millis) {
  if (waiting.has(work)) return;
  waiting.add(work);
  setTimeout(() => waiting.delete(work) && attempt(work), millis);
}

/** Nothing of that any more. */
export const never = () => waiting.clear();
