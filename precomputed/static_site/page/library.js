// All bundled pictures and the visitor's own, in a dialog like the app's *Pictures*.

import { element, segmented } from "./elements.js";
import { mount } from "./mount.js";
import { latest } from "./latest.js";
import { load } from "./packs.js";
import { askForPicture } from "./pictures.js";

const THUMBNAIL = { true: 32, false: 72 }; // CSS pixels: size of pixelated thumbnails, and of others
const OWN = "It is cropped to a square and made small, and it stays in this browser";

/**
 * Open the library.
 *
 * @param {Record<string, { title: string, side: number }>} sets
 * @param {{ set: string, place: number }} selected place: -1 for the visitor's own picture
 * @param {(choice: { set: string, place: number, own: { pixels: Uint8Array, name: string } | null }) => void} take
 */
export function openLibrary(sets, selected, take) {
  const dialog = document.body.appendChild(element("dialog", "", { className: "library" }));
  const head = dialog.appendChild(element("div", "", { className: "bar" }));
  head.append(element("h2", "Choose a picture"));
  const { begin } = latest();
  let { set } = selected;
  const pairs = Object.entries(sets).map(([name, { title }]) => [name, title]);
  segmented(head, "Pictures", "library", pairs, set, (name) => {
    set = name;
    draw();
  });
  const upload = head.appendChild(element("button", "Your picture", { type: "button", title: OWN }));
  const close = head.appendChild(element("button", "Close", { type: "button" }));
  const refusal = dialog.appendChild(element("p", "", { className: "prose" }));
  refusal.setAttribute("role", "status");
  const end = (choice) => {
    dialog.close();
    take({ set, place: -1, own: null, ...choice });
  };
  const show = mount("image_picker", dialog.appendChild(element("div")), { pick: (place) => end({ place }) });
  async function draw() {
    const isLatest = begin();
    const {
      common: { strip },
    } = await load(set);
    if (!isLatest()) return;
    const { lossless } = strip;
    const place = set === selected.set ? selected.place : -1;
    show({
      ...strip,
      selected: place,
      label: "Bundled pictures",
      thumbnail: THUMBNAIL[String(lossless)],
      crisp: lossless,
    });
  }
  const refuse = (why) => {
    refusal.textContent = why;
  };
  upload.addEventListener("click", () => {
    const isLatest = begin();
    const use = (pixels, name) => isLatest() && end({ own: { pixels, name } });
    askForPicture(sets[set].side, use, refuse);
  });
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // a click outside
  dialog.addEventListener("close", () => {
    begin();
    dialog.remove();
  });
  dialog.showModal();
  draw();
}
