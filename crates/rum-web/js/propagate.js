// Which requests carry the context, and in which headers.

import { SAMPLED, idsOf } from './span.js';
import { list, options, tracer } from './tracer.js';

/** An origin, a URLPattern, or a regular expression over the URL without its query: never a part of a text. */
function matches(rule, { href, origin, pathname }) {
  if (typeof rule === 'string') return rule === origin;
  // `search`, since `test` goes on from where it was.
  return rule instanceof RegExp ? (origin + pathname).search(rule) >= 0 : rule.test(href);
}

// To ask for it takes longer than all else here, also while the page waits for this script.
let here;
const decimal = (hex) => String(BigInt(`0x${hex}`));
const MAX_BAGGAGE_BYTES = 8192;

// The headers of each format; those without a value are none.
const FORMATS = {
  // W3C Trace Context level 2, "traceparent header".
  w3c: ({ traceId, spanId, traceFlags, traceState }) => ({ traceparent: `00-${traceId}-${spanId}-0${traceFlags}`, tracestate: traceState }),
  baggage() {
    const members = Object.entries(options.baggage?.() ?? {})
      // A token (RFC 9110).
      .filter(([key]) => /^[\w!#$%&'*+.^`|~-]+$/.test(key))
      .map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    while (members.join().length > MAX_BAGGAGE_BYTES) members.pop();
    return { baggage: members.join() };
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

/**
 * What a request carries beside the page's own `given` headers, by name; or undefined, where that is nothing. To our own
 * origin, and to whom the page names. A format of which the page has sent anything itself is the page's.
 */
export function headersFor(span, method, target, given, body, mode) {
  const isOwn = target.origin === (here ??= location.origin);
  // A no-cors request to somebody else may have none.
  if (!isOwn && (mode === 'no-cors' || !list(options.propagateTo).some((rule) => matches(rule, target)))) return;
  const headers = given && new Headers(given);
  let more;
  for (const format of list(options.propagators, 'w3c')) {
    const all = FORMATS[format]?.(span, String(span.traceFlags & SAMPLED));
    if (headers && Object.keys(all ?? {}).some((name) => headers.has(name))) continue;
    for (const name in all) if (all[name]) (more ??= {})[name] = all[name];
  }
  if (isOwn || !options.dryRun) return more;
  if (more) tracer.dry.push({ url: target.href, method, more, headers, body });
}

/** A remote context from a `traceparent`, or undefined. */
export function parseTraceparent(text, traceState) {
  const match = /^\s*(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})\s*$/.exec(text);
  return match && { ...idsOf(match[1] + match[2]), traceFlags: parseInt(match[3], 16) & 3, traceState };
}
