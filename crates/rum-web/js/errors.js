// What nobody caught, on the interaction that owns it.

import { hook, latest, listen } from './context.js';
import { Kind } from './span.js';

// A page whose every frame throws has said enough.
const MAX_ERRORS = 100;

export function hookErrors(window, tracer) {
  let left = MAX_ERRORS;

  const onto = (record) => {
    if (!tracer.recording() || left-- <= 0) return;
    const context = latest();
    const owner = context?.interaction?.span ?? context?.span;
    if (owner && owner.ended === undefined) return record(owner);
    // It has ended, or nobody owns it.
    const span = tracer.child('exception', Kind.INTERNAL, context);
    record(span);
    span.end();
  };

  if (tracer.options.errors !== false) {
    listen(window, 'error', (event) => {
      // Without a message it is an element that did not load.
      const { error, message, filename, lineno, colno } = event;
      // Observers whose work is put off to the next frame: browsers tell, nothing is wrong.
      if (!message || /^ResizeObserver/.test(message)) return;
      onto((span) => span.recordException(error ?? { name: 'Error', message, stack: `${message}\n    at ${filename}:${lineno}:${colno}` }));
    });
    listen(window, 'unhandledrejection', ({ reason }) => onto((span) => span.recordException(reason)));
  }
  if (tracer.options.consoleErrors) {
    hook(console, 'error', (native, self, args) => {
      const error = args.find((it) => it instanceof Error);
      onto((span) => (error ? span.recordException(error) : span.addEvent('console.error', { message: args.map(String).join(' ') })));
      return native.apply(self, args);
    });
  }
}
