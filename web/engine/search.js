// Starts, and the search by views, as core/pgd/search.py has it. Random views have the distribution of core's.

import { fourierFilter } from "./fourier.js";
import { plus, within } from "./pgd.js";
import { seeded } from "./random.js";

export const LOOK_INTERVAL = 10; // steps between measurements of the picture itself, by views
const SEED = 0; // of views and of grey starts: the same word is drawn the same again

/**
 * @typedef {object} ViewSettings
 * @property {number} min_side @property {number} max_side @property {number} noise @property {number} spectrum
 * @property {[number, number][]} [inputs] pairs of a relative side and the share of the steps that have it
 */

/**
 * @typedef {object} View
 * @property {number} left @property {number} top @property {number} side of the crop, in whole pixels
 * @property {Float32Array} noise additive
 * @typedef {(shown: number, step: number) => View} Draw shown: the view's own side
 */

// Sweeps, and factor of over-relaxation: enough for Laplace's equation in a hole of up to a hundred pixels.
const SWEEPS = 400;
const RELAXATION = 1.9;
const INPUT_MULTIPLE = 16; // pixels: to which smaller views are rounded

/**
 * Side in pixels of the views after `step` of `steps` steps, for a picture of side `size`.
 *
 * @param {ViewSettings} views @param {number} step @param {number} steps @param {number} size
 */
function inputSize({ inputs = [] }, step, steps, size) {
  let share = 0;
  for (const [side, part] of inputs) {
    share += part;
    if (step < Math.round(share * steps)) {
      return Math.min(size, INPUT_MULTIPLE * Math.max(1, Math.round((side * size) / INPUT_MULTIPLE)));
    }
  }
  return size;
}

/**
 * Random views of pictures of side `size`.
 *
 * @param {ViewSettings} views @param {number} size @param {Uint8Array | null} hole @param {number} seed
 * @returns {Draw}
 */
export function randomViews(views, size, hole, seed) {
  const { uniform, normal } = seeded(seed);
  const centre = hole && holeCentre(hole, size);
  const begin = (side, axis) => {
    const place = uniform();
    if (!centre) return Math.floor(place * (size - side + 1));
    const around = centre[axis] + ((place - 0.5) * side) / 2; // within a quarter of its side of the hole's centre
    return Math.min(Math.max(Math.round(around - side / 2), 0), size - side);
  };
  return (shown) => {
    const relative = views.min_side + uniform() * (views.max_side - views.min_side);
    const side = Math.min(size, Math.max(1, Math.round(size * relative)));
    return { left: begin(side, 0), top: begin(side, 1), side, noise: normal(3 * shown * shown, views.noise) };
  };
}

/** Mean position [x, y] of the hole's pixels. @param {Uint8Array} hole @param {number} size */
function holeCentre(hole, size) {
  let x = 0;
  let y = 0;
  let count = 0;
  for (let k = 0; k < hole.length; k++) {
    if (!hole[k]) continue;
    x += k % size;
    y += Math.floor(k / size);
    count += 1;
  }
  return [x / count, y / count];
}

/**
 * A view as a linear map per axis, and its noise.
 *
 * @param {View} view @param {number} size of the picture @param {number} shown side of the view
 */
function viewMap({ left, top, side, noise }, size, shown) {
  const columns = taps(size, shown, left, side);
  const rows = taps(size, shown, top, side);
  return {
    /** The view of a picture. @param {Float32Array} image */
    apply: (image) => plus(alongRows(alongColumns(image, columns), rows, shown), noise, 1),
    /** The gradient at the picture from that at the view. @param {Float32Array} gradient */
    adjoint: (gradient) => alongColumns(alongRows(gradient, rows, shown, true), columns, true),
  };
}

/**
 * Sources of each of an axis's `to` places in the view: `count` of `from` places in the picture, with their weights.
 *
 * @typedef {{ from: number, to: number, count: number, places: Int32Array, weights: Float64Array }} Taps
 * @returns {Taps}
 */
function taps(from, to, first, side) {
  const sources = resized(side, to);
  const count = Math.max(...sources.map((parts) => parts.length));
  const places = new Int32Array(to * count);
  const weights = new Float64Array(to * count); // weight 0 if there are fewer
  sources.forEach((parts, place) =>
    parts.forEach(([at, weight], k) => {
      places[place * count + k] = first + at;
      weights[place * count + k] = weight;
    }),
  );
  return { from, to, count, places, weights };
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
function alongColumns(values, { from, to, count, places, weights }, adjoint = false) {
  const rows = values.length / (adjoint ? to : from);
  const result = new Float32Array(rows * (adjoint ? from : to));
  for (let row = 0; row < rows; row++) {
    const source = row * from;
    for (let n = 0, seen = row * to; seen < (row + 1) * to; seen++) {
      for (const end = n + count; n < end; n++) {
        const at = source + places[n];
        if (adjoint) result[at] += weights[n] * values[seen];
        else result[seen] += weights[n] * values[at];
      }
    }
  }
  return result;
}

/** Resample each column likewise; width: of a row. @param {Float32Array} values @param {Taps} taps */
function alongRows(values, { from, to, count, places, weights }, /** @type {number} */ width, adjoint = false) {
  const planes = values.length / (width * (adjoint ? to : from));
  const result = new Float32Array(planes * width * (adjoint ? from : to));
  for (let plane = 0; plane < planes; plane++) {
    for (let n = 0; n < places.length; n++) {
      const source = (plane * from + places[n]) * width;
      const target = (plane * to + Math.floor(n / count)) * width;
      const [here, there] = adjoint ? [target, source] : [source, target];
      const weight = weights[n];
      for (let column = 0; column < width; column++) result[there + column] += weight * values[here + column];
    }
  }
  return result;
}

/**
 * Multiply the gradient by 1 / max(1, r)^p at r cycles per image, and by a colour matrix, inside the hole alone.
 *
 * @param {{ spectrum: number, colors: number[][] }} settings p, and the power of the pixel covariance
 * @param {number} side @param {Uint8Array | null} hole
 */
function naturalSteps({ spectrum, colors }, side, hole) {
  const area = side * side;
  const filter = fourierFilter(side, (i, j) => Math.max(1, Math.hypot(i, j)) ** -spectrum);
  const inside = (/** @type {Float32Array} */ values) => (hole ? within(values, hole, 1) : values);
  return (/** @type {Float32Array} */ gradient) => {
    const filtered = inside(gradient).slice();
    const plane = (k) => filtered.subarray(k * area, (k + 1) * area);
    const [red, green, blue] = [0, 1, 2].map(plane);
    filter(red, green);
    filter(blue, new Float32Array(area));
    const result = new Float32Array(gradient.length);
    colors.forEach(([r, g, b], k) => {
      for (let at = 0; at < area; at++) result[k * area + at] = r * red[at] + g * green[at] + b * blue[at];
    });
    return inside(result);
  };
}

// Natural gradients at random views; their length is arbitrary.
export function viewGradients(pass, /** @type {any} */ { views, colors, steps }, x0, hole, given) {
  const size = Math.sqrt(x0.length / 3);
  const draw = given ?? randomViews(views, size, hole, SEED);
  const natural = naturalSteps({ spectrum: views.spectrum, colors }, size, hole);
  return async (images, step) => {
    const small = inputSize(views, step, steps, size);
    const shown = pass.sides.includes(small) ? small : size;
    const view = viewMap(draw(shown, step), size, shown);
    const { gradient } = await pass(view.apply(images));
    return natural(view.adjoint(gradient));
  };
}

// A grey start: the mean colour of natural pixels with faint pink noise in their colours
// (core/data/class_statistics.py).

/**
 * @param {{ mean: number[], colors: number[][], spectrum: number, deviation: number }} natural
 * @param {number} side
 */
export function greyStart({ mean, colors, spectrum, deviation }, side) {
  const area = side * side;
  const noise = naturalSteps({ spectrum, colors }, side, null)(seeded(SEED).normal(3 * area, 1));
  const middle = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const spread = Math.sqrt(noise.reduce((sum, value) => sum + (value - middle) ** 2, 0) / noise.length);
  return noise.map((value, k) => Math.min(1, Math.max(0, mean[Math.floor(k / area)] + (deviation / spread) * value)));
}

/**
 * Fill a picture's hole with the colours around it, spread like heat: each pixel of the hole becomes the mean of its
 * neighbours. Source: successive over-relaxation, Young 1954; `core/data/holes.py`.
 *
 * @param {Float32Array} values three planes @param {Uint8Array} mask
 */
export async function filledFromRim(values, mask) {
  const area = mask.length;
  const size = Math.sqrt(area);
  const cells = Array.from(mask.keys())
    .filter((at) => mask[at])
    .map((at) => {
      const neighbours = [at - size, at + size].filter((neighbour) => neighbour >= 0 && neighbour < area);
      if (at % size) neighbours.push(at - 1);
      if (at % size < size - 1) neighbours.push(at + 1);
      return { at, neighbours };
    });
  const start = values.slice();
  for (let plane = 0; plane < values.length; plane += area) {
    await new Promise((resolve) => setTimeout(resolve)); // let events run: the page stays responsive
    const values64 = Float64Array.from(start.subarray(plane, plane + area));
    const mean = cells.reduce((sum, { at }) => sum + values64[at], 0) / cells.length;
    for (const { at } of cells) values64[at] = mean;
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const { at, neighbours } of cells) {
        let sum = 0;
        for (const neighbour of neighbours) sum += values64[neighbour];
        values64[at] += RELAXATION * (sum / neighbours.length - values64[at]);
      }
    }
    for (const { at } of cells) start[plane + at] = Math.min(1, Math.max(0, values64[at]));
  }
  return start;
}
