// Identifiers, the clock, spans.

import { attempt, clock } from './context.js';
import { ERROR, INTERNAL } from './otlp.js';
import { sample } from './sampling.js';
import { previousId, sessionId } from './session.js';
import { common, consented, tracer } from './tracer.js';

/** W3C trace flags: sampled; and that the trace id is random, which it is (Trace Context level 2). */
export const SAMPLED = 1;
export const RANDOM = 2;
/** OTLP `flags`: whether the parent is remote is known; it is. */
const HAS_REMOTE = 0x100;
const REMOTE = 0x200;

// The ids of a span, as a record has them: trace, span and parent. Text is made of them for those who read it.
const TRACE = 16;
const OWN = 24;
const SLOT = 32;
let pool;
// Its hex: of many at once it takes a moment.
let text;
let next = 0;

/** A place for the ids of one span, random until now. What lies before it is somebody else's. */
function slot() {
  if (!next) {
    pool = crypto.getRandomValues(new Uint8Array(32 * SLOT));
    next = pool.length;
    // An id of zeros is none. Not in the 56 bits of a trace id that sampling counts on.
    for (let at = 0; at < next; at += 8) pool[at] ||= 1;
    text = pool.toHex?.() ?? Array.from(pool, (it) => (it + 256).toString(16).slice(1)).join('');
  }
  return (next -= SLOT);
}

/** So many random bytes, in hex: 16 at most. */
export function randomHex(bytes) {
  const at = slot() * 2;
  return text.slice(at, at + bytes * 2);
}

// `performance.now()` stands still while the machine sleeps (in some browsers): what the wall clock says beyond a
// second of difference is added for spans that start from then on.
let drift = 0;
let compared = 0;
/** Milliseconds since the page's time origin. */
export function now() {
  const time = clock();
  if (time - compared > 1000) {
    compared = time;
    const wall = Date.now() - performance.timeOrigin;
    if (Math.abs(wall - time - drift) > 1000) drift = wall - time;
  }
  return time + drift;
}
/** The same for a time stamp of an event or a performance entry. */
export const at = (timeStamp) => timeStamp + drift;

const NONE = [];
/** Key, value, key, value, … without what is undefined. Most events have none. */
const flat = (attributes) => (attributes ? Object.entries(attributes).filter(([, it]) => it !== undefined).flat() : NONE);

let groups = 0;

function describe(span, given) {
  const all = { ...common, ...given };
  for (const key in all) if (all[key] !== undefined) span.attributes.push(key, all[key]);
  if (!span.root || !consented) return;
  // Children are found by their trace.
  span.setAttribute('session.id', sessionId()).setAttribute('session.previous_id', previousId);
  sample(span);
}

/** A remote context, of the ids of a trace and a span in hex. */
export const idsOf = (text) => ({ ids: Uint8Array.from(text.match(/../g), (byte) => parseInt(byte, 16)), text, at: 0, remote: true });

export class Span {
  // Key, value, key, value, ...
  attributes = [];
  events;
  links;
  status = 0;
  message;
  // Milliseconds since the origin, once it has ended.
  ended = 0;

  /**
   * @param {string} name
   * @param {Span} [parent] A span, or a remote context.
   */
  constructor(name, parent, attributes, kind = INTERNAL, start = now()) {
    this.name = name;
    this.kind = kind;
    this.start = start;
    const at = (this.at = slot());
    const ids = (this.ids = pool);
    this.text = text;
    // Whose first bytes are the trace's.
    this.first = parent ? parent.first ?? parent : this;
    for (let place = 0; parent && place < OWN; place++) ids[at + place + (place < TRACE ? 0 : 8)] = parent.ids[parent.at + place];
    const root = (this.root = !parent || !!parent.remote);
    this.child = !!parent;
    this.traceFlags = parent?.traceFlags ?? RANDOM;
    this.traceState = parent?.traceState;
    this.flags = parent?.remote ? HAS_REMOTE | REMOTE : HAS_REMOTE;
    this.group = root ? ++groups : parent.group;
    this.interaction = parent?.interaction;
    // False where the sampler said so and no later decision can keep it.
    this.recording = root ? consented : parent.recording;
    attempt(describe, this, attributes);
  }

  get traceId() {
    const { at, text } = this.first;
    return text.slice(at * 2, (at + TRACE) * 2);
  }

  get spanId() {
    const { at, text } = this;
    return text.slice((at + TRACE) * 2, (at + OWN) * 2);
  }

  setAttribute(key, value) {
    if (this.ended || value === undefined) return this;
    const { attributes } = this;
    let at = 0;
    while (at < attributes.length && attributes[at] !== key) at += 2;
    attributes[at] = key;
    attributes[at + 1] = value;
    return this;
  }

  setAttributes(attributes) {
    for (const key in attributes) this.setAttribute(key, attributes[key]);
    return this;
  }

  addEvent(name, attributes, time = now()) {
    if (!this.ended) (this.events ??= []).push({ name, time, attributes: flat(attributes) });
    return this;
  }

  addLink({ traceId, spanId, traceState, flags }, attributes) {
    if (!this.ended) (this.links ??= []).push({ traceId, spanId, traceState, flags, attributes: flat(attributes) });
    return this;
  }

  setStatus(code, message) {
    if (!this.ended) {
      this.status = code;
      this.message = message;
    }
    return this;
  }

  updateName(name) {
    if (!this.ended) this.name = name;
    return this;
  }

  /** An `exception` event, and the status. */
  recordException(error) {
    const { name = 'Error', message = '', stack } = error instanceof Object ? error : { message: error };
    this.addEvent('exception', {
      'exception.type': name,
      'exception.message': String(message),
      'exception.stacktrace': stack && String(stack),
    });
    return this.setAttribute('error.type', name).setStatus(ERROR, String(message));
  }

  end(time = now()) {
    if (this.ended) return;
    this.ended = Math.max(time, this.start);
    if (this.recording) tracer.exporter.write(this);
  }
}
