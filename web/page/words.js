// Figure 1: a word, drawn by one network by both searches: stored ones, and any of 1,000 drawn live.

import { free, pixelsOf } from "../engine/bytes.js";
import { engine, latest } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { greyStart, SEARCHES } from "../engine/search.js";
import { pictureUrl } from "./pictures.js";

export const SIDE = 224; // of the painter's pictures, in pixels

/** An element with text and attributes. */
export function element(tag, text = "", attributes = {}) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.textContent = text;
  return node;
}

/**
 * A form with a word, a button that starts and stops, and a line that says what happens.
 *
 * @param {HTMLElement} parent @param {string} text of the button @param {string} hint in the empty field
 * @param {(word: string) => Promise<void>} start throws an error whose message the line shows
 */
export function wordForm(parent, text, hint, start) {
  const form = parent.appendChild(element("form"));
  const label = form.appendChild(element("label"));
  const list = form.appendChild(element("datalist", "", { id: `words-${text}` }));
  const input = element("input", "", { type: "search", placeholder: hint, autocomplete: "off" });
  label.append(element("span", "Word"), input);
  input.setAttribute("list", list.id);
  input.addEventListener("focus", async () => {
    const { classes } = await load("engine");
    if (!list.childElementCount) list.append(...[...new Set(classes)].map((name) => new Option("", name)));
  });
  const button = form.appendChild(element("button", text, { className: "primary" }));
  const line = form.appendChild(element("span", "", { className: "say" }));
  line.setAttribute("role", "status");
  const say = (words) => {
    line.textContent = words;
  };
  let running = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) {
      engine.stop();
      return say("Stopping …");
    }
    running = true;
    button.textContent = "Stop";
    say("");
    try {
      await start(input.value.trim());
    } catch (error) {
      say(/** @type {any} */ (error).message);
    }
    running = false;
    button.textContent = text;
  });
  return { form, input, say };
}

/**
 * Drawings with title and description, as the component shows them.
 *
 * @param {{ searches: { before: string, after: string, about: string }[], sure: number }} texts
 * @param {{ strip: string, shares: number[] }[]} drawings
 */
export const captioned = ({ searches, sure }, drawings) =>
  drawings.map((drawing, k) => {
    const { before, after, about } = searches[k];
    return { ...drawing, title: (drawing.shares.at(-1) ?? 0) < sure ? before : after, about, judged: "" };
  });

/** The class of a word. @param {string[]} classes @param {string} word */
export function classOf(classes, word) {
  if (!word) throw new Error("Type a word first.");
  const place = classes.findIndex((name) => name.toLowerCase() === word.toLowerCase());
  if (place < 0) {
    const near = classes.filter((name) => name.toLowerCase().split(" ").includes(word.toLowerCase())).slice(0, 5);
    const hint = near.length ? `near it: ${near.join(", ")}.` : "choose one of its 1,000 words.";
    throw new Error(`The network does not know “${word}”: ${hint}`);
  }
  return place;
}

/** Load the painter, with its progress in words; return the facts. @param {(words: string) => void} say */
export async function withPainter(say) {
  const facts = await load("engine");
  const names = [facts.painter];
  const size = engine.megabytes(names, facts);
  const report = (share) => say(`Loading the network, ${size} MB: ${Math.round(100 * share)} %`);
  if (!engine.has(names)) await engine.load(names, report);
  return facts;
}

/**
 * Draw or fill by both searches, live.
 *
 * @param {"generation" | "inpainting"} kind @param {any} facts
 * @param {{ start: Float32Array, mask: Uint8Array, target: number, budget: number }} plan budget: in parts of the ball
 * @param {() => boolean} isWanted whether the drawings are still to be shown
 * @param {(words: string) => void} say @param {(drawings: { strip: string, shares: number[] }[]) => void} show
 */
export async function drawLive(kind, facts, { start, mask, target, budget }, isWanted, say, show) {
  const { config, weight, interval } = facts.settings[kind];
  const epsilon = config.epsilon * budget;
  const painters = Object.entries(SEARCHES).map(([search, { frozen }]) => ({
    name: facts.painter,
    config: { ...config, epsilon, search },
    penalty: kind === "generation" ? null : frozen ? "frozen" : "eq3",
  }));
  const began = performance.now();
  const steps = painters.map(() => -1);
  /** @type {{ strip: string, shares: number[] }[]} */
  const drawings = [];
  const strips = painters.map(() => /** @type {string[]} */ ([])); // whose pictures may still be decoded
  let last = Promise.resolve();
  const request = { painters, start, mask, target, weight, interval };
  const { stopped } = await engine.run(request, ({ place, step, entropy, frame }) => {
    if (!isWanted()) return; // whoever takes its place has stopped it
    steps[place] = step;
    const slowest = Math.min(...steps);
    const left = Math.ceil((((performance.now() - began) / 1000) * (config.steps - slowest)) / Math.max(1, slowest));
    say(slowest <= 0 ? "It begins …" : slowest < config.steps ? `${left} s left` : "");
    last = last.then(async () => {
      const pixels = pixelsOf(frame);
      const strip = await pictureUrl(pixels, SIDE);
      for (const values of [pixels, frame]) free(values);
      if (!isWanted()) return URL.revokeObjectURL(strip);
      drawings[place] = { strip, shares: [Math.exp(-entropy)] };
      if (painters.every((_, k) => drawings[k])) show([...drawings]);
      strips[place].push(strip);
      if (strips[place].length > 3) URL.revokeObjectURL(/** @type {string} */ (strips[place].shift()));
    });
  });
  await last;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  if (isWanted()) say(stopped ? "Stopped." : `Made on this device in ${seconds} s; no other network has judged it.`);
}

/** @param {import("./page.js").Figure} figure */
export async function wordFigure({ stage, mount, attempt }) {
  const { words, ...texts } = await load("word");
  const begin = latest();
  const { input, say } = wordForm(stage, "Draw", "any of 1,000 words", draw);
  const show = mount("opening", stage.appendChild(element("div")), { ask: (place) => attempt(() => stored(place)) });
  async function stored(place) {
    const isLatest = begin();
    engine.stop();
    const scene = await load(`word-${place}`);
    if (isLatest()) show(scene);
    if (isLatest()) say("");
  }
  async function draw(word) {
    const { classes } = await load("engine");
    const target = classOf(classes, word || words[0]);
    const isWanted = begin();
    const facts = await withPainter(say);
    const start = await greyStart(facts.natural, SIDE, 0);
    const mask = new Uint8Array(SIDE * SIDE).fill(1);
    const scene = { words: [...words, classes[target]], chosen: words.length, size: SIDE };
    await drawLive("generation", facts, { start, mask, target, budget: 1 }, isWanted, say, (drawings) =>
      show({ ...scene, drawings: captioned(texts, drawings) }),
    );
  }
  input.value = "";
  await stored(0);
}
