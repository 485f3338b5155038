// What a reader made in a figure, kept while they read another page of this tab: the browser's Back brings it back.

const KEY = "article.figures"; // in the tab's session storage, which no other site or tab sees

/** @type {Map<string, () => any>} */
const states = new Map();
const kept = isBack() ? read() : {};

function isBack() {
  const [entry] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return entry?.type === "back_forward";
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  } catch {
    return {}; // storage is forbidden here
  }
}

// Figures that were not in view this time stay as they were.
addEventListener("pagehide", () => {
  const now = Object.fromEntries([...states].map(([name, state]) => [name, state()]));
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...kept, ...now }));
  } catch {
    // Full or forbidden: the page starts over.
  }
});

/**
 * Keep a figure's state from now on; return the one kept before, if the reader has come back.
 *
 * @param {string} name unique on the page @param {() => any} state as JSON has it; null for nothing to keep
 */
export function keptState(name, state) {
  states.set(name, state);
  return kept[name] ?? null;
}
