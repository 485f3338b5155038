// The picture under the wave, next to the maps: redrawn with every movement of the maps' cursor, without Python.

import { button, countOf, element, paintPixels, unpack } from "../basics.js";
import { createTiles, fillTiles } from "../pictures/tiles.js";
import { createAnswers, readAnswers, showAnswers } from "./answer_table.js";
import { fourierBasis, name, outward, signsAt, underWave, waveAlone } from "./wave.js";

const PLAY_MILLISECONDS = 250; // between two waves of a tour, and before a strength is reported

const STRENGTH = "v in the paper: the root of the sum of one colour's squared changes";

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
  panel.strip = createTiles(pictures);
  const scene = root.appendChild(element("div", "scene"));
  for (const name of ["wave", "clean", "perturbed"]) {
    const figure = scene.appendChild(element("figure", `picture ${name}`));
    const caption = figure.appendChild(element("figcaption", "", "added to the picture"));
    const canvas = figure.appendChild(element("canvas", "", "", { role: "img" }));
    panel.pictures[name] = { canvas, caption };
  }
  panel.refusal = scene.appendChild(element("div", "refusal"));
  panel.answers = createAnswers(view);
  scene.append(panel.answers.root);
  const controls = root.appendChild(element("div", "controls buttons"));
  panel.play = button(controls, "", () => (panel.timer ? pause(panel) : play(panel)));
  panel.play.className = "play";
  panel.slider = createSlider(panel, controls);
  panel.photo.title = "Use a photo of your own";
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
  const input = label.appendChild(
    element("input", "", "", { type: "range", ariaLabel: "Strength of the wave", title: STRENGTH }),
  );
  const text = label.appendChild(element("span"));
  input.addEventListener("input", () => {
    panel.view.memory.epsilon = Number(input.value);
    panel.view.moved();
  });
  input.addEventListener("change", () => panel.view.report(PLAY_MILLISECONDS)); // keys send one per step
  return { input, text };
}

export function fillPanel(panel, picture) {
  pause(panel, false);
  panel.data = picture;
  panel.pixels = unpack(picture.pixels);
  panel.signs = unpack(picture.signs);
  panel.root.classList.toggle("crisp", picture.image_size < 100);
  const { canvas } = panel.pictures.clean;
  paintPixels(canvas, picture.image_size, picture.image_size, (at, channel) => panel.pixels[3 * at + channel]);
  canvas.ariaLabel = `The picture without a wave: ${picture.caption}`;
  Object.assign(panel.slider.input, { min: 0, max: picture.most, step: picture.step });
  fillTiles(panel.strip, picture.strip, (index) => panel.view.trigger("pick", index));
  readAnswers(panel.view); // they may have come first
}

// Draws the picture under the cursor's wave. Tests read `data-wave`.
export function drawPanel(panel, frequency, epsilon) {
  const { image_size: width, size, usual, source } = panel.data;
  const signs = signsAt(panel.signs, size, frequency);
  panel.root.classList.toggle("refused", !signs);
  panel.slider.input.value = epsilon;
  const compared = source === "paper" ? ", as in the paper" : ", as usual";
  const remark = epsilon === usual ? compared : ` (${source}: ${usual})`;
  panel.slider.text.textContent = `Strength: ${number0(epsilon)}${remark}`;
  panel.refusal.textContent = signs
    ? ""
    : `Pictures of ${width} pixels carry at most ${countOf((size - 1) / 2, "cycle")} per image. Choose a cell nearer ` +
      "the middle or a larger picture.";
  panel.root.dataset.wave = String(frequency);
  showAnswers(panel.view, frequency);
  if (!signs) return;
  const basis = fourierBasis(frequency, width);
  const { perturbed, wave } = panel.pictures;
  paintPixels(perturbed.canvas, width, width, underWave(panel.pixels, basis, epsilon, signs));
  paintPixels(wave.canvas, width, width, waveAlone(basis, signs));
  const radius = Math.hypot(...frequency);
  const what = radius ? `${radius.toFixed(1)} cycles per image` : "constant brightness";
  wave.caption.textContent = `The wave ${name(frequency)}`;
  const added = `${what}, strength ${number0(epsilon)}, clipped to [0, 1]`;
  perturbed.canvas.ariaLabel = `${panel.data.caption} with the wave ${name(frequency)} added: ${added}`;
  wave.canvas.ariaLabel = `The wave ${name(frequency)} alone: ${what}, a random sign for each colour`;
}

const number0 = (value) => Number(value.toFixed(3)).toString();

// *Play*: a wave per radius from zero frequency to the corner.
function play(panel) {
  const { view } = panel;
  const half = Math.min((panel.data.size - 1) / 2, ...view.maps.map((map) => map.half));
  const tour = outward(view.memory.frequency, half);
  panel.timer = setInterval(() => {
    if (!tour.length) return pause(panel);
    view.hover = null;
    view.memory.frequency = tour.shift();
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
