// Paints a sketch in flat colours. A cell is one pixel, 0xRRGGBB; the screen only enlarges it.

import { button, element, unpack } from "../basics.js";
import { begin, change, disc, ellipse, flood, mountPainter, show } from "./painter.js";

const hex = (colour) => `#${colour.toString(16).padStart(6, "0")}`;
const HINTS = {
  brush: "Click or drag on the picture.",
  ellipse: "Drag a box on the picture.",
  fill: "Click on an area to fill it.",
  pick: "Click on the colour to paint with.",
};

const sketchKind = {
  name: "sketch painter",
  label:
    "Sketch. Arrow keys move the cursor, with Shift in steps of 10; Space paints; B, E and F choose brush, ellipse " +
    "and fill, P picks a colour up; for an ellipse press Space at two corners of its box, Escape gives it up; 1 to 8 " +
    "choose colours; plus and minus change the size; Z undoes, Y redoes.",
  tools: [
    ["brush", "Brush", "b"],
    ["ellipse", "Ellipse", "e"],
    ["fill", "Fill", "f"],
    ["pick", "Pick up", "p"],
  ],

  pack(cells) {
    let text = "";
    for (const colour of cells) text += String.fromCharCode(colour >> 16, (colour >> 8) & 255, colour & 255);
    return btoa(text);
  },

  unpack(text, count) {
    const bytes = unpack(text);
    return Uint32Array.from(
      { length: count },
      (_, k) => (bytes[3 * k] << 16) | (bytes[3 * k + 1] << 8) | bytes[3 * k + 2],
    );
  },

  begin: ({ radius, palette }) => ({
    tool: "brush",
    sizes: { brush: radius },
    colour: number(palette[0][1]),
    corner: null, // of an ellipse by keys
    names: new Map(palette.map(([name, colour]) => [number(colour), name])),
  }),

  follow({ data, memory }) {
    memory.background = number(data.background);
  },

  build(painter) {
    const row = element("div", "bar colours");
    const swatches = row.appendChild(element("div", "swatches"));
    painter.stage.after(row);
    swatches.setAttribute("role", "group");
    swatches.setAttribute("aria-label", "Colour");
    painter.swatches = painter.data.palette.map(([name, colour], k) => {
      const swatch = button(swatches, String(k + 1), () => choose(painter, number(colour)), name);
      swatch.style.background = colour;
      swatch.style.color = isLight(number(colour)) ? "#000" : "#fff";
      return [number(colour), swatch];
    });
    const own = row.appendChild(element("label", "own"));
    painter.own = own.appendChild(element("input"));
    painter.own.type = "color";
    for (const kind of ["click", "input"]) {
      // a click chooses the same colour again, which fires no input event
      painter.own.addEventListener(kind, () => choose(painter, number(painter.own.value)));
    }
    own.appendChild(element("span", "", "Own"));
    painter.own.setAttribute("aria-label", "Own colour");
    painter.sheet = painter.stage.appendChild(element("canvas", "sheet"));
  },

  sizeOf: ({ tool, width, height }) =>
    tool === "brush" ? ["Radius", 0, Math.floor(Math.min(width, height) / 4)] : null,

  paint(memory, points, { tool, before, first, last }) {
    const { cells, width, height, colour, sizes } = memory;
    memory.corner = null;
    if (tool === "brush") {
      for (const at of points) disc(cells, width, height, at, sizes.brush, colour);
    } else if (tool === "ellipse") {
      cells.set(before); // the pointer is still dragging the box
      ellipse(cells, width, height, first, last, colour);
    } else if (tool === "fill") flood(cells, width, height, first, colour);
    else {
      const [x, y] = first;
      memory.colour = cells[Math.min(y, height - 1) * width + Math.min(x, width - 1)];
      memory.tool = memory.previous;
    }
  },

  blank: ({ background }) => background,

  press(painter, key) {
    const { memory } = painter;
    const swatch = painter.swatches[Number(key) - 1];
    if (swatch) {
      choose(painter, swatch[0]);
      painter.live.textContent = nameOf(memory.names, swatch[0]);
    } else if (key === "Escape" && memory.corner) memory.corner = null;
    else if (key === " " && memory.tool === "ellipse") {
      painter.hover = null;
      if (!memory.corner) {
        memory.corner = memory.cursor;
        painter.live.textContent = "One corner of the ellipse’s box is here.";
      } else {
        const first = memory.corner;
        change(painter, () => this.paint(memory, [], { ...begin(painter, memory.cursor), first }));
      }
    } else return false;
    return true;
  },

  cellName: ({ cells, width, cursor: [x, y], names }) => `, ${nameOf(names, cells[y * width + x])}`,

  state({ cells, colour, tool, names, corner }) {
    let count = 0;
    for (const cell of cells) count += Number(cell === colour);
    const name = nameOf(names, colour);
    const share = ((100 * count) / cells.length).toFixed(1);
    const hint = corner && tool === "ellipse" ? "Space at the other corner paints the ellipse." : HINTS[tool];
    return `${name[0].toUpperCase()}${name.slice(1)}: ${share} % of the picture. ${hint}`;
  },

  show({ memory, sheet, swatches, own }) {
    const { cells, width, height, colour } = memory;
    for (const [value, swatch] of swatches) swatch.setAttribute("aria-pressed", String(value === colour));
    const isOwn = swatches.every(([value]) => value !== colour);
    own.parentElement.classList.toggle("chosen", isOwn);
    if (isOwn) own.value = hex(colour);
    if (sheet.width !== width) sheet.width = width;
    if (sheet.height !== height) sheet.height = height;
    const pixels = new ImageData(width, height);
    cells.forEach((cell, k) => {
      pixels.data.set([cell >> 16, (cell >> 8) & 255, cell & 255, 255], 4 * k);
    });
    sheet.getContext("2d").putImageData(pixels, 0, 0);
  },

  reach({ memory: { cells, width, height, tool, sizes, corner }, stroke }, at) {
    const reached = new Uint8Array(cells.length);
    const first = stroke ? stroke.first : corner;
    if (tool === "ellipse" && first) ellipse(reached, width, height, first, at, 1);
    else disc(reached, width, height, at, tool === "brush" ? sizes.brush : 0, 1);
    return { cells: reached, colour: "#fff" };
  },
};

export default function (mounted) {
  mountPainter(sketchKind, mounted);
}

const number = (colour) => Number.parseInt(colour.slice(1), 16);
const nameOf = (names, colour) => names.get(colour) ?? hex(colour);
const isLight = (colour) => 0.3 * (colour >> 16) + 0.59 * ((colour >> 8) & 255) + 0.11 * (colour & 255) > 128;

function choose(painter, colour) {
  painter.memory.colour = colour;
  if (painter.memory.tool === "pick") painter.memory.tool = painter.memory.previous;
  show(painter);
}
