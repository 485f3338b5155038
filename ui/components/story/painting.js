// What a network paints from a sketch or a photo: large by many views, small by the paper's method. On a phone the
// sketch stands in the painting's corner, and the painter takes the painting's place while one changes it.

import { button, element, viewOf } from "../basics.js";

// What a picture had to do, below it.
const METHODS = {
  views: "Many views: the picture must still convince it when cropped at random and covered in noise.",
  paper: "As in “Understanding CLIP Robustness”, the paper we test: it has to convince the network only once.",
};
const GROWTH_SECONDS = 3;
const CHANGE = { sketch: "Change the sketch", photo: "Move the frame" };

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const scene = viewOf(parentElement, createScene);
  Object.assign(scene, { data, report: setTriggerValue });
  Promise.all([data.views, data.paper, data.sketch].map(decoded)).then((pictures) => {
    if (scene.data !== data) return;
    show(scene, pictures); // texts and pictures are of one state
    if (data.growth && !scene.opened && !matchMedia("(prefers-reduced-motion: reduce)").matches)
      grow(scene, pictures[0]);
    scene.opened = true;
  });
}

// Once, as the page opens: the painting grows from its start; what is said of it comes at its end. Until then a line
// says what happens, over the place of the caption.
async function grow(scene, final) {
  const { data, root } = scene;
  root.classList.add("opening");
  scene.opening.textContent = `The network paints over the ${data.start}…`;
  const strip = await decoded(data.growth);
  const count = Math.round(strip.naturalHeight / strip.naturalWidth);
  const begun = performance.now();
  const isOver = (now) => scene.data !== data || now - begun >= GROWTH_SECONDS * 1000;
  const draw = (now) => {
    const over = isOver(now);
    root.classList.toggle("opening", !over);
    if (scene.data !== data) return;
    if (over) return paint(scene.views, final, data.size);
    const position = Math.min(count - 1, ((now - begun) / (GROWTH_SECONDS * 1000)) * count);
    const context = scene.views.getContext("2d");
    for (const [index, alpha] of [
      [Math.floor(position), 1],
      [Math.min(count - 1, Math.ceil(position)), position % 1],
    ]) {
      context.globalAlpha = alpha;
      context.drawImage(strip, 0, index * data.size, data.size, data.size, 0, 0, data.size, data.size);
    }
    context.globalAlpha = 1;
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
}

async function decoded(source) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return image;
}

function createScene(parentElement) {
  const root = element("div", "painting");
  /** @type {Record<string, any>} */
  const scene = { root, phase: "" };
  root.append(element("span", "arrow", "→", { ariaHidden: "true" }));
  const main = root.appendChild(element("figure", "main"));
  const frame = main.appendChild(element("div", "frame"));
  scene.views = frame.appendChild(element("canvas", "", "", { role: "img" }));
  scene.corner = button(frame, "", () => sketching(scene, true), CHANGE.sketch);
  scene.corner.classList.add("corner");
  scene.sketch = scene.corner.appendChild(element("canvas"));
  const caption = main.appendChild(element("figcaption"));
  scene.claim = caption.appendChild(element("strong", "claim"));
  caption.append(" ");
  scene.judged = caption.appendChild(element("span", "judged"));
  caption.append(element("span", "method", METHODS.views));
  scene.ways = caption.appendChild(element("span", "ways"));
  scene.opening = caption.appendChild(element("span", "grows"));
  scene.change = button(main, "", () => sketching(scene, !root.classList.contains("sketching")));
  scene.change.classList.add("change");
  const aside = root.appendChild(element("figure", "paper"));
  scene.paper = aside.appendChild(element("canvas", "", "", { role: "img" }));
  const about = aside.appendChild(element("figcaption"));
  about.append(element("strong", "", "The paper’s method"));
  scene.about = about.appendChild(element("span"));
  about.append(element("span", "method", METHODS.paper));
  parentElement.appendChild(root);
  sketching(scene, false);
  return scene;
}

// What to do about a painting that the second network doesn't recognise, in place of the method's line.
function offer(scene, ways) {
  scene.root.classList.toggle("offers", ways.length > 0);
  scene.ways.replaceChildren();
  if (!ways.length) return;
  const again = button(scene.ways, "Try again", () => {
    again.disabled = true;
    scene.report("again", true);
  });
  if (!ways.includes("blobs")) return;
  scene.ways.append(", or ");
  button(scene.ways, "add a few blobs of colour first", () => showPainter(scene));
}

// On a phone the painter takes the painting's place; elsewhere a frame around it shows where to paint.
function showPainter(scene) {
  sketching(scene, true);
  const nodes = [...document.querySelectorAll(".st-key-story-sketch *")];
  const inside = nodes.map((node) => node.shadowRoot?.querySelector(".stage")).find(Boolean);
  const painter = /** @type {HTMLElement | undefined} */ (inside);
  if (!painter) return;
  painter.focus({ preventScroll: true });
  painter.scrollIntoView({ block: "nearest" });
  painter.animate({ outline: ["5px solid #0f6fb0", "5px solid #0f6fb000"] }, 2000);
}

// On a phone: whether the painter stands in the painting's place.
function sketching(scene, now) {
  scene.root.classList.toggle("sketching", now);
  document.documentElement.classList.toggle("sketching", now);
  scene.change.textContent = now ? "Back to the painting" : `✎ ${CHANGE[scene.data?.start] ?? CHANGE.sketch}`;
}

function show(scene, pictures) {
  const [views, paper, sketch] = pictures;
  const { root, data } = scene;
  paint(scene.views, views, data.size);
  paint(scene.paper, paper, data.size);
  paint(scene.sketch, sketch, sketch.naturalWidth);
  const { phase, claim, judged, agrees, about_paper: about, start } = data;
  root.dataset.phase = phase;
  scene.corner.classList.toggle("sketched", start === "sketch");
  scene.corner.ariaLabel = scene.corner.title = CHANGE[start];
  if (!root.classList.contains("sketching")) sketching(scene, false);
  scene.claim.textContent = claim;
  scene.judged.textContent = judged;
  scene.judged.classList.toggle("agrees", agrees);
  offer(scene, data.ways ?? []);
  scene.about.textContent = about;
  scene.views.ariaLabel = phase === "new" ? "What it starts from" : `The painting. ${claim}`;
  scene.paper.ariaLabel = phase === "new" ? "What it starts from" : `The paper’s method. ${about}`;
  if (phase === "growing" && scene.phase !== phase) {
    sketching(scene, false);
    root.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
  scene.phase = phase;
}

function paint(canvas, image, size) {
  if (canvas.width !== size) Object.assign(canvas, { width: size, height: size });
  canvas.getContext("2d").drawImage(image, 0, 0);
}
