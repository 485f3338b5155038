// The page: its sections, which the app's components fill with stored data in place of Streamlit. Texts are only ever
// set as textContent.

import { sweep } from "./bytes.js";
import { button, byId, element } from "./elements.js";
import { mount } from "./mount.js";
import { engine } from "./engine.js";
import { frequency } from "./frequency.js";
import { lab } from "./laboratory.js";
import { load, onFailure } from "./packs.js";
import { runPage } from "./run_page.js";
import { story } from "./story.js";
import { drawTools } from "./tools.js";

/** Mount the mixer of pairs; `say` takes a sentence on the current pair. */
function mixer({ common, pairs }, key, host, say) {
  const show = mount("hybrid_mixer", host, { choice: () => {}, pick: draw });
  function draw(place) {
    const { start: value, html, ...pair } = pairs[place];
    show({ key, token: String(place), value, ...common, ...pair, strip: { ...common.strip, selected: place } });
    say(html);
  }
  draw(0);
}

function open(sections) {
  const elements = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("main > section"))];
  const current = elements.find((section) => `#${section.id}` === location.hash.split("?")[0]) ?? elements[0];
  for (const section of elements) section.hidden = section !== current;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${current.id}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  if (current.id === "app") engine.close();
  return sections[current.id]?.();
}

/** Return a function that opens a section: it makes the section first, and shows it again later. */
function once(make) {
  /** @type {Promise<any> | undefined} */
  let section;
  return async () => {
    section ??= make();
    (await section)?.();
  };
}

async function wavesSection() {
  const [about, maps, figures] = await Promise.all(["about", "maps", "figures"].map(load));
  const mix = async (host, say) => mixer(await load("hybrids"), "hybrids", host, say);
  return frequency({ about, maps, figures }, (host, panels) =>
    drawTools(host, about.tools, about.first_tool, mix, panels),
  );
}

async function runsSection(kind) {
  const [{ pages }, runs] = await Promise.all(["about", "runs"].map(load));
  await runPage(
    kind,
    byId(kind),
    runs.filter((run) => run.kind === kind),
    pages[kind],
  );
}

/** Say which part of the page did not arrive, and offer to try again. */
function showFailures(failures) {
  const [error] = failures.values();
  const text = error ? `A part of this page did not arrive (${error.message}). ` : "";
  byId("failure").replaceChildren(text, ...(error ? [button("Reload the page", () => location.reload())] : []));
}

async function main() {
  lab.engine = engine; // for checks and benchmarks
  onFailure(showFailures);
  const { app, code } = await load("about");
  const where = byId("where");
  const source = element("a", "the repository", { href: code });
  byId("code").setAttribute("href", code);
  if (app) where.append("It runs at ", element("a", app, { href: app }), "; its code is in ", source, ".");
  else where.append("Its code is in ", source, ".");
  const sections = {
    story: once(() => story(byId("story"), async (host) => mixer(await load("hybrids"), "story", host, () => {}))),
    waves: once(wavesSection),
    inpainting: once(() => runsSection("inpainting")),
    generation: once(() => runsSection("generation")),
  };
  addEventListener("hashchange", () => open(sections));
  open(sections);
  sweep();
}

main();
