// Pictures in canvases: stored ones, and a visitor's own.

import { free } from "./bytes.js";
import { element } from "./elements.js";

// A canvas's pixels, with interleaved red, green and blue.
function pixelsOn(context, side) {
  const { data } = context.getImageData(0, 0, side, side);
  return Uint8Array.from({ length: 3 * side * side }, (_, k) => data[4 * Math.floor(k / 3) + (k % 3)]);
}

// Pictures of a set: each in its own file, or in its place in the sheet of thumbnails. Both are lossless.
async function pixelsAt({ common: { size, strip }, pictures }, places) {
  const context = element("canvas", "", { width: size, height: size }).getContext("2d", { willReadFrequently: true });
  const image = element("img");
  const all = [];
  for (const place of places) {
    const { webp } = pictures[place];
    const source = webp ?? strip.sheet;
    if (image.src !== source) image.src = source;
    await image.decode();
    const [column, row] = webp ? [0, 0] : [place % strip.columns, Math.floor(place / strip.columns)];
    context.drawImage(image, -size * column, -size * row);
    all.push(pixelsOn(context, size));
  }
  return all;
}

/** A picture of a set. @returns {Promise<Uint8Array>} */
export const pixelsIn = async (set, place) => (await pixelsAt(set, [place]))[0];

/** All pictures of a set. @returns {Promise<Uint8Array[]>} */
export const allPixels = (set) => pixelsAt(set, set.pictures.keys());

export function paint(canvas, pixels, side) {
  Object.assign(canvas, { width: side, height: side });
  const image = new ImageData(side, side);
  for (let at = 0; at < side * side; at++)
    image.data.set([pixels[3 * at], pixels[3 * at + 1], pixels[3 * at + 2], 255], 4 * at);
  canvas.getContext("2d").putImageData(image, 0, 0);
  free(image.data);
  return canvas;
}

// A picture's URL, encoded in the background; the caller revokes it. @returns {Promise<string>}
export async function pictureUrl(pixels, side) {
  const canvas = paint(element("canvas"), pixels, side);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve));
  canvas.width = 0; // frees its memory
  return URL.createObjectURL(blob);
}

// A visitor's picture, cropped to the central square and reduced: pixels, with interleaved red, green and blue.
async function ownPicture(file, side) {
  const image = await createImageBitmap(file).catch(() => null);
  if (!image) throw new Error(`“${file.name}” is no picture that this browser can read. Choose a PNG, JPEG or WebP.`);
  let length = Math.min(image.width, image.height);
  let left = (image.width - length) / 2;
  let top = (image.height - length) / 2;
  /** @type {CanvasImageSource} */
  let source = image;
  const halved = () => Math.max(side, Math.ceil(length / 2)); // halving weights all pixels equally
  for (;;) {
    const next = halved();
    const canvas = element("canvas", "", { width: next, height: next });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    Object.assign(context, { imageSmoothingEnabled: true, imageSmoothingQuality: "high", fillStyle: "#ffffff" });
    context.fillRect(0, 0, next, next); // what is transparent becomes white, as in the app
    context.drawImage(source, left, top, length, length, 0, 0, next, next);
    [source, length, left, top] = [canvas, next, 0, 0];
    if (next === side) return pixelsOn(context, side);
  }
}

// Let the visitor choose a picture; call `take(pixels, name)`, or `refuse(sentence)`.
export function askForPicture(side, take, refuse) {
  const input = element("input", "", { type: "file", accept: "image/*" });
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (file)
      await ownPicture(file, side).then(
        (pixels) => take(pixels, file.name),
        (error) => refuse(error.message),
      );
  });
  input.click();
}
