// What src/web.rs has, by the conventions of wasm-bindgen: bytes are an address and a length, and who gets them frees them.
// What it generates also knows texts and objects, of which there are none, and weighs three times as much.

let wasm;

/** Once a page. */
export async function instantiate(binary) {
  // The one function that is called throws.
  const imports = new Proxy({}, { get: (_, name) => () => reject(name) });
  wasm = (await WebAssembly.instantiate(binary, { './pipeline_bg.js': imports })).instance.exports;
}

function reject(name) {
  throw new Error(name);
}

/** A `Pipeline` of src/web.rs. */
export function createPipeline(...options) {
  const self = wasm.pipeline_new(...options);
  const call = (name, ...args) => wasm[`pipeline_${name}`](self, ...args);
  const give = (name, bytes, ...args) => {
    const { length } = bytes;
    const at = wasm.__wbindgen_malloc(length, 1);
    new Uint8Array(wasm.memory.buffer).set(bytes, at);
    call(name, at, length, ...args);
  };
  const get = (name, Type, ...args) => {
    const [at, length] = call(name, ...args);
    const it = new Type(wasm.memory.buffer, at, length).slice();
    wasm.__wbindgen_free(at, it.byteLength, Type.BYTES_PER_ELEMENT);
    return it;
  };
  return {
    setResource: (bytes) => give('set_resource', bytes),
    push: (bytes, now) => give('push', bytes, now),
    next: (now) => call('next', now),
    encode: (bytes) => call('encode', bytes),
    body: () => get('body', Uint8Array),
    answered: (...args) => call('answered', ...args),
    flush: () => call('flush'),
    exit: (...args) => get('exit', Uint8Array, ...args),
    shadow: (budget) => get('shadow', Uint8Array, budget),
    metrics: () => get('metrics', Float64Array),
    memory: () => call('memory'),
    free: () => wasm.__wbg_pipeline_free(self, 0),
  };
}
