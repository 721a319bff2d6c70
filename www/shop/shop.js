// The shop: a list, a cart, a checkout. It knows nothing of traces.

import { ask } from './api.js';

const main = document.querySelector('main');
const said = document.querySelector('.said');
const count = document.querySelector('.store .count');

let products = new Map();
let cart = [];
// Answers for a page that was left are dropped.
let turn = 0;

/** An element: `h('a', { href }, 'text', child)`. Names with a dash are attributes, functions are listeners. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (name.includes('-')) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((it) => it !== undefined));
  return element;
}

function picture({ id, colour }) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 96 96');
  svg.setAttribute('aria-hidden', 'true');
  svg.style.color = colour;
  const use = document.createElementNS(svg.namespaceURI, 'use');
  use.setAttribute('href', `art.svg#${id}`);
  svg.append(use);
  return h('span', { className: 'picture' }, svg);
}

const euros = (amount) => `${amount} €`;
const total = () => cart.reduce((sum, { id, count }) => sum + count * (products.get(id)?.price ?? 0), 0);

function carted({ items }) {
  cart = items;
  const pieces = items.reduce((sum, it) => sum + it.count, 0);
  count.textContent = pieces;
  count.hidden = !pieces;
}

function say(...what) {
  said.replaceChildren(...what);
}

/** Does it, and says so where it fails. The button that asked for it waits. */
async function attempt(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    say(h('p', { className: 'error', role: 'alert' }, error.message));
  } finally {
    button.disabled = false;
  }
}

const add = (product) => async ({ currentTarget }) => {
  await attempt(currentTarget, async () => {
    carted(await ask('POST', `cart?product=${product.id}`));
    say(h('p', {}, h('b', {}, product.name), ' is in your cart.'));
    // What else: nice to have, so a failure is not told.
    const { products: ids } = await ask('GET', `recommendations?product=${product.id}`).catch(() => ({ products: [] }));
    const others = ids.map((id) => products.get(id)).filter(Boolean);
    if (!others.length || !said.firstChild) return;
    said.append(
      h('p', { className: 'with' }, 'Goes well with it: ', ...others.map((it) => h('button', { type: 'button', click: add(it), 'aria-label': `Add ${it.name}` }, `+ ${it.name}`))),
    );
  });
};

async function list() {
  ({ products } = await ask('GET', 'products').then(({ products: all }) => ({ products: new Map(all.map((it) => [it.id, it])) })));
  return h(
    'ul',
    { className: 'pieces' },
    ...[...products.values()].map((it) =>
      h(
        'li',
        {},
        picture(it),
        h('div', {}, h('h2', {}, it.name), h('p', {}, it.note), h('p', { className: 'price' }, euros(it.price))),
        h('button', { type: 'button', click: add(it), 'aria-label': `Add ${it.name}` }, 'Add'),
      ),
    ),
  );
}

async function basket() {
  carted(await ask('GET', 'cart'));
  if (!products.size) await list();
  return lines();
}

function lines() {
  if (!cart.length) return h('p', { className: 'quiet' }, 'Your cart is empty. ', link('list', 'See all pieces'));
  const change = (method, id) => ({ currentTarget }) =>
    attempt(currentTarget, async () => {
      carted(await ask(method, `cart?product=${id}`));
      main.replaceChildren(lines());
    });
  return h(
    'div',
    { className: 'narrow' },
    h(
      'ul',
      { className: 'lines' },
      ...cart.map(({ id, count: pieces }) => {
        const it = products.get(id);
        return h(
          'li',
          {},
          picture(it),
          h('h2', {}, it.name),
          h('span', { className: 'amount' },
            h('button', { type: 'button', click: change('DELETE', id), 'aria-label': `One ${it.name} less` }, '−'),
            h('b', {}, pieces),
            h('button', { type: 'button', click: change('POST', id), 'aria-label': `One ${it.name} more` }, '+')),
          h('span', { className: 'price' }, euros(pieces * it.price)),
        );
      }),
    ),
    h('p', { className: 'sum' }, 'Total ', h('b', {}, euros(total())), link('checkout', 'Check out', 'primary')),
  );
}

async function checkout() {
  if (!cart.length) carted(await ask('GET', 'cart'));
  if (!products.size) await list();
  if (!cart.length) return lines();
  const field = (name, label, autocomplete) => h('label', {}, label, h('input', { name, autocomplete }));
  const submit = (event) => {
    event.preventDefault();
    say();
    attempt(event.target.querySelector('.primary'), async () => {
      const { order } = await ask('POST', 'checkout');
      carted({ items: [] });
      main.replaceChildren(
        h('div', { className: 'narrow' }, h('h1', {}, `Order ${order} is placed`), h('p', {}, 'Thank you. It is a demo: nothing was charged, nothing will come. ', link('list', 'See all pieces'))),
      );
      main.focus();
    });
  };
  return h(
    'form',
    { className: 'narrow', submit, 'aria-label': 'Checkout' },
    field('name', 'Name', 'name'),
    field('address', 'Address', 'street-address'),
    h('p', { className: 'quiet' }, 'Leave them empty if you like. What you type is in no trace.'),
    h('p', { className: 'sum' }, link('cart', 'Back'), 'Total ', h('b', {}, euros(total())), h('button', { className: 'primary' }, 'Place order')),
  );
}

const PAGES = { list, cart: basket, checkout };
const here = () => new URLSearchParams(location.search).get('page') ?? 'list';
const address = (page) => (page === 'list' ? '?' : `?page=${page}`);

const link = (page, text, className = '') => h('a', { href: address(page), className, 'data-page': page }, text);

async function turnTo(page) {
  const mine = ++turn;
  const draw = PAGES[page] ?? list;
  for (const it of document.querySelectorAll('nav [data-page]')) it.ariaCurrent = it.dataset.page === page ? 'page' : 'false';
  main.ariaBusy = 'true';
  say();
  let content;
  try {
    content = await draw();
  } catch (error) {
    content = h('p', { className: 'error', role: 'alert' }, error.message);
  }
  if (mine !== turn) return;
  main.replaceChildren(content);
  main.ariaBusy = 'false';
  main.scrollTop = 0;
}

document.addEventListener('click', (event) => {
  const to = event.target.closest?.('[data-page]');
  if (!to || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, '', address(to.dataset.page));
  turnTo(to.dataset.page).then(() => main.focus({ preventScroll: true }));
});
addEventListener('popstate', () => turnTo(here()));

turnTo(here());
// What was left in the cart the last time; the cart's own page asks anyway.
if (here() !== 'cart') ask('GET', 'cart').then(carted, () => {});
