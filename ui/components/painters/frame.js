// A whole photo under a frame, the square of it that is used. Dragging, touch and arrow keys move the frame along the
// longer side; nothing else changes.

import { element } from "../basics.js";

const FRAME_KEYS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -1000, End: 1000 };

/** Left, top and size of the square in pixels, as `framed_square` cuts it; `place`: from 0 to 1 on the longer side. */
export function squareAt(width, height, place) {
  const size = Math.min(width, height);
  const [left, top] = [width, height].map((length) => Math.floor((length - size) * place + 0.5));
  return [left, top, size];
}

/** Create a frame in `parent`. `onMove(place, ended)`: called as it moves, and with `ended` when it is let go. */
export function createFrame(parent, onMove) {
  const root = parent.appendChild(element("div", "photo-frame", "", { role: "slider", ariaLabel: "Frame" }));
  /** @type {any} */
  const frame = { root, onMove, place: 0.5, drag: null };
  frame.picture = root.appendChild(element("img", "", "", { draggable: false }));
  frame.square = root.appendChild(element("div", "square"));
  root.addEventListener("keydown", (event) => stepFrame(frame, event));
  root.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || !freeOf(frame)) return;
    root.setPointerCapture(event.pointerId);
    const { left, top, right, bottom } = frame.square.getBoundingClientRect();
    const [x, y] = [event.clientX, event.clientY];
    // One takes hold of the frame where it is; elsewhere it comes to the pointer first.
    if (x < left || x > right || y < top || y > bottom) {
      moveFrame(frame, frame.place + (frame.isWide ? x - (left + right) / 2 : y - (top + bottom) / 2) / freeOf(frame));
    }
    frame.drag = { from: frame.isWide ? x : y, place: frame.place };
  });
  root.addEventListener("pointermove", (event) => {
    if (!frame.drag) return;
    const { from, place } = frame.drag;
    moveFrame(frame, place + ((frame.isWide ? event.clientX : event.clientY) - from) / freeOf(frame));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    root.addEventListener(name, () => {
      if (!frame.drag) return;
      frame.drag = null;
      frame.onMove(frame.place, true);
    });
  }
  return frame;
}

/** Show a photo. source: its URL. width, height: of the photo in any unit. alt: what it shows. */
export function showFrame(frame, { source, width, height, place, alt }) {
  const { root, picture, square } = frame;
  Object.assign(frame, { width, height, isWide: width > height });
  if (picture.getAttribute("src") !== source) picture.src = source;
  picture.alt = alt;
  root.style.setProperty("--ratio", String(width / height));
  root.classList.toggle("wide", frame.isWide);
  square.style.width = `${100 * Math.min(1, height / width)}%`;
  square.hidden = width === height;
  root.tabIndex = square.hidden ? -1 : 0;
  root.ariaOrientation = frame.isWide ? "horizontal" : "vertical";
  [root.ariaValueMin, root.ariaValueMax] = ["0", "100"];
  if (!frame.drag) placeFrame(frame, place);
}

// Screen pixels along which the frame can move.
function freeOf({ root, isWide }) {
  const { width, height } = root.getBoundingClientRect();
  return isWide ? width - height : height - width;
}

function stepFrame(frame, event) {
  const step = FRAME_KEYS[event.key];
  if (!step || frame.square.hidden || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault(); // do not scroll the page
  moveFrame(frame, frame.place + step * (event.shiftKey ? 0.2 : 0.02));
  frame.onMove(frame.place, true);
}

function moveFrame(frame, place) {
  placeFrame(frame, Math.min(1, Math.max(0, place)));
  frame.onMove(frame.place, false);
}

function placeFrame(frame, place) {
  const { root, square, isWide, width, height } = frame;
  frame.place = place;
  const free = 100 * place * (1 - Math.min(width, height) / Math.max(width, height));
  square.style.left = isWide ? `${free}%` : "0";
  square.style.top = isWide ? "0" : `${free}%`;
  root.ariaValueNow = String(Math.round(100 * place));
}
