// Live runs: paint a hole or choose a start, and watch networks fill or draw it here. The painters and the replay are
// the app's components; this module takes the part of Python between two clicks.

import { sweep } from "./bytes.js";
import { card } from "./card.js";
import { button, download, element, loader, popover, Refusal, sentenceNodes } from "./elements.js";
import { engine } from "./engine.js";
import { generationControls, linked, unreadLink } from "./generation_controls.js";
import { inpaintingControls } from "./inpainting_controls.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";
import { forWorker, painterChoice, paintersOf } from "./painters.js";
import { runFile } from "./run_file.js";
import { add, newRun, replayOf } from "./run_record.js";
import { runSettings } from "./run_settings.js";
import { likeness, losses, note, origin, outcome, pace } from "./run_text.js";
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
 */
export async function liveRuns(kind, view) {
  const facts = await load("engine");
  const toolbar = view.find(".toolbar");
  const group = () => element("div", "", { className: "group" });
  let subject = toolbar.appendChild(group());
  const networks = toolbar.appendChild(group());
  const settings = popover(toolbar, "Settings");
  let canvas = view.find(".canvas");
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
  let isChanged = false; // a setting, since the run began
  const drawings = latest();

  // Replace the controls by those for pictures of another side; return false if another request came meanwhile.
  async function rebuild(to, isLatest, begin = {}) {
    const parts = {
      subject: group(),
      canvas: element("div", "", { className: "canvas" }),
      settings: document.createDocumentFragment(),
    };
    const replacement = await CONTROLS[kind](parts, facts, to, { changed, say, ofSide, begin: view.begin }, begin);
    if (!isLatest()) return false;
    [side, controls] = [to, replacement];
    subject.replaceWith(parts.subject);
    canvas.replaceWith(parts.canvas);
    ({ subject, canvas } = parts);
    networks.replaceChildren();
    settings.body.replaceChildren(parts.settings);
    say(controls.note());
    painters = painterChoice(networks, facts, side, () => {
      offer();
      changed(false);
    });
    numbers = runSettings(settings.body, facts.sets[side], kind, () => changed(false));
    offer();
    return true;
  }
  // The settings of the chosen searches; a number that the visitor has changed stays, unless `all` are reset.
  function offer(all = false) {
    const { searches } = painters.selection();
    controls.follow(searches);
    numbers.offer(searches, all);
    numbers.scale(controls.budget());
    label();
  }
  async function ofSide(other, place, own, isLatest = view.begin()) {
    const isRebuilt = await rebuild(other, isLatest, { place: place < 0 ? undefined : place, own });
    if (isRebuilt) changed(true, place);
    return isRebuilt;
  }
  const say = (text) => {
    hint.textContent = text;
  };

  // A run with the current settings, not yet started.
  async function planned() {
    const request = await controls.plan();
    const selection = painters.selection();
    if (!selection.names.length) throw new Refusal("no classifier is chosen; choose one or two");
    if (!selection.searches.length) throw new Refusal("no search is chosen; choose pixels, views or both");
    numbers.scale(controls.budget());
    const { pace, weight, lengths } = numbers.selection();
    const { classes, settings: all } = facts.sets[side];
    const models = paintersOf(selection, request, all[kind], facts, pace, lengths);
    const { steps } = models[0].config;
    const frames = Math.min(FRAMES, Math.floor(FRAME_BYTES / request.start.length));
    const interval = Math.max(1, Math.ceil(steps / (frames - 1)));
    const targetName = classes[request.target];
    const { searches } = selection;
    return newRun({ ...request, kind, models, classes, targetName, steps, interval, weight, searches });
  }

  // Another picture, hole or target replaces the result in view; another setting keeps it, with a note.
  // place: of a picture, or any number for drawings; if given, a matching stored run is shown instead.
  async function changed(isSubject, /** @type {number | null} */ place = null) {
    start.status.textContent = ""; // a refusal of other settings
    say(controls.note());
    const goesOn = !isSubject && run && state !== "ended";
    const isLatest = goesOn ? view.current() : view.begin();
    isChanged ||= goesOn;
    const isOf = (example) => example.side === side && [null, place].includes(example.place);
    const example = place !== null && view.runs.find(isOf);
    if (example) return bring(example);
    if (!isSubject && view.isWhole) view.note(settingsChanged());
    if (goesOn || (!isSubject && view.isWhole)) return;
    forget();
    view.leave();
    view.note("");
    try {
      const next = await planned();
      const data = await replayOf(next, facts.sure, { state: "new", text: "Not run yet", seconds: 0 });
      if (!isLatest()) return;
      view.draw(data);
      view.explain(variantOf(next), next.searches, [next.target]);
      view.say({ text: [element("b", "Not run yet"), ". ", back()] });
    } catch (error) {
      if (isLatest()) view.refuse(/** @type {any} */ (error).message);
    }
  }
  const back = () => button("Back to the example", () => bring(view.first));
  const settingsChanged = () => [
    element("b", "Settings changed"),
    ": ",
    element("i", "Run"),
    " applies them. ",
    back(),
  ];

  // Show a stored run, once the controls have its settings.
  async function bring(example) {
    const isLatest = view.begin();
    forget();
    if (example.side !== side && !(await rebuild(example.side, isLatest))) return;
    await controls.bring(example, isLatest);
    if (!isLatest()) return;
    say(controls.note());
    take(example);
    await view.show(example, isLatest);
  }
  // Choose a stored run's networks and searches; say so if its networks do not run here.
  function take(example) {
    painters.set(example.names, example.searches);
    offer(true);
    const { names } = painters.selection();
    const titles = joined(names.map((name) => facts.networks[name].title));
    if (!example.names.some((name) => names.includes(name)))
      say(filledText(facts.sentences["not here"], { chosen: titles }).replaceAll("*", ""));
  }

  const start = loader(toolbar, "Run", async (report) => {
    const isLatest = view.current();
    const next = await planned().catch((error) => {
      if (!view.find(".replay").hidden) throw error; // else the note has this sentence
    });
    if (!next) return;
    const { names } = painters.selection();
    engine.control("stop"); // a pending run
    await engine.load(names, report);
    label();
    if (!isLatest()) return;
    view.begin();
    drawings.begin();
    run = next;
    [framesDrawn, state, isChanged] = [0, "running", false];
    view.leave();
    view.say({ text: "Running…" });
    view.explain(variantOf(run), run.searches, [run.target]);
    const { top } = view.find(".replay").getBoundingClientRect(); // far below on a phone
    if (top > SIGHT * innerHeight) view.find(".replay").scrollIntoView({ block: "start" });
    await work(run);
  });
  toolbar.after(start.status);
  const size = start.root.appendChild(element("span", "", { className: "size" }));
  const hint = view.find(".hint");
  const variantOf = ({ images }) => (kind === "inpainting" ? (images.fill ?? "region") : images.start);
  function label() {
    const { names } = painters.selection();
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
      draw({ state: "running", text: pace(current), seconds: (now - drawnAt) / 1000 }, framesDrawn);
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
    const isLatest = drawings.begin();
    const data = await replayOf(run, facts.sure, moment, from);
    if (isLatest()) view.draw(data);
    return isLatest();
  }

  const paragraph = (parts) => {
    const node = element("p");
    node.append(...sentenceNodes(parts));
    return node;
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
      text: paused
        ? ["Paused. ", button("One more step", () => engine.control("step"))]
        : [note(run), ...(isChanged ? [" ", ...settingsChanged()] : [])],
      paragraphs: [...outcome(run, true, facts.sentences), likeness(run, facts.sentences)].map(paragraph),
      from: [...run.models.map((model) => `${model.title}. ${losses(model, facts.sentences)}`), origin(run)],
      save,
    });
  }

  function forget() {
    if (run && state !== "ended") engine.control("stop");
    run = null;
    view.isWhole = false;
    drawings.begin();
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
    if (run && state !== "ended" && !here) changed(true);
    label();
  });
  const word = linked().get("class");
  const small = linked().get("sketch") || facts.sets[32].classes.includes(word);
  view.choose = bring;
  if (kind !== "generation" || !(small || word)) await bring(view.requested);
  else if (await rebuild(small ? 32 : 224, view.begin())) {
    await changed(true);
    say((await unreadLink(facts.sets[side].classes)) || controls.note());
  }
}
