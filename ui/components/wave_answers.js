// The page's texts about the selected wave, outside the component: dimmed while another wave is displayed,
// and repeated in one line per network above the maps on a phone.

import { element } from "./basics.js";
import { name } from "./heatmap_text.js";

// `data.belongs`: CSS selectors of the page's parts.
export function createAnswers(view) {
  const root = element("div", "answers");
  root.setAttribute("aria-hidden", "true"); // the table below says the same
  const answers = { root };
  const observer = new MutationObserver(() => (root.isConnected ? markAnswers(view) : observer.disconnect()));
  observer.observe(document.querySelector("[data-testid=stMain]") ?? document.body, { childList: true, subtree: true });
  return answers;
}

const places = (view, kind) =>
  view.data.belongs?.[kind] ? [...document.querySelectorAll(view.data.belongs[kind])] : [];
const tableOf = (view) => places(view, "table")[0]?.querySelector("table[data-wave]");

// Dims parts that belong to another wave than the displayed one, and names that wave.
export function markAnswers(view) {
  const { answers } = view.panel ?? {};
  if (!answers || !view.data.belongs) return;
  const cursor = view.hover ?? view.memory.frequency;
  const table = tableOf(view);
  const of = table?.dataset.wave;
  const note = of && of !== String(cursor) ? `of the selected wave ${name(of.split(",").map(Number))}` : "";
  for (const place of [...places(view, "table"), ...places(view, "sentence")]) {
    if ((place.dataset.elsewhere ?? "") === note) continue;
    if (note) place.dataset.elsewhere = note;
    else delete place.dataset.elsewhere;
  }
  answers.root.classList.toggle("elsewhere", Boolean(note));
  const lines = [...(table?.tBodies[0]?.rows ?? [])].map((row) => [row.cells[0], row.cells[1].textContent]);
  const text = JSON.stringify(lines.map(([head, verdict]) => [head.textContent, verdict]));
  if (answers.text !== text) {
    answers.text = text;
    answers.root.replaceChildren(
      ...lines.map(([head, verdict]) => {
        const line = element("div");
        const key = head.querySelector(".key");
        if (key) line.append(key.cloneNode());
        line.append(element("b", "", head.childNodes[1]?.textContent ?? ""), " ", verdict.replace("stays", "→"));
        return line;
      }),
    );
  }
  markRing(view, Math.round(Math.hypot(...cursor)));
}

// Marks the chart's points at the displayed radius.
function markRing(view, radius) {
  for (const chart of places(view, "chart")) {
    for (const point of chart.querySelectorAll("[data-at]")) delete point.dataset.at;
    for (const point of chart.querySelectorAll(`[aria-label^='radius ${radius},']`)) point.dataset.at = "";
  }
}
