// Figure 5: a hole brushed into a photograph, the bundled one or the reader's own, filled by both searches.

import { levels, pack, planes, softmax, unpack } from "../engine/bytes.js";
import { engine, latest } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { filledFromRim } from "../engine/search.js";
import { paint, uploadButton } from "./pictures.js";
import { captioned, drawLive, element, knownWords, SIDE, wanted, withPainter, wordForm } from "./words.js";

const BRUSH = 12; // pixels, first radius
const SQUARE = 60; // pixels: the paper's hole, in whose side budgets are measured
const OWN_HOLE = 96; // pixels, first side in an own photograph
// What is painted is said below the picture, whose top agrees with the others'.
const PAINTER_STYLE =
  ".over { padding: 0 0 32px; } .over .state { inset: auto auto 0 0; height: 24px; white-space: nowrap; } " +
  ".over .state::before { content: none; } .over .bar { bottom: 40px; } .over .kit { bottom: 84px; }";
const STYLE = ".chips { display: none; } .squares { grid-template-columns: repeat(2, minmax(0, 1fr)); }";

// Packed bits, the first pixel in a byte's highest bit.
const bitsOf = (mask) =>
  pack(
    Uint8Array.from({ length: mask.length / 8 }, (_, k) =>
      mask.subarray(8 * k, 8 * k + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
    ),
  );
function maskOf(text) {
  const bytes = unpack(text);
  return Uint8Array.from({ length: SIDE * SIDE }, (_, k) => (bytes[k >> 3] >> (7 - (k & 7))) & 1);
}

const middleSquare = () => {
  const inside = (at) => Math.abs(at - SIDE / 2 + 0.5) < OWN_HOLE / 2;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, k) => Number(inside(k % SIDE) && inside(Math.floor(k / SIDE))));
};

/** @param {import("./page.js").Figure} figure */
export async function holeFigure({ stage, mount }) {
  const [stored, { classes }] = await Promise.all([load("hole"), load("engine")]);
  const begin = latest();
  let pixels = unpack(stored.pixels);
  let mask = maskOf(stored.mask);
  let caption = stored.caption;
  let token = 0; // counts changes by the page, not by the reader's brush
  const { form, input, say } = wordForm(stage, "Fill", "what should be there", fill);
  uploadButton(form, "+ Your photograph", SIDE, take, say);
  input.value = classes[stored.target];
  const row = stage.appendChild(element("div", "", { className: "hole-stage" }));
  const choice = ({ value }) => {
    mask = maskOf(value);
    engine.stop();
    begin();
  };
  const painter = mount("mask", row.appendChild(element("div")), { choice }, PAINTER_STYLE);
  const pair = row.appendChild(element("div"));
  const show = mount("opening", pair, {}, STYLE);

  function drawPainter() {
    token += 1;
    painter({
      key: "hole",
      token: String(token),
      value: bitsOf(mask),
      about: [SIDE, SIDE],
      picture: paint(pixels, SIDE).toDataURL(),
      alt: caption,
      side: SQUARE,
      papers: SQUARE,
      radius: BRUSH,
    });
  }
  function drawPair(drawings) {
    const word = input.value || "picture";
    show({ words: [word], chosen: 0, size: SIDE, drawings: captioned(stored, drawings) });
  }
  /** Show and return what a run starts from, of which no network has said anything. */
  async function drawStart() {
    const start = await filledFromRim(planes(pixels), mask);
    const strip = paint(levelsOf(start), SIDE).toDataURL();
    drawPair(stored.drawings.map(() => ({ strip, shares: [] })));
    return start;
  }
  const levelsOf = (values) => {
    const bytes = levels(values);
    const area = SIDE * SIDE;
    return Uint8Array.from({ length: 3 * area }, (_, k) => bytes[(k % 3) * area + Math.floor(k / 3)]);
  };

  async function take(own, name) {
    engine.stop();
    const isLatest = begin();
    [pixels, mask, caption] = [own, middleSquare(), `Your photograph, ${name}`];
    input.value = "";
    drawPainter();
    await drawStart();
    const guess = await firstGuess();
    if (isLatest() && !input.value) input.value = guess.word;
    if (isLatest())
      say(`${guess.word}: its own first guess, ${Math.round(100 * guess.share)} % sure. Brush, then Fill.`);
  }
  async function firstGuess() {
    const { painter: name } = await withPainter(say);
    const { logits } = await engine.request("predict", { names: [name], pictures: [planes(pixels)] });
    const shares = softmax(logits[name][0]);
    const share = Math.max(...shares);
    return { word: classes[shares.indexOf(share)], share };
  }

  async function fill(word) {
    const count = mask.reduce((sum, bit) => sum + bit, 0);
    if (!count) throw new Error("The hole is empty: brush one into the picture.");
    if (count === mask.length) throw new Error("The hole covers the whole picture: erase a part of it.");
    const known = await knownWords();
    if (word) wanted(known, word); // refuses an unknown one before anything loads
    const isWanted = begin();
    const facts = await withPainter(say);
    if (!word) input.value = (await firstGuess()).word;
    const goal = wanted(known, input.value);
    pair.scrollIntoView({ behavior: "smooth", block: "nearest" }); // on a phone it is below the painter
    const plan = { start: await drawStart(), mask: mask.slice(), ...goal, budget: Math.sqrt(count) / SQUARE };
    await drawLive("inpainting", facts, plan, isWanted, say, drawPair);
  }

  drawPainter();
  drawPair(stored.drawings);
}
