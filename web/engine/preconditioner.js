// Natural strokes: a step with the spectrum and the colours of natural pictures, as in core/pgd/preconditioner.py.

import { fourierFilter } from "./fourier.js";
import { within } from "./pgd.js";

/**
 * Multiply the gradient by 1 / max(1, r)^p at r cycles per image, and by a colour matrix, inside the hole alone.
 *
 * @param {{ spectrum: number, last_spectrum?: number, colors: number[][] }} settings p at the first and at the last
 *   step, linear in between, without `last_spectrum` constant; and the power of the pixel covariance
 * @param {number} size @param {Uint8Array | null} mask @param {number} steps of the run
 */
export function preconditioner({ spectrum, last_spectrum: last = spectrum, colors }, size, mask, steps) {
  const area = size * size;
  const falling = (step) => spectrum + ((last - spectrum) * step) / Math.max(1, steps - 1);
  const filterOf = (exponent) => fourierFilter(size, (i, j) => Math.max(1, Math.hypot(i, j)) ** -exponent);
  const constant = last === spectrum ? filterOf(spectrum) : null;
  const inside = (/** @type {Float32Array} */ values) => (mask ? within(values, mask, 1) : values);
  return (/** @type {Float32Array} */ gradient, /** @type {number} */ step) => {
    const filter = constant ?? filterOf(falling(step));
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
