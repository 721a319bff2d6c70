// What never leaves the page: credentials in URLs, values of query parameters, texts that people typed.

const REDACTED = 'REDACTED';

/** `url` without credentials and without the values of its query and fragment parameters that may hold secrets. */
export function redactedUrl(url, allowed) {
  // Most have nothing to hide, and are not worth another parsing.
  if (/^https?:[^?#@]*$/.test(url)) return url;
  let it;
  try {
    it = new URL(url, location.href);
  } catch {
    return REDACTED;
  }
  if (!/^https?:$/.test(it.protocol)) return it.protocol + REDACTED;
  if (it.username) it.username = REDACTED;
  if (it.password) it.password = REDACTED;
  if (it.search) {
    for (const key of new Set(it.searchParams.keys())) if (!allowed?.includes(key)) it.searchParams.set(key, REDACTED);
  }
  // An implicit OAuth answer, or the address of a view inside the page: not ours to tell.
  it.hash = '';
  return it.href;
}

/** The nearest of an element and those around it that `selector` matches, out of shadow roots too. */
export function closest(element, selector) {
  for (let it = element; it; it = it.getRootNode().host) {
    const found = it.closest(selector);
    if (found) return found;
  }
}

/** Whether an element or one around it asks to be left alone. */
export const ignored = (element) => closest(element, '[data-flamefall-ignore]');
