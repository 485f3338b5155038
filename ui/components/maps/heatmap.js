// Draws the heat maps and moves their common cursor. Coordinates are frequencies [i, j]: i down, j to the right.
// Next to a picture (`panel.js`) the maps are so large that both, and the content below, fit in the window.

import { element, memoryOf, tooltip, unpack, viewOf } from "../basics.js";
import { answersText, outlineWaves } from "./answer_table.js";
import { createPanel, drawPanel, fillPanel, pause } from "./panel.js";
import { minus, name } from "./wave.js";

// CSS pixels.
const MIN_COLUMN = 270; // width of a map's column
const MAX_SIDE = 480; // of a map, in windows up to 1,020 pixels high; in higher ones more
const MIN_SIDE = 180; // of a map next to a picture
const GUTTER = 30; // for the vertical axis
const GAP = 16; // between columns
const BETWEEN = 76; // of maps, wave, picture and answers, together
const WIDE = 840; // width from which answers stand to the right of the picture
const NARROW = 640; // a phone's width
const BESIDES = 560; // height of everything but the maps
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

const REST_MILLISECONDS = 250; // before a choice by keys is reported

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data) return;
  const view = viewOf(parentElement, createView);
  view.send = (value) => setStateValue("choice", { value, token: data.token, about: data.about });
  view.trigger = setTriggerValue;
  const memory = memoryOf(data, () => ({ frequency: data.value.slice(0, 2), epsilon: data.value[2] }));
  if (view.memory !== memory) clearTimeout(view.timer); // a pending choice belongs to the previous content
  view.memory = memory;
  const drawing = JSON.stringify({ ...data, token: null, value: null, picture: null });
  const redraw = view.drawing !== drawing;
  if (redraw) {
    view.drawing = drawing;
    rebuild(view, data);
  }
  showPicture(view, data.picture);
  if (redraw) layOut(view);
  showCursor(view);
}

function createView(parentElement) {
  const root = element("div", "heatmaps");
  /** @type {Record<string, any>} */
  const view = {
    root,
    toggle: root.appendChild(element("fieldset", "toggle", "", { ariaLabel: "Map shown" })),
    grid: root.appendChild(element("div", "grid")),
    bar: root.appendChild(element("div", "bar")),
    live: root.appendChild(element("div", "visually-hidden", "", { ariaLive: "polite" })),
    thread: element("div", "thread"),
    maps: [],
    hover: null,
    moved: () => showCursor(view),
    report: (delay) => report(view, delay),
  };
  // Twice: a light edge under a dark line, to be seen on every colour.
  const shape = 'viewBox="0 0 8 8" refX="3" refY="4" markerWidth="5" markerHeight="5" orient="auto"';
  const head = `<marker id="head" ${shape}><path class="head" d="M0 0L7 4L0 8"/></marker>`;
  view.thread.innerHTML = `<svg aria-hidden="true"><defs>${head}</defs><path/><path/></svg>`;
  parentElement.appendChild(root);
  const observer = new ResizeObserver(() => layOut(view));
  [root, document.documentElement].forEach((element) => observer.observe(element));
  return view;
}

// Adds, removes or updates the panel as Python requests; `null` without a picture.
function showPicture(view, picture) {
  view.root.classList.toggle("lab", Boolean(picture));
  if (!picture) {
    view.panel?.root.remove();
    view.thread.remove();
    view.panel = null;
    return;
  }
  if (!view.panel) {
    view.panel = createPanel(view);
    view.root.append(view.panel.root, view.thread);
    view.picture = null;
    layOut(view);
  }
  const drawing = JSON.stringify(picture);
  if (view.picture === drawing) return;
  view.picture = drawing;
  fillPanel(view.panel, picture);
}

function rebuild(view, data) {
  view.data = data;
  const table = unpack(data.table);
  const sizes = data.maps.map((packed) => packed.size);
  if (String(sizes) !== String(view.maps.map((map) => map.size))) {
    view.maps = sizes.map(createMap);
    view.maps.forEach((map) => listenTo(view, map));
    view.grid.replaceChildren(...view.maps.map((map) => map.figure));
  } // else keep the elements: a map that grows while it is computed keeps its focus, and clicks do not fall between
  data.maps.forEach((packed, k) => fillMap(view.maps[k], packed, data, table));
  view.root.style.setProperty("--outline", data.outline || 0);
  drawBar(view, table);
  drawToggle(view);
  if (view.panel) outlineWaves(view); // gone if the maps are others
}

// On a phone one map is shown at a time.
function drawToggle(view) {
  const current = Math.min(view.current ?? 0, view.maps.length - 1);
  const choice = view.maps.length < 2 ? [] : view.maps;
  view.toggle.hidden = !choice.length;
  view.toggle.replaceChildren(
    ...choice.map((map, index) => {
      const label = element("label");
      const about = { type: "radio", name: `map-${view.data.key}`, checked: index === current };
      const input = label.appendChild(element("input", "", "", about));
      input.addEventListener("change", () => showOne(view, index));
      label.append(map.title);
      return label;
    }),
  );
  showOne(view, current);
}

function showOne(view, index) {
  view.current = index;
  view.maps.forEach((map, k) => map.figure.classList.toggle("current", k === index));
}

// On a phone the picture is above the map, and a finger drags across it.
function listenTo(view, map) {
  const follows = () => view.panel && view.root.classList.contains("narrow");
  map.plot.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch" && !follows()) return; // elsewhere a finger scrolls or taps; it does not hover
    view.hover = pointedAt(map, event);
    showCursor(view);
  });
  map.plot.addEventListener("pointerup", (event) => {
    if (event.pointerType === "touch" && follows()) choose(view, pointedAt(map, event), 0);
  });
  map.plot.addEventListener("pointerleave", () => {
    view.hover = null;
    showCursor(view);
  });
  map.plot.addEventListener("click", (event) => choose(view, pointedAt(map, event), 0));
  map.plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault(); // do not scroll the page
    view.hover = null;
    const step = event.shiftKey ? 5 : 1;
    const clamp = (value) => Math.max(-map.half, Math.min(map.half, value));
    const next = view.memory.frequency.map((value, k) => clamp(value + step * arrow[k]));
    choose(view, next, REST_MILLISECONDS);
  });
}

function drawBar(view, table) {
  const {
    range: [low, high],
    unit,
    maps,
  } = view.data;
  const labels = [...new Set(maps.map((map) => map.label))].join(", ");
  const scale = element("div", "scale");
  const label = element("span", "label", unit ? `${labels} (${unit})` : labels);
  const stops = Array.from({ length: 33 }, (_, k) => 3 * Math.round((255 * k) / 32));
  scale.style.background = `linear-gradient(to right, ${stops.map((at) => `rgb(${table.slice(at, at + 3)})`)})`;
  const rough = (high - low) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = magnitude * ([1, 2, 5].find((nice) => nice * magnitude >= rough * 0.999) ?? 10);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    const tick = scale.appendChild(element("span", "tick", number(view, k * step, digits)));
    tick.style.left = `${(100 * (k * step - low)) / (high - low)}%`;
  }
  view.bar.replaceChildren(label, scale);
  const values = view.maps.flatMap((map) => map.values);
  if (values.some(Number.isNaN)) view.bar.append(element("span", "key absent", "not computed"));
  if (values.some((value) => value < low || value > high)) {
    view.bar.append(element("span", "key", "Values beyond the bar have the colour of its end."));
  }
}

// Uses as many columns as fit, evenly filled. All maps get the same side, for comparison.
function layOut(view) {
  const lab = Boolean(view.panel);
  const toTheRight = lab && view.root.clientWidth >= WIDE;
  const answers = toTheRight ? Math.max(150, Math.min(220, 0.122 * innerWidth)) : 0;
  const width = view.root.clientWidth - answers;
  const count = view.maps.length;
  if (width <= 0 || !count) return;
  const narrow = width < NARROW;
  view.root.classList.toggle("single", narrow); // one map at a time
  view.root.classList.toggle("below", !toTheRight);
  view.root.style.setProperty("--answers", `${answers}px`);
  const most = Math.max(lab && !narrow ? MIN_SIDE : MAX_SIDE, innerHeight - BESIDES);
  const [wide, high] = count === 1 ? [0.36, 1.1] : [0.2, 0.7]; // one map leaves the room of a second to the picture
  const picture = Math.max(150, Math.min(wide * width, high * most)); // side, CSS pixels; the wave's is half of it
  const free = lab && !narrow ? width - 1.5 * picture - BETWEEN : width;
  const column = lab ? MIN_SIDE + GUTTER : MIN_COLUMN;
  const fitting = Math.max(1, Math.floor((free + GAP) / (column + GAP)));
  const columns = lab && narrow ? 1 : Math.ceil(count / Math.ceil(count / fitting));
  const rows = lab && !narrow ? Math.ceil(count / columns) : 1;
  const side = Math.min(Math.max(MIN_SIDE, most / rows), Math.floor((free - (columns - 1) * GAP) / columns) - GUTTER);
  view.grid.style.gridTemplateColumns = `repeat(${columns}, ${side + GUTTER}px)`;
  view.root.style.setProperty("--picture", `${Math.round(narrow ? Math.min(200, 0.5 * width) : picture)}px`);
  view.root.classList.toggle("narrow", narrow || (!lab && side < 340));
  view.root.classList.toggle("small", side < 330);
  view.root.classList.toggle("tiny", side < 260);
  for (const map of view.maps) {
    map.figure.style.setProperty("--side", `${side}px`);
    map.figure.style.setProperty("--cell", `${side / map.size}px`);
  }
  if (lab) drawThread(view);
}

// The line from the chosen cell of the last map to its wave.
function drawThread(view) {
  const { ring } = view.maps[view.maps.length - 1];
  const { canvas } = view.panel.pictures.wave;
  const from = ring.getBoundingClientRect();
  const to = canvas.getBoundingClientRect();
  const frame = view.root.getBoundingClientRect();
  const [x, y] = [from.right - frame.left + 2, (from.top + from.bottom) / 2 - frame.top];
  const [right, down] = [to.left - frame.left - 9, (to.top + to.bottom) / 2 - frame.top];
  const path = from.width ? `M${x} ${y}C${(x + right) / 2} ${y} ${(x + right) / 2} ${down} ${right} ${down}` : "";
  view.thread.querySelectorAll("svg > path").forEach((line) => line.setAttribute("d", path));
}

function showCursor(view) {
  for (const map of view.maps) {
    const cursor = view.hover ?? view.memory.frequency;
    placeMark(map, map.lines, cursor);
    placeMark(map, map.ring, view.memory.frequency);
    const [value, interval] = describe(view, map, cursor);
    const more = interval ? `${name(cursor)}, ${interval}` : name(cursor);
    map.readout.replaceChildren("This wave: ", tooltip(value, more));
  }
  if (view.panel) {
    drawPanel(view.panel, view.hover ?? view.memory.frequency, view.memory.epsilon);
    drawThread(view);
  }
}

function choose(view, frequency, delay) {
  const stopped = Boolean(view.panel) && pause(view.panel, false);
  const changed = stopped || String(frequency) !== String(view.memory.frequency);
  view.memory.frequency = frequency;
  showCursor(view);
  view.live.textContent =
    `${name(frequency)}. ` +
    [
      ...view.maps.map((map) => `${map.title}: ${describe(view, map, frequency).filter(Boolean).join(", ")}.`),
      ...answersText(view),
    ].join(" ");
  if (changed) report(view, delay);
}

function report(view, delay) {
  clearTimeout(view.timer);
  const { frequency, epsilon } = view.memory;
  view.timer = setTimeout(() => view.send(epsilon === undefined ? frequency : [...frequency, epsilon]), delay);
}

// Elements of a map, without content.
function createMap(size) {
  const half = (size - 1) / 2;
  const map = { size, half, figure: element("figure", "map") };
  const caption = map.figure.appendChild(element("figcaption"));
  map.heading = caption.appendChild(element("div", "title"));
  map.subheading = caption.appendChild(element("div", "subtitle"));
  const frame = map.figure.appendChild(element("div", "frame"));
  map.plot = element("div", "plot", "", { tabIndex: 0, role: "application", ariaRoleDescription: "heat map" });
  map.canvas = element("canvas");
  map.ring = element("div", "mark ring");
  map.lines = element("div", "lines");
  map.outlines = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  map.outlines.setAttribute("class", "outlines");
  map.outlined = element("div", "outlined");
  map.plot.append(map.canvas, map.outlines, element("div", "outline"), map.outlined, map.lines, map.ring);
  frame.append(ticks("down", half, "cycles down, i"), map.plot, ticks("right", half, "cycles across, j"));
  map.legend = frame.appendChild(element("div", "legend")); // of the outlined waves
  map.readout = map.figure.appendChild(element("div", "readout")); // above the map, and after it for the keyboard
  return map;
}

function fillMap(map, { title, note, colour, subtitle, label, reading, layers }, data, table) {
  const [low, high] = data.range;
  const { size, half } = map;
  const numbers = new Float32Array(unpack(layers).buffer);
  map.title = title;
  map.heading.replaceChildren(title, element("span", "note", note));
  if (colour) map.heading.prepend(element("span", "swatch"));
  map.heading.style.setProperty("--colour", colour);
  map.heading.title = note && `${title} ${note}`;
  map.subheading.textContent = subtitle;
  Object.assign(map, { label, reading });
  map.outlined.textContent = data.outline_name;
  map.outlined.classList.toggle("outside", data.outline > half); // the circle leaves the corners
  // Number in a layer: values, or values and both ends of their intervals. NaN if not computed, undefined outside.
  map.at = ([i, j], layer = 0) =>
    Math.max(Math.abs(i), Math.abs(j)) > half ? undefined : numbers[(layer * size + i + half) * size + j + half];
  map.values = [...numbers.subarray(0, size * size)];
  map.plot.ariaLabel =
    `${title}: ${label} under each wave, ${minus(-half)} to ${half} cycles per image. Arrow keys choose a wave, ` +
    "with Shift in steps of 5.";

  // One canvas pixel per cell, enlarged by CSS; missing cells stay transparent and show the hatching.
  map.canvas.width = map.canvas.height = size;
  const context = map.canvas.getContext("2d");
  const image = context.createImageData(size, size);
  map.values.forEach((value, cell) => {
    if (Number.isNaN(value)) return;
    const index = Math.max(0, Math.min(255, Math.round((255 * (value - low)) / (high - low))));
    image.data.set([...table.subarray(3 * index, 3 * index + 3), 255], 4 * cell);
  });
  context.putImageData(image, 0, 0);
}

// Places a mark at a frequency; hides it outside the map.
function placeMark(map, mark, [i, j]) {
  mark.hidden = map.at([i, j]) === undefined;
  mark.style.setProperty("--x", `${(100 * (j + map.half + 0.5)) / map.size}%`);
  mark.style.setProperty("--y", `${(100 * (i + map.half + 0.5)) / map.size}%`);
}

// Frequency of the cell under a pointer.
function pointedAt(map, event) {
  const box = map.plot.getBoundingClientRect();
  const cell = (offset, length) => Math.max(0, Math.min(map.size - 1, Math.floor((offset / length) * map.size)));
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
function describe(view, map, frequency) {
  const { decimals, unit } = view.data;
  const [value, low = NaN, high = NaN] = [0, 1, 2].map((layer) => map.at(frequency, layer));
  if (value === undefined) return ["outside this map", ""];
  if (Number.isNaN(value)) return ["not computed", ""];
  const text = (value) => number(view, value, decimals);
  const interval = Number.isNaN(low) || Number.isNaN(high) ? "" : `95% interval (${text(low)} to ${text(high)})`;
  return [`${map.reading} ${text(value)}${unit.length > 1 ? ` ${unit}` : unit}`, interval]; // 30.7%, 3.1 points
}

function number(view, value, digits) {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return text.replace("-", "");
  return view.data.signed && value > 0 ? `+${text}` : minus(text);
}
