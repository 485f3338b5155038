// Pictures in canvases: drawn ones, and a reader's own, which is untrusted.

import { element, paintPixels } from "../../ui/components/basics.js";
import { squareAt } from "../../ui/components/painters/frame.js";
import { latest } from "../engine/client.js";

const MAX_BYTES = 40e6; // of a file
const MAX_PIXELS = 50e6; // of a picture: decoding takes four bytes each
const MAX_RATIO = 4; // of a picture's sides; what a longer one has more is cut off at both ends
const canvasOf = (width, height) => element("canvas", "", "", { width, height });

/** @typedef {{ canvas: HTMLCanvasElement, name: string }} Photo its shorter side has as many pixels as asked for */

/** The URL of a square picture. @param {ArrayLike<number>} pixels interleaved */
export function pictureUrl(pixels) {
  const side = Math.sqrt(pixels.length / 3);
  const canvas = canvasOf(side, side);
  paintPixels(canvas, side, side, (at, channel) => pixels[3 * at + channel]);
  return canvas.toDataURL();
}

/** The largest square of a photo at a place from 0 to 1 on its longer side: interleaved pixels. @param {Photo} photo */
export function framed({ canvas }, place = 0.5) {
  const [left, top, side] = squareAt(canvas.width, canvas.height, place);
  const { data } = contextOf(canvas).getImageData(left, top, side, side);
  return Uint8Array.from({ length: 3 * side * side }, (_, k) => data[4 * Math.floor(k / 3) + (k % 3)]);
}

/** A photo at its size here. @param {string} source its URL @param {string} name @returns {Promise<Photo>} */
export async function photoFrom(source, name) {
  const image = new Image();
  image.src = source;
  await image.decode();
  return { canvas: drawn(image, [0, 0, image.naturalWidth, image.naturalHeight]), name };
}

/**
 * A reader's photo, upright and reduced.
 *
 * @param {File} file @param {number} side its shorter one, in pixels
 * @returns {Promise<Photo>}
 * @throws {Error} one sentence, if it is no picture or larger than allowed
 */
async function ownPhoto(file, side) {
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
    throw new Error(`“${file.name}” isn’t a picture this browser can read; choose a PNG, JPEG or WebP.`);
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
  return { canvas: reduced(image, width, height, side), name: file.name };
}

// Reduce in steps to at most a half, which weight all pixels equally.
function reduced(image, width, height, side) {
  const [across, down] = [Math.min(width, MAX_RATIO * height), Math.min(height, MAX_RATIO * width)];
  let canvas = image;
  let box = [(width - across) / 2, (height - down) / 2, across, down];
  for (;;) {
    const shorter = Math.min(box[2], box[3]);
    const next = Math.max(side, Math.ceil(shorter / 2));
    canvas = drawn(canvas, box, next / shorter);
    box = [0, 0, canvas.width, canvas.height];
    if (next === side) return canvas;
  }
}

// A part of an image, [left, top, width, height], in a canvas.
function drawn(image, box, scale = 1) {
  const [width, height] = [Math.round(box[2] * scale), Math.round(box[3] * scale)];
  const canvas = canvasOf(width, height);
  const context = contextOf(canvas);
  Object.assign(context, { imageSmoothingEnabled: true, imageSmoothingQuality: "high", fillStyle: "#ffffff" });
  context.fillRect(0, 0, width, height); // what is transparent becomes white, as in the app
  context.drawImage(image, ...box, 0, 0, width, height);
  return canvas;
}

const contextOf = (canvas) => canvas.getContext("2d", { willReadFrequently: true });

/**
 * A button that asks for a photo; returns its input.
 *
 * @param {HTMLElement} parent @param {string} text @param {number} side the photo's shorter one, in pixels
 * @param {(photo: Photo) => any} take @param {(sentence: string) => void} refuse
 */
export function uploadButton(parent, text, side, take, refuse) {
  const label = parent.appendChild(element("label", "upload", text));
  const input = label.appendChild(element("input", "", "", { type: "file", accept: "image/*" }));
  const begin = latest();
  input.addEventListener("change", async () => {
    const [file] = input.files ?? [];
    if (!file) return;
    input.value = ""; // the same file can be chosen again
    const isLatest = begin();
    try {
      const photo = await ownPhoto(file, side);
      if (isLatest()) await take(photo);
    } catch (error) {
      if (isLatest()) refuse(/** @type {any} */ (error).message);
    }
  });
  return input;
}
