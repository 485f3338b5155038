// Random views of a picture, with the distribution that core/pgd/views.py has, and the gradient at them.

import { plus } from "./pgd.js";
import { seeded } from "./random.js";

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
  const columns = taps(size, shown, left, cropSize);
  const rows = taps(size, shown, top, cropSize);
  return {
    /** The view of a picture. @param {Float32Array} image */
    apply: (image) => plus(alongRows(alongColumns(image, columns), rows, shown), noise, 1),
    /** The gradient at the picture from that at the view. @param {Float32Array} gradient */
    adjoint: (gradient) => alongColumns(alongRows(gradient, rows, shown, true), columns, true),
  };
}

/**
 * Sources of each of an axis's `to` pixels in the view: `count` of `from` pixels in the picture, with their weights.
 *
 * @typedef {{ from: number, to: number, count: number, positions: Int32Array, weights: Float64Array }} Taps
 * @returns {Taps}
 */
function taps(from, to, first, cropSize) {
  const sources = resized(cropSize, to);
  const count = Math.max(...sources.map((parts) => parts.length));
  const positions = new Int32Array(to * count);
  const weights = new Float64Array(to * count); // weight 0 if there are fewer
  sources.forEach((parts, index) =>
    parts.forEach(([at, weight], k) => {
      positions[index * count + k] = first + at;
      weights[index * count + k] = weight;
    }),
  );
  return { from, to, count, positions, weights };
}

// Antialiased bilinear resize of an axis, as in torch.
function resized(from, to) {
  const scale = from / to;
  const support = Math.max(1, scale);
  return Array.from({ length: to }, (_, k) => {
    const centre = scale * (k + 0.5);
    const low = Math.max(0, Math.floor(centre - support + 0.5));
    const high = Math.min(from, Math.floor(centre + support + 0.5));
    const weigh = (at) => Math.max(0, 1 - Math.abs(at - centre + 0.5) / support);
    const parts = Array.from({ length: high - low }, (_, n) => [low + n, weigh(low + n)]);
    const sum = parts.reduce((before, [, weight]) => before + weight, 0);
    return parts.map(([at, weight]) => [at, weight / sum]);
  });
}

/** Resample each row by its taps; or the adjoint. @param {Float32Array} values @param {Taps} taps */
function alongColumns(values, { from, to, count, positions, weights }, adjoint = false) {
  const rows = values.length / (adjoint ? to : from);
  const result = new Float32Array(rows * (adjoint ? from : to));
  for (let row = 0; row < rows; row++) {
    const source = row * from;
    for (let n = 0, seen = row * to; seen < (row + 1) * to; seen++) {
      for (const end = n + count; n < end; n++) {
        const at = source + positions[n];
        if (adjoint) result[at] += weights[n] * values[seen];
        else result[seen] += weights[n] * values[at];
      }
    }
  }
  return result;
}

/** Resample each column likewise; width: of a row. @param {Float32Array} values @param {Taps} taps */
function alongRows(values, { from, to, count, positions, weights }, /** @type {number} */ width, adjoint = false) {
  const planes = values.length / (width * (adjoint ? to : from));
  const result = new Float32Array(planes * width * (adjoint ? from : to));
  for (let plane = 0; plane < planes; plane++) {
    for (let n = 0; n < positions.length; n++) {
      const source = (plane * from + positions[n]) * width;
      const target = (plane * to + Math.floor(n / count)) * width;
      const [here, there] = adjoint ? [target, source] : [source, target];
      const weight = weights[n];
      for (let column = 0; column < width; column++) result[there + column] += weight * values[here + column];
    }
  }
  return result;
}

/**
 * Gradients at random views of the picture; their length is arbitrary.
 *
 * @param {((images: Float32Array) => Promise<import("./steps.js").Pass>) & { sizes: number[] }} pass
 * @param {ViewSettings} views @param {number} steps of the run
 * @param {number} size of the picture @param {Uint8Array | null} mask @param {Draw} [given] in place of random views
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
