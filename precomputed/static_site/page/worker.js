// The worker: networks that predict, and runs of several painters side by side. It does one thing at a time, but obeys
// `control`, which may come during a run. A picture is 3 planes of float32 in [0, 1].

import { LARGE, levels, sweep } from "./bytes.js";
import * as networks from "./networks.js";
import { generation, inpainting } from "./pgd/objectives.js";
import { pgdSteps } from "./pgd/steps.js";

/**
 * @typedef {object} Painter a network with how it steps
 * @property {string} name
 * @property {import("./pgd/steps.js").Config} config
 * @property {"eq3" | "mean_square" | "frozen" | null} penalty null for generation
 */
/**
 * @typedef {object} RunRequest
 * @property {Painter[]} painters @property {Float32Array} start @property {Uint8Array} mask 1 = may change
 * @property {number} target @property {number} weight lambda
 * @property {number} interval a frame every so many steps
 * @property {number} sure confidence whose first picture is kept
 */

const REPORT_MS = 60; // between messages of a run
class Stopped extends Error {}
let control = "go";
let wake = (_) => {};
const clock = new MessageChannel(); // yields to incoming messages, without a timer's 4 milliseconds

const turn = () =>
  new Promise((resolve) => {
    clock.port1.onmessage = resolve;
    clock.port2.postMessage(0);
  });

// A network's pass that checks for a stop first: a stopped run ends within one pass.
const stoppable = (pass) =>
  Object.assign(
    async (images) => {
      await turn();
      if (control === "stop") throw new Stopped();
      return pass(images);
    },
    { sides: pass.sides },
  );

const requests = {
  async start({ wasm }) {
    networks.start(wasm);
  },

  async add({ name, network }) {
    networks.add(name, network);
  },

  async predict({ names, pictures }) {
    const logits = {};
    for (const name of names) {
      logits[name] = [];
      for (const values of pictures) logits[name].push(await networks.predict(name, values));
    }
    return { logits };
  },

  /** @param {RunRequest} request @param {(part: any) => void} report of states */
  async run({ painters, start, mask, target, weight, interval, sure }, report) {
    const steps = painters[0].config.steps;
    control = "go";
    await networks.release(); // nothing predicts meanwhile, and WebAssembly memory never shrinks
    const running = painters.map(({ name, config, penalty }) => {
      const pass = stoppable(networks.passTo(name, target));
      const objective = penalty ? inpainting(mask, weight, penalty) : generation;
      return { iterator: pgdSteps(pass, objective, start, config), sure: false };
    });
    /** @type {any[]} */
    let states = [];
    /** @type {import("./pgd/steps.js").State[]} */
    let before = [];
    let last = performance.now();
    const stateOf = (frame) => ({
      step: before[0].step,
      networks: before.map(({ crossEntropy: entropy, penalty, change, logits, images }, k) => {
        const first = !running[k].sure && Math.exp(-entropy) >= sure; // its picture is kept, too
        running[k].sure ||= first;
        const pictures = { images: first ? images : null, frame: frame ? levels(images) : null };
        return { entropy, term: penalty ?? 0, change, logits, ...pictures };
      }),
    });
    const reportStates = (halted = false) => {
      const pictures = halted ? before.map(({ images, bestImages }) => ({ last: images, best: bestImages })) : null;
      report({ states, pictures, control });
      states = [];
      last = performance.now();
    };
    try {
      for (let step = 0; step <= steps; step++) {
        const current = [];
        for (const { iterator } of running) {
          current.push((await iterator.next()).value);
          if (start.length > LARGE) sweep();
        }
        before = /** @type {import("./pgd/steps.js").State[]} */ (current);
        if (control === "step") control = "pause";
        const halted = control === "pause" || step === steps;
        states.push(stateOf(step % interval === 0 || halted));
        if (halted || performance.now() - last > REPORT_MS) reportStates(halted);
        while (control === "pause" && step < steps) await new Promise((resolve) => (wake = resolve));
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      if (before.length) {
        // a halted run has a picture to show
        states.push(stateOf(true));
        reportStates(true);
      }
    }
    await networks.release();
    return { ended: true };
  },
};

let before = Promise.resolve();
addEventListener("message", ({ data: { id, request, ...values } }) => {
  if (request === "control") {
    control = values.to;
    wake(0);
    return;
  }
  before = before.then(async () => {
    try {
      postMessage({ id, ...(await requests[request](values, (part) => postMessage({ id, part }))) });
    } catch (error) {
      const text = String(error instanceof Error ? error.message : error);
      postMessage({ id, error: text, memory: /memory|alloc/i.test(text) });
    }
  });
});
