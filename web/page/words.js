// Figure 1: a word, drawn by one network and both methods: stored ones, and any other drawn live.

import { button, element } from "../../ui/components/basics.js";
import { engine, latest } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { greyStart } from "../engine/starts.js";
import { vocabulary } from "../engine/vocabulary.js";
import { pictureUrl } from "./pictures.js";

export const SIDE = 224; // of the painter's pictures, in pixels

// In a wide window the form stands before the chips, in their row; what it says, left of a second row of them.
const STYLE = `@media (min-width: 641px) {
  .chips { --box: 306px; min-height: 82px; align-content: start; margin-bottom: 12px; padding-top: 4px; }
}`;
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
  const list = form.appendChild(element("datalist", "", "", { id: `words-${text}` }));
  const input = element("input", "", "", { type: "search", placeholder: hint, autocomplete: "off" });
  label.append(element("span", "", "Word"), input);
  input.setAttribute("list", list.id);
  input.addEventListener("focus", async () => {
    const { all } = await knownWords();
    if (!list.childElementCount) list.append(...all.map((name) => new Option("", name)));
  });
  const submit = form.appendChild(element("button", "primary", text));
  const line = form.appendChild(element("span", "say", "", { role: "status" }));
  const take = (word) => {
    input.value = word;
    form.requestSubmit();
  };
  const say = (words, near = []) => {
    const buttons = element("span");
    for (const name of near) button(buttons, name, () => take(name));
    line.replaceChildren(words, buttons);
  };
  let running = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (running) return engine.stop();
    running = true;
    submit.textContent = "Stop";
    say("");
    try {
      await start(input.value.trim());
    } catch (error) {
      const { message, near } = /** @type {any} */ (error);
      say(message, near);
    }
    running = false;
    submit.textContent = text;
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

/**
 * Draw or fill by both methods, live.
 *
 * @param {"generation" | "inpainting"} task
 * @param {{ start: Float32Array, mask: Uint8Array, target: Uint8Array, meaning: string, budget: number }} plan budget:
 *   in parts of the ball
 * @param {() => boolean} isWanted whether the drawings are still to be shown
 * @param {(words: string) => void} say
 * @param {(drawings: { strip: string, shares: number[], judged: string }[]) => void} show
 */
export async function drawLive(task, { start, mask, target, meaning, budget }, isWanted, say, show) {
  const { settings, classes } = await load("engine");
  const { configs, weight, interval } = settings[task];
  const painters = configs.map((config) => ({
    config: { ...config, epsilon: config.epsilon * budget },
    penalty: task === "generation" ? null : config.method === "paper" ? "eq3" : "frozen",
  }));
  const total = configs[0].steps;
  let began = 0;
  const steps = [-1, -1];
  /** @type {{ strip: string, shares: number[], judged: string, best: number }[]} */
  const drawings = [];
  const report = ({ index, step, entropy, best, frame }) => {
    if (!isWanted()) return; // whoever takes its place has stopped it
    began ||= performance.now();
    steps[index] = step;
    const slowest = Math.min(...steps);
    const left = Math.ceil((((performance.now() - began) / 1000) * (total - slowest)) / Math.max(1, slowest));
    say(`${meaning}: ${slowest <= 0 ? "it begins …" : `${left} s left`}`);
    drawings[index] = { strip: pictureUrl(frame), shares: [Math.exp(-entropy)], judged: "", best };
    if (drawings[0] && drawings[1]) show([...drawings]);
  };
  const stopped = await engine.run(painters, { start, mask, target, weight, interval }, report, say);
  if (!isWanted()) return;
  const isUnion = target.indexOf(1) < target.lastIndexOf(1);
  if (isUnion) show(drawings.map((row) => ({ ...row, judged: `Most of all a ${classes[row.best]}.` })));
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
    { ask: (index) => attempt(() => stored(index)) },
    STYLE,
  );
  async function stored(index) {
    const isLatest = begin();
    engine.stop();
    const scene = await load(`word-${index}`);
    if (isLatest()) show(scene);
    if (isLatest()) say("");
  }
  async function draw(word) {
    const wish = word || words[0];
    const goal = wanted(await knownWords(), wish);
    const isWanted = begin();
    const start = greyStart((await load("engine")).natural, SIDE);
    const mask = new Uint8Array(SIDE * SIDE).fill(1);
    const scene = { words: [...words, wish], chosen: words.length, size: SIDE };
    await drawLive("generation", { start, mask, ...goal, budget: 1 }, isWanted, say, (drawings) =>
      show({ ...scene, drawings: captioned(texts, drawings) }),
    );
  }
  input.value = "";
  await stored(0);
}
