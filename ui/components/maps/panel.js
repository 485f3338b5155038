// The picture under the wave, beside the maps: redrawn with every movement of the maps' cursor, without Python.

import { button, countOf, element, paintPixels, unpack } from "../basics.js";
import { createTiles, fillTiles } from "../pictures/tiles.js";
import { mainElement } from "../streamlit.js";
import { fourierBasis, name, outward, signsAt, underWave, waveAlone } from "./wave.js";

const PLAY_MILLISECONDS = 250; // between two waves of a tour, and before a strength is reported

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
    const caption = figure.appendChild(element("figcaption", "", "on the picture"));
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
  const input = label.appendChild(element("input", "", "", { type: "range", ariaLabel: "Strength v of the wave" }));
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
  panel.slider.text.textContent = `v = ${number0(epsilon)}${remark}`;
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
  wave.caption.textContent = `Its wave ${name(frequency)}`;
  const added = `${what}, v = ${number0(epsilon)}, clipped to [0, 1]`;
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

// What networks say of the picture under the wave in view. Python writes all that is known into the page, as
// `data-answers`, and again as it gets to know more.
function createAnswers(view) {
  const root = element("div", "answers", "", { role: "group", ariaLabel: "What networks say" });
  const answers = { root, cards: [] };
  const observer = new MutationObserver(() => (root.isConnected ? readAnswers(view) : observer.disconnect()));
  observer.observe(mainElement() ?? document.body, { childList: true, subtree: true });
  return answers;
}

function readAnswers(view) {
  const { answers } = view.panel;
  const text = document.querySelector("[data-answers]")?.getAttribute("data-answers");
  if (!text || text === answers.text) return;
  Object.assign(answers, JSON.parse(text), { text });
  if (answers.cards.length !== answers.networks.length) {
    answers.cards = answers.networks.map(() => createCard(view));
    answers.root.replaceChildren(...answers.cards.map(({ root }) => root));
  }
  answers.networks.forEach((network, k) => {
    network.classes = new Uint16Array(unpack(network.classes).buffer);
    network.percents = unpack(network.percents);
    const { key, title, count } = answers.cards[k];
    key.style.background = network.colour;
    title.textContent = network.title;
    const [wrong, known, all] = network.mistaken;
    count.hidden = known < all / 2;
    count.disabled = !network.maps.length || view.maps.length <= Math.max(...network.maps);
    count.textContent = `mistaken at ${wrong.toLocaleString("en")} of ${known.toLocaleString("en")}`;
  });
  view.moved();
  outlineMistakes(view);
}

function createCard(view) {
  const root = element("div", "answer");
  const head = root.appendChild(element("div"));
  const card = { root, key: head.appendChild(element("span", "key")), title: head.appendChild(element("span")) };
  card.verdict = root.appendChild(element("strong"));
  card.share = root.appendChild(element("div"));
  card.count = button(root, "", () => {
    view.outlined = !view.outlined;
    outlineMistakes(view);
  });
  card.count.title = "Outline on the map the waves that mislead this picture";
  return card;
}

// Whether the answers are about the picture and the strength in view.
const areCurrent = (view) => String(view.panel.answers.about) === String([view.panel.data.id, view.memory.epsilon]);

// [class, per cent] under a wave; nothing where that is unknown.
function answerAt(view, { classes, percents }, [i, j]) {
  const { size } = view.panel.answers;
  const half = (size - 1) / 2;
  if (!areCurrent(view)) return [];
  if (Math.max(Math.abs(i), Math.abs(j)) > half) return [];
  const cell = (i + half) * size + j + half;
  return percents[cell] <= 100 ? [classes[cell], percents[cell]] : [];
}

// Tests and benchmarks read `data-wave`: the wave that is answered; none while an answer is missing.
function showAnswers(view, cursor) {
  const { root, names, named, networks = [], cards } = view.panel.answers;
  networks.forEach((network, k) => {
    const [now, share] = answerAt(view, network, cursor);
    const [before, was] = network.clean;
    const { root, verdict, share: line } = cards[k];
    const known = now !== undefined;
    root.classList.toggle("wrong", known && now !== network.right);
    root.classList.toggle("unknown", !known);
    if (!known) return (line.textContent = areCurrent(view) ? "a press asks" : "\u2026");
    verdict.textContent = names[now] + (named ? (now === network.right ? " \u2713" : " \u2717") : "");
    line.textContent = `${share}\u00a0%; it was ${before === now ? "" : `${names[before]}, `}${was}\u00a0%`;
  });
  const missing = !networks.length || networks.some((network) => !answerAt(view, network, cursor).length);
  root.dataset.wave = missing ? "" : String(cursor);
}

/** The answers as a sentence, for screen readers. */
export const answersText = (view) =>
  view.panel
    ? view.panel.answers.cards.map(({ title, verdict }) => `${title.textContent}: ${verdict.textContent}.`)
    : [];

// Draws a thin line around the waves that mislead the picture, on the map of the network that answers.
function outlineMistakes(view) {
  const { networks = [], cards } = view.panel.answers;
  view.maps.forEach((map, number) => {
    const network = networks.find(({ maps }) => maps.includes(number));
    const wrong = (i, j) => {
      const [now] = network ? answerAt(view, network, [i, j]) : [];
      return now !== undefined && now !== network.right;
    };
    let path = "";
    for (let i = -map.half; view.outlined && i <= map.half; i++) {
      for (let j = -map.half; j <= map.half; j++) {
        const [x, y] = [j + map.half, i + map.half];
        if (x && wrong(i, j) !== wrong(i, j - 1)) path += `M${x} ${y}v1`;
        if (y && wrong(i, j) !== wrong(i - 1, j)) path += `M${x} ${y}h1`;
      }
    }
    map.mistakes.innerHTML = `<path d="${path}"/><path d="${path}"/>`;
    map.mistakes.setAttribute("viewBox", `0 0 ${map.size} ${map.size}`);
  });
  for (const { count } of cards) count.ariaPressed = String(Boolean(view.outlined));
}
