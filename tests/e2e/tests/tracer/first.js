// Asks in the same task in which the tracer starts.
import './small.js';

window.asked = fetch('/svc/first');
document.querySelector('#it').addEventListener('click', async () => {
  await null;
  window.clicked = await fetch('/svc/clicked');
});
