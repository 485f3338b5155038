// *You are the judge*: stored rounds, shown by the app's component.

import { mount } from "./mount.js";
import { load } from "./packs.js";

/** @param {HTMLElement} host @param {{ rounds: number, searches: Record<string, string> }} texts */
export async function judge(host, { rounds, searches }) {
  let seed = Math.floor(Math.random() * rounds);
  const draw = async () => show({ questions: await load(`judge-${seed}`), seed, chosen: [], searches, url: "" });
  const more = () => {
    seed = (seed + 1) % rounds;
    draw();
  };
  const show = mount("judge", host, { more });
  await draw();
}
