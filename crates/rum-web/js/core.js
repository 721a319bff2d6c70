// What the part that is loaded later has of the one that was there before.

export let tracer, attempt, addPhases, at, child, clearTimeout, client, clock, complain, complete, current, enter, entriesOf, fetch, hook, ignores, Interaction, listen, onto, randomHex, redactedUrl, setTimeout, TYPED;

/** Called first of all. */
export function use(mine, core) {
  tracer = mine;
  // In the order of index.js.
  [attempt, addPhases, at, child, clearTimeout, client, clock, complain, complete, current, enter, entriesOf, fetch, hook, ignores, Interaction, listen, onto, randomHex, redactedUrl, setTimeout, TYPED] = core;
}

/** Calls `work` too whenever the tracer calls its `name`. */
export function also(name, work) {
  const before = tracer[name];
  tracer[name] = (...args) => {
    before?.(...args);
    attempt(work, ...args);
  };
}

/** The span of a request that the browser made by itself. */
export function requested(entry, attributes) {
  complete(client('GET', new URL(entry.name), tracer.arrival, at(entry.fetchStart)).setAttributes(attributes), entry);
}
