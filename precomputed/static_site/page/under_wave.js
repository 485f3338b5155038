// A picture under a wave, as the classifiers receive it.

import { fourierBasis, signsAt } from "../../../ui/components/wave.js";
import { UNIT } from "./bytes.js";

/**
 * clip(X + r v U, 0, 1), as core.fourier.basis.perturb: planes of float32; null for waves without known signs.
 *
 * @param {{ pixels: Uint8Array, size: number, side: number, bits: Uint8Array }} picture its bytes, and the signs of a
 *   map's side
 * @param {[number, number]} wave @param {number} epsilon
 */
export function underWave({ pixels, size, side, bits }, wave, epsilon) {
  const signs = signsAt(bits, side, wave);
  const basis = fourierBasis(wave, size);
  const strength = Math.fround(epsilon);
  if (!signs) return null;
  const area = size * size;
  const values = new Float32Array(3 * area);
  for (let at = 0; at < area; at++) {
    const step = Math.fround(basis[at] * strength);
    for (let k = 0; k < 3; k++) {
      values[k * area + at] = Math.min(1, Math.max(0, Math.fround(UNIT[pixels[3 * at + k]] + signs[k] * step)));
    }
  }
  return values;
}
