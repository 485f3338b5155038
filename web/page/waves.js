// Figure 3: a picture under stripes, and every wave at once; a wave touched in one is laid over the other.

import { element } from "../../ui/components/basics.js";
import { load } from "../engine/packs.js";

const linked = { wave: /** @type {[number, number]} */ ([0, 1]), stripes: (_) => {}, maps: (_) => {} };

// Mount a component whose waves go to `onChoice`; return a function that shows one of them.
function drawn(name, { stage, mount }, data, onChoice) {
  const choice = ({ value }) => onChoice(value.slice(0, 2));
  const show = mount(name === "stripes" ? name : "heatmap", stage.appendChild(element("div")), { choice });
  return (value) => show({ key: name, token: String(value), about: null, ...data, value });
}

// The figure of one of both, whose waves the other one follows.
function linkedFigure(name, other) {
  return async (/** @type {import("./page.js").Figure} */ figure) => {
    linked[name] = drawn(name, figure, await load(name), (wave) => {
      linked.wave = wave;
      linked[other](wave);
    });
    linked[name](linked.wave);
  };
}
export const stripesFigure = linkedFigure("stripes", "maps");
export const mapsFigure = linkedFigure("maps", "stripes");

/** @param {import("./page.js").Figure} figure */
export async function limitsFigure(figure) {
  const data = await load("limits");
  drawn("limits", figure, data, () => {})(data.value);
}
