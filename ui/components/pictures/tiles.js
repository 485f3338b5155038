// Thumbnails, in a grid or a line, like radio buttons in a toolbar: arrow keys move the focus; a click, Enter or Space
// chooses.

import { button, element } from "../basics.js";

const MANY = 50; // named tiles: a button shows those after the first
const FIRST = 35; // as in tiles.css

export function createTiles(parent) {
  const root = parent.appendChild(element("div", "picker"));
  /** @type {Record<string, any>} */
  const picker = {
    root,
    grid: root.appendChild(element("div", "tiles", "", { role: "radiogroup" })),
    all: button(root, "", () => {
      picker.all.hidden = true;
      picker.grid.classList.remove("few");
    }),
    tiles: [],
    selected: null, // the choice
    at: 0, // the focused tile
  };
  const { grid } = picker;
  const tileAt = (event) => picker.tiles.indexOf(event.target.closest(".tile"));
  grid.addEventListener("click", (event) => tileAt(event) >= 0 && chooseTile(picker, tileAt(event)));
  grid.addEventListener("keydown", (event) => stepTiles(picker, event));
  new ResizeObserver(() => picker.data?.line && reveal(grid, picker.tiles[picker.at])).observe(grid);
  return picker;
}

/** Show what `tiles_json` of `pictures.py` has. @param {any} data @param {(index: number) => void} pick */
export function fillTiles(picker, data, pick) {
  picker.pick = pick;
  const drawing = JSON.stringify({ ...data, selected: null, sheet: null });
  if (picker.drawing !== drawing) {
    picker.drawing = drawing;
    rebuildTiles(picker, data);
  }
  if (picker.selected !== data.selected) {
    picker.selected = data.selected; // -1: none
    picker.at = Math.max(0, data.selected);
    if (isFolded(picker, picker.at)) picker.at = 0; // the visitor unfolds them
  }
  showChoice(picker);
}

function rebuildTiles(picker, data) {
  Object.assign(picker, { data, selected: null });
  const { grid, all } = picker;
  const { label, size, across, names, ticks, captions, tile, adds } = data;
  grid.ariaLabel = label;
  grid.style.setProperty("--size", `${size}px`);
  grid.style.setProperty("--across", across);
  for (const name of ["crisp", "line"]) grid.classList.toggle(name, data[name]);
  grid.classList.toggle("across", across > 0);
  grid.classList.toggle("wide", across > 6);
  picker.tiles = captions.map((caption, index) => {
    const about = { role: "radio", ariaLabel: caption, title: caption };
    const node = element("div", ticks[index] ? "tile ticked" : "tile", "", about);
    node.append(element("canvas", "", "", { width: tile, height: tile }));
    if (names.length) node.append(element("span", "tile-name", names[index]));
    return node;
  });
  if (adds) {
    const node = element("div", "tile", "", { role: "radio", ariaLabel: adds, title: adds });
    node.append(element("div", "adds", "+"), element("span", "tile-name", adds));
    picker.tiles.push(node);
  }
  grid.replaceChildren(...picker.tiles);
  grid.classList.toggle("named", names.length > 0);
  all.textContent = `All ${names.length} words`;
  all.hidden = names.length < MANY;
  grid.classList.toggle("few", !all.hidden);
  paintTiles(picker.tiles, data);
}

// Each tile gets its own canvas: scaling must not show a neighbour's pixels at its edge.
async function paintTiles(tiles, { sheet, tile, columns }) {
  const image = new Image();
  image.src = sheet;
  await image.decode();
  tiles.forEach((element, index) => {
    if (element.firstChild.nodeName !== "CANVAS") return;
    const x = (index % columns) * tile;
    const y = Math.floor(index / columns) * tile;
    element.firstChild.getContext("2d").drawImage(image, x, y, tile, tile, 0, 0, tile, tile);
  });
}

const isFolded = ({ grid }, index) => grid.classList.contains("few") && index >= FIRST;

function showChoice({ tiles, selected, at, data, grid }) {
  tiles.forEach((tile, index) => {
    tile.setAttribute("aria-checked", String(index === selected));
    tile.tabIndex = index === at ? 0 : -1; // Tab enters the group once, then leaves it
  });
  if (data.line) reveal(grid, tiles[at]);
}

// Scrolls a line of pictures, not the page, to one of them.
function reveal(line, { offsetLeft, offsetWidth }) {
  if (offsetLeft < line.scrollLeft || offsetLeft + offsetWidth > line.scrollLeft + line.clientWidth) {
    line.scrollLeft = offsetLeft - (line.clientWidth - offsetWidth) / 2;
  }
}

function chooseTile(picker, index) {
  picker.at = index;
  if (index < picker.data.captions.length) picker.selected = index; // shown immediately, without waiting for Python
  showChoice(picker);
  picker.pick(index);
  const opened = picker.data.opens && document.querySelector(`.${picker.data.opens}`);
  if (opened && !isInView(opened)) opened.scrollIntoView({ behavior: "smooth" });
}

// Half of it, at least.
function isInView(node) {
  const { top, bottom, height } = node.getBoundingClientRect();
  return Math.min(bottom, innerHeight) - Math.max(top, 0) > height / 2;
}

// Left and right move by a picture, up and down by a row.
function stepTiles(picker, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const { at, tiles } = picker;
  const columns = getComputedStyle(picker.grid).gridTemplateColumns.split(" ").length;
  const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, " ": 0, Enter: 0 }[event.key];
  if (move === undefined) return;
  event.preventDefault(); // do not scroll the page
  if (!move) return chooseTile(picker, at);
  picker.at = tiles[at + move] ? at + move : at;
  if (isFolded(picker, picker.at)) picker.all.click();
  showChoice(picker);
  tiles[picker.at].focus();
}
