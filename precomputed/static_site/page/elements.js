// Elements shared by all parts of the pages.

export const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

export function element(tag, text = "", attributes = {}) {
  const node = Object.assign(document.createElement(tag), attributes);
  node.textContent = text;
  return node;
}

export function button(text, press, attributes = {}) {
  const node = element("button", text, { type: "button", ...attributes });
  node.addEventListener("click", press);
  return node;
}

// Reason for a failure: a phrase for the visitor.
export class Refusal extends Error {}

export const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;

// Parts of a sentence as nodes: numbers with an interval, which a tooltip holds, and bold ones.
export const sentenceNodes = (parts) =>
  parts.map((part) => {
    if (typeof part !== "object") return String(part);
    if (part.bold) return element("b", part.bold);
    const root = element("span", "", { className: "tooltip", tabIndex: 0 });
    const about = element("span", `95 % interval (${part.interval})`, { className: "tooltip-text" });
    about.setAttribute("role", "tooltip");
    root.append(part.text, about);
    return root;
  });

// Set the content of an element to trusted HTML; return the element.
export function setHtml(node, html) {
  node.innerHTML = html;
  return node;
}

export function option(parent, type, name, value, text, choose) {
  const label = parent.appendChild(element("label"));
  const input = label.appendChild(element("input", "", { type, name, value }));
  input.addEventListener("change", () => choose(input));
  label.append(text);
  return input;
}

// A row of radio buttons for [value, text] pairs; return the buttons by value.
export function segmented(parent, legend, name, pairs, first, choose) {
  const group = parent.appendChild(element("fieldset", "", { className: "choice" }));
  group.append(element("legend", legend));
  const radios = new Map(
    pairs.map(([value, text]) => [value, option(group, "radio", name, value, text, () => choose(value))]),
  );
  radios.get(first).checked = true;
  return radios;
}

// A button that shows or hides a panel below itself; return the button and the panel.
export function popover(parent, text) {
  const menu = parent.appendChild(element("details", "", { className: "menu" }));
  const summary = menu.appendChild(element("summary", text));
  const body = menu.appendChild(element("div", "", { className: "body" }));
  document.addEventListener("click", (event) => event.composedPath().includes(menu) || (menu.open = false));
  menu.addEventListener("toggle", () => {
    body.style.translate = "";
    const beyond = body.getBoundingClientRect().right + 8 - document.documentElement.clientWidth;
    if (beyond > 0) body.style.translate = `-${beyond}px 0`;
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !menu.open) return;
    menu.open = false;
    summary.focus();
  });
  return { menu, summary, body };
}

// Tabs of [name, element, function that fills it on opening, if any], the first one open.
export function tabs(parent, pairs) {
  const bar = parent.appendChild(element("div", "", { className: "tabs", role: "tablist" }));
  const open = (at) => {
    pairs.forEach(([, panel], k) => {
      const tab = bar.children[k];
      panel.hidden = k !== at;
      tab.setAttribute("aria-selected", String(k === at));
      tab.tabIndex = k === at ? 0 : -1;
    });
    pairs[at][2]?.();
  };
  pairs.forEach(([name, panel], k) => {
    const tab = bar.appendChild(element("button", name, { type: "button", role: "tab" }));
    tab.addEventListener("click", () => open(k));
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-label", name);
    parent.append(panel);
  });
  bar.addEventListener("keydown", ({ key }) => {
    const at = pairs.findIndex((_, k) => bar.children[k].tabIndex === 0) + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? 0);
    if (!key.startsWith("Arrow") || !pairs[at]) return;
    open(at);
    /** @type {HTMLElement} */ (bar.children[at]).focus();
  });
  open(0);
}

// A labelled menu of [value, text] pairs; return the select element.
export function menu(parent, text, pairs, choose) {
  const select = parent.appendChild(element("label", text, { className: "field" })).appendChild(element("select"));
  for (const [value, name] of pairs) select.add(new Option(name, value));
  select.addEventListener("change", () => choose(select.value));
  return select;
}

export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  element("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// A button that loads networks and then works, with a progress bar and a one-sentence error.
export function loader(parent, text, work) {
  const root = parent.appendChild(element("div", "", { className: "loader" }));
  const bar = root.appendChild(element("progress", "", { max: 1, hidden: true }));
  const status = root.appendChild(element("span", "", { className: "prose" }));
  status.setAttribute("role", "status");
  const press = async () => {
    start.disabled = true;
    status.textContent = "";
    try {
      await work((share) => {
        bar.hidden = share >= 1;
        bar.value = share;
      });
    } catch (error) {
      const text = sentence(String(/** @type {any} */ (error).message));
      status.textContent =
        error instanceof Refusal ? text : `${text} Press again to resume; nothing downloaded is lost.`;
    }
    bar.hidden = true;
    start.disabled = false;
  };
  const start = button(text, press, { className: "primary" });
  root.prepend(start);
  return { root, button: start, status, press };
}
