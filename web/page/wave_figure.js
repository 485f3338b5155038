// Figures of waves: a photo under stripes; the paper's maps with a small picture under the wave of a cell.

import { element } from "../../ui/components/basics.js";
import { load, withPixels } from "../engine/packs.js";

/** A photo under stripes, and a strip of others. @param {import("./page.js").Figure} figure */
export async function stripesFigure({ stage, mount, attempt }) {
  const { first, value, strip } = await load("stripes");
  const show = mount("stripes", stage, { pick: (index) => attempt(() => draw(index)) });
  async function draw(index) {
    const photo = await withPixels(await load(`stripes-${index}`));
    // One token: the number of stripes stays.
    show({ key: "stripes", token: "0", about: null, value, ...photo, strip: { ...strip, selected: index } });
  }
  await draw(first);
}

/** @param {import("./page.js").Figure} figure */
export async function mapsFigure(figure) {
  const [data, small] = await Promise.all([load("maps"), load("small-picture")]);
  const maps = figure.stage.appendChild(element("div"));
  const showSmall = figure.mount("small_picture", figure.stage.appendChild(element("div")));
  const draw = drawn("maps", { ...figure, stage: maps }, data, (wave) => showSmall({ ...small, value: wave }));
  draw(data.value);
  showSmall(small);
}

// Mount maps that pass their chosen wave to `onChoice`; return a function that shows one of them.
function drawn(name, { stage, mount }, data, onChoice) {
  const choice = ({ value }) => onChoice(value.slice(0, 2));
  const show = mount("heatmap", stage.appendChild(element("div")), { choice });
  return (value) => show({ key: name, token: String(value), about: null, ...data, value });
}
