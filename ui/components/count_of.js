// A count and its noun.

/** "1 step" or "1,001 steps", as core.shared.sentences.count_of. @param {number} number @param {string} noun */
export const countOf = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
