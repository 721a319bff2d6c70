// What is off by default, in a module that is loaded by who asks for any of it.

import { also, attempt, hook, ignores, onto, requested, tracer, use } from './core.js';

/** Called first, with what it needs of the tracer. */
export function connect(mine, core) {
  use(mine, core);
  const { options } = mine;
  if (options.dryRun) attempt(dryRun);
  if (options.consoleErrors) consoleErrors();
  // When the page has loaded.
  if (options.resources) also('onLoad', resources);
}

/** Tells a page that asks for it which requests would get headers, those before now too. */
function dryRun() {
  const { dry, options } = tracer;
  const tell = ({ url, method, more, headers, body }) =>
    options.dryRun({ url, method, headers: Object.keys(more), wouldCausePreflight: isSimple(method, headers, body) });
  dry.forEach(tell);
  tracer.dry = { push: tell };
}

/** Whether a cross-origin request needs no preflight (Fetch, "CORS-safelisted request-header"). */
function isSimple(method, headers, body) {
  const type = headers?.get('content-type') ?? body?.type;
  return (
    /^(GET|HEAD|POST)$/.test(method) &&
    (!type || /^(text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type)) &&
    !(body instanceof ReadableStream) &&
    [...(headers ?? [])].every(([name, value]) => /^(accept|(accept|content)-language|content-type)$/.test(name) && value.length <= 128)
  );
}

// A page of a thousand pictures is not better understood by all of them.
const MAX_RESOURCES = 100;

/** What the page loaded beside what it asked for itself. */
function resources() {
  let left = MAX_RESOURCES;
  for (const entry of tracer.arrival ? performance.getEntriesByType('resource') : []) {
    const { initiatorType, name } = entry;
    if (/^(fetch|xmlhttprequest|beacon)$/.test(initiatorType) || ignores(name) || left-- <= 0) continue;
    requested(entry, { 'flamefall.resource.type': initiatorType });
  }
}

/** What the page itself says went wrong. */
const consoleErrors = () =>
  hook(console, 'error', (native, self, args) => {
    attempt(onto, args.find((it) => it instanceof Error) ?? { name: 'console.error', message: args.map(String).join(' ') });
    return native.apply(self, args);
  });
