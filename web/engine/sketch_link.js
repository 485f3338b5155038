// A sketch in a link to the app's page Draw.

import { pack } from "../../ui/components/basics.js";

const MOST_COLOURS = 64;

/**
 * Encode a square sketch as `encode_sketch` of core/data/sketches.py does; "" if it has too many colours.
 *
 * @param {Uint8Array} pixels interleaved red, green and blue
 */
export async function encodeSketch(pixels) {
  const area = pixels.length / 3;
  const size = Math.sqrt(area);
  const values = Array.from(
    { length: area },
    (_, k) => (pixels[3 * k] << 16) | (pixels[3 * k + 1] << 8) | pixels[3 * k + 2],
  );
  const colours = [...new Set(values)].sort((a, b) => a - b);
  if (colours.length > MOST_COLOURS) return "";
  const indices = values.map((value) => colours.indexOf(value));
  const rows = indices.map((index, k) => (k < size ? index : index ^ indices[k - size]));
  const bytes = [
    colours.length - 1,
    ...colours.flatMap((value) => [value >> 16, (value >> 8) & 255, value & 255]),
    ...rows,
  ];
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new CompressionStream("deflate"));
  const text = pack(new Uint8Array(await new Response(stream).arrayBuffer()));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
