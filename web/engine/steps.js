// Projected gradient descent in an L2 ball, one state at a time, as in core/pgd/steps.py. One picture.

import { difference, norm, project } from "./pgd.js";
import { LOOK_INTERVAL, viewGradients } from "./search.js";

/**
 * @typedef {object} Pass a network's outputs for a picture
 * @property {Float32Array} logits @property {number} crossEntropy @property {Float32Array} gradient of it
 */
/**
 * @typedef {object} Config as core/pgd/settings.py has it
 * @property {number} epsilon @property {number} step_size @property {number} steps @property {number} step_decay
 * @property {"pixels" | "views"} search
 * @property {import("./search.js").ViewSettings} [views]
 * @property {number[][]} [colors] power of the colour covariance of natural pixels; with views
 */
/**
 * @typedef {object} State
 * @property {number} step taken so far @property {Float32Array} images
 * @property {Float32Array} logits @property {number} crossEntropy @property {number | null} penalty
 * @property {number} change L2 distance to the start
 */

/** L2 length of the step after `step` steps. @param {Config} config @param {number} step */
const stepLength = ({ step_size: size, step_decay: decay, steps }, step) =>
  size * (1 - ((1 - decay) * step) / Math.max(1, steps - 1));

/**
 * Minimise an objective around `x0`: `steps` + 1 states, the first before any step.
 *
 * @param {((images: Float32Array) => Promise<Pass>) & { sides: number[] }} pass of the network, to the target class;
 *   sides: of smaller pictures that it takes, too
 * @param {import("./pgd.js").Objective} objective
 * @param {Float32Array} x0 @param {Config} config
 * @param {import("./search.js").Draw} [views] in place of random ones
 * @returns {AsyncGenerator<State>}
 */
export async function* pgdSteps(pass, objective, x0, config, views) {
  const atViews = config.search === "views" && viewGradients(pass, config, x0, objective.hole, views);
  let images = x0;
  /** @type {Pass | undefined} */
  let evaluated;
  for (let step = 0; step <= config.steps; step++) {
    const last = step === config.steps;
    if (!evaluated || !atViews || step % LOOK_INTERVAL === 0 || last) evaluated = await pass(images);
    const { logits, crossEntropy } = evaluated;
    const penalty = objective.penalty(images, x0);
    const change = norm(difference(images, x0));
    yield { step, images, logits, crossEntropy, penalty, change };
    if (last) return;
    const gradient = atViews ? await atViews(images, step) : evaluated.gradient;
    images = project(objective.step(images, x0, gradient, stepLength(config, step)), x0, config.epsilon);
  }
}
