// Figure 5: a hole brushed into a photograph, the bundled one or the reader's own, filled by both methods.

import { element, pack, packBits, percent, unpack, unpackBits } from "../../ui/components/basics.js";
import { pixelsOf, planes, softmax } from "../engine/bytes.js";
import { engine, latest } from "../engine/client.js";
import { load, withPixels } from "../engine/packs.js";
import { filledFromRim } from "../engine/starts.js";
import { fillings, squareAround } from "./fillings.js";
import { keptState } from "./kept.js";
import { framed, pictureUrl, uploadButton } from "./picture_elements.js";
import { knownWords, paintLive, SIDE, wanted, wordForm } from "./word_figure.js";

const BRUSH = 12; // pixels, first radius
const SQUARE = 60; // pixels: the paper's hole; budgets are measured in its side
const OWN_HOLE = 96; // pixels, first side in an own photograph
const PAINTER_STYLE = ".over .state { white-space: nowrap; }";
const ALONE = "The second network isn’t on this page. What do you see in the hole alone?";

const middleSquare = () => {
  const inside = (at) => Math.abs(at - SIDE / 2 + 0.5) < OWN_HOLE / 2;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, k) => Number(inside(k % SIDE) && inside(Math.floor(k / SIDE))));
};

/** @param {import("./page.js").Figure} figure */
export async function holeFigure({ stage, mount }) {
  const [stored, { classes }] = await Promise.all([load("hole").then(withPixels), load("engine")]);
  const begin = latest();
  let pixels = unpack(stored.pixels);
  let mask = unpackBits(stored.mask, SIDE * SIDE);
  let caption = stored.caption;
  let shown = classes[stored.target]; // the word of the pictures
  let token = 0; // counts changes by the page, not by the reader's brush
  let drawn = stored.drawings; // the newest
  let isOwn = false; // whether the reader has changed anything
  const { form, input, say, isRunning, drop } = wordForm(stage, "Fill", "what should be there", fill);
  const news = latest(); // about uploads: a refusal is not followed by the first guess of the photo before it
  const refuse = (words) => {
    news();
    say(words);
  };
  uploadButton(form, "+ Your photo", SIDE, take, refuse);
  input.value = shown;
  const row = stage.appendChild(element("div", "hole-stage"));
  const choice = ({ value }) => {
    isOwn = true;
    mask = unpackBits(value, SIDE * SIDE);
    drop();
    shown = input.value.trim() || "picture";
    drawStart(begin());
  };
  const painter = mount("mask", row.appendChild(element("div")), { choice }, PAINTER_STYLE);
  const pair = row.appendChild(element("div"));
  const show = fillings(pair, stored.drawings.length);

  function drawPainter() {
    token += 1;
    painter({
      key: "hole",
      token: String(token),
      value: packBits(mask),
      about: SIDE,
      picture: pictureUrl(pixels),
      alt: caption,
      square: SQUARE,
      papers: SQUARE,
      radius: BRUSH,
    });
  }
  function drawPair(drawings) {
    drawn = drawings;
    const titled = drawings.map((drawing, k) => ({ judged: "", ...drawing, title: stored.drawings[k].title }));
    show({ word: shown, size: SIDE, square: squareAround(mask, SIDE), drawings: titled });
  }
  /** Show, if it is still wanted, and return what a run starts from, before any network has said anything of it. */
  async function drawStart(isWanted) {
    const start = await filledFromRim(planes(pixels), mask);
    const strip = pictureUrl(pixelsOf(start));
    if (isWanted()) drawPair(stored.drawings.map(() => ({ strip, shares: [] })));
    return start;
  }

  async function take(photo) {
    drop();
    isOwn = true;
    const [isLatest, isNews] = [begin(), news()];
    [pixels, mask, caption] = [framed(photo), middleSquare(), `Your photo, ${photo.name}`];
    [shown, input.value] = ["picture", ""];
    drawPainter();
    await drawStart(isLatest);
    const guess = await firstGuess((words) => isNews() && say(words));
    if (isLatest() && !input.value) input.value = guess.word;
    if (isLatest() && isNews())
      say(`First guess: ${guess.word}, ${percent(guess.share)} sure. Paint over a part, then press Fill.`);
  }
  async function firstGuess(report = say) {
    const shares = softmax(await engine.predict(planes(pixels), report));
    const share = Math.max(...shares);
    return { word: classes[shares.indexOf(share)], share };
  }

  async function fill(word) {
    const count = mask.reduce((sum, bit) => sum + bit, 0);
    if (!count) throw new Error("The hole is empty: brush one into the picture.");
    if (count === mask.length) throw new Error("The hole covers the whole picture: leave a part of it.");
    const known = await knownWords();
    if (word) wanted(known, word); // refuses an unknown one before anything loads
    const isWanted = begin();
    isOwn = true;
    if (!word) input.value = (await firstGuess()).word;
    shown = word || input.value;
    const goal = wanted(known, shown);
    pair.scrollIntoView({ behavior: "smooth", block: "nearest" }); // on a phone it is below the painter
    const plan = { start: await drawStart(isWanted), mask: mask.slice(), ...goal, budget: Math.sqrt(count) / SQUARE };
    const stopped = await paintLive("inpainting", plan, isWanted, say, (moments, ended) =>
      drawPair(
        moments.map(({ picture, share, best }) => ({
          strip: picture,
          shares: [share],
          judged: ended ? `${goal.exactly(best)} ${ALONE}`.trim() : "",
        })),
      ),
    );
    return stopped === "replaced";
  }

  const kept = keptState("hole", () => {
    const about = { caption, shown, word: input.value, isOver: !isRunning() };
    if (!isOwn) return null;
    return { pixels: pack(pixels), mask: packBits(mask), drawings: drawn, ...about };
  });
  if (kept) {
    isOwn = true;
    [pixels, mask] = [unpack(kept.pixels), unpackBits(kept.mask, SIDE * SIDE)];
    ({ caption, shown } = kept);
    input.value = kept.word;
  }
  drawPainter();
  if (kept && !kept.isOver) await drawStart(begin());
  else drawPair(kept?.drawings ?? stored.drawings);
}
