// Replays runs of one or two classifiers: pictures, curves and numbers of one step, and the buttons that move it.
// Texts come from run files, which may come from anyone: they are only ever set as textContent.

const FACTORS = [1, 2, 5, 10, 20, 50];
const COLOURS = ["#0072B2", "#D55E00"], DASHES = ["none", "6 3"];
const PLAY_MS = 4000, MIN_FRAME_MS = 33, MAX_FRAME_MS = 300; // a whole replay, and one frame of it
const MIN_LOSS = 1e-6; // the logarithmic axis ends here at the latest
const CURVES = ["probability", "loss", "change"];
const SVG = "http://www.w3.org/2000/svg";

const views = new WeakMap(); // parentElement -> view
const remembered = new Map(); // data.key -> mode, factor, border, and the moment in view: survives a new mount

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!views.has(parentElement)) views.set(parentElement, createView(parentElement));
  const view = views.get(parentElement);
  view.trigger = (name) => setTriggerValue(name, true);
  if (view.version === data.version) return; // the same run: the place in it is the visitor's
  view.version = data.version;
  if (!remembered.has(data.key)) remembered.set(data.key, { mode: "picture", factor: 10, border: 50 });
  view.memory = remembered.get(data.key);
  load(view, data);
}

async function load(view, data) {
  const [start, ...frames] = await Promise.all([data.start, ...data.models.map((model) => model.frames)].map(data.packed ? inflate : (text) => unpack(text)));
  if (view.version !== data.version) return; // a newer one has come meanwhile
  stop(view);
  const { memory } = view, last = data.frame_steps.length - 1;
  for (const bytes of frames) undoDifferences(bytes, start.length);
  // One that has ended begins at its last moment; a run in progress shows those that are new, one after the other.
  const goesOn = data.live?.state === "running";
  if (memory.version !== data.version) Object.assign(memory, { version: data.version, frame: goesOn ? 0 : last });
  if (memory.id !== data.id) Object.assign(memory, { id: data.id, row: 0 });
  view.data = data;
  view.start = start;
  view.models = data.models.map((model, k) => ({
    ...model, frames: frames[k], values: floats(model.values), curves: floats(model.curves),
  }));
  const shape = JSON.stringify([data.kind, data.width, data.height, data.targets.length, data.models.map((one) => one.title)]);
  if (view.shape !== shape) {
    view.shape = shape; // else the elements stay: the focus, and clicks between two moments, are not lost
    buildPictures(view);
  }
  for (const [k, model] of view.models.entries()) say(view.columns[k].title, model.title);
  drawCharts(view);
  drawTransport(view);
  drawTop(view);
  show(view);
  if (goesOn) playFrom(view, (1000 * data.live.seconds) / (last + 1));
}

// ---- bytes -------------------------------------------------------------------------------------------------------

const floats = (base64) => new Float32Array(unpack(base64).buffer);

async function inflate(base64) {
  const stream = new Blob([unpack(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Frames come as differences to the frame before, modulo 256, as in a run's file.
function undoDifferences(bytes, size) {
  for (let k = size; k < bytes.length; k++) bytes[k] += bytes[k - size];
}

// ---- elements ----------------------------------------------------------------------------------------------------

function createView(parentElement) {
  const root = element("div", "replay"), view = { root, columns: [], timer: null };
  const bar = root.appendChild(element("div", "bar"));
  const modes = bar.appendChild(element("div", "group"));
  modes.setAttribute("role", "group");
  modes.setAttribute("aria-label", "What the pictures show");
  view.modes = { picture: "Picture", wipe: "Wipe", change: "Change" };
  for (const [mode, text] of Object.entries(view.modes)) {
    view.modes[mode] = button(modes, text, () => { view.memory.mode = mode; show(view); }, text);
  }
  view.factor = bar.appendChild(element("select"));
  view.factor.setAttribute("aria-label", "How many times the change is amplified");
  for (const factor of FACTORS) view.factor.add(new Option(`× ${factor}`, factor));
  view.factor.addEventListener("change", () => {
    Object.assign(view.memory, { factor: Number(view.factor.value), mode: "change" });
    show(view);
  });
  view.note = bar.appendChild(element("span", "note"));

  const transport = root.appendChild(element("div", "transport"));
  const steps = transport.appendChild(element("div", "group"));
  view.moves = [
    button(steps, "|◀", () => go(view, 0), "First step"),
    button(steps, "◀", () => go(view, view.memory.frame - 1), "Step back"),
    (view.play = button(steps, "Play", () => (view.timer ? pause(view) : play(view)), "Play")),
    button(steps, "▶", () => go(view, view.memory.frame + 1), "Step forward"),
    button(steps, "▶|", () => go(view, Infinity), "Last step"),
  ];
  view.scrubber = transport.appendChild(element("input", "scrubber"));
  Object.assign(view.scrubber, { type: "range", min: 0, step: 1 });
  view.scrubber.setAttribute("aria-label", "Step of the run");
  view.scrubber.addEventListener("input", () => go(view, Number(view.scrubber.value)));
  view.step = transport.appendChild(element("output", "step"));
  view.live = transport.appendChild(element("div", "group"));
  view.pause = button(view.live, "Pause", () => view.trigger("pause"), "Pause the run");
  view.resume = button(view.live, "Continue", () => view.trigger("resume"), "Continue the run");
  view.stop = button(view.live, "Stop", () => view.trigger("stop"), "Stop the run");
  const stage = root.appendChild(element("div", "stage"));
  view.pictures = stage.appendChild(element("div", "pictures"));
  view.charts = stage.appendChild(element("div", "charts"));
  view.live.hidden = true;
  view.top = root.appendChild(element("div", "top"));
  view.dialog = root.appendChild(element("dialog"));
  root.addEventListener("keydown", (event) => press(view, event));
  parentElement.appendChild(root);
  return view;
}

function buildPictures(view) {
  const { data, pictures } = view, many = data.targets.length > 1;
  view.dialog.close();
  view.root.classList.toggle("many", many);
  view.root.classList.toggle("crisp", data.width < 100);
  view.root.style.setProperty("--models", data.models.length);
  view.root.style.setProperty("--tile", `${data.targets.length > 8 ? 76 : data.targets.length > 4 ? 110 : 150}px`);
  view.columns = data.models.map((model, k) => {
    const column = element("section", "model");
    const title = column.appendChild(element("h2"));
    const tiles = column.appendChild(element("div", "tiles"));
    const figures = data.targets.map((target, row) => createFigure(view, tiles, k, row, many));
    const verdict = column.appendChild(element("p", "verdict"));
    column.style.setProperty("--colour", COLOURS[k]);
    return { column, title, figures, verdict };
  });
  pictures.replaceChildren(...view.columns.map((one) => one.column));
}

// A picture; among several it is a button that opens it large.
function createFigure(view, parent, k, row, many) {
  const figure = parent.appendChild(element("figure"));
  const frame = figure.appendChild(element(many ? "button" : "div", "frame"));
  const canvas = frame.appendChild(element("canvas"));
  Object.assign(canvas, { width: view.data.width, height: view.data.height });
  const border = frame.appendChild(element("div", "border"));
  const made = { figure, frame, canvas, border, caption: null, range: null };
  if (many) {
    made.caption = figure.appendChild(element("figcaption"));
    frame.type = "button";
    frame.addEventListener("click", () => { view.memory.row = row; drawCharts(view); drawTop(view); show(view); enlarge(view); });
  } else {
    canvas.setAttribute("role", "img");
    // The range covers the picture and is invisible itself: it gives pointer, finger and keyboard for nothing.
    made.range = frame.appendChild(element("input", "wipe"));
    Object.assign(made.range, { type: "range", min: 0, max: 100, step: 0.5 });
    made.range.setAttribute("aria-label", "Border between the start and this step");
    made.range.addEventListener("input", () => { view.memory.border = Number(made.range.value); show(view); });
  }
  return made;
}

// The chosen picture of every classifier, large, with the buttons of the page's own bar.
function enlarge(view) {
  const { dialog, data, memory } = view;
  const head = element("div", "bar");
  head.append(element("h2", "", `${memory.row + 1}: ${data.targets[memory.row]}`));
  button(head, "Close", () => dialog.close(), "Close");
  const row = element("div", "large");
  view.large = view.models.map((model, k) => {
    const section = row.appendChild(element("section"));
    section.append(element("h2", "", model.title));
    const made = createFigure(view, section, k, memory.row, false);
    return { ...made, verdict: section.appendChild(element("p", "verdict")) };
  });
  dialog.replaceChildren(head, row, element("p", "note", "Space plays, arrow keys step, Home and End go to the ends, Escape closes."));
  dialog.showModal();
  show(view);
}

// ---- moving ------------------------------------------------------------------------------------------------------

function go(view, frame, playing = false) {
  if (!playing) pause(view);
  const last = view.data.frame_steps.length - 1;
  view.memory.frame = Math.max(0, Math.min(last, frame));
  show(view);
}

function play(view) {
  const count = view.data.frame_steps.length;
  if (count < 2) return;
  if (view.memory.frame === count - 1) view.memory.frame = 0;
  playFrom(view, Math.max(MIN_FRAME_MS, Math.min(MAX_FRAME_MS, PLAY_MS / count)));
  show(view);
}

// From the frame in view to the last, `wait` milliseconds each.
function playFrom(view, wait) {
  view.timer = setInterval(() => {
    if (!view.root.isConnected || view.memory.frame >= view.data.frame_steps.length - 1) return pause(view);
    go(view, view.memory.frame + 1, true);
  }, wait);
}

function stop(view) {
  clearInterval(view.timer);
  view.timer = null;
}

function pause(view) {
  stop(view);
  if (view.data) show(view);
}

function press(view, event) {
  if (!view.data || view.data.live?.state === "running" || event.ctrlKey || event.altKey || event.metaKey) return;
  const [target] = event.composedPath(), { frame } = view.memory;
  if (target.tagName === "SELECT" || (target.type === "range" && event.key !== " ")) return; // they know these keys
  if (target.tagName === "BUTTON" && event.key === " ") return;
  const move = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: Infinity }[event.key];
  if (event.key === " ") view.timer ? pause(view) : play(view);
  else if (move !== undefined) go(view, move);
  else return;
  event.preventDefault(); // do not scroll the page
}

// ---- drawing -----------------------------------------------------------------------------------------------------

// Everything that depends on the moment in view.
function show(view) {
  const { data, memory } = view, { frame, row } = memory;
  for (const [mode, one] of Object.entries(view.modes)) one.setAttribute("aria-pressed", String(mode === memory.mode));
  view.factor.value = memory.factor;
  say(view.note, {
    picture: "", wipe: `left: ${data.labels[0]}, right: ${data.labels[1]}`, change: "grey is no change",
  }[memory.mode]);
  view.columns.forEach(({ figures, verdict }, k) => {
    figures.forEach((figure, n) => drawFigure(view, figure, k, n));
    verdict.textContent = data.models[k].verdicts[frame][row];
  });
  if (view.dialog.open) {
    view.large.forEach((figure, k) => {
      drawFigure(view, figure, k, row);
      figure.verdict.textContent = data.models[k].verdicts[frame][row];
    });
  }
  const step = data.frame_steps[frame];
  const state = data.live?.state, plays = view.timer && state !== "running";
  say(view.play, plays ? "Pause" : "Play");
  view.play.setAttribute("aria-label", plays ? "Pause the replay" : "Play");
  view.scrubber.value = going(data) ? step : frame;
  const place = `step ${step.toLocaleString("en")} of ${data.steps.toLocaleString("en")}`;
  say(view.step, { queued: data.live?.text, running: `${place} · ${data.live?.text}` }[state] ?? place);
  view.scrubber.setAttribute("aria-valuetext", `step ${step}`);
  for (const [c, chart] of view.marks.entries()) {
    chart.line.setAttribute("x1", chart.x(step));
    chart.line.setAttribute("x2", chart.x(step));
    chart.keys.forEach((key, k) => say(key, chart.text(valueAt(view, k, c, frame, row))));
  }
  const ends = { before: frame === 0, after: frame === data.frame_steps.length - 1 };
  for (const cell of view.top.querySelectorAll("[data-end]")) cell.classList.toggle("now", ends[cell.dataset.end]);
}

const valueAt = (view, k, curve, frame, row) =>
  view.models[k].values[(curve * view.data.frame_steps.length + frame) * view.data.targets.length + row];

function drawFigure(view, figure, k, row) {
  const { data, memory } = view, { frame, mode, border } = memory, wipes = mode === "wipe";
  const size = 3 * data.width * data.height, count = data.targets.length;
  const offset = (frame * count + row) * size;
  const image = view.models[k].frames.subarray(offset, offset + size), start = view.start.subarray(row * size, row * size + size);
  paint(figure.canvas, image, start, mode, memory.factor, border);
  figure.border.hidden = !wipes;
  figure.border.style.left = `${border}%`;
  const chance = percent(valueAt(view, k, 0, frame, row));
  const said = `${data.models[k].title}, ${data.targets[row]}, ${view.modes[mode].textContent.toLowerCase()} at step ${data.frame_steps[frame]}: ${chance}`;
  if (figure.range) {
    figure.range.hidden = !wipes;
    figure.range.value = border;
    figure.canvas.setAttribute("aria-label", said);
  } else {
    figure.frame.setAttribute("aria-label", `${said}. Open large`);
    figure.frame.setAttribute("aria-pressed", String(row === memory.row));
    figure.caption.textContent = `${data.targets[row]} · ${chance}`;
  }
}

// Planes of red, green and blue become pixels; each is exact.
function paint(canvas, image, start, mode, factor, border) {
  const { width, height } = canvas, area = width * height, split = Math.round((border / 100) * width);
  const context = canvas.getContext("2d"), pixels = context.createImageData(width, height), { data } = pixels;
  for (let at = 0; at < area; at++) {
    const before = mode === "wipe" && at % width < split;
    for (let channel = 0; channel < 3; channel++) {
      const k = channel * area + at;
      data[4 * at + channel] = // a clamped array: values end at 0 and 255 by themselves
        mode === "change" ? Math.round(127.5 + factor * (image[k] - start[k])) : before ? start[k] : image[k];
    }
    data[4 * at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
}

function drawTransport(view) {
  const { data } = view, state = data.live?.state ?? "ended", goes = going(data);
  for (const one of [...view.moves, view.scrubber]) one.disabled = goes || data.frame_steps.length < 2;
  view.scrubber.max = goes ? data.steps : Math.max(1, data.frame_steps.length - 1);
  view.live.hidden = state === "ended";
  view.pause.hidden = state !== "running";
  view.resume.hidden = state !== "paused" && state !== "stopped";
  view.stop.hidden = state === "stopped";
}

const going = (data) => data.live?.state === "running" || data.live?.state === "queued";

function drawTop(view) {
  const { data, memory } = view;
  const top = JSON.stringify([data.models.map(({ title, before, after }) => [title, before, after]), data.targets, memory.row, data.live?.state]);
  if (view.topDrawn === top) return;
  view.topDrawn = top;
  view.top.replaceChildren(...data.models.map((model) => {
    const table = element("table"), head = table.createTHead().insertRow(), body = table.createTBody();
    table.createCaption().textContent = `${model.title}: the five likeliest classes`;
    const [before, after] = [model.before[memory.row] ?? [], model.after[memory.row] ?? []];
    for (const [end, text] of [["before", "at the start"], ["after", data.live?.state === "running" ? "now" : "at the end"]]) {
      const cell = head.appendChild(element("th", "", text));
      cell.scope = "col";
      cell.dataset.end = end;
    }
    for (let k = 0; k < 5; k++) {
      const row = body.insertRow();
      for (const [end, list] of [["before", before], ["after", after]]) {
        const cell = row.insertCell();
        cell.dataset.end = end;
        if (!list[k]) { cell.textContent = "\u00a0"; continue; }
        const [name, share] = list[k];
        cell.append(element("span", name === data.targets[memory.row] ? "target" : "", name), element("span", "share", percent(share)));
        cell.style.setProperty("--share", `${100 * share}%`);
      }
    }
    return table;
  }));
}

// Three charts, each with one axis for all classifiers.
function drawCharts(view) {
  const { data, memory } = view, row = Math.min(memory.row, data.curve_rows - 1);
  const titles = ["Target probability", "Loss (logarithmic)", `Change, L2 (at most ${data.budget})`];
  const mean = data.curve_rows < data.targets.length ? `, mean of ${data.targets.length} pictures` : "";
  const narrow = view.root.clientWidth < 700, height = [168, 112, 112]; // as in replay.css
  view.marks = CURVES.map((name, c) => {
    const bands = view.models.map((model) => [0, 1, 2].map((part) => { // lowest, mean, highest
      const n = data.curve_steps.length, at = ((row * 3 + c) * 3 + part) * n;
      return model.curves.subarray(at, at + n);
    }));
    const axes = axesOf(titles[c] + mean, name, bands, data, narrow && c ? 180 : 300, height[c]);
    const known = view.marks?.[c], chart = known?.key === JSON.stringify(axes) ? known : createChart(axes);
    drawCurves(chart, bands, data);
    return chart;
  });
  const figures = view.marks.map((chart) => chart.figure);
  if (figures.some((figure) => !figure.isConnected)) view.charts.replaceChildren(...figures);
}

// What a chart is apart from its curves; while a run goes on, it seldom changes.
function axesOf(title, name, bands, data, width, height) {
  const log = name === "loss";
  const values = bands.flatMap((parts) => [...parts[0], ...parts[2]]).filter((value) => !log || value > MIN_LOSS);
  const largest = values.reduce((a, b) => Math.max(a, b), log ? 10 * MIN_LOSS : 1e-3);
  const smallest = values.reduce((a, b) => Math.min(a, b), largest);
  const [low, high] = log
    ? [Math.floor(Math.log10(smallest)), Math.max(Math.ceil(Math.log10(largest)), Math.floor(Math.log10(smallest)) + 1)]
    : [0, name === "probability" ? 1 : roundAbove(largest)];
  return { title, name, width, height, low, high, steps: data.steps, models: bands.length };
}

// The end of an axis: a growing curve seldom moves it.
function roundAbove(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8].find((number) => number * unit >= value) ?? 10);
}

function createChart(axes) {
  const { title, name, width, height, low, high, steps, models } = axes, log = name === "loss";
  const figure = element("figure", "chart"), head = figure.appendChild(element("figcaption", "", title));
  const keys = COLOURS.slice(0, models).map((colour, k) => {
    const key = head.appendChild(element("span", "key"));
    key.style.setProperty("--colour", colour);
    key.style.setProperty("--dash", k ? "dashed" : "solid");
    return key;
  });
  const [left, right, top, bottom] = [40, 8, 6, 20];
  const x = (step) => left + ((width - left - right) * step) / Math.max(1, steps);
  const y = (value) => {
    const place = ((log ? Math.log10(Math.max(value, 10 ** low)) : value) - low) / (high - low);
    return top + (height - top - bottom) * (1 - Math.max(0, Math.min(1, place)));
  };
  const svg = figure.appendChild(shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }));
  const ticks = log ? decades(low, high) : [0, 0.5, 1].map((part) => part * high);
  for (const tick of ticks) {
    svg.append(shape("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }));
    const text = name === "probability" ? `${100 * tick} %` : log ? decade(tick) : String(Number(tick.toPrecision(2)));
    svg.append(label(left - 5, y(tick) + 4, "end", text));
  }
  for (const step of [0, Math.floor(steps / 2), steps]) {
    svg.append(label(x(step), height - 5, step === steps ? "end" : step ? "middle" : "start", step.toLocaleString("en")));
  }
  const curves = COLOURS.slice(0, models).map((colour, k) => [
    svg.appendChild(shape("polygon", { fill: colour, opacity: 0.25 })),
    svg.appendChild(shape("polyline", { stroke: colour, "stroke-dasharray": DASHES[k], class: "curve" })),
  ]);
  const line = svg.appendChild(shape("line", { y1: top, y2: height - bottom, class: "mark" }));
  const text = name === "probability" ? percent : (value) => (value === undefined ? "" : small(value));
  return { key: JSON.stringify(axes), title, figure, svg, line, keys, curves, x, y, text };
}

function drawCurves({ title, svg, curves, x, y }, bands, data) {
  const said = bands.map(([, mean], k) => `${data.models[k].title} from ${mean[0]?.toPrecision(3)} to ${mean.at(-1)?.toPrecision(3)}`);
  svg.setAttribute("aria-label", `${title}: ${said.join("; ")}`);
  bands.forEach(([lowest, mean, highest], k) => {
    const points = (part) => data.curve_steps.map((step, n) => `${x(step).toFixed(1)},${y(part[n]).toFixed(1)}`);
    const [band, curve] = curves[k];
    band.setAttribute("points", [...points(highest), ...points(lowest).reverse()].join(" "));
    curve.setAttribute("points", points(mean).join(" "));
  });
}

function decades(low, high) {
  const stride = Math.ceil((high - low) / 3);
  return Array.from({ length: Math.floor((high - low) / stride) + 1 }, (_, k) => 10 ** (low + k * stride));
}

const decade = (value) => (value >= 0.01 && value <= 1000 ? String(Number(value.toPrecision(1))) : `1e${Math.round(Math.log10(value))}`.replace("-", "−"));
const small = (value) => (value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(1).replace("-", "−") : String(Number(value.toPrecision(3))));

// A probability for people, as `ui.runs.words.percent`: no classifier means 0 % or 100 %.
function percent(share) {
  if (share === undefined) return "";
  if (share > 0.999) return "over 99.9 %";
  return share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

// A text that stays is not laid out again.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function label(x, y, anchor, text) {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = text;
  return made;
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
