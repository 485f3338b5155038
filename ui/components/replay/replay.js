// Replays runs: their pictures at a moment, and the controls that move through the moments.
// Texts are untrusted: they are only ever set as textContent.

import { button, element, jumpTo, paintPixels, percent, unpack } from "../basics.js";

const PLAY_MS = 4000; // duration of a complete replay
const MIN_FRAME_MS = 33;
const MAX_FRAME_MS = 300;
const SMALL_BELOW = 100; // pixels of width: a drawing of so few pixels blurs when it is enlarged
const PAINTER = ".stElementContainer[class*='-painter']"; // where the start is changed
const views = new Map(); // data.key -> view: survives a remount, such as at the end of a run, with its pictures

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!views.has(data.key)) views.set(data.key, createView());
  const view = views.get(data.key);
  if (view.root.parentNode !== parentElement) parentElement.append(view.root);
  view.trigger = (name, value = true) => setTriggerValue(name, value);
  if (view.version === data.version) return; // the same run: keep the visitor's position
  view.version = data.version;
  load(view, data);
}

function createView() {
  const root = element("div", "replay");
  const memory = { compares: false }; // and the border's place, and the displayed moment
  /** @type {Record<string, any>} */
  const view = { root, memory, columns: [], originals: [], timer: null };
  view.choice = root.appendChild(element("div", "choice"));
  view.pictures = root.appendChild(element("div", "pictures"));
  const bar = (view.bar = root.appendChild(element("div", "bar")));
  view.play = button(bar, "", () => play(view), "Play");
  view.play.className = "play";
  const slider = { type: "range", min: 0, step: 1, ariaLabel: "Moment of the run" };
  view.scrubber = bar.appendChild(element("input", "scrubber", "", slider));
  view.scrubber.addEventListener("input", () => go(view, Number(view.scrubber.value)));
  view.compare = button(bar, "Compare", () => {
    view.memory.compares = !view.memory.compares;
    show(view);
  });
  view.resume = button(bar, "Continue", () => view.trigger("resume"));
  view.stop = button(bar, "Stop", () => view.trigger("stop"), "Stop the run");
  view.text = root.appendChild(element("output", "text"));
  return view;
}

async function load(view, data) {
  const size = 3 * data.width * data.height;
  const [start, original, tries, ...frames] = await Promise.all([
    inflate(data.start),
    data.original && inflate(data.original),
    data.tries && inflate(data.tries.frames),
    ...data.models.map(({ frames }) => inflate(frames)),
  ]);
  if (view.version !== data.version) return; // a newer version has arrived meanwhile
  stop(view);
  const { memory } = view;
  const last = data.frame_steps.length - 1;
  for (const planes of frames) undoDifferences(planes, size * data.targets.length);
  if (data.tries) undoDifferences(tries, size * data.tries.count);
  // An ended run opens at its last moment; a run in progress plays its new moments, one after the other.
  const goesOn = data.live?.state === "running";
  if (memory.version !== data.version) Object.assign(memory, { version: data.version, frame: goesOn ? 0 : last });
  if (memory.id !== data.id) Object.assign(memory, { id: data.id, compares: false, border: data.border });
  Object.assign(view, { data, start, tries, original });
  view.models = data.models.map((model, k) => ({ ...model, frames: frames[k] }));
  const { width, height, lead, border, targets, models } = data;
  const shape = JSON.stringify([
    width,
    height,
    lead,
    Boolean(border),
    targets,
    Boolean(data.original),
    data.tries?.count,
    models.map((m) => m.title),
  ]);
  if (view.shape !== shape) {
    view.shape = shape; // otherwise keep the elements, and with them focus and clicks between two moments
    buildPictures(view);
  }
  show(view);
  if (data.seek && memory.sought !== data.id) seek(view, data.id);
  if (goesOn) playFrom(view, (1000 * data.live.seconds) / (last + 1));
}

// Scrolls to the visitor's own run if its pictures are not wholly in sight.
function seek(view, id) {
  view.memory.sought = id;
  const { top, bottom } = view.pictures.getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) view.root.scrollIntoView({ block: "start" });
}

async function inflate(base64) {
  const stream = new Blob([unpack(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Frames arrive as differences from the previous frame, modulo 256, as in a run's file.
function undoDifferences(bytes, size) {
  for (let k = size; k < bytes.length; k++) bytes[k] += bytes[k - size];
}

// ---- elements ----------------------------------------------------------------------------------------------------

function buildPictures(view) {
  const { data, root } = view;
  const many = data.targets.length > 1;
  root.classList.toggle("many", many);
  root.classList.toggle("tries", Boolean(data.tries));
  view.choice.replaceChildren(element("p", "who", "Below each, what a second network sees:"));
  view.choices = Array.from({ length: data.tries?.count ?? 0 }, (_, k) => choice(view, k));
  root.classList.toggle("lead", data.lead && data.models.length === 2);
  root.classList.toggle("little", data.width < SMALL_BELOW);
  root.style.setProperty("--models", String(data.models.length + Number(Boolean(data.original))));
  const first = data.original ? [column(view, "Original", many)] : [];
  view.originals = first.flatMap(({ figures }) => figures.map(({ canvas }) => canvas));
  view.columns = data.models.map(({ title }) => column(view, title, many));
  view.pictures.replaceChildren(...[...first, ...view.columns].map(({ section }) => section));
  // The moments of a large picture are chosen right below it.
  const large = root.classList.contains("lead") ? view.pictures.lastElementChild : null;
  if (large) {
    large.firstElementChild.after(view.bar);
    view.change = button(large.firstElementChild, `✎ ${data.change}`, () => jumpTo(PAINTER));
    view.change.className = "change";
  } else view.text.before(view.bar);
}

// One of several tries: a button that makes it the large one.
function choice(view, k) {
  const tile = button(view.choice, "", () => choose(view, k));
  const canvas = tile.appendChild(element("canvas"));
  const says = tile.appendChild(element("span", "says"));
  return { tile, canvas, says };
}

function column(view, name, many) {
  const section = element("section", "model");
  const tiles = element("div", "tiles");
  const figures = view.data.targets.map((target) => {
    const parts = createFigure(view, tiles, many);
    parts.canvas.ariaLabel = `${name}: ${target}`;
    return parts;
  });
  if (many) {
    section.append(element("h2", "", name), tiles);
    return { section, figures };
  }
  section.append(tiles);
  const line = section.appendChild(element("div", "line"));
  line.append(element("h2", "", name));
  const sure = line.appendChild(element("strong", "sure"));
  const verdict = section.appendChild(element("div", "verdict"));
  const alone = verdict.appendChild(element("img", "alone"));
  return { section, figures, sure, alone, judged: verdict.appendChild(element("p", "judged")) };
}

// A picture; an invisible range input covers a single one: it handles pointer, finger and keyboard natively.
function createFigure(view, parent, many) {
  const figure = parent.appendChild(element("figure"));
  const frame = figure.appendChild(element("div", "frame"));
  const canvas = frame.appendChild(element("canvas", "", "", { role: "img" }));
  if (many) return { canvas, caption: figure.appendChild(element("figcaption")) };
  const border = frame.appendChild(element("div", "border"));
  border.append(element("span", "before", "before"), element("span", "after", "after"));
  const slider = { type: "range", min: 0, max: 100, step: 0.5, ariaLabel: "Border between the start and this moment" };
  const range = frame.appendChild(element("input", "border-range", "", slider));
  range.addEventListener("input", () => {
    view.memory.border = Number(range.value);
    show(view);
  });
  return { canvas, border, range };
}

// ---- moving ------------------------------------------------------------------------------------------------------

function go(view, frame, playing = false) {
  if (!playing) stop(view);
  view.memory.frame = Math.max(0, Math.min(view.data.frame_steps.length - 1, frame));
  show(view);
}

function play(view) {
  const count = view.data.frame_steps.length;
  if (view.timer) return go(view, view.memory.frame);
  if (view.memory.frame === count - 1) view.memory.frame = 0;
  playFrom(view, Math.max(MIN_FRAME_MS, Math.min(MAX_FRAME_MS, PLAY_MS / count)));
  show(view);
}

// Plays from the displayed frame to the last, `wait` milliseconds each.
function playFrom(view, wait) {
  view.timer = setInterval(() => {
    if (!view.root.isConnected) return stop(view); // another view may have taken over its memory
    const { frame } = view.memory;
    go(view, frame + 1, frame + 1 < view.data.frame_steps.length - 1);
  }, wait);
}

function stop(view) {
  clearInterval(view.timer);
  view.timer = null;
}

// Marks a try immediately; the page answers with its replay.
function choose(view, k) {
  view.data.tries.chosen = k;
  show(view);
  view.trigger("choose", k);
}

// ---- drawing -----------------------------------------------------------------------------------------------------

// Draws everything that depends on the displayed moment.
function show(view) {
  const { data, memory, models } = view;
  const { frame } = memory;
  const state = data.live?.state ?? "ended";
  const goes = going(data);
  const last = data.frame_steps.length - 1;
  view.root.classList.toggle("hole", Boolean(data.alone));
  view.compare.hidden = !data.border || goes || state === "new";
  view.originals.forEach((canvas, at) => {
    const planes = planesAt(view.original, data, at);
    paint(canvas, data, planes, planes, 0);
  });
  view.columns.forEach((column, k) => {
    column.figures.forEach((figure, at) => drawFigure(view, figure, k, at));
    if (!column.sure) return;
    const share = valueAt(view, k, 0);
    say(column.sure, share === undefined ? "" : `${models[k].painter} is ${percent(share)} sure`);
    if (data.lead && column.sure.textContent) column.sure.append(`: ${data.targets[0]}`); // the box may say another
    say(column.judged, (frame === last && state === "ended" && models[k].judged[0]) || "");
    column.judged.classList.toggle("recognised", Boolean(models[k].recognised[0]));
    showAlone(column, data.alone);
  });
  view.choices.forEach((parts, k) => drawChoice(view, parts, k));
  const step = data.frame_steps[frame];
  view.play.hidden = view.scrubber.hidden = !goes && last === 0;
  view.play.disabled = view.scrubber.disabled = goes;
  view.play.classList.toggle("playing", Boolean(view.timer) && !goes);
  view.play.ariaLabel = view.timer && !goes ? "Pause the replay" : "Play";
  view.scrubber.max = goes ? data.steps : Math.max(1, last);
  view.scrubber.value = goes ? data.live.step : frame;
  view.scrubber.ariaValueText = `step ${step} of ${data.steps}`;
  view.compare.ariaPressed = String(memory.compares);
  view.resume.hidden = state !== "stopped";
  view.stop.hidden = !goes;
  if (view.change) view.change.hidden = !data.change || !document.querySelector(PAINTER);
  say(view.text, data.live?.text || aboutTries(data) || data.note || "");
}

// The target probability of a picture by the k-th run.
const valueAt = ({ memory, data, models }, k, row) => models[k].values[memory.frame * data.targets.length + row];

// Shows what a second network has judged, the square around a hole.
function showAlone({ alone, judged, figures }, square) {
  alone.hidden = !square || !judged.textContent;
  if (alone.hidden) return;
  const [left, top, side] = square;
  const canvas = element("canvas", "", "", { width: side, height: side });
  canvas.getContext("2d").drawImage(figures[0].canvas, left, top, side, side, 0, 0, side, side);
  alone.src = canvas.toDataURL();
  alone.alt = "The hole alone";
}

// A try at this moment of a run in progress, or at the end, with a second network's prediction.
function drawChoice({ data, tries, memory }, { tile, canvas, says }, k) {
  const { count, chosen, says: predictions } = data.tries;
  const moments = tries.length / (3 * data.width * data.height * count);
  const image = planesAt(tries, data, Math.min(memory.frame, moments - 1) * count + k);
  paint(canvas, data, image, image, 0);
  const [text = "", agrees] = predictions[k] ?? [];
  say(says, text);
  says.classList.toggle("recognised", Boolean(agrees));
  tile.disabled = going(data);
  tile.ariaPressed = String(k === chosen);
  const about = `${data.tries.titles[k] ?? `Try ${k + 1} of ${count}`}: ${data.targets[0]}`;
  Object.assign(tile, { ariaLabel: text ? `${about}. A second network says ${text}` : about, title: text });
}

function drawFigure(view, { canvas, border, range, caption }, k, row) {
  const { data, memory, models } = view;
  const compares = memory.compares && !view.compare.hidden && !caption;
  const image = planesAt(models[k].frames, data, memory.frame * data.targets.length + row);
  paint(canvas, data, image, planesAt(view.start, data, row), compares ? memory.border / 100 : 0);
  const share = valueAt(view, k, row);
  const sure = share === undefined ? "not run yet" : `${percent(share)} sure`;
  const text = `${models[k].title}: ${data.targets[row]}, step ${data.frame_steps[memory.frame]}, ${sure}`;
  canvas.ariaLabel = text;
  if (caption) return say(caption, `${data.targets[row]} ${share === undefined ? "" : percent(share)}`);
  border.hidden = range.hidden = !compares;
  border.style.left = `${memory.border}%`;
  range.value = memory.border;
}

const planesAt = (planes, { width, height }, at) =>
  planes.subarray(3 * width * height * at, 3 * width * height * (at + 1));

// Converts planes of red, green and blue to pixels, exactly; `part` of the width, from the left, is the start.
function paint(canvas, { width, height }, image, start, part) {
  const split = Math.round(part * width);
  paintPixels(
    canvas,
    width,
    height,
    (at, channel) => (at % width < split ? start : image)[channel * width * height + at],
  );
}

// A line on several tries once a second network has seen them all; `picked` is null if it recognises none.
function aboutTries({ tries }) {
  if (!tries?.says.length || tries.says.some(([text]) => !text)) return "";
  if (tries.picked === null) return "The second network recognises none of them.";
  return tries.picked === tries.chosen ? "The second network picked this one." : "";
}
const going = (data) => data.live?.state === "running" || data.live?.state === "queued";

// Sets a text only if it changed, to avoid a new layout.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
