// All that makes a page a traced one. What the viewer below the shop adds to that is in dock.js.

import { start } from '../rum/flamefall-rum.js';
import { show } from './dock.js';

export const rum = start({ serviceName: 'shop', scheduledDelayMillis: 100, ignoreUrls: [new URL('api/spans', location.href).href] });
rum.onSpans(show);
