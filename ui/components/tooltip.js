// Text underlined with dots, and words where pointer, finger or keyboard ask for them; `ui/shared/sentences.py` writes
// the same.

import { element } from "./dom.js";

export function tooltip(shown, words) {
  const made = element("span", "tooltip", shown), text = element("span", "tooltip-text", words);
  made.tabIndex = 0;
  text.setAttribute("role", "tooltip");
  made.append(text);
  return made;
}
