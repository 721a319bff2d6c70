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

/** What the tracer does after the load, when all of it is there, has begun: a task after the load event. */
window.more = async () => {
  await rum.flush();
  await new Promise((go) => setTimeout(go));
  return document.readyState === 'complete';
};

// As if the window were covered, or shown again.
window.cover = (covered) => {
  Object.defineProperty(document, 'visibilityState', { value: covered ? 'hidden' : 'visible', configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
};
