// Opening scene: a row of words to choose from, and two pictures that grow from one start, one per method.

import { button, element, percent, viewOf } from "../basics.js";

const PLAY_MILLISECONDS = 3500;
let played = ""; // the word that has been played as an animation: once, even after a remount

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const scene = viewOf(parentElement, () => createScene(parentElement, data));
  const { words, chosen } = data;
  const word = words[chosen];
  scene.ask = (index) => setTriggerValue("ask", index);
  if (scene.data && scene.data.chosen !== chosen) delete scene.root.dataset.part; // until its frames are decoded
  scene.data = data;
  drawChips(scene, words);
  scene.chips.forEach((chip, index) => {
    chip.ariaPressed = String(index === chosen);
  });
  scene.figures.forEach((figure, k) => {
    for (const name of ["title", "judged"]) figure[name].textContent = data.drawings[k][name];
    figure.judged.classList.toggle("recognised", Boolean(data.drawings[k].recognised));
  });
  Promise.all(data.drawings.map(({ strip }) => decoded(strip))).then((strips) => {
    if (scene.data !== data) return;
    scene.strips = strips;
    const still = data.drawings.every(({ shares }) => shares.length < 2); // a moment of a run in progress
    if (still || played === word || matchMedia("(prefers-reduced-motion: reduce)").matches) finish(scene);
    else grow(scene);
  });
}

async function decoded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

function createScene(parentElement, { drawings }) {
  const root = element("div", "opening");
  /** @type {Record<string, any>} */
  const scene = { root, chips: [], timer: 0 };
  scene.group = root.appendChild(element("div", "chips", "", { role: "group", ariaLabel: "Word to ask for" }));
  const row = root.appendChild(element("div", "squares"));
  scene.figures = drawings.map(() => {
    const figure = row.appendChild(element("figure"));
    const canvas = figure.appendChild(element("canvas", "", "", { role: "img" }));
    const caption = figure.appendChild(element("figcaption"));
    const line = caption.appendChild(element("div", "line"));
    const title = line.appendChild(element("span", "title"));
    const sure = line.appendChild(element("strong", "sure"));
    return { canvas, title, sure, judged: caption.appendChild(element("span", "judged")) };
  });
  parentElement.appendChild(root);
  return scene;
}

// A word of one's own is one more.
function drawChips(scene, words) {
  const { chips, group } = scene;
  while (chips.length > words.length) chips.pop().remove();
  words.forEach((word, index) => {
    chips[index] ??= button(group, "", () => {
      played = "";
      if (index === scene.data.chosen) grow(scene);
      else scene.ask(index);
    });
    chips[index].textContent = word;
  });
}

function grow(scene) {
  const start = performance.now();
  const { data } = scene;
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
  played = scene.data.words[scene.data.chosen];
  show(scene, 1);
}

// Draws both pictures at a moment from 0 to 1, interpolated between stored frames. Judgements appear at the end.
function show({ data, strips, figures, root }, part) {
  const { size, words, chosen } = data;
  root.dataset.part = String(part);
  data.drawings.forEach(({ title, shares }, k) => {
    const { canvas, sure } = figures[k];
    const at = part * Math.max(0, shares.length - 1);
    const frame = Math.floor(at);
    if (canvas.width !== size) Object.assign(canvas, { width: size, height: size });
    const context = canvas.getContext("2d");
    for (const [index, alpha] of [
      [frame, 1],
      [frame + 1, at - frame],
    ]) {
      if (!alpha) continue;
      context.globalAlpha = alpha;
      context.drawImage(strips[k], 0, index * size, size, size, 0, 0, size, size);
    }
    sure.textContent = shares.length ? `${percent(shares[Math.round(at)])} sure` : "";
    canvas.ariaLabel = `${title}: ${sure.textContent || "not yet sure"} that it shows “${words[chosen]}”`;
  });
}
