// Elements of a replay: its bars, the pictures of each classifier, and the dialog that enlarges one.

import { element } from "./basics.js";
import { button } from "./buttons.js";
import { drawChart } from "./replay_chart.js";
import { drawLikeliest } from "./replay_likeliest.js";
import { go, pause, play, press, show } from "./replay_moments.js";

const FACTORS = [1, 2, 5, 10, 20, 50];
const SMALL_BELOW = 100; // pixels of width; only small pictures offer square pixels

export function createView(parentElement) {
  const root = element("div", "replay");
  const view = { root, columns: [], references: [], timer: null };
  const bar = root.appendChild(element("div", "bar"));
  const modes = bar.appendChild(element("div", "group"));
  modes.setAttribute("role", "group");
  modes.setAttribute("aria-label", "What the pictures show");
  view.modes = { picture: "Picture", wipe: "Wipe", change: "Change" };
  for (const [mode, text] of Object.entries(view.modes)) {
    view.modes[mode] = button(
      modes,
      text,
      () => {
        view.memory.mode = mode;
        show(view);
      },
      text,
    );
  }
  view.factor = bar.appendChild(element("select"));
  view.factor.setAttribute("aria-label", "How many times the change is amplified");
  for (const factor of FACTORS) view.factor.add(new Option(`× ${factor}`, String(factor)));
  view.factor.addEventListener("change", () => {
    Object.assign(view.memory, { factor: Number(view.factor.value), mode: "change" });
    show(view);
  });
  view.pixels = button(bar, "Pixels", () => {
    view.memory.pixels = !view.memory.pixels;
    show(view);
  });
  view.pixels.title = "Show every pixel as a square";
  view.note = bar.appendChild(element("span", "note"));

  const transport = root.appendChild(element("div", "transport"));
  const steps = transport.appendChild(element("div", "group"));
  view.moves = [
    button(steps, "◀", () => go(view, view.memory.frame - 1), "Previous picture"),
    (view.play = button(steps, "Play", () => (view.timer ? pause(view) : play(view)), "Play")),
    button(steps, "▶", () => go(view, view.memory.frame + 1), "Next picture"),
  ];
  view.scrubber = transport.appendChild(element("input", "scrubber"));
  Object.assign(view.scrubber, { type: "range", min: 0, step: 1 });
  view.scrubber.setAttribute("aria-label", "Step of the run");
  view.scrubber.addEventListener("input", () => go(view, Number(view.scrubber.value)));
  view.step = transport.appendChild(element("output", "step"));
  view.live = transport.appendChild(element("div", "group"));
  view.pause = button(view.live, "Pause", () => view.trigger("pause"), "Pause the run");
  view.resume = button(view.live, "Continue", () => view.trigger("resume"), "Continue the run");
  view.stop = button(view.live, "Stop", () => view.trigger("stop"), "Stop the run");
  const stage = (view.stage = root.appendChild(element("div", "stage")));
  view.pictures = stage.appendChild(element("div", "pictures"));
  view.charts = stage.appendChild(element("div", "charts"));
  view.live.hidden = true;
  view.likeliest = root.appendChild(element("details", "likeliest"));
  view.likeliest.append(element("summary", "", "Most likely classes"), (view.top = element("div", "top")));
  view.dialog = root.appendChild(element("dialog"));
  root.addEventListener("keydown", (event) => press(view, event));
  parentElement.appendChild(root);
  return view;
}

export function buildPictures(view) {
  const { data, pictures } = view;
  const many = data.targets.length > 1;
  view.dialog.close();
  view.root.classList.toggle("many", many);
  const little = data.width < SMALL_BELOW; // a drawing of so few pixels blurs when enlarged
  view.root.classList.toggle("little", little);
  view.pixels.hidden = !little;
  const startTitle = data.kind === "inpainting" ? "With the hole" : "Start";
  const references = [
    ["Original", "original"],
    [startTitle, "start"],
  ].filter(([, planes]) => view[planes] && !(many && planes === "start"));
  view.references = references.map(([name, planes]) => {
    const column = element("section", "model reference");
    column.append(element("h2", "", name));
    const tiles = column.appendChild(element("div", "tiles"));
    const figures = data.targets.map((target) => {
      const figure = tiles.appendChild(element("figure"));
      const canvas = figure.appendChild(element("canvas"));
      Object.assign(canvas, { width: data.width, height: data.height });
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${name}${many ? `, ${target}` : ""}`);
      return { canvas };
    });
    return { column, planes, figures };
  });
  view.root.style.setProperty("--models", data.models.length);
  const count = data.targets.length;
  const [least, most] = little ? [96, 128] : [78, 150];
  const tile = count > 8 ? least : count > 6 ? 100 : count > 4 ? 120 : most;
  view.root.style.setProperty("--tile", `${tile}px`);
  view.root.style.setProperty("--columns", Math.min(count, 8));
  view.columns = data.models.map((_, k) => {
    const column = element("section", "model");
    const title = column.appendChild(element("h2"));
    const about = column.appendChild(element("p", "about"));
    const tiles = column.appendChild(element("div", "tiles"));
    const figures = data.targets.map((_, row) => createFigure(view, tiles, row, many));
    const verdict = column.appendChild(element("p", "verdict"));
    column.style.setProperty("--colour", data.models[k].colour);
    return { column, title, about, figures, verdict };
  });
  const first = element("div", "beside");
  const sections = view.references.map(({ column }) => column);
  first.append(...sections, view.charts);
  pictures.replaceChildren(...(many ? sections : [first]), ...view.columns.map(({ column }) => column));
  if (many) view.stage.append(view.charts);
}

// A picture; one of several is a button that enlarges it.
function createFigure(view, parent, row, many) {
  const figure = parent.appendChild(element("figure"));
  const frame = figure.appendChild(element(many ? "button" : "div", "frame"));
  const canvas = frame.appendChild(element("canvas"));
  Object.assign(canvas, { width: view.data.width, height: view.data.height });
  const border = frame.appendChild(element("div", "border"));
  /** @type {Record<string, any>} */
  const parts = { figure, frame, canvas, border, caption: null, range: null };
  if (many) {
    parts.caption = figure.appendChild(element("figcaption"));
    frame.type = "button";
    frame.addEventListener("click", () => {
      view.memory.row = row;
      drawChart(view);
      drawLikeliest(view);
      show(view);
      enlarge(view);
    });
  } else {
    canvas.setAttribute("role", "img");
    // An invisible range input covers the picture: it handles pointer, finger and keyboard natively.
    const range = frame.appendChild(element("input", "wipe"));
    parts.range = Object.assign(range, { type: "range", min: 0, max: 100, step: 0.5 });
    range.setAttribute("aria-label", "Border between the start and this step");
    range.addEventListener("input", () => {
      view.memory.border = Number(range.value);
      show(view);
    });
  }
  return parts;
}

// The chosen picture of every classifier, enlarged, with the same buttons as the page's bar.
function enlarge(view) {
  const { dialog, data, memory } = view;
  const head = element("div", "bar");
  head.append(element("h2", "", `${memory.row + 1}: ${data.targets[memory.row]}`));
  button(head, "Close", () => dialog.close(), "Close");
  const row = element("div", "large");
  row.style.setProperty("--models", String(data.models.length));
  view.large = view.models.map((model) => {
    const section = row.appendChild(element("section"));
    section.append(element("h2", "", model.title));
    const parts = createFigure(view, section, memory.row, false);
    return { ...parts, verdict: section.appendChild(element("p", "verdict")) };
  });
  dialog.replaceChildren(
    head,
    row,
    element("p", "note", "Space plays, arrow keys step, Home and End go to the ends, Escape closes."),
  );
  dialog.showModal();
  show(view);
}
