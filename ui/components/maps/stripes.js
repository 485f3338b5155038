// A picture without and under stripes, and networks' predictions for it. A wave (i, j) is i stripes down and j across.

import { element, memoryOf, paintPixels, unpack, viewOf } from "../basics.js";
import { fourierBasis, name, signsAt, underWave } from "./wave.js";

const REST_MILLISECONDS = 250; // before a choice is reported

export default function ({ data, parentElement, setStateValue }) {
  if (!data) return;
  const view = viewOf(parentElement, () => createView(parentElement, data));
  view.send = (value) => setStateValue("choice", { value, token: data.token, about: data.about });
  view.data = data;
  view.memory = memoryOf(data, () => ({ wave: data.value })); // null is no wave
  show(view);
}

function createView(parentElement, { size, networks }) {
  const root = element("div", "stripes");
  const figure = root.appendChild(element("figure"));
  const canvas = figure.appendChild(element("canvas", "", "", { role: "img" }));
  const label = figure.appendChild(element("label"));
  /** @type {Record<string, any>} */
  const view = {
    root,
    canvas,
    text: label.appendChild(element("span")),
    input: label.appendChild(element("input", "", "", { type: "range", min: 0, max: (size - 1) / 2, step: 1 })),
    timer: 0,
  };
  view.input.addEventListener("input", () => {
    const stripes = Number(view.input.value);
    view.memory.wave = stripes ? [0, stripes] : null;
    show(view);
    clearTimeout(view.timer);
    if (stripes) view.timer = setTimeout(() => view.send([0, stripes]), REST_MILLISECONDS);
  });
  const answers = root.appendChild(element("div", "answers", "", { ariaLive: "polite" }));
  const before = answers.appendChild(element("figure", "clean"));
  view.clean = before.appendChild(element("canvas", "", "", { role: "img" }));
  before.append(element("figcaption", "", "Without the wave"));
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
function show({ data, memory: { wave }, canvas, clean, text, input, answers }) {
  const { image_size: width, size, names, label, epsilon } = data;
  const half = (size - 1) / 2;
  input.value = wave ? Math.round(Math.hypot(...wave)) : 0;
  text.textContent = !wave
    ? "No stripes"
    : wave[0]
      ? `Wave ${name(wave)}`
      : `${wave[1]} ${Math.abs(wave[1]) === 1 ? "stripe" : "stripes"} across: wave (0, ${wave[1]})`;
  const pixels = unpack(data.pixels);
  const plain = (at, channel) => pixels[3 * at + channel];
  const signs = wave && signsAt(unpack(data.signs), size, wave);
  paintPixels(canvas, width, width, wave ? underWave(pixels, fourierBasis(wave, width), epsilon, signs) : plain);
  canvas.ariaLabel = `A picture of: ${names[label]}. ${text.textContent}`;
  paintPixels(clean, width, width, plain);
  clean.ariaLabel = `The picture without a wave: ${names[label]}`;
  data.networks.forEach(({ clean, cells }, k) => {
    const [now, share] = wave ? cells[(wave[0] + half) * size + wave[1] + half] : clean;
    answers[k].was.textContent = now === clean[0] ? "" : names[clean[0]];
    answers[k].is.textContent = names[now];
    answers[k].is.className = now === label ? "" : "wrong";
    answers[k].share.textContent = `${Math.round(100 * share)}%`;
  });
}
