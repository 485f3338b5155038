// Mixes two pictures, slow waves of one and fast waves of the other, at every cutoff of a slider.

import { countOf, element, memoryOf, paintPixels, unpack, viewOf } from "../basics.js";
import { createTiles, fillTiles } from "./tiles.js";

const REST_MILLISECONDS = 400; // before a choice is reported

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data) return;
  const mixer = viewOf(parentElement, createMixer);
  mixer.choose = () => setStateValue("choice", { value: mixer.memory.at, token: data.token, about: data.about });
  mixer.memory = memoryOf(data, () => ({ at: data.value }));
  mixer.data = data;
  if (mixer.pair !== data.pair) load(mixer, data);
  mixer.stripTitle.textContent = data.strip.title;
  fillTiles(mixer.strip, data.strip, (index) => {
    clearTimeout(mixer.resting); // a cutoff chosen just before belongs to the former pair
    setTriggerValue("pick", index);
  });
  fillNetworks(mixer, data);
  draw(mixer);
}

function createMixer(parentElement) {
  const root = element("div", "mixer");
  const layout = root.appendChild(element("div", "layout"));
  const scene = layout.appendChild(element("div", "scene"));
  /** @type {Record<string, any>} */
  const mixer = { root, pictures: {}, resting: 0 };
  for (const name of ["mixed", "low", "high"]) {
    const figure = scene.appendChild(element("figure", `picture ${name}`));
    const canvas = figure.appendChild(element("canvas", "", "", { role: "img" }));
    mixer.pictures[name] = { canvas, caption: figure.appendChild(element("figcaption")) };
  }
  const controls = layout.appendChild(element("div", "controls"));
  createSlider(mixer, controls.appendChild(element("div", "cutoff")));
  mixer.legend = controls.appendChild(
    element("p", "legend", "Solid bar: the slow-wave picture. Striped: the fast-wave picture. Grey: its next guess."),
  );
  mixer.networks = controls.appendChild(element("div", "networks"));
  const second = layout.appendChild(element("div", "second"));
  mixer.stripTitle = second.appendChild(element("div"));
  mixer.strip = createTiles(second);
  parentElement.appendChild(root);
  return mixer;
}

function createSlider(mixer, parent) {
  const label = parent.appendChild(element("label"));
  mixer.text = label.appendChild(element("span"));
  const input = (mixer.input = label.appendChild(element("input", "", "", { type: "range" })));
  let drawing = 0; // at most once a frame
  input.addEventListener("input", () => {
    mixer.memory.at = Number(input.value);
    if (drawing) return;
    drawing = requestAnimationFrame(() => {
      drawing = 0;
      draw(mixer);
    });
  });
  input.addEventListener("change", () => {
    clearTimeout(mixer.resting); // keys send one per step
    mixer.resting = setTimeout(() => mixer.choose(), REST_MILLISECONDS);
  });
  mixer.ticks = parent.appendChild(element("div", "ticks"));
  mixer.marks = parent.appendChild(element("ul", "marks", "", { ariaLabel: "Crossover cutoff of each network" }));
}

function load(mixer, data) {
  const { size, low, high } = data;
  mixer.pair = data.pair;
  mixer.bytes = { low: unpack(low.pixels), high: unpack(high.pixels) };
  mixer.root.classList.toggle("crisp", size < 100);
  for (const [name, bytes] of Object.entries(mixer.bytes)) {
    const { canvas } = mixer.pictures[name];
    paintPixels(canvas, size, size, (at, channel) => bytes[3 * at + channel]);
    canvas.ariaLabel = data[name].caption;
  }
  mixer.pictures.low.caption.textContent = `Slow waves of: ${low.caption}`;
  mixer.pictures.high.caption.textContent = `Fast waves of: ${high.caption}`;
  Object.assign(mixer.input, { min: 0, max: data.cutoffs.length - 1, step: 1 });
  mixer.ticks.replaceChildren(...data.ticks.map(([at, text]) => placed("span", "", text, at)));
}

// Creates an element next to the slider's track; `at` from 0 to 1.
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
  const root = element("div", "network", "", { role: "img" });
  root.style.setProperty("--colour", colour);
  const name = root.appendChild(element("div", "name"));
  const bars = ["low", "high", "other"].map((kind, k) => {
    const row = root.appendChild(element("div", `bar ${kind}`));
    const label = row.appendChild(element("span", "class", classes[k] ?? ""));
    const fill = row.appendChild(element("span", "track")).appendChild(element("span", "fill"));
    return { row, label, fill, share: row.appendChild(element("span", "share")) };
  });
  return { root, name, bars };
}

// Draws picture, bars and predictions at one cutoff. Tests read `data-cutoff`.
function draw(mixer) {
  const {
    data,
    memory: { at },
  } = mixer;
  const cutoff = data.cutoffs[at];
  const { canvas, caption } = mixer.pictures.mixed;
  const { low, high } = mixer.bytes;
  paintPixels(canvas, data.size, data.size, hybridOf(low, high, data.size, cutoff));
  const cycles = countOf(cutoff, "cycle");
  const label = `Cutoff: ${cycles} per image, slow below, fast above`;
  caption.textContent = `Both, mixed at ${cycles}`;
  const both = `The slow waves of ${data.low.caption} and the fast waves of ${data.high.caption}`;
  canvas.ariaLabel = `${both}. ${label}`;
  mixer.text.textContent = label;
  mixer.input.value = at;
  const said = data.networks.map(({ title, says }) => `${title} sees ${says[at]}`);
  mixer.input.setAttribute("aria-valuetext", [`${cycles} per image`, ...said].join(". "));
  mixer.bars.forEach(({ root, name, bars }, number) => {
    const { title, classes, shares, others } = data.networks[number];
    const [other, otherShare] = others[at];
    name.textContent = said[number];
    const values = [...shares[at], otherShare];
    const names = [...classes, other];
    const percent = values.map((share) => `${(100 * share).toFixed(1)}%`);
    bars.forEach(({ row, label, fill, share }, k) => {
      label.textContent = names[k];
      fill.style.width = `${100 * values[k]}%`;
      share.textContent = percent[k];
      row.classList.toggle("leads", values[k] === Math.max(...values));
    });
    root.setAttribute("aria-label", `${title}: ${names.map((name, k) => `${name} ${percent[k]}`).join(", ")}`);
  });
  mixer.root.dataset.cutoff = cutoff;
}

// A port of core/fourier/waves.py. exp(-(i² + j²) / (2 c²)) is separable, so the low frequencies of d = low - high are
// G d Gᵀ with one circulant matrix G for each cutoff c: no Fourier transform of the pictures is needed.

/**
 * hybrid: high + the low frequencies of (low - high), as values that `paintPixels` clips and rounds, like to_uint8.
 * Pictures are bytes (size, size, 3).
 */
export function hybridOf(low, high, size, cutoff) {
  const weights = rowOfG(size, cutoff);
  const parts = [0, 1, 2].map((channel) => {
    const difference = Float64Array.from(
      { length: size ** 2 },
      (_, cell) => low[3 * cell + channel] - high[3 * cell + channel],
    );
    return blurredRows(blurredRows(difference, weights, size), weights, size);
  });
  return (at, channel) => high[3 * at + channel] + parts[channel][at];
}

// The first row of G: the inverse transform of one Gaussian of waves.
function rowOfG(size, cutoff) {
  const waves = Array.from({ length: size }, (_, k) => Math.exp(-(Math.min(k, size - k) ** 2) / (2 * cutoff ** 2)));
  const cosines = Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const weight = (offset) => waves.reduce((sum, wave, k) => sum + wave * cosines[(k * offset) % size], 0) / size;
  return Float64Array.from({ length: size }, (_, offset) => weight(offset));
}

// Each row times G, as a column: done twice, rows are rows again.
function blurredRows(from, weights, size) {
  const to = new Float64Array(size ** 2);
  const line = new Float64Array(2 * size); // the row twice: G is circulant
  for (let row = 0; row < size; row++) {
    line.set(from.subarray(row * size, (row + 1) * size));
    line.copyWithin(size, 0, size);
    for (let column = 0; column < size; column++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += weights[k] * line[column + k];
      to[column * size + row] = sum;
    }
  }
  return to;
}
