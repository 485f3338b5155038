// Moments of a run: navigation, and drawing everything that depends on the current moment.

import { paintPixels } from "./basics.js";
import { measuredAt, percent, searchOf, verdict } from "./replay_text.js";

const PLAY_MS = 4000; // duration of a complete replay
const MIN_FRAME_MS = 33;
const MAX_FRAME_MS = 300;

// ---- moving ------------------------------------------------------------------------------------------------------

export function go(view, frame, playing = false) {
  if (!playing) pause(view);
  const last = view.data.frame_steps.length - 1;
  view.memory.frame = Math.max(0, Math.min(last, frame));
  show(view);
}

export function play(view) {
  const count = view.data.frame_steps.length;
  if (view.data.live?.state === "new") view.trigger("resume"); // begins the run
  if (count < 2) return;
  if (view.memory.frame === count - 1) view.memory.frame = 0;
  playFrom(view, Math.max(MIN_FRAME_MS, Math.min(MAX_FRAME_MS, PLAY_MS / count)));
  show(view);
}

// Plays from the displayed frame to the last, `wait` milliseconds each.
export function playFrom(view, wait) {
  view.timer = setInterval(() => {
    if (!view.root.isConnected) return stop(view); // another view may have taken over its memory
    if (view.memory.frame >= view.data.frame_steps.length - 1) return pause(view);
    go(view, view.memory.frame + 1, true);
  }, wait);
}

export function stop(view) {
  clearInterval(view.timer);
  view.timer = null;
}

export function pause(view) {
  stop(view);
  if (view.data) show(view);
}

export function press(view, event) {
  if (!view.data || view.data.live?.state === "running" || event.ctrlKey || event.altKey || event.metaKey) return;
  const [target] = event.composedPath();
  const { frame } = view.memory;
  if (target.tagName === "SELECT" || (target.type === "range" && event.key !== " ")) return; // they handle these keys
  if (target.tagName === "BUTTON" && event.key === " ") return;
  const move = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: Infinity }[event.key];
  if (event.key === " ") view.timer ? pause(view) : play(view);
  else if (move !== undefined) go(view, move);
  else return;
  event.preventDefault(); // do not scroll the page
}

// ---- drawing -----------------------------------------------------------------------------------------------------

// Draws everything that depends on the displayed moment.
export function show(view) {
  const { data, memory } = view;
  const { frame, row } = memory;
  for (const [mode, button] of Object.entries(view.modes)) {
    button.setAttribute("aria-pressed", String(mode === memory.mode));
  }
  view.factor.value = memory.factor;
  view.pixels.setAttribute("aria-pressed", String(memory.pixels));
  view.root.classList.toggle("crisp", memory.pixels && !view.pixels.hidden);
  say(
    view.note,
    {
      picture: "",
      wipe: data.kind === "inpainting" ? "left: with the hole, right: filled" : "left: start, right: picture",
      change: "grey is no change",
    }[memory.mode],
  );
  view.references.forEach(({ planes, figures }) =>
    figures.forEach(({ canvas }, row) => {
      const size = 3 * data.width * data.height;
      const plane = view[planes].subarray(row * size, (row + 1) * size);
      paintPlanes(canvas, plane, plane, "picture", 1, 0);
    }),
  );
  view.columns.forEach(({ figures, verdict }, k) => {
    figures.forEach((figure, row) => drawFigure(view, figure, k, row));
    say(verdict, verdictOf(view, k));
  });
  view.moves.forEach((move, k) => {
    const at = data.frame_steps[frame + k - 1]; // runs store the pictures of some steps only
    if (k !== 1) move.title = at === undefined ? "" : `To step ${at.toLocaleString("en")}, the next stored one`;
  });
  if (view.dialog.open) {
    view.large.forEach((figure, k) => {
      drawFigure(view, figure, k, row);
      say(figure.verdict, verdictOf(view, k));
    });
  }
  const step = data.frame_steps[frame];
  const state = data.live?.state;
  const plays = view.timer && state !== "running";
  say(view.play, plays ? "Pause" : "Play");
  view.play.setAttribute("aria-label", plays ? "Pause the replay" : state === "new" ? "Run what is chosen" : "Play");
  view.scrubber.value = going(data) ? step : frame;
  const place = `step ${step.toLocaleString("en")} of ${data.steps.toLocaleString("en")}`;
  say(
    view.step,
    { queued: data.live?.text, new: data.live?.text, running: `${place} · ${data.live?.text}` }[state] ?? place,
  );
  view.scrubber.setAttribute("aria-valuetext", `step ${step}`);
  view.chart.line.setAttribute("x1", view.chart.x(step));
  view.chart.line.setAttribute("x2", view.chart.x(step));
  view.chart.keys.forEach((key, k) => {
    say(key, `${searchOf(view.models[k])} ${percent(valueAt(view, k, frame, row))}${since(view, k)}`.trim());
  });
  const ends = { before: frame === 0, after: frame === data.frame_steps.length - 1 };
  for (const cell of view.top.querySelectorAll("[data-end]")) cell.classList.toggle("now", ends[cell.dataset.end]);
}

// The target probability of a picture by the k-th classifier.
const valueAt = (view, k, frame, row) => view.models[k].values[frame * view.data.targets.length + row];

// Step of the measurement that a frame shows.
const measured = ({ data, models }, k, frame) => measuredAt(data.frame_steps[frame], models[k].every, data.planned);

// Where the displayed frame shows an earlier measurement: its step, to follow a number.
function since(view, k) {
  const { frame } = view.memory;
  const step = measured(view, k, frame);
  return step < view.data.frame_steps[frame] ? ` at step ${step.toLocaleString("en")}` : "";
}

function verdictOf(view, k) {
  const {
    data,
    memory: { frame, row },
  } = view;
  const { title, network, curves, every } = view.models[k];
  const before = curves[3 * row * data.curve_steps.length];
  const ends = !going(data) && frame === data.frame_steps.length - 1;
  return verdict(
    network || title,
    data.targets[row],
    data.frame_steps[frame],
    [before, valueAt(view, k, frame, row)],
    ends,
    every,
    data.planned,
  );
}

function drawFigure(view, figure, k, row) {
  const { data, memory } = view;
  const { frame, mode, border } = memory;
  const wipes = mode === "wipe";
  const size = 3 * data.width * data.height;
  const count = data.targets.length;
  const offset = (frame * count + row) * size;
  const image = view.models[k].frames.subarray(offset, offset + size);
  const start = view.start.subarray(row * size, row * size + size);
  paintPlanes(figure.canvas, image, start, mode, memory.factor, border);
  figure.border.hidden = !wipes;
  figure.border.style.left = `${border}%`;
  const chance = percent(valueAt(view, k, frame, row)) + since(view, k);
  const place = `${view.modes[mode].textContent.toLowerCase()} at step ${data.frame_steps[frame]}`;
  const description = `${data.models[k].title}, ${data.targets[row]}, ${place}: ${chance}`;
  if (figure.range) {
    figure.range.hidden = !wipes;
    figure.range.value = border;
    figure.canvas.setAttribute("aria-label", description);
  } else {
    figure.frame.setAttribute("aria-label", `${description}. Open large`);
    figure.frame.setAttribute("aria-pressed", String(row === memory.row));
    figure.caption.textContent = `${data.targets[row]}\n${chance}`;
  }
}

// Converts planes of red, green and blue to pixels, exactly.
function paintPlanes(canvas, image, start, mode, factor, border) {
  const { width, height } = canvas;
  const area = width * height;
  const split = mode === "wipe" ? Math.round((border / 100) * width) : 0;
  paintPixels(
    canvas,
    width,
    height,
    mode === "change"
      ? (at, channel) => Math.round(127.5 + factor * (image[channel * area + at] - start[channel * area + at]))
      : (at, channel) => (at % width < split ? start : image)[channel * area + at],
  );
}

export function drawTransport(view) {
  const { data } = view;
  const state = data.live?.state ?? "ended";
  const goes = going(data);
  for (const control of [...view.moves, view.scrubber]) control.disabled = goes || data.frame_steps.length < 2;
  if (state === "new") view.play.disabled = false;
  view.scrubber.max = goes ? data.steps : Math.max(1, data.frame_steps.length - 1);
  view.live.hidden = state === "ended" || state === "new";
  view.pause.hidden = state !== "running";
  view.resume.hidden = state !== "paused" && state !== "stopped";
  view.stop.hidden = state === "stopped";
}

const going = (data) => data.live?.state === "running" || data.live?.state === "queued";

// Sets a text only if it changed, to avoid a new layout.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
