// The `web-vitals` library beside the tracer: what each makes of the same page.
import { onCLS, onFCP, onINP, onLCP, onTTFB } from '/web-vitals/web-vitals.js';

window.theirs = {};
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
  on(({ name, value, rating, navigationType }) => (theirs[name.toLowerCase()] = { value, rating, type: navigationType }), { reportAllChanges: true });
}

const frames = async (count) => {
  while (count--) await new Promise(requestAnimationFrame);
};
(async () => {
  await more();
  for (const height of [40, 90]) {
    await frames(3);
    document.querySelector('#before').style.height = `${height}px`;
  }
  await frames(3);
  window.shifted = true;
})();

document.querySelector('#slow').addEventListener('click', () => {
  const end = performance.now() + 150;
  while (performance.now() < end);
  document.querySelector('h1').textContent += '.';
});

window.restored = async () => {
  window.theirs = {};
  dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  await frames(5);
  return true;
};
