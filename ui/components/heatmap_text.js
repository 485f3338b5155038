// Texts of a heat map's cell: its frequency, its number and the interval.

// [value, interval] as text.
export function describe(view, map, frequency) {
  const { decimals, unit } = view.data;
  const [value, low, high] = [0, 1, 2].map((layer) => (layer < map.layers ? map.at(frequency, layer) : NaN));
  if (value === undefined) return ["outside this map", ""];
  if (Number.isNaN(value)) return ["not computed", ""];
  const text = (count) => number(view, count / 10 ** decimals, decimals);
  const interval = Number.isNaN(low) || Number.isNaN(high) ? "" : `95 % interval (${text(low)} to ${text(high)})`;
  return [`${map.label} ${text(value)}${unit && ` ${unit}`}`, interval];
}

export const minus = (text) => String(text).replace("-", "\u2212");
export const name = ([i, j]) => minus(`(${i}, `) + minus(`${j})`);

export function number(view, value, digits) {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return text.replace("-", "");
  return view.data.signed && value > 0 ? `+${text}` : minus(text);
}
