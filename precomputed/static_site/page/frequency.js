// Frequencies, laid out as the app's page: the paper's figures, the sentence on a wave beside its claim, heat maps,
// the picture under the wave, the networks' predictions for it, and tools.

import { pack, unpack } from "./bytes.js";
import { button, byId, download, element, option, popover, segmented, setHtml } from "./elements.js";
import { mount } from "./mount.js";
import { openLibrary } from "./library.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";
import { pixelsIn } from "./pictures.js";
import { prediction } from "./prediction.js";
import { waveName } from "./sentences.js";

const MAX_MAPS = 4;
const POINT =
  "Point at a cell of a map to see its wave, the picture under it, and the error with its 95 % interval below the " +
  "maps. “Figure 1” and “Figure 2” return to the paper’s maps.";
const IN_ERROR = "The maps of this picture show probability; choose Error in View to see them.";

// Buttons that save a map's files.
function filesOf(stem) {
  const row = element("div", "", { className: "bar" });
  for (const kind of ["npz", "csv", "png"]) {
    const save = async () => download(`${stem}.${kind}`, new Blob([unpack((await load(stem))[kind])]));
    row.append(button(kind.toUpperCase(), save));
  }
  return row;
}

/**
 * Return a function that shows what the address names.
 *
 * @param {Record<string, any>} data about, maps and figures
 * @param {(host: HTMLElement, panels: Record<string, (panel: HTMLElement) => any>) => void} drawTools
 */
export async function frequency(data, drawTools) {
  // sets: title and side of the pictures by name; live: the set of the networks here
  const { sets, live, frequency: texts } = data.about;
  const { labels, shown: views, tables } = data.maps;
  const { figures } = data;
  byId("frequency-title").textContent = texts.title;
  setHtml(byId("frequency-about"), texts.about);
  // `token` counts changes by the page, not by the visitor; the component then takes over wave and strength.
  /** @type {Record<string, any>} */
  const now = {
    maps: [],
    show: "",
    set: "",
    picture: {},
    own: {},
    seed: 0,
    wave: [0, 0],
    strength: {},
    token: 0,
    pictureMaps: [],
    edge: 0,
  };
  const showLab = mount(
    "heatmap",
    byId("lab"),
    {
      choice: ({ value: [i, j, strength], about }) => {
        const sameStrength = strength === (now.strength[about] ?? about);
        now.wave = [i, j];
        now.strength[about] = strength;
        draw(sameStrength);
      },
      flip: () => {
        now.seed += 1;
        draw();
      },
      pick: (place) => {
        now.picture[now.set] = place;
        delete now.own[now.set];
        draw();
      },
      library: () =>
        openLibrary(sets, { set: now.set, place: now.own[now.set] ? -1 : placeOf(now.set) }, ({ set, place, own }) => {
          now.set = set;
          if (own) now.own[set] = own;
          else {
            now.picture[set] = place;
            delete now.own[set];
          }
          draw();
        }),
    },
    ".lab.narrow .scene { top: 0; }",
  ); // Streamlit's header, which stays in sight there, is missing here
  const firsts = {}; // initial picture of each loaded set
  const placeOf = (set) => now.picture[set] ?? firsts[set] ?? 0;

  const ownMaps = latest(); // of the chosen picture
  const predict = await prediction(byId("lab"), byId("live"), ownMaps, (maps) => {
    Object.assign(now, { pictureMaps: maps, show: "Error" });
    draw(true);
  });

  // What the tools below the maps show; each is drawn when a visitor opens it.
  const panels = {
    sources: (panel) => {
      const place = panel.appendChild(element("div"));
      showSources = () =>
        place.replaceChildren(
          ...now.maps.flatMap((label) => [
            element("h3", label),
            setHtml(element("div"), data.maps.sources[label]),
            filesOf(data.maps.files[label]),
          ]),
        );
      showSources();
    },
  };
  let showSources = () => {};

  function start(name) {
    const { maps, show, wave, pictures } = figures[name];
    Object.assign(now, { maps: [...maps], show, wave, set: pictures });
    now.token += 1;
    draw();
  }

  // The figure with the current maps.
  const figureNow = () =>
    Object.entries(figures).find(([, { maps }]) => String(maps) === String(now.maps)) ?? [null, null];

  // Return whether every chosen map has this view.
  function offered(show) {
    if (show === "Difference") return now.maps.slice(0, 2).join(" | ") in views[show];
    return now.maps.every((label) => label in views[show]);
  }

  // One view per map, or one of the first two maps' difference, with the widest of their ranges.
  function packed() {
    const [first, second] = now.maps;
    const difference = views.Difference[`${first} | ${second}`] ?? views.Difference[`${second} | ${first}`];
    if (now.show === "Difference" && difference) return difference;
    const show = offered(now.show) && now.show !== "Difference" ? now.show : "Error";
    const parts = now.maps.map((label) => views[show][label]);
    const range = [Math.min(...parts.map((part) => part.range[0])), Math.max(...parts.map((part) => part.range[1]))];
    const maps = parts.flatMap((part) => part.maps);
    if (show !== "Error" || !now.pictureMaps.length) return { ...parts[0], table: tables[show], range, maps };
    const all = [...maps, ...now.pictureMaps].slice(-Math.max(MAX_MAPS, now.pictureMaps.length));
    return { ...parts[0], table: tables[show], range: [0, 100], maps: all };
  }

  const drawings = latest();
  // samePicture: under waves of the same strength and signs
  async function draw(samePicture = false) {
    if (!samePicture) {
      now.pictureMaps = [];
      ownMaps.begin();
    }
    const isLatest = drawings.begin();
    drawControls();
    await tell(isLatest);
    const set = await load(now.set);
    if (!isLatest()) return;
    const { common } = set;
    const own = now.own[now.set];
    firsts[now.set] = set.first;
    if (!set.pictures[placeOf(now.set)]) delete now.picture[now.set]; // a link named no picture of the set
    const place = placeOf(now.set);
    const { signs, ...bundled } = set.pictures[place];
    const bits = signs[now.seed % signs.length];
    const bytes = own ? own.pixels : await pixelsIn(set, place);
    const caption = own ? "Your picture" : bundled.caption;
    if (!isLatest()) return;
    const picture = {
      ...common,
      library: true,
      strip: { ...common.strip, selected: own ? -1 : place },
      pixels: pack(bytes),
      caption,
      signs: bits,
    };
    const strength = now.strength[common.usual] ?? common.usual;
    // Another set of pictures has another strength: the component treats it as a change by the page.
    const token = `${now.token} ${now.set}`;
    showLab({
      key: common.key,
      token,
      value: [...now.wave, strength],
      about: common.usual,
      outline: now.edge,
      ...packed(),
      picture,
    });
    const label = own ? null : set.labels[place];
    const classifiers = now.maps.map((map) => labels[map]);
    const { size, side } = common;
    const subject = { pixels: bytes, size, side, bits: unpack(bits), label, classifiers, seed: now.seed };
    predict.show(now.set === live ? subject : null, now.pictureMaps.length && now.show !== "Error" ? IN_ERROR : "");
    showSources();
  }

  // The app's text about a wave on the maps of a figure; for other maps, how to read them.
  async function tell(isLatest) {
    const [, figure] = figureNow();
    const verdicts = figure && (await load(figure.verdicts));
    if (!isLatest()) return;
    const [i, j] = now.wave;
    const entry = verdicts && (verdicts.waves[`${i},${j}`] ?? verdicts.waves[`${-i},${-j}`]);
    const [verdict, band] = entry || [POINT, ""];
    const claim = verdicts?.bands[band];
    // A wave and its negative are the same; the texts have one of the two names.
    setHtml(byId("sentence"), verdict.replaceAll(waveName([-i, -j]), waveName([i, j])));
    setHtml(byId("claim"), claim?.html ?? "");
    now.edge = claim?.edge ?? 0;
  }

  const names = Object.keys(figures);
  const pairs = names.map((name) => [name, name]);
  const figureRadios = segmented(byId("figures"), "Figures of the paper", "figures", pairs, names[0], start);
  for (const group of byId("figures").querySelectorAll("legend")) group.className = "visually-hidden";
  const boxes = popover(byId("figures"), "Maps").body.appendChild(element("fieldset", "", { id: "maps" }));
  boxes.append(element("legend", "Up to four maps"));
  for (const label of Object.keys(labels)) {
    option(boxes, "checkbox", "maps", label, label, ({ checked }) => {
      now.maps = checked ? [...now.maps, label] : now.maps.filter((map) => map !== label);
      if (!offered(now.show)) now.show = "Error";
      draw(true);
    });
  }
  const view = popover(byId("figures"), "View").body;
  const ways = Object.keys(views).map((show) => [show, show]);
  const shows = segmented(view, "Show", "shows", ways, "Error", (show) => {
    now.show = show;
    draw(true);
  });
  function drawControls() {
    const [name, figure] = figureNow();
    const whole = figure && figure.show === now.show && figure.pictures === now.set;
    for (const [figureName, radio] of figureRadios) radio.checked = whole && figureName === name;
    for (const box of boxes.querySelectorAll("input")) {
      box.checked = now.maps.includes(box.value);
      box.disabled = box.checked ? now.maps.length === 1 : now.maps.length === MAX_MAPS;
    }
    for (const [show, radio] of shows) {
      radio.checked = show === now.show;
      radio.disabled = !offered(show);
    }
    setHtml(byId("rings"), figure?.chart ?? "");
  }

  start(names[0]);
  drawTools(byId("tools"), panels);
  followLink();
  return followLink;

  // Show the maps, view, wave, picture and tool that the address names, as the app's links do.
  function followLink() {
    const link = new URLSearchParams(location.hash.split("?")[1]);
    const maps = [...new Set(link.getAll("maps"))].filter((label) => Object.hasOwn(labels, label)).slice(0, MAX_MAPS);
    const set = Object.keys(sets).find((name) => sets[name].title === link.get("pictures"));
    const wave = (link.get("cell") ?? "").split(",").map(Number);
    const tab = link.get("tab");
    for (const tool of byId("tools").querySelectorAll(".cards input")) {
      const radio = /** @type {HTMLInputElement} */ (tool);
      if (radio.value === tab && !radio.checked) radio.click();
    }
    if (!maps.length) return draw(true); // networks may be unloaded since
    now.maps = maps;
    now.show = link.get("show") ?? "Error";
    if (!(now.show in views) || !offered(now.show)) now.show = "Error";
    const half = Math.max(...maps.map((label) => views.Error[label].maps[0].side)) >> 1;
    if (wave.length === 2 && wave.every((k) => Number.isInteger(k) && Math.abs(k) <= half)) now.wave = wave;
    if (set) {
      now.set = set;
      now.picture[set] = Number(link.get("picture") ?? 0);
      delete now.own[set];
    }
    now.token += 1;
    draw();
  }
}
