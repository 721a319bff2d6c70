// What never leaves the page: credentials in URLs, values of query parameters, texts that people typed.

import { options } from './tracer.js';

const REDACTED = 'REDACTED';

/** `url` without credentials and fragment, and without the values of its query parameters that may hold secrets. */
export const redactedUrl = (url) =>
  // Most have none of that.
  /^https?:[^?#@]*$/.test(url) ? url : url
    // What is no address on the web may be all content.
    .replace(/^(?!https?:)(\w*:?).*/, `$1${REDACTED}`)
    // An implicit OAuth answer, or the address of a view inside the page: not ours to tell.
    .replace(/#.*/, '')
    .replace(/^(\w+:\/\/)[^/]*@/, `$1${REDACTED}:${REDACTED}@`)
    .replace(/([?&]([^=&]+))[^&]*/g, (all, name, key) => (options.allowQuery?.includes(key) ? all : `${name}=${REDACTED}`));

/** The nearest of an element and those around it that `selector` matches, out of shadow roots too. */
export function closest(element, selector) {
  for (let it = element; it; it = it.getRootNode().host) {
    const found = it.closest(selector);
    if (found) return found;
  }
}

/** Whether an element or one around it asks to be left alone. */
export const ignored = (element) => closest(element, '[data-flamefall-ignore]');
