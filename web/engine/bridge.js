// How fast the waves are that a network adds to a picture, in the words of ui/story/bridge.py, which the page gets.

import { fourierFilter } from "./fourier.js";

/**
 * The fraction of a picture's or a change's energy above so many cycles per image, without its mean colour.
 *
 * @param {Float32Array} values three planes @param {number} above
 */
export function fastWaves(values, above) {
  const area = values.length / 3;
  const size = Math.sqrt(area);
  const filter = fourierFilter(size, (i, j) => Number(Math.round(Math.hypot(i, j)) > above));
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

/** @typedef {{ start: number, views?: number, paper?: number }} Waves fractions of `fastWaves`: of the start, and of
 *   what each method added, once it has */

/** The known fractions, by name in the texts; none for a canvas that we made. @param {Waves} waves */
function rows({ start: before, views, paper }, start) {
  /** @type {[string, number][]} */
  const known = start === "grey" ? [] : [[start, before]];
  if (views !== undefined && paper !== undefined) known.push(["views", views], ["paper", paper]);
  return known;
}

const percent = (fraction, texts) => (fraction < 0.005 ? texts.few : `${Math.round(100 * fraction)}%`);

/**
 * What the article says of waves below a painting, in paragraphs with **bold** and [links](url).
 *
 * @param {Waves} waves @param {string} start "grey", "sketch" or "photo" @param {any} texts
 */
export function wavesText(waves, start, texts) {
  const parts = [texts.lead, texts.fast];
  const shares = rows(waves, start).map(([name, part]) =>
    texts.share.replace("{}", percent(part, texts)).replace("{}", texts.parts[name]),
  );
  if (shares.length) parts.push(texts.shares.replace("{}", joined(shares)));
  const { views, paper } = waves;
  if (views !== undefined && paper !== undefined && paper > texts.mostly_fast && paper - views > texts.clearly) {
    if (views < texts.mostly_shapes) parts.push(texts.shapes);
    parts.push(texts.noise);
  }
  return `${parts.join(" ")}\n\n${texts.question}`;
}

// "1, 2 and 4", as `join_list` of core/shared/numbers.py.
function joined(parts) {
  const [last] = parts.slice(-1);
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
}

/**
 * The same numbers as bars: title, fraction and its text; none before anything is painted.
 *
 * @param {Waves} waves @param {string} start "grey", "sketch" or "photo" @param {any} texts
 * @returns {[string, number, string][]}
 */
export function wavesBars(waves, start, texts) {
  if (waves.views === undefined) return [];
  return rows(waves, start).map(([name, part]) => [texts.bars[name], part, percent(part, texts)]);
}
