// The engine in a worker. Messages that arrive before it is compiled wait.
import init, { EngineHost } from './flamefall-engine.js';

// What reads other formats than OTLP, when it is needed.
const formats = async () => {
  const module = await import('./flamefall-formats.js');
  await module.default();
  return new module.Formats();
};

const early = [];
let receive = (message) => early.push(message);
self.onmessage = (event) => receive(event.data);

try {
  await init();
  const host = new EngineHost((message, transfer) => self.postMessage(message, transfer), formats);
  receive = (message) => host.receive(message);
  self.postMessage({ ready: true });
  early.forEach(receive);
  host.warm_up();
} catch (error) {
  self.postMessage({ failed: String(error) });
}
