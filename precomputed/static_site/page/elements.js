// What all parts of the page need: elements, and the app's components.

import { lab } from "./laboratory.js";

export const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

export function element(tag, text = "", attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
}

// A component in a shadow tree with its own style sheet; returns what hands it data. `events`: what it reports.
export function mount(name, host, events, style = "") {
  const { mount, css } = lab.components[name];
  const root = host.attachShadow({ mode: "open" });
  const parentElement = element("div");
  root.append(element("style", css + style), parentElement);
  const report = (event, value) => events[event]?.(value);
  return (data) => mount({ data, parentElement, setStateValue: report, setTriggerValue: report });
}

export function option(parent, type, name, value, text, choose) {
  const label = parent.appendChild(element("label"));
  const input = label.appendChild(element("input", "", { type, name, value }));
  input.addEventListener("change", () => choose(input));
  label.append(text);
  return input;
}

// A labelled menu of [value, text] pairs; returns the select element.
export function menu(parent, text, pairs, choose) {
  const select = parent.appendChild(element("label", text)).appendChild(element("select"));
  for (const [value, name] of pairs) select.add(new Option(name, value));
  select.addEventListener("change", () => choose(select.value));
  return select;
}

export function download(name, blob) {
  const url = URL.createObjectURL(blob);
  element("a", "", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// A button that loads networks and then does its work, with a bar of what has come and one sentence where that fails.
export function loader(parent, text, work) {
  const root = parent.appendChild(element("div", "", { className: "loader" }));
  const button = root.appendChild(element("button", text, { type: "button", className: "primary" }));
  const bar = root.appendChild(element("progress", "", { max: 1, hidden: true }));
  const status = root.appendChild(element("span", "", { className: "prose" }));
  status.setAttribute("role", "status");
  const press = async () => {
    button.disabled = true;
    status.textContent = "";
    try {
      await work((share) => {
        bar.hidden = share >= 1;
        bar.value = share;
      });
    } catch (error) {
      const text = String(/** @type {any} */ (error).message);
      status.textContent = `${text}${text.endsWith(".") ? "" : "."} What has come is kept: press again to go on.`;
    }
    bar.hidden = true;
    button.disabled = false;
  };
  button.addEventListener("click", press);
  return { root, button, status, press };
}
