// The context word: which span the running task works for.
//
// Browsers have no asynchronous context. What they have: everything that a task starts, its microtasks included, ends
// before the next task begins. So the word is set when a task is entered and holds until a message to ourselves, a task
// of its own, clears it; and every platform boundary that begins a new task enters again with the word it was called
// under. Nothing replaces Promise, nothing wraps addEventListener: a capturing listener at the target itself runs before
// every ordinary one, whoever was registered first.

/** @typedef {{ span: import('./span.js').Span, interaction?: object }} Context */

// Undefined: unknown, and while a page loads that is its load. Null: nobody's.
let word;
let fallback;
let epoch = 0;
let cleared;
let clearing = false;
let clearPort;

// Set by AsyncContext where it exists: exact inside `run`, and empty in what the browser calls by itself.
const variable = globalThis.AsyncContext && new AsyncContext.Variable();

/** The context of the running code, or nothing. */
export function current() {
  const context = variable?.get() ?? word;
  if (context === undefined) return fallback;
  return context?.expired ? undefined : context;
}

/** The context that the last task had, if no other has been entered since: a rejection is reported a task late. */
export const latest = () => word ?? (cleared?.epoch === epoch ? cleared.word : undefined) ?? fallback;

/** Work of unknown origin is of `context` from here on. */
export const withoutOrigin = (context) => (fallback = context);

/** The running task, from here to the end of its microtasks, works for `context`. Never restored: the next task enters. */
export function enter(context) {
  word = context;
  epoch++;
  if ((context || fallback) && !clearing && clearPort) clearLater();
}

function clearLater() {
  clearing = true;
  clearPort.postMessage(epoch);
}

function onMessage({ data }) {
  clearing = false;
  if (data === epoch) {
    const ended = word;
    word = undefined;
    cleared = { word: ended, epoch };
    ended?.interaction?.ran();
  } else if (word || fallback) {
    clearLater();
  }
}

/** Runs `body` in `context`, in the middle of a task. */
export function within(context, body) {
  if (variable) return variable.run(context, body);
  const outer = word;
  word = context;
  if (context && !clearing && clearPort) clearLater();
  try {
    return body();
  } finally {
    word = outer;
  }
}

const { apply } = Reflect;
const then = Promise.prototype.then;
const undo = [];
const contexts = new WeakMap();
let active = false;

/** What a person gets back where we stand before a function of the platform: same name, length and text. */
export function hook(owner, name, trap) {
  const native = owner?.[name];
  if (typeof native !== 'function') return;
  const proxy = new Proxy(native, {
    apply: (target, self, args) => (active ? trap(target, self, args) : apply(target, self, args)),
  });
  replace(owner, name, proxy);
}

/** As `hook`, for a constructor. */
export function hookConstructor(owner, name, trap) {
  const native = owner?.[name];
  if (typeof native !== 'function') return;
  replace(owner, name, new Proxy(native, {
    construct: (target, args, newTarget) => Reflect.construct(target, active ? trap(args) : args, newTarget),
  }));
}

function replace(owner, name, value) {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  try {
    owner[name] = value;
  } catch {
    // Frozen by the page: then it stays as it is.
  }
  if (owner[name] !== value) return;
  undo.push(() => {
    // Someone else stands before us now: ours only passes through from here on.
    if (owner[name] !== value) return;
    if (before) Object.defineProperty(owner, name, before);
    else delete owner[name];
  });
}

/** As `hook`, for the getter or setter of a property. */
export function hookAccessor(owner, name, kind, trap) {
  const before = owner && Object.getOwnPropertyDescriptor(owner, name);
  const native = before?.[kind];
  if (!native || !before.configurable) return;
  const proxy = new Proxy(native, {
    apply: (target, self, args) => (active ? trap(target, self, args) : apply(target, self, args)),
  });
  Object.defineProperty(owner, name, { ...before, [kind]: proxy });
  undo.push(() => {
    if (Object.getOwnPropertyDescriptor(owner, name)[kind] === proxy) Object.defineProperty(owner, name, before);
  });
}

/** A listener of ours, removed on shutdown. */
export function listen(target, type, listener, options = { capture: true, passive: true }) {
  const safe = (event) => {
    try {
      listener(event);
    } catch (error) {
      complain(error);
    }
  };
  target.addEventListener(type, safe, options);
  undo.push(() => target.removeEventListener(type, safe, options));
}

/** Something else that shutdown takes back. */
export const onUndo = (it) => undo.push(it);

export function undoAll() {
  active = false;
  for (const it of undo.splice(0).reverse()) {
    try {
      it();
    } catch (error) {
      complain(error);
    }
  }
  word = cleared = fallback = undefined;
}

let complaints = 0;
/** Our own mistakes never reach the page; the first few are told. */
export function complain(error) {
  if (complaints++ < 3) console.debug('flamefall:', error);
}

/** `callback` under the context of now, whenever it is called. */
export function bind(callback, context = current()) {
  return function (...args) {
    // Entered and not restored: a restored word would be the last task's.
    if (active) enter(context);
    return apply(callback, this, args);
  };
}

/** A promise that comes back to the context of now before whoever waits for it; `onValue` and `onError` see it pass. */
export function wrapPromise(promise, context = current(), onValue, onError) {
  return apply(then, promise, [
    (value) => {
      if (active) {
        enter(context);
        onValue?.(value);
      }
      return value;
    },
    (error) => {
      if (active) {
        enter(context);
        onError?.(error);
      }
      throw error;
    },
  ]);
}

/** A function that takes a callback at `index`. */
const callsBack = (index) => (native, self, args) => {
  if (typeof args[index] === 'function') args[index] = bind(args[index]);
  return apply(native, self, args);
};

/** A function that returns a promise of the platform. */
const promises = (native, self, args) => {
  const context = current();
  const result = apply(native, self, args);
  return result instanceof Promise ? wrapPromise(result, context) : result;
};

/** Events of `target` are of the context that it was last given. */
export function own(target, types, context = current()) {
  if (!contexts.has(target)) {
    for (const type of types) target.addEventListener(type, () => active && enter(contexts.get(target)), { capture: true });
  }
  contexts.set(target, context);
}

/** A function after which its object has events: `self`, or what it returns. */
const owns = (types, returned) => (native, self, args) => {
  if (returned) {
    const result = apply(native, self, args);
    if (result instanceof EventTarget) own(result, types);
    return result;
  }
  if (self instanceof EventTarget) own(self, types);
  return apply(native, self, args);
};

const INTERVAL_MILLIS = 30_000;

function repeats(native, self, args) {
  const [callback] = args;
  // Not what merely began while the page was loading.
  const context = word ?? null;
  if (typeof callback === 'function') {
    const until = performance.now() + INTERVAL_MILLIS;
    args[0] = function (...rest) {
      // One that goes on and on is no longer what the click started.
      if (active) enter(performance.now() < until ? context : null);
      return apply(callback, this, rest);
    };
  }
  return apply(native, self, args);
}

// Contexts on their way through a channel, in the order of its messages.
const queues = new WeakMap();
const MAX_QUEUED = 1000;

function sent(receiver) {
  let queue = queues.get(receiver);
  if (!queue) {
    queues.set(receiver, (queue = []));
    receiver.addEventListener('message', (event) => {
      if (active && (receiver !== window || event.source === window)) enter(queue.shift());
    }, { capture: true });
  }
  if (queue.length < MAX_QUEUED) queue.push(current());
}

const others = new WeakMap();

function hookChannels(window) {
  const { prototype } = window.MessageChannel;
  const getter = (name) => Object.getOwnPropertyDescriptor(prototype, name).get;
  const ports = ['port1', 'port2'].map(getter);
  for (const name of ['port1', 'port2']) {
    hookAccessor(prototype, name, 'get', (native, self) => {
      const [one, two] = ports.map((it) => apply(it, self, []));
      others.set(one, two).set(two, one);
      return apply(native, self, []);
    });
  }
  hook(window.MessagePort.prototype, 'postMessage', (native, self, args) => {
    const other = others.get(self);
    if (other) sent(other);
    return apply(native, self, args);
  });
  hook(window, 'postMessage', (native, self, args) => {
    if (self === undefined || self === window) sent(window);
    return apply(native, self, args);
  });
}

// A worker answers when it likes. An answer belongs to the question with the same id; without ids, to the only
// context that asked; and where two have asked, to none rather than to the wrong one.
function hookWorkers(window) {
  const asked = new WeakMap();
  const ids = ['id', 'messageId', 'requestId', 'seq'];
  const idOf = (data) => data && typeof data === 'object' ? ids.map((key) => data[key]).find((it) => it != null) : undefined;
  hook(window.Worker?.prototype, 'postMessage', (native, self, args) => {
    const context = current();
    let state = asked.get(self);
    if (!state) {
      asked.set(self, (state = { byId: new Map(), last: undefined, mixed: false }));
      const answered = (event) => {
        if (!active) return;
        const id = idOf(event.data);
        const known = id !== undefined && state.byId.has(id);
        enter(known ? state.byId.get(id) : state.mixed ? undefined : state.last);
      };
      for (const type of ['message', 'messageerror', 'error']) self.addEventListener(type, answered, { capture: true });
    }
    const now = performance.now();
    if (state.last !== context) state.mixed = now - state.at < INTERVAL_MILLIS;
    state.last = context;
    state.at = now;
    const id = idOf(args[0]);
    if (id !== undefined) {
      state.byId.delete(id);
      state.byId.set(id, context);
      if (state.byId.size > MAX_QUEUED) state.byId.delete(state.byId.keys().next().value);
    }
    return apply(native, self, args);
  });
}

// What an observer reports first after `observe` is the work of who observed; what comes later the page or its reader caused.
function hookObservers(window) {
  const observed = new WeakMap();
  for (const name of ['IntersectionObserver', 'ResizeObserver', 'PerformanceObserver']) {
    hookConstructor(window, name, ([callback, ...rest]) => typeof callback !== 'function' ? [callback, ...rest] : [
      function (entries, observer) {
        if (active) enter(observed.get(observer));
        observed.delete(observer);
        return apply(callback, this, arguments);
      },
      ...rest,
    ]);
    hook(window[name]?.prototype, 'observe', (native, self, args) => {
      observed.set(self, current());
      return apply(native, self, args);
    });
  }
}

const BODY = ['json', 'text', 'arrayBuffer', 'blob', 'bytes', 'formData'];
const SUBTLE = ['digest', 'encrypt', 'decrypt', 'sign', 'verify', 'generateKey', 'deriveKey', 'deriveBits', 'importKey', 'exportKey', 'wrapKey', 'unwrapKey'];
const STORE = ['get', 'getAll', 'getAllKeys', 'getKey', 'count', 'openCursor', 'openKeyCursor', 'put', 'add', 'delete', 'clear'];
const REQUEST = ['success', 'error', 'upgradeneeded', 'blocked'];
const LOADS = ['load', 'error'];

/** Stands at every boundary where the platform begins a task for somebody. `fetch` and XMLHttpRequest are in requests.js. */
export function hookBoundaries(window) {
  active = true;
  // Taken before the getters below are hooked: messages to ourselves carry no context.
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = onMessage;
  clearPort = port2;
  onUndo(() => {
    port1.close();
    clearPort = undefined;
    clearing = false;
  });
  const each = (owner, names, trap) => names.forEach((name) => hook(owner, name, trap));
  const prototype = (name) => window[name]?.prototype;

  each(window, ['setTimeout', 'requestAnimationFrame', 'requestIdleCallback', 'queueMicrotask'], callsBack(0));
  hook(window, 'setInterval', repeats);
  hook(prototype('Scheduler'), 'postTask', callsBack(0));
  hook(prototype('Scheduler'), 'yield', promises);
  hook(prototype('LockManager'), 'request', (native, self, args) =>
    promises(native, self, args.map((it) => (typeof it === 'function' ? bind(it) : it))));
  hook(prototype('Document'), 'startViewTransition', callsBack(0));

  for (const name of ['Response', 'Request', 'Blob']) each(prototype(name), BODY, promises);
  for (const name of ['ReadableStreamDefaultReader', 'ReadableStreamBYOBReader']) each(prototype(name), ['read'], promises);
  try {
    // What `for await (… of response.body)` calls.
    hook(Object.getPrototypeOf(new ReadableStream().values()), 'next', promises);
  } catch {
    // Not iterable in this browser.
  }
  each(prototype('SubtleCrypto'), SUBTLE, promises);
  each(prototype('CacheStorage'), ['open', 'match', 'has', 'delete', 'keys'], promises);
  each(prototype('Cache'), ['match', 'matchAll', 'add', 'addAll', 'put', 'delete', 'keys'], promises);
  each(prototype('Clipboard'), ['readText', 'writeText', 'read', 'write'], promises);
  each(prototype('HTMLImageElement'), ['decode'], promises);
  each(window, ['createImageBitmap'], promises);

  each(prototype('IDBFactory'), ['open', 'deleteDatabase'], owns(REQUEST, true));
  for (const name of ['IDBObjectStore', 'IDBIndex']) each(prototype(name), STORE, owns(REQUEST, true));
  hook(prototype('IDBDatabase'), 'transaction', owns(['complete', 'abort', 'error'], true));
  each(prototype('FileReader'), ['readAsText', 'readAsArrayBuffer', 'readAsDataURL'], owns(['loadstart', 'progress', 'load', 'error', 'abort', 'loadend']));
  for (const name of ['HTMLImageElement', 'HTMLScriptElement', 'HTMLIFrameElement']) hookAccessor(prototype(name), 'src', 'set', owns(LOADS));
  hookAccessor(prototype('HTMLLinkElement'), 'href', 'set', owns(LOADS));
  hookChannels(window);
  hookWorkers(window);
  hookObservers(window);
}
