// A choice of a class: a menu for few, a text field for many.

import { countOf } from "../../../ui/components/count_of.js";
import { element, menu, Refusal } from "./elements.js";

const MENU = 20; // classes, at most

/**
 * @param {HTMLElement} parent @param {string} text @param {string[]} classes
 * @param {string} usual label for no choice; empty if a choice is required
 * @param {string} id of the list @param {string} [first]
 * @returns {(() => number | null) & { set: (name: string) => void }} the class; null for no choice
 */
export function classChoice(parent, text, classes, usual, id, first = "") {
  if (classes.length <= MENU) {
    const select = menu(
      parent,
      text,
      [...(usual ? [["", usual]] : []), ...classes.map((name, k) => [String(k), name])],
      () => {},
    );
    const set = (name) => {
      select.value = String(classes.indexOf(name));
    };
    if (first) set(first);
    return Object.assign(() => (select.value === "" ? null : Number(select.value)), { set });
  }
  const attributes = { type: "search", placeholder: usual || "Type a word: castle, goldfish …", value: first };
  const label = parent.appendChild(element("label", text, { className: "field" }));
  const input = label.appendChild(element("input", "", attributes));
  const list = parent.appendChild(element("datalist", "", { id }));
  list.append(...[...new Set(classes)].map((name) => new Option("", name)));
  input.setAttribute("list", id);
  input.addEventListener("focus", () => input.select());
  const choice = () => {
    const word = input.value.trim().toLowerCase();
    if (!word && usual) return null;
    const place = classes.findIndex((name) => name.toLowerCase() === word);
    if (!word) throw new Refusal("type a word first");
    if (place < 0)
      throw new Refusal(`the network does not know “${word}”; choose one of its ${countOf(classes.length, "word")}`);
    return place;
  };
  return Object.assign(choice, {
    set: (name) => {
      input.value = name;
    },
  });
}
