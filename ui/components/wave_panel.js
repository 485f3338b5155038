// The picture under the wave, beside the maps: redrawn with every movement of the maps' cursor, without Python.

import { countOf, element, unpack } from "./basics.js";
import { name } from "./heatmap_text.js";
import { createAnswers } from "./wave_answers.js";
import { createStrip, fillStrip } from "./picture_strip.js";
import { addBasis, fourierBasis, outward, showBasis, signsAt } from "./wave.js";

const PLAY_MILLISECONDS = 250; // between two waves of a tour
export const REST_MILLISECONDS = 250; // before a choice is reported

// Calls the view's `moved` after the wave or its strength has changed, and `report` to inform Python after a delay.
export function createPanel(view) {
  const root = element("div", "panel");
  const panel = { root, view, pictures: {} };
  const scene = root.appendChild(element("div", "scene"));
  for (const [kind, caption] of [
    ["perturbed", "With the wave"],
    ["clean", "Clean"],
    ["wave", "Wave"],
  ]) {
    const figure = scene.appendChild(element("figure", `picture ${kind}`));
    const canvas = figure.appendChild(element("canvas"));
    canvas.setAttribute("role", "img");
    panel.pictures[kind] = { canvas, caption: figure.appendChild(element("figcaption", "", caption)) };
  }
  panel.refusal = scene.appendChild(element("div", "refusal"));
  panel.answers = createAnswers(view);
  scene.append(panel.answers.root);
  const controls = root.appendChild(element("div", "controls"));
  panel.slider = createSlider(panel, controls);
  const buttons = controls.appendChild(element("div", "buttons"));
  panel.play = buttons.appendChild(element("button", "play"));
  panel.play.addEventListener("click", () => (panel.timer ? pause(panel) : play(panel)));
  const pictures = controls.appendChild(element("div", "buttons pictures"));
  panel.strip = createStrip(pictures, "Bundled pictures", (place) => panel.view.trigger("pick", place));
  panel.library = pictures.appendChild(element("button", "library", "Library, upload"));
  panel.library.title = "All bundled pictures, and a picture of your own";
  panel.library.addEventListener("click", () => {
    panel.view.trigger("library", true);
    focusAfterDialog(panel.library);
  });
  view.root.addEventListener("keydown", (event) => event.key === "Escape" && pause(panel));
  sayPlaying(panel);
  return panel;
}

// Returns the focus after a dialog: Streamlit does so only for its own buttons.
function focusAfterDialog(button, seen = false) {
  const open = Boolean(document.querySelector("[role=dialog]"));
  if (seen && !open) button.focus({ preventScroll: true });
  else if (button.isConnected) setTimeout(focusAfterDialog, 100, button, open);
}

function createSlider(panel, parent) {
  const label = parent.appendChild(element("label", "strength"));
  const text = label.appendChild(element("span"));
  const input = label.appendChild(element("input"));
  input.type = "range";
  input.addEventListener("input", () => {
    panel.view.memory.epsilon = Number(input.value);
    panel.view.moved();
  });
  input.addEventListener("change", () => panel.view.report(REST_MILLISECONDS)); // keys send one per step
  return { input, text };
}

export function fillPanel(panel, picture) {
  pause(panel, false);
  panel.data = picture;
  panel.pixels = unpack(picture.pixels);
  panel.signs = unpack(picture.signs);
  panel.root.classList.toggle("crisp", picture.size < 100);
  for (const { canvas } of Object.values(panel.pictures)) canvas.width = canvas.height = picture.size;
  const clean = new ImageData(picture.size, picture.size);
  for (let cell = 0; cell < picture.size ** 2; cell++) {
    clean.data.set([...panel.pixels.subarray(3 * cell, 3 * cell + 3), 255], 4 * cell);
  }
  panel.pictures.clean.canvas.getContext("2d").putImageData(clean, 0, 0);
  panel.pictures.clean.canvas.setAttribute("aria-label", `The picture without a wave: ${picture.caption}`);
  Object.assign(panel.slider.input, { min: 0, max: picture.most, step: picture.step });
  fillStrip(panel.strip, picture.strip, `pictures-${picture.key}`);
  panel.library.hidden = !picture.library;
}

// Draws the picture under the cursor's wave. Tests and benchmarks read `data-wave` and `data-milliseconds`.
export function drawPanel(panel, frequency, epsilon) {
  const start = performance.now();
  const { size, side, usual, whose } = panel.data;
  const signs = signsAt(panel.signs, side, frequency);
  panel.root.classList.toggle("refused", !signs);
  panel.slider.input.value = epsilon;
  const compared = whose === "paper" ? ", as in the paper" : ", as usual";
  const remark = epsilon === usual ? compared : ` (${whose}: ${usual})`;
  panel.slider.text.textContent = `Strength v = ${number0(epsilon)}${remark}`;
  panel.refusal.textContent = signs
    ? ""
    : `Pictures of ${size} pixels carry at most ${countOf((side - 1) / 2, "cycle")} per image. Choose a cell nearer ` +
      "the middle or a larger picture.";
  panel.root.dataset.wave = String(frequency);
  if (!signs) return;
  const basis = fourierBasis(frequency, size);
  const { perturbed, wave } = panel.pictures;
  paintPanel(perturbed.canvas, (rgba) => addBasis(panel.pixels, basis, epsilon, signs, rgba));
  paintPanel(wave.canvas, (rgba) => showBasis(basis, signs, rgba));
  const radius = Math.hypot(...frequency);
  const what = radius ? `${radius.toFixed(1)} cycles per image` : "constant brightness";
  perturbed.caption.textContent = `With the wave ${name(frequency)}`;
  wave.caption.textContent = `Wave, ${radius.toFixed(1)} cycles`;
  perturbed.canvas.setAttribute(
    "aria-label",
    `${panel.data.caption} with the wave ${name(frequency)} added: ${what}, v = ${number0(epsilon)}, clipped to [0, 1]`,
  );
  wave.canvas.setAttribute("aria-label", `The wave ${name(frequency)} alone: ${what}, a random sign for each colour`);
  panel.root.dataset.milliseconds = performance.now() - start;
}

function paintPanel(canvas, fill) {
  const context = canvas.getContext("2d");
  const image = new ImageData(canvas.width, canvas.height);
  fill(image.data);
  context.putImageData(image, 0, 0);
}

const number0 = (value) => Number(value.toFixed(3)).toString();

// *Play*: a wave per radius from zero frequency to the corner; resumes if it was paused.
function play(panel) {
  const { view } = panel;
  const half = Math.min((panel.data.side - 1) / 2, ...view.maps.map((map) => map.half));
  const tour = panel.paused ?? outward(view.memory.frequency, half);
  panel.paused = null;
  panel.timer = setInterval(() => {
    if (!tour.length) return pause(panel);
    view.hover = null;
    view.memory.frequency = tour.shift();
    panel.paused = tour.length ? tour : null;
    view.moved();
  }, PLAY_MILLISECONDS);
  sayPlaying(panel);
}

export function pause(panel, tell = true) {
  if (!panel.timer) return false;
  clearInterval(panel.timer);
  panel.timer = null;
  sayPlaying(panel);
  if (tell) panel.view.report(0);
  return true;
}

function sayPlaying(panel) {
  panel.play.textContent = panel.timer ? "Pause" : "▶ Play";
  panel.play.title = "Let the wave run outward through all radii, slow to fast; Escape stops it";
}
