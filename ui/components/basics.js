// Shared by all components: views and memories, elements, buttons, base64, counts, painted pixels, tooltips.

const viewsByParent = new WeakMap();
const memories = new Map(); // by a component's key

/** Return what `create` makes of an element when Streamlit passes it for the first time. */
export function viewOf(parentElement, create) {
  if (!viewsByParent.has(parentElement)) viewsByParent.set(parentElement, create(parentElement));
  return viewsByParent.get(parentElement);
}

/** Return what the browser remembers of a component, also after a remount; `begin` makes it if Python changes it. */
export function memoryOf({ key, token }, begin) {
  const former = memories.get(key);
  if (former?.token !== token) memories.set(key, { ...begin(former), token });
  return memories.get(key);
}

/** An element with a text; properties: of the node, such as `role` and `ariaLabel`. @returns {any} */
export function element(tag, className = "", text = "", properties = {}) {
  return Object.assign(document.createElement(tag), { className, textContent: text, ...properties });
}

/** A button; `name` is its label for screen readers and its tooltip. */
export function button(parent, text, action, name = "") {
  const named = name ? { ariaLabel: name, title: name } : {};
  const node = parent.appendChild(element("button", "", text, { type: "button", ...named }));
  node.addEventListener("click", action);
  return node;
}

/** Scroll to the first part of the page that a selector finds. */
export const jumpTo = (selector) => document.querySelector(selector)?.scrollIntoView({ block: "center" });

export const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export const pack = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

// Bits, the first in a byte's highest bit, as numpy packs them.
export const packBits = (bits) =>
  pack(
    Uint8Array.from({ length: bits.length / 8 }, (_, k) =>
      bits.subarray(8 * k, 8 * k + 8).reduce((byte, bit) => (byte << 1) | bit, 0),
    ),
  );

export function unpackBits(base64, count) {
  const bytes = unpack(base64);
  return Uint8Array.from({ length: count }, (_, k) => (bytes[k >> 3] >> (7 - (k & 7))) & 1);
}

/** "1 step" or "1,001 steps", as core.shared.text.count_of. @param {number} number @param {string} noun */
export const countOf = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** Clamped to 1% and 99%: no classifier means 0% or 100%. @param {number} share */
export const percent = (share) => `${Math.min(99, Math.max(1, Math.round(100 * share)))}%`;

/** Paint `value(at, channel)` of each pixel, row by row; the canvas rounds it and clips it to 0 and 255. */
export function paintPixels(canvas, width, height, value) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const { data } = image;
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < 3; channel++) data[4 * at + channel] = value(at, channel);
    data[4 * at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** Text with a dotted underline and a tooltip for pointer, finger and keyboard, as `ui/shared/page.py`. */
export function tooltip(term, words) {
  const node = element("span", "tooltip", term);
  node.tabIndex = 0;
  node.append(element("span", "tooltip-text", words, { role: "tooltip" }));
  return node;
}
