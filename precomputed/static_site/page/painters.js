// Painters: networks with their searches.

import { element, option, popover } from "./elements.js";

const MAX_NETWORKS = 2;

/**
 * A choice of one or two networks for pictures of a side, and of one or both searches.
 *
 * @param {HTMLElement} parent @param {any} facts of the engine @param {number} side @param {() => void} changed
 */
export function painterChoice(parent, facts, side, changed) {
  const { networks, searches } = facts;
  const titles = Object.keys(networks).filter((name) => networks[name].side === side);
  const box = parent.appendChild(element("div", "", { className: "field" }));
  box.append(element("span", "Classifiers (one or two)", { className: "label" }));
  const { summary, body } = popover(box, "");
  const list = body.appendChild(element("fieldset"));
  list.append(element("legend", "Classifiers", { className: "visually-hidden" }));
  const boxes = new Map(
    titles.map((name) => [name, option(list, "checkbox", `network-${side}`, name, networks[name].title, change)]),
  );
  const pills = parent.appendChild(element("fieldset", "", { className: "choice pills" }));
  pills.append(element("legend", "Search"));
  const ways = new Map(
    Object.entries(searches).map(([name, { title, words }]) => {
      const pill = option(pills, "checkbox", `search-${side}`, name, title, change);
      /** @type {HTMLElement} */ (pill.parentElement).title = words;
      return [name, pill];
    }),
  );
  const checked = (all) => [...all].filter(([, input]) => input.checked).map(([name]) => name);
  const selection = () => ({ names: checked(boxes), searches: checked(ways) });

  function show() {
    const { names } = selection();
    summary.textContent = names.map((name) => networks[name].title).join(", ") || "None";
    for (const [name, input] of boxes) input.disabled = names.length === MAX_NETWORKS && !names.includes(name);
  }
  function change() {
    show();
    changed();
  }
  // Choose networks, or the initial ones if none of those runs here, as after a stored run of a profile's CLIP.
  function set(names, chosenSearches) {
    const here = names.some((name) => boxes.has(name)) ? names : facts.sets[side].painters;
    for (const [name, input] of boxes) input.checked = here.includes(name);
    for (const [name, input] of ways) input.checked = chosenSearches.includes(name);
    show();
  }
  set(facts.sets[side].painters, facts.sets[side].searches);
  return { selection, set };
}

/**
 * Painters of a plan: each network with each search, with the same steps and the same ball.
 *
 * @param {{ names: string[], searches: string[] }} chosen @param {{ penalty: string | null, budget: number }} plan
 * @param {any} settings of the kind of run @param {any} facts of the engine @param {number} pace which of the settings
 * @param {Record<string, number>} lengths numbers in the place of those settings'
 */
export function paintersOf({ names, searches }, plan, settings, facts, pace = 0, lengths = {}) {
  const offered = settings[searches.includes("views") ? "views" : "pixels"];
  const { config: usual } = offered[pace] ?? offered[0];
  const config = { ...usual, epsilon: usual.epsilon * plan.budget, ...lengths };
  return names.flatMap((name) =>
    searches.map((search) => {
      const { title, about, colour } = facts.networks[name];
      const alone = searches.length === 1 && search === "pixels";
      return {
        name,
        colour,
        network: title,
        title: alone ? title : `${title} by ${search}`,
        about: alone ? about : [facts.searches[search].words, about].filter(Boolean).join(". "),
        config: { ...config, search },
        penalty: plan.penalty && (search === "views" ? "frozen" : plan.penalty),
      };
    }),
  );
}

/** The worker's part of painters. */
export const forWorker = (painters) => painters.map(({ name, config, penalty }) => ({ name, config, penalty }));
