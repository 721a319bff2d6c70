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

/** @typedef {import('./span.js').Span} Context */

const page = globalThis;
export const { apply, construct, defineProperty } = Reflect;
// Ours stays when the page brings another, and what this `fetch` sends is not traced.
export const { clearTimeout, fetch, performance, Promise, queueMicrotask, scheduler, setTimeout } = page;
const { then } = Promise.prototype;
const { postTask } = scheduler ?? {};
const descriptor = Object.getOwnPropertyDescriptor;
const prototype = (name) => page[name]?.prototype;

// Undefined: unknown, and while a page loads that is its load. Null: nobody's.
let word;
// The context of work of unknown origin, or what makes it.
let fallback;
// The word of the task that was cleared last, if none has been entered since.
let cleared;
// Whether the task is an animation frame. Those that go on for ever are no work.
let framed = false;
// The context that was at work last, however long ago.
let worked;
let clearing = false;
let active = false;
// What a context that is entered does first: puts in place what could wait until then, and later see `hookPromises`.
let onEnter;
let undo = [];

// Set by AsyncContext where it exists: exact inside `run`, and empty in what the browser calls by itself.
let variable;

export const clock = () => performance.now();

/** The context of the running code, or nothing. */
export function current() {
  const context = variable?.get() ?? word;
  if (context === undefined) return origin();
  return context?.expired ? undefined : context;
}

/** The context of work of unknown origin. */
export function origin() {
  const make = fallback;
  if (typeof make !== 'function') return make;
  fallback = undefined;
  return (fallback = attempt(make));
}

/** From here on that is `context`, or what such a function returns when it is first needed. */
export const withoutOrigin = (context) => (fallback = context);

/** The context that the last task had, if no other has been entered since: a rejection is reported a task late. */
export const latest = () => word ?? cleared ?? origin();

/** The running task, from here to the end of its microtasks, works for `context`. Never restored: the next task enters. */
export function enter(context) {
  if (!active) return;
  word = context;
  cleared = undefined;
  framed = false;
  if (context) {
    worked = context;
    onEnter?.();
  }
  if ((context || fallback) && !clearing) {
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

let postClear = () => apply(postTask, scheduler, [clear, { priority: 'user-blocking' }]);
if (!postTask) {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = clear;
  postClear = () => port2.postMessage(0);
}

/** Runs `body` in `context` in the middle of a task, and then goes on as before. */
export function within(context, body) {
  if (variable) return variable.run(context, body);
  const outer = word;
  let result;
  // Microtasks of both will stand in one queue: those of `body` alone if nobody else is at work, and nobody's if two are.
  if (!outer) queueMicrotask(() => result?.then && enter(context));
  else if (outer.group !== context?.group) queueMicrotask(() => enter(null));
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
function put(owner, name, kind, value, others) {
  const native = descriptor(owner, name);
  // Frozen by the page it stays as it is.
  if (!defineProperty(owner, name, { ...(others ?? native), [kind]: value })) return;
  onUndo(() => descriptor(owner, name)?.[kind] === value && defineProperty(owner, name, native));
}

/** `trap(native, self, args)` instead of a function of the platform, which a page cannot tell from it by name, length or text. */
export function hook(owner, name, trap, kind = 'value') {
  const native = owner && descriptor(owner, name)?.[kind];
  if (typeof native === 'function') put(owner, name, kind, new Proxy(native, { apply: (native, self, args) => (active ? trap : apply)(native, self, args) }));
}

/** A trap: `work(self, args)` comes before the function, and may change `args`. */
export const before = (work) => (native, self, args) => {
  attempt(work, self, args);
  return apply(native, self, args);
};

// A page's scripts wait for us to start. What stands before the first object, or the first task, that it is for can wait.
const rest = new Set();
const once = (work) => rest.delete(work) && attempt(work);

/** Puts in place what could wait. */
export const hookRest = () => rest.forEach(once);

/**
 * As `hook`, for a constructor: `work(args)` comes before it, `made(it)` before whoever else knows the new object.
 * `others(prototype)` hooks what objects have, before there is one.
 */
export function hookConstructor(name, made, others, work) {
  const native = page[name];
  if (!native) return;
  const { prototype } = native;
  const prepare = () => {
    put(prototype, 'constructor', 'value', proxy);
    others?.(prototype);
  };
  const proxy = new Proxy(native, {
    construct(native, args, newTarget) {
      if (active) once(prepare);
      if (active) work?.(args);
      const it = construct(native, args, newTarget);
      if (active) made?.(it);
      return it;
    },
  });
  put(page, name, 'value', proxy);
  rest.add(prepare);
}

/** A listener of ours, removed on shutdown. Events of the document come by the window first. */
export function listen(type, listener, target = page) {
  const first = (event) => attempt(listener, event);
  target.addEventListener(type, first, true);
  onUndo(() => target.removeEventListener(type, first, true));
}

/** Calls `handle` with all entries of a type; what it returns does so with those on their way. */
export function entriesOf(type, handle, more) {
  if (!PerformanceObserver.supportedEntryTypes.includes(type)) return () => {};
  const all = (entries) => entries.forEach((entry) => attempt(handle, entry));
  const observer = new PerformanceObserver((list) => all(list.getEntries()));
  observer.observe({ type, buffered: true, ...more });
  onUndo(() => observer.disconnect());
  return () => all(observer.takeRecords());
}

/** Something else that shutdown takes back. */
export const onUndo = (it) => undo.push(it);

export function undoAll() {
  active = false;
  for (const it of undo.reverse()) attempt(it);
  undo = [];
  rest.clear();
  word = cleared = fallback = worked = onEnter = undefined;
}

/** The first function among `args`, since others may be arguments for it, begins with `first`. */
function precede(args, first) {
  const at = args.findIndex((it) => typeof it === 'function');
  const callback = args[at];
  if (!callback) return;
  args[at] = function (...given) {
    // Entered and not restored: a restored word would be the last task's.
    first(...given);
    return apply(callback, this, given);
  };
}

/** `callback` under the context of now, whoever calls it. */
export function bind(callback) {
  const context = current();
  return function (...args) {
    return within(context, () => apply(callback, this, args));
  };
}

/** A promise that comes back to the context of now before whoever waits for it; `onValue` and `onError` see it pass. */
export function wrapPromise(promise, context = current(), onValue, onError) {
  return new Promise((resolve, reject) => {
    const back = (seen, settle) => (value) => {
      // Somebody else's task has settled it, as an abort does: they keep what they have queued, and who waits here comes
      // after. Beyond that the two cannot be told apart.
      const shared = word && word !== context;
      if (shared) queueMicrotask(() => enter(context));
      else enter(context);
      if (seen) attempt(seen, value);
      settle(value);
      if (shared) queueMicrotask(() => enter(null));
    };
    apply(then, Promise.resolve(promise), [back(onValue, resolve), back(onError, reject)]);
  });
}

/** Before the next to wait for `promise`, its context of now: reactions are called in the order they were added. */
function enterBefore(promise) {
  const context = current();
  const back = () => enter(context);
  apply(then, promise, [back, back]);
}

// Those that come first, or alone, in their tasks: of whatever makes requests, reads, plays or connects.
const LOADS = ['load', 'error'];
const EVENTS = [...LOADS, ...'readystatechange abort timeout success upgradeneeded complete finish open'.split(' ')];
const owners = new WeakMap();

function onOwn(event) {
  const [context, seen] = owners.get(event.currentTarget);
  enter(context);
  if (seen) attempt(seen, event);
}

/** Events of `target` are of the context of now, until it is given to another; `seen` sees them pass. */
export function own(target, seen = owners.get(target)?.[1], types = EVENTS) {
  // The same listener twice is one.
  for (const type of types) target.addEventListener(type, onOwn, true);
  owners.set(target, [current(), seen]);
}
export const owns = before((it) => own(it));
const loads = before((it) => own(it, undefined, LOADS));

/** The callback of a function, its promise, and events of what it returns come back to the context of the call. */
function carries(native, self, args) {
  const context = current();
  precede(args, () => enter(context));
  const result = apply(native, self, args);
  if (result instanceof Promise) return wrapPromise(result, context);
  if (result instanceof EventTarget) own(result);
  return result;
}

function waits(native, self) {
  const promise = apply(native, self, []);
  if (promise instanceof Promise) enterBefore(promise);
  return promise;
}

// What goes on and on by timers is no longer what a click started.
const TIMERS_MILLIS = 30_000;

const timer = (repeated) =>
  before((_, args) => {
    // An interval is not of a load that it merely began in.
    const context = repeated ? word ?? null : current();
    const young = () => (context && clock() - (context.interaction ?? context).start > TIMERS_MILLIS ? null : context);
    const first = young();
    precede(args, () => enter(repeated ? young() : first));
  });

const frame = before((_, args) => {
  const context = current();
  precede(args, () => {
    enter(context);
    framed = true;
  });
});

// What is on its way to a target of messages. `queue`: contexts of messages in their order, from a sender on this page, who
// is the `other` end. Otherwise somebody else answers, when they like: an answer belongs to the question with the same id;
// without ids, to the only context that asked; and where two have asked, to none.
const inboxes = new WeakMap();
const ASKED_MILLIS = 30_000;
const MAX_WAITING = 1000;
const idOf = (data) => data?.id ?? data?.requestId;

function receive(target) {
  const inbox = { queue: [], asked: new Map(), last: word, at: clock() };
  inboxes.set(target, inbox);
  for (const type of ['message', 'messageerror']) target.addEventListener(type, received, true);
  return inbox;
}

function received({ currentTarget, data }) {
  const { queue, asked, last, at, other } = inboxes.get(currentTarget);
  if (queue.length) {
    const context = queue.shift();
    // A message without content on a channel that somebody else has made wakes up a loop: it works for all who were at work
    // meanwhile.
    return enter(data == null && worked !== context && last !== context ? null : context);
  }
  const id = idOf(data);
  enter(asked.has(id) ? asked.get(id) : other || clock() - at > ASKED_MILLIS ? null : last);
}

function sent(self, data, more) {
  // A port that is given away is answered from elsewhere.
  for (const port of [more?.transfer ?? more ?? []].flat()) {
    const { other } = inboxes.get(port) ?? {};
    if (other) other.other = undefined;
  }
  const inbox = inboxes.get(self);
  const { asked, at, last, other } = inbox;
  const context = current();
  if (other) {
    // What nobody fetches is nobody's.
    if (other.queue.length < MAX_WAITING) other.queue.push(context);
    return;
  }
  inbox.at = clock();
  inbox.last = last === undefined || last === context || last?.expired || inbox.at - at > ASKED_MILLIS ? context : null;
  const id = idOf(data);
  if (id != null) asked.set(id, context);
  if (asked.size > MAX_WAITING) asked.delete(asked.keys().next().value);
}

function hookMessages() {
  const posts = (owner) =>
    hook(owner, 'postMessage', (native, self, args) => {
      const result = apply(native, self, args);
      if (inboxes.has(self)) attempt(sent, self, ...args);
      return result;
    });
  const connect = ({ port1, port2 }) => {
    const inbox = receive(port1);
    inbox.other = receive(port2);
    inbox.other.other = inbox;
  };
  hookConstructor('MessageChannel', connect, () => posts(prototype('MessagePort')));
  hookConstructor('Worker', receive, posts);
  // Not window.postMessage: a frame that called ours would be taken for this page, by `event.source`.
}

// What an observer reports first after `observe` is the work of who observed; what comes later the page or its reader caused.
function hookObservers() {
  const observed = new WeakMap();
  const first = (_, observer) => {
    enter(observed.get(observer));
    observed.delete(observer);
  };
  for (const name of ['IntersectionObserver', 'ResizeObserver']) {
    const observes = (owner) => hook(owner, 'observe', before((self) => observed.set(self, current())));
    hookConstructor(name, undefined, observes, (args) => precede(args, first));
  }
}

const ARMED_MILLIS = 10_000;

/**
 * Exact also where two contexts wait for one promise, and for `import()`: whoever awaits a promise or calls its `then`
 * looks up its `constructor`, and just before that we wait for it too. Only while somebody is at work.
 */
function hookPromises() {
  const owner = Promise.prototype;
  const native = descriptor(owner, 'constructor');
  if (native?.value !== Promise) return;
  let inside = false;
  let used = 0;
  onEnter = () => (used = clock());
  const get = function () {
    if (active && !inside && clock() - used < ARMED_MILLIS && this instanceof Promise) {
      inside = true;
      attempt(enterBefore, this);
      inside = false;
    }
    return Promise;
  };
  const set = function (value) {
    defineProperty(this, 'constructor', { ...native, value });
  };
  put(owner, 'constructor', 'get', get, { set, configurable: true });
  // `Promise.resolve` looks too, and waits for nothing.
  hook(Promise, 'resolve', (...call) => {
    inside = true;
    try {
      return apply(...call);
    } finally {
      inside = false;
    }
  });
}

// Functions of these interfaces call back, return promises, or what has events.
const CARRY =
  'Response Request Blob ReadableStream ReadableStreamDefaultReader ReadableStreamBYOBReader WritableStream WritableStreamDefaultWriter SubtleCrypto CacheStorage Cache Clipboard LockManager Scheduler FontFaceSet IDBFactory IDBObjectStore IDBIndex IDBDatabase';

/** Stands at every boundary where the platform begins a task for somebody. `fetch` and XMLHttpRequest are in requests.js. */
export function hookBoundaries({ precise }) {
  active = true;
  variable = page.AsyncContext && new page.AsyncContext.Variable();
  hook(page, 'setTimeout', timer());
  hook(page, 'setInterval', timer(true));
  hook(page, 'requestAnimationFrame', frame);
  // Constructors: their listeners come first.
  hookConstructor('FileReader', own);
  for (const name of ['WebSocket', 'EventSource', 'BroadcastChannel']) {
    hookConstructor(name, (it) => {
      own(it);
      // What they tell is of nobody here. It may come before the word is cleared.
      it.addEventListener('message', () => enter(null), true);
    });
  }
  hookMessages();
  hookObservers();
  // Before the first task that somebody could have begun.
  onEnter = hookRest;
  rest.add(hookOthers);
  if (precise) rest.add(hookPromises);
}

function hookOthers() {
  onEnter = undefined;
  /** All functions of an interface, or what it has to `get`. */
  const every = (name, trap, kind) => {
    const owner = prototype(name) ?? {};
    for (const method of Object.getOwnPropertyNames(owner)) if (method !== 'constructor') hook(owner, method, trap, kind);
  };

  for (const name of ['requestIdleCallback', 'createImageBitmap']) hook(page, name, carries);
  hook(prototype('Document'), 'startViewTransition', carries);
  hook(prototype('HTMLCanvasElement'), 'toBlob', carries);
  hook(prototype('HTMLImageElement'), 'decode', carries);
  hook(prototype('Element'), 'animate', carries);
  hook(page.AbortSignal, 'timeout', carries);
  for (const name of CARRY.split(' ')) every(name, carries);
  // What `for await (… of response.body)` calls.
  attempt(() => hook(Object.getPrototypeOf(new ReadableStream().values()), 'next', carries));
  for (const name of ['Animation', 'ViewTransition', 'FontFaceSet']) every(name, waits, 'get');
  every('FileReader', owns);
  for (const name of ['Image', 'Script', 'IFrame']) hook(prototype(`HTML${name}Element`), 'src', loads, 'set');
  hook(prototype('HTMLLinkElement'), 'href', loads, 'set');
}
