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

/** @param {import("./page.js").Figure} figure */
export async function stripesFigure(figure) {
  linked.stripes = drawn("stripes", figure, await load("stripes"), (wave) => {
    linked.wave = wave;
    linked.maps(wave);
  });
  linked.stripes(linked.wave);
}

/** @param {import("./page.js").Figure} figure */
export async function mapsFigure(figure) {
  linked.maps = drawn("maps", figure, await load("maps"), (wave) => {
    linked.wave = wave;
    linked.stripes(wave);
  });
  linked.maps(linked.wave);
}

/** @param {import("./page.js").Figure} figure */
export async function limitsFigure(figure) {
  const data = await load("limits");
  drawn("limits", figure, data, () => {})(data.value);
}
