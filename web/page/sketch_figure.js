// Figure 1: a sketch, a photo or an empty canvas, and what a network paints over it: stored paintings, and any other,
// painted live. Pictures and sentences always belong to the chosen start and word.

import { element, pack, percent, unpack } from "../../ui/components/basics.js";
import { fastWaves, wavesBars, wavesText } from "../engine/bridge.js";
import { pixelsOf, planes } from "../engine/bytes.js";
import { latest } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { difference } from "../engine/pgd.js";
import { encodeSketch } from "../engine/sketch_link.js";
import { greyStart, smoothStart } from "../engine/starts.js";
import { withArticle } from "../engine/vocabulary.js";
import { keptState } from "./kept.js";
import { framed, photoFrom, pictureUrl, uploadButton } from "./picture_elements.js";
import { howLong, knownWords, paintLive, SIDE, wanted, wordForm } from "./word_figure.js";

const ALONE = "The second network isn’t on this page: you are the judge.";
const NO_WORD = "Type a word, then press Paint.";
const UNKNOWN = "Choose a word the network knows.";
const OWN = "Your photo never leaves this page.";
const MIDDLE = 0.5; // first place of a photo's frame
// Names below all tiles; on a phone one line of tiles: the first adds a photo.
const TILES = `
  .named .tile { height: auto; }
  .named :is(.tile canvas, .adds) { height: var(--size); border-radius: 6px; }
  .tile-name { height: 28px; font-size: 12px; letter-spacing: -0.03em; line-height: 14px; text-align: center; }
  @media (max-width: 640px) {
    .tiles { grid-template-columns: none; grid-auto-flow: column; overflow-x: auto; }
    .tile:last-child { order: -1; }
  }`;
/**
 * What is painted over. pixels: interleaved; of a photo, those in its frame.
 *
 * @typedef {{ pixels: Uint8Array, photo: import("./picture_elements.js").Photo | null, place: number }} Start
 */

/** The start as three planes, and the task that gives its settings. @param {Start} start */
function startPlanes({ pixels, photo }, { natural, blur }) {
  if (photo) return { task: "photo", planes: planes(pixels) };
  const isFlat = pixels.every((value, k) => value === pixels[k % 3]);
  if (isFlat) return { task: "grey", planes: greyStart(natural, SIDE) };
  return { task: "sketch", planes: smoothStart(planes(pixels), SIDE, blur) };
}

/** @type {(actions: { photo: () => void, sketch: () => void }) => void} */
let isReady = () => {};
/** What links elsewhere on the page begin here, once the figure is there. */
const actions = new Promise((resolve) => {
  isReady = resolve;
});
for (const link of document.querySelectorAll("[data-begin]")) {
  const name = /** @type {HTMLElement} */ (link).dataset.begin ?? "";
  link.addEventListener("click", () => actions.then((begin) => begin[name]()));
}

/** @param {import("./page.js").Figure} figure */
export async function sketchFigure({ stage, mount, attempt }) {
  const [{ starts, first, tiles, painter: kit, known, links, texts }, facts] = await Promise.all([
    load("starts"),
    load("engine"),
  ]);
  const begin = latest();
  /** @type {Start} */
  let chosen = { pixels: new Uint8Array(), photo: null, place: MIDDLE };
  let tile = -1; // the chosen one; -1 for a start of one's own
  let shown = ""; // the word of the painting
  let asked = ""; // the last known word, with its article
  let token = 0; // counts changes by the page, not by the reader's brush
  const drawn = { scene: /** @type {any} */ (null), told: /** @type {any} */ (null), link: "" }; // the newest of each

  const row = stage.appendChild(element("div", "sketch-stage"));
  const left = row.appendChild(element("div", "sketch-start"));
  const places = {
    sketch: left.appendChild(element("div", "start")),
    photo: left.appendChild(element("div", "start")),
  };
  const showSketch = mount("sketch", places.sketch, { choice: ({ value }) => begun({ pixels: unpack(value) }) });
  const showPhoto = mount("framer", places.photo, { choice: ({ value }) => begun({ place: value }) });
  const hint = `Any of ${known.toLocaleString("en")} words`;
  const { input, say, isRunning, drop } = wordForm(left, "Paint", hint, paint);
  const painting = mount("painting", row.appendChild(element("div", "sketch-painting")), {});
  const bar = stage.appendChild(element("div", "sketch-tiles"));
  const picked = (index) => (index < starts.length ? attempt(() => choose(index)) : upload.click());
  const pick = mount("picker", bar.appendChild(element("div")), { pick: picked }, TILES);
  const own = bar.appendChild(element("div", "", "", { hidden: true })); // the last tile stands for it
  const upload = uploadButton(own, "Your photo", SIDE, (photo) => begun({ photo, place: MIDDLE }), say);
  const seen = stage.appendChild(element("p", "seen"));
  const { app } = document.body.dataset; // the full lab's URL, if there is one
  const lab = element("a", "button-link to-lab", "", { hidden: true });
  if (app) stage.append(lab);
  const title = /** @type {any} */ (document.getElementById("sketch-title"));
  const [lead, note, bridge] = [".prose", "aside", ".bridge"].map(
    (name) => /** @type {HTMLElement} */ (document.querySelector(`.row.sketch > ${name}`)),
  );
  input.addEventListener("change", async () => {
    const word = input.value.trim();
    if (isRunning() || word === shown) return;
    const isStored = tile >= 0 && chosen.place === MIDDLE && starts[tile].stored && starts[tile].word === word;
    if (isStored) return attempt(() => choose(tile));
    const isLatest = begin();
    const known = await knownWords();
    if (!isLatest() || isRunning() || word !== input.value.trim()) return;
    try {
      asked = wanted(known, word).named;
      before();
    } catch (error) {
      const { message, near } = /** @type {any} */ (error);
      before(word ? UNKNOWN : NO_WORD);
      if (word) say(message, near);
    }
  });

  // Draw the chosen start; the painting has been drawn.
  function drawStart() {
    const { pixels, photo, place } = chosen;
    const name = photo ? "photo" : "sketch";
    for (const [other, node] of Object.entries(places)) node.hidden = other !== name;
    token += 1;
    const about = { key: `start-${name}`, token: String(token) };
    if (photo) {
      const { canvas } = photo;
      const { width, height } = canvas;
      showPhoto({ ...about, value: place, about: null, source: canvas.toDataURL(), width, height, alt: photo.name });
    } else showSketch({ ...about, ...kit, value: pack(pixels) });
  }

  function show(scene) {
    drawn.scene = scene;
    const own = { sketch: pictureUrl(chosen.pixels), start: chosen.photo ? "photo" : "sketch", size: SIDE };
    painting({ judged: "", agrees: false, ...scene, ...own });
  }

  /** Link to the app's page Paint with the same start and word; `stored`: its place there if the painting is stored. */
  async function drawLink(stored = "") {
    lab.hidden = true;
    drawn.link = stored;
    if (!app) return;
    const { pixels, photo, place } = chosen;
    const word = shown;
    let query = stored;
    if (!stored && word && !photo) {
      const { task } = startPlanes(chosen, facts);
      const sketch = task === "sketch" ? await encodeSketch(pixels) : "";
      const start = [[links.start, links.labels[task]], ...(sketch ? [[links.sketch, sketch]] : [])];
      if (sketch || task === "grey") query = `generation?${new URLSearchParams([...start, [links.words, word]])}`;
    } else if (!stored && word && tile >= 0 && place === MIDDLE) {
      query = `generation?${new URLSearchParams([...starts[tile].link, [links.words, word]])}`;
    }
    if (!query || chosen.pixels !== pixels || shown !== word) return;
    lab.href = `${app}/${query}`;
    lab.textContent = stored ? "Open in Paint" : "Paint it in the full lab";
    lab.hidden = false;
  }

  /** What networks see in the start, and the waves of the pictures. @param {any} told */
  function tell({ before = "", waves, task }) {
    drawn.told = { before, waves, task };
    title.lastChild.textContent = ` ${texts[task].title}`;
    lead.innerHTML = texts[task].lead;
    for (const place of lead.querySelectorAll(".asked")) place.textContent = asked || "what you name";
    note.innerHTML = texts[task].note;
    seen.textContent = before || (chosen.photo && tile < 0 ? OWN : "");
    const text = element("div");
    for (const marked of wavesText(waves, task, texts.waves).split("\n\n"))
      text.appendChild(element("p")).append(...nodes(marked));
    const rows = wavesBars(waves, task, texts.waves);
    const bars = element("div", "fast-waves");
    bars.append(element("b", "", texts.waves.title));
    for (const [title, fraction, words] of rows) {
      const bar = element("span", "bar");
      bar.style.setProperty("--share", `${100 * fraction}%`);
      bars.append(element("span", "", title), bar, element("span", "", words));
    }
    bridge.replaceChildren(text, ...(rows.length ? [bars] : []));
  }

  /** Show what a painting starts from, before there is one; return it. */
  function before(claim = `Press Paint${howLong()}.`) {
    const start = startPlanes(chosen, facts);
    const picture = pictureUrl(pixelsOf(start.planes));
    shown = input.value.trim();
    say("");
    show({ phase: "new", views: picture, paper: picture, claim, about_paper: texts.sentences.starts });
    tell({ waves: { start: fastWaves(start.planes, texts.waves.above) }, task: start.task });
    drawLink();
    return start;
  }

  // Start again from a changed sketch or photo.
  function begun(change) {
    drop();
    begin();
    const isBrushed = "pixels" in change;
    chosen = { ...chosen, ...(isBrushed ? { photo: null } : {}), ...change };
    if (chosen.photo) chosen.pixels = framed(chosen.photo, chosen.place);
    if (isBrushed || change.photo) tile = -1;
    if (change.photo && isOffered(input.value.trim())) input.value = ""; // for another picture
    if (change.photo) drawStart();
    drawTiles();
    if (!input.value.trim()) asked = "";
    before(input.value.trim() ? undefined : NO_WORD);
  }

  const isOffered = (word) => starts.some((start) => start.word === word);
  const drawTiles = () => pick({ ...tiles, selected: tile });

  /** Choose a tile. @param {number} index @param {string} [own] instead of its word */
  async function choose(index, own) {
    drop();
    const isLatest = begin();
    const { word, sketch, photo, stored } = starts[index];
    const hasOwnWord = Boolean(input.value.trim()) && !isOffered(input.value.trim());
    const [picture, painted] = await Promise.all([photo && load(photo), stored && load(stored)]);
    const strip = picture && (await photoFrom(picture.source, picture.name));
    if (!isLatest()) return;
    chosen = { pixels: strip ? framed(strip) : unpack(sketch), photo: strip ?? null, place: MIDDLE };
    tile = index;
    if (own !== undefined) input.value = own;
    else if (stored || !hasOwnWord) input.value = word; // the empty canvas keeps a word the visitor typed
    const isTiles = input.value === word;
    if (isTiles || !input.value) asked = input.value && withArticle(word, facts.articles);
    drawStart();
    drawTiles();
    if (!painted || !isTiles) return before(input.value ? undefined : NO_WORD);
    shown = word;
    say("");
    show(painted.scene);
    tell(painted);
    drawLink(painted.opens);
  }

  async function paint(word) {
    const goal = wanted(await knownWords(), word);
    const isWanted = begin();
    asked = goal.named;
    const { task, planes: start } = before("");
    shown = word;
    const scene = (moments, ended, stopped) => {
      const [paper, views] = moments;
      const added = ({ pixels }) => fastWaves(difference(planes(pixels), start), texts.waves.above);
      if (ended) {
        tell({ waves: { start: fastWaves(start, texts.waves.above), views: added(views), paper: added(paper) }, task });
      }
      const { sentences } = texts;
      const [ofViews, ofPaper] = [views, paper].map(({ share }) => percent(share));
      const sure = filled(sentences[ended ? "ended" : "growing"], { share: ofViews, word: goal.named });
      const papers = ended ? (ofPaper === ofViews ? "paper_alike" : "paper") : "paper_growing";
      show({
        phase: ended ? "ended" : "growing",
        views: views.picture,
        paper: paper.picture,
        claim: ended ? `${stopped ? sentences.early : ""}${sure} ${goal.exactly(views.best)}`.trim() : sure,
        judged: ended ? ALONE : "",
        about_paper: filled(sentences[papers], { share: ofPaper }),
      });
    };
    return (await paintLive(task, { start, mask: null, ...goal }, isWanted, say, scene)) === "replaced";
  }

  // A start of one's own or another tile, its word and painting; of a painting in progress only what it starts from.
  const kept = keptState("sketch", () => {
    const { pixels, photo, place } = chosen;
    const source = photo && { source: photo.canvas.toDataURL(), name: photo.name };
    const about = { tile, asked, shown, word: input.value, isOver: !isRunning() };
    return { pixels: pack(pixels), photo: source, place, ...about, ...drawn };
  });
  async function restore({ pixels, photo, place, word, isOver, scene, told, link, ...about }) {
    chosen = { pixels: unpack(pixels), photo: photo && (await photoFrom(photo.source, photo.name)), place };
    ({ tile, asked, shown } = about);
    input.value = word;
    drawStart();
    drawTiles();
    if (!isOver) return before(word ? undefined : NO_WORD);
    show(scene);
    tell(told);
    drawLink(link);
  }
  await (kept ? restore(kept) : choose(first));
  isReady({ photo: () => upload.click(), sketch: () => attempt(() => choose(0, "")) });
}

// A sentence of `SENTENCES` in ui/story/scene.py with its facts.
const filled = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);

// A text with **bold** and [links](url).
function nodes(text) {
  return text.split(/(\*\*.+?\*\*|\[.+?\]\(.+?\))/).map((part) => {
    const [, bold] = /^\*\*(.+)\*\*$/.exec(part) ?? [];
    const [, words, href] = /^\[(.+)\]\((.+)\)$/.exec(part) ?? [];
    return bold ? element("strong", "", bold) : words ? element("a", "", words, { href }) : part;
  });
}
