// A page that records what a test tells it to, and leaves.
const options = JSON.parse(new URLSearchParams(location.search).get('options') ?? '{}');

// What is asked of the browser: not all of it comes through.
const { fetch: nativeFetch, fetchLater } = window;
window.sent = [];
window.fetch = function fetch(url, init) {
  if (init?.method === 'POST') sent.push(init);
  return nativeFetch(url, init);
};

// How much would go if the page crashed now: nothing else tells.
window.shadows = [];
window.fetchLater = (url, init) => {
  shadows.push(new TextDecoder().decode(init.body));
  return fetchLater(url, init);
};

const { start } = await import('/rum/flamefall-rum.js');
window.rum = start({ serviceName: 'delivery', scheduledDelayMillis: 3_600_000, pageLoad: false, webVitals: false, ...options });

/** So many spans of about a kilobyte. */
window.record = (count, name = 'work') => {
  for (let number = 0; number < count; number++) {
    rum.run(`${name} ${number}`, (span) => span.addEvent('step', { 'step.of': number }), {
      'app.order.id': crypto.randomUUID(),
      'app.items': number,
      'app.total': Math.random() * 1000,
      'app.note': `order ${number} of a customer who has ordered ${Math.random()} before`,
      'app.paid': number % 2 === 0,
    });
  }
};

/** So many requests at once, to their end. */
window.ask = (count, path) =>
  Promise.all(Array.from({ length: count }, async (_, number) => (await fetch(`/svc/${path}-${number}`)).text()));

window.leave = () => location.assign('left.html');

const order = async (then) => {
  await (await fetch('/svc/order', { method: 'POST', body: '{}' })).json();
  await (await fetch(`/svc/${then}`)).json();
};
document.querySelector('#buy').addEventListener('click', async () => {
  await order('receipt');
  window.done = 'buy';
});
document.querySelector('#fail').addEventListener('click', async () => {
  await order('fails');
  window.done = 'fail';
});
window.ready = true;
