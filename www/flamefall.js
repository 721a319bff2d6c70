// Defines <flamefall-viewer>. Everything that can be Rust is in flamefall-viewer.js and flamefall-engine.js; this file
// is what must exist before they are compiled.

let compiled;
const compile = () => (compiled ??= import('./flamefall-viewer.js').then(async (module) => (await module.default(), module)));

// Messages to and from the engine: in a worker, or on this page where no worker can start (CSP, file://).
// `receive(message)` gets what host.rs documents; `{ crash }` means that the engine is gone.
function connect(receive) {
  const waiting = [];
  let send = (message) => waiting.push(message);
  let worker;
  const go = (to) => {
    send = to;
    waiting.splice(0).forEach(to);
  };
  const onThisPage = async () => {
    worker?.terminate();
    worker = undefined;
    try {
      const engine = await import('./flamefall-engine.js');
      await engine.default();
      const formats = async () => {
        const module = await import('./flamefall-formats.js');
        await module.default();
        return new module.Formats();
      };
      const host = new engine.EngineHost((message) => queueMicrotask(() => receive(message)), formats);
      go((message) => queueMicrotask(() => {
        try {
          host.receive(message);
        } catch (error) {
          receive({ crash: String(error) });
        }
      }));
    } catch (error) {
      receive({ crash: String(error) });
    }
  };
  try {
    let ready = false;
    worker = new Worker(new URL('./flamefall-worker.js', import.meta.url), { type: 'module', name: 'flamefall-engine' });
    worker.onmessage = ({ data }) => {
      if (data.ready) {
        ready = true;
        go((message) => worker.postMessage(message));
      } else if (data.failed) {
        onThisPage();
      } else {
        receive(data);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      if (ready) receive({ crash: event.message || 'the worker stopped' });
      else onThisPage();
    };
  } catch {
    onThisPage();
  }
  return {
    post: (message) => send(message),
    close: () => {
      worker?.terminate();
      send = () => {};
    },
  };
}

class FlamefallViewer extends HTMLElement {
  static observedAttributes = ['src', 'view', 'theme'];
  #mounted;
  #resolve;
  #viewer = new Promise((resolve) => (this.#resolve = resolve));

  connectedCallback() {
    if (this.#mounted) return;
    this.#mounted = compile().then((module) => {
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      const viewer = module.mount(this, root, connect, import.meta.url);
      this.#resolve(viewer);
      return viewer;
    });
    this.#mounted.catch((error) => {
      this.textContent = `Flamefall could not start: ${error}. It needs WebAssembly with SIMD: Chrome 91, Firefox 89, Safari 16.4 or later.`;
    });
  }

  disconnectedCallback() {
    // Moving the element in the page disconnects and connects it in one task.
    queueMicrotask(() => {
      if (this.isConnected || !this.#mounted) return;
      this.#mounted.then((viewer) => viewer.unmount());
      this.#mounted = undefined;
      this.#viewer = new Promise((resolve) => (this.#resolve = resolve));
    });
  }

  attributeChangedCallback(name, _, value) {
    this.#mounted?.then((viewer) => viewer.attribute(name, value ?? undefined));
  }

  async open(input, options = {}) {
    return (await this.#viewer).open(input, options, false);
  }
  async append(input, options = {}) {
    return (await this.#viewer).open(input, options, true);
  }
  async close() {
    return (await this.#viewer).close();
  }
  async analyze(traceId) {
    return (await this.#viewer).analyze(traceId);
  }
  async query(text) {
    return (await this.#viewer).query(text);
  }
  async select(target) {
    return (await this.#viewer).select(target);
  }
  async idle() {
    return (await this.#viewer).idle();
  }
  get view() {
    return this.getAttribute('view') ?? '';
  }
  set view(view) {
    this.setAttribute('view', view);
  }
  get state() {
    return this.dataset.state ?? '';
  }
  set state(state) {
    this.#viewer.then((viewer) => viewer.restore(state));
  }
}

customElements.define('flamefall-viewer', FlamefallViewer);
