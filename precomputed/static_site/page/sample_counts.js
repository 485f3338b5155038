// Top-1 predictions over the bundled samples of a set, without and with a wave: what the app counts flips from.

import { planes, unpack } from "./bytes.js";
import { engine } from "./engine.js";
import { load } from "./packs.js";
import { allPixels } from "./pictures.js";
import { underWave } from "./under_wave.js";

const CHUNK = 10; // pictures between two checks whether a newer wave waits

const topOf = (logits) => logits.indexOf(Math.max(...logits));

/** @param {string} name of the sample set */
export async function sampleCounts(name) {
  const set = await load(name);
  const { size, side } = set.common;
  const pixels = await allPixels(set);
  const clean = new Map(); // network -> predictions without a wave

  // Predictions for all pictures; null once they are outdated.
  async function predictions(network, pictureAt, isLatest, report) {
    const tops = /** @type {number[]} */ ([]);
    while (tops.length < pixels.length) {
      const pictures = pixels.slice(tops.length, tops.length + CHUNK).map((_, k) => pictureAt(tops.length + k));
      const { logits } = await engine.request("predict", { names: [network], pictures });
      tops.push(...logits[network].map((row) => topOf([...row])));
      if (!isLatest()) return null;
      report(tops);
    }
    return tops;
  }

  return {
    labels: /** @type {number[]} */ (set.labels),
    /**
     * Count for each network in turn; `report(network, before, after)` gets predictions as they come.
     *
     * @param {string[]} networks @param {{ wave: [number, number], epsilon: number, seed: number }} about
     * @param {() => boolean} isLatest @param {(network: string, before: number[], after: number[]) => void} report
     */
    async count(networks, { wave, epsilon, seed }, isLatest, report) {
      const counted = {};
      for (const network of networks) {
        const plain = (k) => planes(pixels[k]);
        if (!clean.has(network)) {
          const tops = await predictions(network, plain, isLatest, () => {});
          if (!tops) return null;
          clean.set(network, tops);
        }
        const before = clean.get(network);
        const bits = ({ signs }) => unpack(signs[seed % signs.length]);
        const withWave = (k) =>
          underWave({ pixels: pixels[k], size, side, bits: bits(set.pictures[k]) }, wave, epsilon);
        const tops = await predictions(
          network,
          (k) => withWave(k) ?? plain(k),
          isLatest,
          (after) => report(network, before, after),
        );
        if (!tops) return null;
        counted[network] = { before, after: tops };
      }
      return counted;
    },
  };
}
