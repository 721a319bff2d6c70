// Finished spans as the binary records that crates/rum/src/record.rs reads. Written as spans end, whether or not wasm
// is there yet, and handed over many at a time.

const DEFINE = 1;
const SPAN = 2;
const SETTLE = 3;
const HAS_PARENT = 1;
const HAS_STATE = 2;
const HAS_MESSAGE = 4;
const IS_ROOT = 8;
const MAX_INTERNED = 4096;
// The others are for keys and names.
const MAX_INTERNED_VALUES = 3072;
const MAX_VALUE = 64;
const MAX_MET = 512;
const MAX_DEPTH = 64;
// What may wait for wasm; beyond it spans are dropped and counted.
const MAX_WAITING = 4 << 20;

let bytes = new Uint8Array(1 << 14);
let length = 0;
let dropped = 0;
// Texts that are sent once, by their numbers; those of them that were not sent yet; and values that were met once.
let interned = new Map();
let fresh = [];
const met = new Set();
let onWritten = () => {};
let keep;

const encoder = new TextEncoder();

/** `written()` is called after each record; `filter(key)`, where given, says whether an attribute is kept. */
export function configure({ written, filter }) {
  onWritten = written;
  keep = filter;
}

export function reset() {
  length = dropped = 0;
  interned = new Map();
  met.clear();
  // What still ends goes nowhere.
  configure({ written: discard });
  discard();
}

/** All records since the last time, for as long as nothing is written. The definitions they need are `definitions()`. */
export function take() {
  const taken = bytes.subarray(0, length);
  length = 0;
  return taken;
}

export function discard() {
  length = 0;
  fresh = [];
}

export const waiting = () => length;
export const droppedEarly = () => dropped;

// Room for a text, and for all that may come before the next one.
const SPARE = 128;

function room(more) {
  if (length + more <= bytes.length) return;
  const larger = new Uint8Array(Math.max(bytes.length * 2, length + more));
  larger.set(bytes.subarray(0, length));
  bytes = larger;
}

function varint(number) {
  // Beyond 31 bits arithmetic is slow.
  for (; number > 0x7fffffff; number = Math.floor(number / 128)) bytes[length++] = (number % 128) | 128;
  let rest = number | 0;
  for (; rest > 127; rest >>= 7) bytes[length++] = rest | 128;
  bytes[length++] = rest;
}

const zigzag = (number) => varint(number < 0 ? -2 * number - 1 : 2 * number);

// ASCII of this length, nearly every text, is written faster by a loop than by the encoder.
const MAX_LOOP = 200;

/** UTF-8 after its length, which is multiplied by `factor` to leave room for a bit. */
function utf8(text, factor) {
  const units = text.length;
  room(units * 3 + SPARE);
  if (units < MAX_LOOP) {
    const start = length;
    varint(units * factor);
    const out = bytes;
    let to = length;
    let at = 0;
    for (let unit; at < units && (unit = text.charCodeAt(at)) < 128; at++) out[to++] = unit;
    if (at === units) {
      length = to;
      return;
    }
    length = start;
  }
  const utf8 = encoder.encode(text);
  varint(utf8.length * factor);
  bytes.set(utf8, length);
  length += utf8.length;
}

const text = (value) => utf8(value, 2);

/** A text by its number, if it has one. */
function named(value, id) {
  if (id === undefined) text(value);
  else varint(id * 2 + 1);
}

function define(value) {
  const id = interned.size;
  interned.set(value, id);
  fresh.push(value);
  return id;
}

/** A text that comes again and again: a key, a name. */
function term(value) {
  named(value, interned.get(value) ?? (interned.size < MAX_INTERNED ? define(value) : undefined));
}

/** A text that may do so, and has done so when it comes a second time. */
function perhaps(value) {
  let id;
  if (value.length <= MAX_VALUE) {
    id = interned.get(value);
    if (id === undefined && interned.size < MAX_INTERNED_VALUES) {
      if (met.delete(value)) id = define(value);
      else {
        if (met.size === MAX_MET) met.clear();
        met.add(value);
      }
    }
  }
  named(value, id);
}

function value(it, depth = 0) {
  room(SPARE);
  switch (typeof it) {
    case 'string':
      bytes[length++] = 1;
      return text(it);
    case 'boolean':
      bytes[length++] = it ? 3 : 2;
      return;
    case 'number':
      if (Number.isInteger(it) && Math.abs(it) < 2 ** 52) {
        bytes[length++] = 4;
        return zigzag(it);
      }
      bytes[length++] = 5;
      return utf8(Number.isFinite(it) ? String(it) : `"${it}"`, 1);
    case 'bigint': {
      bytes[length++] = 4;
      let rest = BigInt.asUintN(64, it < 0n ? -2n * it - 1n : 2n * it);
      for (; rest > 127n; rest >>= 7n) bytes[length++] = Number(rest & 127n) | 128;
      bytes[length++] = Number(rest);
      return;
    }
  }
  if (it == null || typeof it !== 'object' || depth > MAX_DEPTH) {
    bytes[length++] = 0;
  } else if (it instanceof Uint8Array) {
    bytes[length++] = 8;
    varint(it.length);
    room(it.length + SPARE);
    bytes.set(it, length);
    length += it.length;
  } else if (Array.isArray(it)) {
    bytes[length++] = 6;
    varint(it.length);
    for (const one of it) value(one, depth + 1);
  } else {
    const entries = Object.entries(it);
    bytes[length++] = 7;
    varint(entries.length);
    for (const [key, one] of entries) {
      text(key);
      value(one, depth + 1);
    }
  }
}

function writeAttributes(attributes) {
  const kept = keep ? attributes.filter((_, at) => keep(attributes[at & ~1])) : attributes;
  varint(kept.length / 2);
  for (let at = 0; at < kept.length; at += 2) {
    room(SPARE);
    term(kept[at]);
    const it = kept[at + 1];
    if (typeof it === 'string') {
      bytes[length++] = 1;
      perhaps(it);
    } else value(it);
  }
  // None dropped yet: limits are wasm's.
  bytes[length++] = 0;
}

/** What `write` writes, and not with the others. */
function apart(write) {
  const start = length;
  write();
  const record = bytes.slice(start, length);
  length = start;
  return record;
}

/** Numbers, and the attributes of a resource, without interned keys. */
export const setUpRecord = (numbers, attributes) =>
  apart(() => {
    numbers.forEach(varint);
    const entries = Object.entries(attributes).filter(([, it]) => it != null);
    varint(entries.length);
    for (const [key, it] of entries) {
      text(key);
      value(it);
    }
  });

/** Texts to define before the records since the last time; with `all`, for who begins to read now. */
export const definitions = (all) =>
  apart(() => {
    for (const it of all ? interned.keys() : fresh) {
      room(SPARE);
      bytes[length++] = DEFINE;
      utf8(it, 1);
    }
    fresh = [];
  });

const nanos = (millis) => Math.max(0, Math.round(millis * 1e6));

/** A span that has ended. */
export function write(span) {
  if (length > MAX_WAITING) {
    dropped++;
    return;
  }
  const before = length;
  try {
    writeSpan(span);
  } catch (error) {
    // A value of the page's that cannot be read.
    length = before;
    throw error;
  }
  onWritten();
}

function writeSpan(span) {
  const { attributes, child, events, ids, links, message, traceState } = span;
  room(SPARE);
  bytes[length++] = SPAN;
  bytes[length++] = (child ? HAS_PARENT : 0) | (traceState ? HAS_STATE : 0) | (message ? HAS_MESSAGE : 0) | (span.root ? IS_ROOT : 0);
  for (let { at } = span, end = at + (child ? 32 : 24); at < end; ) bytes[length++] = ids[at++];
  varint(span.flags | span.traceFlags);
  varint(span.group);
  term(span.name);
  bytes[length++] = span.kind;
  const start = nanos(span.start);
  varint(start);
  varint(nanos(span.ended) - start);
  bytes[length++] = span.status;
  if (traceState) text(traceState);
  if (message) text(message);
  writeAttributes(attributes);
  varint(events?.length ?? 0);
  for (const event of events ?? []) {
    room(SPARE);
    term(event.name);
    zigzag(nanos(event.time) - start);
    writeAttributes(event.attributes);
  }
  bytes[length++] = 0;
  varint(links?.length ?? 0);
  for (const link of links ?? []) {
    room(SPARE);
    const id = link.traceId + link.spanId;
    for (let at = 0; at < 48; at += 2) bytes[length++] = parseInt(id.slice(at, at + 2), 16);
    varint(link.flags ?? 0);
    text(link.traceState ?? '');
    writeAttributes(link.attributes);
  }
  bytes[length++] = 0;
}

/** The interaction of this span's group has ended: what was undecided is decided. */
export function settle({ group, traceFlags }) {
  // Of those that are sampled nothing is.
  if (traceFlags & 1) return;
  room(SPARE);
  bytes[length++] = SETTLE;
  varint(group);
  onWritten();
}
