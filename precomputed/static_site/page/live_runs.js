// Live runs: paint a hole or choose a start, and watch networks fill or draw it here. The painters and the replay are the
// app's components; what Python does between two clicks there, this does.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory, { element, menu, option, loader, mount, pack, unpack, pixelsIn, planes, levels, pixelsOf, paint } = lab.page;
  const SIDE = 32, FRAMES = 121, SHOW_MS = 150;
  const KINDS = {
    inpainting: { go: "Fill it here", first: ["mini-clip", "mini-clip-robust"], hole: 16 },
    generation: { go: "Draw it here", first: ["mini-clip-robust", "mini-clip"], hole: 0 },
  };
  const TRUE = "its true class";

  // The bits of a mask, the first pixel in a byte's highest bit, as the painter packs them.
  const bitsOf = (mask) => pack(Uint8Array.from({ length: mask.length / 8 }, (_, k) =>
    mask.subarray(8 * k, 8 * k + 8).reduce((byte, bit) => (byte << 1) | bit, 0)));
  const maskOf = (text) => { const bytes = unpack(text); return Uint8Array.from({ length: SIDE * SIDE }, (_, k) => (bytes[k >> 3] >> (7 - (k & 7))) & 1); };

  function square(side, left, top) {
    const inside = (at, first) => at >= first && at < first + side;
    return Uint8Array.from({ length: SIDE * SIDE }, (_, k) => Number(inside(k % SIDE, left) && inside(Math.floor(k / SIDE), top)));
  }

  // The picture with its hole filled by the hole's mean of each colour.
  function filled(values, mask) {
    const area = SIDE * SIDE, start = values.slice();
    for (let k = 0; k < 3; k++) {
      let sum = 0, count = 0;
      for (let at = 0; at < area; at++) if (mask[at]) { sum += values[k * area + at]; count += 1; }
      for (let at = 0; at < area; at++) if (mask[at]) start[k * area + at] = sum / count;
    }
    return start;
  }

  // A network beside another; the same settings in both.
  function networkMenus(parent, facts, first) {
    const pairs = Object.entries(facts.networks).map(([name, { title }]) => [name, title]);
    const one = menu(parent, "Network", pairs, () => {}), other = menu(parent, "beside", [["", "no other"], ...pairs], () => {});
    [one.value, other.value] = first;
    return () => [...new Set([one.value, other.value].filter(Boolean))];
  }

  // What a hole is filled in: the picture, the hole, the target and the penalty. Returns the plan so far.
  async function inpaintingControls(parts, facts, say) {
    const set = await lab.load("cifar10"), key = { token: 0, mask: square(KINDS.inpainting.hole, 8, 8) };
    let pixels = await pixelsIn(set, set.first), label = set.labels[set.first], credit = "CIFAR-10";
    const show = mount("mask_painter", parts.canvas, {
      choice: ({ value }) => { key.mask = maskOf(value); },
      random: () => {
        const most = SIDE - KINDS.inpainting.hole, place = () => Math.floor(Math.random() * (most + 1));
        key.mask = square(KINDS.inpainting.hole, place(), place());
        draw(true);
      },
    });
    function draw(changed = false) {
      if (changed) key.token += 1;
      const picture = paint(element("canvas"), pixels, SIDE).toDataURL();
      show({ key: "hole", token: String(key.token), value: bitsOf(key.mask), about: [SIDE, SIDE], picture, alt: credit, side: KINDS.inpainting.hole, radius: 1 });
    }
    const choices = set.pictures.map(({ caption }, k) => [String(k), caption]);
    const pictures = menu(parts.fields, "Picture", choices, async (k) => {
      [pixels, label, credit] = [await pixelsIn(set, k), set.labels[k], "CIFAR-10"];
      draw();
    });
    pictures.value = String(set.first);
    const own = parts.fields.appendChild(element("button", "Your own", { type: "button", title: "Cut to a square and made 32 pixels wide, here" }));
    own.addEventListener("click", () => lab.page.askForPicture(SIDE, (found) => {
      [pixels, label, credit] = [found, null, "a visitor’s picture"];
      draw();
    }, say));
    const target = menu(parts.fields, "Target", [["", TRUE], ...facts.classes.map((name, k) => [String(k), name])], () => {});
    const penalty = menu(parts.fields, "Penalty", Object.entries(facts.penalties), () => {});
    draw();
    return () => {
      const wanted = target.value === "" ? label : Number(target.value), count = key.mask.reduce((sum, bit) => sum + bit, 0);
      if (wanted === null) throw new Error("Your own picture has no true class that is known: choose a target.");
      if (!count) throw new Error("The hole is empty, so there is nothing to fill in: paint one first.");
      if (count === key.mask.length) throw new Error("The hole covers the whole picture, so nothing is left to go by: erase a part of it.");
      const values = planes(pixels), budget = facts.settings.inpainting.epsilon * (Math.sqrt(count) / facts.papersHole);
      return {
        penalty: penalty.value, mask: key.mask.slice(), target: wanted, start: filled(values, key.mask), epsilon: budget,
        original: levels(values), images: { dataset: credit, credit },
      };
    };
  }

  // What a drawing begins with: a class, and a start of one of four kinds.
  async function generationControls(parts, facts, say) {
    const starts = await lab.load("starts"), kinds = { ...starts.labels, sketch: "Sketch", picture: "Picture" };
    let target = "dog", kind = "blur", draw = 0, token = 0, sketch = unpack(starts.sketches.deer), picture = null;
    const chips = parts.top.appendChild(element("fieldset", "", { className: "choice chips" }));
    chips.append(element("legend", "Class to draw", { className: "spoken" }));
    for (const name of facts.classes) {
      option(chips, "radio", "drawn", name, name, () => { target = name; show(); }).checked = name === target;
    }
    const painter = parts.canvas.appendChild(element("div")), preview = parts.canvas.appendChild(element("canvas", "", { className: "start" }));
    const showPainter = mount("sketch_painter", painter, {
      choice: ({ value }) => { sketch = unpack(value); lab.sketchChanged?.(); },
    });
    const kindMenu = menu(parts.fields, "Start", Object.entries(kinds), (value) => {
      kind = value;
      if (kind === "picture" && !picture) choosePicture();
      show();
    });
    const other = parts.fields.appendChild(element("button", "Another start", { type: "button" }));
    other.addEventListener("click", () => { kind === "picture" ? choosePicture() : (draw += 1); show(); });
    const bundled = menu(parts.fields, "Begin with a sketch of", [["", "…"], ...Object.keys(starts.sketches).map((name) => [name, name])], (name) => {
      if (!name) return;
      [sketch, target] = [unpack(starts.sketches[name]), name];
      /** @type {any} */ (chips.querySelector(`input[value="${name}"]`)).checked = true;
      token += 1;
      show();
    });
    const link = parts.fields.appendChild(element("button", "Link to this sketch", { type: "button" }));
    link.addEventListener("click", async () => {
      const text = await lab.sketchText(sketch);
      history.replaceState(null, "", `#generation?sketch=${text}&class=${target}`);
      await navigator.clipboard?.writeText(location.href).catch(() => {});
      say("The link stands in the address bar, and on the clipboard where the browser allows it.");
    });
    const choosePicture = () => lab.page.askForPicture(SIDE, (found) => { picture = found; show(); }, say);
    const pixelsNow = () => kind === "sketch" ? sketch : kind === "picture" ? picture : unpack(starts.drawn[kind][target][draw % starts.drawn[kind][target].length]);
    function show() {
      const sketches = kind === "sketch", now = pixelsNow();
      painter.hidden = link.hidden = bundled.parentElement.hidden = !sketches;
      other.hidden = sketches;
      other.textContent = kind === "picture" ? "Another picture" : "Another start";
      preview.hidden = sketches || !now;
      if (sketches) showPainter({ key: "sketch", token: String(token), value: pack(sketch), about: [SIDE, SIDE], palette: starts.palette, background: starts.palette[0][1], radius: 2 });
      else if (now) paint(preview, now, SIDE);
      say(kind === "independent" ? "From pixel noise two engines may end in other pixels, equally sure: a kink of a ResNet’s max-pooling, met within rounding, sends them apart." : "");
    }
    const given = new URLSearchParams(location.hash.split("?")[1] ?? ""), linked = given.get("sketch") && (await lab.sketchOf(given.get("sketch")));
    if (linked) [sketch, kind, kindMenu.value] = [linked, "sketch", "sketch"];
    if (facts.classes.includes(given.get("class"))) {
      target = String(given.get("class"));
      /** @type {any} */ (chips.querySelector(`input[value="${target}"]`)).checked = true;
    }
    show();
    return () => {
      const pixels = pixelsNow();
      if (!pixels) throw new Error("Choose a picture to start from.");
      return {
        penalty: "mean_square", mask: new Uint8Array(SIDE * SIDE).fill(1), target: facts.classes.indexOf(target), start: planes(pixels),
        epsilon: facts.settings.generation.epsilon, original: null, images: { dataset: "noise", start: kind, credit: `Start: ${kinds[kind].toLowerCase()}` },
      };
    };
  }

  // Sketch and results side by side, to be sent on.
  function card(run) {
    const scale = 8, gap = 16, side = SIDE * scale, columns = [["The start", run.startLevels], ...run.models.map((model) => [model.title, levels(model.last)])];
    const canvas = element("canvas", "", { width: gap + columns.length * (side + gap), height: side + 96 }), context = canvas.getContext("2d");
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    context.fillStyle = "#31333f";
    context.font = "600 17px system-ui, sans-serif";
    context.fillText(`“${run.targetName}”: what two networks see`, gap, 26);
    columns.forEach(([title, planesOfBytes], k) => {
      const left = gap + k * (side + gap), model = run.models[k - 1];
      context.drawImage(paint(element("canvas"), pixelsOf(planesOfBytes), SIDE), left, 40, side, side);
      context.font = "15px system-ui, sans-serif";
      context.fillText(`${title}${model ? `: ${lab.page.percent(model.probability.at(-1))} sure` : ""}`, left, side + 62);
    });
    context.font = "12px system-ui, sans-serif";
    context.fillText("Understanding CLIP Robustness, drawn in a browser", gap, side + 86);
    return canvas;
  }

  // What a section of the page gains: controls, and its replay shows what runs.
  lab.liveRuns = async (kind, section, { choose, events, showReplay }) => {
    const facts = await lab.load("engine"), { go, first } = KINDS[kind], settings = facts.settings[kind];
    const root = section.querySelector(".live"), top = root.appendChild(element("div"));
    const canvas = root.appendChild(element("div", "", { className: "canvas" })), beside = root.appendChild(element("div", "", { className: "beside" }));
    const fields = beside.appendChild(element("div", "", { className: "fields" }));
    const note = element("p", "", { className: "told" });
    const plan = await (kind === "inpainting" ? inpaintingControls : generationControls)({ top, canvas, fields }, facts, (text) => { note.textContent = text; });
    const names = networkMenus(fields, facts, first);
    let run = null, told = 0, state = "ended";

    const start = loader(beside, "", async (report) => {
      const given = plan(), asked = names();
      note.textContent = "";
      lab.engine.control("stop"); // a run that waits
      await lab.engine.load(asked, report);
      name();
      const networks = asked.map((one) => facts.networks[one]).map(({ title, about, colour }) => ({ title, about, colour }));
      const steps = settings.steps, interval = Math.max(1, Math.ceil(steps / (FRAMES - 1)));
      run = lab.record.newRun({ ...given, kind, names: asked, networks, targetName: facts.classes[given.target], size: settings.step_size, steps, interval });
      [told, state] = [0, "running"];
      more.hidden = true;
      await work(run);
    });
    beside.append(note);
    const more = beside.appendChild(element("div", "", { className: "buttons", hidden: true }));
    const name = () => {
      const size = lab.engine.has(names()) ? "" : `: ${lab.engine.megabytes(names(), facts)} MB, nothing leaves this browser`;
      start.button.textContent = `${go}${size}`;
    };
    fields.addEventListener("change", name);

    async function work(one) {
      start.button.disabled = false; // another run may take its place
      const { penalty, start: x0, mask, target, size, epsilon, steps, interval } = one;
      let last = performance.now(), shown = last;
      const running = lab.engine.ask("run", { names: one.names, penalty, start: x0, mask, target, size, epsilon, steps, interval, sure: facts.sure }, {
        tell(part) {
          const now = performance.now();
          one.seconds += (now - last) / 1000;
          last = now;
          lab.record.add(one, part, facts.sure);
          if (one !== run) return;
          if (part.halted === "pause" && state !== "stopped") state = "paused";
          if (state === "paused" || state === "stopped") return show();
          if (now - shown < SHOW_MS || one.frameSteps.length <= told) return;
          const text = `${Math.max(1, Math.round((1000 * one.seconds) / Math.max(1, one.step)))} ms a step`;
          draw({ state: "running", text, seconds: (now - shown) / 1000 }, told);
          [shown, told] = [now, one.frameSteps.length];
        },
      });
      await running;
      if (one !== run) return;
      state = "ended";
      await show();
      lab.sweep();
    }

    let drawings = 0;
    async function draw(live, from = 0) {
      const one = run, drawing = ++drawings, data = await lab.record.replayOf(one, facts, live, from);
      const newest = one === run && drawing === drawings; // else another one is on its way
      if (newest) showReplay({ key: kind, ...data });
      return newest;
    }

    // A run that has halted, whole.
    async function show() {
      if (!(await draw(state === "ended" ? null : { state, text: "", seconds: 0 }))) return;
      section.querySelector(".outcome").textContent = lab.words.outcome(run);
      section.querySelector(".origins").replaceChildren(element("p", `Computed in this browser: ${run.step} steps of ${run.size.toPrecision(3)}, ` +
        `L2 budget ${run.epsilon.toPrecision(3)}, in ${run.seconds.toFixed(1)} s. ${run.images.credit}.`));
      more.hidden = false;
      more.replaceChildren();
      const button = (text, press) => more.appendChild(element("button", text, { type: "button" })).addEventListener("click", press);
      if (state === "paused") button("One more step", () => lab.engine.control("step"));
      run.models.forEach((model, k) => button(`Save ${model.title}’s run`, () => lab.page.download(`${kind}-${model.name}.npz`, lab.runFile(run, k, facts))));
      if (kind === "generation") button("Card to send on", () => card(run).toBlob((blob) => lab.page.download(`${run.targetName}.png`, blob)));
    }

    Object.assign(events, {
      pause: () => lab.engine.control("pause"),
      resume: () => { state = "running"; more.hidden = true; lab.engine.control("go"); },
      stop: () => { state = "stopped"; lab.engine.control("pause"); if (more.hidden === false) show(); },
    });
    addEventListener("hashchange", () => {
      if (run && state !== "ended" && location.hash.split("?")[0] !== `#${kind}`) {
        run = null;
        state = "ended";
        more.hidden = true;
        lab.engine.control("stop");
      }
      name();
    });
    section.querySelector(".run select").addEventListener("change", () => {
      if (run) lab.engine.control("stop");
      run = null;
      more.hidden = true;
    });
    name();
    return choose;
  };
})();
