// Random views of a picture, equal to those of core/pgd/views.py: determined by random seed, step and start alone.

import { checksum } from "../checksum.js";
import { plus } from "./ball.js";
import { Philox } from "./philox.js";

/**
 * @typedef {object} ViewSettings as core/pgd/view_settings.py has them
 * @property {number} min_side @property {number} max_side @property {number} shift @property {boolean} flip
 * @property {number} noise @property {number} spectrum @property {number} count
 */

/**
 * @typedef {object} View
 * @property {number} left @property {number} top @property {number} side of the crop, in whole pixels
 * @property {number} dx @property {number} dy shift in whole pixels
 * @property {boolean} flip
 * @property {Float32Array | null} noise additive
 */

// Python's rounding: halves go to the even side.
function round(value) {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
}

/**
 * Views of one run that starts at `x0`.
 *
 * @param {ViewSettings} views @param {Float32Array} x0 @param {Uint8Array | null} hole @param {number} seed
 * @returns {(step: number, index: number) => View}
 */
export function viewDraws(views, x0, hole, seed) {
  const size = Math.sqrt(x0.length / 3);
  const key = checksum(new Uint8Array(x0.buffer, x0.byteOffset, x0.byteLength));
  const centre = hole && holeCentre(hole, size);
  const begin = (side, place, axis) => {
    if (!centre) return Math.floor(place * (size - side + 1));
    const around = centre[axis] + ((place - 0.5) * side) / 2; // within a quarter of its side of the hole's centre
    return Math.min(Math.max(round(around - side / 2), 0), size - side);
  };
  return (step, index) => {
    const generator = new Philox([seed, key], [0, 0, index, step]);
    const [part, across, down, mirrored] = [0, 1, 2, 3].map(() => generator.random());
    const [dx, dy] = [0, 1].map(() => generator.integer(2 * views.shift) - views.shift);
    const side = Math.min(size, Math.max(1, round(size * (views.min_side + part * (views.max_side - views.min_side)))));
    const noise = views.noise ? new Float32Array(x0.length) : null;
    if (noise) for (let k = 0; k < noise.length; k++) noise[k] = generator.normal() * Math.fround(views.noise);
    const flip = views.flip && mirrored < 0.5;
    return { left: begin(side, across, 0), top: begin(side, down, 1), side, dx, dy, flip, noise };
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
 * A view as a linear map per axis, the picture's border mirrored by a shift, and its noise.
 *
 * @param {View} view @param {number} size
 */
export function viewMap({ left, top, side, dx, dy, flip, noise }, size) {
  const columns = taps(size, left, side, dx, flip);
  const rows = taps(size, top, side, dy, false);
  return {
    /** The view of a picture. @param {Float32Array} image */
    apply(image) {
      const view = alongRows(alongColumns(image, columns, size), rows, size);
      return noise ? plus(view, noise, 1) : view;
    },
    /** The gradient at the picture from that at the view. @param {Float32Array} gradient */
    adjoint: (gradient) => alongColumns(alongRows(gradient, rows, size, true), columns, size, true),
  };
}

/**
 * Sources of each place on an axis of the view: `count` places of the picture, with their weights.
 *
 * @typedef {{ count: number, places: Int32Array, weights: Float64Array }} Taps
 * @returns {Taps}
 */
function taps(size, first, side, shift, flip) {
  const mirrored = (at) => (at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at);
  const sources = side < size ? resized(side, size) : Array.from({ length: size }, (_, at) => [[at, 1]]);
  if (flip) sources.reverse();
  const count = Math.max(...sources.map((parts) => parts.length));
  const places = new Int32Array(size * count);
  const weights = new Float64Array(size * count); // weight 0 if there are fewer
  sources.forEach((parts, place) =>
    parts.forEach(([at, weight], k) => {
      places[place * count + k] = mirrored(first + at - shift);
      weights[place * count + k] = weight;
    }),
  );
  return { count, places, weights };
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

/** Resample each row by its taps; or the adjoint. @param {Float32Array} from @param {Taps} taps @param {number} size */
function alongColumns(from, { count, places, weights }, size, adjoint = false) {
  const to = new Float32Array(from.length);
  for (let row = 0; row < from.length; row += size) {
    for (let n = 0, seen = row; seen < row + size; seen++) {
      for (const end = n + count; n < end; n++) {
        const at = row + places[n];
        if (adjoint) to[at] += weights[n] * from[seen];
        else to[seen] += weights[n] * from[at];
      }
    }
  }
  return to;
}

/** Resample each column likewise. @param {Float32Array} from @param {Taps} taps @param {number} size */
function alongRows(from, { count, places, weights }, size, adjoint = false) {
  const to = new Float32Array(from.length);
  const area = size * size;
  for (let plane = 0; plane < from.length; plane += area) {
    for (let n = 0; n < places.length; n++) {
      const source = plane + places[n] * size;
      const target = plane + Math.floor(n / count) * size;
      const [here, there] = adjoint ? [target, source] : [source, target];
      const weight = weights[n];
      for (let column = 0; column < size; column++) to[there + column] += weight * from[here + column];
    }
  }
  return to;
}
