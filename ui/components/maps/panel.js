// The picture under the wave, beside the maps: redrawn with every movement of the maps' cursor, without Python.

import { button, countOf, element, tooltip, unpack } from "../basics.js";
import { createStrip, fillStrip } from "../pictures/strip.js";
import { mainElement } from "../streamlit.js";
import { addBasis, fourierBasis, name, outward, showBasis, signsAt } from "./wave.js";

const PLAY_MILLISECONDS = 250; // between two waves of a tour
export const REST_MILLISECONDS = 250; // before a choice is reported

// Calls the view's `moved` after the wave or its strength has changed, and `report` to inform Python after a delay.
export function createPanel(view) {
  const root = element("div", "panel");
  const panel = { root, view, pictures: {} };
  const pictures = root.appendChild(element("div", "buttons pictures"));
  const askForLibrary = () => {
    panel.view.trigger("library", true);
    focusAfterDialog(panel.photo);
  };
  panel.photo = button(pictures, "+ Your photo", askForLibrary);
  panel.photo.className = "library";
  panel.strip = createStrip(pictures, "Bundled pictures", (place) => panel.view.trigger("pick", place));
  const scene = root.appendChild(element("div", "scene"));
  for (const kind of ["wave", "clean", "perturbed"]) {
    const figure = scene.appendChild(element("figure", `picture ${kind}`));
    const caption = figure.appendChild(element("figcaption", "", "on the picture"));
    const canvas = figure.appendChild(element("canvas"));
    canvas.setAttribute("role", "img");
    panel.pictures[kind] = { canvas, caption };
  }
  panel.refusal = scene.appendChild(element("div", "refusal"));
  panel.answers = createAnswers(view);
  scene.append(panel.answers.root);
  const controls = root.appendChild(element("div", "controls buttons"));
  panel.play = button(controls, "", () => (panel.timer ? pause(panel) : play(panel)));
  panel.play.className = "play";
  panel.slider = createSlider(panel, controls);
  panel.photo.title = "All bundled pictures, and a picture of your own";
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
  const input = label.appendChild(element("input"));
  const words = label.appendChild(element("span"));
  const term = words.appendChild(element("span"));
  const text = words.appendChild(element("span"));
  input.type = "range";
  input.setAttribute("aria-label", "Strength v of the wave");
  input.addEventListener("input", () => {
    panel.view.memory.epsilon = Number(input.value);
    panel.view.moved();
  });
  input.addEventListener("change", () => panel.view.report(REST_MILLISECONDS)); // keys send one per step
  return { input, term, text };
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
  const { v } = panel.view.data.terms;
  panel.slider.term.replaceChildren(v ? tooltip("v", v) : "v");
  fillStrip(panel.strip, picture.strip, `pictures-${picture.key}`);
  panel.photo.hidden = !picture.uploads;
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
  panel.slider.text.textContent = ` = ${number0(epsilon)}${remark}`;
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
  wave.caption.textContent = `Its wave ${name(frequency)}`;
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

// The page's texts about the selected wave, outside the component: dimmed while another wave is displayed, and repeated
// in one line per network above the maps on a phone. `data.belongs`: CSS selectors of the page's parts.
function createAnswers(view) {
  const root = element("div", "answers");
  root.setAttribute("aria-hidden", "true"); // the table below says the same
  const answers = { root };
  const observer = new MutationObserver(() => (root.isConnected ? markAnswers(view) : observer.disconnect()));
  observer.observe(mainElement() ?? document.body, { childList: true, subtree: true });
  return answers;
}

const places = (view, kind) =>
  view.data.belongs?.[kind] ? [...document.querySelectorAll(view.data.belongs[kind])] : [];
const tableOf = (view) => places(view, "table")[0]?.querySelector("table[data-wave]");

// Dims parts that belong to another wave than the displayed one, and names that wave.
export function markAnswers(view) {
  const { answers } = view.panel ?? {};
  if (!answers || !view.data.belongs) return;
  const cursor = view.hover ?? view.memory.frequency;
  const table = tableOf(view);
  const of = table?.dataset.wave;
  const note = of && of !== String(cursor) ? `of the selected wave ${name(of.split(",").map(Number))}` : "";
  for (const place of [...places(view, "table"), ...places(view, "sentence")]) {
    if ((place.dataset.elsewhere ?? "") === note) continue;
    if (note) place.dataset.elsewhere = note;
    else delete place.dataset.elsewhere;
  }
  answers.root.classList.toggle("elsewhere", Boolean(note));
  const lines = [...(table?.tBodies[0]?.rows ?? [])].map((row) => [row.cells[0], row.cells[1].textContent]);
  const text = JSON.stringify(lines.map(([head, verdict]) => [head.textContent, verdict]));
  if (answers.text !== text) {
    answers.text = text;
    answers.root.replaceChildren(
      ...lines.map(([head, verdict]) => {
        const line = element("div");
        const key = head.querySelector(".key");
        if (key) line.append(key.cloneNode());
        line.append(element("b", "", head.childNodes[1]?.textContent ?? ""), " ", verdict);
        return line;
      }),
    );
  }
}
