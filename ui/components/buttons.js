// Buttons; `name` is the label for screen readers and the tooltip.

import { element } from "./basics.js";

export function button(parent, text, action, name = "") {
  const node = parent.appendChild(element("button", "", text));
  node.type = "button";
  if (name) {
    node.setAttribute("aria-label", name);
    node.title = name;
  }
  node.addEventListener("click", action);
  return node;
}
