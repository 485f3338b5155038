// A live run in words, as ui/runs/words.py says them of the app's.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory;

  // Mean change in the hole and around it.
  /** @returns {any} */
  function changes(start, image, mask, scale) {
    const area = start.length / 3, sums = [0, 0], counts = [0, 0];
    for (let at = 0; at < area; at++) {
      const place = mask[at] ? 0 : 1;
      for (let k = 0; k < 3; k++) sums[place] += Math.abs(image[k * area + at] - start[k * area + at]);
      counts[place] += 3;
    }
    return sums.map((sum, k) => (counts[k] ? (scale * sum) / counts[k] : 0));
  }

  // What has become of the run, a sentence for each network; the replay says how confident it is.
  function outcome(run) {
    const drawn = run.kind === "generation", what = drawn ? "the start" : "the hole";
    const sentences = run.models.map((model) => {
      const [inside, outside] = changes(run.start, model.last, run.mask, 255);
      return `${model.title} has changed ${what} by ${inside.toFixed(1)} of 255 on average` +
        `${drawn ? "" : ` and the rest by ${outside.toFixed(2)}`}.`;
    });
    return `After ${run.step.toLocaleString("en")} steps, ${sentences.join(" ")}`;
  }

  lab.words = { changes, outcome };
})();
