// The opening scene: a row of classes to ask for, the blur, and two pictures that grow out of it.

import { button } from "./buttons.js";
import { element, unpack } from "./dom.js";
import { paintPixels } from "./pixels.js";

const PLAY_MILLISECONDS = 2000;
const scenes = new WeakMap(); // parentElement -> scene
let played = null; // the class whose pictures have grown: they do so once, also when mounted anew

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!scenes.has(parentElement)) scenes.set(parentElement, createScene(parentElement, data));
  const scene = scenes.get(parentElement);
  scene.ask = (place) => setTriggerValue("ask", place);
  scene.data = data;
  scene.frames = data.networks.map(({ frames }) => unpack(frames));
  scene.chips.forEach((chip, place) => chip.setAttribute("aria-pressed", String(place === data.chosen)));
  const name = data.names[data.chosen];
  scene.wish.textContent = `Ask for ${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
  paintPixels(scene.figures[0].canvas, data.size, data.size, (at, channel) => scene.frames[0][3 * at + channel]);
  if (played === data.chosen || matchMedia("(prefers-reduced-motion: reduce)").matches) finish(scene);
  else grow(scene);
}

function createScene(parentElement, { names, networks, captions }) {
  const root = element("div", "opening"), scene = { root, timer: 0 };
  const asking = root.appendChild(element("div", "asking"));
  scene.wish = asking.appendChild(element("div", "wish"));
  scene.wish.setAttribute("aria-live", "polite");
  const group = asking.appendChild(element("div", "chips"));
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Class to ask for");
  scene.chips = names.map((name, place) => button(group, name, () => {
    scene.wish.textContent = "";
    played = null;
    if (place === scene.data.chosen) grow(scene);
    else scene.ask(place);
  }));
  const row = root.appendChild(element("div", "squares"));
  scene.figures = ["Both begin with this blur", ...networks.map(({ title }) => title)].map((title, k) => {
    const figure = row.appendChild(element("figure", k ? "result" : "start"));
    const canvas = figure.appendChild(element("canvas"));
    canvas.setAttribute("role", "img");
    const caption = figure.appendChild(element("figcaption"));
    caption.append(element("span", "title", title));
    const sure = caption.appendChild(element("strong", "sure"));
    caption.append(element("span", "about", captions[k]));
    return { canvas, sure };
  });
  parentElement.appendChild(root);
  return scene;
}

function grow(scene) {
  const start = performance.now(), { data } = scene;
  const step = (now) => {
    if (scene.data !== data || !scene.root.isConnected) return;
    const part = Math.min(1, (now - start) / PLAY_MILLISECONDS);
    if (part === 1) return finish(scene);
    show(scene, part);
    scene.timer = requestAnimationFrame(step);
  };
  cancelAnimationFrame(scene.timer);
  show(scene, 0);
  scene.timer = requestAnimationFrame(step);
}

function finish(scene) {
  played = scene.data.chosen;
  show(scene, 1);
}

// Both results at a moment from 0 to 1. Between two stored frames pixels go straight from one to the other.
function show({ data, frames, figures, root }, part) {
  const { steps, size, names, chosen } = data, at = part * steps[steps.length - 1];
  const after = Math.max(1, steps.findIndex((step) => step >= at)), share = (at - steps[after - 1]) / (steps[after] - steps[after - 1]);
  const bytes = 3 * size * size;
  root.dataset.part = String(part);
  data.networks.forEach(({ title, shares }, k) => {
    const figure = figures[k + 1], a = (after - 1) * bytes, b = after * bytes;
    paintPixels(figure.canvas, size, size, (at, channel) => {
      const n = 3 * at + channel;
      return frames[k][a + n] + share * (frames[k][b + n] - frames[k][a + n]);
    });
    const sure = `${percent(shares[Math.round(at)])} sure`;
    figure.sure.textContent = sure;
    figure.canvas.setAttribute("aria-label", `What ${title} makes of it: ${sure} that it is ${names[chosen]}`);
  });
  figures[0].canvas.setAttribute("aria-label", "A blur of no class");
}

// No classifier means 0 % or 100 %.
const percent = (share) => `${Math.min(99, Math.max(1, Math.round(100 * share)))} %`;
