// Text with a dotted underline and a tooltip for pointer, finger and keyboard; `ui/shared/sentences.py` writes the
// same.

import { element } from "./dom.js";

export function tooltip(term, words) {
  const node = element("span", "tooltip", term);
  const text = element("span", "tooltip-text", words);
  node.tabIndex = 0;
  text.setAttribute("role", "tooltip");
  node.append(text);
  return node;
}

// Parts of a text, with a tooltip at the first use of each term; explained terms are deleted from `terms`.
export function explained(text, terms) {
  if (!Object.keys(terms).length) return [text];
  const pattern = new RegExp(`\\b(${Object.keys(terms).join("|")})\\b`);
  return text.split(pattern).map((part) => {
    const words = terms[part];
    delete terms[part];
    return words ? tooltip(part, words) : part;
  });
}
