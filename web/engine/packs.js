// Loads packs (web/packs.py): from a server by fetch, from a file as classic scripts.

import { unpacked } from "./bytes.js";

// @ts-expect-error: a global of components.js, with the components and the index of packs
const lab = laboratory;
export const { components } = lab;

const scriptPieces = new Map(); // pieces that came as scripts
const values = new Map(); // name -> promise of a JSON value

lab.piece = (name, text) =>
  scriptPieces.set(
    name,
    Uint8Array.from(text, (character) => character.charCodeAt(0) & 255),
  );

function byScript(piece) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), {
      src: `packs/${piece}.js`,
      charset: "x-user-defined",
    });
    script.onload = () => {
      script.remove();
      resolve(scriptPieces.get(piece));
      scriptPieces.delete(piece);
    };
    script.onerror = () => reject(new Error(`packs/${piece}.js is missing; copy the whole folder`));
    document.head.append(script);
  });
}

// The text between the quotes of a piece's script, as bytes in place.
function unquoted(script) {
  const first = script.indexOf(0x2c) + 2;
  const last = script.lastIndexOf(0x22);
  let count = 0;
  for (let at = first; at < last; at++) {
    let byte = script[at];
    if (byte === 0x5c) {
      byte = script[++at];
      byte = byte === 0x6e ? 10 : byte === 0x72 ? 13 : byte;
    }
    script[count++] = byte;
  }
  return script.subarray(0, count);
}

// The browser keeps a piece of one version for the next visit.
async function byFetch(piece, version) {
  const answer = await fetch(`packs/${piece}.js?${version}`, { cache: "force-cache" });
  if (!answer.ok) throw new Error(`packs/${piece}.js: the server answered ${answer.status}`);
  return unquoted(new Uint8Array(await answer.arrayBuffer()));
}

// A pack, still packed: a blob, which the browser stores outside the page's memory. report: called with the number of
// bytes of each received piece.
export async function blob(name, report = (_) => {}) {
  const { pieces, version } = lab.packs[name];
  /** @type {any[]} */
  const received = [];
  for (const [k, length] of pieces.entries()) {
    const piece = `${name}.${k}`;
    const bytes = await (location.protocol === "file:" ? byScript(piece) : byFetch(piece, version));
    if (bytes.length !== length) throw new Error(`packs/${piece}.js arrived incomplete`);
    received.push(bytes);
    report(length);
  }
  return new Blob(received);
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

export const sizeOf = (names) =>
  names.flatMap((name) => lab.packs[name].pieces).reduce((sum, length) => sum + length, 0);
