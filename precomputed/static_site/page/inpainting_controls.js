// What a hole is filled in: the picture, the hole, the target and the penalty.

import { levels, planes } from "./bytes.js";
import { classChoice } from "./class_choice.js";
import { element, menu, mount } from "./elements.js";
import { bitsOf, filled, maskOf, square } from "./holes.js";
import { load } from "./packs.js";
import { askForPicture, paint, pixelsIn } from "./pictures.js";

const TRUE_CLASS = "its true class";

/**
 * @param {{ top: HTMLElement, canvas: HTMLElement, fields: HTMLElement }} parts @param {any} facts of the engine
 * @param {number} side of the pictures @param {(sentence: string) => void} say
 * @returns {Promise<() => any>} what makes the plan
 */
export async function inpaintingControls(parts, facts, side, say) {
  const { name, title, classes, hole, holes, inpainted, papersHole } = facts.sets[side], set = await load(name);
  const holeIn = (place) => (holes[place] ? square(side, holes[place][2], holes[place][0], holes[place][1]) : square(side, hole));
  let pixels = await pixelsIn(set, inpainted), label = set.labels[inpainted], credit = title, token = 0;
  let mask = holeIn(inpainted);
  const show = mount("mask_painter", parts.canvas, {
    choice: ({ value }) => { mask = maskOf(value, side); },
    random: () => {
      const place = () => Math.floor(Math.random() * (side - hole + 1));
      mask = square(side, hole, place(), place());
      token += 1;
      draw();
    },
  });
  function draw() {
    const picture = paint(element("canvas"), pixels, side).toDataURL();
    const view = { value: bitsOf(mask), about: [side, side], picture, alt: credit, side: hole, radius: side >> 5 };
    show({ key: `hole ${side}`, token: String(token), ...view });
  }

  const pictures = menu(parts.fields, "Picture", set.pictures.map(({ caption }, k) => [String(k), caption]), async (k) => {
    [pixels, label, credit] = [await pixelsIn(set, Number(k)), set.labels[k], title];
    if (side > 32) mask = holeIn(k); // each picture has its own; of small ones the visitor's stays
    token += 1;
    draw();
  });
  pictures.value = String(inpainted);
  const own = element("button", "Your own", { type: "button", title: `Cut to a square and made ${side} pixels wide, here` });
  parts.fields.append(own);
  own.addEventListener("click", () => askForPicture(side, (chosen) => {
    [pixels, label, credit] = [chosen, null, "a visitor’s picture"];
    if (!pictures.value) pictures.options[pictures.options.length - 1].remove();
    pictures.add(new Option("your own", ""));
    pictures.value = "";
    draw();
  }, say));
  const target = classChoice(parts.fields, "Target", classes, TRUE_CLASS, `targets-${side}`);
  const penalty = menu(parts.fields, "Penalty", Object.entries(facts.penalties), () => {});
  draw();

  return () => {
    const chosen = target(), class_ = chosen === null ? label : chosen, count = mask.reduce((sum, bit) => sum + bit, 0);
    if (class_ === null) throw new Error("Your own picture has no true class that is known: choose a target.");
    if (!count) throw new Error("The hole is empty, so there is nothing to fill in: paint one first.");
    if (count === mask.length) throw new Error("The hole covers the whole picture, so nothing is left to go by: erase a part of it.");
    const values = planes(pixels), fromRim = side > 32; // as the app's examples
    return {
      penalty: penalty.value,
      mask: mask.slice(),
      target: class_,
      start: fromRim ? null : filled(values, mask), // from the rim it is filled by the worker, as it takes a while
      values,
      budget: Math.sqrt(count) / papersHole,
      original: levels(values),
      images: { dataset: credit, credit, ...(fromRim ? { fill: "rim" } : {}) },
    };
  };
}
