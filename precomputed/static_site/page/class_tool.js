// The tool *Classes*: confusions of classes under the wave, counted here, and errors by class, as ui/tools/classes.py.

import { countOf } from "../../../ui/components/count_of.js";
import { hardestSentences, mistakeSentence, sampleErrors, storedErrors } from "./class_errors.js";
import { element, sentenceNodes } from "./elements.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";
import { filledText, waveName } from "./sentences.js";
import { confusions } from "./statistics.js";

/**
 * @typedef {object} ClassState
 * @property {boolean} known whether the networks know the picture's classes
 * @property {[number, number]} wave @property {number} epsilon
 * @property {string[]} classifiers of the shown maps
 * @property {{ name: string, title: string, note: string, colour: string }[]} predictors
 * @property {Record<string, { before: number[], after: number[] }> | null} counted over the samples, by network
 * @property {number[]} labels of the samples
 */

const NO_CHARTS = "The script of the charts, charts.js, did not arrive; choose another wave to try again.";

/** @type {any} */
const page = globalThis;
const charts = () =>
  page.drawChart
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        const script = Object.assign(document.createElement("script"), { src: "charts.js" });
        script.onload = resolve;
        script.onerror = reject;
        document.head.append(script);
      });

// A chart's template with networks in the place of its own.
function withNetworks(spec, networks) {
  let text = JSON.stringify(spec);
  networks.forEach(({ title, colour }, k) => {
    text = text
      .replaceAll(`"network ${k}"`, JSON.stringify(title))
      .replaceAll(`\\"network ${k}\\"`, () => JSON.stringify(JSON.stringify(title)).slice(1, -1))
      .replaceAll(`#00000${k}`, colour);
  });
  return JSON.parse(text);
}

/** Mount the tool. @param {HTMLElement} host @returns {Promise<(state: ClassState) => Promise<void>>} shows a state */
export async function classTool(host) {
  const facts = await load("classes");
  const { texts, names } = facts;
  host.classList.add("class-tool");
  const { begin } = latest();

  function seriesOf({ classifiers, predictors, counted, wave, epsilon, labels }) {
    const candidates = [...new Set([...classifiers, ...predictors.map(({ name }) => name)])];
    const ofMaps = candidates
      .filter((name) => facts.errors[name]?.epsilon === epsilon)
      .flatMap((name) => {
        const { title, colour, source } = facts.errors[name];
        const errors = storedErrors(facts.errors[name], wave);
        return errors ? [{ name, title, colour, source, errors }] : [];
      });
    const source = filledText(texts.samples, { n: countOf(labels.length, "bundled sample") });
    const rest = predictors.filter(({ name }) => counted?.[name] && !ofMaps.some((row) => row.name === name));
    const ofSamples = rest.map(({ name, title, colour }) => ({
      name,
      title,
      colour,
      source,
      errors: sampleErrors(labels, counted?.[name].after ?? []),
    }));
    return [...ofMaps, ...ofSamples].slice(0, facts.charts.errors.length);
  }

  const matrixRows = (labels, after) =>
    confusions(labels, after).map(({ label, prediction, count, images }) => ({
      class: names[label],
      prediction: names[prediction],
      count,
      pictures: `${count} of ${images}`,
      share: (100 * count) / images,
      wrong: label !== prediction,
    }));

  async function figure(title, spec, rows, text) {
    const root = element("div", "", { className: "chart" });
    const plot = element("div");
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", text);
    root.append(element("p", title), plot);
    await page.drawChart(plot, spec, rows);
    return root;
  }

  function legend(series) {
    const line = element("div", "", { className: "legend" });
    line.append(
      ...series.map(({ title, colour }) => {
        const entry = element("span", title);
        const key = element("i");
        key.style.background = colour;
        entry.prepend(key);
        return entry;
      }),
    );
    return line;
  }

  return async (state) => {
    const counts = (name) => /** @type {{ before: number[], after: number[] }} */ (state.counted?.[name]);
    const isLatest = begin();
    const { known, counted, labels, predictors, wave } = state;
    const ready = predictors.filter(({ name }) => counted?.[name]).slice(0, facts.charts.errors.length);
    const series = known ? seriesOf(state) : [];
    if (!series.length && !ready.length) {
      host.replaceChildren(element("p", texts[known ? "none" : "unknown"]));
      return;
    }
    try {
      await charts();
    } catch {
      host.replaceChildren(element("p", NO_CHARTS));
      return;
    }
    const sentences = element("div", "", { className: "parts" });
    const plots = element("div", "", { className: "parts" });
    if (ready.length) {
      const left = sentences.appendChild(element("p"));
      const perClass = confusions(labels, labels);
      const few = Math.min(...perClass.map(({ images }) => images));
      const who = ({ title, note }) => (note ? `${title} (${note})` : title);
      left.append(
        filledText(texts.wave, { wave: waveName(wave) }),
        " ",
        ...sentenceNodes(
          ready.flatMap((row) => [...mistakeSentence(texts, names, who(row), labels, counts(row.name)), " "]),
        ),
        filledText(texts.hint, { few: countOf(few, "picture") }),
      );
    }
    if (series.length) {
      const right = sentences.appendChild(element("p"));
      right.append(
        ...sentenceNodes(series.flatMap((row, k) => [k ? " " : "", ...hardestSentences(texts, names, row)])),
      );
    }
    const plotted = await Promise.all(
      ready.map(({ name, title }) => {
        const about = filledText(texts.matrix, { title, n: labels.length });
        return figure(about, facts.charts.matrix, matrixRows(labels, counts(name).after), about);
      }),
    );
    if (series.length) {
      const rows = series.flatMap(({ title, errors }) =>
        errors.map(({ label, images, value, low, high }) => ({
          network: title,
          class: names[label],
          images,
          error: 100 * value,
          low: 100 * low,
          high: 100 * high,
        })),
      );
      const parts = rows.map((row) => `${row.network}, ${row.class}: ${row.error.toFixed(0)} % of ${row.images}`);
      const spec = withNetworks(facts.charts.errors[series.length - 1], series);
      const chart = await figure(texts.errors, spec, rows, `${texts.errors}. ${parts.join("; ")}`);
      chart.firstElementChild?.after(legend(series));
      plotted.push(chart);
    }
    if (!isLatest()) return;
    plots.append(...plotted);
    host.replaceChildren(sentences, plots);
  };
}
