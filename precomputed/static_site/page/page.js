// The page: its sections, which the app's components fill with stored data in the place of Streamlit. Texts are only ever
// set as textContent.

import { sweep } from "./bytes.js";
import { byId, element, mount } from "./elements.js";
import { engine } from "./engine.js";
import { frequency } from "./frequency.js";
import { lab } from "./laboratory.js";
import { liveRuns } from "./live_runs.js";
import { load } from "./packs.js";
import { story } from "./story.js";

/** Mount the mixer of pairs; `say` takes a sentence on the pair in view. */
function mixer({ common, pairs }, key, host, say) {
  const show = mount("hybrid_mixer", host, { choice: () => {}, pick: draw });
  function draw(place) {
    const { start: value, html, ...pair } = pairs[place];
    show({ key, token: String(place), value, ...common, ...pair, strip: { ...common.strip, selected: place } });
    say(html);
  }
  draw(0);
}

/** A section of stored runs, and of live ones where networks are here; returns what shows the chosen one. */
async function runSection(kind, runs, intro) {
  const section = byId(kind), find = (selector) => section.querySelector(selector);
  section.append(/** @type {HTMLTemplateElement} */ (byId("runs")).content.cloneNode(true));
  find(".intro").textContent = intro;
  const select = find(".run select"), outcome = find(".outcome"), origins = find(".origins");
  const events = {}, showReplay = mount("replay", find(".replay"), events);
  async function choose() {
    const run = runs[select.selectedIndex];
    if (!run) return; // a live one is in view
    showReplay({ key: kind, ...(await load(run.id)) });
    outcome.textContent = run.outcome;
    origins.replaceChildren(...run.origins.map((text) => element("p", text)));
  }
  for (const run of runs) select.add(new Option([run.title, run.what, run.variant].filter(Boolean).join(" · ")));
  select.addEventListener("change", choose);
  function live(begun) {
    if (begun) {
      select.selectedIndex = -1;
      outcome.textContent = "";
      origins.replaceChildren(element("p", "It is being computed in this browser."));
      find(".replay").scrollIntoView({ block: "nearest" }); // on a phone it is far below
    } else if (select.selectedIndex < 0) select.selectedIndex = 0;
  }
  if (lab.packs.engine) await liveRuns(kind, section, { events, showReplay, live });
  return choose;
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

/** What a section is, made when it is first opened; then what shows it once more. */
function once(make) {
  /** @type {Promise<any> | undefined} */
  let made;
  return async () => {
    made ??= make();
    (await made)?.();
  };
}

async function wavesSection() {
  const [about, maps, stories, hybrids] = await Promise.all(["about", "maps", "stories", "hybrids"].map(load));
  await frequency({ about, maps, stories });
  mixer(hybrids, "hybrids", byId("hybrids"), (html) => { byId("crossovers").innerHTML = html; });
}

async function runsSection(kind) {
  const [{ intros }, runs] = await Promise.all(["about", "runs"].map(load));
  return runSection(kind, runs.filter((run) => run.kind === kind), intros[kind]);
}

async function main() {
  lab.engine = engine; // for checks and benchmarks
  const { app, code } = await load("about"), where = byId("where"), source = element("a", "the repository", { href: code });
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
