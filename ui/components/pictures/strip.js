// Row of thumbnails to choose a picture from: native radio buttons, so that the arrow keys work.

import { element } from "../basics.js";

export function createStrip(parent, label, pick) {
  const root = parent.appendChild(element("fieldset", "strip"));
  root.setAttribute("aria-label", label);
  return { root, pick, awaited: null, picking: 0 };
}

// `thumbnails` from `pictures.py`, and `selected`; nothing if there are no thumbnails.
export function fillStrip(strip, thumbnails, name) {
  const { root } = strip;
  root.hidden = !thumbnails;
  if (!thumbnails) return;
  if (root.dataset.sheet !== thumbnails.digest) {
    root.dataset.sheet = thumbnails.digest;
    // One rule for all tiles: the browser would decode a data URL in each tile's style again.
    const sheet = element("style", "", `.tile { background-image: url(${thumbnails.sheet}) }`);
    root.replaceChildren(sheet, ...thumbnails.captions.map((_, place) => thumbnail(strip, thumbnails, place, name)));
    strip.awaited = null;
  }
  if (strip.awaited === thumbnails.selected) strip.awaited = null;
  if (strip.awaited != null) return; // a newer choice is pending
  const inputs = root.querySelectorAll("input");
  const current = inputs[thumbnails.selected];
  for (const input of inputs) input.checked = input === current; // none for the visitor's own picture
  if (current) reveal(root, current.parentElement);
}

function thumbnail(strip, { columns, captions, lossless }, place, name) {
  const label = element("label");
  label.title = captions[place];
  const input = label.appendChild(element("input"));
  Object.assign(input, { type: "radio", name });
  input.setAttribute("aria-label", captions[place]);
  input.addEventListener("change", () => {
    strip.awaited = place;
    reveal(strip.root, label);
    clearTimeout(strip.picking);
    strip.picking = setTimeout(strip.pick, 100, place); // when a held key rests
  });
  const tile = label.appendChild(element("span", lossless ? "tile crisp" : "tile"));
  const rows = Math.ceil(captions.length / columns);
  const percent = (at, count) => (count > 1 ? (100 * at) / (count - 1) : 0);
  const across = percent(place % columns, columns);
  const down = percent(Math.floor(place / columns), rows);
  Object.assign(tile.style, {
    backgroundPosition: `${across}% ${down}%`,
    backgroundSize: `${100 * columns}% ${100 * rows}%`,
  });
  return label;
}

// Scrolls a line of pictures, not the page, to one of them.
export function reveal(line, { offsetLeft, offsetWidth }) {
  if (offsetLeft < line.scrollLeft || offsetLeft + offsetWidth > line.scrollLeft + line.clientWidth) {
    line.scrollLeft = offsetLeft - line.clientWidth / 2;
  }
}
