// Errors by class and confusions, with the sentences on them (ui/tools/sentences.py, core/fourier/maps/outcomes.py).

import { unpack } from "./bytes.js";
import { halfPlane } from "./picture_map.js";
import { filled, filledText } from "./sentences.js";
import { mcnemar, mistakes, wilson } from "./statistics.js";

/**
 * @typedef {{ title: string, colour: string, source: string, errors: ErrorRow[] }} Series one network's errors by class
 * @typedef {{ label: number, images: number, value: number, low: number, high: number }} ErrorRow
 */

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const interval = ({ low, high }, digits) => [low, high].map((end) => (100 * end).toFixed(digits)).join(" to ");

/** Errors under a wave from the counts of a stored map; null where it has none. @returns {ErrorRow[] | null} */
export function storedErrors({ half, images, counts }, [i, j]) {
  const places = halfPlane(half);
  const place = places.findIndex(([a, b]) => (a === i && b === j) || (a === -i && b === -j));
  if (place < 0) return null;
  const all = new Uint16Array(unpack(counts).buffer);
  return images.map((n, label) => ({ label, images: n, ...wilson(all[place * images.length + label], n) }));
}

/** Errors by class of predictions for the samples. @param {number[]} labels @param {number[]} predictions */
export function sampleErrors(labels, predictions) {
  return [...new Set(labels)]
    .sort((a, b) => a - b)
    .map((label) => {
      const ofClass = predictions.filter((_, k) => labels[k] === label);
      const wrong = ofClass.filter((top) => top !== label);
      return { label, images: ofClass.length, ...wilson(wrong.length, ofClass.length) };
    });
}

/** Parts of the sentence on a network's most frequent confusion. */
export function mistakeSentence(texts, names, who, labels, { before, after }) {
  const ranked = mistakes(labels, after);
  if (!ranked.length) return filled(texts["no mistake"], { who });
  const [top] = ranked;
  const ties = ranked.filter(({ count }) => count === top.count).length - 1;
  const matches = (tops) => tops.map((prediction, k) => labels[k] === top.label && prediction === top.prediction);
  const [clean, withWave] = [before, after].map(matches);
  const sum = (flags) => flags.filter(Boolean).length;
  const [gained, lost] = [
    withWave.filter((flag, k) => flag && !clean[k]),
    clean.filter((flag, k) => flag && !withWave[k]),
  ];
  const clear = mcnemar(gained.length, lost.length) < 0.05 && sum(withWave) > sum(clean);
  return filled(texts.mistake, {
    who,
    label: names[top.label],
    prediction: names[top.prediction],
    before: sum(clean),
    share: { text: `${top.count} of ${top.images}`, interval: `${interval(wilson(top.count, top.images), 0)} %` },
    ties: ties ? filledText(texts[ties === 1 ? "tie" : "ties"], { count: ties }) : "",
    change: texts[clear ? "fewer" : "noise"],
  });
}

/** Parts of the sentences on the classes that a network misclassifies most and least. */
export function hardestSentences(texts, names, { title: who, errors, source }) {
  const values = errors.map(({ value }) => value);
  const end = [" ", ...filled(texts.source, { source })];
  const [most, least] = [Math.max(...values), Math.min(...values)].map((value) => errors[values.indexOf(value)]);
  if (most.value === least.value) return [...filled(texts.all, { who, share: percent(most.value) }), ...end];
  const sentence = (which, error) =>
    filled(texts[which], {
      who,
      label: names[error.label],
      share: { text: percent(error.value), interval: interval(error, 1) },
      images: error.images,
      doubt: most.low > least.high ? "" : texts.doubt,
    });
  return [...sentence("most", most), " ", ...sentence("least", least), ...end];
}
