// Sentences from the app's patterns, which Python writes with the page.

/**
 * The texts and parts of a pattern, in order.
 *
 * @param {string} pattern with a part's name in braces in its place @param {Record<string, any>} parts
 * @returns {any[]}
 */
export const filled = (pattern, parts) => pattern.split(/\{(\w+)\}/).flatMap((text, k) => (k % 2 ? parts[text] : text));

/** The same as text. @param {string} pattern @param {Record<string, any>} parts */
export const filledText = (pattern, parts) => filled(pattern, parts).join("");

/** "1, 2 and 4". @param {string[]} parts */
export const joined = (parts) => [parts.slice(0, -1).join(", "), parts.at(-1)].filter(Boolean).join(" and ");

/** (3, −4). @param {number[]} wave */
export const waveName = (wave) => `(${wave.join(", ")})`.replaceAll("-", "−");
