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

// Parts of a text, with an explanation behind each term where it first stands; one that has it is deleted from `terms`.
export function explained(text, terms) {
  const pattern = new RegExp(`\\b(${Object.keys(terms).join("|")})\\b`);
  return text.split(pattern).map((part) => {
    const words = terms[part];
    delete terms[part];
    return words ? tooltip(part, words) : part;
  });
}
