// A page of runs, laid out as the app's: a toolbar with one *Run*, the picture, the run beside it, and the outcome.
// It shows a stored run, a run with the current settings, or a live run (live_runs.js); all text is about that run.

import { button, element, popover, sentence, setHtml, tabs } from "./elements.js";
import { mount } from "./mount.js";
import { lab } from "./laboratory.js";
import { latest } from "./latest.js";
import { liveRuns } from "./live_runs.js";
import { load } from "./packs.js";

/**
 * @typedef {{ subject: HTMLElement, canvas: HTMLElement, settings: ParentNode }} Parts parents of the controls
 * @typedef {object} Controls
 * @property {() => Promise<any>} plan
 * @property {() => number} budget in parts of that of the paper's hole
 * @property {() => string} note what to know of the settings; may be empty
 * @property {(searches: string[]) => void} follow sets what depends on the searches, unless the visitor has chosen it
 * @property {(run: any, isLatest: () => boolean) => Promise<void>} bring sets the controls to a stored run
 */

const CHOOSE = "Stored runs";
const COMPUTED = "What is computed";
const START = "The start";
const ORIGIN = "Where this run comes from";

/**
 * @param {"inpainting" | "generation"} kind @param {HTMLElement} section
 * @param {any[]} runs stored ones @param {any} texts
 */
export async function runPage(kind, section, runs, texts) {
  section.append(/** @type {HTMLTemplateElement} */ (document.getElementById("runs")).content.cloneNode(true));
  const find = (selector) => /** @type {HTMLElement} */ (section.querySelector(selector));
  find("h1").textContent = texts.title;
  setHtml(find(".intro"), texts.intro);
  const events = {};
  const [replay, note, outcome, origins] = [".replay", ".note", ".outcome", ".origins"].map(find);
  const drawReplay = mount("replay", replay, events);
  const storedRuns = /** @type {HTMLSelectElement} */ (find(".stored"));
  storedRuns.add(new Option(CHOOSE, ""));
  for (const run of runs)
    storedRuns.add(new Option([run.what, run.variantTitle, run.title].filter(Boolean).join(" · "), run.id));
  const saved = popover(find(".status"), "Download");
  const computed = element("div", "", { className: "computed" });
  const start = element("div");
  const [many, ...tables] = texts.tables.map(([title, html]) => [title, setHtml(element("div"), html)]);
  let drawStarts = () => {};
  const moreTabs = kind === "generation" ? [[START, start, () => drawStarts()]] : tables;
  tabs(find(".folds"), [many, [COMPUTED, computed], ...moreTabs, [ORIGIN, origins]]);

  const first =
    runs.find((run) => run.side === texts.first.side && [null, texts.first.place].includes(run.place)) ?? runs[0];
  const views = latest();

  const view = {
    ...views, // requests of something to show: a stored run, or a run with other settings
    events,
    find,
    first,
    runs,
    requested: first, // the latest stored run
    isWhole: false, // whether the run in view has ended or is paused
    note: (text) => note.replaceChildren(...(Array.isArray(text) ? text : [text])),
    /** Text about the current run: a note, paragraphs, an origin, buttons that save it. */
    say({ text, paragraphs = [], from = [], save = [] }) {
      view.note(text);
      view.isWhole = from.length > 0;
      outcome.replaceChildren(...paragraphs);
      origins.replaceChildren(...from.map((words) => element("p", words)));
      saved.menu.hidden = !save.length;
      saved.body.replaceChildren(...save.map(([name, press]) => button(name, press)));
    },
    draw(data) {
      replay.hidden = false;
      drawReplay({ key: kind, ...data });
    },
    /**
     * Explain what is computed.
     *
     * @param {string} variant the hole's fill, or the start @param {string[]} searches
     * @param {number[]} targets classes whose starts are shown
     */
    explain(variant, searches, targets, rule = "") {
      const { formulas, more, views } = texts.computed;
      const column = element("div");
      for (const [title, html] of searches.includes("views") ? [...more, ...views] : more) {
        const fold = element("details");
        fold.append(element("summary", title), setHtml(element("div"), html));
        column.append(title ? fold : setHtml(element("div"), html));
      }
      column.append(setHtml(element("div"), rule));
      computed.replaceChildren(setHtml(element("div"), formulas[variant] ?? ""), column);
      explainStart(variant, targets);
    },
    /** Show a stored run. */
    async show(run, isLatest = views.begin()) {
      view.requested = run;
      storedRuns.value = run.id;
      const data = await load(run.id);
      if (!isLatest()) return;
      view.draw(data);
      view.say({
        text: run.note,
        paragraphs: run.outcome.map((html) => setHtml(element("p"), html)),
        from: run.origins,
      });
      const variant = kind === "inpainting" ? run.fill : run.variant;
      view.explain(variant, run.searches, run.targets, texts.computed.rules?.[run.side]);
    },
    /** Show something other than a stored run. */
    leave() {
      storedRuns.value = "";
    },
    /** Called with a stored run that the visitor chooses. @type {(run: any) => Promise<void>} */
    choose: (run) => view.show(run),
    refuse(why) {
      replay.hidden = true; // it shows other settings
      view.say({ text: [element("b", "Not run yet"), `: ${sentence(why)[0].toLowerCase()}${sentence(why).slice(1)}`] });
    },
  };
  // The kind of start; pictures of it once the tab is open.
  const explanations = latest();
  function explainStart(variant, targets) {
    const text = texts.starts[variant] ?? "";
    const pack = `starts-${variant}`;
    const isLatest = explanations.begin();
    drawStarts = async () => {
      if (start.hidden || !lab.packs[pack]) return;
      const pictures = await load(pack);
      if (!isLatest()) return;
      setHtml(start, text + pictures);
      const groups = /** @type {HTMLElement[]} */ ([...start.querySelectorAll(".run-groups > div")]);
      for (const [k, group] of groups.entries()) group.hidden = !targets.includes(k);
    };
    setHtml(start, text);
    drawStarts();
  }
  storedRuns.addEventListener("change", () => {
    const run = runs.find(({ id }) => id === storedRuns.value);
    if (run) view.choose(run);
  });
  await view.show(first);
  if (lab.packs.engine) await liveRuns(kind, view);
  else find(".toolbar").hidden = find(".canvas").hidden = true;
}
