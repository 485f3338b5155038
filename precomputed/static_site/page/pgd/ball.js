// The geometry of L2 PGD, as core/pgd/ball.py has it. A picture is three planes of float32 in [0, 1]. Uses loops, since
// a callback for each number of a picture leaves megabytes of numbers behind.

export const MIN_NORM = 1e-12; // guards a gradient of zero

/** @param {Float32Array} values */
export function norm(values) {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k] * values[k];
  return Math.sqrt(sum);
}

/** @param {Float32Array} values @param {number} factor */
export function scaled(values, factor) {
  const result = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) result[k] = values[k] * factor;
  return result;
}

/** values + factor * change. @param {Float32Array} values @param {Float32Array} change @param {number} factor */
export function plus(values, change, factor) {
  const result = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) result[k] = values[k] + factor * change[k];
  return result;
}

/** Scale to norm 1; zero stays zero. @param {Float32Array} gradient */
export const unit = (gradient) => scaled(gradient, 1 / Math.max(norm(gradient), MIN_NORM));

/**
 * Shorten a change by `radius`, at most to zero: the proximal map of radius * ||.||_2.
 *
 * @param {Float32Array} change @param {number} radius
 */
export const shrink = (change, radius) => scaled(change, Math.max(0, 1 - radius / Math.max(norm(change), MIN_NORM)));

/** @param {Float32Array} images @param {Float32Array} x0 */
export const difference = (images, x0) => plus(images, x0, -1);

/**
 * Project onto the L2 ball of radius `epsilon` around `x0`, then clip to [0, 1].
 *
 * @param {Float32Array} images @param {Float32Array} x0 @param {number} epsilon
 */
export function project(images, x0, epsilon) {
  const change = difference(images, x0);
  const result = plus(x0, change, Math.min(1, epsilon / norm(change)));
  for (let k = 0; k < result.length; k++) result[k] = Math.min(1, Math.max(0, result[k]));
  return result;
}
