// Frequency sensitivity: heat maps, the picture under the wave, stories.

import { pack, unpack } from "./bytes.js";
import { byId, element, mount, option } from "./elements.js";
import { lab } from "./laboratory.js";
import { load } from "./packs.js";
import { askForPicture, pixelsIn } from "./pictures.js";
import { prediction } from "./prediction.js";

const MAX_MAPS = 4;

/** @param {Record<string, any>} data about, maps and stories */
export async function frequency(data) {
  const { sets, live } = data.about; // by name: title and side of its pictures; and the one that networks here know

  const { labels, shown: views, tables } = data.maps;
  // `token` counts what the page, not the visitor, has changed; the component then takes over wave and strength.
  /** @type {Record<string, any>} */
  const now = { story: 0, maps: [], show: "", set: "", picture: {}, own: null, seed: 0, wave: [0, 0], strength: {}, token: 0, pictureMaps: [] };
  const showLab = mount("heatmap", byId("lab"), {
    choice: ({ value: [i, j, strength], about }) => {
      now.wave = [i, j];
      now.strength[about] = strength;
      tell();
    },
    flip: () => { now.seed += 1; draw(); },
    pick: (place) => { now.picture[now.set] = place; now.own = null; draw(); },
    library: () => askForPicture(
      sets[live].side,
      (pixels, name) => { now.own = { pixels, name }; draw(); },
      (why) => { byId("verdict").textContent = why; },
    ),
  }, ".lab.narrow .scene { top: 0; }"); // Streamlit's header, which stays in sight there, is missing here

  const predict = await prediction(byId("lab"), byId("live"), (maps) => {
    Object.assign(now, { pictureMaps: maps, show: "Error" });
    draw(true);
  });

  function start(number) {
    const story = data.stories[number];
    Object.assign(now, { story: number, maps: [...story.maps], show: story.show, wave: story.wave, set: story.pictures });
    now.token += 1;
    draw();
  }

  // Whether every chosen map can be shown so.
  function offered(show) {
    if (show === "Difference") return now.maps.slice(0, 2).join(" | ") in views[show];
    return now.maps.every((label) => label in views[show]);
  }

  // One view for each map, or that of the first two maps' difference, with the widest of their ranges.
  function packed() {
    const [first, second] = now.maps;
    const difference = views.Difference[`${first} | ${second}`] ?? views.Difference[`${second} | ${first}`];
    if (now.show === "Difference" && difference) return difference;
    const show = offered(now.show) && now.show !== "Difference" ? now.show : "Error";
    const parts = now.maps.map((label) => views[show][label]);
    const range = [Math.min(...parts.map((part) => part.range[0])), Math.max(...parts.map((part) => part.range[1]))];
    const maps = parts.flatMap((part) => part.maps), own = show === "Error" && maps.every(({ side }) => side === now.pictureMaps[0]?.side);
    const all = own ? { range: [0, 100], maps: [...maps, ...now.pictureMaps].slice(-MAX_MAPS) } : { range, maps };
    return { ...parts[0], table: tables[show], ...all };
  }

  let drawings = 0;
  async function draw(samePicture = false) {
    if (!samePicture) now.pictureMaps = [];
    const drawing = ++drawings;
    tell();
    drawControls();
    const set = await load(now.set), place = now.picture[now.set] ?? set.first, { common } = set;
    const own = now.set === live ? now.own : null; // as large as that set's pictures
    const { signs, ...bundled } = set.pictures[place], bits = signs[now.seed % signs.length];
    const bytes = own ? own.pixels : await pixelsIn(set, place), caption = own ? "Your picture" : bundled.caption;
    if (drawing !== drawings) return; // another choice came meanwhile
    const pixels = pack(bytes);
    const library = now.set === live && Boolean(lab.packs.engine);
    const picture = { ...common, library, strip: { ...common.strip, selected: own ? -1 : place }, pixels, caption, signs: bits };
    const strength = now.strength[common.usual] ?? common.usual;
    // Another set of pictures has another strength: the component is told as if the page had changed it.
    const token = `${now.token} ${now.set}`;
    showLab({ key: common.key, token, value: [...now.wave, strength], about: common.usual, ...packed(), picture });
    const label = own ? null : set.labels[place];
    predict(now.set === live ? { pixels: bytes, size: common.size, side: common.side, bits: unpack(bits), label } : null);
  }

  function tell() {
    const story = data.stories[now.story];
    const inView = String(story.maps) === String(now.maps) && String(story.wave) === String(now.wave);
    const text = element("span");
    text.innerHTML = story.html; // of our own making
    byId("verdict").replaceChildren(...(inView ? [element("strong", `${story.title}. `), text] : [
      "Point at a cell of a map to see its wave, what it does to the picture, and the error with its 95 % interval below " +
      "the maps. The numbered buttons return to the stories.",
    ]));
  }

  function drawControls() {
    [...byId("stories").children].forEach((button, k) => button.setAttribute("aria-pressed", String(k === now.story)));
    for (const box of byId("maps").querySelectorAll("input")) {
      box.checked = now.maps.includes(box.value);
      box.disabled = box.checked ? now.maps.length === 1 : now.maps.length === MAX_MAPS;
    }
    for (const radio of byId("shows").querySelectorAll("input")) {
      radio.checked = radio.value === now.show;
      radio.disabled = !offered(radio.value);
    }
    for (const radio of byId("pictures").querySelectorAll("input")) radio.checked = radio.value === now.set;
  }

  data.stories.forEach(({ title }, k) => {
    const made = byId("stories").appendChild(element("button", String(k + 1), { title, type: "button" }));
    made.setAttribute("aria-label", `Story ${k + 1} of ${data.stories.length}: ${title}`);
    made.addEventListener("click", () => start(k));
  });
  for (const label of labels) {
    option(byId("maps"), "checkbox", "maps", label, label, ({ checked }) => {
      now.maps = checked ? [...now.maps, label] : now.maps.filter((map) => map !== label);
      if (!offered(now.show)) now.show = "Error";
      draw(true);
    });
  }
  for (const show of Object.keys(views)) option(byId("shows"), "radio", "shows", show, show, () => { now.show = show; draw(true); });
  for (const [set, { title }] of Object.entries(sets)) option(byId("pictures"), "radio", "pictures", set, title, () => { now.set = set; draw(); });
  const menu = /** @type {HTMLDetailsElement} */ (document.querySelector(".menu"));
  document.addEventListener("click", ({ target }) => menu.contains(/** @type {Node} */ (target)) || (menu.open = false));
  document.addEventListener("keydown", ({ key }) => key === "Escape" && (menu.open = false));

  start(0);
}
