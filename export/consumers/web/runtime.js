/** ONNX Runtime, from the files beside this page. */

import { BundleError } from './bundle.js';

const SCRIPT = new URL('runtime/ort.wasm.bundle.min.js', import.meta.url);
const WASM = new URL('runtime/ort-wasm-simd-threaded.wasm.gz', import.meta.url);

/**
 * Start ONNX Runtime on one thread, so that no server needs to send the headers of cross-origin isolation.
 * @returns {Promise<object>} the module onnxruntime-web.
 * @throws {BundleError} a file of the runtime that does not load.
 */
export async function startRuntime() {
  try {
    const runtime = await import(SCRIPT);
    runtime.env.logLevel = 'error';
    runtime.env.wasm.numThreads = 1;
    runtime.env.wasm.wasmBinary = await fetchWasm();
    return runtime;
  } catch (error) {
    throw new BundleError(
      `ONNX Runtime in web/runtime did not start (${error.message}). Copy the folder web again, or use a browser ` +
        'of 2023 or later.',
    );
  }
}

/** Fetch and inflate it. A damaged file fails gzip's own check. */
async function fetchWasm() {
  const response = await fetch(WASM);
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  const bytes = await response.arrayBuffer();
  // Some servers send .gz with Content-Encoding: the browser has then inflated it already.
  if (new DataView(bytes).getUint16(0) !== 0x1f8b) return bytes;
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(inflated).arrayBuffer();
}
