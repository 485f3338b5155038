// What all parts of the page need: elements, the app's components, bytes and pictures.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory;

  function element(tag, text = "", attributes = {}) {
    const made = Object.assign(document.createElement(tag), attributes);
    made.textContent = text;
    return made;
  }

  // A component in a shadow tree with its own style sheet; returns what hands it data. `events`: what it reports.
  function mount(name, host, events, style = "") {
    const { mount, css } = lab.components[name];
    const root = host.attachShadow({ mode: "open" });
    const parentElement = element("div");
    root.append(element("style", css + style), parentElement);
    const report = (event, value) => events[event]?.(value);
    return (given) => mount({ data: given, parentElement, setStateValue: report, setTriggerValue: report });
  }

  function option(parent, type, name, value, text, choose) {
    const label = parent.appendChild(element("label"));
    const input = label.appendChild(element("input", "", { type, name, value }));
    input.addEventListener("change", () => choose(input));
    label.append(text);
    return input;
  }

  // A labelled menu of [value, text] pairs; returns the select element.
  function menu(parent, text, pairs, choose) {
    const select = parent.appendChild(element("label", text)).appendChild(element("select"));
    for (const [value, name] of pairs) select.add(new Option(name, value));
    select.addEventListener("change", () => choose(select.value));
    return select;
  }

  const unpack = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

  function pack(bytes) {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  }

  // What a canvas holds: pixels, red, green and blue in turn.
  function pixelsOn(context, side) {
    const { data } = context.getImageData(0, 0, side, side);
    return Uint8Array.from({ length: 3 * side * side }, (_, k) => data[4 * Math.floor(k / 3) + (k % 3)]);
  }

  // A picture of a set: one of its own, or its place in the sheet of thumbnails. Both are lossless.
  async function pixelsIn({ common: { size, strip }, pictures }, place) {
    const { webp } = pictures[place], image = element("img", "", { src: webp ?? strip.sheet });
    await image.decode();
    const context = element("canvas", "", { width: size, height: size }).getContext("2d", { willReadFrequently: true });
    const [column, row] = webp ? [0, 0] : [place % strip.columns, Math.floor(place / strip.columns)];
    context.drawImage(image, -size * column, -size * row);
    return pixelsOn(context, size);
  }

  const UNIT = Float32Array.from({ length: 256 }, (_, level) => level / 255);

  // Pixels, red, green and blue in turn, as planes of float32 in [0, 1]; and planes as whole levels, still planes.
  function planes(pixels) {
    const area = pixels.length / 3, values = new Float32Array(pixels.length);
    for (let at = 0; at < area; at++) for (let k = 0; k < 3; k++) values[k * area + at] = UNIT[pixels[3 * at + k]];
    return values;
  }
  function levels(values) {
    const bytes = new Uint8ClampedArray(values.length); // which rounds half to even, as numpy does
    for (let k = 0; k < values.length; k++) bytes[k] = Math.fround(values[k] * 255);
    return bytes;
  }

  function pixelsOf(planesOfBytes) {
    const area = planesOfBytes.length / 3;
    return Uint8Array.from({ length: 3 * area }, (_, k) => planesOfBytes[(k % 3) * area + Math.floor(k / 3)]);
  }

  function paint(canvas, pixels, side) {
    Object.assign(canvas, { width: side, height: side });
    const image = new ImageData(side, side);
    for (let at = 0; at < side * side; at++) image.data.set([pixels[3 * at], pixels[3 * at + 1], pixels[3 * at + 2], 255], 4 * at);
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
  }

  // A visitor's picture, cut to the square in its middle and made small: pixels, red, green and blue in turn.
  async function ownPicture(file, side) {
    const image = await createImageBitmap(file).catch(() => null);
    if (!image) throw new Error(`“${file.name}” is no picture that this browser can read: take a PNG, JPEG or WebP.`);
    let length = Math.min(image.width, image.height), left = (image.width - length) / 2, top = (image.height - length) / 2;
    /** @type {CanvasImageSource} */
    let source = image;
    const halved = () => Math.max(side, Math.ceil(length / 2)); // each pixel of a halved picture counts alike
    for (;;) {
      const next = halved(), canvas = element("canvas", "", { width: next, height: next });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      Object.assign(context, { imageSmoothingEnabled: true, imageSmoothingQuality: "high" });
      context.drawImage(source, left, top, length, length, 0, 0, next, next);
      [source, length, left, top] = [canvas, next, 0, 0];
      if (next === side) return pixelsOn(context, side);
    }
  }

  // Let the visitor choose a picture; `take(pixels, name)`, or `refuse(sentence)`.
  function askForPicture(side, take, refuse) {
    const input = element("input", "", { type: "file", accept: "image/*" });
    input.addEventListener("change", async () => {
      const [file] = input.files;
      if (file) await ownPicture(file, side).then((pixels) => take(pixels, file.name), (error) => refuse(error.message));
    });
    input.click();
  }

  function download(name, blob) {
    const url = URL.createObjectURL(blob);
    element("a", "", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  // A button that loads networks and then does its work, with a bar of what has come and one sentence where that fails.
  function loader(parent, text, work) {
    const root = parent.appendChild(element("div", "", { className: "loader" }));
    const button = root.appendChild(element("button", text, { type: "button", className: "primary" }));
    const bar = root.appendChild(element("progress", "", { max: 1, hidden: true }));
    const told = root.appendChild(element("span", "", { className: "told" }));
    told.setAttribute("role", "status");
    const press = async () => {
      button.disabled = true;
      told.textContent = "";
      try {
        await work((share) => {
          bar.hidden = share >= 1;
          bar.value = share;
        });
      } catch (error) {
        const text = String(/** @type {any} */ (error).message);
        told.textContent = `${text}${text.endsWith(".") ? "" : "."} What has come is kept: press again to go on.`;
      }
      bar.hidden = true;
      button.disabled = false;
    };
    button.addEventListener("click", press);
    return { root, button, told, press };
  }

  const percent = (share) => // as core.numbers.confidence
    share > 0.999 ? "over 99.9 %" : share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(1)} %`;

  function softmax(logits) {
    const most = Math.max(...logits), shares = Array.from(logits, (one) => Math.exp(one - most));
    const sum = shares.reduce((before, one) => before + one, 0);
    return shares.map((one) => one / sum);
  }

  lab.page = {
    element, mount, option, menu, unpack, pack, pixelsIn, UNIT, planes, levels, pixelsOf, paint, askForPicture, download, loader,
    percent, softmax,
  };
})();
