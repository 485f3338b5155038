// Paints a hole into a picture. The mask is one byte per image pixel; the screen only enlarges it.
// Points are whole image pixels (x to the right, y down) and may lie outside the image. What a stroke paints is
// defined in tests/painter_oracle.py, with integers only; the first functions here do the same, bit for bit.

import { button } from "./buttons.js";
import { element } from "./dom.js";

const MAX_REACH = 32768; // pixels outside the image that a pointer can reach, as in tests/painter_oracle.py
const MAX_SIDE = 340; // CSS pixels: the picture's side at most
const MAX_UNDO = 60;
const TOOLS = [["square", "Square"], ["brush", "Brush"], ["eraser", "Eraser"]];
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// Every pixel of the Bresenham line, ends included.
function* linePoints([x, y], [x1, y1]) {
  const dx = Math.abs(x1 - x), dy = -Math.abs(y1 - y);
  const sx = x1 < x ? -1 : 1, sy = y1 < y ? -1 : 1;
  for (let error = dx + dy; ;) {
    yield [x, y];
    if (x === x1 && y === y1) return;
    const twice = 2 * error;
    if (twice >= dy) { error += dy; x += sx; }
    if (twice <= dx) { error += dx; y += sy; }
  }
}

// A square of `side` pixels around [x, y], moved inside the image, never cut.
function stamp(mask, width, height, [x, y], side) {
  const left = Math.min(Math.max(x - Math.floor(side / 2), 0), width - side);
  const top = Math.min(Math.max(y - Math.floor(side / 2), 0), height - side);
  for (let row = top; row < top + side; row++) mask.fill(1, row * width + left, row * width + left + side);
}

// Every pixel at most `radius` from [x, y]; what falls outside the image is lost.
function disc(mask, width, height, [x, y], radius, value) {
  for (let row = Math.max(y - radius, 0); row <= Math.min(y + radius, height - 1); row++) {
    const square = radius * radius - (row - y) * (row - y);
    let half = Math.floor(Math.sqrt(square));
    while (half * half > square) half--;
    while ((half + 1) * (half + 1) <= square) half++;
    const from = Math.max(x - half, 0), to = Math.min(x + half, width - 1);
    if (from <= to) mask.fill(value, row * width + from, row * width + to + 1);
  }
}

// Packed bits in base64, the first pixel in a byte's highest bit.
function packMask(mask) {
  const bytes = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((bit, k) => { bytes[k >> 3] |= bit << (7 - (k & 7)); });
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function unpackMask(base64, count) {
  const text = atob(base64);
  return Uint8Array.from({ length: count }, (_, k) => (text.charCodeAt(k >> 3) >> (7 - (k & 7))) & 1);
}

const painters = new WeakMap(); // parentElement -> painter
const remembered = new Map(); // data.key -> mask, undo, redo, tool, sizes: survives when Streamlit mounts us anew

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data) return;
  if (!painters.has(parentElement)) painters.set(parentElement, createPainter(parentElement));
  const painter = painters.get(parentElement);
  const [height, width] = data.about;
  painter.data = data;
  painter.send = () =>
    setStateValue("choice", { value: packMask(painter.memory.mask), token: data.token, about: data.about });
  painter.askForPlace = () => setTriggerValue("random", true);
  let memory = remembered.get(data.key);
  if (!memory || memory.width !== width || memory.height !== height) {
    memory = {
      width, height, token: data.token, mask: unpackMask(data.value, width * height), undo: [], redo: [],
      tool: "square", side: data.side, sizes: { square: data.side, brush: data.radius, eraser: data.radius },
      cursor: [Math.floor(width / 2), Math.floor(height / 2)],
    };
  } else if (memory.token !== data.token) {
    // Python has changed the mask: an action like any other, which can be undone.
    painter.stroke = null;
    memory.token = data.token;
    remember(memory, memory.mask);
    memory.mask = unpackMask(data.value, width * height);
  }
  if (memory.side !== data.side) memory.side = memory.sizes.square = data.side; // Python offers another square
  remembered.set(data.key, memory);
  painter.memory = memory;
  if (painter.picture.getAttribute("src") !== data.picture) {
    painter.picture.src = data.picture;
    painter.picture.alt = data.alt;
  }
  layOut(painter);
}

function createPainter(parentElement) {
  const root = element("div", "painter");
  const painter = { root, hover: null, stroke: null, focused: false };
  const bar = root.appendChild(element("div", "bar"));
  const tools = bar.appendChild(element("div", "group"));
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", "Tool");
  painter.tools = Object.fromEntries(TOOLS.map(([tool, text]) => {
    const chosen = button(tools, text, () => { painter.memory.tool = tool; show(painter); });
    return [tool, chosen];
  }));
  const size = bar.appendChild(element("label", "size"));
  painter.sizeName = size.appendChild(element("span"));
  painter.size = size.appendChild(element("input"));
  painter.size.type = "range";
  painter.size.addEventListener("input", () => resize(painter, Number(painter.size.value)));
  painter.sizeText = size.appendChild(element("span", "number"));

  const stage = painter.stage = root.appendChild(element("div", "stage"));
  painter.picture = stage.appendChild(element("img"));
  painter.picture.draggable = false;
  painter.canvas = stage.appendChild(element("canvas"));
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-roledescription", "mask painter");
  stage.setAttribute("aria-label", "Hole in the picture. Arrow keys move the cursor, with Shift in steps of 10; Space " +
    "paints; plus and minus change the size; S, B and E choose square, brush and eraser; Z undoes, Y redoes.");

  const actions = root.appendChild(element("div", "bar"));
  const group = actions.appendChild(element("div", "group"));
  painter.undo = button(group, "Undo", () => step(painter, "undo", "redo"));
  painter.redo = button(group, "Redo", () => step(painter, "redo", "undo"));
  painter.clear = button(group, "Clear", () => change(painter, (mask) => mask.fill(0)));
  button(actions, "Random place", () => painter.askForPlace());
  painter.state = root.appendChild(element("div", "state"));
  painter.live = root.appendChild(element("div", "spoken"));
  painter.live.setAttribute("aria-live", "polite");

  listenToPointer(painter);
  stage.addEventListener("keydown", (event) => press(painter, event));
  stage.addEventListener("focus", () => { painter.focused = stage.matches(":focus-visible"); show(painter); });
  stage.addEventListener("blur", () => { painter.focused = false; show(painter); });
  parentElement.appendChild(root);
  new ResizeObserver(() => layOut(painter)).observe(root);
  return painter;
}

function listenToPointer(painter) {
  const { stage } = painter;
  stage.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || painter.stroke) return;
    stage.setPointerCapture(event.pointerId);
    const at = pointedAt(painter, event);
    painter.stroke = { before: painter.memory.mask.slice(), last: at, pointer: event.pointerId };
    painter.focused = false;
    painter.hover = at;
    paint(painter, [at]);
    show(painter);
  });
  stage.addEventListener("pointermove", (event) => {
    if (painter.stroke && painter.stroke.pointer !== event.pointerId) return;
    // The browser bundles quick movements; the bundle holds every place the pointer has been.
    const bundle = event.getCoalescedEvents?.() ?? [];
    const places = (bundle.length ? bundle : [event]).map((one) => pointedAt(painter, one));
    painter.hover = places.at(-1);
    painter.focused = false;
    if (painter.stroke) {
      for (const at of places) {
        paint(painter, linePoints(painter.stroke.last, at));
        painter.stroke.last = at;
      }
    }
    show(painter);
  });
  const end = (event) => {
    if (!painter.stroke || painter.stroke.pointer !== event.pointerId) return;
    const { before } = painter.stroke;
    painter.stroke = null;
    if (event.pointerType !== "mouse") painter.hover = null;
    finish(painter, before);
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
  stage.addEventListener("pointerleave", () => {
    if (!painter.stroke) painter.hover = null;
    show(painter);
  });
}

function press(painter, event) {
  const { memory } = painter, key = event.key, low = key.toLowerCase();
  const command = event.ctrlKey || event.metaKey;
  const tool = { s: "square", b: "brush", e: "eraser" }[low];
  if (event.altKey || (command && !"zy".includes(low))) return;
  if (ARROWS[key]) {
    const far = event.shiftKey ? 10 : 1, limits = [memory.width - 1, memory.height - 1];
    memory.cursor = memory.cursor.map((at, k) => Math.max(0, Math.min(limits[k], at + far * ARROWS[key][k])));
    painter.hover = null;
    painter.live.textContent = `column ${memory.cursor[0]}, row ${memory.cursor[1]}`;
  } else if (key === " ") {
    painter.hover = null;
    change(painter, () => paint(painter, [memory.cursor]));
  } else if (key === "+" || key === "=") resize(painter, memory.sizes[memory.tool] + 1);
  else if (key === "-") resize(painter, memory.sizes[memory.tool] - 1);
  else if (low === "y" || (low === "z" && event.shiftKey)) step(painter, "redo", "undo");
  else if (low === "z") step(painter, "undo", "redo");
  else if (tool) memory.tool = tool;
  else return;
  event.preventDefault(); // do not scroll the page
  painter.focused = true;
  show(painter);
}

function paint(painter, points) {
  const { mask, width, height, tool, sizes } = painter.memory;
  for (const at of points) {
    if (tool === "square") stamp(mask, width, height, at, sizes.square);
    else disc(mask, width, height, at, sizes[tool], tool === "brush" ? 1 : 0);
  }
}

function change(painter, action) {
  const before = painter.memory.mask.slice();
  action(painter.memory.mask);
  finish(painter, before);
}

// The end of a stroke: remember how to undo it, and tell Python.
function finish(painter, before) {
  const { memory } = painter;
  if (before.some((bit, k) => bit !== memory.mask[k])) {
    remember(memory, before);
    painter.send();
  }
  show(painter);
  painter.live.textContent = painter.state.textContent;
}

function remember(memory, before) {
  memory.undo.push(before.slice());
  if (memory.undo.length > MAX_UNDO) memory.undo.shift();
  memory.redo = [];
}

function step(painter, from, to) {
  const { memory } = painter;
  if (painter.stroke || !memory[from].length) return;
  memory[to].push(memory.mask);
  memory.mask = memory[from].pop();
  painter.send();
  show(painter);
}

function resize(painter, size) {
  const { memory } = painter, [least, most] = sizeRange(memory);
  memory.sizes[memory.tool] = Math.max(least, Math.min(most, Math.round(size)));
  show(painter);
}

function sizeRange({ tool, width, height }) {
  const side = Math.min(width, height);
  return tool === "square" ? [1, side] : [0, Math.floor(side / 4)];
}

function pointedAt({ stage, memory: { width, height } }, event) {
  const box = stage.getBoundingClientRect();
  const clamp = (value) => Math.max(-MAX_REACH, Math.min(MAX_REACH, value));
  return [
    clamp(Math.floor(((event.clientX - box.left) * width) / box.width)),
    clamp(Math.floor(((event.clientY - box.top) * height) / box.height)),
  ];
}

// As large as fits; a whole number of device pixels for each image pixel, unless that wastes more than an eighth.
function layOut(painter) {
  const { memory, stage, canvas } = painter;
  const room = Math.min(MAX_SIDE, painter.root.clientWidth);
  if (!memory || !room) return;
  const ratio = window.devicePixelRatio || 1;
  const whole = (Math.floor((room * ratio) / memory.width) * memory.width) / ratio;
  const across = whole > room * 0.875 ? whole : room;
  stage.style.width = `${across}px`;
  stage.style.height = `${(across * memory.height) / memory.width}px`;
  canvas.width = Math.round(across * ratio);
  canvas.height = Math.round((across * ratio * memory.height) / memory.width);
  show(painter);
}

function show(painter) {
  const { memory, canvas, tools } = painter;
  if (!memory) return;
  const { width, height, mask, tool, sizes } = memory, [least, most] = sizeRange(memory);
  for (const [name, chosen] of Object.entries(tools)) chosen.setAttribute("aria-pressed", String(name === tool));
  painter.sizeName.textContent = tool === "square" ? "Side" : "Radius";
  painter.size.min = least;
  painter.size.max = most;
  painter.size.value = sizes[tool];
  painter.sizeText.textContent = `${sizes[tool]} px`;
  painter.undo.disabled = !memory.undo.length;
  painter.redo.disabled = !memory.redo.length;
  let count = 0;
  for (const bit of mask) count += bit;
  painter.clear.disabled = !count;
  const share = ((100 * count) / mask.length).toFixed(1);
  painter.state.textContent = count
    ? `Hole: ${count.toLocaleString("en")} of ${mask.length.toLocaleString("en")} pixels, ${share} %`
    : "No hole yet: click or drag on the picture.";

  const context = canvas.getContext("2d"), scale = canvas.width / width;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "rgb(214 39 140 / 0.5)";
  fillRuns(context, mask, width, height, scale);
  outline(context, mask, width, height, scale, "#fff");
  const at = painter.hover ?? (painter.focused ? memory.cursor : null);
  if (!at) return;
  const reach = new Uint8Array(mask.length);
  if (tool === "square") stamp(reach, width, height, at, sizes.square);
  else disc(reach, width, height, at, sizes[tool], 1);
  outline(context, reach, width, height, scale, tool === "eraser" ? "#ffb000" : "#6cf");
}

function fillRuns(context, mask, width, height, scale) {
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!mask[row * width + column]) continue;
      const first = column;
      while (column + 1 < width && mask[row * width + column + 1]) column++;
      const top = Math.round(row * scale), left = Math.round(first * scale); // whole device pixels: no seams
      context.fillRect(left, top, Math.round((column + 1) * scale) - left, Math.round((row + 1) * scale) - top);
    }
  }
}

// The border between painted and unpainted pixels: light on dark, so that it shows on every picture.
function outline(context, mask, width, height, scale, colour) {
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x];
  context.beginPath();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!mask[y * width + x]) continue;
      const [l, t, r, b] = [x * scale, y * scale, (x + 1) * scale, (y + 1) * scale];
      if (!inside(x - 1, y)) { context.moveTo(l, t); context.lineTo(l, b); }
      if (!inside(x + 1, y)) { context.moveTo(r, t); context.lineTo(r, b); }
      if (!inside(x, y - 1)) { context.moveTo(l, t); context.lineTo(r, t); }
      if (!inside(x, y + 1)) { context.moveTo(l, b); context.lineTo(r, b); }
    }
  }
  const ratio = window.devicePixelRatio || 1;
  for (const [line, style] of [[3.5, "#000"], [1.5, colour]]) {
    context.lineWidth = line * ratio;
    context.strokeStyle = style;
    context.stroke();
  }
}
