// Cards of the tools below the maps; choosing a card shows its tool, made of the story's figures.

import { byId, element, option, ours } from "./elements.js";
import { load } from "./packs.js";
import { showParts } from "./story.js";

const DETAILS = "Details";

/**
 * @param {HTMLElement} host @param {any} mixer
 * @param {{ name: string, about: string, picture: string, step: string }[]} tools
 */
export async function drawTools(host, tools, mixer) {
  const cards = host.appendChild(element("fieldset", "", { className: "cards" }));
  cards.append(element("legend", "Tools", { className: "visually-hidden" }));
  const panels = new Map();
  async function open(name, step) {
    for (const [tool, panel] of panels) panel.hidden = tool !== name;
    if (panels.has(name)) return;
    const panel = host.appendChild(element("div", "", { className: "tool" }));
    panels.set(name, panel);
    const { text, figure } = (await load("story")).find(({ links }) => links.includes(step));
    panel.append(element("p", text));
    const parts = panel.appendChild(element("div", "", { className: "parts" }));
    showParts(parts, figure, { mixer: (at) => mixer(at, (html) => ours(minds, html)) });
    const minds = panel.appendChild(element("p"));
    minds.setAttribute("aria-live", "polite");
  }
  for (const { name, about, picture, step } of tools) {
    const card = option(cards, "radio", "tools", name, "", () => open(name, step));
    const label = /** @type {HTMLElement} */ (card.parentElement);
    label.append(element("img", "", { src: picture, alt: "" }), element("b", name), element("span", about));
  }
  panels.set(DETAILS, host.appendChild(byId("rings")));
  option(cards, "radio", "tools", DETAILS, DETAILS, () => open(DETAILS, "")).checked = true;
  cards.lastElementChild.className = "plain";
}
