// The chart of a replay: the target probability by every classifier, whose curves grow during a run.

import { element } from "./basics.js";
import { measuredAt, percent } from "./replay_text.js";

// For up to four runs.
const DASHES = ["none", "6 3", "2 3", "9 3 2 3"];
const KEYS = ["solid", "dashed", "dotted", "double"];
const TITLE = "Target probability";
const SVG = "http://www.w3.org/2000/svg";
const [LEFT, RIGHT, TOP, BOTTOM] = [40, 8, 6, 20]; // margins in pixels

export function drawChart(view) {
  const { data, memory } = view;
  const room = view.root.clientWidth;
  const wide = data.targets.length > 1 ? 300 : 220; // as in replay.css
  const [width, height] = room < 700 ? [Math.min(420, room) || 420, 168] : [wide, 146];
  const axes = { width, height, steps: data.steps, colours: data.models.map(({ colour }) => colour) };
  // During a run the axes seldom change.
  if (view.chart?.key !== JSON.stringify(axes)) view.chart = createChart(axes);
  const length = data.curve_steps.length;
  const bands = view.models.map((model) =>
    // Lowest, mean, highest.
    [0, 1, 2].map((part) => model.curves.subarray((3 * memory.row + part) * length).subarray(0, length)),
  );
  drawCurves(view.chart, bands, data);
  if (!view.chart.figure.isConnected) view.charts.replaceChildren(view.chart.figure);
}

function createChart(axes) {
  const { width, height, steps, colours } = axes;
  const figure = element("figure", "chart");
  const head = figure.appendChild(element("figcaption", "", TITLE));
  const keys = colours.map((colour, k) => {
    const key = head.appendChild(element("span", "key"));
    key.style.setProperty("--colour", colour);
    key.style.setProperty("--dash", KEYS[k]);
    return key;
  });
  const x = (step) => LEFT + ((width - LEFT - RIGHT) * step) / Math.max(1, steps);
  const y = (value) => TOP + (height - TOP - BOTTOM) * (1 - value);
  const svg = figure.appendChild(shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }));
  for (const tick of [0, 0.5, 1]) {
    svg.append(shape("line", { x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick), class: "grid" }));
    svg.append(label(LEFT - 5, y(tick) + 4, "end", `${100 * tick} %`));
  }
  for (const step of [0, Math.floor(steps / 2), steps]) {
    svg.append(
      label(x(step), height - 5, step === steps ? "end" : step ? "middle" : "start", step.toLocaleString("en")),
    );
  }
  const curves = colours.map((colour, k) => [
    svg.appendChild(shape("polygon", { fill: colour, opacity: 0.25 })),
    svg.appendChild(shape("polyline", { stroke: colour, "stroke-dasharray": DASHES[k], class: "curve" })),
  ]);
  const line = svg.appendChild(shape("line", { y1: TOP, y2: height - BOTTOM, class: "mark" }));
  return { key: JSON.stringify(axes), figure, svg, line, keys, curves, x, y };
}

function drawCurves({ svg, curves, x, y }, bands, data) {
  const ranges = bands.map(
    ([, mean], k) => `${data.models[k].title} from ${percent(mean[0])} to ${percent(mean.at(-1))}`,
  );
  svg.setAttribute("aria-label", `${TITLE}: ${ranges.join("; ")}`);
  const steps = data.curve_steps;
  bands.forEach(([lowest, mean, highest], k) => {
    // A probability is drawn where it was measured; in between it repeats.
    const isNew = (step, at) => at === 0 || measuredAt(step, data.models[k].every, data.planned) > steps[at - 1];
    const places = steps.flatMap((step, at) => (isNew(step, at) ? [at] : []));
    const points = (part) => places.map((at) => `${x(steps[at]).toFixed(1)},${y(part[at]).toFixed(1)}`);
    const [band, curve] = curves[k];
    band.setAttribute("points", [...points(highest), ...points(lowest).reverse()].join(" "));
    curve.setAttribute("points", points(mean).join(" "));
  });
}

function label(x, y, anchor, text) {
  const node = shape("text", { x, y, "text-anchor": anchor });
  node.textContent = text;
  return node;
}

function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
