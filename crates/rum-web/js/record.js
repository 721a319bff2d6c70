// Finished spans as the stream that crates/rum/src/lib.rs reads: their JSON, in which what repeats has a number, ids are
// binary and times are relative. Written as spans end, whether or not wasm is there yet, and kept until they are sent.

const SPAN = 1;
const CHILD = 3;
const TIME = 5;
// Texts with a number; crates/rum has 4096. The last are for keys, and for kinds and flags.
const MAX_TEXTS = 4000;
const MAX_VALUES = 3072;
const MAX_VALUE = 64;
const MAX_MET = 512;
const MAX_DEPTH = 64;
// Attributes of an event or a link.
const MAX_ATTRIBUTES = 128;
const VERSION = '0.1.0';
// Texts that always have a number, with their tokens below; the first five are those that crates/rum writes around the ids
// and times of a span.
const GLUE = [',{"traceId":"', '","spanId":"', '","parentSpanId":"', '","startTimeUnixNano":"', '","endTimeUnixNano":"', '', ']}]}]}', ',"attributes":[', ',"events":[', ',"links":[', ']', '}', ',{"timeUnixNano":"', ',{"key":"', '","value":', '{"stringValue":"', '"}}', '{"intValue":"', '{"boolValue":true}}', '{"boolValue":false}}', ',"name":"', '"', '","name":"', ',"traceState":"', ',"message":"', '"}'];
const token = (number) => number * 2 + 7;
/** What a body begins and ends with. */
export const HEAD = 17;
export const TAIL = 19;
const ATTRIBUTES = 21;
const EVENTS = 23;
const LINKS = 25;
const END_LIST = 27;
const END = 29;
const EVENT = 31;
const KEY = 33;
const END_KEY = 35;
const STRING = 37;
const END_VALUE = 39;
const INT = 41;
const TRUE = 43;
const FALSE = 45;
const NAME = 47;
const END_NAME = 49;
const EVENT_NAME = 51;
const STATE = 53;
const MESSAGE = 55;
const END_MESSAGE = 57;

const encoder = new TextEncoder();

let bytes;
let length;
// Where the last span ends: what comes after it is the one that is being written.
let end;
// Where each span begins.
let starts;
// Texts that have a number; their UTF-8, once it was asked for, and of how many; and what was met once.
let texts;
let encoded;
let known;
let met;
// Tokens of what stands before a name, by flags and kind.
let heads;
// When the span that is being written began.
let start;
// What a span may hold, and which attributes it does.
let limits;
let filter;

// Texts and their numbers, by what stands around them in JSON, as tokens.
const role = (before, after) => ({ before, after, numbers: undefined });
const keys = role(KEY, END_KEY);
const values = role(STRING, END_VALUE);
const names = role(NAME, END_NAME);
const eventNames = role(EVENT_NAME, END_NAME);
const states = role(STATE, END_NAME);
const messages = role(MESSAGE, END_MESSAGE);

/** Forgets everything. The limits, and `attributeFilter(key)`, which says whether an attribute is kept, are those of spans from now on. */
export function reset(given, attributeFilter) {
  limits = { attributes: 128, events: 128, links: 128, ...given };
  limits.valueLength ||= Infinity;
  filter = attributeFilter;
  bytes = new Uint8Array(1 << 14);
  end = known = 0;
  starts = [];
  texts = [...GLUE];
  met = new Set();
  heads = {};
  for (const it of [keys, values, names, eventNames, states, messages]) it.numbers = new Map();
}

/** Spans, and the bytes that they take. */
export const count = () => starts.length;
export const size = () => end;

/** The attributes of the resource, which every body begins with. */
export function describe(resource) {
  const attributes = Object.entries(resource).filter(([, it]) => it != null);
  texts[5] = `{"resourceSpans":[{"resource":{"attributes":[${attributes.map((it) => pair(it))}]},"scopeSpans":[{"scope":{"name":"flamefall-rum","version":"${VERSION}"},"spans":[`;
}

/** The texts that so many spans need, and their records. */
export function stream(from, spans) {
  if (known !== texts.length) {
    encoded = encoder.encode(`${texts.join('\n')}\n`);
    known = texts.length;
  }
  return [encoded, bytes.subarray(starts[from], starts[from + spans] ?? end)];
}

/** Forgets so many spans. */
export function forget(from, spans) {
  const begin = starts[from];
  const rest = starts[from + spans] ?? end;
  bytes.copyWithin(begin, rest, end);
  end -= rest - begin;
  starts.splice(from, spans);
  for (let at = from; at < starts.length; at++) starts[at] -= rest - begin;
  // Memory goes when nothing is left.
  if (!end) bytes = bytes.slice(0, 1 << 14);
}

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

const escape = (text) => text.replace(/["\\\0-\x1f]/g, (it) => JSON.stringify(it).slice(1, -1));
/** A text as it comes; `escaped`: it is JSON already. */
function inline(text, escaped) {
  const { length: units } = text;
  room(units + SPARE);
  const start = length;
  varint(units * 2);
  const out = bytes;
  let to = length;
  let at = 0;
  // ASCII that stands for itself: a loop writes it faster than the encoder, and nearly every text is no more.
  for (let unit; (unit = text.charCodeAt(at)) > 31 && unit < 128 && unit !== 34 && unit !== 92; at++) out[to++] = unit;
  if (at === units) {
    length = to;
    return;
  }
  length = start;
  const utf8 = encoder.encode(escaped ? text : escape(text));
  room(utf8.length + SPARE);
  varint(utf8.length * 2);
  bytes.set(utf8, length);
  length += utf8.length;
}

/** A text by its number, if it has one. */
function named(role, value, number) {
  if (number !== undefined) return varint(token(number));
  bytes[length++] = role.before;
  inline(value);
  bytes[length++] = role.after;
}

const glue = (it) => GLUE[(it - 7) / 2];

function define(role, value) {
  const number = texts.length;
  role.numbers.set(value, number);
  texts.push(glue(role.before) + escape(value) + glue(role.after));
  return number;
}

/** A text that comes again and again. */
function term(role, value) {
  named(role, value, role.numbers.get(value) ?? (texts.length < MAX_TEXTS ? define(role, value) : undefined));
}

/** A text that may do so, and has done so when it comes a second time. */
function perhaps(role, value) {
  let number;
  if (value.length <= MAX_VALUE) {
    number = role.numbers.get(value);
    if (number === undefined && texts.length < MAX_VALUES) {
      if (met.delete(value)) number = define(role, value);
      else {
        if (met.size === MAX_MET) met.clear();
        met.add(value);
      }
    }
  }
  named(role, value, number);
}

const isInt = Number.isSafeInteger;
const cut = (text) => (text.length > limits.valueLength ? [...text].slice(0, limits.valueLength).join('') : text);

/** `AnyValue`. */
function json(it, depth = 0) {
  switch (typeof it) {
    case 'string':
      return `{"stringValue":"${escape(cut(it))}"}`;
    case 'boolean':
      return `{"boolValue":${it}}`;
    case 'bigint':
      return `{"intValue":"${BigInt.asIntN(64, it)}"}`;
    case 'number':
      return isInt(it) ? `{"intValue":"${it}"}` : `{"doubleValue":${Number.isFinite(it) ? it : `"${it}"`}}`;
  }
  if (it == null || typeof it !== 'object' || depth === MAX_DEPTH) return '{}';
  if (it instanceof Uint8Array) return `{"bytesValue":"${btoa(Array.from(it.subarray(0, limits.valueLength), (byte) => String.fromCharCode(byte)).join(''))}"}`;
  if (Array.isArray(it)) return `{"arrayValue":{"values":[${Array.from(it, (one) => json(one, depth + 1))}]}}`;
  return `{"kvlistValue":{"values":[${Object.entries(it).map((entry) => pair(entry, depth + 1))}]}}`;
}

/** `KeyValue`. */
function pair([key, it], depth) {
  return `{"key":"${escape(key)}","value":${json(it, depth)}}`;
}

/** A value, and the end of its attribute. */
function value(it) {
  if (typeof it === 'string') perhaps(values, cut(it));
  else if (typeof it === 'boolean') bytes[length++] = it ? TRUE : FALSE;
  else if (isInt(it)) {
    bytes[length++] = INT;
    inline(String(it));
    bytes[length++] = END_VALUE;
  } else inline(`${json(it)}}`, true);
}

/** A list, by twos if need be, up to its limit, and how many more there were. */
function list(begin, name, all, most, write, step = 1) {
  if (!all?.length) return;
  const end = Math.min(all.length, most * step);
  bytes[length++] = begin;
  for (let at = 0; at < end; at += step) {
    room(SPARE);
    write(all[at], all[at + 1]);
  }
  bytes[length++] = END_LIST;
  if (end < all.length) inline(`,"dropped${name}Count":${(all.length - end) / step}`, true);
}

function attribute(key, it) {
  term(keys, key);
  value(it);
}

function attributes(all, most = MAX_ATTRIBUTES) {
  list(ATTRIBUTES, 'Attributes', filter ? all.filter((_, at) => filter(all[at & ~1])) : all, most, attribute, 2);
}

const nanos = (millis) => Math.max(0, Math.round(millis * 1e6));

function event(it) {
  bytes[length++] = EVENT;
  bytes[length++] = TIME;
  const after = nanos(it.time) - start;
  varint(after < 0 ? -2 * after - 1 : 2 * after);
  perhaps(eventNames, it.name);
  attributes(it.attributes);
  bytes[length++] = END;
}

function link({ attributes: all, flags = 0, spanId, traceId, traceState = '' }) {
  inline(`,{"traceId":"${escape(traceId)}","spanId":"${escape(spanId)}","flags":${flags},"traceState":"${escape(traceState)}"`, true);
  attributes(all);
  bytes[length++] = END;
}

function writeSpan(span) {
  const { child, ids, message, status, traceState } = span;
  let { at } = span;
  room(SPARE);
  bytes[length++] = child ? CHILD : SPAN;
  for (const end = at + (child ? 32 : 24); at < end; ) bytes[length++] = ids[at++];
  start = nanos(span.start);
  varint(start);
  varint(nanos(span.ended) - start);
  const flags = span.flags | span.traceFlags;
  // A number for each of the few that there are.
  const head = flags * 8 + span.kind;
  if (!heads[head]) {
    heads[head] = token(texts.length);
    texts.push(`","flags":${flags},"kind":${span.kind}`);
  }
  varint(heads[head]);
  perhaps(names, span.name);
  if (traceState) perhaps(states, traceState);
  if (status || message) {
    inline(`,"status":{"code":${status}`, true);
    perhaps(messages, message ?? '');
  }
  attributes(span.attributes, limits.attributes);
  list(EVENTS, 'Events', span.events, limits.events, event);
  list(LINKS, 'Links', span.links, limits.links, link);
  bytes[length++] = END;
}

/** A span that has ended. Throws what reading its values throws. */
export function put(span) {
  length = end;
  writeSpan(span);
  starts.push(end);
  end = length;
  return true;
}
