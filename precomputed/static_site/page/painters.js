// Painters: networks and the searches that they paint by.

import { menu } from "./elements.js";

const SEARCHES = { pixels: "pixels", views: "views", "pixels views": "both, side by side" };

/** Networks and searches of the pictures of a side, as menus; returns what lists the chosen ones. */
export function painterMenus(parent, facts, side, first) {
  const pairs = Object.entries(facts.networks).filter(([, network]) => network.side === side).map(([name, { title }]) => [name, title]);
  const search = menu(parent, "Search", Object.entries(SEARCHES), () => {});
  if (pairs.length === 1) {
    search.value = "pixels views";
    return () => ({ names: [pairs[0][0]], searches: search.value.split(" ") });
  }
  const network = menu(parent, "Network", pairs, () => {}), other = menu(parent, "beside", [["", "no other"], ...pairs], () => {});
  [network.value, other.value] = first;
  return () => ({ names: [...new Set([network.value, other.value].filter(Boolean))], searches: search.value.split(" ") });
}

/** Painters of a plan: each network by each search, within the same steps and the same ball. */
export function paintersOf({ names, searches }, plan, settings, facts) {
  const usual = settings[searches.includes("views") ? "views" : "pixels"];
  const config = { ...usual, epsilon: usual.epsilon * plan.budget };
  return names.flatMap((name) => searches.map((search) => {
    const { title, about, colour } = facts.networks[name];
    return {
      name, about, colour, title: searches.length === 1 && search === "pixels" ? title : `${title} by ${search}`,
      config: { ...config, search }, penalty: plan.penalty && (search === "views" ? "frozen" : plan.penalty),
    };
  }));
}

/** What the worker needs of painters. */
export const forWorker = (painters) => painters.map(({ name, config, penalty }) => ({ name, config, penalty }));
