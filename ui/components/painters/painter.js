// Base of the painters: cells of a picture, painted by mouse, finger or keys without a rerun, with undo, and enlarged
// to integer device pixels.
//
// Each painter defines a `kind`:
//   name, label         name, and description with keys, for screen readers
//   over                whether the tools lie on the picture
//   tools               [tool, text of its button, its key]
//   unpack(text, count) decodes Python's value to cells, a typed array; pack(cells) encodes them
//   begin(data)         returns the initial memory: tool, sizes by tool, and the kind's own fields
//   follow(painter)     after each run of the page: applies other changes from Python
//   build(painter)      adds the kind's elements to the stage, under its canvas, and to the folded `kit`
//   sizeOf(memory)      [name, minimum, maximum] of the tool's size; null if the tool has none
//   paint(memory, points, stroke)  paints along points; stroke = {tool, before, first, last}
//   blank(memory)       value of a cleared cell
//   press(painter, key) handles the kind's own keys; returns true if it did
//   state(memory), cellName(memory)  the sentence below the picture; the name of the cell under the cursor
//   show(painter)       draws; reach(painter, at) returns {cells, colour} to outline under the pointer

import { button, element } from "../basics.js";

const MAX_REACH = 4000; // pixels outside the image that a pointer can reach; keeps an ellipse's integers exact
const MAX_SIDE = [300, 620]; // CSS pixels: limits of the picture's side, which else follows the window's height
const OF_WINDOW = 0.58;
const MAX_UNDO = 60;
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

const painters = new WeakMap(); // parentElement -> painter
const remembered = new Map(); // data.key -> cells, undo, redo, tool, sizes: survives a remount by Streamlit

export function mountPainter(kind, { data, parentElement, setStateValue, setTriggerValue }) {
  if (!data) return;
  if (!painters.has(parentElement)) painters.set(parentElement, createPainter(kind, parentElement, data));
  const painter = painters.get(parentElement);
  const [height, width] = data.about;
  const count = width * height;
  painter.data = data;
  painter.trigger = (name) => setTriggerValue(name, true);
  painter.send = () =>
    setStateValue("choice", { value: kind.pack(painter.memory.cells), token: data.token, about: data.about });
  let memory = remembered.get(data.key);
  if (!memory || memory.width !== width || memory.height !== height) {
    memory = {
      width,
      height,
      token: data.token,
      cells: kind.unpack(data.value, count),
      undo: [],
      redo: [],
      cursor: [Math.floor(width / 2), Math.floor(height / 2)],
      ...kind.begin(data),
    };
  } else if (memory.token !== data.token) {
    // Python has changed the picture: treat it as an action that can be undone.
    painter.stroke = null;
    memory.token = data.token;
    remember(memory, memory.cells);
    memory.cells = kind.unpack(data.value, count);
  }
  remembered.set(data.key, memory);
  painter.memory = memory;
  kind.follow(painter);
  layOut(painter);
}

function createPainter(kind, parentElement, data) {
  const root = element("div", kind.over ? "painter over" : "painter");
  const painter = { kind, root, data, hover: null, stroke: null, focused: false };
  const bar = root.appendChild(element("div", "bar"));
  const kit = (painter.kit = root.appendChild(element("div", "bar kit")));
  kit.hidden = true;
  painter.fold = button(bar, "", () => {
    kit.hidden = !kit.hidden;
    show(painter);
  });
  painter.state = (kind.over ? root : bar).appendChild(element("div", "state"));
  painter.undo = button(bar, "↶", () => step(painter, "undo", "redo"), "Undo");
  painter.redo = button(bar, "↷", () => step(painter, "redo", "undo"), "Redo");
  const tools = kit.appendChild(element("div", "group"));
  tools.setAttribute("role", "group");
  tools.setAttribute("aria-label", "Tool");
  painter.tools = Object.fromEntries(
    kind.tools.map(([tool, text]) => [tool, button(tools, text, () => take(painter, tool))]),
  );
  const size = kit.appendChild(element("label", "size"));
  painter.sizeName = size.appendChild(element("span"));
  painter.size = size.appendChild(element("input"));
  painter.size.type = "range";
  painter.size.addEventListener("input", () => resize(painter, Number(painter.size.value)));
  painter.sizeText = size.appendChild(element("span", "number"));

  const stage = (painter.stage = element("div", "stage"));
  if (kind.over) root.append(stage);
  else root.prepend(stage); // opened tools push nothing but what is below them
  stage.tabIndex = 0;
  stage.setAttribute("role", "application");
  stage.setAttribute("aria-roledescription", kind.name);
  stage.setAttribute("aria-label", kind.label);

  painter.clear = button(kit, "Clear", () => change(painter, ({ cells }) => cells.fill(kind.blank(painter.memory))));
  kind.build(painter);
  painter.canvas = stage.appendChild(element("canvas"));
  painter.live = root.appendChild(element("div", "visually-hidden"));
  painter.live.setAttribute("aria-live", "polite");

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
  new ResizeObserver(() => layOut(painter)).observe(root);
  return painter;
}

function listenToPointer(painter) {
  const { stage, kind } = painter;
  stage.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || painter.stroke) return;
    stage.setPointerCapture(event.pointerId);
    painter.kit.hidden ||= Boolean(kind.over); // it lies on the picture
    const at = pointedAt(painter, event);
    painter.stroke = { ...begin(painter, at), pointer: event.pointerId };
    painter.focused = false;
    painter.hover = at;
    kind.paint(painter.memory, [at], painter.stroke);
    show(painter);
  });
  stage.addEventListener("pointermove", (event) => {
    if (painter.stroke && painter.stroke.pointer !== event.pointerId) return;
    // The browser coalesces quick movements; the event holds every position of the pointer.
    const bundle = event.getCoalescedEvents?.() ?? [];
    const places = (bundle.length ? bundle : [event]).map((moment) => pointedAt(painter, moment));
    painter.hover = places.at(-1);
    painter.focused = false;
    if (painter.stroke) {
      for (const at of places) {
        const points = linePoints(painter.stroke.last, at);
        painter.stroke.last = at;
        kind.paint(painter.memory, points, painter.stroke);
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
  const { memory, kind } = painter;
  const key = event.key;
  const low = key.toLowerCase();
  const command = event.ctrlKey || event.metaKey;
  const tool = kind.tools.find(([, , shortcut]) => shortcut === low);
  if (event.altKey || (command && !"zy".includes(low))) return;
  if (ARROWS[key]) {
    const far = event.shiftKey ? 10 : 1;
    const limits = [memory.width - 1, memory.height - 1];
    memory.cursor = memory.cursor.map((at, k) => Math.max(0, Math.min(limits[k], at + far * ARROWS[key][k])));
    painter.hover = null;
    painter.live.textContent = `column ${memory.cursor[0]}, row ${memory.cursor[1]}${kind.cellName(memory)}`;
  } else if (kind.press(painter, key)) {
    // a key of the kind's own
  } else if (key === " ") {
    painter.hover = null;
    change(painter, () => kind.paint(memory, [memory.cursor], begin(painter, memory.cursor)));
  } else if (key === "+" || key === "=") resize(painter, memory.sizes[memory.tool] + 1);
  else if (key === "-") resize(painter, memory.sizes[memory.tool] - 1);
  else if (low === "y" || (low === "z" && event.shiftKey)) step(painter, "redo", "undo");
  else if (low === "z") step(painter, "undo", "redo");
  else if (tool) {
    take(painter, tool[0]);
    painter.live.textContent = tool[1];
  } else return;
  event.preventDefault(); // do not scroll the page
  painter.focused = true;
  show(painter);
}

export const begin = ({ memory }, at) => ({ tool: memory.tool, before: memory.cells.slice(), first: at, last: at });

export function take(painter, tool) {
  const { memory } = painter;
  if (tool !== memory.tool) memory.previous = memory.tool;
  memory.tool = tool;
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
  memory[to].push(memory.cells);
  memory.cells = memory[from].pop();
  painter.send();
  show(painter);
  painter.live.textContent = painter.state.textContent;
}

function resize(painter, size) {
  const { memory } = painter;
  const range = painter.kind.sizeOf(memory);
  if (range) memory.sizes[memory.tool] = Math.max(range[1], Math.min(range[2], Math.round(size)));
  show(painter);
}

function pointedAt({ stage, memory: { width, height } }, event) {
  const box = stage.getBoundingClientRect();
  const clamp = (value) => Math.max(-MAX_REACH, Math.min(MAX_REACH, value));
  return [
    clamp(Math.floor(((event.clientX - box.left) * width) / box.width)),
    clamp(Math.floor(((event.clientY - box.top) * height) / box.height)),
  ];
}

// Makes the picture as large as fits, with integer device pixels per image pixel unless that wastes more than a
// twentieth.
function layOut(painter) {
  const { memory, stage, canvas } = painter;
  const [least, most] = MAX_SIDE;
  const room = Math.min(Math.max(least, Math.min(most, OF_WINDOW * innerHeight)), painter.root.clientWidth);
  if (!memory || !room) return;
  const ratio = window.devicePixelRatio || 1;
  const whole = (Math.floor((room * ratio) / memory.width) * memory.width) / ratio;
  const across = whole > room * 0.95 ? whole : room;
  stage.style.width = `${across}px`;
  stage.style.height = `${(across * memory.height) / memory.width}px`;
  canvas.width = Math.round(across * ratio);
  canvas.height = Math.round((across * ratio * memory.height) / memory.width);
  show(painter);
}

export function show(painter) {
  const { memory, kind, canvas } = painter;
  if (!memory) return;
  const { tool, sizes } = memory;
  const range = kind.sizeOf(memory);
  for (const [name, toolButton] of Object.entries(painter.tools))
    toolButton.setAttribute("aria-pressed", String(name === tool));
  painter.size.disabled = !range;
  if (range) {
    const [name, least, most] = range;
    painter.sizeName.textContent = name;
    painter.size.min = least;
    painter.size.max = most;
    painter.size.value = sizes[tool];
  }
  painter.sizeText.textContent = range ? `${sizes[tool]} px` : "–";
  const [, name] = kind.tools.find(([name]) => name === tool) ?? [];
  const now = range ? `${name}, ${sizes[tool]} px` : name;
  painter.fold.textContent = `${now} ▾`;
  painter.fold.setAttribute("aria-label", `Tools: ${now}`);
  painter.fold.setAttribute("aria-expanded", String(!painter.kit.hidden));
  // Hidden, they keep their room: nothing moves when they appear.
  for (const way of ["undo", "redo"]) painter[way].style.visibility = memory[way].length ? "" : "hidden";
  painter.clear.disabled = memory.cells.every((cell) => cell === kind.blank(memory));
  painter.state.textContent = kind.state(memory);

  canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
  kind.show(painter);
  const at = painter.hover ?? (painter.focused ? memory.cursor : null);
  if (!at) return;
  const { cells, colour } = kind.reach(painter, at);
  outline(painter, cells, colour);
}

// Outlines marked cells: light on dark, so that the border is visible on every picture.
export function outline({ canvas, memory: { width, height } }, marked, colour) {
  const context = canvas.getContext("2d");
  const scale = canvas.width / width;
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && marked[y * width + x];
  context.beginPath();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!marked[y * width + x]) continue;
      const [left, top, right, bottom] = [x * scale, y * scale, (x + 1) * scale, (y + 1) * scale];
      if (!inside(x - 1, y)) {
        context.moveTo(left, top);
        context.lineTo(left, bottom);
      }
      if (!inside(x + 1, y)) {
        context.moveTo(right, top);
        context.lineTo(right, bottom);
      }
      if (!inside(x, y - 1)) {
        context.moveTo(left, top);
        context.lineTo(right, top);
      }
      if (!inside(x, y + 1)) {
        context.moveTo(left, bottom);
        context.lineTo(right, bottom);
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
export function disc(cells, width, height, [x, y], radius, value) {
  for (let row = Math.max(y - radius, 0); row <= Math.min(y + radius, height - 1); row++) {
    const square = radius * radius - (row - y) * (row - y);
    let half = Math.floor(Math.sqrt(square));
    while (half * half > square) half--;
    while ((half + 1) * (half + 1) <= square) half++;
    const from = Math.max(x - half, 0);
    const to = Math.min(x + half, width - 1);
    if (from <= to) cells.fill(value, row * width + from, row * width + to + 1);
  }
}

// Every pixel whose centre lies in the ellipse inscribed in the box of two corner pixels, both included.
export function ellipse(cells, width, height, [x, y], [x1, y1], value) {
  const across = Math.abs(x1 - x) + 1;
  const down = Math.abs(y1 - y) + 1;
  for (let row = Math.max(Math.min(y, y1), 0); row <= Math.min(Math.max(y, y1), height - 1); row++) {
    for (let column = Math.max(Math.min(x, x1), 0); column <= Math.min(Math.max(x, x1), width - 1); column++) {
      const right = (2 * column - x - x1) * down;
      const below = (2 * row - y - y1) * across;
      if (right * right + below * below <= across * across * down * down) cells[row * width + column] = value;
    }
  }
}

// Flood fill: every pixel connected to [x, y] by edges between pixels of its value.
export function flood(cells, width, height, [x, y], value) {
  if (x < 0 || y < 0 || x >= width || y >= height) return;
  const former = cells[y * width + x];
  const open = [[x, y]];
  if (former === value) return;
  for (let at = open.pop(); at; at = open.pop()) {
    const [column, row] = at;
    if (column < 0 || row < 0 || column >= width || row >= height || cells[row * width + column] !== former) continue;
    cells[row * width + column] = value;
    open.push([column - 1, row], [column + 1, row], [column, row - 1], [column, row + 1]);
  }
}
