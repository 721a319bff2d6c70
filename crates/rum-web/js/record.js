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
const MAX_DEPTH = 64;
// What may wait for wasm; beyond it spans are dropped and counted.
const MAX_WAITING = 4 << 20;

let bytes = new Uint8Array(1 << 14);
let length = 0;
let dropped = 0;
let interned = new Map();
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
  // What still ends goes nowhere.
  onWritten = take;
  keep = undefined;
}

/** All records since the last time, for as long as nothing is written. */
export function take() {
  const taken = bytes.subarray(0, length);
  length = 0;
  return taken;
}

export const waiting = () => length;
export const droppedEarly = () => dropped;

function room(more) {
  if (length + more <= bytes.length) return;
  const larger = new Uint8Array(Math.max(bytes.length * 2, length + more));
  larger.set(bytes.subarray(0, length));
  bytes = larger;
}

function varint(number) {
  room(10);
  while (number > 127) {
    bytes[length++] = (number % 128) | 128;
    number = Math.floor(number / 128);
  }
  bytes[length++] = number;
}

const zigzag = (number) => varint(number < 0 ? -2 * number - 1 : 2 * number);

/** UTF-8 after its length, which is multiplied by `factor` to leave room for a bit. */
function utf8(text, factor) {
  const { length: units } = text;
  room(units * 3 + 10);
  // ASCII under 64 characters, nearly every text: its length is one byte, and a loop is faster than the encoder.
  if (units * factor < 128) {
    const start = length++;
    for (let at = 0; at < units; at++) {
      const unit = text.charCodeAt(at);
      if (unit > 127) {
        length = start;
        return encoded(text, factor);
      }
      bytes[length++] = unit;
    }
    bytes[start] = units * factor;
    return;
  }
  encoded(text, factor);
}

function encoded(text, factor) {
  const utf8 = encoder.encode(text);
  varint(utf8.length * factor);
  room(utf8.length);
  bytes.set(utf8, length);
  length += utf8.length;
}

const text = (value) => utf8(value, 2);

/** A text that comes again and again: a key, a name. */
function term(value) {
  const id = interned.get(value);
  if (id === undefined) return text(value);
  varint(id * 2 + 1);
}

// Of a lower-case hexadecimal digit. `parseInt` of a slice takes a microsecond a span.
const digit = (unit) => (unit > 57 ? unit - 87 : unit - 48);

function hex(id, size) {
  room(size);
  for (let at = 0; at < size * 2; at += 2) bytes[length++] = (digit(id.charCodeAt(at)) << 4) | digit(id.charCodeAt(at + 1));
}

function value(it, depth = 0) {
  room(10);
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
    room(it.length);
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

function define(value) {
  if (interned.has(value) || interned.size >= MAX_INTERNED) return;
  interned.set(value, interned.size);
  room(1);
  bytes[length++] = DEFINE;
  utf8(value, 1);
}

function defineKeys(attributes) {
  for (let at = 0; at < attributes.length; at += 2) define(attributes[at]);
}

function writeAttributes(attributes) {
  const kept = keep ? attributes.filter((_, at) => keep(attributes[at & ~1])) : attributes;
  varint(kept.length / 2);
  for (let at = 0; at < kept.length; at += 2) {
    term(kept[at]);
    value(kept[at + 1]);
  }
  // None dropped yet: limits are wasm's.
  varint(0);
}

/** What `write` writes, and not with the others. */
function apart(write) {
  const start = length;
  write();
  const record = bytes.slice(start, length);
  length = start;
  return record;
}

/** Attributes alone, without interned keys: the resource. */
export const resourceRecord = (attributes) =>
  apart(() => {
    const entries = Object.entries(attributes).filter(([, it]) => it != null);
    varint(entries.length);
    for (const [key, it] of entries) {
      text(key);
      value(it);
    }
  });

/** All texts that are defined, by their numbers: for who begins to read now. */
export const definitions = () =>
  apart(() => {
    const known = interned.keys();
    interned = new Map();
    for (const it of known) define(it);
  });

const nanos = (millis) => Math.max(0, Math.round(millis * 1e6));

/** A span that has ended. */
export function write(span) {
  if (length > MAX_WAITING) {
    dropped++;
    return;
  }
  define(span.name);
  defineKeys(span.attributes);
  for (const event of span.events ?? []) {
    define(event.name);
    defineKeys(event.attributes);
  }
  room(64);
  bytes[length++] = SPAN;
  bytes[length++] = (span.parentSpanId ? HAS_PARENT : 0) | (span.traceState ? HAS_STATE : 0) | (span.message ? HAS_MESSAGE : 0) | (span.root ? IS_ROOT : 0);
  hex(span.traceId, 16);
  hex(span.spanId, 8);
  if (span.parentSpanId) hex(span.parentSpanId, 8);
  varint(span.flags | span.traceFlags);
  varint(span.group);
  term(span.name);
  varint(span.kind);
  const start = nanos(span.start);
  varint(start);
  varint(nanos(span.ended) - start);
  varint(span.status);
  if (span.traceState) text(span.traceState);
  if (span.message) text(span.message);
  writeAttributes(span.attributes);
  varint(span.events?.length ?? 0);
  for (const event of span.events ?? []) {
    term(event.name);
    zigzag(nanos(event.time) - start);
    writeAttributes(event.attributes);
  }
  varint(0);
  varint(span.links?.length ?? 0);
  for (const link of span.links ?? []) {
    hex(link.traceId, 16);
    hex(link.spanId, 8);
    varint(link.flags ?? 0);
    text(link.traceState ?? '');
    writeAttributes(link.attributes);
  }
  varint(0);
  onWritten();
}

/** The interaction of this group has ended: what was undecided is decided. */
export function settle(group) {
  room(16);
  bytes[length++] = SETTLE;
  varint(group);
  onWritten();
}
