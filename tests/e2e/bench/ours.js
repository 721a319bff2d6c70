// The tracer behind the face that the benchmark gives both: `peer/opentelemetry.js` is the other.
import { start as begin } from 'flamefall-rum';

export function start(options) {
  const rum = begin(options);
  rum.span = (name, a, b, c, d) =>
    rum.run(name, (span) => {
      span.setAttribute('bench.c', c);
      span.setAttribute('bench.d', d);
    }, { 'bench.a': a, 'bench.b': b });
  return rum;
}
