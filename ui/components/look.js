// A newly opened page appears part by part, from the top: a part appears once nothing in it or above it waits for a
// widget's code or for this run, and their heights have been stable for a moment: nothing visibly moves.
// After ten seconds, everything is shown. Until this script is there, a style of the page hides everything
// (`ui/server/cover.html`).
import { PARTS, UNDRAWN, mainElement } from "./streamlit.js";

const QUIET_MS = 60;
const LATEST_MS = 10000;
const STILL_FRAMES = 6;
const PATIENCE_MS = 6000;
const { documentElement } = document;
const veil = new CSSStyleSheet();
document.adoptedStyleSheets.push(veil);
let page = null;
const lastCounts = new Map(); // part -> count of its last scroll or press

export default ({ data }) => (data.page ? appear(data) : data.press ? press(data) : scroll(data));

function appear(data) {
  if (data.page === page) return;
  page = data.page;
  // The page is scrolled from any of its parts: the keyboard needs no stop at the whole.
  mainElement()?.setAttribute("tabindex", "-1");
  const began = performance.now();
  const heights = new WeakMap(); // part -> its height, and the time since which it is stable
  let visible = -1;
  const quiet = (part, now) => {
    const height = part.offsetHeight;
    const [before, since] = heights.get(part) ?? [];
    if (height !== before) heights.set(part, [height, now]);
    return height === before && now - since >= QUIET_MS;
  };
  const show = (count) => {
    if (count === visible) return;
    visible = count;
    veil.replaceSync(
      `${PARTS} > :nth-child(n + ${count + 1}), ${PARTS} > :nth-child(n + ${count + 1}) * ` +
        "{ visibility: hidden !important }",
    );
  };
  const look = (now) => {
    if (data.page !== page) return;
    const parts = [...(document.querySelector(PARTS)?.children ?? [])];
    const still = parts.map((part) => quiet(part, now) && !part.querySelector(UNDRAWN));
    const moving = still.indexOf(false);
    const isDrawn = document.querySelector(".st-key-footer") && moving < 0;
    // The last part may still grow until the footer exists.
    if (!isDrawn && now - began < LATEST_MS) {
      show(Math.max(visible, Math.min(moving < 0 ? Infinity : moving, parts.length - 1)));
      requestAnimationFrame(look);
      return;
    }
    veil.replaceSync("");
    documentElement.dataset.shown = page;
  };
  documentElement.dataset.shown = ""; // no page shown yet; read by tests and benchmarks
  show(0);
  document.getElementById("veil")?.remove();
  requestAnimationFrame(look);
}

// Presses an element when Python's count increases. A browser opens its choice of files so, if it follows a press soon.
function press({ press: selector, count }) {
  if (count <= (lastCounts.get(selector) ?? 0)) return;
  lastCounts.set(selector, count);
  const began = performance.now();
  const look = () => {
    const element = document.querySelector(selector);
    // With a detail, as a pointer's: React Aria takes others for a screen reader's, and blurs the dialog around it.
    if (element) element.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, detail: 1 }));
    else if (performance.now() - began < PATIENCE_MS) requestAnimationFrame(look);
  };
  look();
}

// Scrolls a part of the page to the top of the window when Python's count increases, once the part has stopped moving.
function scroll(data) {
  if (data.count <= (lastCounts.get(data.part) ?? 0)) return;
  lastCounts.set(data.part, data.count);
  const began = performance.now();
  let before = NaN;
  let same = 0;
  const look = () => {
    const part = document.querySelector(data.part);
    const top = part?.getBoundingClientRect().top;
    same = part && top === before && document.documentElement.dataset.shown ? same + 1 : 0;
    before = top;
    if (same >= STILL_FRAMES) part.scrollIntoView({ block: "start" });
    else if (performance.now() - began < PATIENCE_MS) requestAnimationFrame(look);
  };
  look();
}
