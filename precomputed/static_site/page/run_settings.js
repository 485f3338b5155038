// Settings of a run: how many steps, and numbers that a visitor may change, with the app's labels, texts and ranges.

import { element, menu } from "./elements.js";

/**
 * Draw an input for each number.
 *
 * @param {HTMLElement} parent
 * @param {{ name: string, label: string, help: string, range: number[], digits: number | null }[]} rows
 * @param {() => void} changed
 */
function numberInputs(parent, rows, changed) {
  const grid = parent.appendChild(element("div", "", { className: "numbers" }));
  const inputs = new Map(
    rows.map((row) => {
      const [low, high, step] = row.range;
      const field = grid.appendChild(element("label", row.label, { className: "field", title: row.help }));
      const input = field.appendChild(element("input", "", { type: "number", step: String(step) }));
      input.addEventListener("change", () => {
        const value = row.digits === null ? Math.round(input.valueAsNumber) : input.valueAsNumber;
        if (Number.isNaN(value)) input.value = input.defaultValue;
        else if (value >= low && value <= high) input.value = String(value);
        else input.value = (value < low ? low : high).toFixed(row.digits ?? 0);
        changed();
      });
      return [row.name, { digits: row.digits, input, usual: 0 }];
    }),
  );
  return {
    // Show other defaults; a number that the visitor has changed stays, unless `all` return to the default.
    follow(usuals, all) {
      for (const [name, entry] of inputs) {
        const isUsual = all || entry.input.value === entry.input.defaultValue;
        entry.usual = usuals[name];
        entry.input.defaultValue = entry.digits === null ? String(entry.usual) : entry.usual.toFixed(entry.digits);
        if (isUsual) entry.input.value = entry.input.defaultValue;
      }
    },
    // The visitor's numbers, else the defaults with all their digits.
    values() {
      const value = ({ input, usual }) => (input.value === input.defaultValue ? usual : input.valueAsNumber);
      return Object.fromEntries(Array.from(inputs, ([name, entry]) => [name, value(entry)]));
    },
  };
}

/**
 * Draw the settings, below what `parent` holds already and with their text above it.
 *
 * @param {HTMLElement} parent @param {any} set facts on pictures of a side @param {"inpainting" | "generation"} kind
 * @param {() => void} changed
 */
export function runSettings(parent, set, kind, changed) {
  const about = element("p");
  parent.prepend(about);
  const pace = parent.appendChild(element("div"));
  const numbers = numberInputs(parent, set.numbers[kind], changed);
  /** @type {any[]} */
  let offered = [];
  let scale = 1;
  const place = () => Number(pace.querySelector("select")?.value ?? 0);
  function follow(all = false) {
    const { config, weight } = offered[place()];
    numbers.follow({ ...config, weight, epsilon: config.epsilon * scale }, all);
  }
  return {
    /** Offer the settings of searches. @param {string[]} searches @param {boolean} [all] whether all are reset */
    offer(searches, all) {
      offered = set.settings[kind][searches.includes("views") ? "views" : "pixels"];
      about.textContent = offered[0].about;
      const pairs = offered.map(({ label }, k) => [String(k), label]);
      const choose = () => {
        follow();
        changed();
      };
      pace.replaceChildren();
      if (pairs.length > 1) menu(pace, "Number of steps", pairs, choose);
      follow(all);
    },
    /** Scale the budget with the hole. @param {number} budget in parts of that of the paper's hole */
    scale(budget) {
      scale = budget;
      follow();
    },
    /** Return which of the numbers of steps is chosen, and all numbers. */
    selection() {
      const { weight, ...lengths } = numbers.values();
      return { pace: place(), weight, lengths };
    },
  };
}
