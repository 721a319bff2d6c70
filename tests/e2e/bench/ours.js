// The tracer behind the face that the benchmark gives both: `peer/opentelemetry.js` is the other.
import { start as begin } from 'flamefall-rum';

export function start(options) {
  const rum = begin(options);
  return {
    ...rum,
    span(name, a, b, c, d) {
      const span = rum.startSpan(name, { 'bench.a': a, 'bench.b': b });
      span.setAttribute('bench.c', c);
      span.setAttribute('bench.d', d);
      span.end();
    },
  };
}
