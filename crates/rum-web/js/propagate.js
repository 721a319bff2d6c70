// Which requests carry the context, and in which headers.

import { SAMPLED } from './span.js';

/** Whether a request to `target` may have our headers: our own origin, and whom the page names. */
export function mayPropagate(tracer, target, mode) {
  const own = target.origin === location.origin;
  // A no-cors request to somebody else may have no headers of ours.
  if (!own && mode === 'no-cors') return false;
  const named = own || tracer.options.propagateTo?.some((rule) => matches(rule, target));
  if (named && !own && tracer.options.dryRun) {
    tracer.options.dryRun({ url: target.href, wouldCausePreflight: true });
    return false;
  }
  return named;
}

/** An origin, a URLPattern, or a regular expression over the URL without its query: never a part of a text. */
function matches(rule, target) {
  if (typeof rule === 'string') return rule === target.origin;
  if (rule instanceof RegExp) return rule.test(target.origin + target.pathname);
  return typeof rule?.test === 'function' && rule.test(target.href);
}

const hexFlags = (flags) => (flags & 0xff).toString(16).padStart(2, '0');

/** W3C Trace Context level 2, "traceparent header". */
export const traceparent = ({ traceId, spanId, traceFlags }) => `00-${traceId}-${spanId}-${hexFlags(traceFlags & 3)}`;

const FORMATS = {
  w3c(span, set) {
    set('traceparent', traceparent(span));
    if (span.traceState) set('tracestate', span.traceState);
  },
  baggage(_, set, { baggage }) {
    const members = Object.entries(baggage?.() ?? {}).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    if (members.length) set('baggage', members.join());
  },
  b3: ({ traceId, spanId, traceFlags }, set) => set('b3', `${traceId}-${spanId}-${traceFlags & SAMPLED}`),
  b3multi({ traceId, spanId, traceFlags }, set) {
    set('x-b3-traceid', traceId);
    set('x-b3-spanid', spanId);
    set('x-b3-sampled', String(traceFlags & SAMPLED));
  },
  datadog({ traceId, spanId, traceFlags }, set) {
    const decimal = (hex) => BigInt(`0x${hex}`).toString();
    set('x-datadog-trace-id', decimal(traceId.slice(16)));
    set('x-datadog-parent-id', decimal(spanId));
    set('x-datadog-sampling-priority', String(traceFlags & SAMPLED));
    set('x-datadog-tags', `_dd.p.tid=${traceId.slice(0, 16)}`);
  },
  xray: ({ traceId, spanId, traceFlags }, set) =>
    set('x-amzn-trace-id', `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${spanId};Sampled=${traceFlags & SAMPLED}`),
};

export function inject(tracer, span, set) {
  for (const name of tracer.options.propagators ?? ['w3c']) FORMATS[name]?.(span, set, tracer.options);
}

/** A remote context from a `traceparent`, or undefined. */
export function parseTraceparent(text, traceState) {
  const match = /^\s*(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})\s*$/.exec(text ?? '');
  if (!match) return;
  const traceFlags = parseInt(match[3], 16) & 3;
  return { traceId: match[1], spanId: match[2], traceFlags, traceState, remote: true, recording: true };
}
