// Paints a hole into a picture. The mask is one byte per image pixel; the screen only enlarges it.

import { button, element, packBits, unpackBits } from "../basics.js";
import { change, disc, mountPainter, outline, take } from "./painter.js";

const maskKind = {
  name: "mask painter",
  over: true,
  label:
    "Hole in the picture. Arrow keys move the cursor, with Shift in steps of 10; Space paints; Control and Z undo.",
  tools: [
    ["brush", "Brush"],
    ["square", "Square"],
    ["eraser", "Eraser"],
  ],
  pack: packBits,
  unpack: unpackBits,
  begin: ({ square, radius }) => ({ tool: "brush", square, sizes: { square, brush: radius, eraser: radius } }),

  follow({ data, memory, picture }) {
    if (memory.square !== data.square) memory.square = memory.sizes.square = data.square; // Python has changed it
    if (memory.offered !== memory.token) {
      memory.offered = memory.token;
      memory.proposed = data.proposed;
    }
    if (picture.getAttribute("src") === data.picture) return;
    picture.src = data.picture;
    picture.alt = data.alt;
  },

  build(painter) {
    painter.picture = painter.stage.appendChild(element("img", "", "", { draggable: false }));
    painter.papers = button(painter.fold.parentElement, "", () => {
      painter.memory.sizes.square = painter.data.papers;
      take(painter, "square");
      change(painter, (memory) => {
        const [left, top, right, bottom] = bounds(memory.cells, memory.side);
        maskKind.paint(memory, [[(left + right + 1) >> 1, (top + bottom + 1) >> 1]]);
      });
    });
    painter.fold.after(painter.papers);
  },

  sizeOf: ({ tool, side }) => (tool === "square" ? ["Side", 1, side] : ["Radius", 0, Math.floor(side / 4)]),

  paint(memory, points) {
    const { cells, side, sizes, tool } = memory;
    if (memory.proposed && tool === "brush") cells.fill(0); // the first stroke begins a hole of one's own
    memory.proposed = false;
    for (const at of points) {
      if (tool === "square") {
        cells.fill(0); // the hole is one square, which follows the pointer
        stamp(cells, side, at, sizes.square);
      } else disc(cells, side, at, sizes[tool], tool === "brush" ? 1 : 0);
    }
  },

  blank: () => 0,
  colourOf: (cell) => (cell ? [214, 39, 140, 128] : [0, 0, 0, 0]),

  state({ cells, side }) {
    const [left, top, right, bottom, count] = bounds(cells, side);
    const [across, down] = [right - left + 1, bottom - top + 1];
    const size = count === across * down ? `${across} × ${down}` : count.toLocaleString("en");
    const share = ((100 * count) / cells.length).toFixed(1);
    return count ? `Hole: ${size} pixels, ${share}%` : "No hole yet: click or drag.";
  },

  show(painter) {
    const {
      memory: { cells, side },
      data: { papers },
    } = painter;
    const [left, top, right, bottom, count] = bounds(cells, side);
    const isPapers = count === papers ** 2 && right - left + 1 === papers && bottom - top + 1 === papers;
    painter.papers.textContent = "Square hole";
    painter.papers.title = `One square of the paper’s size, ${papers} × ${papers} pixels. Drag it.`;
    painter.papers.ariaPressed = String(isPapers);
    outline(painter, cells, "#fff");
  },

  reach({ cells, side, tool, sizes }, at) {
    const reached = new Uint8Array(cells.length);
    if (tool === "square") stamp(reached, side, at, sizes.square);
    else disc(reached, side, at, sizes[tool], 1);
    return reached;
  },
};

export default function (mounted) {
  mountPainter(maskKind, mounted);
}

// Bounding box of the hole, both ends included, and its number of pixels; without a hole the whole picture, and 0.
function bounds(mask, side) {
  let [left, top, right, bottom, count] = [side, side, -1, -1, 0];
  mask.forEach((bit, k) => {
    if (!bit) return;
    const [x, y] = [k % side, Math.floor(k / side)];
    count++;
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  });
  return count ? [left, top, right, bottom, count] : [0, 0, side - 1, side - 1, 0];
}

// Square of `length` pixels around [x, y], shifted into the image rather than clipped.
function stamp(mask, side, [x, y], length) {
  const left = Math.min(Math.max(x - Math.floor(length / 2), 0), side - length);
  const top = Math.min(Math.max(y - Math.floor(length / 2), 0), side - length);
  for (let row = top; row < top + length; row++) mask.fill(1, row * side + left, row * side + left + length);
}
