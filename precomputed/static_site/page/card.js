// The start and the result side by side, as a picture to share.

import { levels, percent, pixelsOf } from "./bytes.js";
import { element } from "./elements.js";
import { paint } from "./pictures.js";

const WIDTH = 256;
const GAP = 16;
const TOP = 40;
const FONT = "system-ui, sans-serif";

/** @returns {HTMLCanvasElement} */
export function card(run) {
  const side = Math.sqrt(run.start.length / 3);
  const columns = [
    { title: "The start", levels: run.startLevels },
    ...run.models.map((model) => ({
      title: `${model.title}: ${percent(model.probability.at(-1))} confident`,
      levels: levels(model.last),
    })),
  ];
  const canvas = element("canvas", "", { width: GAP + columns.length * (WIDTH + GAP), height: WIDTH + 96 });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = side > WIDTH / 2;
  context.fillStyle = "#31333f";
  context.font = `600 17px ${FONT}`;
  context.fillText(`“${run.targetName}”: what networks see`, GAP, 26);
  columns.forEach(({ title, levels: pixels }, k) => {
    const left = GAP + k * (WIDTH + GAP);
    context.drawImage(paint(element("canvas"), pixelsOf(pixels), side), left, TOP, WIDTH, WIDTH);
    context.font = `15px ${FONT}`;
    context.fillText(title, left, WIDTH + 62, WIDTH);
  });
  context.font = `12px ${FONT}`;
  context.fillText("Understanding CLIP Robustness, drawn in a browser", GAP, WIDTH + 86);
  return canvas;
}
