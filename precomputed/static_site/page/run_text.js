// A live run in words, as ui/runs/run_sentences.py says them of the app's.

/**
 * Mean change in the hole and around it.
 *
 * @param {Float32Array} start @param {Float32Array} image @param {Uint8Array} mask @param {number} scale
 */
export function changes(start, image, mask, scale) {
  const area = start.length / 3, sums = [0, 0], counts = [0, 0];
  for (let at = 0; at < area; at++) {
    const place = mask[at] ? 0 : 1;
    for (let k = 0; k < 3; k++) sums[place] += Math.abs(image[k * area + at] - start[k * area + at]);
    counts[place] += 3;
  }
  return sums.map((sum, k) => (counts[k] ? (scale * sum) / counts[k] : 0));
}

/** What has become of the run, a sentence for each painter; the replay says how confident it is. */
export function outcome(run) {
  const drawn = run.kind === "generation", what = drawn ? "the start" : "the hole";
  const sentences = run.models.map((model) => {
    const [inside, outside] = changes(run.start, model.last, run.mask, 255), rest = drawn ? "" : ` and the rest by ${outside.toFixed(2)}`;
    return `${model.title} has changed ${what} by ${inside.toFixed(1)} of 255 on average${rest}.`;
  });
  return `After ${run.step.toLocaleString("en")} steps, ${sentences.join(" ")}`;
}
