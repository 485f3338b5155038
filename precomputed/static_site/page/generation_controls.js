// Settings of a drawing: a class, and a start of one of several kinds.

import { pack, planes, unpack } from "./bytes.js";
import { classChoice } from "./class_choice.js";
import { button, element, menu, Refusal, segmented } from "./elements.js";
import { mount } from "./mount.js";
import { greyStart } from "./grey.js";
import { load } from "./packs.js";
import { askForPicture, paint } from "./pictures.js";
import { sketchOf, sketchText } from "./sketch_text.js";

const FIRST_SKETCH = "deer";
let token = 0; // of the painter's content; the painter remembers the last one when the controls are rebuilt
const NO_PICTURE = "choose a picture to start from";
const NOISE_NOTE =
  "Two engines may end in different pixels from pixel noise, equally confident: a ResNet’s max-pooling is not " +
  "smooth, so rounding errors grow.";

/** Parameters of the page in the URL. */
export const linked = () => new URLSearchParams(location.hash.split("?")[1] ?? "");

/** A sentence on what of the URL cannot be read; may be empty. @param {string[]} classes */
export async function unreadLink(classes) {
  const [word, sketch] = ["class", "sketch"].map((name) => linked().get(name));
  if (sketch && !(await sketchOf(sketch))) return "The link’s sketch cannot be read; copy the whole link.";
  return word && !classes.includes(word) ? `These networks do not know the link’s class “${word}”.` : "";
}

/** Arguments and result as for `inpaintingControls`. @param {import("./run_page.js").Parts} parts */
export async function generationControls(parts, facts, side, { changed, ofSide, say }) {
  const sides = Object.entries(facts.sets)
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([length, { title }]) => [length, title]);
  const radios = segmented(parts.subject, "Classes of", `side-${side}`, sides, String(side), async (length) => {
    if (!(await ofSide(Number(length), -1, null))) radios.get(String(side)).checked = true;
  });
  const { classes, drawn, starts: kinds } = facts.sets[side];
  const small = side === 32;
  const word = linked().get("class");
  const target = classChoice(
    parts.subject,
    "Draw",
    classes,
    "",
    `words-${side}`,
    classes.includes(word) ? word : drawn,
  );
  const now = { kind: Object.keys(kinds)[0], draw: 0, picture: null };
  const starts = small ? await load("starts") : { sketches: {}, palette: [], drawn: {} };
  const select = menu(parts.subject, "Start from", Object.entries(kinds), (kind) => {
    now.kind = kind;
    if (kind === "picture" && !now.picture) choosePicture();
    if (kind === "sketch" && token === firstToken) target.set(FIRST_SKETCH); // the sketch's class
    show();
  });
  parts.subject.addEventListener("change", ({ target: input }) => {
    if (/** @type {HTMLInputElement} */ (input).type !== "radio") changed(true);
  });
  const anotherStart = button("Another start", () => {
    now.draw += 1;
    changed(true);
  });
  parts.settings.append(anotherStart);

  const preview = parts.canvas.appendChild(element("canvas", "", { className: "start" }));
  const another = parts.canvas.appendChild(button("Pictures", choosePicture));
  const sketcher = parts.canvas.appendChild(element("div"));
  let sketch = small ? unpack(starts.sketches[FIRST_SKETCH]) : new Uint8Array(0);
  const firstToken = ++token;
  let drawSketch = () => {};
  if (small) sketchControls();
  function sketchControls() {
    const names = Object.keys(starts.sketches).map((sketched) => [sketched, sketched]);
    const bundled = menu(sketcher, "Bundled sketch to begin with", [["", "…"], ...names], (sketched) => {
      if (!sketched) return;
      sketch = unpack(starts.sketches[sketched]);
      target.set(sketched);
      bundled.value = "";
      token += 1;
      show();
      changed(true);
    });
    const showPainter = mount("sketch_painter", sketcher.appendChild(element("div")), {
      choice: ({ value }) => {
        sketch = unpack(value);
        changed(true);
      },
    });
    const { palette } = starts;
    drawSketch = () =>
      showPainter({
        key: "sketch",
        token: String(token),
        value: pack(sketch),
        about: [side, side],
        palette,
        background: palette[0][1],
        radius: 2,
      });
    async function link() {
      const text = await sketchText(sketch);
      history.replaceState(null, "", `#generation?sketch=${text}&class=${classes[target() ?? 0]}`);
      await navigator.clipboard?.writeText(location.href).catch(() => {});
      say("The link is in the address bar, and on the clipboard if the browser allows it.");
    }
    sketcher.append(button("Link to this sketch", link));
  }
  function choosePicture() {
    askForPicture(
      side,
      (picture) => {
        now.picture = picture;
        show();
        changed(true);
      },
      say,
    );
  }
  function show() {
    const paints = now.kind === "sketch";
    const hasPicture = now.kind === "picture";
    sketcher.hidden = !paints;
    another.hidden = !hasPicture;
    preview.hidden = !hasPicture || !now.picture;
    parts.canvas.hidden = !paints && !hasPicture;
    anotherStart.hidden = paints || hasPicture;
    if (paints) drawSketch();
    if (hasPicture && now.picture) paint(preview, now.picture, side);
  }

  const greys = new Map(); // draw -> promise of a start
  async function start() {
    if (now.kind === "sketch") return planes(sketch);
    if (now.kind === "picture") return now.picture && planes(now.picture);
    if (now.kind === "grey") {
      if (!greys.has(now.draw)) greys.set(now.draw, greyStart(facts.natural, side, now.draw));
      return greys.get(now.draw);
    }
    const drawings = starts.drawn[now.kind][classes[target() ?? 0]];
    return planes(unpack(drawings[now.draw % drawings.length]));
  }

  const text = small && linked().get("sketch");
  const pixels = text && (await sketchOf(text));
  if (pixels) [sketch, now.kind, select.value] = [pixels, "sketch", "sketch"];
  show();
  return {
    async plan() {
      const class_ = target();
      const values = await start();
      if (!values) throw new Refusal(NO_PICTURE);
      return {
        penalty: null,
        mask: new Uint8Array(side * side).fill(1),
        target: class_,
        start: values,
        budget: 1,
        original: null,
        images: { dataset: "noise", start: now.kind, credit: `Start: ${kinds[now.kind].toLowerCase()}` },
      };
    },
    budget: () => 1,
    note: () => (now.kind === "independent" ? NOISE_NOTE : ""),
    follow() {},
    async bring(run) {
      now.kind = run.variant in kinds ? run.variant : now.kind;
      select.value = now.kind;
      now.draw = 0;
      if (run.targets.length === 1) target.set(classes[run.targets[0]]);
      show();
    },
  };
}
