// Intervals and tests of counts (core/fourier/intervals.py, core/fourier/maps/contrasts.py).

const Z2 = 1.959963984540054 ** 2; // 95 %

/** A proportion with its Wilson score interval. Source: Wilson 1927. @param {number} count @param {number} n */
export function wilson(count, n) {
  const value = count / n;
  const centre = (value + Z2 / (2 * n)) / (1 + Z2 / n);
  const half = Math.sqrt((Z2 * (value * (1 - value) + Z2 / (4 * n))) / n) / (1 + Z2 / n);
  return { value, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Two-sided exact p of McNemar's test. @param {number} onlyFirst @param {number} onlySecond */
export function mcnemar(onlyFirst, onlySecond) {
  const fewer = Math.min(onlyFirst, onlySecond);
  const n = onlyFirst + onlySecond;
  if (onlyFirst === onlySecond) return 1;
  let term = 0.5 ** n;
  let sum = 0;
  for (let k = 0; k <= fewer; k++) {
    sum += term;
    term *= (n - k) / (k + 1);
  }
  return Math.min(1, 2 * sum);
}

/**
 * The non-zero cells of a confusion matrix, in class order.
 *
 * @param {number[]} labels @param {number[]} predictions
 */
export function confusions(labels, predictions) {
  const cells = new Map();
  labels.forEach((label, k) => {
    const key = `${label} ${predictions[k]}`;
    const images = labels.filter((value) => value === label).length;
    const cell = cells.get(key) ?? { label, prediction: predictions[k], count: 0, images };
    cells.set(key, { ...cell, count: cell.count + 1 });
  });
  return [...cells.values()].sort((a, b) => a.label - b.label || a.prediction - b.prediction);
}

/** All mistakes, most frequent first, as core.sweep.predictions.mistakes. @type {typeof confusions} */
export const mistakes = (labels, predictions) =>
  confusions(labels, predictions)
    .filter(({ label, prediction }) => label !== prediction)
    .sort((a, b) => b.count - a.count);
