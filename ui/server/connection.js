// Says in the page's own words that the server does not answer. Streamlit's dialog covers the page and tells visitors
// to start the server. A classic script in the page that the server sends (`ui/server/cover.html`).
(() => {
  const [PATIENCE_MS, STEP_MS] = [2000, 200];
  const TEXT = "The server doesn’t answer. What you see stays here, and the page goes on once the server is back.";
  const DIALOG = "[data-testid=stDialog]:not(:has([data-testid=stVerticalBlock])) button"; // none of the page's own
  const note = Object.assign(document.createElement("div"), { id: "lost", role: "status" });
  let lost = 0; // timer while there is no connection

  const isConnected = () => document.querySelector("[data-test-connection-state=CONNECTED]") !== null;

  function watch(since) {
    /** @type {HTMLElement | null} */ (document.querySelector(DIALOG))?.click();
    if (performance.now() - since > PATIENCE_MS && note.textContent !== TEXT) note.textContent = TEXT;
  }

  new MutationObserver(() => {
    if (isConnected()) {
      clearInterval(lost);
      [lost, note.textContent] = [0, ""];
      document.body.append(note); // before it says anything: screen readers watch it from now on
    } else if (!lost && note.isConnected) {
      lost = setInterval(watch, STEP_MS, performance.now());
    }
  }).observe(document, { subtree: true, attributeFilter: ["data-test-connection-state"] });
})();
