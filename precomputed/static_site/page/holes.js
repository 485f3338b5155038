// Holes: packed bits as from the painter, squares, and fills (core/images/masks.py).

import { pack, turn, unpack } from "./bytes.js";

const SLICE_MS = 20; // of work before yielding to other events
// Sweeps, and factor of over-relaxation: enough for Laplace's equation in a hole of up to a hundred pixels.
const SWEEPS = 400;
const RELAXATION = 1.9;

/** The bits of a mask, the first pixel in a byte's highest bit. @param {Uint8Array} mask */
export const bitsOf = (mask) =>
  pack(
    Uint8Array.from({ length: mask.length / 8 }, (_, k) =>
      mask.subarray(8 * k, 8 * k + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
    ),
  );

/** @param {string} text @param {number} size */
export function maskOf(text, size) {
  const bytes = unpack(text);
  return Uint8Array.from({ length: size * size }, (_, k) => (bytes[k >> 3] >> (7 - (k & 7))) & 1);
}

/** A square hole. @param {number} size of the picture @param {number} side */
export function square(size, side, left = (size - side) >> 1, top = left) {
  const inside = (at, first) => at >= first && at < first + side;
  return Uint8Array.from({ length: size * size }, (_, k) =>
    Number(inside(k % size, left) && inside(Math.floor(k / size), top)),
  );
}

/** Fill a picture's hole with the hole's mean of each colour. @param {Float32Array} values @param {Uint8Array} mask */
export function filled(values, mask) {
  const area = mask.length;
  const start = values.slice();
  for (let plane = 0; plane < values.length; plane += area) {
    let sum = 0;
    let count = 0;
    for (let at = 0; at < area; at++) {
      if (!mask[at]) continue;
      sum += values[plane + at];
      count += 1;
    }
    for (let at = 0; at < area; at++) if (mask[at]) start[plane + at] = sum / count;
  }
  return start;
}

/**
 * Fill a picture's hole with the colours around it, spread like heat: each pixel of the hole becomes the mean
 * of its neighbours. Source: successive over-relaxation, Young 1954.
 *
 * @param {Float32Array} values @param {Uint8Array} mask
 */
export async function filledFromRim(values, mask) {
  let began = performance.now();
  const area = mask.length;
  const size = Math.sqrt(area);
  const start = filled(values, mask);
  const cells = Array.from(mask.keys())
    .filter((at) => mask[at])
    .map((at) => {
      const column = at % size;
      const neighbours = [at - size, at + size].filter((neighbour) => neighbour >= 0 && neighbour < area);
      if (column) neighbours.push(at - 1);
      if (column < size - 1) neighbours.push(at + 1);
      return { at, neighbours };
    });
  for (let plane = 0; plane < values.length; plane += area) {
    const values64 = Float64Array.from(start.subarray(plane, plane + area));
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      for (const { at, neighbours } of cells) {
        let sum = 0;
        for (const neighbour of neighbours) sum += values64[neighbour];
        values64[at] += RELAXATION * (sum / neighbours.length - values64[at]);
      }
      if (performance.now() - began < SLICE_MS) continue;
      await turn();
      began = performance.now();
    }
    for (const { at } of cells) start[plane + at] = Math.min(1, Math.max(0, values64[at]));
  }
  return start;
}
