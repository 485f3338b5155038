// Text underlined with dots, and words where pointer, finger or keyboard ask for them; `ui/shared/told.py` writes the same.

import { element } from "./dom.js";

export function asked(shown, words) {
  const made = element("span", "asked", shown), tooltip = element("span", "interval", words);
  made.tabIndex = 0;
  tooltip.setAttribute("role", "tooltip");
  made.append(tooltip);
  return made;
}
