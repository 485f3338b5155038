// Base of the painters: cells of a square picture, painted by mouse, finger or keys without a rerun, with undo.
//
// Each painter defines a `kind`:
//   name, label         name, and description with keys, for screen readers
//   over                whether the tools lie on the picture
//   tools               [tool, text of its button]
//   unpack(text, count) decodes Python's value to cells, a typed array; pack(cells) encodes them
//   begin(data)         returns the initial memory: tool, sizes by tool, and the kind's own fields
//   follow(painter)     after each run of the page: applies other changes from Python
//   build(painter)      adds the kind's elements to the stage, under its canvases
//   sizeOf(memory)      [name, minimum, maximum] of the tool's size; null if the tool has none
//   paint(memory, points)  paints along points
//   blank(memory)       value of a cleared cell; colourOf(cell) its red, green, blue and alpha
//   state(memory)       the sentence below the picture
//   show(painter)       draws; reach(memory, at) returns the cells to outline under the pointer

import { button, element, jumpTo, memoryOf, viewOf } from "../basics.js";

const MAX_UNDO = 60;
// On a phone the pictures and the button that starts a run are above the painter.
const PICTURES = ".stElementContainer[class*='-replay']";
const START = ".stElementContainer[class*='-start'] button";
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export function mountPainter(kind, { data, parentElement, setStateValue }) {
  if (!data) return;
  const painter = viewOf(parentElement, () => createPainter(kind, parentElement, data));
  const side = data.about;
  painter.data = data;
  painter.send = () =>
    setStateValue("choice", { value: kind.pack(painter.memory.cells), token: data.token, about: data.about });
  const memory = memoryOf(data, (former) => {
    const cells = kind.unpack(data.value, side * side);
    // A change by Python is an action that can be undone.
    if (former?.side === side) return { ...former, cells, undo: [...former.undo, former.cells] };
    return { side, cells, undo: [], cursor: [side >> 1, side >> 1], ...kind.begin(data) };
  });
  if (painter.memory !== memory) painter.stroke = null;
  painter.memory = memory;
  kind.follow(painter);
  layOut(painter);
}

function createPainter(kind, parentElement, data) {
  const root = element("div", kind.over ? "painter over" : "painter");
  const painter = { kind, root, data, hover: null, stroke: null, focused: false };
  const bar = root.appendChild(element("div", "bar"));
  // Tools that lie on the picture are folded; all others are in sight.
  const kit = (painter.kit = kind.over ? root.appendChild(element("div", "bar kit")) : bar);
  kit.hidden = Boolean(kind.over);
  painter.fold = button(bar, "", () => {
    kit.hidden = !kit.hidden;
    show(painter);
  });
  painter.fold.hidden = !kind.over;
  painter.state = (kind.over ? root : bar).appendChild(element("div", "state"));
  const tools = kit.appendChild(element("div", "group", "", { role: "group", ariaLabel: "Tool" }));
  painter.tools = Object.fromEntries(
    kind.tools.map(([tool, text]) => [tool, button(tools, text, () => take(painter, tool))]),
  );
  const size = kit.appendChild(element("label", "size"));
  painter.sizeName = size.appendChild(element("span"));
  painter.size = size.appendChild(element("input", "", "", { type: "range" }));
  painter.size.addEventListener("input", () => {
    const { memory } = painter;
    memory.sizes[memory.tool] = Number(painter.size.value);
    show(painter);
  });
  painter.sizeText = size.appendChild(element("span", "number"));

  const about = { tabIndex: 0, role: "application", ariaRoleDescription: kind.name, ariaLabel: kind.label };
  const stage = (painter.stage = element("div", "stage", "", about));
  if (kind.over) root.append(stage);
  else root.prepend(stage); // opened tools push nothing but what is below them
  painter.undo = button(bar, "↶", () => undo(painter), "Undo");
  painter.clear = button(bar, "Clear", () => change(painter, ({ cells }) => cells.fill(kind.blank(painter.memory))));
  kind.build(painter);
  painter.sheet = stage.appendChild(element("canvas", "sheet"));
  painter.canvas = stage.appendChild(element("canvas"));
  const below = (painter.below = root.appendChild(element("div", "below")));
  painter.begin = button(below, "", () => /** @type {HTMLElement} */ (document.querySelector(START))?.click());
  painter.begin.className = "begin";
  button(below, "Back to the picture", () => jumpTo(PICTURES));
  painter.live = root.appendChild(element("div", "visually-hidden", "", { ariaLive: "polite" }));

  listenToPointer(painter);
  stage.addEventListener("keydown", (event) => press(painter, event));
  stage.addEventListener("focus", () => {
    painter.focused = stage.matches(":focus-visible");
    show(painter);
  });
  stage.addEventListener("blur", () => {
    painter.focused = false;
    show(painter);
  });
  parentElement.appendChild(root);
  new ResizeObserver(() => layOut(painter)).observe(stage);
  return painter;
}

function listenToPointer(painter) {
  const { stage, kind } = painter;
  stage.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || painter.stroke) return;
    stage.setPointerCapture(event.pointerId);
    painter.kit.hidden ||= Boolean(kind.over); // it lies on the picture
    const at = pointedAt(painter, event);
    painter.stroke = { before: painter.memory.cells.slice(), last: at, pointer: event.pointerId };
    painter.focused = false;
    painter.hover = at;
    kind.paint(painter.memory, [at]);
    show(painter);
  });
  stage.addEventListener("pointermove", (event) => {
    const { stroke } = painter;
    if (stroke && stroke.pointer !== event.pointerId) return;
    painter.hover = pointedAt(painter, event);
    painter.focused = false;
    if (stroke) {
      kind.paint(painter.memory, linePoints(stroke.last, painter.hover));
      stroke.last = painter.hover;
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
  const { memory, kind } = painter;
  const arrow = ARROWS[event.key];
  if (arrow) {
    const far = event.shiftKey ? 10 : 1;
    memory.cursor = memory.cursor.map((at, k) => Math.max(0, Math.min(memory.side - 1, at + far * arrow[k])));
    painter.live.textContent = `column ${memory.cursor[0]}, row ${memory.cursor[1]}`;
  } else if (event.key === " ") change(painter, () => kind.paint(memory, [memory.cursor]));
  else if (event.key === "z" && (event.ctrlKey || event.metaKey)) undo(painter);
  else return;
  event.preventDefault(); // do not scroll the page
  painter.hover = null;
  painter.focused = true;
  show(painter);
}

export function take(painter, tool) {
  painter.memory.tool = tool;
  show(painter);
}

export function change(painter, action) {
  const before = painter.memory.cells.slice();
  action(painter.memory);
  finish(painter, before);
}

// Ends a stroke: stores how to undo it, and reports it to Python.
function finish(painter, before) {
  const { memory } = painter;
  if (before.some((cell, k) => cell !== memory.cells[k])) {
    memory.undo = [...memory.undo, before].slice(-MAX_UNDO);
    painter.send();
  }
  show(painter);
  painter.live.textContent = painter.state.textContent;
}

function undo(painter) {
  const { memory } = painter;
  if (painter.stroke || !memory.undo.length) return;
  memory.cells = memory.undo.pop();
  painter.send();
  show(painter);
  painter.live.textContent = painter.state.textContent;
}

function pointedAt({ stage, memory: { side } }, event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor((at * side) / box.width));
}

// The outlines are as fine as the screen.
function layOut(painter) {
  const { memory, sheet, canvas, stage } = painter;
  if (!memory) return;
  sheet.width = sheet.height = memory.side;
  canvas.width = canvas.height = Math.round(stage.clientWidth * (window.devicePixelRatio || 1));
  show(painter);
}

export function show(painter) {
  const { memory, kind, canvas, sheet } = painter;
  if (!memory) return;
  const { tool, sizes } = memory;
  const range = kind.sizeOf(memory);
  for (const [name, toolButton] of Object.entries(painter.tools)) toolButton.ariaPressed = String(name === tool);
  painter.size.disabled = !range;
  if (range) {
    const [name, least, most] = range;
    painter.sizeName.textContent = painter.size.ariaLabel = name;
    Object.assign(painter.size, { min: least, max: most, value: sizes[tool] });
  }
  painter.sizeText.textContent = range ? `${sizes[tool]} px` : "–";
  const [, name] = kind.tools.find(([name]) => name === tool) ?? [];
  const now = range ? `${name}, ${sizes[tool]} px` : name;
  painter.fold.textContent = `${now} ▾`;
  Object.assign(painter.fold, { ariaLabel: `Tools: ${now}`, ariaExpanded: String(!painter.kit.hidden) });
  // Hidden, it keeps its room: nothing moves when it appears.
  painter.undo.style.visibility = memory.undo.length ? "" : "hidden";
  painter.clear.disabled = memory.cells.every((cell) => cell === kind.blank(memory));
  painter.state.textContent = kind.state(memory);
  painter.below.hidden = !painter.data.verb;
  painter.begin.textContent = painter.data.verb ?? "";
  painter.begin.disabled = Boolean(kind.over) && painter.clear.disabled; // there is no hole

  const pixels = new ImageData(memory.side, memory.side);
  memory.cells.forEach((cell, k) => pixels.data.set(kind.colourOf(cell), 4 * k));
  sheet.getContext("2d").putImageData(pixels, 0, 0);
  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  kind.show(painter);
  const at = painter.hover ?? (painter.focused ? memory.cursor : null);
  if (at) outline(painter, kind.reach(memory, at), "#6cf");
}

// Outlines marked cells: light on dark, which is visible on every picture.
export function outline({ canvas, memory: { side } }, marked, colour) {
  const context = canvas.getContext("2d");
  const scale = canvas.width / side;
  const isMarked = (x, y) => x >= 0 && y >= 0 && x < side && y < side && marked[y * side + x] === 1;
  context.beginPath();
  for (let y = 0; y <= side; y++) {
    for (let x = 0; x <= side; x++) {
      const [left, top] = [x * scale, y * scale];
      if (isMarked(x, y) !== isMarked(x - 1, y)) {
        context.moveTo(left, top);
        context.lineTo(left, top + scale);
      }
      if (isMarked(x, y) !== isMarked(x, y - 1)) {
        context.moveTo(left, top);
        context.lineTo(left + scale, top);
      }
    }
  }
  const ratio = window.devicePixelRatio || 1;
  for (const [line, style] of [
    [3.5, "#000"],
    [1.5, colour],
  ]) {
    context.lineWidth = line * ratio;
    context.strokeStyle = style;
    context.stroke();
  }
}

// Shapes of strokes, in integers, bit for bit as tests/painter_oracle.py defines them. Points are integer image pixels
// (x to the right, y down) and may lie outside the image; `cells` is a typed array, row by row.

// Every pixel of the Bresenham line, ends included.
function* linePoints([x, y], [x1, y1]) {
  const dx = Math.abs(x1 - x);
  const dy = -Math.abs(y1 - y);
  const sx = x1 < x ? -1 : 1;
  const sy = y1 < y ? -1 : 1;
  for (let error = dx + dy; ; ) {
    yield [x, y];
    if (x === x1 && y === y1) return;
    const twice = 2 * error;
    if (twice >= dy) {
      error += dy;
      x += sx;
    }
    if (twice <= dx) {
      error += dx;
      y += sy;
    }
  }
}

// Every pixel at most `radius` from [x, y], clipped to the image.
export function disc(cells, side, [x, y], radius, value) {
  for (let row = Math.max(y - radius, 0); row <= Math.min(y + radius, side - 1); row++) {
    const half = Math.floor(Math.sqrt(radius * radius - (row - y) * (row - y)));
    const [from, to] = [Math.max(x - half, 0), Math.min(x + half, side - 1)];
    if (from <= to) cells.fill(value, row * side + from, row * side + to + 1);
  }
}
