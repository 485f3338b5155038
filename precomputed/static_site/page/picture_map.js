// A heat map of one picture: each wave's effect on a network's confidence, in the format of the maps' component.

import { pack, softmax } from "./bytes.js";

const DECIMALS = 1; // of per cent, as for the maps' errors

/** Each distinct wave up to `half`: (i, j) equals (-i, -j). @param {number} half @returns {[number, number][]} */
export function halfPlane(half) {
  const waves = /** @type {[number, number][]} */ ([]);
  for (let i = 0; i <= half; i++) for (let j = i ? -half : 0; j <= half; j++) waves.push([i, j]);
  return waves;
}

/**
 * @param {{ title: string, colour: string }} network
 * @param {Float32Array[]} logits of the picture under each wave of the half plane
 * @param {number} half the largest frequency of the map
 * @param {number} column the class whose probability counts @param {string} className
 */
export function pictureMap({ title, colour }, logits, half, column, className) {
  const side = 2 * half + 1;
  const cells = new Int16Array(side * side);
  halfPlane(half).forEach(([i, j], k) => {
    const missing = Math.round(100 * 10 ** DECIMALS * (1 - softmax(logits[k])[column]));
    for (const sign of [1, -1]) cells[(half + sign * i) * side + half + sign * j] = missing;
  });
  const bytes = new Uint8Array(cells.buffer);
  return {
    title: `${title}, this picture`,
    note: "",
    colour,
    subtitle: `n = 1, class “${className}”`,
    label: "probability of another class",
    side,
    bytes: 2,
    cells: pack(bytes),
  };
}
