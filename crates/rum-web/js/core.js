// What the part that is loaded after the page has of the one that was there before.

export let addPhases, at, attempt, child, client, complain, complete, current, enter, entriesOf, hook, ignores, Interaction, listen, onto, redactedUrl, tracer, TYPED;

/** Called first of all. */
export function use(core) {
  ({ addPhases, at, attempt, child, client, complain, complete, current, enter, entriesOf, hook, ignores, Interaction, listen, onto, redactedUrl, tracer, TYPED } = core);
}

/** Calls `work` too whenever the tracer, or its exporter, calls its `name`. */
export function also(name, work, owner = tracer) {
  const before = owner[name];
  owner[name] = (...args) => {
    before.apply(owner, args);
    attempt(work, ...args);
  };
}
