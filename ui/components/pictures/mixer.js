// Mixes two pictures, slow waves of one and fast waves of the other, at every cutoff of a slider.

import { element, memoryOf, paintPixels, tooltip, unpack, viewOf } from "../basics.js";
import { createTiles, fillTiles } from "./tiles.js";

const REST_MILLISECONDS = 400; // before a choice is reported
const KINDS = ["low", "high", "other"]; // what a network sees: the slow-wave picture, the fast-wave one, neither

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
  mixer.networks = controls.appendChild(element("div", "networks"));
  const second = layout.appendChild(element("div", "second"));
  mixer.stripTitle = second.appendChild(element("div"));
  mixer.strip = createTiles(second);
  parentElement.appendChild(root);
  return mixer;
}

function createSlider(mixer, parent) {
  const ends = parent.appendChild(element("div", "ends"));
  mixer.ends = ["high", "low"].map((kind) => ends.appendChild(element("span", kind)));
  const rail = parent.appendChild(element("div", "rail"));
  mixer.zones = rail.appendChild(element("div", "zones", "", { ariaHidden: "true" }));
  const input = (mixer.input = rail.appendChild(element("input", "", "", { type: "range" })));
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
  mixer.marks = parent.appendChild(element("ul", "marks", "", { ariaLabel: "Where a network switches" }));
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
  fillCaption(mixer.pictures.low.caption, "Shapes", "slow waves", low.caption);
  fillCaption(mixer.pictures.high.caption, "Edges", "fast waves", high.caption);
  const [left, right] = high.caption === low.caption ? ["fast waves", "slow waves"] : [high.caption, low.caption];
  mixer.ends[0].textContent = `← more ${left}`;
  mixer.ends[1].textContent = `more ${right} →`;
  const ariaLabel = `Mix: to the left more ${left}, to the right more ${right}`;
  Object.assign(mixer.input, { min: 0, max: data.cutoffs.length - 1, step: 1, ariaLabel });
}

// Says what a picture gives to the mixture; a phone has no room for the waves' name.
function fillCaption(caption, given, waves, picture) {
  caption.replaceChildren(given, element("span", "waves", ` (${waves})`), `: ${picture}`);
}

function fillNetworks(mixer, { networks, cutoffs }) {
  const version = JSON.stringify(networks);
  if (mixer.version === version) return;
  mixer.version = version;
  mixer.bars = networks.map((network) => networkRow(network));
  mixer.networks.replaceChildren(...mixer.bars.map(({ node }) => node));
  mixer.zones.replaceChildren(...networks.map(({ colour, sees }) => zonesOf(colour, sees)));
  mixer.marks.replaceChildren(
    ...networks.map(({ title, colour, switches }) => {
      const at = switches == null ? 0 : (switches - 0.5) / (cutoffs.length - 1);
      const item = element("li", switches == null ? "none" : at > 0.5 ? "left" : "right");
      item.style.setProperty("--at", at);
      item.style.setProperty("--colour", colour);
      const words = networks.length > 1 ? `${title} switches here` : "switches here";
      item.append(element("span", "words", switches == null ? "" : words));
      return item;
    }),
  );
}

// The slider's track of a network: a part for each stretch of cutoffs at which it sees the same.
function zonesOf(colour, sees) {
  const row = element("div", "zone");
  row.style.setProperty("--colour", colour);
  sees.forEach((kind, k) => {
    if (kind !== sees[k - 1]) row.append(element("span", KINDS[kind]));
    const part = /** @type {any} */ (row.lastChild);
    part.style.flexGrow = Number(part.style.flexGrow) + (k % (sees.length - 1) ? 1 : 0.5); // half a step at both ends
  });
  return row;
}

function networkRow({ title, colour, classes }) {
  const node = element("div", "network");
  node.style.setProperty("--colour", colour);
  const head = node.appendChild(element("div", "head"));
  const [name, hint] = ["name", "hint"].map((part) => head.appendChild(element("div", part)));
  name.append(`${title} sees `);
  const says = name.appendChild(element("strong"));
  const root = node.appendChild(element("div", "bars", "", { role: "img" }));
  const bars = KINDS.map((kind, k) => {
    const row = root.appendChild(element("div", `bar ${kind}`));
    const label = row.appendChild(element("span", "class", classes[k] ?? ""));
    const fill = row.appendChild(element("span", "track")).appendChild(element("span", "fill"));
    return { row, label, fill, share: row.appendChild(element("span", "share")) };
  });
  return { node, root, says, hint, bars };
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
  const cycles = `${cutoff < 2 ? cutoff.toFixed(1) : Math.round(cutoff)} cycles per image`;
  const slow = `Waves slower than about ${cycles} are mostly of: ${data.low.caption}.`;
  const mixed = `${slow} Faster ones: ${data.high.caption}.`;
  caption.replaceChildren(tooltip("Both, mixed", mixed));
  canvas.ariaLabel = mixed;
  mixer.input.value = at;
  const said = data.networks.map(({ title, says }) => `${title} sees ${says[at]}`);
  mixer.input.setAttribute("aria-valuetext", [cycles, ...said].join(". "));
  mixer.bars.forEach((row, number) => {
    const { root, hint, bars } = row;
    const { title, classes, shares, others, says, hints } = data.networks[number];
    const [other, otherShare] = others[at];
    row.says.textContent = says[at];
    hint.textContent = hints[at];
    const values = [...shares[at], otherShare];
    const names = [...classes, other];
    const percent = values.map(percentOf);
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

// Rounded, but no network is 0% or 100% sure.
const percentOf = (share) => (share < 0.005 ? "<1%" : share > 0.995 ? ">99%" : `${Math.round(100 * share)}%`);

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
