// One of everything that a person can act on.
import './small.js';

window.asked = new Set();
window.headers = {};
const ask = (window.ask = (name) =>
  fetch(`/svc/${name}`)
    .then((it) => it.json())
    .then((it) => {
      headers[name] = it.traceparent;
      asked.add(name);
    }));

// Before the load: of unknown origin, but of this page.
ask('early');
const poll = setInterval(() => ask('poll').then(() => asked.size > 1 && clearInterval(poll)), 40);

window.nobody = () => setTimeout(() => {
  throw new EvalError('of nobody');
});
const on = (id, listener) => document.getElementById(id).addEventListener('click', listener);
const block = (millis) => {
  const end = performance.now() + millis;
  while (performance.now() < end);
};

document.getElementById('inline').setAttribute('onclick', "ask('inline')");
const root = document.querySelector('#host').attachShadow({ mode: 'open' });
root.innerHTML = '<button>In the shadow</button>';
root.querySelector('button').addEventListener('click', () => ask('shadow'));

on('alive', () => (document.querySelector('h1').textContent += '.'));
on('long', () => {
  block(120);
  document.querySelector('h1').textContent += '!';
});
on('throws', () => {
  throw new TypeError('no such thing');
});
on('rejects', async () => {
  await null;
  throw new RangeError('too far');
});
on('late', () => setTimeout(() => {
  throw new SyntaxError('too late');
}, 400));
on('logs', () => console.error('it went', new URIError('wrong')));
on('asks', () => ask('asked'));
on('fails', () => fetch('/svc/fails').then((it) => it.json()).then((it) => (headers.fails = it.traceparent)));
on('go', async () => {
  history.pushState({}, '', '/t/orders/4711/lines/0b9c2f4e-6f3a-4a57-9d3e-000000000000');
  document.querySelector('#words').textContent = 'The order, and what it consists of, in words enough to be noticed.';
  // Longer than the browser takes to paint that, however busy it is.
  for (let times = 0; times < 10; times++) await ask('line');
});
on('spins', () => {
  ask('spins');
  const turn = () => requestAnimationFrame(turn);
  turn();
});
document.querySelector('#form').addEventListener('submit', (event) => {
  event.preventDefault();
  ask('signed');
});
addEventListener('popstate', () => ask('popped'));
