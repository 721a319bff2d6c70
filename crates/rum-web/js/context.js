// The context word: which span the running task works for.
//
// Browsers have no asynchronous context. What they have: everything that a task starts, its microtasks included, ends
// before the next task begins. So the word is set when a task is entered and holds until a task of our own, which runs
// before any other, clears it; and every platform boundary that begins a new task enters again with the word it was
// called under. Nothing replaces Promise and nothing wraps addEventListener. Our listeners come before the page's: at
// nodes because they capture, at other targets because they are added when the target is made, for there Chromium calls
// listeners in the order they were added, capturing or not.
//
// What cannot be told has no context: a wrong parent is worse than none.

/** @typedef {{ span: import('./span.js').Span, interaction?: object, expired?: boolean }} Context */

const { apply, construct } = Reflect;
// Ours stays when the page brings another.
const { clearTimeout, performance, Promise, queueMicrotask, scheduler, setTimeout } = globalThis;
const { then } = Promise.prototype;
const { postTask } = scheduler ?? {};
const descriptor = Object.getOwnPropertyDescriptor;

// Undefined: unknown, and while a page loads that is its load. Null: nobody's.
let word;
let fallback;
// The word of the task that was cleared last, if none has been entered since.
let cleared;
// Whether the task is an animation frame. Those that go on for ever are no work.
let framed = false;
// The context that was at work last, however long ago.
let worked;
let clearing = false;
let postClear;
let active = false;
// Called when a context is entered: see precise.
let onEnter;
// Puts in place what can wait until a context is entered, or a task.
let rest;
const undo = [];

// Set by AsyncContext where it exists: exact inside `run`, and empty in what the browser calls by itself.
let variable;

/** The context of the running code, or nothing. */
export function current() {
  const context = variable?.get() ?? word;
  if (context === undefined) return fallback;
  return context?.expired ? undefined : context;
}

/** The context that the last task had, if no other has been entered since: a rejection is reported a task late. */
export const latest = () => word ?? cleared ?? fallback;

/** Work of unknown origin is of `context` from here on. */
export const withoutOrigin = (context) => (fallback = context);

/** The running task, from here to the end of its microtasks, works for `context`. Never restored: the next task enters. */
export function enter(context) {
  word = context;
  cleared = undefined;
  framed = false;
  if (context) {
    worked = context;
    rest?.();
    onEnter?.();
  }
  if ((context || fallback) && !clearing && postClear) {
    clearing = true;
    postClear();
  }
}

function clear() {
  clearing = false;
  cleared = word;
  word = undefined;
  if (!framed) cleared?.interaction?.ran();
}

/** Runs `body` in `context` in the middle of a task, and then goes on as before. */
export function within(context, body) {
  if (variable) return variable.run(context, body);
  const outer = word;
  let result;
  // Microtasks of both will stand in one queue: those of `body` alone if nobody else is at work, and nobody's if two are.
  if (!outer) queueMicrotask(() => result?.then && enter(context));
  else if (outer.span.group !== context?.span.group) queueMicrotask(() => enter(null));
  enter(context);
  try {
    return (result = body());
  } finally {
    word = outer;
  }
}

let complaints = 0;
/** Our own mistakes never reach the page; the first few are told. */
export function complain(error) {
  if (complaints++ < 3) console.debug('flamefall:', error);
}

/** What `body` returns; its mistakes are told and nothing else. */
export function attempt(body, ...args) {
  try {
    return body(...args);
  } catch (error) {
    complain(error);
  }
}

/** Puts `value` before the `value`, `get` or `set` of a property, until shutdown or for as long as nobody stands before it. */
function put(owner, name, kind, value) {
  const before = descriptor(owner, name);
  try {
    Object.defineProperty(owner, name, { ...before, [kind]: value });
  } catch {
    // Frozen by the page: then it stays as it is.
    return;
  }
  undo.push(() => descriptor(owner, name)?.[kind] === value && Object.defineProperty(owner, name, before));
}

/** `trap(native, self, args)` instead of a function of the platform, which a page cannot tell from it by name, length or text. */
export function hook(owner, name, trap, kind = 'value') {
  const native = owner && descriptor(owner, name)?.[kind];
  if (typeof native !== 'function') return;
  put(owner, name, kind, new Proxy(native, {
    apply: (native, self, args) => (active ? trap(native, self, args) : apply(native, self, args)),
  }));
}

/** As `hook`, for a constructor: `trap(args)` returns others, `made(it)` comes before whoever else knows the new object. */
export function hookConstructor(owner, name, made, trap = (args) => args) {
  const native = owner[name];
  if (!native) return;
  const proxy = new Proxy(native, {
    construct(native, args, newTarget) {
      const it = construct(native, active ? trap(args) : args, newTarget);
      if (active) made?.(it);
      return it;
    },
  });
  put(owner, name, 'value', proxy);
  put(native.prototype, 'constructor', 'value', proxy);
}

/** A listener of ours, removed on shutdown. */
export function listen(target, type, listener, options = { capture: true, passive: true }) {
  const safe = (event) => attempt(listener, event);
  target.addEventListener(type, safe, options);
  undo.push(() => target.removeEventListener(type, safe, options));
}

/** Something else that shutdown takes back. */
export const onUndo = (it) => undo.push(it);

export function undoAll() {
  active = false;
  for (const it of undo.splice(0).reverse()) attempt(it);
  word = cleared = fallback = worked = onEnter = rest = postClear = undefined;
}

/** `callback`, which the platform calls in a task of its own, under the context of now. */
const carry = (callback, context) =>
  function (...args) {
    // Entered and not restored: a restored word would be the last task's.
    if (active) enter(context);
    return apply(callback, this, args);
  };

/** `callback` under the context of now, whoever calls it. */
export function bind(callback) {
  const context = current();
  return function (...args) {
    return active ? within(context, () => apply(callback, this, args)) : apply(callback, this, args);
  };
}

/** A promise that comes back to the context of now before whoever waits for it; `onValue` and `onError` see it pass. */
export function wrapPromise(promise, context = current(), onValue, onError) {
  return new Promise((resolve, reject) => {
    const back = (seen, settle) => (value) => {
      // Somebody else's task has settled it, as an abort does: they keep what they have queued, and who waits here comes
      // after. Beyond that the two cannot be told apart.
      const shared = active && word && word !== context;
      if (shared) queueMicrotask(() => enter(context));
      else if (active) enter(context);
      if (seen) attempt(seen, value);
      settle(value);
      if (shared) queueMicrotask(() => enter(null));
    };
    apply(then, promise, [back(onValue, resolve), back(onError, reject)]);
  });
}

/** Before the next to wait for `promise`, its context of now: reactions are called in the order they were added. */
function enterBefore(promise) {
  const context = current();
  const back = () => active && enter(context);
  apply(then, promise, [back, back]);
}

const onOwn = ({ currentTarget }) => active && enter(owners.get(currentTarget));
const owners = new WeakMap();

/** Events of `target` are of the context that it was last given. */
export function own(target, types, context = current()) {
  // The same listener twice is one.
  for (const type of types.split(' ')) target.addEventListener(type, onOwn, true);
  owners.set(target, context);
}

/** Callbacks of a function, its promise, and events of what it returns come back to the context of the call. */
const carries = (types) => (native, self, args) => {
  const context = current();
  // The first alone: others may be arguments for it.
  const at = args.findIndex((it) => typeof it === 'function');
  if (at >= 0) args[at] = carry(args[at], context);
  const result = apply(native, self, args);
  if (result instanceof Promise) return wrapPromise(result, context);
  if (types && result instanceof EventTarget) own(result, types, context);
  return result;
};

/** Events of the object itself are of who calls the function. */
export const owns = (types) => (native, self, args) => {
  if (self instanceof EventTarget) own(self, types);
  return apply(native, self, args);
};

const waits = (native, self) => {
  const promise = apply(native, self, []);
  if (promise instanceof Promise) enterBefore(promise);
  return promise;
};

// What goes on and on by timers is no longer what a click started.
const TIMERS_MILLIS = 30_000;
const ageOf = ({ interaction, span }) => performance.now() - (interaction?.span ?? span).start;

const timer = (repeated) => (native, self, args) => {
  const [callback] = args;
  // An interval is not of a load that it merely began in.
  const context = repeated ? word ?? null : current();
  const young = () => (context && ageOf(context) > TIMERS_MILLIS ? null : context);
  const first = young();
  if (typeof callback === 'function') {
    args[0] = function (...rest) {
      if (active) enter(repeated ? young() : first);
      return apply(callback, this, rest);
    };
  }
  return apply(native, self, args);
};

// What is on its way to a target of messages. `queue`: [context, messages] in their order, from a sender on this page.
// Otherwise somebody else answers, when they like: an answer belongs to the question with the same id; without ids, to
// the only context that asked; and where two have asked, to none.
const inboxes = new WeakMap();
const ASKED_MILLIS = 30_000;
const MAX_ASKED = 100;
const IDS = ['id', 'messageId', 'requestId', 'seq'];
const idOf = (data) => IDS.map((key) => data?.[key]).find((it) => it != null);

function receive(target) {
  inboxes.set(target, { queue: [], asked: new Map(), last: word, at: performance.now() });
  for (const type of ['message', 'messageerror', 'error']) target.addEventListener(type, received, true);
}

function received({ currentTarget, data }) {
  if (!active) return;
  const inbox = inboxes.get(currentTarget);
  const [first] = inbox.queue;
  if (!first) {
    const id = idOf(data);
    return enter(inbox.asked.has(id) ? inbox.asked.get(id) : inbox.mixed || performance.now() - inbox.at > ASKED_MILLIS ? null : inbox.last);
  }
  if (!--first[1]) inbox.queue.shift();
  // A message without content on a channel that somebody else has made wakes up a loop: it works for all who were at work
  // meanwhile.
  enter(data == null && worked !== first[0] && inbox.last !== first[0] ? null : first[0]);
}

function sent(target) {
  const inbox = inboxes.get(target);
  if (!inbox) return;
  const context = current();
  const last = inbox.queue.at(-1);
  if (last && last[0] === context) last[1]++;
  else inbox.queue.push([context, 1]);
}

function ask(target, data) {
  const inbox = inboxes.get(target);
  if (!inbox) return;
  const context = current();
  const time = performance.now();
  if (inbox.last !== context) inbox.mixed = inbox.last && !inbox.last.expired && time - inbox.at < ASKED_MILLIS;
  inbox.last = context;
  inbox.at = time;
  const id = idOf(data);
  if (id === undefined) return;
  const { asked } = inbox;
  asked.delete(id);
  asked.set(id, context);
  if (asked.size > MAX_ASKED) asked.delete(asked.keys().next().value);
}

function hookMessages(window) {
  // The other end of a port, while both are here.
  const others = new WeakMap();
  hookConstructor(window, 'MessageChannel', ({ port1, port2 }) => {
    others.set(port1, port2).set(port2, port1);
    receive(port1);
    receive(port2);
  });
  for (const name of ['Worker', 'MessagePort']) {
    hook(window[name]?.prototype, 'postMessage', (native, self, args) => {
      const result = apply(native, self, args);
      attempt(() => {
        const [data, more] = args;
        // A port that is given away is answered from elsewhere.
        for (const port of more?.transfer ?? more ?? []) others.delete(others.get(port));
        if (others.has(self)) sent(others.get(self));
        else ask(self, data);
      });
      return result;
    });
  }
  hookConstructor(window, 'Worker', receive);
  // Not window.postMessage: a frame that called ours would be taken for this page, by `event.source`.
}

// What an observer reports first after `observe` is the work of who observed; what comes later the page or its reader caused.
function hookObservers(window) {
  const observed = new WeakMap();
  for (const name of ['IntersectionObserver', 'ResizeObserver']) {
    hookConstructor(window, name, undefined, ([callback, ...rest]) => typeof callback !== 'function' ? [callback, ...rest] : [
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

const ARMED_MILLIS = 10_000;

/**
 * Exact also where two contexts wait for one promise, and for `import()`: whoever awaits a promise or calls its `then`
 * looks up its `constructor`, and just before that we wait for it too. Engines are slower with promises from then on.
 */
function hookPromises() {
  const owner = Promise.prototype;
  const before = descriptor(owner, 'constructor');
  if (!before?.writable || before.value !== Promise) return;
  let inside = false;
  const get = function () {
    if (active && !inside && this instanceof Promise) {
      inside = true;
      attempt(enterBefore, this);
      inside = false;
    }
    return Promise;
  };
  const set = function (value) {
    Object.defineProperty(this, 'constructor', { ...before, value });
  };
  let timer;
  let used;
  const disarm = () => {
    clearTimeout(timer);
    timer = undefined;
    if (descriptor(owner, 'constructor').get === get) Object.defineProperty(owner, 'constructor', before);
  };
  const look = () => (timer = used + ARMED_MILLIS > performance.now() ? setTimeout(look, ARMED_MILLIS) : disarm());
  // Only while somebody is at work.
  onEnter = () => {
    used = performance.now();
    if (timer || descriptor(owner, 'constructor').value !== Promise) return;
    Object.defineProperty(owner, 'constructor', { get, set, configurable: true });
    look();
  };
  undo.push(disarm);
  // `Promise.resolve` looks too, and waits for nothing.
  hook(Promise, 'resolve', (native, self, args) => {
    inside = true;
    try {
      return apply(native, self, args);
    } finally {
      inside = false;
    }
  });
}

// Functions of these interfaces call back or return promises.
const PROMISES =
  'Response Request Blob ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader WritableStream WritableStreamDefaultWriter SubtleCrypto CacheStorage Cache Clipboard LockManager Scheduler FontFaceSet';
// Their properties are promises.
const WAITED = { Animation: ['finished', 'ready'], ViewTransition: ['finished', 'ready', 'updateCallbackDone'], FontFaceSet: ['ready'] };
// Their functions return what has events.
const RETURNED = { IDBFactory: 'success error upgradeneeded blocked', IDBObjectStore: 'success error', IDBIndex: 'success error', IDBDatabase: 'complete abort error' };
const LOADS = 'load error';
const READS = 'loadstart progress load error abort loadend';

/** Stands at every boundary where the platform begins a task for somebody. `fetch` and XMLHttpRequest are in requests.js. */
export function hookBoundaries(window, { options }) {
  active = true;
  variable = window.AsyncContext && new window.AsyncContext.Variable();
  if (postTask) {
    postClear = () => apply(postTask, scheduler, [clear, { priority: 'user-blocking' }]);
  } else {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = clear;
    postClear = () => port2.postMessage(0);
    onUndo(() => port1.close());
  }
  clearing = false;
  hook(window, 'setTimeout', timer());
  hook(window, 'setInterval', timer(true));
  hook(window, 'requestAnimationFrame', (native, self, args) => {
    const [callback] = args;
    const context = current();
    if (typeof callback !== 'function') return apply(native, self, args);
    return apply(native, self, [(time) => {
      if (active) enter(context);
      framed = true;
      return callback(time);
    }]);
  });
  // Constructors: their listeners come first.
  hookConstructor(window, 'FileReader', (it) => own(it, READS));
  for (const name of ['WebSocket', 'EventSource', 'BroadcastChannel']) {
    hookConstructor(window, name, (it) => {
      own(it, 'open error');
      // What they tell is of nobody here. It may come before the word is cleared.
      it.addEventListener('message', () => active && enter(null), true);
    });
  }
  hookMessages(window);
  hookObservers(window);
  // A page's scripts wait for us to start. The rest stands before the first task that somebody could have begun.
  rest = () => {
    rest = undefined;
    if (active) attempt(hookRest, window, options);
  };
  setTimeout(() => rest?.());
}

function hookRest(window, { precise }) {
  const prototype = (name) => window[name]?.prototype;
  /** All functions of an interface. */
  const every = (name, trap) => {
    const owner = prototype(name);
    for (const method of owner ? Object.getOwnPropertyNames(owner) : []) if (method !== 'constructor') hook(owner, method, trap);
  };

  const any = carries();
  for (const name of ['requestIdleCallback', 'createImageBitmap']) hook(window, name, any);
  hook(prototype('Document'), 'startViewTransition', any);
  hook(prototype('HTMLCanvasElement'), 'toBlob', any);
  hook(prototype('HTMLImageElement'), 'decode', any);
  hook(prototype('Element'), 'animate', carries('finish cancel'));
  hook(window.AbortSignal, 'timeout', carries('abort'));
  for (const name of PROMISES.split(' ')) every(name, any);
  // What `for await (… of response.body)` calls.
  attempt(() => hook(Object.getPrototypeOf(new ReadableStream().values()), 'next', any));
  for (const name in WAITED) for (const property of WAITED[name]) hook(prototype(name), property, waits, 'get');
  for (const name in RETURNED) every(name, carries(RETURNED[name]));
  every('FileReader', owns(READS));
  for (const name of ['HTMLImageElement', 'HTMLScriptElement', 'HTMLIFrameElement']) hook(prototype(name), 'src', owns(LOADS), 'set');
  hook(prototype('HTMLLinkElement'), 'href', owns(LOADS), 'set');
  if (precise) hookPromises();
}
