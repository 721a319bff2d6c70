// The shop without a server: it keeps the cart in memory, takes its time as the services do, and traces that by hand.

import { rum } from './trace.js';

const cart = new Map();
let orders = 0;

const takes = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const work = (name, millis) => rum.run(name, () => takes(millis));

const items = () => ({ items: [...cart].map(([id, count]) => ({ id, count })) });

async function put(id, by) {
  await work('reserve', 30);
  const count = (cart.get(id) ?? 0) + by;
  if (count > 0) cart.set(id, count);
  else cart.delete(id);
  return items();
}

const ROUTES = {
  'GET products': async () => (await fetch('products.json')).json(),
  async 'GET recommendations'(id) {
    const { products } = await ROUTES['GET products']();
    await work('rank', 60);
    return { products: products.map((it) => it.id).filter((it) => it !== id).slice(0, 3) };
  },
  async 'GET cart'() {
    await work('read cart', 5);
    return items();
  },
  'POST cart': (id) => put(id, 1),
  'DELETE cart': (id) => put(id, -1),
  async 'POST checkout'() {
    if (!cart.size) throw new Error('The cart is empty.');
    await work('commit stock', 60);
    // As on the server: the second order fails, and every third after it.
    orders++;
    await work('charge', 250);
    if (orders % 3 === 2) throw new Error('The payment provider did not answer. Nothing was charged: try again.');
    cart.clear();
    return { order: 1041 + orders };
  },
};

export function answer(method, path) {
  const [name, query] = path.split('?');
  const route = `${method} ${name}`;
  return rum.run(route, () => ROUTES[route](new URLSearchParams(query).get('product')));
}
