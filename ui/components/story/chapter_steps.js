// Tabs of the story's chapters. All of them, including Back and Next, are links to the state that a click shows.

import { element, viewOf } from "../basics.js";
import { mainElement } from "../streamlit.js";

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const view = viewOf(parentElement, () => createView(parentElement, data.names));
  view.go = (step) => setTriggerValue("go", step);
  const hasMoved = view.data && view.data.current !== data.current;
  view.data = data;
  show(view);
  if (hasMoved) mainElement()?.scrollTo(0, 0);
}

function createView(parentElement, names) {
  const root = element("nav", "", "", { ariaLabel: "Steps of the story" });
  /** @type {Record<string, any>} */
  const view = { root };
  view.back = root.appendChild(link(view, "‹ Back", "end"));
  const list = root.appendChild(element("ol"));
  view.next = root.appendChild(link(view, "Next ›", "end next"));
  view.tabs = names.map((name, k) => {
    const tab = list.appendChild(element("li")).appendChild(link(view, "", "tab"));
    tab.append(element("span", "number", k + 1), element("span", "name", name));
    tab.ariaLabel = `${k + 1}: ${name}`;
    return tab;
  });
  parentElement.appendChild(root);
  return view;
}

// A click changes the step in this window; with a modifier key, it opens another.
function link(view, text, className) {
  const link = element("a", className, text);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !link.hasAttribute("href")) return;
    event.preventDefault();
    view.go(link.step);
  });
  return link;
}

function show(view) {
  const { names, current } = view.data;
  view.tabs.forEach((tab, k) => {
    lead(view, tab, k + 1);
    tab.ariaCurrent = k + 1 === current ? "step" : null;
  });
  lead(view, view.back, current > 1 ? current - 1 : null);
  lead(view, view.next, current < names.length ? current + 1 : null);
  view.next.classList.toggle("primary", view.data.leads);
}

function lead(view, link, step) {
  link.step = step;
  if (step) link.href = `?${view.data.parameter}=${view.data.links[step - 1]}`;
  else link.removeAttribute("href");
}
