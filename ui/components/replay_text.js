// Texts about a moment of a replay, for runs that are stored, saved or in progress, on a page or without one.

const WORSE = 1.05; // times the lowest loss; above this, the last state counts as worse
export const MIN_LOSS = 1e-6; // lower values are rounding errors; no axis goes below

const stepName = (step) => step.toLocaleString("en");

// Formats a probability like `core.numbers.confidence`: no classifier means 0 % or 100 %.
export function percent(share) {
  if (share === undefined) return "";
  if (share > 0.999) return "over 99.9 %";
  return share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

// Gives the phrases of a text, joined by ". ", the capitals of sentences.
export const asSentences = (text) => text.replace(/(^|\. )[a-z]/g, (begin) => begin.toUpperCase());

// The rest of a title after the network's, "by views", which tells curves of one colour apart; may be empty.
export const searchOf = ({ title, network }) => (network ? title.slice(network.length).trim() : "");

// Step of the latest measurement: a run measures `every` so many steps and at its last, the `planned` one.
export const measuredAt = (step, every, planned) => (step === planned ? step : step - (step % every));

const intervalWords = (every) => `measured every ${every} steps`;

// Sentence on a network's confidence at a step and before the first; `ends`: whether the run ends there.
export function verdict(title, target, step, [before, now], ends, every = 1, planned = step) {
  if (now === undefined) return "";
  const measured = measuredAt(step, every, planned);
  const earlier = measured < step;
  const is = earlier ? "was" : ends && step ? "is now" : "is";
  const at = ends && !earlier ? "" : ` at step ${stepName(measured)}`;
  const when = measured ? `${at} (before: ${percent(before)})` : " before the first step";
  return `${title} ${is} ${percent(now)} confident of “${target}”${when}${earlier ? `; ${intervalWords(every)}` : ""}.`;
}

// Text on when a network was first confident of its target: the step, null if it never was, and the mean change then.
// `ended`: whether the run has ended; if not, the network may still become confident.
export function sureWords([step, change], sure, ended = true, every = 1) {
  const how = `${Math.round(100 * sure)} % sure`;
  if (step === null) return ended ? `never ${how}` : `not ${how} so far`;
  if (step === 0) return `${how} at once`;
  const interval = every === 1 ? "" : ` (${intervalWords(every)})`;
  const changed = change === null ? "" : `, changed by ${(255 * change).toFixed(1)} of 255`;
  return `${how} at step ${stepName(step)}${interval}${changed}`;
}

// Index of the stored picture of the lowest loss, if the last loss is clearly higher; else -1.
export function bestStored(losses, lowest) {
  const last = losses.at(-1);
  const best = losses.indexOf(Math.min(...losses));
  return last > WORSE * Math.max(lowest, MIN_LOSS) && losses[best] < last ? best : -1;
}

export const bestWords = (step, ended) =>
  ended ? `The last step is not the best; see step ${stepName(step)}` : `Step ${stepName(step)} is the best so far`;
