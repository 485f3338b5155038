// Figure 1: a word, drawn by one network by both searches: stored ones, and any other drawn live.

import { free, pixelsOf } from "../engine/bytes.js";
import { engine, latest } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { greyStart, SEARCHES } from "../engine/search.js";
import { vocabulary } from "../engine/vocabulary.js";
import { pictureUrl } from "./pictures.js";

export const SIDE = 224; // of the painter's pictures, in pixels

/** An element with text and attributes. */
export function element(tag, text = "", attributes = {}) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.textContent = text;
  return node;
}

// In a wide window the form stands before the chips, in their row; what it says has a line below both.
const STYLE = "@media (min-width: 641px) { .chips { --box: 306px; min-height: 42px; margin-bottom: 36px; } }";
const MAX_LENGTH = 24; // characters of an unknown word in a sentence

/** The classes and the words that stand for some of them. */
export async function knownWords() {
  const [{ classes }, table] = await Promise.all([load("engine"), load("vocabulary")]);
  return { classes, ...vocabulary(classes, table) };
}

/**
 * A form with a word, a button that starts and stops, and a line that says what happens.
 *
 * @param {HTMLElement} parent @param {string} text of the button @param {string} hint in the empty field
 * @param {(word: string) => Promise<void>} start throws an error whose message the line shows, with a button for each
 *   word that is `near` instead
 */
export function wordForm(parent, text, hint, start) {
  const form = parent.appendChild(element("form"));
  const label = form.appendChild(element("label"));
  const list = form.appendChild(element("datalist", "", { id: `words-${text}` }));
  const input = element("input", "", { type: "search", placeholder: hint, autocomplete: "off" });
  label.append(element("span", "Word"), input);
  input.setAttribute("list", list.id);
  input.addEventListener("focus", async () => {
    const { all } = await knownWords();
    if (!list.childElementCount) list.append(...all.map((name) => new Option("", name)));
  });
  const button = form.appendChild(element("button", text, { className: "primary" }));
  const line = form.appendChild(element("span", "", { className: "say" }));
  line.setAttribute("role", "status");
  const take = (word) => {
    input.value = word;
    form.requestSubmit();
  };
  const say = (words, near = []) => {
    const buttons = element("span");
    buttons.append(...near.map((name) => element("button", name, { type: "button", onclick: () => take(name) })));
    line.replaceChildren(words, buttons);
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
      const { message, near } = /** @type {any} */ (error);
      say(message, near);
    }
    running = false;
    button.textContent = text;
  });
  return { form, input, say };
}

/**
 * Drawings with titles, as the component shows them.
 *
 * @param {{ titles: string[] }} texts
 * @param {{ strip: string, shares: number[], judged?: string }[]} drawings
 */
export const captioned = ({ titles }, drawings) =>
  drawings.map((drawing, k) => ({ judged: "", ...drawing, title: titles[k] }));

/**
 * A word as a target: 1 for each class that it stands for, and what it means.
 *
 * @param {Awaited<ReturnType<typeof knownWords>>} known @param {string} word
 */
export function wanted({ all, classes, find, neighbours, meaning }, word) {
  if (!word) throw new Error("Type a word first.");
  const members = find(word);
  if (!members.length) {
    const near = neighbours(word);
    const called = word.length > MAX_LENGTH ? `${word.slice(0, MAX_LENGTH - 1)}…` : word;
    const count = all.length.toLocaleString("en");
    const message = `“${called}” is none of its ${count} words. ${near.length ? "Near it:" : "Try another."}`;
    throw Object.assign(new Error(message), { near });
  }
  return { target: Uint8Array.from(classes, (_, k) => Number(members.includes(k))), meaning: meaning(word) };
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
 * @param {{ start: Float32Array, mask: Uint8Array, target: Uint8Array, meaning: string, budget: number }} plan budget:
 *   in parts of the ball
 * @param {() => boolean} isWanted whether the drawings are still to be shown
 * @param {(words: string) => void} say
 * @param {(drawings: { strip: string, shares: number[], judged: string }[]) => void} show
 */
export async function drawLive(kind, facts, { start, mask, target, meaning, budget }, isWanted, say, show) {
  const { config, weight, interval } = facts.settings[kind];
  const epsilon = config.epsilon * budget;
  const painters = Object.entries(SEARCHES).map(([search, { frozen }]) => ({
    name: facts.painter,
    config: { ...config, epsilon, search },
    penalty: kind === "generation" ? null : frozen ? "frozen" : "eq3",
  }));
  const began = performance.now();
  const steps = painters.map(() => -1);
  /** @type {{ strip: string, shares: number[], judged: string, best: number }[]} */
  const drawings = [];
  const strips = painters.map(() => /** @type {string[]} */ ([])); // whose pictures may still be decoded
  let last = Promise.resolve();
  const request = { painters, start, mask, target, weight, interval };
  const { stopped } = await engine.run(request, ({ place, step, entropy, best, frame }) => {
    if (!isWanted()) return; // whoever takes its place has stopped it
    steps[place] = step;
    const slowest = Math.min(...steps);
    const left = Math.ceil((((performance.now() - began) / 1000) * (config.steps - slowest)) / Math.max(1, slowest));
    say(`${meaning}: ${slowest <= 0 ? "it begins …" : `${left} s left`}`);
    last = last.then(async () => {
      const pixels = pixelsOf(frame);
      const strip = await pictureUrl(pixels, SIDE);
      for (const values of [pixels, frame]) free(values);
      if (!isWanted()) return URL.revokeObjectURL(strip);
      drawings[place] = { strip, shares: [Math.exp(-entropy)], judged: "", best };
      if (painters.every((_, k) => drawings[k])) show([...drawings]);
      strips[place].push(strip);
      if (strips[place].length > 3) URL.revokeObjectURL(/** @type {string} */ (strips[place].shift()));
    });
  });
  await last;
  if (!isWanted()) return;
  const isUnion = target.indexOf(1) < target.lastIndexOf(1);
  if (isUnion) show(drawings.map((row) => ({ ...row, judged: `Most of all a ${facts.classes[row.best]}.` })));
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  say(stopped ? "Stopped." : `Made on this device in ${seconds} s; no other network has judged it.`);
}

/** @param {import("./page.js").Figure} figure */
export async function wordFigure({ stage, mount, attempt }) {
  const { words, known, ...texts } = await load("word");
  const begin = latest();
  const { input, say } = wordForm(stage, "Draw", `any of ${known.toLocaleString("en")} words`, draw);
  const show = mount(
    "opening",
    stage.appendChild(element("div")),
    { ask: (place) => attempt(() => stored(place)) },
    STYLE,
  );
  async function stored(place) {
    const isLatest = begin();
    engine.stop();
    const scene = await load(`word-${place}`);
    if (isLatest()) show(scene);
    if (isLatest()) say("");
  }
  async function draw(word) {
    const wish = word || words[0];
    const goal = wanted(await knownWords(), wish);
    const isWanted = begin();
    const facts = await withPainter(say);
    const start = await greyStart(facts.natural, SIDE, 0);
    const mask = new Uint8Array(SIDE * SIDE).fill(1);
    const scene = { words: [...words, wish], chosen: words.length, size: SIDE };
    await drawLive("generation", facts, { start, mask, ...goal, budget: 1 }, isWanted, say, (drawings) =>
      show({ ...scene, drawings: captioned(texts, drawings) }),
    );
  }
  input.value = "";
  await stored(0);
}
