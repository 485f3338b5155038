// Random views of a picture, with the distribution that core/pgd/views.py has, and the gradient at them.

import { plus } from "./pgd.js";
import { seeded } from "./random.js";
import { alongColumns, alongRows, resized, taps, triangle } from "./resize.js";

const SEED = 0; // for the views: the same word is drawn the same again
const INPUT_MULTIPLE = 16; // pixels: to which smaller views are rounded

/**
 * @typedef {object} ViewSettings
 * @property {number} min_size @property {number} max_size @property {number} noise
 * @property {[number, number][]} [inputs] pairs of a relative size and the fraction of the steps that have it
 */

/**
 * @typedef {object} View
 * @property {number} left @property {number} top @property {number} cropSize in whole pixels
 * @property {Float32Array} noise additive
 * @typedef {(shown: number, step: number) => View} Draw shown: the view's own size
 */

/**
 * Size in pixels of the views after `step` of `steps` steps, for a picture of `size` pixels.
 *
 * @param {ViewSettings} views @param {number} step @param {number} steps @param {number} size
 */
function inputSize({ inputs = [] }, step, steps, size) {
  let until = 0;
  for (const [relative, fraction] of inputs) {
    until += fraction;
    if (step < Math.round(until * steps)) {
      return Math.min(size, INPUT_MULTIPLE * Math.max(1, Math.round((relative * size) / INPUT_MULTIPLE)));
    }
  }
  return size;
}

/**
 * Random views of pictures of `size` pixels.
 *
 * @param {ViewSettings} views @param {number} size @param {Uint8Array | null} mask @param {number} seed
 * @returns {Draw}
 */
export function randomViews(views, size, mask, seed) {
  const { uniform, normal } = seeded(seed);
  const centre = mask && maskCentre(mask, size);
  const begin = (cropSize, axis) => {
    const position = uniform();
    if (!centre) return Math.floor(position * (size - cropSize + 1));
    // The crop's centre lies within a quarter of its size of the hole's centre.
    const around = centre[axis] + ((position - 0.5) * cropSize) / 2;
    return Math.min(Math.max(Math.round(around - cropSize / 2), 0), size - cropSize);
  };
  return (shown) => {
    const relative = views.min_size + uniform() * (views.max_size - views.min_size);
    const cropSize = Math.min(size, Math.max(1, Math.round(size * relative)));
    return {
      left: begin(cropSize, 0),
      top: begin(cropSize, 1),
      cropSize,
      noise: normal(3 * shown * shown, views.noise),
    };
  };
}

/** Mean position [x, y] of the mask's pixels. @param {Uint8Array} mask @param {number} size */
function maskCentre(mask, size) {
  let x = 0;
  let y = 0;
  let count = 0;
  for (let k = 0; k < mask.length; k++) {
    if (!mask[k]) continue;
    x += k % size;
    y += Math.floor(k / size);
    count += 1;
  }
  return [x / count, y / count];
}

/**
 * A view as a linear map per axis, and its noise.
 *
 * @param {View} view @param {number} size of the picture @param {number} shown size of the view
 */
function viewMap({ left, top, cropSize, noise }, size, shown) {
  const columns = taps(size, shown, resized(cropSize, shown, triangle), left);
  const rows = taps(size, shown, resized(cropSize, shown, triangle), top);
  return {
    /** The view of a picture. @param {Float32Array} image */
    apply: (image) => plus(alongRows(alongColumns(image, columns), rows, shown), noise, 1),
    /** The gradient at the picture from that at the view. @param {Float32Array} gradient */
    adjoint: (gradient) => alongColumns(alongRows(gradient, rows, shown, true), columns, true),
  };
}

/**
 * Gradients at random views of the picture; their length is arbitrary.
 *
 * @param {((images: Float32Array) => Promise<import("./steps.js").Pass>) & { sizes: number[] }} pass
 * @param {ViewSettings} views @param {number} steps of the run
 * @param {number} size of the picture @param {Uint8Array | null} mask @param {Draw} [given] instead of random views
 */
export function viewGradients(pass, views, steps, size, mask, given) {
  const draw = given ?? randomViews(views, size, mask, SEED);
  return async (/** @type {Float32Array} */ images, /** @type {number} */ step) => {
    const small = inputSize(views, step, steps, size);
    const shown = pass.sizes.includes(small) ? small : size;
    const view = viewMap(draw(shown, step), size, shown);
    const { gradient } = await pass(view.apply(images));
    return view.adjoint(gradient);
  };
}
