// A live run in words, as ui/runs/words.py says them of the app's.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory, { percent } = lab.page;

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

  const changed = (run, [inside, outside]) => run.kind === "generation"
    ? `after changing the start by ${inside.toFixed(1)} of 255 on average`
    : `after changing the hole by ${inside.toFixed(1)} of 255 on average and the rest by ${outside.toFixed(2)}`;

  // A sentence on frame `at` of the k-th network.
  function verdict(run, k, at, ended) {
    const model = run.models[k], step = run.frameSteps[at], now = percent(model.probability[step]);
    const before = percent(model.probability[0]), target = `confident of “${run.targetName}”`;
    if (step === 0) return `Before the first step, ${model.title} is ${before} ${target}.`;
    if (!ended) return `At step ${step.toLocaleString("en")}, ${model.title} is ${now} ${target}.`;
    const last = at === run.frameSteps.length - 1;
    const found = last ? changes(run.start, model.last, run.mask, 255) : changes(run.startLevels, model.frames[at], run.mask, 1);
    const when = last ? `${model.title} is now ${now}` : `At step ${step.toLocaleString("en")}, ${model.title} is ${now}`;
    return `${when} ${target} (before: ${before}), ${changed(run, found)}.`;
  }

  // The step at which a network was first sure of the target, null where it never was; and the words for it.
  function firstSure(run, k, sure) {
    const { sureAt, sureChange } = run.models[k], how = `${(100 * sure).toFixed(0)} % sure`;
    if (sureAt === null) return [null, `never ${how}`];
    if (sureAt === 0) return [0, `${how} at once`];
    return [sureAt, `${how} at step ${sureAt.toLocaleString("en")}, after ${(255 * sureChange).toFixed(1)} of 255`];
  }

  // What has come of the run, in its own numbers.
  function outcome(run, sure) {
    const parts = run.models.map((model, k) => {
      const [first, now] = [model.probability[0], model.probability.at(-1)].map(percent);
      const [inside, outside] = changes(run.start, model.last, run.mask, 255);
      const what = run.kind === "generation" ? "the start" : "the hole", rest = run.kind === "generation" ? "" : ` and the rest by ${outside.toFixed(2)}`;
      return `${model.title} ${k ? "" : "has gone "}from ${first} to ${now}${k ? "" : ` confident of “${run.targetName}”`} by changing ` +
        `${what} by ${inside.toFixed(1)} of 255 on average${rest}`;
    });
    const confident = run.models.filter((model) => model.probability.at(-1) >= sure).map((model) => model.title);
    const share = `(${(100 * sure).toFixed(0)} % or more)`;
    const end = run.models.length < 2 ? "" : !confident.length ? ` None of them is confident ${share}.`
      : confident.length < run.models.length ? ` Only ${confident.join(" and ")} is confident now ${share}.` : ` All are confident now ${share}.`;
    return `After ${run.step.toLocaleString("en")} steps, ${parts.join("; ")}.${end}`;
  }

  lab.words = { changes, verdict, firstSure, outcome };
})();
