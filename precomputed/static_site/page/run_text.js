// Text about a live run, from the patterns of ui/runs/run_sentences.py.

import { countOf } from "../../../ui/components/count_of.js";
import { measuredAt } from "../../../ui/components/replay_text.js";
import { levels } from "./bytes.js";
import { lookInterval } from "./pgd/steps.js";
import { filled, filledText, joined } from "./sentences.js";
import { similarityInside } from "./ssim.js";

/**
 * Mean change in the hole and around it.
 *
 * @param {ArrayLike<number>} start @param {ArrayLike<number>} image @param {Uint8Array} mask @param {number} scale
 */
export function changes(start, image, mask, scale) {
  const area = start.length / 3;
  const sums = [0, 0];
  const counts = [0, 0];
  for (let at = 0; at < area; at++) {
    const place = mask[at] ? 0 : 1;
    for (let k = 0; k < 3; k++) sums[place] += Math.abs(image[k * area + at] - start[k * area + at]);
    counts[place] += 3;
  }
  return sums.map((sum, k) => (counts[k] ? (scale * sum) / counts[k] : 0));
}

/**
 * The result of the run so far: parts of the sentences on each painter. The replay shows its confidence.
 *
 * @param {any} run @param {boolean} halted whether there is a picture of the last step; else the newest frame counts
 * @param {Record<string, string>} patterns
 */
export function outcome(run, halted, patterns) {
  const isDrawing = run.kind === "generation";
  return run.models.map((model, k) => {
    const [inside, outside] = halted
      ? changes(run.start, model.last, run.mask, 255)
      : changes(run.startLevels, model.frames.at(-1), run.mask, 1);
    const steps = countOf(run.frameSteps.at(-1), "step");
    const changed = filled(patterns.changed, {
      what: patterns[isDrawing ? "start" : "hole"],
      change: { bold: filledText(patterns.amount, { mean: inside.toFixed(1) }) },
      after: k ? "" : filledText(patterns.after, { steps }),
    });
    const rest = isDrawing ? [] : [" ", filledText(patterns.rest, { mean: outside.toFixed(2) })];
    return [...filled(patterns.outcome, { title: model.title, changed }), ...rest];
  });
}

/**
 * How much the filled holes resemble the original, as in the app; no parts without an original.
 *
 * @param {any} run @param {Record<string, string>} patterns
 */
export function likeness(run, patterns) {
  if (!run.original) return [];
  const original = Float32Array.from(run.original, (level) => level / 255);
  const similarity = (picture) => similarityInside(original, picture, run.mask).toFixed(2);
  const before = similarity(run.start);
  const after = run.models.map(({ title, last }) => ({
    title,
    value: similarity(Float32Array.from(levels(last), (level) => level / 255)),
  }));
  const nearer = after.filter(({ value }) => Number(value) > Number(before)).map(({ title }) => title);
  const which = !nearer.length ? "none" : nearer.length < after.length ? "only" : "nearer";
  const end = filledText(patterns[which], { titles: joined(nearer) });
  const ends = joined(after.map((row) => filledText(patterns.by, row)));
  return [filledText(patterns.likeness, { ssim: patterns.ssim, before, after: ends, end })];
}

const short = (number, digits) => String(Number(number.toPrecision(digits)));

/** The loss of a painter before and after. @param {any} model @param {Record<string, string>} patterns */
export function losses({ loss, change, config }, patterns) {
  const last = loss.at(-1);
  const step = loss.length - 1;
  const measured = measuredAt(step, lookInterval(config.search), config.steps);
  const at = measured < step ? filledText(patterns.measured, { step: measured.toLocaleString("en") }) : "";
  return filledText(patterns.losses, {
    first: short(loss[0], 3),
    last: last > 1e-7 ? short(last, 2) : patterns.small,
    steps: countOf(step, "step") + at,
    norm: change.at(-1).toFixed(2),
    budget: short(config.epsilon, 3),
  });
}

/** Time per step, as in the app. @param {{ seconds: number, step: number }} run */
export function pace({ seconds, step }) {
  const each = seconds / Math.max(1, step);
  const milliseconds = Math.max(1, Math.round(1000 * each));
  return milliseconds < 1000 ? `${milliseconds} ms per step` : `${each.toFixed(1)} s per step`;
}

/** A visitor's own run: number of steps, how it ended, its pace. */
export function note(run) {
  const early = run.step < run.steps ? `, stopped by you after ${run.step.toLocaleString("en")} of ` : ", ";
  return `Your run${early}${countOf(run.steps, "step")}${run.step ? `, ${pace(run)}` : ""}.`;
}

/** Origin of the run. */
export function origin(run) {
  const { config } = run.models[0];
  return (
    `This browser computed ${countOf(run.step, "step")} of ${config.step_size.toPrecision(3)}, ` +
    `L2 budget ${config.epsilon.toPrecision(3)}, in ${run.seconds.toFixed(1)} s. ${run.images.credit}.`
  );
}
