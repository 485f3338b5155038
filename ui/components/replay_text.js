// What a replay says of a moment, in one place for runs that are stored, saved or in progress, on a page or without one.

const WORSE = 1.05; // times the lowest loss: from there on, the last state is called worse
export const MIN_LOSS = 1e-6; // lower ones are rounding: an axis ends here at the latest

const stepName = (step) => step.toLocaleString("en");

// A probability for people, as `core.numbers.confidence`: no classifier means 0 % or 100 %.
export function percent(share) {
  if (share === undefined) return "";
  if (share > 0.999) return "over 99.9 %";
  return share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

// How confident a network is at a step, and was before the first; `ends` where the run ends there.
export function verdict(title, target, step, [before, now], ends) {
  if (now === undefined) return "";
  if (step === 0) return `${title} is ${percent(now)} confident of “${target}” before the first step.`;
  const begin = `${title} is ${ends ? "now " : ""}${percent(now)} confident of “${target}”`;
  return `${begin}${ends ? "" : ` at step ${stepName(step)}`} (before: ${percent(before)}).`;
}

// When a network was first sure of its target: at which step, null where it never was, and after which mean change.
// `ended`: a run that has not come to its end may become so.
export function sureWords([step, change], sure, ended = true) {
  const how = `${Math.round(100 * sure)} % sure`;
  if (step === null) return ended ? `never ${how}` : `not ${how} so far`;
  if (step === 0) return `${how} at once`;
  return `${how} at step ${stepName(step)}${change === null ? "" : `, after ${(255 * change).toFixed(1)} of 255`}`;
}

// Where the last loss is clearly above the lowest of the run: the place of the kept picture of the lowest loss, else -1.
export function bestKept(kept, lowest) {
  const last = kept.at(-1), best = kept.indexOf(Math.min(...kept));
  return last > WORSE * Math.max(lowest, MIN_LOSS) && kept[best] < last ? best : -1;
}

export const bestWords = (step) => `The last step is not the best; see step ${stepName(step)}`;
