// What a drawing begins with: a class, and a start of one of several kinds.

import { levels, pack, pixelsOf, planes, unpack } from "./bytes.js";
import { classChoice } from "./class_choice.js";
import { element, menu, mount, option } from "./elements.js";
import { greyStart } from "./grey.js";
import { load } from "./packs.js";
import { askForPicture, paint } from "./pictures.js";
import { sketchOf, sketchText } from "./sketch_text.js";

const NOISE_NOTE = "From pixel noise two engines may end in other pixels, equally confident: where a ResNet’s max-pooling is not " +
  "smooth, rounding sends them apart.";

/** Arguments and result as of `inpaintingControls`. */
export const generationControls = (parts, facts, side, say) => (side === 32 ? small : large)(parts, facts, side, say);

const planOf = (start, target, kind, label) => ({
  penalty: null, mask: new Uint8Array(start.length / 3).fill(1), target, start, budget: 1, original: null,
  images: { dataset: "noise", start: kind, credit: `Start: ${label.toLowerCase()}` },
});

/**
 * A menu of kinds of starts, and a button for another start of the chosen kind: a picture is asked for, else the next is drawn.
 *
 * @param {any} parts @param {Record<string, string>} kinds labels by kind @param {string} first
 * @param {number} side @param {{ take: (chosen: Uint8Array) => void, show: () => void, say: (sentence: string) => void }} page
 *   takes the pixels of a visitor's picture, and shows a start
 */
function startMenu(parts, kinds, first, side, { take, show, say }) {
  const now = { kind: first, draw: 0, hasPicture: false };
  const choosePicture = () => askForPicture(side, (chosen) => {
    take(chosen);
    now.hasPicture = true;
    show();
  }, say);
  const select = menu(parts.fields, "Start", Object.entries(kinds), (value) => {
    now.kind = value;
    other.textContent = value === "picture" ? "Another picture" : "Another start";
    if (value === "picture" && !now.hasPicture) choosePicture();
    show();
  });
  select.value = first;
  const other = parts.fields.appendChild(element("button", "Another start", { type: "button" }));
  other.addEventListener("click", () => {
    if (now.kind === "picture") choosePicture();
    else now.draw += 1;
    show();
  });
  return Object.assign(now, { select, other });
}

async function large(parts, facts, side, say) {
  const { classes, drawn } = facts.sets[side], word = new URLSearchParams(location.hash.split("?")[1] ?? "").get("class");
  const target = classChoice(parts.top, "Ask for", classes, "", "words-to-draw", classes.includes(word) ? word : drawn);
  parts.top.classList.add("fields");
  const preview = parts.canvas.appendChild(element("canvas", "", { className: "start" }));
  let picture = null;
  const kinds = { grey: "Grey", picture: "Picture" };
  const now = startMenu(parts, kinds, "grey", side, { take: (chosen) => { picture = planes(chosen); }, show, say });
  const greys = new Map(); // draw -> promise of a start
  function start() {
    if (now.kind === "picture") return picture;
    if (!greys.has(now.draw)) greys.set(now.draw, greyStart(facts.natural, side, now.draw));
    return greys.get(now.draw);
  }
  async function show() {
    const values = await start();
    preview.hidden = !values;
    if (values) paint(preview, pixelsOf(levels(values)), side);
  }
  show();
  return async () => {
    const values = await start();
    if (!values) throw new Error("Choose a picture to start from.");
    return planOf(values, target(), now.kind, kinds[now.kind]);
  };
}

async function small(parts, facts, side, say) {
  const starts = await load("starts"), { classes } = facts.sets[side], kinds = { ...starts.labels, sketch: "Sketch", picture: "Picture" };
  let target = "dog", token = 0, sketch = unpack(starts.sketches.deer), picture = null;
  const chips = parts.top.appendChild(element("fieldset", "", { className: "choice chips" }));
  chips.append(element("legend", "Class to draw", { className: "visually-hidden" }));
  const buttons = new Map(classes.map((name) => [name, option(chips, "radio", "drawn", name, name, () => { target = name; show(); })]));
  const choose = (name) => {
    target = name;
    buttons.get(name).checked = true;
  };
  const painter = parts.canvas.appendChild(element("div"));
  const preview = parts.canvas.appendChild(element("canvas", "", { className: "start" }));
  const showPainter = mount("sketch_painter", painter, { choice: ({ value }) => { sketch = unpack(value); } });
  const now = startMenu(parts, kinds, "blur", side, { take: (chosen) => { picture = chosen; }, show, say });
  const sketches = [["", "…"], ...Object.keys(starts.sketches).map((name) => [name, name])];
  const bundled = menu(parts.fields, "Begin with a sketch of", sketches, (name) => {
    if (!name) return;
    sketch = unpack(starts.sketches[name]);
    choose(name);
    token += 1;
    show();
  });
  const link = parts.fields.appendChild(element("button", "Link to this sketch", { type: "button" }));
  link.addEventListener("click", async () => {
    const text = await sketchText(sketch);
    history.replaceState(null, "", `#generation?sketch=${text}&class=${target}`);
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    say("The link stands in the address bar, and on the clipboard where the browser allows it.");
  });

  function pixelsNow() {
    if (now.kind === "sketch") return sketch;
    if (now.kind === "picture") return picture;
    const stored = starts.drawn[now.kind][target];
    return unpack(stored[now.draw % stored.length]);
  }
  function show() {
    const paints = now.kind === "sketch", pixels = pixelsNow();
    painter.hidden = link.hidden = /** @type {any} */ (bundled).parentElement.hidden = !paints;
    now.other.hidden = paints;
    preview.hidden = paints || !pixels;
    if (paints) {
      const { palette } = starts;
      showPainter({ key: "sketch", token: String(token), value: pack(sketch), about: [side, side], palette, background: palette[0][1], radius: 2 });
    } else if (pixels) paint(preview, pixels, side);
    say(now.kind === "independent" ? NOISE_NOTE : "");
  }

  const parameters = new URLSearchParams(location.hash.split("?")[1] ?? ""), text = parameters.get("sketch"), linked = text && (await sketchOf(text));
  if (linked) [sketch, now.kind, now.select.value] = [linked, "sketch", "sketch"];
  choose(classes.find((name) => name === parameters.get("class")) ?? target);
  show();
  return () => {
    const pixels = pixelsNow();
    if (!pixels) throw new Error("Choose a picture to start from.");
    return planOf(planes(pixels), classes.indexOf(target), now.kind, kinds[now.kind]);
  };
}
