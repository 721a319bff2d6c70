// All that makes a page a traced one. What the viewer below the shop adds to that is in dock.js.

import { start } from '../rum/flamefall-rum.js';
import { show } from './dock.js';

const beside = (path) => new URL(path, location.href).href;

export const rum = start({
  serviceName: 'shop',
  // What the viewer asks for is not the shop's.
  ignoreUrls: [beside('api/spans'), beside('../flamefall')],
});
rum.onSpans(show);
