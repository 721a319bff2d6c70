// Web vitals, by the rules of the `web-vitals` library and of the Chrome User Experience Report.

// Good up to the first, poor beyond the second. Milliseconds but for CLS.
const RATINGS = { cls: [0.1, 0.25], fcp: [1800, 3000], inp: [200, 500], lcp: [2500, 4000], ttfb: [800, 1800] };
const MAX_LONGEST = 10;
// Shorter ones count only as the first.
const INP_MILLIS = 40;

export function vitals({ also, at, Kind, listen, observe, tracer }) {
  const [entry] = performance.getEntriesByType('navigation');
  const activation = entry?.activationStart ?? 0;
  const since = (time) => Math.max(time - activation, 0);
  const isHidden = () => document.visibilityState === 'hidden';
  // What is painted after the page was hidden says nothing about it.
  const earlier = performance.getEntriesByType('visibility-state').find(({ name, startTime }) => name === 'hidden' && startTime >= activation);
  let hidden = earlier?.startTime ?? (isHidden() ? 0 : Infinity);

  let type = activation ? 'prerender' : document.wasDiscarded ? 'restore' : (entry?.type ?? 'navigate').replace('_', '-');
  let visit = 0;
  let values = { cls: 0 };
  let told = {};
  let painted = false;

  if (entry?.responseStart > 0) values.ttfb = since(entry.responseStart);

  const paints = observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint' && startTime < hidden && !visit) values.fcp = since(startTime);
  });

  const largest = observe('largest-contentful-paint', ({ startTime }) => {
    if (startTime < hidden && !painted) values.lcp = since(startTime);
  });
  // A page that is used has been painted.
  const used = ({ isTrusted }) => {
    if (!isTrusted) return;
    largest();
    painted = true;
  };
  for (const name of ['keydown', 'click']) listen(window, name, used);

  // Shifts less than a second apart, within five seconds.
  let burst = { value: 0, first: 0, last: 0 };
  const shifts = observe('layout-shift', ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    if (!burst.value || startTime - burst.last >= 1000 || startTime - burst.first >= 5000) burst = { value: 0, first: startTime };
    burst.last = startTime;
    burst.value += value;
    values.cls = Math.max(values.cls, burst.value);
  });

  // The slowest interaction, or of many the one that a fiftieth are slower than.
  let longest = [];
  let counted = 0;
  const ids = new Set();
  const count = () => performance.interactionCount ?? ids.size;
  const interacted = ({ interactionId: id, duration, entryType }) => {
    if (!id || (duration < INP_MILLIS && entryType === 'event')) return;
    if (!('interactionCount' in performance)) ids.add(id);
    const known = longest.find((it) => it.id === id);
    if (known) known.duration = Math.max(known.duration, duration);
    else longest.push({ id, duration });
    longest.sort((a, b) => b.duration - a.duration).splice(MAX_LONGEST);
  };
  const events = [observe('first-input', interacted), observe('event', interacted, { durationThreshold: INP_MILLIS })];

  const settle = () => {
    for (const records of [paints, largest, shifts, ...events]) records();
    const interactions = count() - counted;
    const slow = longest[Math.min(longest.length - 1, Math.floor(interactions / 50))];
    // After a return there is no first input to go by.
    if (slow || (visit && interactions)) values.inp = slow?.duration ?? 8;
  };

  /** Tells what has changed, as events of one span in the trace of the page load. */
  const tell = () => {
    settle();
    const names = Object.keys(RATINGS).filter((name) => values[name] !== undefined && values[name] !== told[name] && (name !== 'cls' || values.fcp !== undefined));
    if (!names.length || !tracer.recording()) return;
    const span = tracer.child('web vitals', Kind.INTERNAL, tracer.pageLoad?.context);
    for (const name of names) {
      const value = values[name];
      const [good, poor] = RATINGS[name];
      const time = /^.cp/.test(name) && !visit ? at(value + activation) : undefined;
      span.addEvent(
        'browser.web_vital',
        {
          'browser.web_vital.name': name,
          'browser.web_vital.value': value,
          'browser.web_vital.delta': value - (told[name] ?? 0),
          'browser.web_vital.id': `${tracer.pageId}-${visit}-${name}`,
          'browser.web_vital.rating': value > poor ? 'poor' : value > good ? 'needs-improvement' : 'good',
          'browser.web_vital.navigation_type': type,
        },
        time,
      );
      told[name] = value;
    }
    span.end();
  };
  also('onLeave', tell);
  listen(document, 'visibilitychange', ({ timeStamp }) => {
    if (!isHidden()) return;
    painted = true;
    hidden = Math.min(hidden, timeStamp);
  });

  // Back from the cache of the browser: a visit of its own.
  listen(window, 'pageshow', ({ persisted, timeStamp }) => {
    if (!persisted) return;
    visit++;
    type = 'back-forward-cache';
    values = { cls: 0, ttfb: 0 };
    told = {};
    painted = true;
    burst = { value: 0 };
    longest = [];
    counted = count();
    hidden = Infinity;
    setTimeout(() => (hidden = isHidden() ? 0 : Infinity));
    requestAnimationFrame(() => requestAnimationFrame(() => (values.fcp = values.lcp = performance.now() - timeStamp)));
  });
}
