// Loads packs (web/packs.py) from a server or a file; their pieces are scripts.

import { element, unpack } from "../../ui/components/basics.js";
import { unpacked } from "./bytes.js";

// @ts-expect-error: a global of components.js, with the components and the index of packs
const lab = laboratory;
export const { components } = lab;

const received = new Map(); // pieces
const values = new Map(); // name -> promise of a JSON value

lab.piece = (name, text) => received.set(name, unpack(text));

function loadPiece(name, version) {
  return new Promise((resolve, reject) => {
    const script = element("script", "", "", { src: `packs/${name}.js?${version}` });
    const end = () => {
      script.remove();
      if (received.has(name)) resolve(received.get(name));
      else reject(new Error(`packs/${name}.js is missing; copy the whole folder`));
      received.delete(name);
    };
    Object.assign(script, { onload: end, onerror: end });
    document.head.append(script);
  });
}

// A pack, still packed: a blob, which the browser stores outside the page's memory. report: called with the number of
// bytes of each received piece.
export async function blob(name, report = (_) => {}) {
  const { pieces, version } = lab.packs[name];
  const parts = [];
  for (const [k, length] of pieces.entries()) {
    parts.push(await loadPiece(`${name}.${k}`, version));
    report(length);
  }
  return new Blob(parts);
}

/** A JSON value, loaded once; again if it did not arrive. @param {string} name @returns {Promise<any>} */
export function load(name) {
  if (!values.has(name)) {
    const value = blob(name).then((packed) => unpacked(packed).json());
    value.catch(() => values.delete(name));
    values.set(name, value);
  }
  return values.get(name);
}

/** A picture with its pixels for `pixels`, the name of a pack. @param {any} picture */
export const withPixels = async (picture) => ({ ...picture, pixels: await load(picture.pixels) });

export const sizeOf = (names) =>
  names.flatMap((name) => lab.packs[name].pieces).reduce((sum, length) => sum + length, 0);
