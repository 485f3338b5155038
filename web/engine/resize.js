// Linear maps along the axes of square pictures: resizing, as torch and Pillow define it, and a Gaussian.

/**
 * An axis's map: `count` of `from` sources for each of `to` pixels, with their weights.
 *
 * @typedef {{ from: number, to: number, count: number, positions: Int32Array, weights: Float64Array }} Taps
 */
/** @typedef {[number, number][][]} Sources of each pixel: pairs of a position and its weight; the weights sum to 1 */
/** @typedef {{ support: number, at: (distance: number) => number }} Kernel */

/** Bilinear. @type {Kernel} */
export const triangle = { support: 1, at: (distance) => Math.max(0, 1 - Math.abs(distance)) };

/** Bicubic with a = -0.5. @type {Kernel} */
export const cubic = {
  support: 2,
  at(distance) {
    const x = Math.abs(distance);
    if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
  },
};

/**
 * Antialiased resize of an axis from `from` to `to` pixels.
 *
 * @param {number} from @param {number} to @param {Kernel} kernel
 * @returns {Sources}
 */
export function resized(from, to, kernel) {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  const support = kernel.support * stretch;
  return Array.from({ length: to }, (_, k) => {
    const centre = scale * (k + 0.5);
    const low = Math.max(0, Math.floor(centre - support + 0.5));
    const high = Math.min(from, Math.floor(centre + support + 0.5));
    const positions = Array.from({ length: high - low }, (_, n) => low + n);
    return normalised(positions.map((at) => [at, kernel.at((at - centre + 0.5) / stretch)]));
  });
}

/**
 * Gaussian along an axis of `size` pixels, cut off at four deviations; beyond an end lies the value at the end.
 *
 * @param {number} size @param {number} deviation in pixels
 * @returns {Sources}
 */
export function gaussian(size, deviation) {
  const reach = Math.floor(4 * deviation + 0.5);
  const offsets = Array.from({ length: 2 * reach + 1 }, (_, n) => n - reach);
  return Array.from({ length: size }, (_, k) =>
    normalised(
      offsets.map((offset) => [
        Math.min(size - 1, Math.max(0, k + offset)),
        Math.exp(-0.5 * (offset / deviation) ** 2),
      ]),
    ),
  );
}

/** @param {[number, number][]} parts @returns {[number, number][]} */
function normalised(parts) {
  const sum = parts.reduce((before, [, weight]) => before + weight, 0);
  return parts.map(([at, weight]) => [at, weight / sum]);
}

/**
 * Pack the sources of `to` pixels, which count from the picture's pixel `first` on.
 *
 * @param {number} from @param {number} to @param {Sources} sources @param {number} [first]
 * @returns {Taps}
 */
export function taps(from, to, sources, first = 0) {
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

/** Resample each row by its taps; or the adjoint. @param {Float32Array} values @param {Taps} taps */
export function alongColumns(values, { from, to, count, positions, weights }, adjoint = false) {
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
export function alongRows(
  values,
  { from, to, count, positions, weights },
  /** @type {number} */ width,
  adjoint = false,
) {
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
