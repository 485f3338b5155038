// A photo, a wave of some vertical stripes, and both together, with what a network sees in them.

import { element, memoryOf, paintPixels, unpack, viewOf } from "../basics.js";
import { createTiles, fillTiles } from "../pictures/tiles.js";
import { fourierBasis, underWave, waveAlone } from "./wave.js";

const REST_MILLISECONDS = 250; // before a choice is reported

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  if (!data) return;
  const view = viewOf(parentElement, createView);
  view.send = (value) => setStateValue("choice", { value, token: data.token, about: data.about });
  view.memory = memoryOf(data, () => ({ stripes: data.value }));
  if (view.data?.id !== data.id) load(view, data);
  view.data = data;
  fillTiles(view.strip, data.strip, (index) => setTriggerValue("pick", index));
  show(view);
}

function createView(parentElement) {
  const root = element("div", "stripes");
  const scene = root.appendChild(element("div", "scene"));
  /** @type {Record<string, any>} */
  const view = { root, timer: 0 };
  for (const [name, caption] of [
    ["clean", "The photo"],
    ["wave", ""],
    ["both", ""],
  ]) {
    const figure = scene.appendChild(element("figure", name));
    view[name] = figure.appendChild(element("canvas", "", "", { role: "img" }));
    const text = figure.appendChild(element("figcaption", "", caption));
    if (name === "wave") view.waveCaption = text;
    if (name === "both") text.remove();
  }
  const control = scene.appendChild(element("label"));
  view.text = control.appendChild(element("span"));
  view.input = control.appendChild(element("input", "", "", { type: "range", min: 0, step: 1 }));
  view.marks = control.appendChild(element("span", "marks", "", { ariaHidden: "true" }));
  view.legend = control.appendChild(element("span", "legend"));
  view.input.addEventListener("input", () => {
    view.memory.stripes = Number(view.input.value);
    show(view);
    clearTimeout(view.timer);
    view.timer = setTimeout(() => view.send(view.memory.stripes), REST_MILLISECONDS);
  });
  const side = scene.appendChild(element("div", "side"));
  const answer = side.appendChild(element("div", "answer", "", { ariaLive: "polite" }));
  view.network = answer.appendChild(element("div", "title"));
  view.was = answer.appendChild(element("s"));
  const now = answer.appendChild(element("div", "now"));
  view.says = now.appendChild(element("strong"));
  view.share = now.appendChild(element("span", "share"));
  view.line = answer.appendChild(element("p"));
  view.strip = createTiles(side.appendChild(element("div", "photos")));
  parentElement.appendChild(root);
  return view;
}

function load(view, data) {
  const { image_size: width, name, answers, network } = data;
  view.pixels = unpack(data.pixels);
  paintPixels(view.clean, width, width, (at, channel) => view.pixels[3 * at + channel]);
  view.clean.ariaLabel = `The photo without a wave: ${name}`;
  view.input.max = answers.length - 1;
  view.network.textContent = `${network} sees`;
  const most = answers.length - 1;
  view.marks.replaceChildren(
    ...answers.flatMap(({ fooled }, k) => {
      if (!fooled) return [];
      const mark = element("i");
      mark.style.setProperty("--at", k / most);
      return [mark];
    }),
  );
  const count = answers.filter(({ fooled }) => fooled).length;
  view.legend.textContent = count ? "Each red mark: this many stripes fools it." : "";
  view.legend.hidden = !count;
}

// Tests read `data-stripes`.
function show(view) {
  const { data, pixels, memory } = view;
  const { stripes } = memory;
  const { image_size: width, answers, epsilon, signs, name } = data;
  const basis = fourierBasis([0, stripes], width);
  const plain = (at, channel) => pixels[3 * at + channel];
  const counted = `${stripes || "No"} ${stripes === 1 ? "stripe" : "stripes"}`;
  view.input.value = stripes;
  view.text.textContent = counted;
  view.waveCaption.textContent = stripes ? "The wave" : "No wave";
  paintPixels(view.both, width, width, stripes ? underWave(pixels, basis, epsilon, signs[stripes - 1]) : plain);
  paintPixels(view.wave, width, width, stripes ? waveAlone(basis, signs[stripes - 1]) : () => 128);
  view.both.ariaLabel = `The photo of: ${name}. ${counted}`;
  view.wave.ariaLabel = `The wave alone: ${counted}`;
  const { says, percent, wrong, line } = answers[stripes];
  view.was.textContent = says === answers[0].says ? "" : answers[0].says;
  view.says.textContent = says;
  view.says.className = wrong ? "wrong" : "";
  view.share.textContent = `${percent}%`;
  view.line.textContent = line;
  view.root.dataset.stripes = stripes;
}
