// *You are the judge*: ten stored drawings, one after the other, and the number recognised of each search, as in the
// app (ui/story/judge.py).

import { button, download, element } from "./elements.js";
import { judgeCard } from "./judge_card.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";

// The round and the choices so far, which only the link stores; the app reads the same link.
const linked = () => new URLSearchParams(location.hash.split("?")[1] ?? "");
const putInLink = (seed, answers) =>
  history.replaceState(null, "", `#story?step=judge&round=${seed}&chosen=${answers.join("")}`);

/**
 * @param {HTMLElement} host @param {string} pack of the rounds
 * @param {(host: HTMLElement, html: string) => void} put shows HTML of the app
 */
export async function judge(host, pack, put) {
  const { rounds, intervals, chance, searches, buttons, card, lesson } = await load(pack);
  const heading = host.appendChild(element("h3"));
  const place = host.appendChild(element("div", "", { className: "question" }));
  heading.setAttribute("aria-live", "polite");
  const isLinked = linked().has("round") && Number(linked().get("round")) in rounds;
  let seed = isLinked ? Number(linked().get("round")) : Math.floor(Math.random() * rounds.length);
  /** @type {any[]} */
  let drawings = [];
  /** @type {number[]} */
  let answers = [];
  const fetches = latest();

  async function begin(round, choices = "") {
    const isLatest = fetches.begin();
    const pictures = await Promise.all(rounds[round].map(({ picture }) => load(picture)));
    if (!isLatest()) return;
    seed = round;
    answers = Array.from(/^[0-4]{0,10}$/.test(choices) ? choices : "", Number);
    drawings = rounds[seed].map((question, k) => ({ ...question, source: pictures[k] }));
    draw();
  }
  const picture = ({ source }, alt) => element("img", "", { src: source, alt, className: "drawing" });

  function draw() {
    if (answers.length === drawings.length) return tell();
    const at = answers.length;
    const name = `Drawing ${at + 1} of ${drawings.length}`;
    heading.textContent = `${name}: what is it?`;
    const options = element("div", "", { className: "options" });
    place.replaceChildren(picture(drawings[at], name), options);
    drawings[at].options.forEach((word, k) => {
      const choose = () => {
        answers.push(k);
        putInLink(seed, answers);
        draw();
      };
      const key = options.appendChild(button(word, choose)).appendChild(element("kbd", String(k + 1)));
      key.setAttribute("aria-hidden", "true");
    });
    if (at) options.firstElementChild.focus();
  }

  function tell() {
    const right = (search) =>
      drawings.filter((drawing, k) => drawing.search === search && drawing.right === answers[k]).length;
    const count = drawings.length / searches.length;
    const scores = searches.map((search) => `${search}: ${right(search)} of ${count}`);
    heading.textContent = `${scores.join(", ")}, chance ${chance}`;
    const ends = searches.map((search) => `${intervals[right(search)]} by ${search}`);
    const rows = searches.map((search) => {
      const round = element("div", "", { className: "round" });
      round.append(
        element("h4", `By ${search}`),
        ...drawings.filter((drawing) => drawing.search === search).map(result),
      );
      return round;
    });
    const bar = element("div", "", { className: "bar" });
    const offer = (text, press, className = "") => bar.append(button(text, press, { className }));
    offer(
      buttons.other,
      () => begin((seed + 1 + Math.floor(Math.random() * (rounds.length - 1))) % rounds.length),
      "primary",
    );
    offer(buttons.again, () => begin(seed));
    offer(buttons.save, async () => {
      const canvas = await judgeCard(card, searches, scores, drawings, answers);
      canvas.toBlob((blob) => download("you-are-the-judge.png", blob));
    });
    const after = element("div");
    put(after, lesson);
    place.replaceChildren(element("p", `95 % intervals: ${ends.join(" and ")}.`), ...rows, bar, after);
  }

  function result(drawing) {
    const word = drawing.options[drawing.right];
    const choice = answers[drawings.indexOf(drawing)];
    const figure = element("figure");
    const caption = element("figcaption", drawing.right === choice ? " ✓" : ` ✗ you: ${drawing.options[choice]}`);
    caption.prepend(element("b", word));
    figure.append(picture(drawing, word), caption);
    return figure;
  }

  document.addEventListener("keydown", ({ key, ctrlKey, altKey, metaKey }) => {
    if (!host.getClientRects().length || ctrlKey || altKey || metaKey) return;
    /** @type {HTMLElement | undefined} */ (place.querySelectorAll(".options button")[Number(key) - 1])?.click();
  });
  await begin(seed, isLinked ? (linked().get("chosen") ?? "") : "");
}
