// How fast the waves are that a network adds to a picture, and the sentences on it, as ui/story/bridge.py has them.

import { fourierFilter } from "./fourier.js";

const FAST = 8; // cycles per image, above which a wave is called fast here
const [FEW, MOST, CLEARLY] = [0.1, 0.5, 0.1]; // fractions from which a sentence says so

/**
 * The fraction of a picture's or a change's energy above `FAST`, without its mean colour; 0 for one colour.
 *
 * @param {Float32Array} values three planes
 */
export function fastWaves(values) {
  const area = values.length / 3;
  const size = Math.sqrt(area);
  const filter = fourierFilter(size, (i, j) => Number(Math.round(Math.hypot(i, j)) > FAST));
  const [red, green, blue] = [0, 1, 2].map((k) => values.slice(k * area, (k + 1) * area));
  let total = 0;
  for (const plane of [red, green, blue]) {
    const mean = plane.reduce((sum, value) => sum + value, 0) / area;
    for (const value of plane) total += (value - mean) ** 2;
  }
  filter(red, green);
  filter(blue, new Float32Array(area));
  let fast = 0;
  for (const plane of [red, green, blue]) for (const value of plane) fast += value ** 2;
  return total ? fast / total : 0;
}

const percent = (fraction) => (fraction < 0.005 ? "under 1%" : `${Math.round(100 * fraction)}%`);

/** @typedef {{ start: number, views?: number, paper?: number }} Waves fractions of `fastWaves`: of the start, and of
 *   what each method added, once it has */

/**
 * What the article says of waves below a painting, in paragraphs with **bold**.
 *
 * @param {Waves} waves @param {string} start "grey", "sketch" or "photo"
 */
export function wavesText({ start: before, views, paper }, start) {
  const parts = ["**Every picture is a sum of waves**: slow waves make the shapes, fast waves the edges."];
  if (start !== "grey") {
    const about = start === "photo" ? "photo" : "smooth sketch";
    const above = percent(before);
    const few = `This ${about} has few fast ones: ${above} of it is above ${FAST} cycles per image.`;
    const many = `${above} of this ${about} is above ${FAST} cycles per image.`;
    parts.push(before < FEW ? few : many);
  }
  if (views !== undefined && paper !== undefined) {
    const above = start === "grey" ? ` above ${FAST} cycles per image` : " above that";
    parts.push(
      `Of what the network added, ${percent(views)} is${above} with many views, and ` +
        `${percent(paper)} with the paper’s method.`,
    );
    if (paper > MOST && paper - views > CLEARLY) {
      if (views < MOST) parts.push("Many views add mostly shapes.");
      parts.push("The paper’s method adds mostly fast waves, which look like noise to us.");
    }
  }
  return `${parts.join(" ")}\n\nWhich waves does a network rely on? That is what the paper asks.`;
}

/**
 * The same numbers as bars: title, fraction and its text; none before anything is painted.
 *
 * @param {Waves} waves @param {string} start "grey", "sketch" or "photo"
 * @returns {[string, number, string][]}
 */
export function wavesBars({ start: before, views, paper }, start) {
  if (views === undefined || paper === undefined) return [];
  /** @type {[string, number][]} */
  const rows = [
    ["Added by many views", views],
    ["Added by the paper’s method", paper],
  ];
  if (start !== "grey") rows.unshift([start === "photo" ? "The photo" : "The smooth sketch", before]);
  return rows.map(([title, fraction]) => [title, fraction, percent(fraction)]);
}

export const BARS_TITLE = `Above ${FAST} cycles per image`;
