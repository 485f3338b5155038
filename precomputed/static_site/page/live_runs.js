// Live runs: paint a hole or choose a start, and watch networks fill or draw it here. The painters and the replay are the
// app's components; what Python does between two clicks there, this does.

import { sweep } from "./bytes.js";
import { card } from "./card.js";
import { download, element, loader, menu } from "./elements.js";
import { engine } from "./engine.js";
import { generationControls } from "./generation_controls.js";
import { inpaintingControls } from "./inpainting_controls.js";
import { load } from "./packs.js";
import { forWorker, painterMenus, paintersOf } from "./painters.js";
import { runFile } from "./run_file.js";
import { add, newRun, replayOf } from "./run_record.js";
import { outcome } from "./run_text.js";

const FRAMES = 121, FRAME_BYTES = 5 * 2 ** 20; // of one painter, at most
const SHOW_MS = 150; // between two drawings of a run
const KINDS = {
  inpainting: { go: "Fill it here", first: ["mini-clip", "mini-clip-robust"], controls: inpaintingControls },
  generation: { go: "Draw it here", first: ["mini-clip-robust", "mini-clip"], controls: generationControls },
};

/**
 * What a section of the page gains: controls, and its replay shows what runs.
 *
 * @param {"inpainting" | "generation"} kind @param {HTMLElement} section
 * @param {{ events: any, showReplay: (data: any) => void, live: (begun: boolean) => void }} replay of the section; `live` is
 *   called when a run begins, and when a stored one is to be seen again
 */
export async function liveRuns(kind, section, { events, showReplay, live }) {
  const facts = await load("engine"), { go, first, controls } = KINDS[kind];
  const root = /** @type {HTMLElement} */ (section.querySelector(".live"));
  const sizes = element("fieldset", "", { className: "fields" }), parts = { top: root, canvas: root, fields: root };
  const beside = element("div", "", { className: "beside" }), note = element("p", "", { className: "prose" });
  const size = menu(sizes, "Pictures", Object.entries(facts.sets).map(([side, { title }]) => [side, title]), () => rebuild());
  root.append(sizes);
  /** @type {any} */
  let plan = null, chosen = null, run = null;
  let framesDrawn = 0, state = "ended", drawings = 0;
  const say = (text) => { note.textContent = text; };

  // The controls of the pictures of a side.
  async function rebuild() {
    const fresh = { top: element("div"), canvas: element("div", "", { className: "canvas" }), fields: element("div", "", { className: "fields" }) };
    for (const part of Object.keys(parts)) if (parts[part] !== root) parts[part].remove();
    root.querySelector(":scope > .beside")?.remove();
    Object.assign(parts, fresh);
    root.append(fresh.top, fresh.canvas, beside);
    beside.prepend(fresh.fields);
    say("");
    plan = await controls(fresh, facts, Number(size.value), say);
    chosen = painterMenus(fresh.fields, facts, Number(size.value), first);
    fresh.fields.addEventListener("change", label);
    label();
  }

  const start = loader(beside, "", async (report) => {
    const request = await plan(), painters = chosen(), set = facts.sets[size.value];
    say("");
    engine.control("stop"); // a run that waits
    await engine.load(painters.names, report);
    label();
    if (!request.start) Object.assign(request, await engine.request("fill", { values: request.values, mask: request.mask }));
    const models = paintersOf(painters, request, set.settings[kind], facts), { steps } = models[0].config;
    const frames = Math.min(FRAMES, Math.floor(FRAME_BYTES / request.start.length)), interval = Math.max(1, Math.ceil(steps / (frames - 1)));
    run = newRun({ ...request, kind, models, classes: set.classes, targetName: set.classes[request.target], steps, interval });
    [framesDrawn, state] = [0, "running"];
    more.hidden = true;
    live(true);
    await work(run);
  });
  beside.append(note);
  const more = beside.appendChild(element("div", "", { className: "buttons", hidden: true }));
  function label() {
    const { names } = chosen(), megabytes = engine.has(names) ? "" : `: ${engine.megabytes(names, facts)} MB, nothing leaves this browser`;
    start.button.textContent = `${go}${megabytes}`;
  }

  async function work(current) {
    start.button.disabled = false; // another run may take its place
    const { models, start: x0, mask, target, interval } = current;
    const painters = forWorker(models);
    let last = performance.now(), drawnAt = last;
    await engine.request("run", { painters, start: x0, mask, target, weight: facts.weight, interval, sure: facts.sure }, (part) => {
      const now = performance.now();
      current.seconds += (now - last) / 1000;
      last = now;
      add(current, part, facts.sure);
      if (current !== run) return;
      if (part.halted === "pause") state = "paused";
      if (state === "paused") {
        show();
        return;
      }
      if (now - drawnAt < SHOW_MS || current.frameSteps.length <= framesDrawn) return;
      const text = `${Math.max(1, Math.round((1000 * current.seconds) / Math.max(1, current.step)))} ms a step`;
      draw({ state: "running", text, seconds: (now - drawnAt) / 1000 }, framesDrawn);
      [drawnAt, framesDrawn] = [now, current.frameSteps.length];
    });
    if (current !== run) return;
    state = "ended";
    await show();
    sweep();
  }

  /** @param {any} moment @param {number} [from] */
  async function draw(moment, from = 0) {
    const current = run, drawing = ++drawings, data = await replayOf(run, facts.sure, moment, from);
    const newest = current === run && drawing === drawings; // else another one is on its way
    if (newest) showReplay({ key: kind, ...data });
    return newest;
  }

  // A run that has halted, whole.
  async function show() {
    if (!(await draw(state === "ended" ? null : { state, text: "", seconds: 0 }))) return;
    const find = (selector) => /** @type {HTMLElement} */ (section.querySelector(selector)), { config } = run.models[0];
    find(".outcome").textContent = outcome(run);
    find(".origins").replaceChildren(element("p", `Computed in this browser: ${run.step} steps of ${config.step_size.toPrecision(3)}, ` +
      `L2 budget ${config.epsilon.toPrecision(3)}, in ${run.seconds.toFixed(1)} s. ${run.images.credit}.`));
    more.hidden = false;
    more.replaceChildren();
    const button = (text, press) => more.appendChild(element("button", text, { type: "button" })).addEventListener("click", press);
    if (state === "paused") button("One more step", () => engine.control("step"));
    run.models.forEach((model, k) => button(`Save ${model.title}’s run`, () => {
      download(`${kind}-${model.name}-${model.config.search}.npz`, runFile(run, k, facts));
    }));
    if (kind === "generation") button("Card to send on", () => card(run).toBlob((blob) => download(`${run.targetName}.png`, blob)));
  }

  const forget = () => {
    if (run && state !== "ended") engine.control("stop");
    run = null;
    more.hidden = true;
    live(false);
  };
  Object.assign(events, {
    pause: () => engine.control("pause"),
    resume: () => {
      state = "running";
      more.hidden = true;
      engine.control("go");
    },
    stop: () => engine.control("stop"),
  });
  addEventListener("hashchange", () => {
    if (run && state !== "ended" && location.hash.split("?")[0] !== `#${kind}`) forget();
    label();
  });
  /** @type {HTMLElement} */ (section.querySelector(".run select")).addEventListener("change", forget);
  await rebuild();
}
