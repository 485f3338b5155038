// How fast the waves are that a network adds to a picture, and the sentences on it, as ui/story/bridge.py has them.

import { fourierFilter } from "./fourier.js";

const FAST = 8; // cycles per image, above which a wave is called fast here
const [FEW, MOST, CLEARLY] = [1 / 3, 0.5, 0.1]; // fractions from which a sentence says so

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
 * What the article says of waves below a painting, in paragraphs with **bold** and [links](url).
 *
 * @param {Waves} waves @param {string} start "grey", "sketch" or "photo"
 */
export function wavesText({ start: before, views, paper }, start) {
  const parts = ["**Every picture is a sum of waves**: slow waves make the shapes, fast waves the edges."];
  parts.push(`Call waves above ${FAST} cycles per image fast.`);
  const shares =
    start === "grey" ? [] : [`${percent(before)} of this ${start === "photo" ? "photo" : "smooth sketch"}`];
  if (views !== undefined && paper !== undefined) {
    shares.push(`${percent(views)} of what many views added`, `${percent(paper)} of what the paper’s method added`);
  }
  if (shares.length) parts.push(`They make up ${joined(shares)}.`);
  if (views !== undefined && paper !== undefined && paper > MOST && paper - views > CLEARLY) {
    if (views < FEW) parts.push("Many views add mostly shapes.");
    parts.push("The paper’s method adds mostly fast waves, which look like noise to us.");
  }
  return `${parts.join(" ")}\n\nWhich waves does a network rely on? That is what the paper asks. [Add a wave →](#wave)`;
}

// "1, 2 and 4", as `join_list` of core/shared/numbers.py.
function joined(parts) {
  const [last] = parts.slice(-1);
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
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
