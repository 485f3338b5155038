// Ten drawings, five words each, in stored rounds.

import { load } from "../engine/packs.js";

/** The round in the address, #judge-7. */
const linkedRound = () => Number(/^#judge-(\d+)$/.exec(location.hash)?.[1] ?? Number.NaN);

/** @param {import("./page.js").Figure} figure */
export async function judgeFigure({ stage, mount, attempt }) {
  const { rounds, searches } = await load("judge");
  const any = () => Math.floor(Math.random() * rounds.length);
  const show = mount("judge", stage, { more: () => attempt(() => draw(any())) });
  async function draw(seed) {
    const pictures = await Promise.all(rounds[seed].map(({ picture }) => load(`judged-${picture}`)));
    const questions = rounds[seed].map((question, k) => ({ ...question, picture: pictures[k] }));
    const url = `${location.href.split("#")[0]}#judge-${seed}`;
    show({ questions, seed, chosen: [], searches, url });
  }
  const linked = linkedRound();
  await draw(linked in rounds ? linked : any());
}
