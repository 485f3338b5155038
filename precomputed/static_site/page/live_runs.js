// Live runs: paint a hole or choose a start, and watch networks fill or draw it here. The painters and the replay are
// the app's components; this module takes the part of Python between two clicks.

import { sweep } from "./bytes.js";
import { card } from "./card.js";
import { button, download, element, loader, popover, spoken } from "./elements.js";
import { engine } from "./engine.js";
import { generationControls, linked } from "./generation_controls.js";
import { inpaintingControls } from "./inpainting_controls.js";
import { load } from "./packs.js";
import { forWorker, painterChoice, paintersOf } from "./painters.js";
import { runFile } from "./run_file.js";
import { add, newRun, replayOf } from "./run_record.js";
import { runSettings } from "./run_settings.js";
import { likeness, losses, note, origin, outcome } from "./run_text.js";
import { filledText, joined } from "./sentences.js";

const FRAMES = 121; // at most, per painter
const FRAME_BYTES = 5 * 2 ** 20; // at most, per painter
const SHOW_MS = 150; // between two drawings of a run
const SIGHT = 0.8; // of the window's height: parts that begin below are out of sight
const CONTROLS = { inpainting: inpaintingControls, generation: generationControls };

/**
 * Add live runs to a page of stored runs: controls, and a replay of the current run.
 *
 * @param {"inpainting" | "generation"} kind @param {any} view of `runPage`
 * @returns {Promise<(run: any) => Promise<void>>} shows a stored run, and sets the controls to its settings
 */
export async function liveRuns(kind, view) {
  const facts = await load("engine");
  const toolbar = view.find(".toolbar");
  const [subject, networks] = [0, 1].map(() => toolbar.appendChild(element("div", "", { className: "group" })));
  const settings = popover(toolbar, "Settings");
  const canvas = view.find(".canvas");
  /** @type {any} */
  let controls = null;
  /** @type {any} */
  let painters = null;
  /** @type {any} */
  let run = null;
  /** @type {any} */
  let numbers = null;
  let side = 0;
  let framesDrawn = 0;
  let state = "ended";
  let drawings = 0;
  let made = 0;

  // The controls for pictures of a side.
  async function rebuild(to, begin = {}) {
    side = to;
    for (const part of [subject, networks, settings.body, canvas]) part.replaceChildren();
    const parts = { subject, canvas, settings: settings.body };
    const page = { changed, say, ofSide };
    controls = await CONTROLS[kind](parts, facts, side, page, begin);
    painters = painterChoice(networks, facts, side, () => {
      offer();
      changed(false);
    });
    numbers = runSettings(settings.body, facts.sets[side], kind, () => changed(false));
    offer();
  }
  // The settings of the chosen searches; a number that the visitor has changed stays, unless `all` are reset.
  function offer(all = false) {
    const { searches } = painters.chosen();
    controls.follow(searches);
    numbers.offer(searches, all);
    numbers.scale(controls.budget());
    label();
  }
  async function ofSide(other, place, own) {
    await rebuild(other, { place: place < 0 ? undefined : place, own });
    changed(true, place);
  }
  const say = (text) => {
    hint.textContent = text;
  };

  // A run with the current settings, not yet started.
  async function planned() {
    const request = await controls.plan();
    const chosen = painters.chosen();
    if (!chosen.names.length) throw new Error("no classifier is chosen; choose one or two");
    if (!chosen.searches.length) throw new Error("no search is chosen; choose pixels, views or both");
    numbers.scale(request.budget);
    const { pace, weight, lengths } = numbers.chosen();
    const { classes, settings: all } = facts.sets[side];
    const models = paintersOf(chosen, request, all[kind], facts, pace, lengths);
    const { steps } = models[0].config;
    const frames = Math.min(FRAMES, Math.floor(FRAME_BYTES / request.start.length));
    const interval = Math.max(1, Math.ceil(steps / (frames - 1)));
    const targetName = classes[request.target];
    const { searches } = chosen;
    return newRun({ ...request, kind, models, classes, targetName, steps, interval, weight, searches });
  }

  // Another picture, hole or target replaces the result in view; another setting keeps it, with a note.
  // place: of a picture, or any number for drawings; if given, a matching stored run is shown instead.
  async function changed(isSubject, /** @type {number | null} */ place = null) {
    const current = ++made;
    const isOf = (stored) => stored.side === side && [null, place].includes(stored.place);
    const stored = place !== null && view.runs.find(isOf);
    if (stored) return bring(stored);
    if (!isSubject) {
      if (view.isWhole) view.note([element("b", "Settings changed"), ": ", element("i", "Run"), ", or ", back()]);
      return;
    }
    forget();
    view.leave();
    try {
      const next = await planned();
      if (current !== made) return;
      view.draw(await replayOf(next, facts.sure, { state: "new", text: "Not run yet", seconds: 0 }));
      view.explain(variantOf(next), next.searches, [next.target]);
      view.say({ text: [element("b", "Not run yet"), ". ", back()] });
    } catch (error) {
      if (current === made) view.refuse(/** @type {any} */ (error).message);
    }
  }
  const back = () => button("Back to the example", () => bring(view.first));

  async function bring(stored) {
    made += 1;
    forget();
    if (stored.side !== side) await rebuild(stored.side);
    await controls.bring(stored);
    take(stored);
    await view.show(stored);
  }
  // Choose a stored run's networks and searches; say so if its networks do not run here.
  function take(stored) {
    painters.set(stored.names, stored.searches);
    offer(true);
    const { names } = painters.chosen();
    const titles = joined(names.map((name) => facts.networks[name].title));
    if (!stored.names.some((name) => names.includes(name)))
      say(filledText(facts.sentences["not here"], { chosen: titles }).replaceAll("*", ""));
  }

  const start = loader(toolbar, "Run", async (report) => {
    const next = await planned();
    const { names } = painters.chosen();
    engine.control("stop"); // a pending run
    await engine.load(names, report);
    label();
    made += 1;
    run = next;
    [framesDrawn, state] = [0, "running"];
    view.leave();
    view.say({ text: "Running…" });
    view.explain(variantOf(run), run.searches, [run.target]);
    const { top } = view.find(".replay").getBoundingClientRect(); // far below on a phone
    if (top > SIGHT * innerHeight) view.find(".replay").scrollIntoView({ block: "start" });
    await work(run);
  });
  const size = start.root.appendChild(element("span", "", { className: "size" }));
  const hint = view.find(".hint");
  const variantOf = ({ images }) => (kind === "inpainting" ? (images.fill ?? "region") : images.start);
  function label() {
    const { names } = painters.chosen();
    size.textContent = engine.has(names)
      ? ""
      : `A first run downloads ${engine.megabytes(names, facts)} MB; nothing leaves this browser.`;
  }

  async function work(current) {
    start.button.disabled = false; // another run may take its place
    const { models, start: x0, mask, target, interval, weight } = current;
    let last = performance.now();
    let drawnAt = last;
    const painters = forWorker(models);
    const request = { painters, start: x0, mask, target, weight, interval, sure: facts.sure };
    await engine.run(request, (part) => {
      const now = performance.now();
      current.seconds += (now - last) / 1000;
      last = now;
      add(current, part, facts.sure);
      if (current !== run || state === "stopped") return;
      if (part.control === "pause") state = "paused";
      if (state === "paused") {
        show();
        return;
      }
      if (now - drawnAt < SHOW_MS || current.frameSteps.length <= framesDrawn) return;
      const text = `${Math.max(1, Math.round((1000 * current.seconds) / Math.max(1, current.step)))} ms a step`;
      draw({ state: "running", text, seconds: (now - drawnAt) / 1000 }, framesDrawn);
      view.say({ text: "Running…", paragraphs: sentences(current) });
      [drawnAt, framesDrawn] = [now, current.frameSteps.length];
    });
    if (current !== run) return;
    state = "ended";
    await show();
    sweep();
  }

  /** @param {any} moment @param {number} [from] */
  async function draw(moment, from = 0) {
    const current = run;
    const drawing = ++drawings;
    const data = await replayOf(run, facts.sure, moment, from);
    const newest = current === run && drawing === drawings; // otherwise superseded
    if (newest) view.draw(data);
    return newest;
  }

  const paragraph = (parts) => {
    const made = element("p");
    made.append(...spoken(parts));
    return made;
  };
  const sentences = (current) => outcome(current, false, facts.sentences).map(paragraph);

  // A stopped or finished run, complete.
  async function show() {
    const paused = state === "paused";
    if (!(await draw(paused ? { state, text: "", seconds: 0 } : null))) return;
    /** @type {[string, () => void][]} */
    const save = run.models.map((model, k) => [
      `Save ${model.title}’s run`,
      () => download(`${kind}-${model.name}-${model.config.search}.npz`, runFile(run, k, facts)),
    ]);
    const send = () => card(run).toBlob((blob) => download(`${run.targetName}.png`, blob));
    if (kind === "generation") save.push(["Card to share", send]);
    view.say({
      text: paused ? ["Paused. ", button("One more step", () => engine.control("step"))] : note(run),
      paragraphs: [...outcome(run, true, facts.sentences), likeness(run, facts.sentences)].map(paragraph),
      from: [...run.models.map((model) => `${model.title}. ${losses(model, facts.sentences)}`), origin(run)],
      save,
    });
  }

  function forget() {
    if (run && state !== "ended") engine.control("stop");
    run = null;
  }
  Object.assign(view.events, {
    pause: () => engine.control("pause"),
    resume: () => {
      if (!run) return start.press(); // the button over a run that has not started
      state = "running";
      view.say({ text: "Running…", paragraphs: sentences(run) });
      engine.control("go");
    },
    stop: () => {
      engine.control("stop");
      state = "stopped"; // set before the last state arrives
      view.say({ text: "Stopped.", paragraphs: sentences(run) });
    },
  });
  addEventListener("hashchange", () => {
    const here = location.hash.split("?")[0] === `#${kind}`;
    if (run && state !== "ended" && !here) {
      forget();
      view.show();
    }
    label();
  });
  const word = linked().get("class");
  const small = linked().get("sketch") || facts.sets[32].classes.includes(word);
  if (kind === "generation" && (small || word)) {
    await rebuild(small ? 32 : 224);
    await changed(true);
  } else {
    await rebuild(view.first.side);
    take(view.first);
  }
  return bring;
}
