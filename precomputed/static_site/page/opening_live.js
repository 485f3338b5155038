// Any of 1,000 words in the opening scene: drawn live, by both searches from one start.

import { countOf } from "../../../ui/components/count_of.js";
import { free, pixelsOf } from "./bytes.js";
import { classChoice } from "./class_choice.js";
import { button, element, loader } from "./elements.js";
import { engine } from "./engine.js";
import { greyStart } from "./grey.js";
import { load } from "./packs.js";
import { forWorker, paintersOf } from "./painters.js";
import { pictureUrl } from "./pictures.js";

const SIDE = 224;
const SEARCHES = ["pixels", "views"];
const INTERVAL = 4; // a picture every so many steps

/**
 * @param {HTMLElement} host
 * @param {{ label: string, isPainter: boolean, captions: { title: string, about: string }[] }} texts
 *   of the field, whether the stored drawings are by the network that draws here, and texts of each search
 * @param {any} scene a stored one, for its words
 * @param {{ begin: () => () => boolean, show: (scene: any) => void }} opening shows the scene of its latest request
 */
export async function drawAnyWord(host, { label: text, isPainter, captions }, scene, { begin, show }) {
  const facts = await load("engine");
  const { classes, settings, painters: names } = facts.sets[SIDE];
  const { title } = facts.networks[names[0]];
  const form = host.appendChild(element("form", "", { className: "any-word" }));
  const word = classChoice(form, text, classes, "", "any-word");
  const start = loader(form, "", draw);
  form.addEventListener("input", () => {
    start.status.textContent = ""; // a refusal of another word
  });
  let onEnd = () => {}; // shows the page's text when a run halts
  const halt = () => {
    engine.control("stop");
    onEnd();
  };
  const stop = form.appendChild(button("Stop", halt, { hidden: true }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!start.button.disabled) start.press();
  });
  const label = () => {
    const size = engine.has(names) ? "" : `: ${engine.megabytes(names, facts)} MB, nothing leaves this browser`;
    start.button.textContent = `Draw it here${isPainter ? "" : ` by ${title}`}${size}`;
  };
  addEventListener("hashchange", () => {
    if (!stop.hidden) halt();
    label();
  });
  label();

  async function draw(report) {
    const target = word(); // refuses an unknown one
    engine.control("stop"); // a pending run
    const isLatest = begin();
    await engine.load(names, report);
    label();
    if (!isLatest() || !host.offsetParent) return; // a stored word was chosen, or another section
    stop.hidden = false;
    try {
      await run(target, isLatest);
    } finally {
      stop.hidden = true;
    }
  }

  async function run(target, isLatest) {
    const x0 = await greyStart(facts.natural, SIDE, 0);
    const began = performance.now();
    const plan = { penalty: null, budget: 1 };
    const choice = { names, searches: SEARCHES };
    const painters = forWorker(paintersOf(choice, plan, settings.generation, facts));
    const { steps } = painters[0].config;
    const mask = new Uint8Array(SIDE * SIDE).fill(1);
    const request = { painters, start: x0, mask, target, weight: 0, interval: INTERVAL, sure: 2 };
    const words = [...scene.words, classes[target]];
    let step = -1;
    let drawings = [];
    let over = false;
    const tell = (judged) => {
      if (drawings.length && isLatest())
        show({
          ...scene,
          words,
          chosen: scene.words.length,
          drawings: drawings.map((drawing) => ({ ...drawing, judged })),
        });
    };
    onEnd = () => {
      over = stop.hidden = true;
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      tell(`${title}, ${countOf(step, "step")} in ${seconds} s, in your browser; no other network has judged it.`);
    };
    await engine.run(request, async ({ states }) => {
      if (!over && !isLatest()) return halt(); // a stored word was chosen
      const newest = states.findLast(({ networks }) => networks[0].frame);
      if (!newest) return;
      const pictures = newest.networks.map(({ frame }) => pixelsOf(frame));
      const strips = await Promise.all(pictures.map((pixels) => pictureUrl(pixels, SIDE)));
      for (const values of [...pictures, ...newest.networks.map(({ frame }) => frame)]) free(values);
      if (over || newest.step <= step) return; // outdated
      const before = drawings;
      step = newest.step;
      drawings = newest.networks.map(({ entropy }, k) => ({
        ...captions[k],
        shares: [Math.exp(-entropy)],
        strip: strips[k],
      }));
      if (step === steps) onEnd();
      else tell(`step ${step} of ${steps}${step ? `, ${Math.round((performance.now() - began) / step)} ms each` : ""}`);
      for (const { strip } of before) URL.revokeObjectURL(strip);
    });
  }
}
