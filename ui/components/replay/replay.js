// Replays runs: their pictures at a moment, and the controls that move through the moments.
// Texts are untrusted: they are only ever set as textContent.

import { element, paintPixels, unpack } from "../basics.js";
import { buildPictures, createView } from "./parts.js";

const PLAY_MS = 4000; // duration of a complete replay
const MIN_FRAME_MS = 33;
const MAX_FRAME_MS = 300;
const views = new Map(); // data.key -> view: survives a remount, such as at the end of a run, with its pictures

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!views.has(data.key)) views.set(data.key, createView(actions));
  const view = views.get(data.key);
  if (view.root.parentNode !== parentElement) parentElement.append(view.root);
  view.trigger = (name, value = true) => setTriggerValue(name, value);
  if (view.version === data.version) return; // the same run: keep the visitor's position
  view.version = data.version;
  load(view, data);
}

async function load(view, data) {
  const size = 3 * data.width * data.height;
  const bytes = (text) => (data.packed && text ? inflate(text) : unpack(text));
  const [start, original, tries, ...frames] = await Promise.all([
    bytes(data.start),
    bytes(data.original ?? ""),
    bytes(data.tries?.frames ?? ""),
    ...data.models.map(({ still, frames }) => (still ? planesOf(still, data) : bytes(frames))),
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
  if (memory.id !== data.id) Object.assign(memory, { id: data.id, row: 0, wipes: false, border: data.wipe });
  Object.assign(view, { data, start, tries, original: data.original ? original : null });
  view.models = data.models.map((model, k) => ({
    ...model,
    frames: frames[k],
    values: new Float32Array(unpack(model.values).buffer),
  }));
  const { width, height, lead, wipe, targets, models } = data;
  const shape = JSON.stringify([
    width,
    height,
    lead,
    Boolean(wipe),
    targets,
    Boolean(data.original),
    data.tries?.count,
    models.map((m) => m.title),
  ]);
  if (view.shape !== shape) {
    view.shape = shape; // otherwise keep the elements, so that focus and clicks between two moments are not lost
    buildPictures(view, actions);
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

async function planesOf(uri, { width, height }) {
  const image = new Image();
  image.src = uri;
  await image.decode();
  /** @type {any} */
  const canvas = element("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const area = width * height;
  return Uint8Array.from({ length: 3 * area }, (_, k) => data[4 * (k % area) + Math.floor(k / area)]);
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

function press(view, event) {
  if (!view.data || going(view.data) || event.ctrlKey || event.altKey || event.metaKey) return;
  const [target] = event.composedPath();
  const { frame } = view.memory;
  if (target.type === "range" && event.key !== " ") return; // it handles these keys
  if (target.tagName === "BUTTON" && event.key === " ") return;
  const move = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: Infinity }[event.key];
  if (event.key === " ") play(view);
  else if (move !== undefined) go(view, move);
  else return;
  event.preventDefault(); // do not scroll the page
}

const actions = { go, play, press, show, choose };

// Marks a try at once; the page answers with its replay.
function choose(view, k) {
  if (going(view.data)) return;
  view.data.tries.chosen = k;
  show(view);
  view.trigger("choose", k);
}

// ---- drawing -----------------------------------------------------------------------------------------------------

// Draws everything that depends on the displayed moment.
function show(view) {
  const { data, memory, models } = view;
  const { frame, row } = memory;
  const state = data.live?.state ?? "ended";
  const last = data.frame_steps.length - 1;
  view.root.classList.toggle("hole", Boolean(data.alone));
  view.wipe.hidden = !data.wipe || going(data) || state === "new";
  view.originals.forEach((canvas, at) => {
    const planes = planesAt(view.original, data, at);
    paint(canvas, data, planes, planes, 0);
  });
  view.columns.forEach((column, k) => {
    column.figures.forEach((figure, at) => drawFigure(view, figure, k, at));
    if (!column.sure) return;
    describe(column, models[k], valueAt(view, k, 0), 0, frame === last && state === "ended");
    if (data.lead && column.sure.textContent) column.sure.append(`: ${data.targets[0]}`); // the box may say another
    showAlone(column, data.alone);
  });
  if (view.dialog.open) {
    view.large.forEach((parts, k) => {
      drawFigure(view, parts.figure, k, row);
      describe(parts, models[k], valueAt(view, k, row), row, frame === last);
    });
  }
  view.choices.forEach((parts, k) => drawChoice(view, parts, k));
  const step = data.frame_steps[frame];
  const goes = going(data);
  view.play.hidden = view.scrubber.hidden = !goes && last === 0;
  view.play.disabled = view.scrubber.disabled = goes;
  view.play.classList.toggle("playing", Boolean(view.timer) && !goes);
  view.play.setAttribute("aria-label", view.timer && !goes ? "Pause the replay" : "Play");
  view.scrubber.max = goes ? data.steps : Math.max(1, last);
  view.scrubber.value = goes ? data.live.step : frame;
  view.scrubber.setAttribute("aria-valuetext", `step ${step} of ${data.steps}`);
  view.wipe.setAttribute("aria-pressed", String(memory.wipes));
  view.resume.hidden = state !== "stopped";
  view.stop.hidden = !goes;
  say(view.text, data.live?.text ?? "");
}

// The target probability of a picture by the k-th run.
const valueAt = ({ memory, data, models }, k, row) => models[k].values[memory.frame * data.targets.length + row];

function describe({ sure, judged }, model, share, row, ended) {
  say(sure, share === undefined ? "" : `${percent(share)} sure`);
  say(judged, (ended && model.judged[row]) || "");
  judged.classList.toggle("recognised", Boolean(model.recognised[row]));
}

// Shows what another network has judged, the square around a hole.
function showAlone({ alone, judged, figures }, square) {
  alone.hidden = !square || !judged.textContent;
  if (alone.hidden) return;
  const [left, top, side] = square;
  /** @type {any} */
  const canvas = element("canvas");
  canvas.width = canvas.height = side;
  canvas.getContext("2d").drawImage(figures[0].canvas, left, top, side, side, 0, 0, side, side);
  alone.src = canvas.toDataURL();
  alone.alt = "The hole alone";
}

// A try at this moment of a run in progress, or at the end, with another network's prediction.
function drawChoice({ data, tries, memory }, { tile, canvas, says }, k) {
  const { count, chosen, says: predictions } = data.tries;
  const moments = tries.length / (3 * data.width * data.height * count);
  const image = planesAt(tries, data, Math.min(memory.frame, moments - 1) * count + k);
  paint(canvas, data, image, image, 0);
  const [text = "", agrees] = predictions[k] ?? [];
  say(says, text);
  says.classList.toggle("recognised", Boolean(agrees));
  tile.disabled = going(data);
  tile.setAttribute("aria-pressed", String(k === chosen));
  const about = `Try ${k + 1} of ${count}: ${data.targets[0]}`;
  tile.setAttribute("aria-label", text ? `${about}. Another network says ${text}` : about);
  tile.title = text;
}

function drawFigure(view, figure, k, row) {
  const { data, memory, models } = view;
  const wipes = memory.wipes && !view.wipe.hidden;
  const image = planesAt(models[k].frames, data, memory.frame * data.targets.length + row);
  paint(figure.canvas, data, image, planesAt(view.start, data, row), wipes ? memory.border / 100 : 0);
  figure.border.hidden = !wipes;
  figure.border.style.left = `${memory.border}%`;
  const share = valueAt(view, k, row);
  const sure = share === undefined ? "not run yet" : `${percent(share)} sure`;
  const text = `${models[k].title}: ${data.targets[row]}, step ${data.frame_steps[memory.frame]}, ${sure}`;
  if (figure.range) {
    figure.range.hidden = !wipes;
    figure.range.value = memory.border;
    figure.canvas.setAttribute("aria-label", text);
  } else {
    figure.frame.setAttribute("aria-label", `${text}. Open large`);
    say(figure.caption, `${data.targets[row]} ${share === undefined ? "" : percent(share)}`);
  }
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

// Clamped to 1 and 99 %: no classifier means 0 % or 100 %.
const percent = (share) => `${Math.min(99, Math.max(1, Math.round(100 * share)))} %`;

const going = (data) => data.live?.state === "running" || data.live?.state === "queued";

// Sets a text only if it changed, to avoid a new layout.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
