// Whether a trace is sampled. Decided when its first span begins, before its ids are sent to anybody, and consistently
// (OpenTelemetry, "TraceState: Probability Sampling"): whoever samples more keeps all that we keep.

import { clock } from './context.js';
import { sessionId } from './session.js';
import { RANDOM, SAMPLED } from './span.js';
import { options } from './tracer.js';

/** Of 2^56 traces so many are rejected: the first hex digits of 14, four of which say something. Undefined: all are. */
function threshold(ratio) {
  if (!(ratio >= 2 ** -48)) return;
  const rest = Math.max(0, 1 - ratio);
  // Those before them are all f or all 0.
  const digits = 4 + Math.min(9, Math.floor(-Math.log2(Math.min(ratio, rest || 1)) / 4));
  return Math.round(rest * 16 ** digits).toString(16).padStart(digits, 0).replace(/0+$/, '');
}

const fits = (rule, value) => rule === undefined || (rule.test ? rule.test(value) : rule === value);

let credit = Infinity;
let counted = 0;

function decide(span) {
  const { ratio = 1, rules, perSecond, session: shared } = options.sampling;
  const has = ([key, rule]) => span.attributes.some((it, at, all) => it === key && at % 2 === 0 && fits(rule, all[at + 1]));
  const rule = rules?.find(({ name, attributes = {} }) => fits(name, span.name) && Object.entries(attributes).every(has));
  const least = threshold(rule?.ratio ?? ratio);
  // One decision for all traces of a session: its id is their randomness.
  const randomness = (shared ? sessionId() : span.traceId).slice(-14);
  let sampled = randomness >= least;
  const members = shared ? [`rv:${randomness}`] : [];
  if (sampled && perSecond >= 0) {
    const time = clock();
    credit = Math.min(perSecond, credit + ((time - counted) / 1000) * perSecond);
    counted = time;
    sampled = credit >= 1 && credit--;
  } else if (sampled) {
    // A rate has no probability to tell.
    members.unshift(`th:${least || 0}`);
  }
  span.traceState = members[0] && `ot=${members.join(';')}`;
  return sampled;
}

/** Decides for a span that has its first attributes. */
export function sample(span) {
  // A parent elsewhere has decided for us.
  const sampled = span.child ? span.traceFlags & SAMPLED : !options.sampling || decide(span);
  span.traceFlags = (span.traceFlags & RANDOM) | (sampled && SAMPLED);
  // What is not sampled may still prove to be worth it when its interaction ends; what was sent then stays true.
  span.recording = !!sampled || options.keep !== false;
}
