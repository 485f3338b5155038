// The networks' predictions for the picture, clean and under the wave, at every cell under the pointer.

import { percent, planes, softmax } from "./bytes.js";
import { element, loader, option, popover, Refusal, sentenceNodes } from "./elements.js";
import { engine } from "./engine.js";
import { lab } from "./laboratory.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";
import { halfPlane, pictureMap } from "./picture_map.js";
import { sampleCounts } from "./sample_counts.js";
import { filledText, waveName } from "./sentences.js";
import { wilson } from "./statistics.js";
import { underWave } from "./under_wave.js";

const SIDE = 32; // side of pictures with networks that predict here
const HALF = SIDE / 2 - 1; // the largest frequency of their maps
const REST_MS = 400; // without another wave, before flips are counted
const KNOW = "These networks know only the ten classes of CIFAR-10. Choose one of its pictures or your own.";

/**
 * The predictions of a picture { pixels, size, side, bits, label, seed, classifiers }, null if the networks do not know
 * its classes.
 *
 * @param {any} host the heat maps' component @param {HTMLElement} root parent of the rows
 * @param {ReturnType<typeof latest>} ownMaps requests of maps of a picture
 * @param {(maps: any[]) => void} addMaps takes the maps of the latest request
 */
export async function prediction(host, root, ownMaps, addMaps) {
  if (!lab.packs.engine) return { show: (_next, _note) => {}, predictors: (_) => [] };
  const facts = await load("engine");
  const { classes } = facts.sets[SIDE];
  const names = Object.keys(facts.networks).filter((name) => facts.networks[name].side === SIDE);
  const selection = new Set(facts.sets[SIDE].predictors);
  const choices = latest(); // of a picture and networks
  let picture = null;
  let clean = null;
  let busy = false;
  let again = false;
  let panel = null;

  const table = root.appendChild(element("table", "", { className: "prediction-rows", hidden: true }));
  const start = loader(root, "", async (report) => {
    await engine.load([...selection], report);
    start.root.hidden = true;
    below.hidden = table.hidden = false;
    clean = null;
    follow();
  });
  const below = root.appendChild(element("div", "", { className: "bar", hidden: true }));
  const choice = popover(below, "Classifiers").body.appendChild(element("fieldset"));
  choice.append(element("legend", "Classifiers", { className: "visually-hidden" }));
  const whole = loader(below, "Heat map of this picture", async (report) => {
    const isLatest = ownMaps.begin();
    const current = picture;
    const { label, pixels } = current;
    const selected = [...selection];
    if (!selected.length) throw new Refusal("no classifier is chosen; choose one or more");
    const epsilon = Number(panel.querySelector(".strength input").value);
    const waves = halfPlane(HALF);
    const withWave = (k) => underWave(current, waves[k], epsilon);
    const logits = await engine.predictAll(selected, waves.length, withWave, report);
    const { logits: before } = await engine.request("predict", { names: selected, pictures: [planes(pixels)] });
    if (!isLatest() || !logits) return;
    addMaps(
      selected.map((name) => {
        const shares = softmax(before[name][0]);
        const column = label ?? shares.indexOf(Math.max(...shares));
        return pictureMap(facts.networks[name], logits[name], HALF, column, classes[column]);
      }),
    );
  });
  whole.button.className = "";
  whole.button.title = "481 waves, once each; the map shows probability, as an error takes many pictures";
  const message = root.appendChild(element("p", "", { className: "prose" }));
  for (const name of names) {
    const box = option(choice, "checkbox", "networks", name, facts.networks[name].title, async ({ checked }) => {
      checked ? selection.add(name) : selection.delete(name);
      choices.begin();
      ownMaps.begin();
      clean = null;
      if (!engine.has([...selection])) offer();
      else follow();
    });
    box.checked = selection.has(name);
  }

  function offer() {
    const size = engine.megabytes([...selection], facts);
    start.button.textContent = `Predict here: ${size} MB, nothing leaves this browser`;
    start.root.hidden = engine.has([...selection]);
    if (!start.root.hidden && !below.hidden) start.press();
  }

  // Whose place a network takes beside the maps of others.
  function noteOn(name, classifiers) {
    const note = classifiers.map((classifier) => facts.networks[name].instead[classifier]).find(Boolean);
    return note && !classifiers.includes(name) ? note : "";
  }

  // A row like those of the app's table (ui/maps/predictions/prediction_table.py).
  function row(name, before, after) {
    const { label } = picture;
    const [first, then] = [before, after].map((shares) => shares.indexOf(Math.max(...shares)));
    const mark = (at) => `${classes[at]}${label === null ? "" : at === label ? " ✓" : " ✗"}`;
    const tableRow = element("tr");
    const column = label ?? first;
    const { title, colour } = facts.networks[name];
    const head = element("th", "", { scope: "row" });
    const note = noteOn(name, picture.classifiers);
    head.append(Object.assign(element("span", "", { className: "key" }), { style: `background: ${colour}` }), title);
    if (note) head.append(element("small", note));
    const verdict = element("td");
    verdict.append(...(first === then ? [`stays ${mark(first)}`] : [`${mark(first)} → `, element("b", mark(then))]));
    const bars = element("td");
    for (const [shares, fill] of [
      [before, ""],
      [after, colour],
    ]) {
      const line = bars.appendChild(element("div"));
      const bar = line.appendChild(element("span", "", { className: "bar" }));
      bar.style.width = `${55 * shares[column]}%`;
      bar.style.background = fill;
      line.append(percent(shares[column]));
    }
    tableRow.append(head, verdict, bars, element("td", facts.flips.waits));
    tableRow.dataset.network = name;
    return tableRow;
  }

  function caption(wave) {
    const node = table.caption ?? table.createCaption();
    const colours = [...selection].map((name) => facts.networks[name].colour);
    const [clean, under] = ["", `linear-gradient(90deg, ${[...colours, colours.at(-1)].join(", ")})`].map(
      (background) => {
        const bar = element("span", "", { className: "bar" });
        bar.style.background = background;
        return bar;
      },
    );
    const title = `Predictions under the wave ${waveName(wave)}`;
    node.replaceChildren(element("b", title), " \u2003", clean, "clean \u2002", under, "with the wave");
  }

  // Count over the samples how often the wave changes the top-1 prediction, once no other wave comes.
  const counts = latest();
  let counter = null;
  function count(about) {
    const isLatest = counts.begin();
    const selected = [...selection];
    setTimeout(async () => {
      if (!isLatest()) return;
      counter ??= await sampleCounts(facts.sets[SIDE].name);
      await counter.count(selected, about, isLatest, tellFlips).catch(() => null); // unloaded meanwhile
    }, REST_MS);
  }
  function tellFlips(name, before, after) {
    const flips = after.filter((top, k) => top !== before[k]).length;
    const whole = after.length === before.length;
    const { low, high } = wilson(flips, after.length);
    const interval = [low, high].map((end) => (100 * end).toFixed(0)).join(" to ");
    const text = filledText(facts.flips.count, { flips, counted: after.length });
    const cell = table.querySelector(`[data-network="${name}"] td:last-child`);
    cell?.replaceChildren(...sentenceNodes(whole ? [{ text, interval: `${interval} %` }] : [`${text} …`]));
  }

  // The newest wave only: one that arrives meanwhile is next.
  async function follow() {
    again = busy;
    if (busy || !picture || !panel || !engine.has([...selection])) return;
    busy = true;
    const began = performance.now();
    const isLatest = choices.current();
    const current = picture;
    const wave = panel.dataset.wave.split(",").map(Number);
    const epsilon = Number(panel.querySelector(".strength input").value);
    const perturbed = underWave(current, wave, epsilon);
    try {
      const selected = [...selection];
      const logitsOf = (pixels) => engine.request("predict", { names: selected, pictures: [pixels] });
      const before = clean ?? (await logitsOf(planes(current.pixels)));
      const { logits } = perturbed ? await logitsOf(perturbed) : before;
      if (isLatest()) {
        clean = before;
        const head = table.createTHead();
        const what = current.label === null ? "the clean prediction" : `“${classes[current.label]}”`;
        caption(wave);
        head.replaceChildren(element("tr"));
        const flips = filledText(facts.flips.head, { total: facts.flips.total });
        for (const text of ["model", "top-1 prediction", `probability of ${what}`, flips])
          head.rows[0].append(element("th", text, { scope: "col" }));
        const body = table.tBodies[0] ?? table.createTBody();
        body.replaceChildren(
          ...selected.map((name) => row(name, softmax(before.logits[name][0]), softmax(logits[name][0]))),
        );
        Object.assign(table.dataset, { wave: String(wave), milliseconds: performance.now() - began });
        count({ wave, epsilon, seed: current.seed });
      }
    } catch (error) {
      message.textContent = /** @type {any} */ (error).message;
    }
    busy = false;
    if (again) follow();
  }

  offer();
  const predictors = (classifiers) =>
    [...selection].map((name) => {
      const { title, colour } = facts.networks[name];
      return { name, title, colour, note: noteOn(name, classifiers) };
    });
  function show(next, note = "") {
    picture = next;
    clean = null;
    choices.begin();
    counts.begin();
    const waits = !start.root.hidden; // networks are not loaded yet
    table.hidden = below.hidden = !next || waits;
    message.textContent = next || waits ? note : KNOW;
    if (!panel) {
      panel = host.shadowRoot.querySelector(".panel");
      new MutationObserver(follow).observe(panel, { attributes: true, attributeFilter: ["data-milliseconds"] });
    }
    if (start.root.hidden && !engine.has([...selection])) {
      table.hidden = below.hidden = true; // unloaded meanwhile
      offer();
    }
    follow();
  }
  return { show, predictors };
}
