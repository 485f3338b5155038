// Draws thumbnails, in a grid or a line, like radio buttons in a toolbar: arrow keys move the focus; a click, Enter or
// Space chooses.

import { button, element } from "../basics.js";
import { reveal } from "./strip.js";

const MANY = 50; // named tiles, of which a button shows the last rows

const pickers = new WeakMap(); // parentElement -> picker

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!pickers.has(parentElement)) pickers.set(parentElement, createPicker(parentElement));
  const picker = pickers.get(parentElement);
  picker.send = (index) => setTriggerValue("pick", index);
  const drawing = JSON.stringify([data.digest, data.captions, data.label, data.thumbnail, data.ticks]);
  if (picker.drawing !== drawing) {
    picker.drawing = drawing;
    rebuild(picker, data);
  }
  if (picker.selected !== data.selected) {
    picker.selected = data.selected; // -1: none
    picker.at = Math.max(0, data.selected);
  }
  showChoice(picker);
}

function createPicker(parentElement) {
  const root = element("div", "picker");
  /** @type {Record<string, any>} */
  const picker = {
    root,
    grid: root.appendChild(element("div", "grid")),
    all: button(root, "", () => {
      picker.all.hidden = true;
      picker.grid.classList.remove("few");
    }),
    caption: root.appendChild(element("div", "caption")),
    tiles: [],
    selected: null, // the choice
    at: 0, // the focused tile
    hover: null,
  };
  const { grid } = picker;
  grid.setAttribute("role", "radiogroup");
  const tileAt = (event) => picker.tiles.indexOf(event.target.closest(".tile"));
  grid.addEventListener("click", (event) => tileAt(event) >= 0 && choose(picker, tileAt(event)));
  grid.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") hover(picker, tileAt(event)); // a finger scrolls or taps
  });
  grid.addEventListener("pointerleave", () => hover(picker, -1));
  grid.addEventListener("focusin", (event) => {
    picker.at = tileAt(event);
    describe(picker);
  });
  grid.addEventListener("focusout", () => describe(picker));
  grid.addEventListener("keydown", (event) => step(picker, event));
  parentElement.appendChild(root);
  return picker;
}

function rebuild(picker, data) {
  Object.assign(picker, { data, hover: null, selected: null });
  picker.grid.setAttribute("aria-label", data.label);
  picker.root.style.setProperty("--side", `${data.thumbnail}px`);
  picker.root.style.setProperty("--across", data.across);
  for (const name of ["crisp", "line"]) picker.root.classList.toggle(name, data[name]);
  picker.root.classList.toggle("across", data.across > 0);
  picker.root.classList.toggle("wide", data.across > 5);
  picker.tiles = data.captions.map((caption, index) => {
    const tile = element("div", data.ticks[index] ? "tile ticked" : "tile");
    tile.setAttribute("role", "radio");
    tile.setAttribute("aria-label", caption);
    tile.title = caption;
    const canvas = tile.appendChild(element("canvas"));
    canvas.width = canvas.height = data.tile;
    if (data.names.length) tile.append(element("span", "name", data.names[index]));
    return tile;
  });
  picker.grid.replaceChildren(...picker.tiles);
  picker.grid.classList.toggle("named", data.names.length > 0);
  picker.all.textContent = `All ${data.names.length} words`;
  picker.all.hidden = data.names.length < MANY;
  picker.grid.classList.toggle("few", !picker.all.hidden);
  paint(picker.tiles, data);
}

// Each tile gets its own canvas, so that scaling shows no neighbour's pixels at its edge.
async function paint(tiles, { sheet, tile, columns }) {
  const image = new Image();
  image.src = sheet;
  await image.decode();
  tiles.forEach((element, index) => {
    const x = (index % columns) * tile;
    const y = Math.floor(index / columns) * tile;
    element.firstChild.getContext("2d").drawImage(image, x, y, tile, tile, 0, 0, tile, tile);
  });
}

function showChoice(picker) {
  const { tiles, selected, at } = picker;
  tiles.forEach((tile, index) => {
    tile.setAttribute("aria-checked", String(index === selected));
    tile.tabIndex = index === at ? 0 : -1; // Tab enters the group once, then leaves it
  });
  if (picker.data.line) reveal(picker.grid, tiles[at]);
  if (!tiles[at].offsetParent) picker.all.click(); // it is one of those behind the button
  describe(picker);
}

// Tells of the tile under the pointer, of the focused one, or of the choice; of none while nothing is chosen.
function describe(picker) {
  const { data, hover, at, selected, tiles, caption } = picker;
  const index = hover ?? (tiles[at].matches(":focus") ? at : selected);
  caption.replaceChildren();
  if (index < 0) return;
  caption.append(
    element("span", "text", data.captions[index]),
    element("span", "count", `${index + 1} of ${data.captions.length}`),
  );
}

function hover(picker, index) {
  picker.hover = index < 0 ? null : index;
  describe(picker);
}

function choose(picker, index) {
  picker.selected = picker.at = index; // shown immediately, without waiting for Python
  showChoice(picker);
  picker.send(index);
  const opened = picker.data.opens && document.querySelector(`.${picker.data.opens}`);
  if (opened && !isInView(opened)) opened.scrollIntoView({ behavior: "smooth" });
}

// Half of it, at least.
function isInView(node) {
  const { top, bottom, height } = node.getBoundingClientRect();
  return Math.min(bottom, innerHeight) - Math.max(top, 0) > height / 2;
}

// Left and right move by a picture, up and down by a row; Home and End go to the first and the last.
function step(picker, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const { at, tiles } = picker;
  const columns = getComputedStyle(picker.grid).gridTemplateColumns.split(" ").length;
  const last = tiles.length - 1;
  const target = {
    ArrowLeft: Math.max(0, at - 1),
    ArrowRight: Math.min(last, at + 1),
    ArrowUp: at >= columns ? at - columns : at,
    // above a gap in the last row, go to that row's end
    ArrowDown: Math.floor(at / columns) < Math.floor(last / columns) ? Math.min(last, at + columns) : at,
    Home: 0,
    End: last,
    " ": at,
    Enter: at,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault(); // do not scroll the page
  picker.hover = null;
  picker.at = target;
  if (event.key === " " || event.key === "Enter") choose(picker, target);
  else showChoice(picker);
  tiles[target].focus();
}
