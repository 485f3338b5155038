// Paints a sketch in flat colours. A cell is one pixel, 0xRRGGBB; the screen only enlarges it.

import { button, element, pack, unpack } from "../basics.js";
import { disc, mountPainter, show } from "./painter.js";

const HINTS = { brush: "Click or drag on the picture.", fill: "Click on an area to fill it." };

const sketchKind = {
  name: "sketch painter",
  label: "Sketch. Arrow keys move the cursor, with Shift in steps of 10; Space paints; Control and Z undo.",
  tools: [
    ["brush", "Brush"],
    ["fill", "Fill"],
  ],

  pack: (cells) =>
    pack(Uint8Array.from({ length: 3 * cells.length }, (_, k) => channels(cells[Math.floor(k / 3)])[k % 3])),

  unpack(text, count) {
    const bytes = unpack(text);
    return Uint32Array.from(
      { length: count },
      (_, k) => (bytes[3 * k] << 16) | (bytes[3 * k + 1] << 8) | bytes[3 * k + 2],
    );
  },

  begin: ({ radius, colour }) => ({ tool: "brush", sizes: { brush: radius }, colour: number(colour) }),

  follow({ data, memory }) {
    memory.background = number(data.background);
  },

  build(painter) {
    const row = element("div", "bar colours");
    const swatches = row.appendChild(element("div", "swatches", "", { role: "group", ariaLabel: "Colour" }));
    painter.stage.after(row);
    painter.swatches = painter.data.palette.map(([name, colour]) => {
      const swatch = button(swatches, "", () => choose(painter, number(colour)), name);
      swatch.style.background = colour;
      return [number(colour), swatch];
    });
    const own = row.appendChild(element("label", "own"));
    painter.own = own.appendChild(
      element("input", "", "", { type: "color", ariaLabel: "Own colour", title: "Own colour" }),
    );
    for (const event of ["click", "input"]) {
      // a click chooses the same colour again, which fires no input event
      painter.own.addEventListener(event, () => choose(painter, number(painter.own.value)));
    }
  },

  sizeOf: ({ tool, side }) => (tool === "brush" ? ["Radius", 0, Math.floor(side / 4)] : null),

  paint({ cells, side, colour, tool, sizes }, points) {
    for (const at of points) {
      if (tool === "brush") disc(cells, side, at, sizes.brush, colour);
      else flood(cells, side, at, colour);
    }
  },

  blank: ({ background }) => background,
  colourOf: (cell) => [...channels(cell), 255],
  state: ({ tool }) => HINTS[tool],

  show({ memory: { colour }, swatches, own }) {
    for (const [value, swatch] of swatches) swatch.ariaPressed = String(value === colour);
    const isOwn = swatches.every(([value]) => value !== colour);
    own.parentElement.classList.toggle("chosen", isOwn);
  },

  reach({ cells, side, tool, sizes }, at) {
    const reached = new Uint8Array(cells.length);
    disc(reached, side, at, tool === "brush" ? sizes.brush : 0, 1);
    return reached;
  },
};

export default function (mounted) {
  mountPainter(sketchKind, mounted);
}

const number = (colour) => Number.parseInt(colour.slice(1), 16);
const channels = (colour) => [colour >> 16, (colour >> 8) & 255, colour & 255];

function choose(painter, colour) {
  painter.memory.colour = colour;
  show(painter);
}

// Flood fill: every pixel connected to [x, y] by edges between pixels of its value.
function flood(cells, side, [x, y], value) {
  if (x < 0 || y < 0 || x >= side || y >= side) return;
  const former = cells[y * side + x];
  const open = [[x, y]];
  if (former === value) return;
  for (let at = open.pop(); at; at = open.pop()) {
    const [column, row] = at;
    if (column < 0 || row < 0 || column >= side || row >= side || cells[row * side + column] !== former) continue;
    cells[row * side + column] = value;
    open.push([column - 1, row], [column + 1, row], [column, row - 1], [column, row + 1]);
  }
}
