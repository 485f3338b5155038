// What the networks say of the picture, clean and under the wave, at every cell that one points at.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory;
  const { element, option, loader, percent, softmax, planes, UNIT } = lab.page;
  const FIRST = ["mini-clip", "mini-resnet"];

  // clip(X + r v U, 0, 1), as core.fourier.basis.perturb: (size, size, 3) bytes -> planes of float32.
  function underWave({ pixels, size, side, bits }, wave, epsilon) {
    const signs = lab.wave.signsAt(bits, side, wave), basis = lab.wave.fourierBasis(wave, size), strength = Math.fround(epsilon);
    if (!signs) return null;
    const area = size * size, values = new Float32Array(3 * area);
    for (let at = 0; at < area; at++) {
      const step = Math.fround(basis[at] * strength);
      for (let k = 0; k < 3; k++) {
        values[k * area + at] = Math.min(1, Math.max(0, Math.fround(UNIT[pixels[3 * at + k]] + signs[k] * step)));
      }
    }
    return values;
  }

  // host: the heat maps' component; root: where the rows go. Returns `show(picture)`, to be called with each new picture
  // { pixels, size, side, bits, label }; null where the networks do not know its classes.
  lab.prediction = async (host, root) => {
    if (!lab.packs.engine) return () => {};
    const facts = await lab.load("engine"), names = Object.keys(facts.networks);
    const chosen = new Set(FIRST);
    let picture = null, clean = null, busy = false, again = false, panel = null;

    const choice = element("fieldset", "", { className: "networks", hidden: true });
    choice.append(element("legend", "Networks", { className: "spoken" }));
    const table = element("table", "", { className: "predictions", hidden: true });
    const start = loader(root, "", async (report) => {
      await lab.engine.load([...chosen], report);
      start.root.hidden = true;
      choice.hidden = table.hidden = false;
      clean = null;
      follow();
    });
    root.append(choice, table);
    const told = root.appendChild(element("p", "", { className: "told" }));
    for (const name of names) {
      const box = option(choice, "checkbox", "networks", name, facts.networks[name].title, async ({ checked }) => {
        checked ? chosen.add(name) : chosen.delete(name);
        clean = null;
        if (!lab.engine.has([...chosen])) offer();
        else follow();
      });
      box.checked = chosen.has(name);
    }

    function offer() {
      const size = lab.engine.megabytes([...chosen], facts);
      start.button.textContent = `Predict here: ${size} MB, nothing leaves this browser`;
      start.root.hidden = lab.engine.has([...chosen]);
      if (!start.root.hidden && choice.hidden === false) start.press();
    }

    function row(name, before, after) {
      const { label } = picture, [first, then] = [before, after].map((shares) => shares.indexOf(Math.max(...shares)));
      const mark = (at) => `${facts.classes[at]}${label === null ? "" : at === label ? " ✓" : " ✗"}`;
      const made = element("tr"), column = label ?? first;
      const verdict = element("td");
      verdict.append(...(first === then ? [`stays ${mark(first)}`] : [`${mark(first)} → `, element("b", mark(then))]));
      const bars = element("td");
      for (const [shares, colour] of [[before, ""], [after, facts.networks[name].colour]]) {
        const line = bars.appendChild(element("div")), bar = line.appendChild(element("span", "", { className: "bar" }));
        bar.style.width = `${55 * shares[column]}%`;
        bar.style.background = colour;
        line.append(percent(shares[column]));
      }
      made.append(element("th", facts.networks[name].title, { scope: "row" }), verdict, bars);
      return made;
    }

    // The newest wave only: one that came meanwhile is next.
    async function follow() {
      again = busy;
      if (busy || !picture || !panel || !lab.engine.has([...chosen])) return;
      busy = true;
      const began = performance.now(), shown = picture, wave = panel.dataset.wave.split(",").map(Number);
      const moved = underWave(shown, wave, Number(panel.querySelector(".strength input").value));
      try {
        const asked = [...chosen];
        if (clean?.picture !== shown) clean = { picture: shown, ...(await lab.engine.ask("predict", { names: asked, pictures: [planes(shown.pixels)] })) };
        const { logits } = moved ? await lab.engine.ask("predict", { names: asked, pictures: [moved] }) : clean;
        if (shown === picture && asked.every((name) => name in clean.logits)) {
          const head = table.createTHead();
          const what = shown.label === null ? "the clean prediction" : `“${facts.classes[shown.label]}”`;
          head.replaceChildren(element("tr"));
          for (const text of ["network", "top-1 prediction", `probability of ${what}: clean, with the wave`]) head.rows[0].append(element("th", text));
          const body = table.tBodies[0] ?? table.createTBody();
          body.replaceChildren(...asked.map((name) => row(name, softmax(clean.logits[name][0]), softmax(logits[name][0]))));
          Object.assign(table.dataset, { wave: String(wave), milliseconds: performance.now() - began });
        }
      } catch (error) {
        told.textContent = /** @type {any} */ (error).message;
      }
      busy = false;
      if (again) follow();
    }

    offer();
    return (next) => {
      picture = next;
      table.hidden = !next || choice.hidden;
      told.textContent = next || choice.hidden ? "" : "These networks know the ten classes of CIFAR-10: choose its pictures, or your own.";
      if (!panel) {
        panel = host.shadowRoot.querySelector(".panel");
        new MutationObserver(follow).observe(panel, { attributes: true, attributeFilter: ["data-milliseconds"] });
      }
      if (!choice.hidden && !lab.engine.has([...chosen])) {
        choice.hidden = table.hidden = true; // let go meanwhile
        offer();
      }
      follow();
    };
  };
})();
