// One heat map: its elements, its numbers and its canvas. Coordinates are frequencies [i, j]: i down, j to the right.

import { element, explained, unpack } from "./basics.js";

// Elements of a map, without content.
export function createMap(side) {
  const half = (side - 1) / 2;
  const map = { side, half, figure: element("figure", "map") };
  const caption = map.figure.appendChild(element("figcaption"));
  map.heading = caption.appendChild(element("div", "title"));
  map.subheading = caption.appendChild(element("div", "subtitle"));
  const frame = map.figure.appendChild(element("div", "frame"));
  map.plot = element("div", "plot");
  map.canvas = element("canvas");
  map.ring = element("div", "mark ring");
  map.lines = element("div", "lines");
  map.plot.append(
    map.canvas,
    element("div", "mark zero"),
    element("div", "cutoff"),
    element("div", "outline"),
    map.lines,
    map.ring,
  );
  frame.append(
    ticks("down", half, "vertical frequency i"),
    map.plot,
    ticks("right", half, "horizontal frequency j", "cycles per image"),
  );
  map.readout = map.figure.appendChild(element("div", "readout")); // above the map, and after it for the keyboard
  return map;
}

export function fillMap(
  map,
  { title, note, colour, subtitle, label, bytes, cells },
  { range: [low, high], decimals },
  table,
  terms,
) {
  const { side, half } = map;
  const numbers = new DataView(unpack(cells).buffer);
  map.title = title;
  map.heading.replaceChildren(title, element("span", "note", note));
  if (colour) map.heading.prepend(element("span", "swatch"));
  map.heading.style.setProperty("--colour", colour);
  map.heading.title = note && `${title} ${note}`;
  map.subheading.replaceChildren(...explained(subtitle, terms));
  map.label = label;
  map.layers = numbers.byteLength / (bytes * side * side); // values, or values and both ends of their intervals
  // Number in a layer, in units of the last decimal; NaN if not computed, undefined outside the map.
  map.at = ([i, j], layer = 0) => {
    if (Math.max(Math.abs(i), Math.abs(j)) > half) return undefined;
    const place = bytes * (layer * side * side + (i + half) * side + (j + half));
    const number = bytes === 2 ? numbers.getInt16(place, true) : numbers.getInt32(place, true);
    return number === -(2 ** (8 * bytes - 1)) ? NaN : number; // the minimum means not computed
  };
  map.values = everyFrequency(half).map((frequency) => map.at(frequency) / 10 ** decimals);
  map.plot.setAttribute(
    "aria-label",
    `${title}: ${label} at each frequency, ${minus(-half)} to ${half} cycles per image. Arrow keys choose a ` +
      "frequency, with Shift in steps of 5; Home returns to zero frequency.",
  );

  // One canvas pixel per cell, enlarged by CSS; missing cells stay transparent, so that the hatching shows.
  map.canvas.width = map.canvas.height = side;
  const context = map.canvas.getContext("2d");
  const image = context.createImageData(side, side);
  map.values.forEach((value, cell) => {
    if (Number.isNaN(value)) return;
    const place = Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low))));
    image.data.set([...table.subarray(3 * place, 3 * place + 3), 255], 4 * cell);
  });
  context.putImageData(image, 0, 0);
}

function everyFrequency(half) {
  const axis = Array.from({ length: 2 * half + 1 }, (_, k) => k - half);
  return axis.flatMap((i) => axis.map((j) => [i, j]));
}

// Places a mark at a frequency; hides it outside the map.
export function placeMark(map, mark, [i, j]) {
  mark.hidden = map.at([i, j]) === undefined;
  mark.style.setProperty("--x", `${(100 * (j + map.half + 0.5)) / map.side}%`);
  mark.style.setProperty("--y", `${(100 * (i + map.half + 0.5)) / map.side}%`);
}

// Frequency of the cell under a pointer.
export function pointedAt(map, event) {
  const box = map.plot.getBoundingClientRect();
  const cell = (offset, length) => Math.max(0, Math.min(map.side - 1, Math.floor((offset / length) * map.side)));
  return [cell(event.clientY - box.top, box.height) - map.half, cell(event.clientX - box.left, box.width) - map.half];
}

// Numbers at both ends and in the middle, and names between them.
function ticks(direction, half, ...names) {
  const axis = element("div", `ticks ${direction}`);
  axis.append(...names.map((text) => element("div", "name", text)));
  for (const frequency of [-half, 0, half]) {
    const tick = axis.appendChild(element("span", "", minus(frequency)));
    tick.style.setProperty("--at", `${(100 * (frequency + half + 0.5)) / (2 * half + 1)}%`);
  }
  return axis;
}

// [value, interval] as text.
export function describe(view, map, frequency) {
  const { decimals, unit } = view.data;
  const [value, low, high] = [0, 1, 2].map((layer) => (layer < map.layers ? map.at(frequency, layer) : NaN));
  if (value === undefined) return ["outside this map", ""];
  if (Number.isNaN(value)) return ["not computed", ""];
  const text = (count) => number(view, count / 10 ** decimals, decimals);
  const interval = Number.isNaN(low) || Number.isNaN(high) ? "" : `95 % interval (${text(low)} to ${text(high)})`;
  return [`${map.label} ${text(value)}${unit && ` ${unit}`}`, interval];
}

export const minus = (text) => String(text).replace("-", "\u2212");
export const name = ([i, j]) => minus(`(${i}, `) + minus(`${j})`);

export function number(view, value, digits) {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return text.replace("-", "");
  return view.data.signed && value > 0 ? `+${text}` : minus(text);
}
