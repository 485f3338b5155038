// The networks of the worker: their graphs and weights, still packed, and sessions of onnxruntime-web.

import { free, sweep } from "./bytes.js";
// @ts-expect-error: installed beside this folder when the site is built, and bundled with it
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";

/** @typedef {{ blob: Blob, size: number, bytes?: number }} Pack size: unpacked; bytes: of a number, plane by plane */
/** @typedef {{ graphs: Record<string, Pack>, weights: Pack }} Network */

/** @type {Map<string, Network>} */
const networks = new Map();
const sessions = new Map(); // "name graph" -> session

/** The bytes of a pack; numbers come plane by plane, all lowest bytes first. @param {Pack} pack */
async function unpacked({ blob, size, bytes: planes = 1 }) {
  const bytes = new Uint8Array(size);
  const count = size / planes;
  const reader = blob
    .stream()
    .pipeThrough(/** @type {any} */ (new DecompressionStream("gzip")))
    .getReader();
  for (let at = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    if (planes === 1) bytes.set(value, at);
    else
      for (let k = 0, place = at; k < value.length; k++, place++) {
        bytes[planes * (place % count) + Math.floor(place / count)] = value[k];
      }
    at += value.length;
    free(value);
  }
}

// Numbers of 16 bits as float32.
function widened(bytes) {
  const halves = new Uint16Array(bytes.buffer);
  const bits = new Uint32Array(halves.length);
  const values = new Float32Array(bits.buffer);
  for (let k = 0; k < halves.length; k++) {
    const half = halves[k];
    const exponent = (half >> 10) & 31;
    const sign = (half & 0x8000) << 16;
    if (exponent) bits[k] = sign | ((exponent + 112) << 23) | ((half & 1023) << 13);
    else values[k] = (half & 0x8000 ? -1 : 1) * (half & 1023) * 2 ** -24;
  }
  free(bytes);
  return new Uint8Array(bits.buffer);
}

/** @type {Pack | null} */
let runtime = null; // until it is compiled

/** @param {Pack} wasm */
export function start(wasm) {
  runtime = wasm;
  env.wasm.numThreads = 1;
}

/** @param {string} name @param {Network} network */
export const add = (name, network) => networks.set(name, network);

async function session(name, graph) {
  const key = `${name} ${graph}`;
  if (!sessions.has(key)) {
    const binary = runtime && (await unpacked(runtime));
    env.wasm.wasmBinary = binary?.buffer; // onnxruntime would copy a Uint8Array
    const { graphs, weights } = /** @type {Network} */ (networks.get(name));
    const packed = await unpacked(weights);
    const data = weights.bytes === 2 ? widened(packed) : packed;
    const model = await unpacked(graphs[graph]);
    const created = await InferenceSession.create(model, {
      executionProviders: ["wasm"],
      enableCpuMemArena: false,
      externalData: [{ path: "weights.bin", data }],
    });
    sessions.set(key, created);
    free(data); // onnxruntime has its own copy
    free(binary); // compiled by now
    runtime = null;
    delete env.wasm.wasmBinary;
    sweep();
  }
  return sessions.get(key);
}

/** Release all sessions. */
export async function release() {
  for (const instance of sessions.values()) await instance.release();
  sessions.clear();
}

const picture = (values) => {
  const side = Math.sqrt(values.length / 3);
  return new Tensor("float32", values, [1, 3, side, side]);
};

/** Logits of a picture. @param {string} name @param {Float32Array} images @returns {Promise<Float32Array>} */
export async function predict(name, images) {
  const { logits } = await (await session(name, "predict")).run({ images: picture(images) });
  return logits.data;
}

/**
 * A network's pass to a target class, in the form that `pgdSteps` takes. A graph "gradient-112" takes that side alone.
 *
 * @param {string} name @param {number} target
 * @returns {((images: Float32Array) => Promise<import("./pgd/steps.js").Pass>) & { sides: number[] }}
 */
export function passTo(name, target) {
  const label = new Tensor("int64", BigInt64Array.of(BigInt(target)), [1]);
  const { graphs } = /** @type {Network} */ (networks.get(name));
  const sides = Object.keys(graphs).flatMap((graph) => graph.match(/^gradient-(\d+)$/)?.slice(1).map(Number) ?? []);
  const pass = async (images) => {
    const feeds = { images: picture(images), target: label };
    const side = feeds.images.dims[3];
    const graph = sides.includes(side) ? `gradient-${side}` : "gradient";
    const { logits, cross_entropy: entropy, gradient } = await (await session(name, graph)).run(feeds);
    return { logits: logits.data, crossEntropy: entropy.data[0], gradient: gradient.data };
  };
  return Object.assign(pass, { sides });
}
