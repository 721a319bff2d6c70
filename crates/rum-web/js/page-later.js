// What can wait until the page has loaded. A module of its own: pages that want none of it load none of it.

import { openStore } from './stored.js';

/** Called once, with what it needs of the tracer. */
export function install({ complain, tracer }) {
  const { exporter, options } = tracer;
  if (options.storage !== false && exporter.endpoint && !navigator.globalPrivacyControl) openStore(exporter).catch(complain);
}
