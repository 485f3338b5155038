// Mixes two pictures, low frequencies of one and high frequencies of the other, at every cutoff of a slider. Heat maps
// of the same document draw the cutoff as a circle: they inherit two variables of the document's root.

import { button, countOf, element, paintPixels, unpack } from "../basics.js";
import { createStrip, fillStrip } from "./strip.js";

const NOTHING = 1e-9; // smaller weights of G change no pixel
const SUMS = 4; // added up side by side, as a processor waits for a single one
const PLAY_MILLISECONDS = 140; // between two cutoffs
const REST_MILLISECONDS = 400; // before a choice is reported

const mixers = new WeakMap(); // parentElement -> mixer
const places = new Map(); // key -> {token, at}: last position, restored on a remount

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data) return;
  if (!mixers.has(parentElement)) mixers.set(parentElement, createMixer(parentElement));
  const mixer = mixers.get(parentElement);
  mixer.choose = () => setStateValue("choice", { value: mixer.place.at, token: data.token, about: data.about });
  mixer.trigger = setTriggerValue;
  mixer.place = places.get(data.key);
  if (mixer.place?.token !== data.token) places.set(data.key, (mixer.place = { token: data.token, at: data.value }));
  mixer.data = data;
  if (mixer.pair !== data.pair) load(mixer, data);
  mixer.stripTitle.textContent = data.strip.title;
  fillStrip(mixer.strip, data.strip, `second-${data.key}`);
  fillNetworks(mixer, data);
  draw(mixer);
  return () => document.documentElement.style.removeProperty("--cutoff-shown");
}

function createMixer(parentElement) {
  const root = element("div", "mixer");
  const layout = root.appendChild(element("div", "layout"));
  const scene = layout.appendChild(element("div", "scene"));
  /** @type {Record<string, any>} */
  const mixer = { root, pictures: {}, timer: 0, resting: 0, frames: [] };
  for (const kind of ["mixed", "low", "high"]) {
    const figure = scene.appendChild(element("figure", `picture ${kind}`));
    const canvas = figure.appendChild(element("canvas"));
    canvas.setAttribute("role", "img");
    mixer.pictures[kind] = { canvas, caption: figure.appendChild(element("figcaption")) };
  }
  const controls = layout.appendChild(element("div", "controls"));
  createSlider(mixer, controls.appendChild(element("div", "cutoff")));
  mixer.legend = controls.appendChild(
    element("p", "legend", "Solid: probability of the low-frequency picture. Striped: of the high-frequency picture."),
  );
  mixer.networks = controls.appendChild(element("div", "networks"));
  const second = layout.appendChild(element("div", "second"));
  mixer.stripTitle = second.appendChild(element("div"));
  mixer.strip = createStrip(second, "Picture that gives the high frequencies", (place) => mixer.trigger("pick", place));
  root.addEventListener("keydown", (event) => event.key === "Escape" && pause(mixer));
  parentElement.appendChild(root);
  return mixer;
}

function createSlider(mixer, parent) {
  const label = parent.appendChild(element("label"));
  mixer.text = label.appendChild(element("span"));
  const input = (mixer.input = label.appendChild(element("input")));
  input.type = "range";
  input.addEventListener("input", () => {
    halt(mixer);
    move(mixer, Number(input.value));
  });
  input.addEventListener("change", () => rest(mixer, REST_MILLISECONDS)); // keys send one per step
  mixer.ticks = parent.appendChild(element("div", "ticks"));
  mixer.marks = parent.appendChild(element("ul", "marks"));
  mixer.marks.setAttribute("aria-label", "Crossover cutoff of each network");
  const row = parent.appendChild(element("div", "row"));
  mixer.play = button(row, "", () => (mixer.timer ? pause(mixer) : play(mixer)));
  row.append(element("span", "hint", "From a distance you see the other picture, too."));
  sayPlaying(mixer);
}

function load(mixer, data) {
  const { size, low, high } = data;
  mixer.pair = data.pair;
  mixer.frames = [];
  const bytes = { low: unpack(low.pixels), high: unpack(high.pixels) };
  mixer.hybrid = prepareHybrid(bytes.low, bytes.high, size);
  mixer.root.classList.toggle("crisp", size < 100);
  for (const [kind, { canvas }] of Object.entries(mixer.pictures)) {
    canvas.width = canvas.height = size;
    if (kind === "mixed") continue;
    paintPixels(canvas, size, size, (at, channel) => bytes[kind][3 * at + channel]);
    canvas.setAttribute("aria-label", data[kind].caption);
  }
  mixer.pictures.low.caption.textContent = `Low frequencies of: ${low.caption}`;
  mixer.pictures.high.caption.textContent = `High frequencies of: ${high.caption}`;
  Object.assign(mixer.input, { min: 0, max: data.cutoffs.length - 1, step: 1 });
  mixer.ticks.replaceChildren(...data.ticks.map(([at, text]) => placed("span", "", text, at)));
  setTimeout(paintAhead, 100, mixer, mixer.hybrid);
}

// Creates an element beside the slider's track; `at` from 0 to 1.
function placed(tag, className, text, at) {
  const node = element(tag, className, text);
  node.style.setProperty("--at", at);
  return node;
}

function fillNetworks(mixer, { networks, cutoffs }) {
  const version = JSON.stringify(networks);
  if (mixer.version === version) return;
  mixer.version = version;
  mixer.legend.hidden = !networks.length;
  mixer.bars = networks.map((network) => networkRow(network));
  mixer.networks.replaceChildren(...mixer.bars.map(({ root }) => root));
  mixer.marks.replaceChildren(
    ...networks.map(({ colour, mark, switches }) => {
      const at = switches == null ? 0 : switches / (cutoffs.length - 1);
      const side = switches == null ? "none" : at > 0.5 ? "left" : "right";
      const item = placed("li", side, "", at);
      item.style.setProperty("--colour", colour);
      item.append(element("span", "words", mark));
      return item;
    }),
  );
}

function networkRow({ colour, classes }) {
  const root = element("div", "network");
  root.setAttribute("role", "img");
  root.style.setProperty("--colour", colour);
  const name = root.appendChild(element("div", "name"));
  const bars = classes.map((name, k) => {
    const row = root.appendChild(element("div", k ? "bar high" : "bar low"));
    row.append(element("span", "class", name));
    const fill = row.appendChild(element("span", "track")).appendChild(element("span", "fill"));
    return { row, fill, share: row.appendChild(element("span", "share")) };
  });
  return { root, name, bars };
}

function frame(mixer, at) {
  if (!mixer.frames[at]) {
    const { size, cutoffs } = mixer.data;
    mixer.frames[at] = new ImageData(size, size);
    paintHybrid(mixer.hybrid, cutoffs[at], mixer.frames[at].data);
  }
  return mixer.frames[at];
}

// Paints the missing mixtures while the browser is idle, nearest to the displayed one first.
function paintAhead(mixer, hybrid) {
  if (mixer.hybrid !== hybrid || !mixer.root.isConnected) return;
  const missing = mixer.data.cutoffs.map((_, at) => at).filter((at) => !mixer.frames[at]);
  if (!missing.length) return;
  const { at } = mixer.place;
  frame(
    mixer,
    missing.reduce((best, place) => (Math.abs(place - at) < Math.abs(best - at) ? place : best)),
  );
  setTimeout(paintAhead, 20, mixer, hybrid);
}

// Draws picture, bars, predictions, and the circle on the heat maps (`heatmap.css`) at one cutoff. Tests and benchmarks
// read `data-cutoff` and `data-milliseconds`.
function draw(mixer) {
  const start = performance.now();
  const {
    data,
    place: { at },
  } = mixer;
  const cutoff = data.cutoffs[at];
  const { canvas, caption } = mixer.pictures.mixed;
  canvas.getContext("2d").putImageData(frame(mixer, at), 0, 0);
  const cycles = countOf(cutoff, "cycle");
  const label = `Cutoff: ${cycles} per image`;
  caption.textContent = `Both, mixed at ${cycles}`;
  canvas.setAttribute(
    "aria-label",
    `The low frequencies of ${data.low.caption} and the high frequencies of ${data.high.caption}. ${label}`,
  );
  mixer.text.textContent = label;
  mixer.input.value = at;
  const predictions = data.networks.map(({ title, tops }) => `${title} predicts “${tops[at]}”`);
  mixer.input.setAttribute("aria-valuetext", [`${cycles} per image`, ...predictions].join(". "));
  mixer.bars.forEach(({ root, name, bars }, number) => {
    const { title, classes, shares } = data.networks[number];
    name.textContent = predictions[number];
    const percent = shares[at].map((share) => `${(100 * share).toFixed(1)} %`);
    bars.forEach(({ row, fill, share }, k) => {
      fill.style.width = `${100 * shares[at][k]}%`;
      share.textContent = percent[k];
      row.classList.toggle("leads", shares[at][k] > shares[at][1 - k]);
    });
    root.setAttribute("aria-label", `${title}: ${classes.map((name, k) => `${name} ${percent[k]}`).join(", ")}`);
  });
  document.documentElement.style.setProperty("--cutoff", cutoff);
  document.documentElement.style.setProperty("--cutoff-shown", "block");
  mixer.root.dataset.cutoff = cutoff;
  mixer.root.dataset.milliseconds = performance.now() - start;
}

function move(mixer, at) {
  mixer.place.at = at;
  draw(mixer);
}

function rest(mixer, wait) {
  clearTimeout(mixer.resting);
  mixer.resting = setTimeout(() => mixer.choose(), wait);
}

// Plays from here to the last cutoff; at the last one, starts again from the first.
function play(mixer) {
  const last = mixer.data.cutoffs.length - 1;
  clearTimeout(mixer.resting);
  if (mixer.place.at === last) move(mixer, 0);
  mixer.timer = setInterval(() => {
    if (mixer.place.at < last && mixer.root.isConnected) move(mixer, mixer.place.at + 1);
    else pause(mixer);
  }, PLAY_MILLISECONDS);
  sayPlaying(mixer);
}

function halt(mixer) {
  clearInterval(mixer.timer);
  mixer.timer = 0;
  sayPlaying(mixer);
}

function pause(mixer) {
  if (!mixer.timer) return;
  halt(mixer);
  if (mixer.root.isConnected) rest(mixer, 0);
}

function sayPlaying(mixer) {
  mixer.play.textContent = mixer.timer ? "Pause" : "▶ Play";
  mixer.play.title = "Let the cutoff rise; Escape stops it";
}

// A port of core/fourier/waves.py. exp(-(i² + j²) / (2 c²)) is separable, so the low frequencies of d = low - high are
// G d Gᵀ with one circulant matrix G for each cutoff c: no Fourier transform of the pictures is needed.

// Pictures are bytes (size, size, 3).
export function prepareHybrid(low, high, size) {
  const difference = [0, 1, 2].map((channel) =>
    Float64Array.from({ length: size ** 2 }, (_, cell) => low[3 * cell + channel] - high[3 * cell + channel]),
  );
  return { size, high, difference, halfway: new Float64Array(size ** 2), part: new Float64Array(size ** 2) };
}

// hybrid: high + the low frequencies of (low - high). `rgba` clips and rounds, as to_uint8 does; it may be an array of
// numbers, which keeps them.
export function paintHybrid({ size, high, difference, halfway, part }, cutoff, rgba) {
  const row = rowOfG(size, cutoff);
  difference.forEach((plane, channel) => {
    blurRows(plane, halfway, row, size);
    blurRows(halfway, part, row, size);
    for (let cell = 0; cell < part.length; cell++) rgba[4 * cell + channel] = high[3 * cell + channel] + part[cell];
  });
  for (let cell = 0; cell < part.length; cell++) rgba[4 * cell + 3] = 255;
}

// The weights of G around its diagonal, and the offset of the first: the inverse transform of one Gaussian of waves.
function rowOfG(size, cutoff) {
  const waves = Array.from({ length: size }, (_, k) => Math.exp(-(Math.min(k, size - k) ** 2) / (2 * cutoff ** 2)));
  const cosines = Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const weight = (offset) => waves.reduce((sum, wave, k) => sum + wave * cosines[(k * offset) % size], 0) / size;
  const half = Array.from({ length: Math.floor(size / 2) + 1 }, (_, offset) => weight(offset));
  const reach = half.findLastIndex((value) => Math.abs(value) > NOTHING);
  const count = Math.min(2 * reach + 1, size); // the whole circle, once, where G is that wide
  const first = -Math.floor((count - 1) / 2);
  const weights = new Float64Array(SUMS * Math.ceil(count / SUMS)); // zeros at the end
  for (let k = 0; k < count; k++) weights[k] = half[Math.abs(first + k)];
  return { first, weights };
}

// Multiplies each row by G and writes it as a column: done twice, rows are rows again.
function blurRows(from, to, { first, weights }, size) {
  const line = new Float64Array(size + weights.length);
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < line.length; k++) line[k] = from[row * size + ((k + first + size) % size)];
    for (let column = 0; column < size; column++) {
      let [a, b, c, d] = [0, 0, 0, 0];
      for (let k = 0, at = column; k < weights.length; k += SUMS, at += SUMS) {
        a += weights[k] * line[at];
        b += weights[k + 1] * line[at + 1];
        c += weights[k + 2] * line[at + 2];
        d += weights[k + 3] * line[at + 3];
      }
      to[column * size + row] = a + b + (c + d);
    }
  }
}
