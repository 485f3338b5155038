// Makes the browser's Back leave a page and return to the state in which it was left. Streamlit alone adds an
// entry to the history for every change of a page's URL, and one for the URL that it empties or changes on the way to
// another page. Here only other pages and the story’s chapters are entries. A classic script in the
// page that the server sends (`ui/server/cover.html`): Streamlit writes the first URL before any component is there.
(() => {
  const SOON_MS = 1000; // what Streamlit does on the way to another page takes less
  const add = history.pushState.bind(history);
  let former = { url: "", at: -Infinity }; // the URL before changes without an entry, and the time of the first one

  history.pushState = (state, unused, url) => {
    const next = new URL(url ?? "", location.href);
    const before = new URLSearchParams(location.search);
    const isNew = (name) => next.searchParams.get(name) && next.searchParams.get(name) !== before.get(name);
    const now = performance.now();
    const recent = now - former.at < SOON_MS;
    if (next.pathname === location.pathname && !isNew("chapter")) {
      if (!recent) former = { url: location.href, at: now };
      history.replaceState(state, unused, url);
      return;
    }
    if (recent && next.pathname !== location.pathname) history.replaceState(history.state, "", former.url);
    former.at = -Infinity;
    add(state, unused, url);
  };
})();
