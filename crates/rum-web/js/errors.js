// What nobody caught, on the interaction that owns it.

import { latest, listen } from './context.js';
import { child } from './interaction.js';
import { consented, options } from './tracer.js';

// A page whose every frame throws has said enough.
const MAX_ERRORS = 100;
let told;

/** Tells `owner` what went wrong, or a span of its own where that has ended, or nobody owns it. */
export function blame(error, context, owner = context) {
  const span = owner && !owner.ended ? owner : child('exception', {}, context);
  span.recordException(error);
  if (span !== owner) span.end();
}

/** Something went wrong just now. */
export function onto(error) {
  if (!consented || told++ >= MAX_ERRORS) return;
  const context = latest();
  blame(error, context, context?.interaction);
}

export function hookErrors() {
  told = 0;
  if (options.errors === false) return;
  listen('error', ({ error, message, filename, lineno, colno }) => {
    // Without a message it is an element that did not load; and what observers put off to the next frame is not wrong.
    if (!message || /^ResizeObserver/.test(message)) return;
    onto(error ?? { message, stack: `${message}\n    at ${filename}:${lineno}:${colno}` });
  });
  listen('unhandledrejection', ({ reason }) => onto(reason));
}
