// What nobody caught, on the interaction that owns it.

import { latest, listen } from './context.js';
import { Kind } from './span.js';

// A page whose every frame throws has said enough.
const MAX_ERRORS = 100;

export function hookErrors(window, tracer) {
  let left = MAX_ERRORS;

  tracer.onto = (record) => {
    if (!tracer.recording() || left-- <= 0) return;
    const context = latest();
    const owner = context?.interaction?.span ?? context?.span;
    if (owner && owner.ended === undefined) return record(owner);
    // It has ended, or nobody owns it.
    const span = tracer.child('exception', Kind.INTERNAL, context);
    record(span);
    span.end();
  };

  if (tracer.options.errors === false) return;
  listen(window, 'error', ({ error, message, filename, lineno, colno }) => {
    // Without a message it is an element that did not load; and what observers put off to the next frame is not wrong.
    if (!message || /^ResizeObserver/.test(message)) return;
    tracer.onto((span) => span.recordException(error ?? { name: 'Error', message, stack: `${message}\n    at ${filename}:${lineno}:${colno}` }));
  });
  listen(window, 'unhandledrejection', ({ reason }) => tracer.onto((span) => span.recordException(reason)));
}
