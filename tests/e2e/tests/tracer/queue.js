// The tracer's queue without a tracer, a clock or a network.
import { attempt } from '/js/context.js';
import { use } from '/js/core.js';
import * as queue from '/js/queue.js';
import * as record from '/js/record.js';

const { exports: wasm } = (await WebAssembly.instantiate(await (await fetch('/rum/flamefall-rum.wasm')).arrayBuffer())).instance;

use(undefined, [attempt]);

/** Names of spans that are here, and `name!why` where a span says why it was kept. */
const names = (from, spans) => {
  const [texts, records] = record.stream(from, spans);
  const bytes = Uint8Array.of(...texts, record.HEAD, ...records, record.TAIL);
  const at = wasm.input(bytes.length);
  new Uint8Array(wasm.memory.buffer).set(bytes, at);
  const place = wasm.write(texts.length, 0n);
  const text = new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, Number(place & 0xffffffffn), Number(place >> 32n)));
  const why = ({ attributes = [] }) => attributes.filter(({ key }) => key === 'flamefall.sampling.kept').map(({ value }) => `!${value.stringValue}`);
  return JSON.parse(text).resourceSpans[0].scopeSpans[0].spans.map((it) => it.name + why(it)).join(' ');
};

/** Spans: `name!` failed, `name+` took 2 s, `^` in front: the root of the group. */
const write = (all, group = 0, traceFlags = 1) => {
  for (const it of all.split(' ')) {
    queue.write({
      name: it.replace(/^\^|[!+]$/g, ''),
      attributes: [],
      ids: new Uint8Array(32),
      at: 0,
      flags: 256,
      kind: 1,
      start: 0,
      ended: it.endsWith('+') ? 2000 : 1,
      status: it.endsWith('!') ? 2 : 0,
      root: it.startsWith('^'),
      group,
      traceFlags,
    });
  }
};

// It is another with each beginning.
Object.defineProperty(window, 'counts', { get: () => queue.counts });
const { counts, ...functions } = queue;
Object.assign(window, {
  ...functions,
  count: record.count,
  size: record.size,
  write,
  /** Those of a group that was not sampled. */
  unsampled: (all, group) => write(all, group, 0),
  /** All that is here is told to those who listen. */
  told: () => {
    for (let [, spans] = queue.untold(); spans; [, spans] = queue.untold()) queue.tell(spans);
  },
  begin: (options) => {
    queue.configure(options);
    record.describe({});
  },
  /** What the next request holds, which is due now. */
  request: (now) => (next(now) ? `in ${next(now)}` : names(0, queue.take(now))),
  /** All that is here. */
  here: () => names(0, record.count()),
  /** How it ended. */
  answer: (status, now = 0, { after = NaN, rejected = 0, random = 0.5 } = {}) => queue.answered([status, after, rejected], 100, now, random),
  /** Counts that are not 0, but for those of bytes. */
  counted: () => Object.fromEntries(Object.entries(queue.counts).filter(([name, it]) => it && name !== 'bytes')),
  /** Milliseconds from each answer to the next attempt. */
  waits: (answers, random) => {
    begin({ maxQueueSize: 6, maxExportBatchSize: 3 });
    write('a b c');
    let now = 0;
    return answers.map((it) => {
      queue.take(now);
      const [status, more] = [it].flat();
      answer(status, now, { ...more, random });
      const wait = queue.next(now);
      now += wait;
      return wait === Infinity ? '-' : Math.round(wait);
    }).join(' ');
  },
  ready: true,
});
