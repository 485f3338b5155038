// Texts about a moment of a replay, for runs that are stored or in progress, on a page or without one.

const stepName = (step) => step.toLocaleString("en");

// Formats a probability like `core.shared.numbers.confidence`: no classifier means 0 % or 100 %.
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
