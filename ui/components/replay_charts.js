// Charts of a replay: their frames, and their curves, which grow during a run.

import { element } from "./dom.js";
import { MIN_LOSS, measuredAt, percent } from "./replay_text.js";

// For up to four runs.
const DASHES = ["none", "6 3", "2 3", "9 3 2 3"];
const KEYS = ["solid", "dashed", "dotted", "double"];
const CURVES = ["probability", "loss", "change"];
const SVG = "http://www.w3.org/2000/svg";

// Draws three charts, each with one axis for all classifiers.
export function drawCharts(view) {
  const {
    data,
    memory: { row },
  } = view;
  const titles = ["Target probability", "Loss (logarithmic)", `Change, L2 (at most ${data.budget})`];
  const room = view.root.clientWidth;
  const narrow = room < 700;
  const wide = data.targets.length > 1 ? 300 : 220; // as in replay.css
  const sizes = narrow
    ? [
        [Math.min(420, room) || 420, 168],
        [180, 112],
        [180, 112],
      ]
    : [
        [wide, 146],
        [wide, 112],
        [wide, 112],
      ];
  view.marks = CURVES.map((name, k) => {
    const bands = view.models.map((model) =>
      // Lowest, mean, highest.
      [0, 1, 2].map((part) => {
        const length = data.curve_steps.length;
        const at = ((row * 3 + k) * 3 + part) * length;
        return model.curves.subarray(at, at + length);
      }),
    );
    const axes = axesOf(titles[k], name, bands, data, ...sizes[k]);
    const existing = view.marks?.[k];
    const chart = existing?.key === JSON.stringify(axes) ? existing : createChart(axes);
    drawCurves(chart, bands, data);
    return chart;
  });
  const [figure, ...further] = view.marks.map((chart) => chart.figure);
  if (!figure.isConnected) view.charts.replaceChildren(figure, view.more);
  if (further.some((chart) => !chart.isConnected)) view.folded.replaceChildren(...further);
}

// Draws a chart without its curves; during a run, this part seldom changes.
function axesOf(title, name, bands, data, width, height) {
  const log = name === "loss";
  const values = bands.flatMap((parts) => [...parts[0], ...parts[2]]).filter((value) => !log || value > MIN_LOSS);
  const largest = values.reduce((a, b) => Math.max(a, b), log ? 10 * MIN_LOSS : 1e-3);
  const smallest = values.reduce((a, b) => Math.min(a, b), largest);
  const [low, high] = log
    ? [Math.floor(Math.log10(smallest)), Math.max(Math.ceil(Math.log10(largest)), Math.floor(Math.log10(smallest)) + 1)]
    : [0, name === "probability" ? 1 : roundAbove(largest)];
  return {
    title,
    name,
    width,
    height,
    low,
    high,
    steps: data.steps,
    colours: data.models.map((model) => model.colour),
  };
}

// Rounds the end of an axis up, so that a growing curve seldom changes it.
function roundAbove(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  return unit * ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8].find((number) => number * unit >= value) ?? 10);
}

function createChart(axes) {
  const { title, name, width, height, low, high, steps, colours } = axes;
  const log = name === "loss";
  const figure = element("figure", "chart");
  const head = figure.appendChild(element("figcaption", "", title));
  const keys = colours.map((colour, k) => {
    const key = head.appendChild(element("span", "key"));
    key.style.setProperty("--colour", colour);
    key.style.setProperty("--dash", KEYS[k]);
    return key;
  });
  const [left, right, top, bottom] = [40, 8, 6, 20];
  const x = (step) => left + ((width - left - right) * step) / Math.max(1, steps);
  const y = (value) => {
    const place = ((log ? Math.log10(Math.max(value, 10 ** low)) : value) - low) / (high - low);
    return top + (height - top - bottom) * (1 - Math.max(0, Math.min(1, place)));
  };
  const svg = figure.appendChild(shape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }));
  const ticks = log ? decades(low, high) : [0, 0.5, 1].map((part) => part * high);
  for (const tick of ticks) {
    svg.append(shape("line", { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: "grid" }));
    const text = name === "probability" ? `${100 * tick} %` : log ? decade(tick) : String(Number(tick.toPrecision(2)));
    svg.append(label(left - 5, y(tick) + 4, "end", text));
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
  // Marks where each classifier was first confident of the target.
  const dots =
    name === "probability"
      ? colours.map((colour) => svg.appendChild(shape("circle", { r: 4, fill: colour, class: "dot" })))
      : [];
  const line = svg.appendChild(shape("line", { y1: top, y2: height - bottom, class: "mark" }));
  const text = name === "probability" ? percent : (value) => (value === undefined ? "" : small(value));
  return { key: JSON.stringify(axes), title, name, figure, svg, line, dots, keys, curves, x, y, text };
}

function drawCurves({ title, name, svg, curves, x, y }, bands, data) {
  const ranges = bands.map(
    ([, mean], k) => `${data.models[k].title} from ${mean[0]?.toPrecision(3)} to ${mean.at(-1)?.toPrecision(3)}`,
  );
  svg.setAttribute("aria-label", `${title}: ${ranges.join("; ")}`);
  const steps = data.curve_steps;
  bands.forEach(([lowest, mean, highest], k) => {
    // Confidence and loss are drawn where they were measured; in between they repeat.
    const every = name === "change" ? 1 : data.models[k].every;
    const isNew = (step, at) => at === 0 || measuredAt(step, every, data.planned) > steps[at - 1];
    const places = steps.flatMap((step, at) => (isNew(step, at) ? [at] : []));
    const points = (part) => places.map((at) => `${x(steps[at]).toFixed(1)},${y(part[at]).toFixed(1)}`);
    const [band, curve] = curves[k];
    band.setAttribute("points", [...points(highest), ...points(lowest).reverse()].join(" "));
    curve.setAttribute("points", points(mean).join(" "));
  });
}

function decades(low, high) {
  const stride = Math.ceil((high - low) / 3);
  return Array.from({ length: Math.floor((high - low) / stride) + 1 }, (_, k) => 10 ** (low + k * stride));
}

const decade = (value) =>
  value >= 0.01 && value <= 1000
    ? String(Number(value.toPrecision(1)))
    : `1e${Math.round(Math.log10(value))}`.replace("-", "−");
const small = (value) =>
  value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(1).replace("-", "−")
    : String(Number(value.toPrecision(3)));

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
