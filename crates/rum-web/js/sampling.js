// Whether a trace is sampled. Decided when its first span begins, before its ids are sent to anybody, and consistently
// (OpenTelemetry, "TraceState: Probability Sampling"): whoever samples more keeps all that we keep.

import { RANDOM, SAMPLED, now } from './span.js';

/** T as 14 hex digits, four of which say something: of 2^56 traces so many are rejected. Undefined: all are. */
function threshold(ratio) {
  if (!(ratio >= 2 ** -56)) return;
  const exact = (1n << 56n) - BigInt(Math.round(Math.min(ratio, 1) * 2 ** 56));
  const hex = (it) => it.toString(16).padStart(14, '0');
  const [idle] = /^(f+|0+|)/.exec(hex(exact));
  const cut = BigInt(4 * Math.max(0, 10 - idle.length));
  return hex(((exact + ((1n << cut) >> 1n)) >> cut) << cut);
}

const fits = (rule, value) => rule === undefined || (rule.test ? rule.test(value) : rule === value);

/** `sample(span, sessionId)` for spans that have their first attributes. */
export function sampler({ sampling, keep }) {
  const { rules, perSecond, session } = sampling ?? {};
  let credit = perSecond;
  let counted = 0;

  const decide = (span, sessionId) => {
    const has = ([key, rule]) => fits(rule, span.attributes[span.attributes.indexOf(key) + 1]);
    const rule = rules?.find(({ name, attributes = {} }) => fits(name, span.name) && Object.entries(attributes).every(has));
    const least = threshold(rule?.ratio ?? sampling.ratio ?? 1);
    // One decision for all traces of a session: its id is their randomness.
    const randomness = (session ? sessionId : span.traceId).slice(-14);
    let sampled = randomness >= least;
    const members = session ? [`rv:${randomness}`] : [];
    if (sampled && perSecond >= 0) {
      credit = Math.min(perSecond, credit + ((now() - counted) / 1000) * perSecond);
      counted = now();
      sampled = credit >= 1 && credit--;
    } else if (sampled) {
      // A rate has no probability to tell.
      members.unshift(`th:${least.replace(/0+$/, '') || 0}`);
    }
    span.traceState = members[0] && `ot=${members.join(';')}`;
    return sampled;
  };

  return (span, sessionId) => {
    // A parent elsewhere has decided for us.
    const sampled = span.child ? span.traceFlags & SAMPLED : !sampling || decide(span, sessionId);
    span.traceFlags = (span.traceFlags & RANDOM) | (sampled && SAMPLED);
    // What is not sampled may still prove to be worth it when its interaction ends; what was sent then stays true.
    span.recording = !!sampled || keep !== false;
  };
}
