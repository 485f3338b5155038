// A picture without and under stripes, and networks' predictions for it. A wave (i, j) is i stripes down and j across.

import { element, paintPixels, unpack } from "../basics.js";
import { addBasis, fourierBasis, signsAt } from "./wave.js";

const REST_MILLISECONDS = 250; // before a choice is reported
const views = new WeakMap(); // parentElement -> view
const places = new Map(); // key -> {token, wave}: the displayed wave, kept across remounts; null is no wave

export default function ({ data, parentElement, setStateValue }) {
  if (!data) return;
  if (!views.has(parentElement)) views.set(parentElement, createView(parentElement, data));
  const view = views.get(parentElement);
  view.send = (value) => setStateValue("choice", { value, token: data.token, about: data.about });
  view.data = data;
  view.place = places.get(data.key);
  if (view.place?.token !== data.token) places.set(data.key, (view.place = { token: data.token, wave: data.value }));
  show(view);
}

function createView(parentElement, { size, side, networks }) {
  const root = element("div", "stripes");
  const figure = root.appendChild(element("figure"));
  const canvas = figure.appendChild(element("canvas"));
  const label = figure.appendChild(element("label"));
  Object.assign(canvas, { width: size, height: size });
  canvas.setAttribute("role", "img");
  /** @type {Record<string, any>} */
  const view = {
    root,
    canvas,
    text: label.appendChild(element("span")),
    input: label.appendChild(element("input")),
    timer: 0,
  };
  Object.assign(view.input, { type: "range", min: 0, max: (side - 1) / 2, step: 1 });
  view.input.addEventListener("input", () => {
    const stripes = Number(view.input.value);
    view.place.wave = stripes ? [0, stripes] : null;
    show(view);
    clearTimeout(view.timer);
    if (stripes) view.timer = setTimeout(() => view.send([0, stripes]), REST_MILLISECONDS);
  });
  const answers = root.appendChild(element("div", "answers"));
  answers.setAttribute("aria-live", "polite");
  const before = answers.appendChild(element("figure", "clean"));
  view.clean = before.appendChild(element("canvas"));
  before.append(element("figcaption", "", "Without the wave"));
  view.clean.setAttribute("role", "img");
  view.answers = networks.map(({ title, colour }) => {
    const answer = answers.appendChild(element("div", "answer"));
    answer.style.setProperty("--colour", colour);
    answer.append(element("div", "title", title));
    return {
      was: answer.appendChild(element("s")),
      is: answer.appendChild(element("strong")),
      share: answer.appendChild(element("span", "share")),
    };
  });
  parentElement.appendChild(root);
  return view;
}

/** @param {Record<string, any>} view */
function show({ data, place: { wave }, canvas, clean, text, input, answers }) {
  const { side, size, names, label, epsilon } = data;
  const half = (side - 1) / 2;
  input.value = wave ? Math.round(Math.hypot(...wave)) : 0;
  text.textContent = !wave
    ? "No stripes"
    : wave[0]
      ? `Wave (${wave.join(", ").replaceAll("-", "\u2212")})`
      : `${wave[1]} ${Math.abs(wave[1]) === 1 ? "stripe" : "stripes"} across: wave (0, ${wave[1]})`;
  const image = new ImageData(size, size);
  const pixels = unpack(data.pixels);
  const basisWave = wave ?? [0, 1];
  addBasis(
    pixels,
    fourierBasis(basisWave, size),
    wave ? epsilon : 0,
    signsAt(unpack(data.signs), side, basisWave),
    image.data,
  );
  canvas.getContext("2d").putImageData(image, 0, 0);
  canvas.setAttribute("aria-label", `A picture of: ${names[label]}. ${text.textContent}`);
  paintPixels(clean, size, size, (at, channel) => pixels[3 * at + channel]);
  clean.setAttribute("aria-label", `The picture without a wave: ${names[label]}`);
  data.networks.forEach(({ clean, cells }, k) => {
    const [now, share] = wave ? cells[(wave[0] + half) * side + wave[1] + half] : clean;
    answers[k].was.textContent = now === clean[0] ? "" : names[clean[0]];
    answers[k].is.textContent = names[now];
    answers[k].is.className = now === label ? "" : "wrong";
    answers[k].share.textContent = `${Math.round(100 * share)} %`;
  });
}
