// The engine in a worker. Messages that arrive before it is compiled wait.
import init, { EngineHost } from './flamefall-engine.js';

const early = [];
let receive = (message) => early.push(message);
self.onmessage = (event) => receive(event.data);

try {
  await init();
  const host = new EngineHost((message, transfer) => self.postMessage(message, transfer));
  receive = (message) => host.receive(message);
  self.postMessage({ ready: true });
  early.forEach(receive);
  host.warm_up();
} catch (error) {
  self.postMessage({ failed: String(error) });
}
