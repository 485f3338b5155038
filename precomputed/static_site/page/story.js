// The story's steps: words that were made with the page, and the app's own figures.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory, { element, mount } = lab.page;
  const SHADOWED = `
    a { color: var(--st-primary-color); } h2 { margin: 0.3rem 0; font-size: 1.3rem; }
    blockquote { margin: 0.6rem 0; padding-left: 0.8rem; border-left: 3px solid var(--st-border-color); }
    .chip { padding: 0.1rem 0.5rem; border-radius: 0.6rem; color: #fff; white-space: nowrap; }
    table { width: 100%; border-collapse: collapse; } th, td { padding: 0.4rem 0.8rem 0.4rem 0; text-align: left; vertical-align: top; }`;

  // HTML of our own making, apart from the page's style.
  function put(host, html) {
    const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    root.innerHTML = html;
    root.prepend(element("style", SHADOWED));
  }

  // Returns what shows the step that the URL names, `#story?step=2`.
  lab.story = async (section) => {
    const { steps, opening, stripes } = await lab.load("story"), find = (selector) => section.querySelector(selector);
    const showOpening = mount("opening", find("#opening"), { ask: drawOpening });
    const showStripes = mount("stripes", find("#stripes"), { choice: () => {} });
    function drawOpening(place) { showOpening({ key: "opening", ...opening.scenes[place], chosen: place }); }
    let drawn = false;
    steps.forEach(({ name }, k) => find(".steps").append(element("a", name, { href: `#story?step=${k + 1}` })));
    return () => {
      const asked = Number(new URLSearchParams(location.hash.split("?")[1] ?? "").get("step"));
      const at = Number.isInteger(asked) && asked >= 1 && asked <= steps.length ? asked - 1 : 0;
      put(find(".told"), steps[at].html);
      [...find(".steps").children].forEach((link, k) => {
        if (k === at) link.setAttribute("aria-current", "step");
        else link.removeAttribute("aria-current");
      });
      find("#opening").hidden = at !== 0;
      find("#stripes").hidden = at !== 1;
      if (at === 0 && !drawn) drawOpening(opening.first);
      drawn ||= at === 0;
      if (at === 1) showStripes({ key: "stripes", token: "story", about: null, ...stripes });
    };
  };
})();
