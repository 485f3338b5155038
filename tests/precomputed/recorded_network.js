// The static edition's run along a recorded run of core.pgd: each pass reports how far its picture differs from
// core's and what the exported graph computes for core's picture, then continues with core's gradient.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { difference, norm } from "../../precomputed/static_site/page/pgd/ball.js";
import { generation, inpainting } from "../../precomputed/static_site/page/pgd/objectives.js";
import { pgdSteps } from "../../precomputed/static_site/page/pgd/steps.js";

const floats = (path) => new Float32Array(new Uint8Array(readFileSync(path)).buffer);

export async function run({ folder, runtime, target, mask, side, config, seed, passes }) {
  const { env, InferenceSession, Tensor } = await import(pathToFileURL(`${runtime}/ort.wasm.bundle.min.mjs`).href);
  Object.assign(env.wasm, { numThreads: 1, wasmBinary: readFileSync(`${runtime}/ort-wasm-simd-threaded.wasm`) });
  const session = await InferenceSession.create(new Uint8Array(readFileSync(`${folder}/gradient.onnx`)), {
    executionProviders: ["wasm"],
    externalData: [{ path: "weights.bin", data: new Uint8Array(readFileSync(`${folder}/weights.bin`)) }],
  });
  const x0 = floats(`${folder}/start.bin`);
  const pictures = floats(`${folder}/pictures.bin`);
  const gradients = floats(`${folder}/gradients.bin`);
  const label = new Tensor("int64", BigInt64Array.of(BigInt(target)), [1]);
  const apart = [];
  const graph = [];
  let at = 0;
  const pass = async (images) => {
    const { entropy, slope } = passes[at];
    const place = at++ * x0.length;
    const core = pictures.slice(place, place + x0.length);
    apart.push(difference(images, core).reduce((most, value) => Math.max(most, Math.abs(value)), 0));
    if (slope < 0) return { logits: new Float32Array(1), crossEntropy: entropy, gradient: x0 }; // no gradient needed
    const gradient = gradients.slice(slope * x0.length, (slope + 1) * x0.length);
    const result = await session.run({ images: new Tensor("float32", core, [1, 3, side, side]), target: label });
    graph.push(norm(difference(result.gradient.data, gradient)) / norm(gradient));
    return { logits: new Float32Array(1), crossEntropy: entropy, gradient };
  };
  const objective = mask ? inpainting(Uint8Array.from(mask), 0, "frozen") : generation;
  const changes = [];
  let last;
  for await (const state of pgdSteps(pass, objective, x0, config, seed)) {
    changes.push(state.change);
    last = state.images;
  }
  return { apart, graph, changes, passes: at, images: [...last] };
}
