// Starts: grey noise, a smooth sketch, and a hole filled with the colours around it.

import { clip } from "./pgd.js";
import { preconditioner } from "./preconditioner.js";
import { seeded } from "./random.js";
import { alongColumns, alongRows, cubic, gaussian, resized, taps } from "./resize.js";

const SEED = 0; // of grey starts: the same word is drawn the same again
// Sweeps, and factor of over-relaxation: enough for Laplace's equation in a hole of up to a hundred pixels.
const SWEEPS = 400;
const RELAXATION = 1.9;

// A grey start: the mean colour of natural pixels with faint pink noise in their colours
// (core/data/class_statistics.py).

/**
 * @param {{ mean: number[], colors: number[][], spectrum: number, deviation: number }} natural
 * @param {number} size
 */
export function greyStart({ mean, colors, spectrum, deviation }, size) {
  const area = size * size;
  const noise = preconditioner({ spectrum, colors }, size, null, 1)(seeded(SEED).normal(3 * area, 1), 0);
  const middle = noise.reduce((sum, value) => sum + value, 0) / noise.length;
  const spread = Math.sqrt(noise.reduce((sum, value) => sum + (value - middle) ** 2, 0) / noise.length);
  return noise.map((value, k) => Math.min(1, Math.max(0, mean[Math.floor(k / area)] + (deviation / spread) * value)));
}

/**
 * Enlarge a sketch and smooth it, as `smooth_sketch` of core/data/sketches.py does: bicubic, then a Gaussian; clipped.
 *
 * @param {Float32Array} values three planes of a square sketch @param {number} size of the result in pixels
 * @param {number} blur the Gaussian's standard deviation in pixels of the sketch
 */
export function smoothStart(values, size, blur) {
  const from = Math.sqrt(values.length / 3);
  const enlarging = taps(from, size, resized(from, size, cubic));
  const smoothing = taps(size, size, gaussian(size, (blur * size) / from));
  const large = alongRows(alongColumns(values, enlarging), enlarging, size);
  return clip(alongRows(alongColumns(large, smoothing), smoothing, size));
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
