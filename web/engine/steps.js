// Projected gradient descent in an L2 ball, one state at a time, as in core/pgd/steps.py. One picture.

import { clip, difference, norm, project } from "./pgd.js";
import { preconditioner } from "./preconditioner.js";
import { viewGradients } from "./views.js";

const EVAL_INTERVAL = 10; // steps between evaluations of the picture itself, with views

/**
 * @typedef {object} Pass a network's outputs for a picture
 * @property {Float32Array} logits @property {number} crossEntropy @property {Float32Array} gradient of it
 */
/**
 * @typedef {object} Config as core/pgd/settings.py has it
 * @property {number} epsilon @property {number} step_size @property {number} steps @property {number} step_decay
 * @property {import("./views.js").ViewSettings | null} views
 * @property {{ spectrum: number, last_spectrum?: number, colors: number[][] } | null} preconditioner colors: power of
 *   the colour covariance of natural pixels
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
 * @param {((images: Float32Array) => Promise<Pass>) & { sizes: number[] }} pass of the network, to the target class;
 *   sizes: smaller ones that it also takes
 * @param {import("./pgd.js").Objective} objective
 * @param {Float32Array} x0 @param {Config} config
 * @param {import("./views.js").Draw} [views] instead of random ones
 * @returns {AsyncGenerator<State>}
 */
export async function* pgdSteps(pass, objective, x0, config, views) {
  const size = Math.sqrt(x0.length / 3);
  const mask = objective.freeMask;
  const atViews = config.views && viewGradients(pass, config.views, config.steps, size, mask, views);
  const precondition = config.preconditioner && preconditioner(config.preconditioner, size, mask, config.steps);
  let images = x0;
  /** @type {Pass | undefined} */
  let evaluated;
  for (let step = 0; step <= config.steps; step++) {
    const last = step === config.steps;
    if (!evaluated || !atViews || step % EVAL_INTERVAL === 0 || last) evaluated = await pass(images);
    const { logits, crossEntropy } = evaluated;
    const penalty = objective.penalty(images, x0);
    const change = norm(difference(images, x0));
    yield { step, images, logits, crossEntropy, penalty, change };
    if (last) return;
    let gradient = atViews ? await atViews(images, step) : evaluated.gradient;
    if (precondition) gradient = precondition(gradient, step);
    images = objective.step(images, x0, gradient, stepLength(config, step));
    images = clip(project(images, x0, config.epsilon));
  }
}
