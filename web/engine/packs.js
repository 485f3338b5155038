// Loads packs (web/packs.py): from a server by fetch, from a file as classic scripts.

// @ts-expect-error: a global of components.js, with the components and the index of packs
const lab = laboratory;
export const { components } = lab;
export const packs = () => lab.packs;

const TRIES = 3; // of one piece
const WAIT = 700; // milliseconds between them, doubled each time
const STORE = "what-does-clip-see";
const isServed = location.protocol !== "file:";
const scriptPieces = new Map(); // pieces that came as scripts
const values = new Map(); // name -> promise of a JSON value

lab.piece = (name, text) => {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at) & 255;
  scriptPieces.set(name, bytes);
};

// Fallback for a cache that is disabled, or unavailable without https: no cache.
const store = () => (isServed && globalThis.caches ? caches.open(STORE).catch(() => null) : Promise.resolve(null));

function byScript(piece) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), {
      src: `packs/${piece}.js`,
      charset: "x-user-defined",
    });
    script.onload = () => {
      const bytes = scriptPieces.get(piece);
      scriptPieces.delete(piece);
      script.remove();
      bytes ? resolve(bytes) : reject(new Error(`packs/${piece}.js is damaged`));
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

async function byFetch(piece, version, keep) {
  const url = new URL(`packs/${piece}.js?${version}`, document.baseURI).href;
  const cache = keep ? await store() : null;
  let answer = await cache?.match(url);
  if (!answer) {
    answer = await fetch(url);
    if (!answer.ok) throw new Error(`packs/${piece}.js: the server answered ${answer.status}`);
    await cache?.put(url, answer.clone()).catch(() => {}); // if the disk is full, continue without a cache
  }
  return unquoted(new Uint8Array(await answer.arrayBuffer()));
}

async function fetchPiece(piece, length, version, keep) {
  for (let attempt = 1; ; attempt++) {
    try {
      const bytes = isServed ? await byFetch(piece, version, keep) : await byScript(piece);
      if (bytes.length !== length) throw new Error(`packs/${piece}.js arrived incomplete`);
      return bytes;
    } catch (error) {
      if (attempt === TRIES || !isServed) throw error;
      if (keep) await (await store())?.delete(new URL(`packs/${piece}.js?${version}`, document.baseURI).href);
      await new Promise((resolve) => setTimeout(resolve, WAIT * 2 ** attempt));
    }
  }
}

// A pack, still packed: a blob, which the browser stores outside the page's memory. keep: for the next visit. report:
// called with the number of bytes of each received piece.
export async function blob(name, { keep = false, report = (_) => {} } = {}) {
  const { pieces, version } = lab.packs[name];
  /** @type {Blob[]} */
  const blobs = [];
  for (const [k, length] of pieces.entries()) {
    const bytes = await fetchPiece(`${name}.${k}`, length, version, keep);
    blobs.push(new Blob([bytes]));
    report(length);
  }
  return new Blob(blobs);
}

export const unpacked = (/** @type {Blob} */ blob) =>
  new Response(blob.stream().pipeThrough(new DecompressionStream("gzip")));

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

// Delete the caches of earlier versions of this page.
export async function forgetOthers() {
  const cache = await store();
  const versions = new Set(Object.values(lab.packs).map(({ version }) => version));
  for (const { url } of (await cache?.keys()) ?? [])
    if (!versions.has(new URL(url).search.slice(1))) cache?.delete(url);
}
