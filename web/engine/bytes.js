// Bytes as text, pixels and planes, and logits as probabilities: shared by the page and its worker.

export const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export function pack(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Free memory at once: garbage waiting for collection would take more than the networks. @param {any} values */
export const free = (values) => values?.buffer.transfer?.(0);

export const LARGE = 2 ** 16; // number of values in a picture whose networks and steps need much memory

// Garbage is collected once this much is allocated, though never touched; otherwise it may wait for minutes.
export const sweep = () => new ArrayBuffer(2 ** 27).byteLength;

export const turn = () => new Promise((resolve) => setTimeout(resolve)); // let events run: the page stays responsive

export const UNIT = Float32Array.from({ length: 256 }, (_, level) => level / 255);

// Interleaved red, green and blue as planes of float32 in [0, 1]; and planes as integer levels, still planes.
export function planes(pixels) {
  const area = pixels.length / 3;
  const values = new Float32Array(pixels.length);
  for (let at = 0; at < area; at++) for (let k = 0; k < 3; k++) values[k * area + at] = UNIT[pixels[3 * at + k]];
  return values;
}
export function levels(values) {
  const bytes = new Uint8ClampedArray(values.length); // rounds half to even, as numpy does
  for (let k = 0; k < values.length; k++) bytes[k] = Math.fround(values[k] * 255);
  return bytes;
}

export function pixelsOf(planesOfBytes) {
  const area = planesOfBytes.length / 3;
  return Uint8Array.from({ length: 3 * area }, (_, k) => planesOfBytes[(k % 3) * area + Math.floor(k / 3)]);
}

// As core.shared.numbers.confidence.
export const percent = (share) =>
  share > 0.999 ? "over 99.9 %" : share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;

export function softmax(logits) {
  const most = Math.max(...logits);
  const shares = Array.from(logits, (value) => Math.exp(value - most));
  const sum = shares.reduce((before, value) => before + value, 0);
  return shares.map((value) => value / sum);
}
