// Findings: each section is a tab, and boxes choose the verdicts whose rows are shown, as in the app.

import { countOf } from "../../../ui/components/count_of.js";
import { tabs } from "./elements.js";

const main = /** @type {HTMLElement} */ (document.querySelector("main"));
const sections = [.../** @type {NodeListOf<HTMLElement>} */ (main.querySelectorAll("section"))];

/** Show the rows of the checked verdicts, all if none is; a folded table that is alone is opened. */
function filter(section, boxes) {
  const verdicts = boxes.filter((box) => box.checked).map((box) => box.value);
  const tables = [...section.querySelectorAll("table.findings")].map((table) => {
    const rows = [...table.querySelectorAll("tbody tr")];
    for (const row of rows) {
      const { verdict } = /** @type {HTMLElement} */ (row.querySelector(".verdict")).dataset;
      row.hidden = verdicts.length > 0 && !verdicts.includes(verdict);
    }
    const count = rows.filter((row) => !row.hidden).length;
    const folded = table.parentElement.closest("details");
    (folded ?? table).hidden = count === 0;
    const summary = folded?.querySelector("summary");
    if (summary) summary.textContent = summary.textContent.replace(/^\d+ claims?/, countOf(count, "claim"));
    return { folded, count };
  });
  const [first, ...rest] = tables.filter(({ count }) => count);
  if (first?.folded && !rest.length) first.folded.open = true;
}

tabs(
  main,
  sections.map((section) => {
    const heading = /** @type {HTMLElement} */ (section.querySelector("h2"));
    heading.hidden = true; // the tab has its text
    const group = /** @type {HTMLElement} */ (section.querySelector("fieldset"));
    group.hidden = false;
    const boxes = [...group.querySelectorAll("input")];
    group.addEventListener("change", () => filter(section, boxes));
    return [heading.textContent, section];
  }),
);
