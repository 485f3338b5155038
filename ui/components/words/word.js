// A box for one word; the browser suggests known ones. Enter and a suggestion enter the word; a rest after typing, or
// leaving the box, keeps it without entering it; Escape brings the former word back.

import { element, viewOf } from "../basics.js";

// Rest before a typed word is kept: the button next to the box is then ready. An unknown word may be the beginning of
// another one.
const REST_MILLISECONDS = { known: 250, unknown: 1500 };

let boxes = 0;

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const box = viewOf(parentElement, createBox);
  box.send = (word, entered) => setTriggerValue("word", { word, entered });
  fillBox(box, data);
}

function createBox(parent) {
  const root = parent.appendChild(element("div", "word-box"));
  const about = { type: "text", autocomplete: "off", spellcheck: false, enterKeyHint: "go" };
  /** @type {any} */
  const box = { root, data: {}, input: element("input", "", "", about), resting: 0 };
  const label = root.appendChild(element("label"));
  box.lead = label.appendChild(element("span", "lead"));
  label.append(box.input);
  box.note = root.appendChild(element("span", "note", "", { ariaHidden: "true" }));
  box.list = root.appendChild(element("datalist"));
  box.list.id = `words-${boxes++}`;
  const { input } = box;
  input.setAttribute("list", box.list.id);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("input", (event) => {
    showNote(box);
    // A suggestion that is taken brings no typed text.
    const typed = event instanceof InputEvent && event.inputType !== "insertReplacementText";
    if (!typed && box.words.has(input.value)) return enterWord(box, true);
    clearTimeout(box.resting);
    const rest = REST_MILLISECONDS[box.words.has(input.value.trim()) ? "known" : "unknown"];
    if (input.value.trim()) box.resting = setTimeout(() => keepWord(box), rest);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      enterWord(box, true);
      closeList(box);
    } else if (event.key === "Escape") {
      clearTimeout(box.resting);
      input.value = box.data.value;
    }
    showNote(box);
  });
  input.addEventListener("change", () => keepWord(box));
  return box;
}

function keepWord(box) {
  const word = box.input.value.trim();
  if (word !== box.data.value && word !== box.sent) enterWord(box, false);
}

function fillBox(box, data) {
  const { input, list } = box;
  if (box.data.digest !== data.digest) {
    box.words = new Set(data.words);
    list.replaceChildren(...data.words.map((value) => element("option", "", "", { value })));
  }
  // A text that is being typed stays while the page reruns; a word that the page has changed is shown.
  if (box.data.token !== data.token) {
    input.value = data.value;
    box.sent = null;
  }
  box.data = data;
  input.placeholder = data.placeholder;
  input.ariaLabel = data.label;
  box.lead.textContent = data.lead;
  showNote(box);
}

function enterWord(box, entered) {
  clearTimeout(box.resting);
  const word = box.input.value.trim();
  if (!word && !box.data.clears) {
    if (!entered) box.input.value = box.data.value;
    return;
  }
  box.sent = word;
  box.send(word, entered);
}

// Closes the browser's suggestions, which stay open after Enter otherwise; the focus stays.
function closeList({ input, list }) {
  input.removeAttribute("list");
  requestAnimationFrame(() => input.setAttribute("list", list.id));
}

function showNote({ note, input, data }) {
  const isShown = input.value === data.value;
  note.textContent = isShown ? data.note : "";
  document.documentElement.classList.toggle("typing", !isShown); // hides what was said of the former word
}
