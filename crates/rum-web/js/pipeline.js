// What src/web.rs has, by the conventions of wasm-bindgen: bytes are an address and a length, and who gets them frees them.
// What it generates also knows texts and objects, of which there are none, and weighs three times as much.

// `Pipeline.call`, by number.
export const BODY = 0;
export const NEXT = 1;
export const ANSWERED = 2;
export const FLUSH = 3;
export const EXIT = 4;
export const LEFT = 5;
export const SHADOW = 6;
export const METRICS = 7;
export const MEMORY = 8;

/** The exports of a module. */
export async function instantiate(binary) {
  // The one function that is called throws.
  const imports = new Proxy({}, { get: (_, name) => () => reject(name) });
  return (await WebAssembly.instantiate(binary, { './pipeline_bg.js': imports })).instance.exports;
}

function reject(name) {
  throw new Error(name);
}

/** Calls a function with bytes, between other arguments. */
export function give(wasm, name, bytes, before, ...after) {
  const { length } = bytes;
  const at = wasm.__wbindgen_malloc(length, 1);
  new Uint8Array(wasm.memory.buffer).set(bytes, at);
  return wasm[name](...before, at, length, ...after);
}

/** What is at a place, for as long as nothing is called: an address, and 2^32 times how many there are. */
export const placed = ({ memory }, place, Type = Uint8Array) => new Type(memory.buffer, Number(place & 0xffffffffn), Number(place >> 32n));
