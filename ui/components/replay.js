// Replays runs of one or two classifiers: pictures, curves and numbers of a step, and the controls to change it.
// Texts are untrusted: they are only ever set as textContent.

import { unpack } from "./basics.js";
import { drawChart } from "./replay_chart.js";
import { buildPictures, createView } from "./replay_elements.js";
import { drawLikeliest } from "./replay_likeliest.js";
import { drawTransport, playFrom, say, show, stop } from "./replay_moments.js";
import { asSentences } from "./replay_text.js";

const views = new WeakMap(); // parentElement -> view
const SIGHT = 0.8; // share of the window's height; content that starts below counts as out of sight
const remembered = new Map(); // data.key -> mode, factor, pixels, border, and the displayed moment: survives a remount

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!views.has(parentElement)) views.set(parentElement, createView(parentElement));
  const view = views.get(parentElement);
  view.trigger = (name) => setTriggerValue(name, true);
  if (view.version === data.version) return; // the same run: keep the visitor's position
  view.version = data.version;
  if (!remembered.has(data.key)) remembered.set(data.key, { mode: "picture", factor: 10, pixels: false, border: 50 });
  view.memory = remembered.get(data.key);
  load(view, data);
}

async function load(view, data) {
  const parts = [data.start, data.original ?? "", ...data.models.map((model) => model.frames)];
  const [start, original, ...frames] = await Promise.all(
    parts.map((text) => (data.packed && text ? inflate(text) : unpack(text))),
  );
  if (view.version !== data.version) return; // a newer version has arrived meanwhile
  stop(view);
  const { memory } = view;
  const last = data.frame_steps.length - 1;
  for (const bytes of frames) undoDifferences(bytes, start.length);
  // An ended run opens at its last moment; a run in progress plays its new moments, one after the other.
  const goesOn = data.live?.state === "running";
  if (memory.version !== data.version) Object.assign(memory, { version: data.version, frame: goesOn ? 0 : last });
  if (memory.id !== data.id) Object.assign(memory, { id: data.id, row: 0 });
  view.data = data;
  Object.assign(view, { start, original: data.original ? original : null });
  view.models = data.models.map((model, k) => ({
    ...model,
    frames: frames[k],
    values: floats(model.values),
    curves: floats(model.curves),
  }));
  const shape = JSON.stringify([
    data.kind,
    data.width,
    data.height,
    data.targets.length,
    Boolean(data.original),
    data.models.map((model) => [model.title, model.colour]),
  ]);
  if (view.shape !== shape) {
    view.shape = shape; // otherwise keep the elements, so that focus and clicks between two moments are not lost
    buildPictures(view);
  }
  for (const [k, model] of view.models.entries()) {
    const { title, about } = view.columns[k];
    say(title, model.title);
    say(about, `${asSentences(model.about)}.`);
    about.hidden = !model.about;
  }
  drawChart(view);
  drawTransport(view);
  drawLikeliest(view);
  show(view);
  if (data.seek && memory.sought !== data.id) seek(view, data.id);
  if (goesOn) playFrom(view, (1000 * data.live.seconds) / (last + 1));
}

// Scrolls to a run: on a phone it starts out of sight, below the settings. A visitor's own run also counts as out of
// sight if its pictures are cut off.
function seek(view, id) {
  view.memory.sought = id;
  const isOwn = view.data.seek === "visitor";
  const { top, bottom } = (isOwn ? view.stage : view.root).getBoundingClientRect();
  if (top > SIGHT * window.innerHeight || (isOwn ? top : bottom) < 0) view.root.scrollIntoView({ block: "start" });
}

const floats = (base64) => new Float32Array(unpack(base64).buffer);

async function inflate(base64) {
  const stream = new Blob([unpack(base64)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// Frames arrive as differences from the previous frame, modulo 256, as in a run's file.
function undoDifferences(bytes, size) {
  for (let k = size; k < bytes.length; k++) bytes[k] += bytes[k - size];
}
