// Before anybody else: what the page has, and how many timers run.
'use strict';
{
  const { setTimeout: set, clearTimeout: clear, setInterval: repeat, clearInterval: clearRepeat } = window;
  window.timers = new Set();
  window.setTimeout = function setTimeout(callback, millis, ...args) {
    // A text is code, which only the platform runs.
    if (typeof callback !== 'function') return set(callback, millis);
    const id = set(
      (...args) => {
        timers.delete(id);
        callback.apply(window, args);
      },
      millis,
      ...args,
    );
    timers.add(id);
    return id;
  };
  window.clearTimeout = function clearTimeout(id) {
    timers.delete(id);
    clear(id);
  };
  window.setInterval = (...args) => {
    const id = repeat(...args);
    timers.add(id);
    return id;
  };
  window.clearInterval = (id) => {
    timers.delete(id);
    clearRepeat(id);
  };

  const everything = () => {
    const all = new Map();
    const add = (name, owner) => {
      for (const key of Reflect.ownKeys(owner)) all.set(`${name}.${String(key)}`, Object.getOwnPropertyDescriptor(owner, key));
    };
    add('window', window);
    for (const name of Object.getOwnPropertyNames(window)) {
      const { value } = Object.getOwnPropertyDescriptor(window, name);
      if (typeof value !== 'function') continue;
      add(name, value);
      if (value.prototype) add(`${name}.prototype`, value.prototype);
    }
    return all;
  };
  const before = everything();
  /** Names of properties of the platform that are no longer what they were. */
  window.changed = () => {
    const after = everything();
    const same = (one, two) => one && two && ['value', 'get', 'set', 'writable', 'enumerable', 'configurable'].every((key) => Object.is(one[key], two[key]));
    return [...before].filter(([name, it]) => !same(it, after.get(name)) && !/^window\.(event|status|name)$/.test(name)).map(([name]) => name);
  };
}
