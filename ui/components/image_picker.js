// Draws the thumbnails and moves the choice among them, like a group of radio buttons laid out as a grid.

const GAP = 6; // CSS pixels between thumbnails, as in image_picker.css

const pickers = new WeakMap(); // parentElement -> picker
const remembered = new Map(); // data.key -> { token, index }: survives when Streamlit mounts us anew

export default function ({ data, parentElement, setStateValue }) {
  if (!data) return;
  if (!pickers.has(parentElement)) pickers.set(parentElement, createPicker(parentElement));
  const picker = pickers.get(parentElement);
  picker.send = (index) => setStateValue("choice", { value: index, token: data.token, about: data.about });
  let memory = remembered.get(data.key);
  const moved = memory?.token !== data.token;
  if (moved) memory = { token: data.token, index: data.value };
  remembered.set(data.key, memory);
  picker.memory = memory;
  if (moved) clearTimeout(picker.timer); // a choice still on its way belongs to what was shown before
  const drawing = JSON.stringify([data.about, data.captions, data.label, data.thumbnail]);
  const redraw = picker.drawing !== drawing;
  if (redraw) {
    picker.drawing = drawing;
    rebuild(picker, data);
  }
  showChoice(picker);
  if (redraw || moved) reveal(picker);
}

function createPicker(parentElement) {
  const root = element("div", "picker");
  const picker = {
    root,
    label: root.appendChild(element("div", "label")),
    grid: root.appendChild(element("div", "grid")),
    caption: root.appendChild(element("div", "caption")),
    tiles: [],
    hover: null,
  };
  const { grid, label } = picker;
  label.id = "label";
  grid.setAttribute("role", "radiogroup");
  grid.setAttribute("aria-labelledby", label.id);
  const pointed = (event) => picker.tiles.indexOf(event.target.closest(".tile"));
  grid.addEventListener("click", (event) => pointed(event) >= 0 && choose(picker, pointed(event), 0));
  grid.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") hover(picker, pointed(event)); // a finger scrolls or taps
  });
  grid.addEventListener("pointerleave", () => hover(picker, -1));
  grid.addEventListener("keydown", (event) => step(picker, event));
  parentElement.appendChild(root);
  new ResizeObserver(() => reveal(picker)).observe(grid);
  return picker;
}

function rebuild(picker, data) {
  const hadFocus = picker.tiles.some((tile) => tile.matches(":focus"));
  picker.data = data;
  picker.hover = null;
  picker.label.textContent = data.label;
  picker.root.style.setProperty("--side", `${data.thumbnail}px`);
  picker.root.classList.toggle("crisp", data.crisp);
  picker.tiles = data.captions.map((caption) => {
    const tile = element("div", "tile");
    tile.setAttribute("role", "radio");
    tile.setAttribute("aria-label", caption);
    tile.title = caption;
    const canvas = tile.appendChild(element("canvas"));
    canvas.width = canvas.height = data.tile;
    return tile;
  });
  picker.grid.replaceChildren(...picker.tiles);
  if (hadFocus) picker.tiles[picker.memory.index]?.focus();
  paint(picker.tiles, data);
}

// Each tile gets a canvas of its own, so that no neighbour's pixels show at its edge however it is scaled.
async function paint(tiles, { sheet, tile, columns }) {
  const image = new Image();
  image.src = sheet;
  await image.decode();
  tiles.forEach((element, index) => {
    const x = (index % columns) * tile, y = Math.floor(index / columns) * tile;
    element.firstChild.getContext("2d").drawImage(image, x, y, tile, tile, 0, 0, tile, tile);
  });
}

function showChoice(picker) {
  const { tiles, memory } = picker;
  tiles.forEach((tile, index) => {
    tile.setAttribute("aria-checked", String(index === memory.index));
    tile.tabIndex = index === memory.index ? 0 : -1; // Tab enters the group at the choice, and leaves it again
  });
  describe(picker);
}

function describe({ data, hover, memory, caption }) {
  const index = hover ?? memory.index;
  caption.replaceChildren(
    element("span", "text", data.captions[index]),
    element("span", "count", `${index + 1} of ${data.captions.length}`),
  );
}

function hover(picker, index) {
  picker.hover = index < 0 ? null : index;
  describe(picker);
}

function choose(picker, index, delay) {
  const changed = index !== picker.memory.index;
  picker.memory.index = index;
  showChoice(picker);
  if (!changed) return;
  clearTimeout(picker.timer);
  picker.timer = setTimeout(() => picker.send(index), delay);
}

// Left and right go along the pictures, up and down by a row; Home and End to the first and the last.
function step(picker, event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const { memory: { index }, tiles } = picker;
  const columns = columnCount(picker), last = tiles.length - 1;
  const target = {
    ArrowLeft: Math.max(0, index - 1),
    ArrowRight: Math.min(last, index + 1),
    ArrowUp: index >= columns ? index - columns : index,
    // from above a gap in the last row to that row's end
    ArrowDown: Math.floor(index / columns) < Math.floor(last / columns) ? Math.min(last, index + columns) : index,
    Home: 0,
    End: last,
    " ": index,
    Enter: index,
  }[event.key];
  if (target === undefined) return;
  event.preventDefault(); // do not scroll the page
  picker.hover = null;
  choose(picker, target, event.repeat ? 150 : 0); // a held key reports where it comes to rest
  tiles[target].focus({ preventScroll: true });
  reveal(picker);
}

const columnCount = ({ grid }) => getComputedStyle(grid).gridTemplateColumns.split(" ").length;

// Scroll the grid, not the page, until the choice can be seen.
function reveal({ grid, tiles, memory }) {
  const tile = tiles[memory?.index];
  if (!tile || !grid.clientHeight) return;
  const top = tile.offsetTop - GAP, bottom = top + tile.offsetHeight + 2 * GAP;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (bottom > grid.scrollTop + grid.clientHeight) grid.scrollTop = bottom - grid.clientHeight;
}
