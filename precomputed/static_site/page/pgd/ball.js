// The geometry of L2 PGD, as core/pgd/ball.py has it. A picture is three planes of float32 in [0, 1].

export const MIN_NORM = 1e-12; // guards a gradient of zero

/** @param {Float32Array} values */
export function norm(values) {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** @param {Float32Array} values @param {number} factor */
export const scaled = (values, factor) => values.map((value) => value * factor);

/** Of norm 1; zero stays zero. @param {Float32Array} gradient */
export const unit = (gradient) => scaled(gradient, 1 / Math.max(norm(gradient), MIN_NORM));

/**
 * A change shorter by `radius`, at least zero: the proximal map of radius * ||.||_2.
 *
 * @param {Float32Array} change @param {number} radius
 */
export const shrink = (change, radius) => scaled(change, Math.max(0, 1 - radius / Math.max(norm(change), MIN_NORM)));

/** @param {Float32Array} images @param {Float32Array} x0 */
export const difference = (images, x0) => images.map((value, k) => value - x0[k]);

/**
 * Onto the L2 ball of radius `epsilon` around `x0` first, then clipped to [0, 1].
 *
 * @param {Float32Array} images @param {Float32Array} x0 @param {number} epsilon
 */
export function project(images, x0, epsilon) {
  const change = difference(images, x0), factor = Math.min(1, epsilon / norm(change));
  return x0.map((value, k) => Math.min(1, Math.max(0, value + change[k] * factor)));
}
