// Scrolls a part of the page to the top of the window when Python's counter increases, once the part has stopped
// moving.

const STILL_FRAMES = 6;
const LATEST_MILLISECONDS = 6000;
const lastCounts = new Map(); // part -> count

export default function ({ data }) {
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
    else if (performance.now() - began < LATEST_MILLISECONDS) requestAnimationFrame(look);
  };
  look();
}
