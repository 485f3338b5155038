// Settings for filling a hole: the picture, the hole, the target and the penalty.

import { levels, planes } from "./bytes.js";
import { classChoice } from "./class_choice.js";
import { button, element, option, Refusal } from "./elements.js";
import { mount } from "./mount.js";
import { bitsOf, filled, filledFromRim, maskOf, square } from "./holes.js";
import { openLibrary } from "./library.js";
import { load } from "./packs.js";
import { paint, pixelsIn } from "./pictures.js";

const TRUE_CLASS = "its true class";
const BRUSH_SHARE = 28; // the initial brush radius is 1 / BRUSH_SHARE of the picture's side
const NO_TARGET = "your picture has no true class; choose a target";
const NO_HOLE = "the hole is empty; paint one";
let token = 0; // of the painter's content; the painter remembers the last one when the controls are rebuilt
const ALL_HOLE = "the hole covers the whole picture; erase a part of it";

/**
 * @param {import("./run_page.js").Parts} parts @param {any} facts of the engine @param {number} side of the pictures
 * @param {object} page
 * @param {(isSubject: boolean, place?: number) => void} page.changed called on changes
 * @param {(side: number, place: number, own: any, isLatest?: () => boolean) => Promise<boolean>} page.ofSide called
 *   on a picture with another side; returns false if another request came meanwhile
 * @param {() => () => boolean} page.begin begins a request, and returns whether it is the latest
 * @param {{ place?: number, own?: { pixels: Uint8Array, name: string } | null }} first the initial picture
 * @returns {Promise<import("./run_page.js").Controls>}
 */
export async function inpaintingControls(
  parts,
  facts,
  side,
  { changed, ofSide, begin },
  { place: first, own: chosenOwn = null },
) {
  const { name, title, classes, hole, holes, inpainted, papersHole } = facts.sets[side];
  const set = await load(name);
  const holeIn = (place) =>
    holes[place] ? square(side, holes[place][2], holes[place][0], holes[place][1]) : square(side, hole);
  let place = first ?? inpainted;
  let own = chosenOwn;
  let pixels = own?.pixels ?? (await pixelsIn(set, place));
  token += 1;
  let mask = holeIn(own ? -1 : place);
  const show = mount("mask_painter", parts.canvas.appendChild(element("div")), {
    choice: ({ value }) => {
      mask = maskOf(value, side);
      changed(true);
    },
    random: () => {
      const at = () => Math.floor(Math.random() * (side - hole + 1));
      cut(square(side, hole, at(), at()));
    },
  });
  const squares = parts.canvas.appendChild(element("fieldset", "", { className: "choice pills" }));
  squares.append(element("legend", "Square in the middle"));
  for (const length of facts.sets[side].squares) {
    const text = `${length} × ${length}${length === papersHole ? " (paper)" : ""}`;
    squares.append(button(text, () => cut(square(side, length))));
  }
  const truth = parts.canvas.appendChild(element("p"));

  function cut(cells) {
    mask = cells;
    token += 1;
    draw();
    changed(true);
  }
  function draw() {
    const [, , stamp] = (!own && holes[place]) || [0, 0, hole];
    show({
      key: `hole ${side}`,
      token: String(token),
      value: bitsOf(mask),
      about: [side, side],
      picture: paint(element("canvas"), pixels, side).toDataURL(),
      alt: own ? `Your picture, ${own.name}` : set.pictures[place].caption,
      side: stamp,
      radius: Math.max(1, Math.floor(side / BRUSH_SHARE)),
    });
    truth.textContent = own ? `Your picture, ${own.name}` : `True class: ${classes[set.labels[place]]}`;
  }
  // Another picture with its hole; return false if another request came meanwhile.
  async function take(/** @type {number} */ taken, /** @type {typeof chosenOwn} */ picture, cells, isLatest) {
    const loaded = picture?.pixels ?? (await pixelsIn(set, taken));
    if (!isLatest()) return false;
    [place, own, pixels, mask] = [taken, picture, loaded, cells];
    token += 1;
    draw();
    return true;
  }

  const rows = Object.entries(facts.sets).map(([length, row]) => [
    row.name,
    { title: row.title, side: Number(length) },
  ]);
  const sets = Object.fromEntries(rows);
  const choosePicture = () =>
    openLibrary(sets, { set: name, place: own ? -1 : place }, async (choice) => {
      const isLatest = begin();
      if (choice.set !== name) return ofSide(sets[choice.set].side, choice.place, choice.own, isLatest);
      const cells = side > 32 ? holeIn(choice.place) : mask; // small pictures keep the visitor's
      if (await take(choice.place, choice.own, cells, isLatest)) changed(true, choice.place);
    });
  parts.subject.append(button("Pictures", choosePicture));
  const target = classChoice(parts.subject, "Target", classes, TRUE_CLASS, `targets-${side}`);
  parts.subject.addEventListener("change", () => changed(true));
  const rules = parts.settings.appendChild(element("fieldset", "", { className: "radios" }));
  rules.append(element("legend", "Change outside the hole"));
  let penalty = Object.keys(facts.penalties)[0];
  const radios = new Map(
    Object.entries(facts.penalties).map(([rule, { label, rule: about }]) => {
      const radio = option(rules, "radio", `penalty-${side}`, rule, label, () => {
        penalty = rule;
        changed(false);
      });
      /** @type {HTMLElement} */ (radio.parentElement).title = about;
      return [rule, radio];
    }),
  );
  radios.get(penalty).checked = true;
  const fills = parts.settings.appendChild(element("fieldset", "", { className: "radios" }));
  fills.append(element("legend", "Initial colours of the hole"));
  let fill = "region";
  let usualFill = fill;
  const fillRadios = new Map(
    Object.entries(facts.fills).map(([kind, label]) => [
      kind,
      option(fills, "radio", `fill-${side}`, kind, label, () => {
        fill = kind;
        changed(true);
      }),
    ]),
  );
  fillRadios.get(fill).checked = true;
  function setFill(kind) {
    fill = usualFill = kind;
    fillRadios.get(kind).checked = true;
  }
  const budget = () => Math.sqrt(mask.reduce((sum, bit) => sum + bit, 0)) / papersHole;
  draw();

  return {
    async plan() {
      const choice = target();
      const class_ = choice === null ? (own ? null : set.labels[place]) : choice;
      const count = mask.reduce((sum, bit) => sum + bit, 0);
      if (class_ === null) throw new Refusal(NO_TARGET);
      if (!count) throw new Refusal(NO_HOLE);
      if (count === mask.length) throw new Refusal(ALL_HOLE);
      const values = planes(pixels);
      const fromRim = fill === "rim";
      const cells = mask.slice();
      const credit = own ? "a visitor’s picture" : `${title}, ${set.pictures[place].caption}`;
      return {
        penalty,
        mask: cells,
        target: class_,
        budget: budget(),
        original: levels(values),
        start: fromRim ? await filledFromRim(values, cells) : filled(values, cells),
        images: { dataset: own ? credit : title, credit, ...(fromRim ? { fill: "rim" } : {}) },
      };
    },
    budget: () => budget() || 1,
    note: () => "",
    follow(searches) {
      const usual = searches.includes("views") ? "rim" : "region";
      if (fill === usualFill) setFill(usual);
      usualFill = usual;
    },
    async bring(run, isLatest) {
      const [top, left, length] = run.hole ?? [];
      const cells = run.hole ? square(side, length, top, left) : square(side, hole);
      if (typeof run.place === "number" && !(await take(run.place, null, cells, isLatest))) return;
      if (run.fill in facts.fills) setFill(run.fill);
      if (radios.has(run.variant)) {
        penalty = run.variant;
        radios.get(penalty).checked = true;
      }
    },
  };
}
