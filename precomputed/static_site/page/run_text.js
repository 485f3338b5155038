// Text about a live run, as in ui/runs/run_sentences.py and ui/runs/setup/state.py.

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
 * The result of the run so far: for each painter the text before, in and after the number. The replay shows its
 * confidence.
 *
 * @param {any} run @param {boolean} halted whether there is a picture of the last step; else the newest frame counts
 */
export function outcome(run, halted) {
  const drawn = run.kind === "generation";
  const what = drawn ? "the start" : "the hole";
  return run.models.map((model, k) => {
    const [inside, outside] = halted
      ? changes(run.start, model.last, run.mask, 255)
      : changes(run.startLevels, model.frames.at(-1), run.mask, 1);
    const rest = drawn ? "" : ` and the rest by ${outside.toFixed(2)}`;
    const after = k ? "" : ` after ${run.frameSteps.at(-1).toLocaleString("en")} steps`;
    return [`${model.title} has changed ${what} by `, `${inside.toFixed(1)} of 255`, ` on average${rest}${after}.`];
  });
}

/** A visitor's own run: number of steps, how it ended, its pace. */
export function note(run) {
  const early = run.step < run.steps ? `, stopped by you after ${run.step.toLocaleString("en")} of ` : ", ";
  const pace = run.step ? `, ${Math.max(1, Math.round((1000 * run.seconds) / run.step))} ms per step` : "";
  return `Your run${early}${run.steps.toLocaleString("en")} steps${pace}.`;
}

/** Origin of the run. */
export function origin(run) {
  const { config } = run.models[0];
  return (
    `This browser computed ${run.step.toLocaleString("en")} steps of ${config.step_size.toPrecision(3)}, ` +
    `L2 budget ${config.epsilon.toPrecision(3)}, in ${run.seconds.toFixed(1)} s. ${run.images.credit}.`
  );
}
