// Identifiers, the clock, spans.

import { attempt } from './context.js';
import { settle, write } from './queue.js';

/** OTLP's numbers. */
export const Kind = { INTERNAL: 1, CLIENT: 3 };
export const Status = { UNSET: 0, OK: 1, ERROR: 2 };

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
let next = 0;

/** A place for the ids of one span, random until now. What lies before it is somebody else's. */
function slot() {
  if (!next) {
    pool = crypto.getRandomValues(new Uint8Array(128 * SLOT));
    next = pool.length;
    // An id of zeros is none. Not in the 56 bits of a trace id that sampling counts on.
    for (let at = 0; at < next; at += 8) pool[at] ||= 1;
  }
  return (next -= SLOT);
}

function hex(bytes, at, end) {
  let text = '';
  for (; at < end; at += 4) {
    // Eight digits, the first of which is kept by a bit before it.
    text += (2 ** 32 + ((bytes[at] << 24) >>> 0) + (bytes[at + 1] << 16) + (bytes[at + 2] << 8) + bytes[at + 3]).toString(16).slice(1);
  }
  return text;
}

/** So many random bytes, in hex: 8 or 16. */
export function randomHex(bytes) {
  const at = slot();
  return hex(pool, at, at + bytes);
}

// `performance.now()` stands still while the machine sleeps (in some browsers): what the wall clock says beyond a
// second of difference is added for spans that start from then on.
let drift = 0;
let compared = 0;
/** Milliseconds since the page's time origin. */
export function now() {
  const time = performance.now();
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

function hand(span) {
  write(span);
  if (span.alone) settle(span);
}

/** The ids of a span elsewhere, as a span has them. */
export const idsOf = (hex) => ({ ids: Uint8Array.from(hex.match(/../g), (byte) => parseInt(byte, 16)), at: 0 });

export class Span {
  /**
   * @param {string} name
   * @param {{ kind?: number, parent?: object, start?: number, group?: number, root?: boolean }} options `parent`: a span, or a remote context.
   */
  constructor(name, { kind = Kind.INTERNAL, parent, start = now(), group = 0, root = false } = {}) {
    this.name = name;
    this.kind = kind;
    this.start = start;
    const at = (this.at = slot());
    const ids = (this.ids = pool);
    if (parent) {
      const { ids: theirs, at: from } = parent;
      for (let place = 0; place < TRACE; place++) ids[at + place] = theirs[from + place];
      for (let place = TRACE; place < OWN; place++) ids[at + place + 8] = theirs[from + place];
    }
    this.child = !!parent;
    this.traceFlags = parent?.traceFlags ?? RANDOM;
    this.traceState = parent?.traceState;
    this.flags = HAS_REMOTE | (parent?.remote ? REMOTE : 0);
    this.group = group;
    this.root = root;
    // Key, value, key, value, ...
    this.attributes = [];
    this.events = undefined;
    this.links = undefined;
    this.status = Status.UNSET;
    this.message = undefined;
    // Milliseconds since the origin, once it has ended.
    this.ended = undefined;
    // Whether its group ends with it.
    this.alone = false;
    // False where the sampler said so and no later decision can keep it.
    this.recording = parent?.recording ?? true;
  }

  get traceId() {
    return hex(this.ids, this.at, this.at + TRACE);
  }

  get spanId() {
    return hex(this.ids, this.at + TRACE, this.at + OWN);
  }

  setAttribute(key, value) {
    if (this.ended !== undefined || value === undefined) return this;
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
    if (this.ended === undefined) (this.events ??= []).push({ name, time, attributes: attributes ? Object.entries(attributes).flat() : NONE });
    return this;
  }

  addLink({ traceId, spanId, traceState, flags }, attributes = NONE) {
    (this.links ??= []).push({ traceId, spanId, traceState, flags, attributes: Object.entries(attributes).flat() });
    return this;
  }

  setStatus(code, message) {
    this.status = code;
    this.message = message;
    return this;
  }

  updateName(name) {
    this.name = name;
    return this;
  }

  /** An `exception` event, and the status. */
  recordException(error) {
    const { name, message, stack } = error instanceof Object ? error : { name: 'Error', message: String(error) };
    this.addEvent('exception', {
      'exception.type': name ?? 'Error',
      'exception.message': String(message ?? ''),
      ...(stack && { 'exception.stacktrace': String(stack) }),
    });
    return this.setAttribute('error.type', name ?? 'Error').setStatus(Status.ERROR, String(message ?? ''));
  }

  end(time = now()) {
    if (this.ended !== undefined) return;
    this.ended = Math.max(time, this.start);
    if (!this.recording) return;
    attempt(hand, this);
  }
}
