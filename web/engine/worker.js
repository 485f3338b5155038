// A worker: the network, for one prediction or one painter's run. A picture is 3 planes of float32 in [0, 1].

import { pixelsOf, unpacked } from "./bytes.js";
import { generation, inpainting } from "./pgd.js";
import { pgdSteps } from "./steps.js";
// @ts-expect-error: installed next to this folder when the site is built, and bundled with it
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";

// Numbers of 16 bits as float32.
function widened(buffer) {
  const halves = new Uint16Array(buffer);
  const bits = new Uint32Array(halves.length);
  const values = new Float32Array(bits.buffer);
  for (let k = 0; k < halves.length; k++) {
    const half = halves[k];
    const exponent = (half >> 10) & 31;
    const sign = (half & 0x8000) << 16;
    if (exponent) bits[k] = sign | ((exponent + 112) << 23) | ((half & 1023) << 13);
    else values[k] = (half & 0x8000 ? -1 : 1) * (half & 1023) * 2 ** -24;
  }
  return new Uint8Array(bits.buffer);
}

/** The network: a function of a graph's name and its inputs. @param {Record<string, Blob>} blobs */
async function network(blobs) {
  env.wasm.numThreads = 1;
  env.wasm.wasmBinary = await unpacked(blobs.wasm).arrayBuffer();
  const sessions = {};
  async function open(graph) {
    const data = widened(await unpacked(blobs.weights).arrayBuffer());
    sessions[graph] = await InferenceSession.create(await unpacked(blobs[graph]).arrayBuffer(), {
      executionProviders: ["wasm"],
      enableCpuMemArena: false,
      externalData: [{ path: "weights.bin", data }],
    });
    /** @type {any} */ (data.buffer).transfer?.(0); // onnxruntime has its own copy
  }
  return async (graph, inputs) => {
    if (!sessions[graph]) await open(graph);
    return sessions[graph].run(inputs);
  };
}

// Garbage is collected once so much is allocated, though never touched; otherwise it waits, and grows to 100 MB.
const sweep = () => new ArrayBuffer(2 ** 27).byteLength;

const sizeOf = (values) => Math.sqrt(values.length / 3);
const tensor = (values) => new Tensor("float32", values, [1, 3, sizeOf(values), sizeOf(values)]);

// The network's pass to any of some classes, in the form that `pgdSteps` takes. A graph "gradient-112" takes that size.
function passTo(target, compute, blobs) {
  const members = new Tensor("bool", target, [1, target.length]);
  const sizes = Object.keys(blobs).flatMap((graph) => (/^gradient-/.test(graph) ? [Number(graph.slice(9))] : []));
  const pass = async (images) => {
    const graph = sizes.includes(sizeOf(images)) ? `gradient-${sizeOf(images)}` : "gradient";
    const { logits, cross_entropy: entropy, gradient } = await compute(graph, { images: tensor(images), members });
    return { logits: logits.data, crossEntropy: entropy.data[0], gradient: gradient.data };
  };
  return Object.assign(pass, { sizes });
}

// Steps of one painter, reported with the likeliest of the wanted classes and the picture as pixels.
async function paint({ config, penalty, start, mask, target, weight, interval }, compute, blobs) {
  const objective = penalty ? inpainting(mask, weight, penalty) : generation;
  for await (const state of pgdSteps(passTo(target, compute, blobs), objective, start, config)) {
    const { step, logits, crossEntropy, penalty, images } = state;
    sweep();
    if (step % interval && step !== config.steps) continue;
    const best = logits.reduce((k, logit, j) => (target[j] && !(logits[k] >= logit && target[k]) ? j : k), 0);
    postMessage({ part: { step, entropy: crossEntropy, term: penalty ?? 0, best, frame: pixelsOf(images) } });
  }
}

addEventListener("message", async ({ data: { blobs, picture, run } }) => {
  try {
    const compute = await network(blobs);
    if (run) await paint(run, compute, blobs);
    const answer = picture && (await compute("predict", { images: tensor(picture) })).logits.data;
    postMessage({ answer });
  } catch (error) {
    postMessage({ error: String(error instanceof Error ? error.message : error) });
  }
});
