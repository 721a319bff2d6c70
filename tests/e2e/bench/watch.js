// Put into the page before its first script: what the main thread does, and for how long.
(() => {
  const watch = (window.flamefallWatch = { tasks: [], late: 0, frames: [], rendered: [], painted: undefined, chosen: undefined });

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) watch.tasks.push({ start: entry.startTime, time: entry.duration });
  }).observe({ type: 'longtask' });

  // A clock that ticks every 4 ms, and how late it ever was.
  let before = performance.now();
  setInterval(() => {
    const now = performance.now();
    watch.late = Math.max(watch.late, now - before - 4);
    before = now;
  }, 4);

  // Work between two frames: from the first line of a handler to the end of the microtasks it left behind.
  let work = 0;
  let depth = 0;
  const timed = (handler) =>
    function (...parameters) {
      if (depth) return handler.apply(this, parameters);
      const start = performance.now();
      depth += 1;
      try {
        return handler.apply(this, parameters);
      } finally {
        depth -= 1;
        let left = 4;
        const settle = () => {
          if (left--) queueMicrotask(settle);
          else work += performance.now() - start;
        };
        settle();
      }
    };

  const wrapped = new WeakMap();
  const wrap = (handler) => {
    const own = typeof handler === 'function' ? handler : handler && ((event) => handler.handleEvent(event));
    if (!own) return handler;
    if (!wrapped.has(handler)) wrapped.set(handler, timed(own));
    return wrapped.get(handler);
  };
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (kind, handler, options) {
    return addEventListener.call(this, kind, wrap(handler), options);
  };
  EventTarget.prototype.removeEventListener = function (kind, handler, options) {
    return removeEventListener.call(this, kind, wrapped.get(handler) ?? handler, options);
  };
  // The engine's answers.
  const answers = Object.getOwnPropertyDescriptor(Worker.prototype, 'onmessage');
  Object.defineProperty(Worker.prototype, 'onmessage', { ...answers, set(handler) { answers.set.call(this, timed(handler)); } });
  const timeout = window.setTimeout;
  window.setTimeout = (handler, ...rest) => timeout(typeof handler === 'function' ? timed(handler) : handler, ...rest);

  // A frame ends with the callbacks before it is painted. `after` fires when style, layout and paint of it are done too.
  const rows = () => document.querySelector('flamefall-viewer')?.shadowRoot?.querySelector('[role=treegrid] [role=row]');
  const frame = window.requestAnimationFrame;
  const after = new MessageChannel();
  let began = 0;
  let counted = 0;
  after.port1.onmessage = () => watch.rendered.push(counted + performance.now() - began);
  let stamp = -1;
  window.requestAnimationFrame = (callback) =>
    frame((now) => {
      const start = performance.now();
      callback(now);
      // Microtasks of this callback run before the next of the same frame.
      queueMicrotask(() => queueMicrotask(() => queueMicrotask(() => {
        const end = performance.now();
        if (now === stamp) {
          watch.frames[watch.frames.length - 1] += work + end - start;
        } else {
          stamp = now;
          counted = work;
          began = start;
          watch.frames.push(work + end - start);
          after.port2.postMessage(0);
        }
        work = 0;
        if (!watch.painted && watch.chosen && rows()) watch.painted = end;
      })));
    });

  addEventListener.call(window, 'input', (event) => {
    if (event.composedPath()[0].type === 'file') watch.chosen ??= performance.now();
  }, true);

  watch.reset = () => {
    watch.frames.length = 0;
    watch.rendered.length = 0;
    work = 0;
  };
})();
