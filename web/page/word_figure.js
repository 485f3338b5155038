// A word in a form, what it stands for, and a run that paints it, live.

import { button, element } from "../../ui/components/basics.js";
import { engine } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { vocabulary, withArticle } from "../engine/vocabulary.js";
import { pictureUrl } from "./picture_elements.js";

export const SIDE = 224; // of the painter's pictures, in pixels

const MAX_LENGTH = 24; // characters of an unknown word in a sentence
let took = 0; // seconds of the last run that ended by itself

/** How long a run takes on this device, in brackets; empty before the first. */
export const howLong = () => (took ? ` (about ${took} s)` : "");

/** The classes and the words that stand for some of them. */
export async function knownWords() {
  const [{ classes, articles, exactly }, table] = await Promise.all([load("engine"), load("vocabulary")]);
  return { classes, articles, exactly, ...vocabulary(classes, table) };
}

/**
 * A form with a word, a button that starts and stops, and lines that say what happens and what comes next. A word that
 * is typed while another one is painted waits for its turn.
 *
 * @param {HTMLElement} parent @param {string} text of the button @param {string} hint in the empty field
 * @param {(word: string) => Promise<boolean | void>} start returns whether another run has taken its place; throws an
 *   error with a message for the line, with a button for each word that is `near` instead
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
  const queue = form.appendChild(element("span", "say next", "", { role: "status" }));
  const take = (word) => {
    input.value = word;
    form.requestSubmit();
  };
  const write = (place, words, near) => {
    const buttons = element("span");
    for (const name of near) button(buttons, name, () => take(name));
    place.replaceChildren(...(words ? [words, buttons] : []));
  };
  let isRefusal = false; // of the word on the line
  /** @param {string} words @param {string[]} [near] instead of a word that is refused */
  const say = (words, near) => {
    isRefusal = near !== undefined;
    write(line, words, near ?? []);
  };

  /** @type {string | null} */
  let running = null;
  /** @type {string | null} */
  let waiting = null;
  function wait(/** @type {string | null} */ word, words = "", near = []) {
    waiting = word;
    write(queue, words, near);
    relabel();
  }
  // The button stops the run of the word in the field, and lets any other word wait.
  function relabel() {
    const other = running !== null && input.value.trim() !== running && input.value.trim() !== waiting;
    submit.textContent = running === null ? text : other ? `${text} next` : waiting === null ? "Stop" : "Start it now";
  }
  input.addEventListener("input", () => {
    relabel();
    if (isRefusal) say(""); // another word is typed
    if (waiting === null) write(queue, "", []);
  });

  async function enqueue(word) {
    try {
      wanted(await knownWords(), word);
      if (running !== null) wait(word, `Next: ${word}.`);
    } catch (error) {
      const { message, near } = /** @type {any} */ (error);
      wait(null, message, near);
    }
  }
  async function run(word) {
    running = word;
    wait(null);
    say("");
    let replaced = false;
    try {
      replaced = Boolean(await start(word));
    } catch (error) {
      const { message, near } = /** @type {any} */ (error);
      say(message, near);
    }
    const next = replaced ? null : waiting;
    running = null;
    wait(null);
    if (next !== null) await run(next);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const word = input.value.trim();
    if (running === null) run(word);
    else if (word === running || word === waiting) engine.stop();
    else enqueue(word);
  });
  return {
    form,
    input,
    say,
    isRunning: () => running !== null,
    /** Stop its run, and forget what waits for it. */
    drop() {
      wait(null);
      if (running !== null) engine.stop();
    },
  };
}

/**
 * A word as a target: 1 for each class that it stands for, and what it means.
 *
 * @param {Awaited<ReturnType<typeof knownWords>>} known @param {string} word
 */
export function wanted({ all, classes, articles, exactly, find, neighbours, meaning }, word) {
  if (!word) throw new Error("Type a word first.");
  const members = find(word);
  if (!members.length) {
    const near = neighbours(word);
    const called = word.length > MAX_LENGTH ? `${word.slice(0, MAX_LENGTH - 1)}…` : word;
    const instead = near.length ? "Did you mean:" : `It knows ${all.length.toLocaleString("en")} others.`;
    const message = `This network doesn’t know “${called}”. ${instead}`;
    throw Object.assign(new Error(message), { near });
  }
  return {
    target: Uint8Array.from(classes, (_, k) => Number(members.includes(k))),
    meaning: meaning(word),
    named: withArticle(word, articles),
    /** Which of several classes a picture shows, as a sentence; empty for one class. @param {number} best */
    exactly: (best) => (members.length > 1 ? exactly.replace("{word}", withArticle(classes[best], articles)) : ""),
  };
}
/**
 * A moment of a picture that is painted: its URL and interleaved pixels, the painter's share for the target, and the
 * likeliest of its classes.
 *
 * @typedef {{ picture: string, pixels: Uint8ClampedArray, share: number, best: number }} Moment
 */

/**
 * Paint by both methods, live; return how the run was stopped, as `engine.run`.
 *
 * @param {string} task of the engine's settings @param {{ start: Float32Array, mask: Uint8Array | null,
 *   target: Uint8Array, meaning: string, budget?: number }} plan budget: in parts of the ball
 * @param {() => boolean} isWanted whether the pictures are still to be shown
 * @param {(words: string) => void} say
 * @param {(moments: Moment[], ended: boolean, stopped: boolean) => void} show
 */
export async function paintLive(task, { start, mask, target, meaning, budget = 1 }, isWanted, say, show) {
  const { settings } = await load("engine");
  const { configs, weight, interval } = settings[task];
  const painters = configs.map((config) => ({
    config: { ...config, epsilon: config.epsilon * budget },
    penalty: mask && (config.method === "paper" ? "eq3" : "frozen"),
  }));
  const total = configs[0].steps;
  let began = 0;
  const steps = [-1, -1];
  /** @type {Moment[]} */
  const moments = [];
  const report = ({ index, step, entropy, best, frame }) => {
    if (!isWanted()) return; // whoever takes its place has stopped it
    began ||= performance.now();
    steps[index] = step;
    const slowest = Math.min(...steps);
    const left = Math.ceil((((performance.now() - began) / 1000) * (total - slowest)) / Math.max(1, slowest));
    say(`${meaning}: ${slowest <= 0 ? "starting …" : `${left} s left`}`);
    moments[index] = { picture: pictureUrl(frame), pixels: frame, share: Math.exp(-entropy), best };
    if (moments[0] && moments[1]) show([...moments], false, false);
  };
  const stopped = await engine.run(painters, { start, mask, target, weight, interval }, report, say);
  const seconds = Math.round((performance.now() - began) / 1000);
  if (!stopped) took = seconds;
  if (isWanted()) {
    if (moments[0] && moments[1]) show(moments, true, Boolean(stopped));
    say(stopped ? "Stopped." : `Painted on this device in ${seconds} s.`);
  }
  return stopped;
}
