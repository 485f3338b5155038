// A grey start: the mean colour of natural pixels with faint pink noise in their colours
// (core/data/statistics/natural_pixels.py).

import { turn } from "./bytes.js";
import { fourierFilter } from "./pgd/fft.js";
import { Philox } from "./pgd/philox.js";

/**
 * @param {{ mean: number[], colors: number[][], spectrum: number, deviation: number }} natural
 * @param {number} side @param {number} draw index of the start
 */
export async function greyStart({ mean, colors, spectrum, deviation }, side, draw) {
  const area = side * side;
  const generator = new Philox([0, draw], [0, 0, 0, 0]);
  const filter = fourierFilter(side, (i, j) => Math.max(1, Math.hypot(i, j)) ** -spectrum);
  const [red, green, blue] = [0, 1, 2].map(() => Float32Array.from({ length: area }, () => generator.normal()));
  await turn();
  filter(red, green);
  await turn();
  filter(blue, null);
  await turn();
  const colored = Float32Array.from({ length: 3 * area }, (_, k) => {
    const row = colors[Math.floor(k / area)];
    const at = k % area;
    return row[0] * red[at] + row[1] * green[at] + row[2] * blue[at];
  });
  const middle = colored.reduce((sum, value) => sum + value, 0) / colored.length;
  const spread = Math.sqrt(colored.reduce((sum, value) => sum + (value - middle) ** 2, 0) / colored.length);
  return colored.map((value, k) => Math.min(1, Math.max(0, mean[Math.floor(k / area)] + (deviation / spread) * value)));
}
