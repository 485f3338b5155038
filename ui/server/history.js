// Makes the browser's Back return to what the visitor saw before. Streamlit alone adds an entry to the history for
// every change of a page's URL, and one for the URL that it empties on the way to another page. Here an entry is
// another page, a chapter, a tool or a word, and there is at most one for each thing that the visitor does. A classic
// script in the page that the server sends (`ui/server/cover.html`): Streamlit writes the first URL before any
// component is there.
(() => {
  const ENTRIES = ["chapter", "tab", "word"]; // names in the URL: a new value of one is an entry
  const RETURNED = "back"; // in the URL, for `url.has_returned`: the page then shows what the rest of the URL says
  const add = history.pushState.bind(history);
  let acted = true; // has the visitor done anything since the last entry?
  let left = location.href; // the URL before that

  for (const kind of ["pointerdown", "keydown", "click"]) {
    addEventListener(kind, () => ([acted, left] = [true, location.href]), true);
  }

  history.pushState = (state, unused, url) => {
    const next = new URL(url ?? "", location.href);
    const [before, after] = [new URL(left).searchParams, next.searchParams];
    const isNew = ENTRIES.some((name) => after.get(name) && after.get(name) !== before.get(name));
    if (next.pathname === location.pathname && !(acted && isNew)) {
      history.replaceState(state, unused, url);
      return;
    }
    if (acted) history.replaceState(history.state, "", left);
    acted = false;
    add(state, unused, url);
  };

  // Before Streamlit's own listener, which sends the URL to the server.
  addEventListener("popstate", () => {
    const url = new URL(location.href);
    if (url.hash) return;
    url.searchParams.set(RETURNED, String(Date.now()));
    history.replaceState(history.state, "", url);
    acted = false;
  });
})();
