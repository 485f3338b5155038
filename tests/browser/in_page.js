// Questions of the tests to a page in the browser; `waiting.in_page` passes a function on.

// Sets `window.runState` by the first bytes of messages to and from the server. Streamlit itself marks a page as
// running only when the server answers, which a busy server does late.
export const trackRuns = () => {
  const send = WebSocket.prototype.send;
  const seen = new WeakSet();
  const type = (message) => {
    // of a ForwardMsg, after its short fields hash (1) and metadata (2)
    const bytes = new Uint8Array(message.data);
    let start = 0;
    while (bytes[start] === 0x0a || bytes[start] === 0x12) start += 2 + bytes[start + 1];
    const end = bytes[start + 1] === 2 ? "stopped for a rerun" : "script_finished";
    return { 34: "new_session", 48: end }[bytes[start]];
  };
  WebSocket.prototype.send = function (message) {
    if (!seen.has(this)) {
      seen.add(this);
      this.addEventListener("message", (answer) => {
        const state = type(answer);
        if (state === "new_session" && window.runState === "requested") window.runState = "started";
        if (state === "script_finished" && window.runState === "started") window.runState = "finished";
      });
      this.addEventListener("close", () => {
        window.runState = "finished";
      });
    }
    if (message[0] === 0x5a) window.runState = "requested"; // BackMsg.rerun_script
    send.call(this, message);
  };
};

// Elements, texts and sizes of a page, without shadow roots, compared from frame to frame.
export const still = (frames) =>
  new Promise((resolve) => {
    const main = document.querySelector("[data-testid=stMain]") ?? document.body;
    const sight = () =>
      [
        document.querySelectorAll("*").length,
        main.scrollHeight,
        main.scrollWidth,
        ...[...main.querySelectorAll("canvas, svg, img, iframe, [data-testid=stElementContainer]")].flatMap((part) =>
          Object.values(part.getBoundingClientRect().toJSON()),
        ),
      ].join();
    let before = sight();
    let same = 0;
    const look = () => {
      const now = sight();
      same = now === before ? same + 1 : 0;
      before = now;
      if (same >= frames) resolve();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });

export const tooWide = () =>
  [document.documentElement, document.querySelector("[data-testid=stMain]")].filter(
    (part) => part && part.scrollWidth > part.clientWidth,
  ).length;

// As text, which Playwright passes on a hundred times as fast as a list of numbers.
export const canvasBytes = (canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""))];
};

// Cumulative layout shift since the page was opened, without shifts that follow the visitor's own actions, and without
// Streamlit's change of its empty page from narrow to wide, which alone makes 0.07 to 0.09.
export const layoutShifts = () =>
  new Promise((resolve) => {
    const shifts = [];
    const streamlits = (shift) => shift.sources.some(({ node }) => node?.dataset?.testid === "stMainBlockContainer");
    const edges = ({ y, height }) => `${y}+${height}`;
    const name = (node) => node?.closest?.("[class*=st-key]")?.className ?? node?.nodeName;
    const moved = ({ node, previousRect, currentRect }) =>
      `${name(node)}: ${edges(previousRect)} to ${edges(currentRect)}`;
    const add = (list) =>
      list.getEntries().forEach((shift) => {
        if (!shift.hadRecentInput && !streamlits(shift)) shifts.push([shift.value, shift.sources.map(moved)]);
      });
    const observer = new PerformanceObserver((list) => {
      add(list);
      resolve(shifts);
    });
    observer.observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(shifts), 200); // where there is none, nothing calls
  });

// Notes in `window.seen` the waves that the panel shows from now on.
export const noteWaves = (panel) => {
  window.seen = [];
  const note = new MutationObserver(() => window.seen.push(panel.dataset.wave));
  note.observe(panel, { attributeFilter: ["data-wave"] });
};
