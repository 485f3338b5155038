// Any of 1,000 words in the opening scene: drawn here, by both searches from one start, live.

import { levels, pixelsOf } from "./bytes.js";
import { classChoice } from "./class_choice.js";
import { element, loader } from "./elements.js";
import { engine } from "./engine.js";
import { greyStart } from "./grey.js";
import { load } from "./packs.js";
import { forWorker, paintersOf } from "./painters.js";
import { paint } from "./pictures.js";

const SIDE = 224, NETWORK = "efficientnet-lite0", SEARCHES = ["pixels", "views"];
const INTERVAL = 4; // a picture every so many steps

/**
 * @param {HTMLElement} host
 * @param {string} text of the field
 * @param {any} scene a stored one, for its words and captions
 * @param {(scene: any) => void} show
 */
export async function drawAnyWord(host, text, scene, show) {
  const facts = await load("engine"), { classes, settings } = facts.sets[SIDE];
  const form = host.appendChild(element("form", "", { className: "fields any-word" }));
  const word = classChoice(form, text, classes, "", "any-word");
  const start = loader(form, "", draw);
  const stop = form.appendChild(element("button", "Stop", { type: "button", hidden: true }));
  stop.addEventListener("click", () => engine.control("stop"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!start.button.disabled) start.press();
  });
  const label = () => {
    const size = engine.has([NETWORK]) ? "" : `: ${engine.megabytes([NETWORK], facts)} MB, nothing leaves this browser`;
    start.button.textContent = `Draw it here${size}`;
  };
  addEventListener("hashchange", () => {
    if (!stop.hidden) engine.control("stop");
    label();
  });
  label();

  async function draw(report) {
    const target = word();
    engine.control("stop"); // a run that waits
    await engine.load([NETWORK], report);
    label();
    stop.hidden = false;
    try {
      await run(target);
    } finally {
      stop.hidden = true;
    }
  }

  async function run(target) {
    const x0 = await greyStart(facts.natural, SIDE, 0), began = performance.now();
    const plan = { penalty: null, budget: 1 }, models = paintersOf({ names: [NETWORK], searches: SEARCHES }, plan, settings.generation, facts);
    const painters = forWorker(models), { steps } = painters[0].config;
    const request = { painters, start: x0, mask: new Uint8Array(SIDE * SIDE).fill(1), target, weight: 0, interval: INTERVAL, sure: 2 };
    let step = 0;
    const tell = (states, judged) => {
      const last = states.findLast(({ frame }) => frame);
      if (!last) return;
      step = last.step;
      show({
        ...scene,
        words: [...scene.words, classes[target]],
        chosen: scene.words.length,
        drawings: last.networks.map(({ images, entropy }, k) => ({
          ...scene.drawings[k], judged: judged(), shares: [Math.exp(-entropy)],
          strip: paint(element("canvas"), pixelsOf(levels(images)), SIDE).toDataURL(),
        })),
      });
    };
    await engine.request("run", request, ({ states, halted }) => {
      const seconds = (performance.now() - began) / 1000, ended = halted === "stop" || states.at(-1).step === steps;
      tell(states, () => (ended ? `${step} steps in ${seconds.toFixed(0)} s, in your browser; no other network has judged it.`
        : `step ${step} of ${steps}, ${Math.round((1000 * seconds) / Math.max(1, step))} ms each`));
    });
  }
}
