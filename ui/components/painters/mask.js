// Paints a hole into a picture. The mask is one byte per image pixel; the screen only enlarges it.

import { button, element } from "../basics.js";
import { change, disc, mountPainter, outline, take } from "./painter.js";

const maskKind = {
  name: "mask painter",
  over: true,
  label:
    "Hole in the picture. Arrow keys move the cursor, with Shift in steps of 10; Space " +
    "paints; plus and minus change the size; B, S and E choose brush, square and eraser; Z undoes, Y redoes.",
  tools: [
    ["brush", "Brush", "b"],
    ["square", "Square", "s"],
    ["eraser", "Eraser", "e"],
  ],
  pack: packMask,
  unpack: unpackMask,
  begin: ({ side, radius }) => ({ tool: "brush", side, sizes: { square: side, brush: radius, eraser: radius } }),

  follow({ data, memory, picture }) {
    if (memory.side !== data.side) memory.side = memory.sizes.square = data.side; // Python has changed the square
    if (picture.getAttribute("src") === data.picture) return;
    picture.src = data.picture;
    picture.alt = data.alt;
  },

  build(painter) {
    painter.picture = painter.stage.appendChild(element("img"));
    painter.picture.draggable = false;
    painter.papers = button(painter.fold.parentElement, "", () => {
      const { papers } = painter.data;
      painter.memory.sizes.square = papers;
      take(painter, "square");
      change(painter, (memory) => {
        const [left, top, right, bottom] = bounds(memory.cells, memory.width, memory.height);
        maskKind.paint(memory, [[(left + right + 1) >> 1, (top + bottom + 1) >> 1]], memory);
      });
    });
    painter.papers.title = "One square of the paper’s size, in place of the hole; drag it";
    painter.fold.after(painter.papers);
  },

  sizeOf({ tool, width, height }) {
    const side = Math.min(width, height);
    return tool === "square" ? ["Side", 1, side] : ["Radius", 0, Math.floor(side / 4)];
  },

  paint({ cells, width, height, sizes }, points, { tool }) {
    for (const at of points) {
      if (tool === "square") {
        cells.fill(0); // the hole is one square, which follows the pointer
        stamp(cells, width, height, at, sizes.square);
      } else disc(cells, width, height, at, sizes[tool], tool === "brush" ? 1 : 0);
    }
  },

  blank: () => 0,
  press: () => false,
  cellName: () => "",

  state({ cells, width, height }) {
    const [left, top, right, bottom, count] = bounds(cells, width, height);
    const [across, down] = [right - left + 1, bottom - top + 1];
    const size = count === across * down ? `${across} × ${down}` : count.toLocaleString("en");
    const share = ((100 * count) / cells.length).toFixed(1);
    return count ? `Hole: ${size} pixels, ${share} %` : "No hole yet: click or drag.";
  },

  show(painter) {
    const {
      canvas,
      memory: { cells, width, height },
      data: { papers },
    } = painter;
    const [left, top, right, bottom, count] = bounds(cells, width, height);
    const isPapers = count === papers ** 2 && right - left + 1 === papers && bottom - top + 1 === papers;
    painter.papers.textContent = `${papers} × ${papers}`;
    painter.papers.setAttribute("aria-pressed", String(isPapers));
    const context = canvas.getContext("2d");
    context.fillStyle = "rgb(214 39 140 / 0.5)";
    fillRuns(context, cells, width, height, canvas.width / width);
    outline(painter, cells, "#fff");
  },

  reach({ memory: { cells, width, height, tool, sizes } }, at) {
    const reached = new Uint8Array(cells.length);
    if (tool === "square") stamp(reached, width, height, at, sizes.square);
    else disc(reached, width, height, at, sizes[tool], 1);
    return { cells: reached, colour: tool === "eraser" ? "#ffb000" : "#6cf" };
  },
};

export default function (mounted) {
  mountPainter(maskKind, mounted);
}

// Bounding box of the hole, both ends included, and its number of pixels; without a hole the whole picture, and 0.
function bounds(mask, width, height) {
  let [left, top, right, bottom, count] = [width, height, -1, -1, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!mask[y * width + x]) continue;
      count++;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  return count ? [left, top, right, bottom, count] : [0, 0, width - 1, height - 1, 0];
}

// Square of `side` pixels around [x, y], shifted into the image rather than clipped.
function stamp(mask, width, height, [x, y], side) {
  const left = Math.min(Math.max(x - Math.floor(side / 2), 0), width - side);
  const top = Math.min(Math.max(y - Math.floor(side / 2), 0), height - side);
  for (let row = top; row < top + side; row++) mask.fill(1, row * width + left, row * width + left + side);
}

// Packed bits in base64, with the first pixel in a byte's highest bit.
function packMask(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((bit, k) => {
    bytes[k >> 3] |= bit << (7 - (k & 7));
  });
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function unpackMask(base64, count) {
  const text = atob(base64);
  return Uint8Array.from({ length: count }, (_, k) => (text.charCodeAt(k >> 3) >> (7 - (k & 7))) & 1);
}

function fillRuns(context, mask, width, height, scale) {
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!mask[row * width + column]) continue;
      const first = column;
      while (column + 1 < width && mask[row * width + column + 1]) column++;
      const top = Math.round(row * scale); // integer device pixels: no seams
      const left = Math.round(first * scale);
      context.fillRect(left, top, Math.round((column + 1) * scale) - left, Math.round((row + 1) * scale) - top);
    }
  }
}
