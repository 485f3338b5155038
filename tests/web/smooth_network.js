// A run of the article's steps on a smooth analytic network: logits 4 tanh(W (x - 0.5)), where W[k, n] is
// sin((k + 1)(n + 1) / 1000) times a scale.

import { generation, inpainting } from "../../web/engine/pgd.js";
import { pgdSteps } from "../../web/engine/steps.js";

const CLASSES = 4;

// Views given step by step in place of random ones, with noise that tests/web/test_steps.py computes, too.
const given = (views, noise) => (shown, step) => ({
  ...views[step],
  noise: Float32Array.from({ length: 3 * shown * shown }, (_, k) => noise * Math.sin(0.7 * k + 1.3 * step)),
});

export async function run({ sizes, target, mask, penalty, weight, x0, config, views, scale }) {
  const matrix = (length) =>
    Array.from({ length: CLASSES }, (_, k) =>
      Float32Array.from({ length }, (_, n) => scale * Math.sin(((k + 1) * (n + 1)) / 1000)),
    );
  const matrices = new Map([...sizes.map((size) => 3 * size * size), x0.length].map((n) => [n, matrix(n)]));
  const pass = async (images) => {
    const { length } = images;
    const weights = matrices.get(length);
    const bent = weights.map((row) => Math.tanh(row.reduce((sum, value, n) => sum + value * (images[n] - 0.5), 0)));
    const powers = bent.map((value) => Math.exp(4 * value));
    const sum = powers.reduce((all, value) => all + value, 0);
    const slopes = bent.map((value, k) => (powers[k] / sum - (k === target ? 1 : 0)) * 4 * (1 - value * value));
    return {
      logits: Float32Array.from(bent, (value) => 4 * value),
      crossEntropy: -Math.log(powers[target] / sum),
      gradient: Float32Array.from({ length }, (_, n) =>
        slopes.reduce((all, slope, k) => all + slope * weights[k][n], 0),
      ),
    };
  };
  pass.sizes = sizes;
  const objective = penalty ? inpainting(Uint8Array.from(mask), weight, penalty) : generation;
  const states = [];
  const draw = given(views, config.views?.noise);
  for await (const state of pgdSteps(pass, objective, Float32Array.from(x0), config, draw)) states.push(state);
  const { images } = states.at(-1);
  return {
    entropies: states.map((state) => state.crossEntropy),
    penalties: states.map((state) => state.penalty ?? 0),
    changes: states.map((state) => state.change),
    images: [...images],
  };
}
