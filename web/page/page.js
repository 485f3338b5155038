// The article's figures: each is mounted when it comes into view, with the components of the app, and on its own.

import { button, element } from "../../ui/components/basics.js";
import { engine } from "../engine/client.js";
import { components, load, withPixels } from "../engine/packs.js";
import { holeFigure } from "./hole_figure.js";
import { sketchFigure } from "./sketch_figure.js";
import { mapsFigure, stripesFigure } from "./wave_figure.js";

const AHEAD = "600px"; // of the window, in which figures load before they are seen
const FIGURES = {
  sketch: sketchFigure,
  judge: judgeFigure,
  stripes: stripesFigure,
  maps: mapsFigure,
  mixer: mixerFigure,
  hole: holeFigure,
};

/**
 * @typedef {object} Figure what a figure gets
 * @property {HTMLElement} stage its place
 * @property {(name: string, host: HTMLElement, events?: any, style?: string) => (data: any) => void} mount a component
 * @property {(action: () => any) => Promise<void>} attempt do something with data that may not arrive: a sentence then
 *   says so, with a button that tries again, until it has arrived
 */

/** Mount a component in a shadow tree with its own style sheet; return a function that passes data. */
function mount(name, host, events = {}, style = "") {
  const { mount, css } = components[name];
  const root = host.attachShadow({ mode: "open" });
  const parentElement = element("div");
  root.append(element("style", "", css + style), parentElement);
  const report = (event, value) => events[event]?.(value);
  return (data) => mount({ data, parentElement, setStateValue: report, setTriggerValue: report });
}

/** @param {HTMLElement} root @returns {Figure} */
function figureIn(root) {
  const failure = /** @type {HTMLElement} */ (root.querySelector(".failure"));
  async function attempt(action) {
    try {
      await action();
      failure.hidden = true;
    } catch (error) {
      failure.replaceChildren(`A part of this figure didn’t load: ${/** @type {any} */ (error).message}.`);
      button(failure, "Try again", () => attempt(action));
      failure.hidden = false;
    }
  }
  return { stage: /** @type {HTMLElement} */ (root.querySelector(".stage")), mount, attempt };
}

/** Two pictures in one: stored pairs. @param {Figure} figure */
async function mixerFigure({ stage, mount, attempt }) {
  const common = await load("mixer");
  const show = mount("mixer", stage, { pick: (index) => attempt(() => draw(index)) });
  async function draw(index) {
    const pair = await load(`mixer-${index}`);
    const [low, high] = await Promise.all([pair.low, pair.high].map(withPixels));
    show({
      key: "mixer",
      token: String(index),
      ...common,
      ...pair,
      low,
      high,
      strip: { ...common.strip, selected: index },
    });
  }
  await draw(0);
}

/** The round in the address, #judge-7. */
const linkedRound = () => Number(/^#judge-(\d+)$/.exec(location.hash)?.[1] ?? Number.NaN);

/** Ten drawings, five words each, in stored rounds. @param {Figure} figure */
async function judgeFigure({ stage, mount, attempt }) {
  const { rounds, methods } = await load("judge");
  const any = () => Math.floor(Math.random() * rounds.length);
  const row = /** @type {HTMLElement} */ (stage.closest(".row"));
  const task = /** @type {HTMLElement} */ (row.querySelector(".prose"));
  // What a round teaches comes after its first answer; after its last one there is nothing left to pick.
  const tell = (chosen) => {
    row.classList.add("begun");
    task.hidden = chosen.length === rounds[0].length;
  };
  const show = mount("judge_round", stage, { choose: tell, more: () => attempt(() => draw(any())) });
  async function draw(seed) {
    task.hidden = false;
    const pictures = await Promise.all(rounds[seed].map(({ picture }) => load(`judged-${picture}`)));
    const questions = rounds[seed].map((question, k) => ({ ...question, picture: pictures[k] }));
    const url = `${location.href.split("#")[0]}#judge-${seed}`;
    show({ questions, seed, chosen: [], methods, url, app: document.body.dataset.app ?? null });
  }
  const linked = linkedRound();
  await draw(linked in rounds ? linked : any());
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const name = /** @type {HTMLElement} */ (target).dataset.figure ?? "";
      if (!isIntersecting || !FIGURES[name]) continue;
      seen.unobserve(target);
      const figure = figureIn(/** @type {HTMLElement} */ (target));
      figure.attempt(() => FIGURES[name](figure));
    }
  },
  { rootMargin: AHEAD },
);
// The chapter in the middle of the window is marked in the bar.
const links = [...document.querySelectorAll(".chapters a")];
const passed = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const link = links.find((each) => each.getAttribute("href") === `#${target.id}`);
      if (isIntersecting) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  },
  { rootMargin: "-45% 0px -55% 0px" },
);
for (const chapter of document.querySelectorAll("main > section[id]")) passed.observe(chapter);
// A link to a round of the judge names more than its chapter.
if (location.hash.startsWith("#judge-")) document.getElementById("judge")?.scrollIntoView({ behavior: "instant" });
for (const figure of document.querySelectorAll(".figure")) seen.observe(figure);
Object.assign(/** @type {any} */ (globalThis), { article: { engine, load } }); // for checks
