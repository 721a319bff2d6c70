// What can wait until the page has loaded. A module of its own: pages that want none of it load none of it.

/** Called once, with what it needs of the tracer. */
export function install() {}
