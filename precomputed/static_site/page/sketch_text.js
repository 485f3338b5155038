// A sketch as text for a URL, in the format of core/images/sketch.py, so that the app can read it.

import { pack, unpack } from "./bytes.js";

const SIDE = 32;
const MAX_COLOURS = 64;
const MAX_LENGTH = 3000;

const through = async (bytes, stream) =>
  new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());

export async function sketchText(pixels) {
  const codes = Array.from(
    { length: SIDE * SIDE },
    (_, k) => (pixels[3 * k] << 16) | (pixels[3 * k + 1] << 8) | pixels[3 * k + 2],
  );
  const colours = [...new Set(codes)].sort((a, b) => a - b);
  if (colours.length > MAX_COLOURS) throw new Error(`A sketch for a link has at most ${MAX_COLOURS} colours.`);
  const indices = codes.map((code) => colours.indexOf(code));
  const rows = indices.map((index, k) => (k < SIDE ? index : index ^ indices[k - SIDE]));
  const bytes = Uint8Array.from([
    colours.length - 1,
    ...colours.flatMap((code) => [code >> 16, (code >> 8) & 255, code & 255]),
    ...rows,
  ]);
  return pack(await through(bytes, new CompressionStream("deflate")))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

// Pixels, or null if the untrusted text is not a sketch.
export async function sketchOf(text) {
  if (text.length > MAX_LENGTH || !/^[\w-]+$/.test(text)) return null;
  try {
    const bytes = await through(
      unpack(text.replaceAll("-", "+").replaceAll("_", "/")),
      new DecompressionStream("deflate"),
    );
    const count = bytes[0] + 1;
    const rows = bytes.slice(1 + 3 * count);
    if (count > MAX_COLOURS || rows.length !== SIDE * SIDE) return null;
    for (let k = SIDE; k < rows.length; k++) rows[k] ^= rows[k - SIDE];
    if (rows.some((index) => index >= count)) return null;
    return Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, k) => bytes[1 + 3 * rows[Math.floor(k / 3)] + (k % 3)]);
  } catch {
    return null;
  }
}
