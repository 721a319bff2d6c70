// Which requests carry the context, and in which headers.

import { SAMPLED, idsOf } from './span.js';

/** An origin, a URLPattern, or a regular expression over the URL without its query: never a part of a text. */
function matches(rule, { href, origin, pathname }) {
  if (typeof rule === 'string') return rule === origin;
  // `search`, since `test` goes on from where it was.
  return rule instanceof RegExp ? (origin + pathname).search(rule) >= 0 : rule.test(href);
}

/** W3C Trace Context level 2, "traceparent header". */
export const traceparent = ({ traceId, spanId, traceFlags }) => `00-${traceId}-${spanId}-0${traceFlags & 3}`;

const decimal = (hex) => String(BigInt(`0x${hex}`));
const MAX_BAGGAGE_MEMBERS = 64;
const MAX_BAGGAGE_BYTES = 8192;

// The headers of each format.
const FORMATS = {
  w3c: (span) => ({ traceparent: traceparent(span), ...(span.traceState && { tracestate: span.traceState }) }),
  baggage(_, __, { baggage }) {
    const members = Object.entries(baggage?.() ?? {})
      // A token (RFC 9110).
      .filter(([key]) => /^[\w!#$%&'*+.^`|~-]+$/.test(key))
      .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
      .slice(0, MAX_BAGGAGE_MEMBERS);
    while (members.join().length > MAX_BAGGAGE_BYTES) members.pop();
    return members.length ? { baggage: members.join() } : {};
  },
  b3: ({ traceId, spanId }, sampled) => ({ b3: `${traceId}-${spanId}-${sampled}` }),
  b3multi: ({ traceId, spanId }, sampled) => ({ 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-sampled': sampled }),
  datadog: ({ traceId, spanId }, sampled) => ({
    'x-datadog-trace-id': decimal(traceId.slice(16)),
    'x-datadog-parent-id': decimal(spanId),
    'x-datadog-sampling-priority': sampled,
    'x-datadog-tags': `_dd.p.tid=${traceId.slice(0, 16)}`,
  }),
  xray: ({ traceId, spanId }, sampled) => ({
    'x-amzn-trace-id': `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${sampled}`,
  }),
};

const { origin: here } = location;
const isOwn = ({ origin }) => origin === here;

/** Whether a request may have headers of ours: to our own origin, and to whom the page names. */
export const mayCarry = ({ options }, { target }, mode) =>
  // A no-cors request to somebody else may have none.
  isOwn(target) || (mode !== 'no-cors' && [options.propagateTo ?? []].flat().some((rule) => matches(rule, target)));

/**
 * What a request that may carry something carries beside the page's own `headers`, if it has any: names and values. A format of which
 * the page has sent anything itself is the page's.
 */
export function headersFor(tracer, { span, method, target }, headers, body) {
  const { options } = tracer;
  const more = [options.propagators ?? 'w3c']
    .flat()
    .map((name) => Object.entries(FORMATS[name]?.(span, String(span.traceFlags & SAMPLED), options) ?? {}))
    .filter((format) => !headers || !format.some(([name]) => headers.has(name)))
    .flat();
  if (!options.dryRun || isOwn(target)) return more;
  if (more.length) tracer.dry.push({ url: target.href, method, more, headers, body });
  return [];
}

/** A remote context from a `traceparent`, or undefined. */
export function parseTraceparent(text, traceState) {
  const match = text && /^\s*(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})\s*$/.exec(text);
  if (!match) return;
  const traceFlags = parseInt(match[3], 16) & 3;
  return { ...idsOf(match[1] + match[2]), traceFlags, traceState, remote: true, recording: true };
}
