// Elements of a replay: pictures with their captions, the bar, and the dialog that enlarges one of several pictures.

import { button, element } from "../basics.js";

const SMALL_BELOW = 100; // pixels of width: a drawing of so few pixels blurs when it is enlarged

export function createView({ go, play, press, show }) {
  const root = element("div", "replay");
  const memory = { wipes: false }; // and the border's place, and the displayed moment
  /** @type {Record<string, any>} */
  const view = { root, memory, columns: [], originals: [], timer: null };
  view.choice = root.appendChild(element("div", "choice"));
  view.pictures = root.appendChild(element("div", "pictures"));
  const bar = root.appendChild(element("div", "bar"));
  view.play = button(bar, "", () => play(view), "Play");
  view.play.className = "play";
  view.scrubber = bar.appendChild(element("input", "scrubber"));
  Object.assign(view.scrubber, { type: "range", min: 0, step: 1 });
  view.scrubber.setAttribute("aria-label", "Moment of the run");
  view.scrubber.addEventListener("input", () => go(view, Number(view.scrubber.value)));
  view.wipe = button(bar, "Wipe", () => {
    view.memory.wipes = !view.memory.wipes;
    show(view);
  });
  view.resume = button(bar, "Continue", () => view.trigger("resume"));
  view.stop = button(bar, "Stop", () => view.trigger("stop"), "Stop the run");
  view.text = root.appendChild(element("output", "text"));
  view.dialog = root.appendChild(element("dialog"));
  root.addEventListener("keydown", (event) => press(view, event));
  return view;
}

export function buildPictures(view, actions) {
  const { data, root } = view;
  const many = data.targets.length > 1;
  view.dialog.close();
  root.classList.toggle("many", many);
  root.classList.toggle("tries", Boolean(data.tries));
  view.choice.replaceChildren();
  view.choices = Array.from({ length: data.tries?.count ?? 0 }, (_, k) => choice(view, k, actions));
  root.classList.toggle("lead", data.lead && data.models.length === 2);
  root.classList.toggle("little", data.width < SMALL_BELOW);
  root.style.setProperty("--models", String(data.models.length + Number(Boolean(data.original))));
  const first = data.original ? [column(view, "Original", many, actions)] : [];
  view.originals = first.flatMap(({ figures }) => figures.map(({ canvas }) => canvas));
  view.columns = data.models.map(({ title }) => column(view, title, many, actions));
  view.pictures.replaceChildren(...[...first, ...view.columns].map(({ section }) => section));
}

// One of several tries: a button that makes it the large one.
function choice(view, k, { choose }) {
  const tile = button(view.choice, "", () => choose(view, k));
  const canvas = tile.appendChild(element("canvas"));
  const says = tile.appendChild(element("span", "says"));
  return { tile, canvas, says };
}

function column(view, name, many, actions) {
  const section = element("section", "model");
  const tiles = element("div", "tiles");
  const figures = view.data.targets.map((target, row) => {
    const parts = createFigure(view, tiles, many, actions);
    parts.canvas.setAttribute("aria-label", `${name}: ${target}`);
    if (many) parts.frame.addEventListener("click", () => enlarge(view, row, actions));
    return parts;
  });
  if (many) {
    section.append(element("h2", "", name), tiles);
    return { section, figures };
  }
  section.append(tiles);
  return { section, figures, ...caption(section, name) };
}

function caption(parent, name) {
  const line = parent.appendChild(element("div", "line"));
  line.append(element("h2", "", name));
  const sure = line.appendChild(element("strong", "sure"));
  const verdict = parent.appendChild(element("div", "verdict"));
  const alone = verdict.appendChild(element("img", "alone"));
  return { sure, alone, judged: verdict.appendChild(element("p", "judged")) };
}

// A picture; one of several is a button that enlarges it.
function createFigure(view, parent, many, { show }) {
  const figure = parent.appendChild(element("figure"));
  const frame = figure.appendChild(element(many ? "button" : "div", "frame"));
  const canvas = frame.appendChild(element("canvas"));
  Object.assign(canvas, { width: view.data.width, height: view.data.height });
  canvas.setAttribute("role", "img");
  const border = frame.appendChild(element("div", "border"));
  border.append(element("span", "before", "before"), element("span", "after", "after"));
  border.hidden = true;
  /** @type {Record<string, any>} */
  const parts = { figure, frame, canvas, border, caption: null, range: null };
  if (many) {
    parts.caption = figure.appendChild(element("figcaption"));
    frame.type = "button";
  } else {
    // An invisible range input covers the picture: it handles pointer, finger and keyboard natively.
    const range = frame.appendChild(element("input", "border-range"));
    parts.range = Object.assign(range, { type: "range", min: 0, max: 100, step: 0.5, hidden: true });
    range.setAttribute("aria-label", "Border between the start and this moment");
    range.addEventListener("input", () => {
      view.memory.border = Number(range.value);
      show(view);
    });
  }
  return parts;
}

// A picture of every run, enlarged.
function enlarge(view, row, actions) {
  const { dialog, data, memory } = view;
  memory.row = row;
  const head = element("div", "bar");
  head.append(element("h2", "", data.targets[row]));
  button(head, "Close", () => dialog.close());
  const pictures = element("div", "large");
  view.large = view.models.map(({ title }) => {
    const section = pictures.appendChild(element("section", "model"));
    const figure = createFigure(view, section, false, actions);
    return { figure, ...caption(section, title) };
  });
  dialog.replaceChildren(head, pictures);
  dialog.showModal();
  actions.show(view);
}
