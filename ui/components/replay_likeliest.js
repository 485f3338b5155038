// The likeliest classes of each classifier, at the start and at the end of a run, with their probabilities.

import { element } from "./basics.js";
import { measuredAt, percent } from "./replay_text.js";

export function drawLikeliest(view) {
  const { data, memory } = view;
  const last = data.frame_steps.at(-1);
  const ends = data.models.map(({ every }) => measuredAt(last, every, data.planned));
  const top = JSON.stringify([
    data.models.map(({ title, before, after }) => [title, before, after]),
    data.targets,
    memory.row,
    data.live?.state,
    ends,
  ]);
  if (view.topDrawn === top) return;
  view.topDrawn = top;
  view.likeliest.hidden = data.live?.state === "new" || data.models.every((model) => !model.before.length);
  view.top.replaceChildren(
    ...data.models.map((model, place) => {
      const table = element("table");
      const head = table.createTHead().insertRow();
      const body = table.createTBody();
      table.createCaption().textContent = `${model.title}`;
      const [before, after] = [model.before[memory.row] ?? [], model.after[memory.row] ?? []];
      for (const [end, text] of [
        ["before", "at the start"],
        [
          "after",
          ends[place] < last ? `at step ${ends[place].toLocaleString("en")}` : data.live ? "now" : "at the end",
        ],
      ]) {
        const cell = head.appendChild(element("th", "", text));
        cell.scope = "col";
        cell.dataset.end = end;
      }
      for (let k = 0; k < 5; k++) {
        const row = body.insertRow();
        for (const [end, list] of [
          ["before", before],
          ["after", after],
        ]) {
          const cell = row.insertCell();
          cell.dataset.end = end;
          if (!list[k]) {
            cell.textContent = "\u00a0";
            continue;
          }
          const [name, share] = list[k];
          cell.append(
            element("span", name === data.targets[memory.row] ? "target" : "", name),
            element("span", "share", percent(share)),
          );
          cell.style.setProperty("--share", `${100 * share}%`);
        }
      }
      return table;
    }),
  );
}
