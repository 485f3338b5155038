// The worker: networks that predict, and runs of several painters side by side. It does one thing at a time, but obeys
// `stop`, which may come during a run. A picture is 3 planes of float32 in [0, 1].

import { free, LARGE, levels, sweep } from "./bytes.js";
import { generation, inpainting } from "./pgd.js";
import { pgdSteps } from "./steps.js";
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
function startRuntime(wasm) {
  runtime = wasm;
  env.wasm.numThreads = 1;
}

/** @param {string} name @param {Network} network */
const addNetwork = (name, network) => networks.set(name, network);

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
async function release() {
  for (const instance of sessions.values()) await instance.release();
  sessions.clear();
}

const picture = (values) => {
  const side = Math.sqrt(values.length / 3);
  return new Tensor("float32", values, [1, 3, side, side]);
};

/** Logits of a picture. @param {string} name @param {Float32Array} images @returns {Promise<Float32Array>} */
async function predict(name, images) {
  const { logits } = await (await session(name, "predict")).run({ images: picture(images) });
  return logits.data;
}

/**
 * A network's pass to any of some classes, in the form that `pgdSteps` takes. A graph "gradient-112" takes that side
 * alone.
 *
 * @param {string} name @param {Uint8Array} target
 * @returns {((images: Float32Array) => Promise<import("./steps.js").Pass>) & { sides: number[] }}
 */
function passTo(name, target) {
  const members = new Tensor("bool", target, [1, target.length]);
  const { graphs } = /** @type {Network} */ (networks.get(name));
  const sides = Object.keys(graphs).flatMap(
    (graph) =>
      graph
        .match(/^gradient-(\d+)$/)
        ?.slice(1)
        .map(Number) ?? [],
  );
  const pass = async (images) => {
    const feeds = { images: picture(images), members };
    const side = feeds.images.dims[3];
    const graph = sides.includes(side) ? `gradient-${side}` : "gradient";
    const { logits, cross_entropy: entropy, gradient } = await (await session(name, graph)).run(feeds);
    return { logits: logits.data, crossEntropy: entropy.data[0], gradient: gradient.data };
  };
  return Object.assign(pass, { sides });
}

/**
 * @typedef {object} Painter a network with how it steps
 * @property {string} name
 * @property {import("./steps.js").Config} config
 * @property {"eq3" | "frozen" | null} penalty null for generation
 */
/**
 * @typedef {object} RunRequest
 * @property {Painter[]} painters @property {Float32Array} start @property {Uint8Array} mask 1 = may change
 * @property {Uint8Array} target (K), 1 = a class of which any is wanted @property {number} weight lambda
 * @property {number} interval pictures every so many steps
 * @property {boolean} [stopped] whether the reader has stopped it already
 */

class Stopped extends Error {}
let isStopped = false;
const clock = new MessageChannel(); // yields to incoming messages, without a timer's 4 milliseconds

const turn = () =>
  new Promise((resolve) => {
    clock.port1.onmessage = resolve;
    clock.port2.postMessage(0);
  });

// A network's pass that checks for a stop first: a stopped run ends within one pass.
function stoppable(pass) {
  const checked = async (images) => {
    await turn();
    if (isStopped) throw new Stopped();
    return pass(images);
  };
  return Object.assign(checked, { sides: pass.sides });
}

const requests = {
  async start({ wasm }) {
    startRuntime(wasm);
  },

  async add({ name, network }) {
    addNetwork(name, network);
  },

  async predict({ names, pictures }) {
    const logits = {};
    for (const name of names) {
      logits[name] = [];
      for (const values of pictures) logits[name].push(await predict(name, values));
    }
    return { logits };
  },

  /** @param {RunRequest} request @param {(part: any) => void} report of a painter's state: the
   *  likeliest of the wanted classes, the picture as levels */
  async run({ painters, start, mask, target, weight, interval, stopped = false }, report) {
    const { steps } = painters[0].config;
    isStopped = stopped;
    await release(); // nothing predicts meanwhile, and WebAssembly memory never shrinks
    const running = painters.map(({ name, config, penalty }) => {
      const objective = penalty ? inpainting(mask, weight, penalty) : generation;
      return pgdSteps(stoppable(passTo(name, target)), objective, start, config);
    });
    let last = start; // of the first painter
    try {
      for (let step = 0; step <= steps; step++) {
        for (const [place, iterator] of running.entries()) {
          const { value } = await iterator.next();
          const { logits, crossEntropy, penalty, change, images } = /** @type {import("./steps.js").State} */ (value);
          if (start.length > LARGE) sweep();
          if (place === 0) last = images;
          if (step % interval && step !== steps) continue;
          const best = logits.reduce((k, logit, j) => (target[j] && !(logits[k] >= logit && target[k]) ? j : k), 0);
          report({ place, step, entropy: crossEntropy, term: penalty ?? 0, change, best, frame: levels(images) });
        }
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    await release();
    return { last, stopped: isStopped };
  },
};

let before = Promise.resolve();
addEventListener("message", ({ data: { id, request, ...values } }) => {
  if (request === "stop") {
    isStopped = true;
    return;
  }
  before = before.then(async () => {
    try {
      postMessage({ id, ...(await requests[request](values, (part) => postMessage({ id, part }))) });
    } catch (error) {
      const text = String(error instanceof Error ? error.message : error);
      postMessage({ id, error: text, memory: /memory|alloc/i.test(text) });
    }
  });
});
