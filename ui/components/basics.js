// What all components share: elements, buttons, base64, counts, painted pixels, tooltips.

export function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

/** A button; `name` is its label for screen readers and its tooltip. */
export function button(parent, text, action, name = "") {
  const node = parent.appendChild(element("button", "", text));
  node.type = "button";
  if (name) {
    node.setAttribute("aria-label", name);
    node.title = name;
  }
  node.addEventListener("click", action);
  return node;
}

export const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** "1 step" or "1,001 steps", as core.shared.text.count_of. @param {number} number @param {string} noun */
export const countOf = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

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
  const text = element("span", "tooltip-text", words);
  node.tabIndex = 0;
  text.setAttribute("role", "tooltip");
  node.append(text);
  return node;
}

// Parts of a text, with a tooltip at the first use of each term; explained terms are deleted from `terms`.
export function explained(text, terms) {
  if (!Object.keys(terms).length) return [text];
  const pattern = new RegExp(`\\b(${Object.keys(terms).join("|")})\\b`);
  return text.split(pattern).map((part) => {
    const words = terms[part];
    delete terms[part];
    return words ? tooltip(part, words) : part;
  });
}
