// A small picture under the wave that is chosen on the maps next to it, and what networks see in it.

import { element, paintPixels, unpack, viewOf } from "../basics.js";
import { fourierBasis, name, signsAt, underWave, waveAlone } from "./wave.js";

export default function ({ data, parentElement }) {
  if (!data) return;
  show(
    viewOf(parentElement, () => createView(parentElement, data)),
    data,
  );
}

function createView(parentElement, { networks }) {
  const root = element("div", "small-picture");
  /** @type {Record<string, any>} */
  const view = { root };
  view.title = root.appendChild(element("div", "title"));
  const scene = root.appendChild(element("div", "scene"));
  for (const [figure, caption] of [
    ["clean", "The picture"],
    ["wave", "+ the wave"],
    ["both", "= both"],
  ]) {
    const node = scene.appendChild(element("figure"));
    view[figure] = node.appendChild(element("canvas", "", "", { role: "img" }));
    node.append(element("figcaption", "", caption));
  }
  const list = root.appendChild(element("div", "answers", "", { ariaLive: "polite" }));
  view.answers = networks.map(({ title, colour }) => {
    const answer = list.appendChild(element("div", "answer"));
    answer.style.setProperty("--colour", colour);
    answer.append(element("span", "network", `${title} sees`));
    const row = answer.appendChild(element("div"));
    return {
      was: row.appendChild(element("s")),
      says: row.appendChild(element("strong")),
      share: row.appendChild(element("span", "share")),
    };
  });
  view.line = root.appendChild(element("p"));
  parentElement.appendChild(root);
  return view;
}

// Tests read `data-wave`.
function show(view, data) {
  const { image_size: width, size, names, label, epsilon, value: wave, networks, fooled, template } = data;
  const half = (size - 1) / 2;
  const cell = (wave[0] + half) * size + wave[1] + half;
  const [pixels, signs, basis] = [
    unpack(data.pixels),
    signsAt(unpack(data.signs), size, wave),
    fourierBasis(wave, width),
  ];
  const texts = {
    clean: `The picture without a wave: ${names[label]}`,
    wave: `The wave ${name(wave)}`,
    both: `The picture with the wave ${name(wave)}`,
  };
  paintPixels(view.clean, width, width, (at, channel) => pixels[3 * at + channel]);
  paintPixels(view.wave, width, width, waveAlone(basis, signs));
  paintPixels(view.both, width, width, underWave(pixels, basis, epsilon, signs));
  for (const [figure, text] of Object.entries(texts)) view[figure].ariaLabel = text;
  view.title.textContent = `The wave ${name(wave)} on a small picture`;
  networks.forEach(({ clean, cells }, k) => {
    const [now, share] = cells[cell];
    const { was, says, share: text } = view.answers[k];
    was.textContent = now === clean[0] ? "" : names[clean[0]];
    says.textContent = names[now];
    says.className = now === label ? "" : "wrong";
    text.textContent = `${Math.min(99, Math.max(1, Math.round(100 * share)))}%`;
  });
  const counts = fooled ? unpack(fooled).slice(cell * networks.length, (cell + 1) * networks.length) : [];
  view.line.textContent = template.replace(/\{(\d)\}/g, (_, k) => counts[k]);
  view.root.dataset.wave = String(wave);
}
