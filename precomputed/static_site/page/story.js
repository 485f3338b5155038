// The story's steps, laid out as the app's: texts generated with the page, and the app's own figures.

import { element } from "./elements.js";
import { mount } from "./mount.js";
import { judge } from "./judge.js";
import { lab } from "./laboratory.js";
import { drawAnyWord } from "./opening_live.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";

const SHADOWED = `
  a { color: var(--st-primary-color); }
  p, blockquote { max-width: var(--line); }
  h2 { margin: 0 0 0.5rem; font-size: 1.25rem; }
  .lead { font-size: 1.125rem; line-height: 1.5; }
  .judged { margin: 1rem 0; }
  .tooltip-text { display: none; }
  @media (hover: none) { .keys { display: none; } }
  .button-link {
    display: inline-block; padding: 0.4rem 0.9rem; border: 1px solid var(--st-border-color); border-radius: 0.5rem;
    color: inherit; text-decoration: none;
  }
  @media (max-width: 768px) { .lead { font-size: 1rem; } }
  blockquote { margin: 0.6rem 0; padding-left: 0.8rem; border-left: 3px solid var(--st-border-color); }
  .chip { padding: 0.1rem 0.5rem; border-radius: 0.6rem; color: #fff; white-space: nowrap; }
  table { width: 100%; border-collapse: collapse; }
  th, td { padding: 0.4rem 0.8rem 0.4rem 0; text-align: left; vertical-align: top; }`;

// Trusted HTML, isolated from the page's style.
function put(host, html) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.innerHTML = html;
  root.prepend(element("style", SHADOWED), element("link", "", { rel: "stylesheet", href: "tooltip.css" }));
}

// Functions that show a part of a figure in its host; `parts` are all parts of the step shown so far.
const KINDS = {
  html: ({ html }, host) => put(host, html),
  opening({ scenes }, host, parts) {
    const show = mount("opening", host, { ask: draw });
    const { begin } = latest();
    async function draw(place) {
      const isLatest = begin();
      const scene = await load(scenes[place]);
      if (isLatest()) show(scene);
    }
    draw(0);
    parts.opening = { first: scenes[0], begin, show };
  },
  async "any-word"(texts, host, parts) {
    if (lab.packs.engine) await drawAnyWord(host, texts, await load(parts.opening.first), parts.opening);
  },
  judge: (texts, host) => judge(host, texts),
  // A wave chosen in the stripes is selected in the maps beside them, and vice versa.
  stripes({ data }, host, parts) {
    const show = mount("stripes", host, { choice: ({ value }) => parts.maps?.(value) });
    parts.stripes = (value, token = String(value)) => show({ key: "stripes", token, about: null, ...data, value });
    parts.stripes(data.value);
  },
  maps({ data, verdict }, host, parts) {
    const text = element("p");
    const first = String(data.value);
    text.innerHTML = verdict ?? ""; // trusted
    const show = mount("heatmap", host.appendChild(element("div")), {
      choice: ({ value }) => select(value.slice(0, 2), parts.stripes),
    });
    host.append(text);
    function select(value, follow) {
      text.hidden = !verdict || String(value) !== first; // the text is about one wave
      follow?.(value);
    }
    parts.maps = (value) => {
      select(value);
      draw(value);
    };
    const draw = (value) =>
      show({ key: `story ${data.maps.length} ${first}`, token: String(value), about: null, ...data, value });
    draw(data.value);
  },
  mixer: (_, host, parts) => parts.mixer(host),
  replay: ({ data }, host) => mount("replay", host, {})({ key: "story", ...data }),
};

// Show parts of a figure in order. shared: state that they exchange; `mixer(host)` mounts the pairs to mix.
export function showParts(host, all, shared) {
  for (const part of all)
    KINDS[part.kind](part, host.appendChild(element("div", "", { className: `figure ${part.kind}` })), shared);
}

// `mixer(host)` mounts the page's pairs. Returns a function that shows the step in the URL, `#story?step=twins`.
export async function story(section, mixer) {
  const steps = await load("story");
  const find = (selector) => section.querySelector(selector);
  const links = steps.map(({ links: [link] }) => link);
  const names = steps.map(({ name }) => name);
  const go = (number) => {
    location.hash = `#story?step=${links[number - 1]}`;
  };
  const showTabs = mount(
    "steps",
    find(".steps"),
    { go },
    ".tab { gap: 0.25rem; font-size: 0.8rem; white-space: nowrap; }",
  );
  const places = [".beside", ".figures", ".below"].map(find);
  const hosts = steps.map(() => places.map((place) => place.appendChild(element("div"))));
  return () => {
    const link = new URLSearchParams(location.hash.split("?")[1] ?? "").get("step");
    const at = Math.max(
      0,
      steps.findIndex((step) => step.links.includes(link)),
    );
    const { title, html, figure, beside, below } = steps[at];
    put(find(".prose"), html);
    showTabs({ names, links, current: at + 1, title, parameter: "step", base: "#story" });
    hosts.forEach((columns, k) => {
      for (const column of columns) column.hidden = k !== at;
    });
    section.classList.toggle("first", at === 0);
    section.dataset.step = links[at];
    const [left, middle, whole] = hosts[at];
    const parts = { mixer };
    if (middle.childElementCount) return;
    for (const [host, all] of [
      [middle, figure],
      [left, beside],
      [whole, below],
    ])
      showParts(host, all, parts);
  };
}
