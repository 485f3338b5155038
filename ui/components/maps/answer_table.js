// What networks say of the picture under the wave in view, and which waves change their minds. Python writes all that
// is known into the page, as `data-answers`, and again as it learns more.

import { button, element, unpack } from "../basics.js";
import { mainElement } from "../streamlit.js";

export function createAnswers(view) {
  const root = element("div", "answers", "", { role: "group", ariaLabel: "What networks say" });
  const heading = element("div", "heading", "as networks see it");
  const answers = { root, heading, cards: [], networks: [] };
  const observer = new MutationObserver(() => (root.isConnected ? readAnswers(view) : observer.disconnect()));
  observer.observe(mainElement() ?? document.body, { childList: true, subtree: true });
  return answers;
}

export function readAnswers(view) {
  const { answers } = view.panel;
  const text = document.querySelector("[data-answers]")?.getAttribute("data-answers");
  if (!text || text === answers.text) return;
  Object.assign(answers, JSON.parse(text), { text });
  if (answers.cards.length !== answers.networks.length) {
    answers.cards = answers.networks.map((_, k) => createCard(view, k));
    answers.root.replaceChildren(answers.heading, ...answers.cards.map(({ root }) => root));
    answers.heading.textContent = answers.networks.length > 1 ? "as networks see it" : "as a network sees it";
  }
  answers.networks.forEach((network, k) => {
    network.classes = new Uint16Array(unpack(network.classes).buffer);
    network.percents = unpack(network.percents);
    const { key, title } = answers.cards[k];
    key.style.background = network.colour;
    title.textContent = network.title;
  });
  view.moved();
  outlineWaves(view);
}

function createCard(view, k) {
  const root = element("div", "answer");
  const head = root.appendChild(element("div"));
  const card = { root, key: head.appendChild(element("span", "key")), title: head.appendChild(element("span")) };
  card.verdict = root.appendChild(element("strong"));
  card.share = root.appendChild(element("div"));
  card.count = button(root, "", () => {
    const { title } = view.panel.answers.networks[k];
    view.outlined = view.outlined?.title === title ? null : { title, maps: mapsOf(view) };
    outlineWaves(view);
  });
  return card;
}

/** Lines of a card, and whether its waves can be outlined. `named`: the picture's true class is known. */
export function cardLines({ clean: [before, was], right, waves: [changed, known, all] }, now, percent, names, named) {
  const without = now === before ? `${was}% without the wave` : `${names[before]} without the wave, ${was}%`;
  const count = `${changed.toLocaleString("en")} of ${known.toLocaleString("en")} waves`;
  const enough = known >= all / 2;
  // What was wrong without a wave is not fooled by one.
  if (named && before !== right) {
    return [
      `${percent}% (${without})`,
      `wrong without a wave${now === right ? ", right with it" : " and with it"}`,
      false,
    ];
  }
  return [
    `${percent}% (${without})`,
    enough ? (named ? `fooled by ${count}: ` : `${count} change its answer: `) : "",
    enough && changed > 0,
  ];
}

/** The legend of outlined waves; the others are dimmed. */
export const legendOf = (title, named) =>
  named ? `outlined: waves that fool ${title}` : `outlined: waves that change ${title}’s answer`;

/** An SVG path around the cells that `differ`; `size`: cells on a side. */
export function outlinePath(size, differ) {
  const half = (size - 1) / 2;
  let path = "";
  for (let i = -half; i <= half; i++) {
    for (let j = -half; j <= half; j++) {
      const [x, y] = [j + half, i + half];
      if (x && differ(i, j) !== differ(i, j - 1)) path += `M${x} ${y}v1`;
      if (y && differ(i, j) !== differ(i - 1, j)) path += `M${x} ${y}h1`;
    }
  }
  return path;
}

/** An SVG path of the cells that are `inside`; `size`: cells on a side. */
function cellsPath(size, inside) {
  const half = (size - 1) / 2;
  let path = "";
  for (let i = -half; i <= half; i++) {
    for (let j = -half; j <= half; j++) {
      if (inside(i, j)) path += `M${j + half} ${i + half}h1v1h-1z`;
    }
  }
  return path;
}

const mapsOf = (view) => JSON.stringify(view.maps.map(({ title, label, size }) => [title, label, size]));

// Whether the answers are about the picture and the strength in view.
const areCurrent = (view) => String(view.panel.answers.about) === String([view.panel.data?.id, view.memory.epsilon]);

// [class, per cent] under a wave; nothing where that is unknown.
function answerAt(view, { classes, percents }, [i, j]) {
  const { size } = view.panel.answers;
  const half = (size - 1) / 2;
  if (!areCurrent(view)) return [];
  if (Math.max(Math.abs(i), Math.abs(j)) > half) return [];
  const cell = (i + half) * size + j + half;
  return percents[cell] <= 100 ? [classes[cell], percents[cell]] : [];
}

// Tests and benchmarks read `data-wave`: the wave that is answered; none while an answer is missing.
export function showAnswers(view, cursor) {
  const { root, names, named, networks, cards } = view.panel.answers;
  networks.forEach((network, k) => {
    const [now, percent] = answerAt(view, network, cursor);
    const { root, verdict, share, count } = cards[k];
    const known = now !== undefined;
    root.classList.toggle("wrong", known && named && now !== network.right);
    root.classList.toggle("unknown", !known);
    if (!known) {
      verdict.textContent = "";
      count.hidden = true;
      return (share.textContent = areCurrent(view) ? "click the cell to ask" : "\u2026");
    }
    const [line, about, shows] = cardLines(network, now, percent, names, named);
    verdict.textContent = names[now] + (named ? (now === network.right ? " \u2713" : " \u2717") : "");
    share.textContent = line;
    count.hidden = !about;
    count.disabled = !shows || !network.maps.some((map) => map < view.maps.length);
    count.dataset.about = about;
    sayPressed(view, count, network);
  });
  const missing = !networks.length || networks.some((network) => !answerAt(view, network, cursor).length);
  root.dataset.wave = missing ? "" : String(cursor);
  if (view.outlined && view.outlined.about !== `${areCurrent(view)} ${mapsOf(view)}`) outlineWaves(view);
}

function sayPressed(view, count, { title }) {
  const pressed = view.outlined?.title === title;
  const about = count.dataset.about ?? "";
  count.textContent = count.disabled ? about.replace(/: $/, "") : `${about}${pressed ? "hide" : "show"} them`;
  count.ariaPressed = count.disabled ? null : String(pressed);
}

/** The answers as a sentence, for screen readers. */
export const answersText = (view) =>
  view.panel
    ? view.panel.answers.cards.map(({ title, verdict }) => `${title.textContent}: ${verdict.textContent}.`)
    : [];

// Draws a thin line around the waves that change the chosen network's answer, on its own map, until other maps come.
export function outlineWaves(view) {
  const { networks, cards, named } = view.panel.answers;
  const shown = mapsOf(view);
  if (view.outlined && view.outlined.maps !== shown) view.outlined = null;
  const network = networks.find(({ title }) => title === view.outlined?.title);
  if (view.outlined) view.outlined.about = `${areCurrent(view)} ${shown}`;
  view.maps.forEach((map, number) => {
    const here = network?.maps.includes(number) && areCurrent(view) && !(named && network.clean[0] !== network.right);
    const differs = (i, j) => {
      const [now] = answerAt(view, network, [i, j]);
      return now !== undefined && now !== network.right;
    };
    const path = here ? outlinePath(map.size, differs) : "";
    const veil = here ? cellsPath(map.size, (i, j) => !differs(i, j)) : "";
    map.outlines.innerHTML = `<path class="veil" d="${veil}"/><path d="${path}"/><path d="${path}"/>`;
    map.outlines.setAttribute("viewBox", `0 0 ${map.size} ${map.size}`);
    map.legend.textContent = here ? legendOf(network.title, named) : "";
  });
  networks.forEach((network, k) => sayPressed(view, cards[k].count, network));
}
