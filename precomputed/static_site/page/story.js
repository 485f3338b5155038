// The story's steps: words that were made with the page, and the app's own figures.

import { element, mount } from "./elements.js";
import { lab } from "./laboratory.js";
import { drawAnyWord } from "./opening_live.js";
import { load } from "./packs.js";

const SHADOWED = `
  a { color: var(--st-primary-color); } p, blockquote { max-width: var(--line); } h2 { margin: 0.3rem 0; font-size: 1.3rem; }
  blockquote { margin: 0.6rem 0; padding-left: 0.8rem; border-left: 3px solid var(--st-border-color); }
  .chip { padding: 0.1rem 0.5rem; border-radius: 0.6rem; color: #fff; white-space: nowrap; }
  table { width: 100%; border-collapse: collapse; } th, td { padding: 0.4rem 0.8rem 0.4rem 0; text-align: left; vertical-align: top; }`;

// HTML of our own making, apart from the page's style.
function put(host, html) {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.innerHTML = html;
  root.prepend(element("style", SHADOWED));
}

// What shows a part of a figure in its host; `parts` are all of the step, shown so far.
const KINDS = {
  html: ({ html }, host) => put(host, html),
  opening({ scenes }, host) {
    const show = mount("opening", host, { ask: draw });
    let drawing = 0;
    async function draw(place) {
      const current = ++drawing, scene = await load(scenes[place]);
      if (current === drawing) show(scene);
    }
    draw(0);
    if (!lab.packs.engine) return;
    const below = host.parentElement.insertBefore(element("div", "", { className: "figure" }), host.nextSibling);
    load(scenes[0]).then((scene) => drawAnyWord(below, scene, (drawn) => {
      drawing += 1;
      show(drawn);
    }));
  },
  async judge({ round }, host) {
    const { drawings, intervals, chance, searches } = await load(round), chosen = [];
    const heading = host.appendChild(element("h3")), pictures = host.appendChild(element("div", "", { className: "judged" }));
    const options = host.appendChild(element("div", "", { className: "buttons chips" }));
    heading.setAttribute("aria-live", "polite");
    const picture = ({ picture: src }, alt) => pictures.appendChild(element("figure")).appendChild(element("img", "", { src, alt }));
    function draw() {
      pictures.replaceChildren();
      options.replaceChildren();
      if (chosen.length === drawings.length) return tell();
      const at = chosen.length, place = `Drawing ${at + 1} of ${drawings.length}`;
      heading.textContent = `${place}: what is it?`;
      picture(drawings[at], place);
      drawings[at].options.forEach((word, k) => {
        options.appendChild(element("button", word, { type: "button" })).addEventListener("click", () => {
          chosen.push(k);
          draw();
        });
      });
      if (at) options.firstElementChild.focus();
    }
    function tell() {
      const right = (search) => drawings.filter((drawing, k) => drawing.search === search && drawing.right === chosen[k]).length;
      const count = drawings.length / searches.length;
      heading.textContent = `${searches.map((search) => `${search}: ${right(search)} of ${count}`).join(", ")}, chance ${chance}`;
      drawings.forEach((drawing, k) => {
        const word = drawing.options[drawing.right];
          const said = drawing.right === chosen[k] ? "✓" : `✗ you: ${drawing.options[chosen[k]]}`;
        picture(drawing, word).after(element("figcaption", `${word}, by ${drawing.search} ${said}`));
      });
      const ends = searches.map((search) => `${intervals[right(search)]} by ${search}`);
      pictures.before(element("p", `95 % intervals: ${ends.join(" and ")}.`));
    }
    draw();
  },
  // A wave chosen in the stripes is that of the maps beside them, and the other way round.
  stripes({ data }, host, parts) {
    const show = mount("stripes", host, { choice: ({ value }) => parts.maps?.(value) });
    parts.stripes = (value, token = String(value)) => show({ key: "stripes", token, about: null, ...data, value });
    parts.stripes(data.value);
  },
  maps({ data, verdict }, host, parts) {
    const text = element("p"), first = String(data.value);
    text.innerHTML = verdict ?? ""; // of our own making
    const show = mount("heatmap", host.appendChild(element("div")), { choice: ({ value }) => chosen(value.slice(0, 2), parts.stripes) });
    host.append(text);
    function chosen(value, follow) {
      text.hidden = !verdict || String(value) !== first; // it is about one wave
      follow?.(value);
    }
    parts.maps = (value) => {
      chosen(value);
      draw(value);
    };
    const draw = (value) => show({ key: `story ${data.maps.length} ${first}`, token: String(value), about: null, ...data, value });
    draw(data.value);
  },
  mixer: (_, host, parts) => parts.mixer(host),
  replay: ({ data }, host) => mount("replay", host, {})({ key: "story", ...data }),
};

// `mixer(host)` mounts the page's pairs. Returns what shows the step that the URL names, `#story?step=twins`.
export async function story(section, mixer) {
  const steps = await load("story"), find = (selector) => section.querySelector(selector);
  const figures = steps.map(({ name, links }, k) => {
    const link = find(".steps").appendChild(element("a", "", { href: `#story?step=${links[0]}` }));
    link.append(element("span", String(k + 1), { className: "number", ariaHidden: "true" }), name);
    return find(".figures").appendChild(element("div"));
  });
  return () => {
    const link = new URLSearchParams(location.hash.split("?")[1] ?? "").get("step");
    const at = Math.max(0, steps.findIndex(({ links }) => links.includes(link)));
    put(find(".prose"), steps[at].html);
    [...find(".steps").children].forEach((link, k) => {
      if (k === at) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    for (const [selector, place, text] of [[".before", at - 1, "← Back"], [".next", at + 1, `Next: ${steps[at + 1]?.name} →`]]) {
      const link = find(selector), there = steps[place];
      link.hidden = !there;
      link.textContent = text;
      if (there) link.href = `#story?step=${there.links[0]}`;
    }
    figures.forEach((figure, k) => { figure.hidden = k !== at; });
    section.classList.toggle("first", at === 0);
    if (figures[at].childElementCount) return;
    const parts = { mixer };
    for (const part of steps[at].figure) {
      const host = figures[at].appendChild(element("div", "", { className: `figure ${part.kind}` }));
      KINDS[part.kind](part, host, parts);
    }
  };
}
