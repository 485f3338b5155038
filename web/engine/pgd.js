// The geometry of L2 PGD, as in core/pgd/steps.py. A picture is three planes of float32 in [0, 1]. Loops, since
// a callback for each number of a picture leaves megabytes of numbers behind.

const MIN_NORM = 1e-12; // guards a gradient of zero

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
const shrink = (change, radius) => scaled(change, Math.max(0, 1 - radius / Math.max(norm(change), MIN_NORM)));

/** @param {Float32Array} images @param {Float32Array} x0 */
export const difference = (images, x0) => plus(images, x0, -1);

/**
 * Project onto the L2 ball of radius `epsilon` around `x0`.
 *
 * @param {Float32Array} images @param {Float32Array} x0 @param {number} epsilon
 */
export function project(images, x0, epsilon) {
  const change = difference(images, x0);
  return plus(x0, change, Math.min(1, epsilon / norm(change)));
}

/** Clip to [0, 1]. @param {Float32Array} values */
export function clip(values) {
  const result = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) result[k] = Math.min(1, Math.max(0, values[k]));
  return result;
}

// Objectives of a run, as core/pgd/steps.py has them: Eq. 2, and Eq. 3 with two of its penalties.

/**
 * @typedef {object} Objective
 * @property {Uint8Array | null} freeMask (H * W), outside which nothing changes; null if everything may
 * @property {(images: Float32Array, x0: Float32Array) => number | null} penalty of a picture; null for the
 *   cross-entropy alone
 * @property {(images: Float32Array, x0: Float32Array, gradient: Float32Array, size: number) => Float32Array} step
 *   the picture after a step of L2 length `size`, before the projection
 */

const plain = (images, _, gradient, size) => plus(images, unit(gradient), -size);

/** Eq. 2: cross-entropy to the target class. @type {Objective} */
export const generation = { freeMask: null, penalty: () => null, step: plain };

/** Keep the values inside the hole, or those outside; zero the rest. */
export function within(values, mask, inside) {
  const result = new Float32Array(values.length);
  for (let k = 0; k < values.length; k++) if (mask[k % mask.length] === inside) result[k] = values[k];
  return result;
}

/**
 * Eq. 3: cross-entropy plus a penalty for changes outside the hole.
 *
 * @param {Uint8Array} mask (H * W), 1 = hole
 * @param {number} weight lambda
 * @param {"eq3" | "frozen"} penalty
 * @returns {Objective}
 */
export function inpainting(mask, weight, penalty) {
  const outside = (images, x0) => within(difference(images, x0), mask, 0);
  if (penalty === "frozen") {
    return {
      freeMask: mask,
      penalty: () => null,
      step: (images, x0, gradient, size) => plain(images, x0, within(gradient, mask, 1), size),
    };
  }
  return {
    freeMask: null,
    penalty: (images, x0) => weight * norm(outside(images, x0)),
    step: forwardBackward,
  };

  // A step against g, the cross-entropy's gradient, then the proximal map of lambda ||y||, y the change outside. Its
  // length t ||s|| is `size`, s the shortest subgradient: outside, (1 - lambda / ||g||)+ g where y = 0, else g + lambda
  // y / ||y||. Source: Combettes & Wajs 2005, eq. 3.6.
  function forwardBackward(images, x0, gradient, size) {
    const y = outside(images, x0);
    const g = within(gradient, mask, 0);
    const direction = unit(y);
    const around = norm(y) === 0 ? shrink(g, weight) : g.map((value, k) => value + weight * direction[k]);
    const t = size / Math.max(norm(within(gradient, mask, 1).map((value, k) => value + around[k])), MIN_NORM);
    const change = shrink(
      y.map((value, k) => value - t * g[k]),
      t * weight,
    );
    return images.map((value, k) => (mask[k % mask.length] ? value - t * gradient[k] : x0[k] + change[k]));
  }
}
