// Pictures in canvases: drawn ones, and a reader's own, which is untrusted.

import { element, paintPixels } from "../../ui/components/basics.js";

const MAX_BYTES = 40e6; // of a file
const MAX_PIXELS = 50e6; // of a picture: decoding takes four bytes each
const canvasOf = (side) => element("canvas", "", "", { width: side, height: side });

/** The URL of a square picture. @param {ArrayLike<number>} pixels interleaved */
export function pictureUrl(pixels) {
  const side = Math.sqrt(pixels.length / 3);
  const canvas = canvasOf(side);
  paintPixels(canvas, side, side, (at, channel) => pixels[3 * at + channel]);
  return canvas.toDataURL();
}

/**
 * A reader's picture, cropped to the central square and reduced: interleaved pixels.
 *
 * @param {File} file @param {number} side
 * @throws {Error} one sentence, if it is no picture or too large
 */
async function ownPicture(file, side) {
  if (file.size > MAX_BYTES) throw new Error(`“${file.name}” has over ${MAX_BYTES / 1e6} MB; choose a smaller file.`);
  const image = new Image();
  const url = URL.createObjectURL(file);
  try {
    await new Promise((resolve, reject) => {
      image.onload = resolve; // its size is known, its pixels are not decoded yet
      image.onerror = reject;
      image.src = url;
    });
  } catch {
    throw new Error(`“${file.name}” is no picture that this browser can read; choose a PNG, JPEG or WebP.`);
  } finally {
    URL.revokeObjectURL(url);
  }
  const { naturalWidth: width, naturalHeight: height } = image;
  if (!(width * height)) throw new Error(`“${file.name}” has no size; choose a PNG, JPEG or WebP.`);
  if (width * height > MAX_PIXELS) {
    throw new Error(
      `“${file.name}” has ${width} × ${height} pixels; choose one with at most ${MAX_PIXELS / 1e6} million.`,
    );
  }
  return reduced(image, side);
}

function reduced(image, side) {
  let length = Math.min(image.naturalWidth, image.naturalHeight);
  let [source, left, top] = [image, (image.naturalWidth - length) / 2, (image.naturalHeight - length) / 2];
  for (;;) {
    const next = Math.max(side, Math.ceil(length / 2)); // halving weights all pixels equally
    const canvas = canvasOf(next);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(context, { imageSmoothingEnabled: true, imageSmoothingQuality: "high", fillStyle: "#ffffff" });
    context.fillRect(0, 0, next, next); // what is transparent becomes white, as in the app
    context.drawImage(source, left, top, length, length, 0, 0, next, next);
    [source, length, left, top] = [canvas, next, 0, 0];
    if (next !== side) continue;
    const { data } = context.getImageData(0, 0, side, side);
    return Uint8Array.from({ length: 3 * side * side }, (_, k) => data[4 * Math.floor(k / 3) + (k % 3)]);
  }
}

/**
 * A button that asks for a picture.
 *
 * @param {HTMLElement} parent @param {string} text @param {number} side of the pixels
 * @param {(pixels: Uint8Array, name: string) => any} take @param {(sentence: string) => void} refuse
 */
export function uploadButton(parent, text, side, take, refuse) {
  const label = parent.appendChild(element("label", "upload", text));
  const input = label.appendChild(element("input", "", "", { type: "file", accept: "image/*" }));
  input.addEventListener("change", async () => {
    const [file] = input.files ?? [];
    if (!file) return;
    try {
      await take(await ownPicture(file, side), file.name);
    } catch (error) {
      refuse(/** @type {any} */ (error).message);
    }
    input.value = "";
  });
}
