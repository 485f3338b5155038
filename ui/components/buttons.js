// Buttons; `name` is the label for screen readers and the tooltip.

import { element } from "./dom.js";

export function button(parent, text, action, name = "") {
  const made = parent.appendChild(element("button", "", text));
  made.type = "button";
  if (name) {
    made.setAttribute("aria-label", name);
    made.title = name;
  }
  made.addEventListener("click", action);
  return made;
}
