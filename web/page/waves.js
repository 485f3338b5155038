// Figure 3: a picture under stripes, and every wave at once; a wave touched in one is laid over the other. The reader's
// own picture takes the place of the bundled one, with the networks' predictions under each wave computed here.

import { fourierBasis, signsAt } from "../../ui/components/maps/wave.js";
import { pack, softmax, UNIT, unpack } from "../engine/bytes.js";
import { engine, latest } from "../engine/client.js";
import { load } from "../engine/packs.js";
import { uploadButton } from "./pictures.js";
import { element } from "./words.js";

const CHUNK = 26; // pictures in one request: 0.1 s, so that a touched wave soon has its turn
const linked = { wave: /** @type {[number, number]} */ ([0, 1]), stripes: (_) => {}, maps: (_) => {} };

/**
 * clip(X + r v U, 0, 1), as core.fourier.waves.perturb: planes of float32.
 *
 * @param {{ pixels: Uint8Array, size: number, side: number, signs: Uint8Array, epsilon: number }} picture
 *   its bytes, and the signs of a map's side
 * @param {[number, number]} wave
 */
function underWave({ pixels, size, side, signs: bits, epsilon }, wave) {
  const signs = /** @type {number[]} */ (signsAt(bits, side, wave));
  const basis = fourierBasis(wave, size);
  const strength = Math.fround(epsilon);
  const area = size * size;
  const values = new Float32Array(3 * area);
  for (let at = 0; at < area; at++) {
    const step = Math.fround(basis[at] * strength);
    for (let k = 0; k < 3; k++) {
      values[k * area + at] = Math.min(1, Math.max(0, Math.fround(UNIT[pixels[3 * at + k]] + signs[k] * step)));
    }
  }
  return values;
}

/** @param {import("./page.js").Figure} figure */
export async function stripesFigure({ stage, mount, attempt }) {
  const stored = await load("stripes");
  const bar = stage.appendChild(element("div", "", { className: "bar" }));
  const line = element("span", "", { className: "say" });
  line.setAttribute("role", "status");
  const say = (words) => {
    line.textContent = words;
  };
  uploadButton(bar, "+ Your picture", stored.size, (pixels) => attempt(() => predict(pixels)), say);
  bar.append(line);
  let data = stored;
  const begin = latest();
  const show = mount("stripes", stage.appendChild(element("div")), {
    choice: ({ value }) => {
      linked.wave = value;
      linked.maps(value);
    },
  });
  linked.stripes = (value) =>
    show({
      key: "stripes",
      token: `${data.pixels.length} ${data.pixels.slice(0, 40)} ${value}`,
      about: null,
      ...data,
      value,
    });
  show({ key: "stripes", token: "first", about: null, ...stored, value: linked.wave });

  // Predict under every wave: the touched one first.
  async function predict(pixels) {
    const isLatest = begin();
    const facts = await load("engine");
    const names = facts.predictors;
    const size = engine.megabytes(names, facts);
    if (!engine.has(names))
      await engine.load(names, (share) => say(`Loading two networks, ${size} MB: ${Math.round(100 * share)} %`));
    const { side, epsilon } = stored;
    const picture = { pixels, size: stored.size, side, signs: unpack(stored.signs), epsilon };
    const half = side >> 1;
    const waves = halfPlane(half);
    waves.sort((a, b) => distance(a, linked.wave) - distance(b, linked.wave));
    const top = (logits) => {
      const shares = softmax(logits);
      const share = Math.max(...shares);
      return [shares.indexOf(share), share];
    };
    const answer = (pictures) => engine.request("predict", { names, pictures });
    const clean = await answer([underWave({ ...picture, epsilon: 0 }, [0, 1])]);
    const networks = names.map((name, k) => ({
      ...stored.networks[k],
      title: facts.networks[name].title,
      colour: facts.networks[name].colour,
      clean: top(clean.logits[name][0]),
      cells: new Array(side * side).fill(top(clean.logits[name][0])),
    }));
    if (!isLatest()) return;
    const label = networks[0].clean[0];
    data = { ...stored, pixels: pack(pixels), names: facts.small, label, networks };
    for (let at = 0; at < waves.length; at += CHUNK) {
      const chunk = waves.slice(at, at + CHUNK);
      const { logits } = await answer(chunk.map((wave) => underWave(picture, wave)));
      if (!isLatest()) return;
      chunk.forEach(([i, j], n) => {
        for (const [k, name] of names.entries())
          for (const sign of [1, -1])
            networks[k].cells[(half + sign * i) * side + half + sign * j] = top(logits[name][n]);
      });
      if (at === 0) linked.stripes(linked.wave);
      say(`Your picture under ${Math.min(waves.length, at + CHUNK)} of ${waves.length} waves`);
    }
    linked.stripes(linked.wave);
    const misled = networks.map(({ title, clean, cells }) => {
      const count = waves.filter(([i, j]) => cells[(half + i) * side + half + j][0] !== clean[0]).length;
      return `${count} (${title})`;
    });
    say(
      `${misled.join(" and ")} of ${waves.length} waves lead away from the first prediction. They know only ten words.`,
    );
  }
}

/** Each distinct wave up to `half`: (i, j) equals (-i, -j). @param {number} half @returns {[number, number][]} */
function halfPlane(half) {
  const waves = /** @type {[number, number][]} */ ([]);
  for (let i = 0; i <= half; i++) for (let j = i ? -half : 0; j <= half; j++) waves.push([i, j]);
  return waves;
}

const distance = ([i, j], [k, l]) => Math.min(Math.hypot(i - k, j - l), Math.hypot(i + k, j + l));

function drawMaps(name, { stage, mount }, data, onChoice) {
  const show = mount("heatmap", stage.appendChild(element("div")), {
    choice: ({ value }) => onChoice(value.slice(0, 2)),
  });
  return (value) => show({ key: name, token: String(value), about: null, ...data, value });
}

/** @param {import("./page.js").Figure} figure */
export async function mapsFigure(figure) {
  const data = await load("maps");
  const draw = drawMaps("maps", figure, data, (wave) => {
    linked.wave = wave;
    linked.stripes(wave);
  });
  linked.maps = draw;
  draw(linked.wave);
}

/** @param {import("./page.js").Figure} figure */
export async function limitsFigure(figure) {
  const data = await load("limits");
  drawMaps("limits", figure, data, () => {})(data.value);
}
