// Where spans that have ended wait for what decides about them, keeps and sends them: export.js, which is loaded a task
// later, with all else that a page's scripts need not wait for. It takes many at once, which is faster than one by one
// between other work.

/** What export.js makes an exporter of. */
export function openOutbox({ maxQueueSize = 2048 }) {
  const waiting = [];
  const exporter = {
    waiting,
    listeners: new Set(),
    write(span) {
      if (exporter.added) exporter.added(waiting.push(span));
      else if (waiting.length < maxQueueSize) waiting.push(span);
    },
  };
  return exporter;
}
