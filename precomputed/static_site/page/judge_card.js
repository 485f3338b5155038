// The card of a judge's ten drawings and score, with the app's measures (ui/story/judge.py).

import { element } from "./elements.js";

const FONT = "system-ui, sans-serif";

/**
 * A row of drawings per search, each framed by whether it was recognised, and the scores.
 *
 * @param {any} card texts, measures and colours @param {string[]} searches @param {string[]} scores
 * @param {any[]} drawings @param {number[]} chosen places of the chosen words
 * @returns {Promise<HTMLCanvasElement>}
 */
export async function judgeCard(card, searches, scores, drawings, chosen) {
  const { width, height, margin, tile, gap, ink, paper, right, wrong } = card;
  const canvas = element("canvas", "", { width, height });
  const context = canvas.getContext("2d");
  const write = (text, left, top, size) => {
    context.fillStyle = ink;
    context.font = `${size}px ${FONT}`;
    context.fillText(text, left, top + size);
  };
  context.fillStyle = paper;
  context.fillRect(0, 0, width, height);
  write(card.title, margin, 22, 40);
  for (const [row, search] of searches.entries()) {
    const top = 110 + row * (tile + 50);
    const places = [...drawings.keys()].filter((k) => drawings[k].search === search);
    let left = margin;
    for (const k of places) {
      const image = element("img", "", { src: drawings[k].source });
      await image.decode();
      context.fillStyle = drawings[k].right === chosen[k] ? right : wrong;
      context.fillRect(left - 4, top - 4, tile + 8, tile + 8);
      context.drawImage(image, left, top, tile, tile);
      left += tile + gap;
    }
    const [name, count] = scores[row].split(": ");
    write(name, left + 12, top + 30, 32);
    write(count, left + 12, top + 76, 40);
  }
  write(card.caption, margin, height - 62, 24);
  return canvas;
}
