// The tools below the maps, as the app's: cards and further names; choosing one shows its tool.

import { byId, element, option, setHtml } from "./elements.js";
import { load } from "./packs.js";
import { showParts } from "./story.js";

/**
 * @typedef {object} Tool
 * @property {string} name @property {string} about text of its card @property {string} picture of its card, if any
 * @property {string} step of the story, with its figure; or @property {string} panel of the page
 * @property {string} elsewhere a sentence on what only the full app has; may be empty
 */

/**
 * @param {HTMLElement} host @param {Tool[]} tools @param {string} first the tool that is open at first
 * @param {any} mixer mounts the pairs to mix @param {Record<string, (panel: HTMLElement) => any>} panels
 */
export async function drawTools(host, tools, first, mixer, panels) {
  const cards = host.appendChild(element("fieldset", "", { className: "cards" }));
  cards.append(element("legend", "Tools", { className: "visually-hidden" }));
  const places = new Map();
  async function open({ name, step, panel, elsewhere }) {
    for (const [tool, place] of places) place.hidden = tool !== name;
    if (places.has(name)) return;
    const place = host.appendChild(element("div", "", { className: "tool" }));
    places.set(name, place);
    if (panel === "details") place.append(byId("rings"));
    else if (panel) await panels[panel](place);
    else if (step) await showFigure(place, step);
    if (elsewhere) place.append(element("p", elsewhere));
  }
  async function showFigure(place, step) {
    const { text, figure } = (await load("story")).find(({ links }) => links.includes(step));
    place.append(element("p", text));
    const parts = place.appendChild(element("div", "", { className: "parts" }));
    showParts(parts, figure, { mixer: (at) => mixer(at, (html) => setHtml(minds, html)) });
    const minds = place.appendChild(element("p"));
    minds.setAttribute("aria-live", "polite");
  }
  const [large, small] = [0, 1].map(() => cards.appendChild(element("div")));
  for (const tool of tools) {
    const { name, about, picture } = tool;
    const card = option(picture ? large : small, "radio", "tools", name, picture ? "" : name, () => open(tool));
    const label = /** @type {HTMLElement} */ (card.parentElement);
    if (picture)
      label.append(element("img", "", { src: picture, alt: "" }), element("b", name), element("span", about));
    else label.className = "plain";
    card.checked = name === first;
    if (card.checked) open(tool);
  }
}
