// The article's run along a recorded run of core.pgd: each pass reports how far its picture differs from
// core's and what the exported graph computes for core's picture, then continues with core's gradient.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { difference, generation, inpainting, norm } from "../../web/engine/pgd.js";
import { pgdSteps } from "../../web/engine/steps.js";
import { given } from "./given_views.js";

const floats = (path) => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

export async function run({ folder, runtime, target, mask, graphs, config, views, passes }) {
  const { env, InferenceSession, Tensor } = await import(pathToFileURL(`${runtime}/ort.wasm.bundle.min.mjs`).href);
  Object.assign(env.wasm, { numThreads: 1, wasmBinary: readFileSync(`${runtime}/ort-wasm-simd-threaded.wasm`) });
  const data = new Uint8Array(readFileSync(`${folder}/weights.bin`));
  const sessions = {};
  for (const [side, graph] of Object.entries(graphs)) {
    sessions[side] = await InferenceSession.create(new Uint8Array(readFileSync(`${folder}/${graph}.onnx`)), {
      executionProviders: ["wasm"],
      externalData: [{ path: "weights.bin", data }],
    });
  }
  const x0 = floats(`${folder}/start.bin`);
  const pictures = floats(`${folder}/pictures.bin`);
  const gradients = floats(`${folder}/gradients.bin`);
  const label = new Tensor("int64", BigInt64Array.of(BigInt(target)), [1]);
  const apart = [];
  const graph = [];
  let at = 0;
  let seen = 0; // values of the pictures so far
  let used = 0; // of the gradients
  const pass = async (images) => {
    const { entropy, slope, side } = passes[at++];
    const { length } = images;
    const core = pictures.slice(seen, seen + length);
    seen += length;
    apart.push(difference(images, core).reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    if (slope < 0) return { logits: new Float32Array(1), crossEntropy: entropy, gradient: x0 }; // no gradient needed
    const gradient = gradients.slice(used, used + length);
    used += length;
    const feeds = { images: new Tensor("float32", core, [1, 3, side, side]), target: label };
    const result = await sessions[side].run(feeds);
    graph.push(norm(difference(result.gradient.data, gradient)) / norm(gradient));
    return { logits: new Float32Array(1), crossEntropy: entropy, gradient };
  };
  pass.sides = Object.keys(graphs).map(Number);
  const objective = mask ? inpainting(Uint8Array.from(mask), 0, "frozen") : generation;
  const changes = [];
  let last;
  for await (const state of pgdSteps(pass, objective, x0, config, given(views))) {
    changes.push(state.change);
    last = state.images;
  }
  return { apart, graph, changes, passes: at, images: [...last] };
}
