// What the networks say of the picture, clean and under the wave, at every cell that one points at.

import { percent, planes, softmax } from "./bytes.js";
import { element, loader, option } from "./elements.js";
import { engine } from "./engine.js";
import { lab } from "./laboratory.js";
import { load } from "./packs.js";
import { pictureMap } from "./picture_map.js";
import { underWave } from "./under_wave.js";

const SIDE = 32; // of the pictures whose networks predict here
const HALF = SIDE / 2 - 1; // the largest frequency of their maps
const FIRST = ["mini-clip", "mini-resnet"];
const INSTEAD = "CLIP and ResNet-56, whose maps these are, do not fit a page: Mini CLIP and Mini ResNet are shown instead, in miniature.";

// host: the heat maps' component; root: where the rows go. Returns `show(picture)`, to be called with each new picture
// { pixels, size, side, bits, label }; null where the networks do not know its classes. addMaps: takes maps of this picture.
export async function prediction(host, root, addMaps) {
  if (!lab.packs.engine) return () => {};
  const facts = await load("engine"), { classes } = facts.sets[SIDE];
  const names = Object.keys(facts.networks).filter((name) => facts.networks[name].side === SIDE);
  const chosen = new Set(FIRST);
  let picture = null, clean = null, busy = false, again = false, panel = null;

  const choice = element("fieldset", "", { className: "networks", hidden: true });
  choice.append(element("legend", "Networks", { className: "visually-hidden" }));
  const table = element("table", "", { className: "predictions", hidden: true });
  const start = loader(root, "", async (report) => {
    await engine.load([...chosen], report);
    start.root.hidden = true;
    choice.hidden = table.hidden = whole.root.hidden = instead.hidden = false;
    clean = null;
    follow();
  });
  root.append(choice, table);
  const whole = loader(root, "Heat map of this picture", async (report) => {
    const current = picture, { label, pixels } = current, selected = [...chosen];
    const epsilon = Number(panel.querySelector(".strength input").value);
    const { logits } = await engine.request("map", { names: selected, picture: current, epsilon, half: HALF }, ({ share }) => report(share));
    const { logits: before } = await engine.request("predict", { names: selected, pictures: [planes(pixels)] });
    if (current !== picture || !logits) return;
    addMaps(selected.map((name) => {
      const shares = softmax(before[name][0]), column = label ?? shares.indexOf(Math.max(...shares));
      return pictureMap(facts.networks[name], logits[name], HALF, column, classes[column]);
    }));
  });
  whole.root.hidden = true;
  whole.root.append(element("span", "481 waves, once each; confidence in place of an error, which takes many pictures"));
  const message = root.appendChild(element("p", "", { className: "prose" }));
  const instead = root.appendChild(element("p", INSTEAD, { className: "instead", hidden: true }));
  for (const name of names) {
    const box = option(choice, "checkbox", "networks", name, facts.networks[name].title, async ({ checked }) => {
      checked ? chosen.add(name) : chosen.delete(name);
      clean = null;
      if (!engine.has([...chosen])) offer();
      else follow();
    });
    box.checked = chosen.has(name);
  }

  function offer() {
    const size = engine.megabytes([...chosen], facts);
    start.button.textContent = `Predict here: ${size} MB, nothing leaves this browser`;
    start.root.hidden = engine.has([...chosen]);
    if (!start.root.hidden && choice.hidden === false) start.press();
  }

  function row(name, before, after) {
    const { label } = picture, [first, then] = [before, after].map((shares) => shares.indexOf(Math.max(...shares)));
    const mark = (at) => `${classes[at]}${label === null ? "" : at === label ? " ✓" : " ✗"}`;
    const made = element("tr"), column = label ?? first;
    const verdict = element("td");
    verdict.append(...(first === then ? [`stays ${mark(first)}`] : [`${mark(first)} → `, element("b", mark(then))]));
    const bars = element("td");
    for (const [shares, colour] of [[before, ""], [after, facts.networks[name].colour]]) {
      const line = bars.appendChild(element("div")), bar = line.appendChild(element("span", "", { className: "bar" }));
      bar.style.width = `${55 * shares[column]}%`;
      bar.style.background = colour;
      line.append(percent(shares[column]));
    }
    made.append(element("th", facts.networks[name].title, { scope: "row" }), verdict, bars);
    return made;
  }

  // The newest wave only: one that came meanwhile is next.
  async function follow() {
    again = busy;
    if (busy || !picture || !panel || !engine.has([...chosen])) return;
    busy = true;
    const began = performance.now(), current = picture, wave = panel.dataset.wave.split(",").map(Number);
    const moved = underWave(current, wave, Number(panel.querySelector(".strength input").value));
    try {
      const selected = [...chosen];
      const logitsOf = (pixels) => engine.request("predict", { names: selected, pictures: [pixels] });
      if (clean?.picture !== current) clean = { picture: current, ...(await logitsOf(planes(current.pixels))) };
      const { logits } = moved ? await logitsOf(moved) : clean;
      if (current === picture && selected.every((name) => name in clean.logits)) {
        const head = table.createTHead();
        const what = current.label === null ? "the clean prediction" : `“${classes[current.label]}”`;
        head.replaceChildren(element("tr"));
        for (const text of ["network", "top-1 prediction", `probability of ${what}: clean, with the wave`]) head.rows[0].append(element("th", text));
        const body = table.tBodies[0] ?? table.createTBody();
        body.replaceChildren(...selected.map((name) => row(name, softmax(clean.logits[name][0]), softmax(logits[name][0]))));
        Object.assign(table.dataset, { wave: String(wave), milliseconds: performance.now() - began });
      }
    } catch (error) {
      message.textContent = /** @type {any} */ (error).message;
    }
    busy = false;
    if (again) follow();
  }

  offer();
  return (next) => {
    picture = next;
    table.hidden = whole.root.hidden = instead.hidden = !next || choice.hidden;
    message.textContent = next || choice.hidden ? "" : "These networks know the ten classes of CIFAR-10: choose its pictures, or your own.";
    if (!panel) {
      panel = host.shadowRoot.querySelector(".panel");
      new MutationObserver(follow).observe(panel, { attributes: true, attributeFilter: ["data-milliseconds"] });
    }
    if (!choice.hidden && !engine.has([...chosen])) {
      choice.hidden = table.hidden = whole.root.hidden = instead.hidden = true; // let go meanwhile
      offer();
    }
    follow();
  };
}
