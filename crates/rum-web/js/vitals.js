// Web vitals, by the rules of the `web-vitals` library and of the Chrome User Experience Report.

import { also, at, child, entriesOf, listen, tracer } from './core.js';
import { pageId } from './export.js';

// Good up to the first, poor beyond the second. Milliseconds but for CLS.
const RATINGS = { cls: [0.1, 0.25], fcp: [1800, 3000], inp: [200, 500], lcp: [2500, 4000], ttfb: [800, 1800] };
const MAX_LONGEST = 10;
// Shorter ones count only as the first.
const INP_MILLIS = 40;

export function vitals() {
  const [{ activationStart = 0, responseStart, type }] = performance.getEntriesByType('navigation');
  const since = (time) => Math.max(time - activationStart, 0);
  const count = () => performance.interactionCount ?? 0;
  const isHidden = () => document.visibilityState === 'hidden';

  // Of this visit: values, what was told of them, the shifts that came together, and the slowest interactions.
  let visit = -1;
  let kind;
  let values;
  let told;
  let burst;
  let longest;
  let counted;
  // What is painted after the page was hidden, or used, says nothing about it.
  let hidden;
  let painted;

  const begin = (how, first) => {
    visit++;
    kind = how;
    values = { cls: 0, ...first };
    told = {};
    burst = { value: 0 };
    longest = [];
    counted = visit && count();
    painted = !!visit;
    hidden = Infinity;
  };
  begin(activationStart ? 'prerender' : document.wasDiscarded ? 'restore' : type.replace('_', '-'), { ttfb: responseStart ? since(responseStart) : undefined });
  const earlier = performance.getEntriesByType('visibility-state').find(({ name, startTime }) => name === 'hidden' && startTime >= activationStart);
  hidden = earlier?.startTime ?? (isHidden() ? 0 : Infinity);

  const interacted = ({ interactionId: id, duration, entryType }) => {
    if (!id || (duration < INP_MILLIS && entryType === 'event')) return;
    const known = longest.find((it) => it.id === id);
    if (known) known.duration = Math.max(known.duration, duration);
    else longest.push({ id, duration });
    longest.sort((a, b) => b.duration - a.duration).splice(MAX_LONGEST);
  };
  const largest = entriesOf('largest-contentful-paint', ({ startTime }) => {
    if (startTime < hidden && !painted) values.lcp = since(startTime);
  });
  const records = [
    largest,
    entriesOf('paint', ({ name, startTime }) => {
      if (name === 'first-contentful-paint' && startTime < hidden && !visit) values.fcp = since(startTime);
    }),
    // Shifts less than a second apart, within five seconds.
    entriesOf('layout-shift', ({ hadRecentInput, startTime, value }) => {
      if (hadRecentInput) return;
      if (!burst.value || startTime - burst.latest >= 1000 || startTime - burst.first >= 5000) burst = { value: 0, first: startTime };
      burst.latest = startTime;
      burst.value += value;
      values.cls = Math.max(values.cls, burst.value);
    }),
    entriesOf('first-input', interacted),
    entriesOf('event', interacted, { durationThreshold: INP_MILLIS }),
  ];

  /** Tells what has changed, as events of one span in the trace of the page load. */
  also('onLeave', () => {
    for (const it of records) it();
    // The slowest interaction, or of many the one that a fiftieth are slower than.
    const interactions = count() - counted;
    const slow = longest[Math.min(longest.length - 1, Math.floor(interactions / 50))];
    // After a return there is no first input to go by.
    if (slow || (visit && interactions)) values.inp = slow?.duration ?? 8;
    // Nothing has shifted before anything was painted.
    const names = Object.keys(RATINGS).filter((name) => values[name] >= 0 && values[name] !== told[name] && (name !== 'cls' || values.fcp >= 0));
    if (!names.length || !tracer.recording()) return;
    const span = child('web vitals', {}, tracer.arrival);
    for (const name of names) {
      const value = values[name];
      const [good, poor] = RATINGS[name];
      const attributes = {
        name,
        value,
        delta: value - (told[name] ?? 0),
        id: `${pageId}-${visit}-${name}`,
        rating: value > poor ? 'poor' : value > good ? 'needs-improvement' : 'good',
        navigation_type: kind,
      };
      span.addEvent(
        'browser.web_vital',
        Object.fromEntries(Object.entries(attributes).map(([key, it]) => [`browser.web_vital.${key}`, it])),
        /^.cp/.test(name) && !visit ? at(value + activationStart) : undefined,
      );
      told[name] = value;
    }
    span.end();
  });

  // A page that is used has been painted.
  for (const type of ['keydown', 'click']) {
    listen(type, ({ isTrusted }) => {
      if (!isTrusted) return;
      largest();
      painted = true;
    });
  }
  listen('visibilitychange', ({ timeStamp }) => {
    if (!isHidden()) return;
    painted = true;
    hidden = Math.min(hidden, timeStamp);
  });
  // Back from the cache of the browser: a visit of its own.
  listen('pageshow', ({ persisted, timeStamp }) => {
    if (!persisted) return;
    begin('back-forward-cache', { ttfb: 0 });
    setTimeout(() => (hidden = isHidden() ? 0 : Infinity));
    requestAnimationFrame(() => requestAnimationFrame(() => (values.fcp = values.lcp = performance.now() - timeStamp)));
  });
}
