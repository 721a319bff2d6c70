// The viewer below the shop: spans of this page, and of the services that answered it, as they come.

const viewer = document.querySelector('flamefall-viewer');
const clicks = document.querySelector('.clicks');
const CLICKS = 40;

// One load at a time: a newer one would cancel it.
let shown = Promise.resolve();
// Traces with an error. Requests end, and are told of, before the click that caused them.
const failed = new Set();
// Nobody to ask for the services' spans.
let alone = false;

/** @param {string} spans OTLP JSON, as `onSpans` gives it. */
export function show(spans) {
  shown = shown.then(() => add(spans)).catch((error) => console.warn('The viewer took no spans:', error));
}

async function add(text) {
  const spans = spansOf(JSON.parse(text));
  const services = await ofServices(new Set(spans.map(({ traceId }) => traceId)));
  await customElements.whenDefined('flamefall-viewer');
  await viewer.append(services ? [text, services] : text, { name: 'this page' });
  document.querySelector('.waiting')?.remove();
  for (const { traceId, status } of spans) if (status?.code === 2) failed.add(traceId);
  const before = newest();
  spans.filter((span) => attribute(span, 'flamefall.interaction.type')).forEach(chip);
  if (newest() !== before) await choose(newest().dataset.trace);
}

const newest = () => clicks.querySelector('button');

const spansOf = ({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

const attribute = ({ attributes }, name) => attributes?.find(({ key }) => key === name)?.value.stringValue;

/** What the shop's services did for these traces: what a Collector would bring together. */
async function ofServices(traces) {
  if (alone) return;
  const response = await fetch('api/spans', { method: 'POST', body: [...traces].join('\n') });
  alone = !response.headers.get('content-type')?.includes('json');
  const text = alone ? '' : await response.text();
  return text.includes('"spanId"') && text;
}

/** One click, to come back to. */
function chip({ traceId, name, startTimeUnixNano: start, endTimeUnixNano: end }) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.trace = traceId;
  button.dataset.start = start;
  button.classList.toggle('failed', failed.delete(traceId));
  const time = document.createElement('span');
  time.textContent = duration(Number(BigInt(end) - BigInt(start)) / 1e6);
  button.append(name, time);
  button.addEventListener('click', () => choose(traceId));
  // What began earlier may end later.
  const others = [...clicks.querySelectorAll('button')];
  clicks.insertBefore(button, others.find((it) => BigInt(it.dataset.start) < BigInt(start)) ?? null);
  clicks.scrollLeft = 0;
  for (const old of others.slice(CLICKS - 1)) old.remove();
}

const duration = (millis) => (millis < 999.5 ? `${millis.toPrecision(millis < 100 ? 2 : 3)}\u2009ms` : `${(millis / 1000).toFixed(2)}\u2009s`);

async function choose(traceId) {
  for (const it of clicks.querySelectorAll('button')) it.setAttribute('aria-pressed', it.dataset.trace === traceId);
  await viewer.select({ traceId });
}
