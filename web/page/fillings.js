// Both methods' fillings of a hole: stored frames play once. Below each picture stand what the networks say of it and
// the hole alone, which is all that the second network sees.

import { element, percent } from "../../ui/components/basics.js";

const PLAY_MILLISECONDS = 3500;
const MARGIN = 0.1; // of the hole's size, around it: as core/data/holes.py has it

/**
 * @typedef {object} Filling
 * @property {string} title of the method
 * @property {string} strip URL of its frames, below each other
 * @property {number[]} shares the painter's for the word, one a frame; none before a run
 * @property {string} judged what is said of it once it has ended
 * @property {boolean} [agrees] true if the second network recognises the word
 */

/**
 * The square around a hole, [left, top, side]; null without a hole.
 *
 * @param {Uint8Array} mask 1 in the hole @param {number} size of the picture, in pixels
 */
export function squareAround(mask, size) {
  const inside = [...mask.keys()].filter((k) => mask[k]);
  if (!inside.length) return null;
  const places = [inside.map((k) => k % size), inside.map((k) => Math.floor(k / size))];
  const spans = places.map((at) => [Math.min(...at), Math.max(...at) + 1]);
  const extent = Math.max(...spans.map(([first, end]) => end - first));
  const side = Math.min(size, extent + 2 * Math.round(MARGIN * extent));
  const [left, top] = spans.map(([first, end]) =>
    Math.min(Math.max(Math.floor((first + end - side) / 2), 0), size - side),
  );
  return [left, top, side];
}

/** Figures in a place; returns a function that shows fillings. @param {HTMLElement} parent @param {number} count */
export function fillings(parent, count) {
  const root = parent.appendChild(element("div", "fillings"));
  const figures = Array.from({ length: count }, () => {
    const figure = root.appendChild(element("figure"));
    const canvas = figure.appendChild(element("canvas", "", "", { role: "img" }));
    const caption = figure.appendChild(element("figcaption"));
    const title = caption.appendChild(element("b"));
    const sure = caption.appendChild(element("div", "sure"));
    const said = caption.appendChild(element("div", "said"));
    const alone = said.appendChild(element("canvas", "", "", { role: "img", ariaLabel: "The hole alone" }));
    return { canvas, title, sure, said, alone, opinion: said.appendChild(element("span", "opinion")) };
  });
  let shown = {};

  /** @param {{ word: string, size: number, square: number[] | null, drawings: Filling[] }} data */
  return async (data) => {
    shown = data;
    const strips = await Promise.all(data.drawings.map(({ strip }) => decoded(strip)));
    if (shown !== data) return;
    const still = data.drawings.every(({ shares }) => shares.length < 2);
    if (still || matchMedia("(prefers-reduced-motion: reduce)").matches) return draw(figures, data, strips, 1);
    const start = performance.now();
    const step = (now) => {
      if (shown !== data || !root.isConnected) return;
      const part = Math.min(1, Math.max(0, now - start) / PLAY_MILLISECONDS);
      draw(figures, data, strips, part);
      if (part < 1) requestAnimationFrame(step);
    };
    step(start);
  };
}

async function decoded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

// Draw fillings at a moment from 0 to 1, interpolated between frames. What is said of them appears at the end.
function draw(figures, { word, size, square, drawings }, strips, part) {
  drawings.forEach(({ title, shares, judged, agrees }, k) => {
    const figure = figures[k];
    const { canvas, alone } = figure;
    const at = part * Math.max(0, shares.length - 1);
    const frame = Math.floor(at);
    if (canvas.width !== size) Object.assign(canvas, { width: size, height: size });
    const context = canvas.getContext("2d");
    for (const [index, alpha] of [
      [frame, 1],
      [frame + 1, at - frame],
    ]) {
      if (!alpha) continue;
      context.globalAlpha = alpha;
      context.drawImage(strips[k], 0, index * size, size, size, 0, 0, size, size);
    }
    figure.title.textContent = title;
    figure.sure.textContent = shares.length ? `The painter is ${percent(shares[Math.round(at)])} sure.` : "";
    figure.opinion.textContent = judged;
    figure.opinion.classList.toggle("agrees", Boolean(agrees));
    figure.said.style.visibility = judged && square && part === 1 ? "" : "hidden";
    if (square) {
      const [left, top, side] = square;
      Object.assign(alone, { width: side, height: side });
      alone.getContext("2d").drawImage(canvas, left, top, side, side, 0, 0, side, side);
    }
    canvas.ariaLabel = `${title}: ${word}. ${figure.sure.textContent}`;
  });
}
