// Whether a trace is sampled. Decided when its first span begins, before its ids are sent to anybody, and consistently
// (OpenTelemetry, "TraceState: Probability Sampling"): whoever samples more keeps all that we keep.

import { RANDOM, SAMPLED, now } from './span.js';

/** T as 14 hex digits, four of which say something: of 2^56 traces so many are rejected. Undefined: all are. */
export function threshold(ratio) {
  if (!(ratio >= 2 ** -56)) return;
  const exact = (1n << 56n) - BigInt(Math.round(Math.min(ratio, 1) * 2 ** 56));
  const hex = (it) => it.toString(16).padStart(14, '0');
  const [idle] = /^(f+|0+|)/.exec(hex(exact));
  const cut = BigInt(4 * Math.max(0, 10 - idle.length));
  return hex(((exact + ((1n << cut) >> 1n)) >> cut) << cut);
}

const fits = (rule, value) => (rule instanceof RegExp ? rule.test(value) : rule === value);

/** `sample(span, sessionId)` for spans that have their first attributes. */
export function sampler({ sampling, keep }) {
  const { ratio, rules, perSecond, session } = sampling ?? {};
  let tokens = perSecond;
  let filled = now();

  const limited = () => {
    const time = now();
    tokens = Math.min(perSecond, tokens + ((time - filled) / 1000) * perSecond);
    filled = time;
    return tokens < 1 || !tokens--;
  };

  const decided = (span, sessionId) => {
    const value = (key) => span.attributes[span.attributes.indexOf(key) + 1];
    const rule = rules?.find(
      ({ name, attributes = {} }) => (name === undefined || fits(name, span.name)) && Object.keys(attributes).every((key) => fits(attributes[key], value(key))),
    );
    const least = threshold((rule ?? sampling).ratio ?? ratio ?? 1);
    // One decision for all traces of a session: its id is their randomness.
    const [own, randomness] = session ? [`rv:${sessionId.slice(-14)}`, sessionId.slice(-14)] : ['', span.traceId.slice(-14)];
    const sampled = randomness >= least && !(perSecond >= 0 && limited());
    // A rate has no probability to tell.
    const known = sampled && !(perSecond >= 0) && `th:${least.replace(/0+$/, '') || 0}`;
    const members = [known, own].filter(Boolean).join(';');
    span.traceState = members && `ot=${members}`;
    return sampled;
  };

  return (span, sessionId) => {
    // A parent elsewhere has decided for us.
    const sampled = span.parentSpanId ? span.traceFlags & SAMPLED : !sampling || decided(span, sessionId);
    span.traceFlags = (span.traceFlags & RANDOM) | (sampled ? SAMPLED : 0);
    // What is not sampled may still prove to be worth it when its interaction ends; what was sent then stays true.
    span.recording = Boolean(sampled) || keep !== false;
  };
}
