// Starts the tracer with what `?options=` says, and keeps its spans.
import { start } from '/rum/flamefall-rum.js';

const query = new URLSearchParams(location.search);
const options = JSON.parse(query.get('options') ?? '{}', (_, value) => (value?.regexp ? new RegExp(value.regexp) : value));
// What JSON cannot say.
if (options.drop) options.attributeFilter = (key) => !options.drop.includes(key);
window.spans = [];
window.rum = start({ serviceName: 'page', endpoint: null, scheduledDelayMillis: 50, ...options });
rum.onSpans((json) => {
  for (const { resource, scopeSpans } of JSON.parse(json).resourceSpans) {
    window.resource = resource;
    for (const { spans } of scopeSpans) window.spans.push(...spans);
  }
});
window.named = (name) => spans.filter((span) => span.name === name);

/** The part of the tracer that comes after the load is there. */
window.more = async () => {
  while (!performance.getEntriesByType('resource').some(({ name }) => name.endsWith('flamefall-rum-page.js'))) await new Promise(requestAnimationFrame);
  await import('/rum/flamefall-rum-page.js');
  return true;
};

// As if the window were covered, or shown again.
window.cover = (covered) => {
  Object.defineProperty(document, 'visibilityState', { value: covered ? 'hidden' : 'visible', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
};
