// Tabs of the story's chapters. All of them, including Back and Next, are links to the state that a click shows.

import { element } from "../basics.js";
import { mainElement } from "../streamlit.js";

const views = new WeakMap(); // parentElement -> view

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  if (!views.has(parentElement)) views.set(parentElement, createView(parentElement));
  const view = views.get(parentElement);
  view.trigger = setTriggerValue;
  if (view.tabs.length !== data.names.length) buildTabs(view, data.names);
  const hasMoved = view.data && view.data.current !== data.current;
  view.data = data;
  if (view.awaited === data.current) view.awaited = null;
  show(view);
  if (!hasMoved) return;
  mainElement()?.scrollTo(0, 0);
  view.live.textContent = `Step ${data.current} of ${data.names.length}: ${data.title}`;
}

function createView(parentElement) {
  const root = element("nav");
  const view = { root, tabs: [], awaited: null };
  root.setAttribute("aria-label", "Steps of the story");
  view.back = root.appendChild(link(view, "‹ Back", "end"));
  view.list = root.appendChild(element("ol"));
  view.next = root.appendChild(link(view, "Next ›", "end next"));
  view.live = root.appendChild(element("div", "visually-hidden"));
  view.live.setAttribute("aria-live", "polite");
  parentElement.appendChild(root);
  const press = (event) => (root.isConnected ? key(view, event) : document.removeEventListener("keydown", press));
  document.addEventListener("keydown", press);
  return view;
}

function buildTabs(view, names) {
  view.tabs = names.map((name, k) => {
    const tab = link(view, "", "tab");
    tab.append(element("span", "number", k + 1), element("span", "name", name));
    tab.setAttribute("aria-label", `${k + 1}: ${name}`);
    return tab;
  });
  view.list.replaceChildren(
    ...view.tabs.map((tab) => {
      const item = element("li");
      item.append(tab);
      return item;
    }),
  );
}

// A click changes the step in this window; with a modifier key, it opens another.
function link(view, text, className) {
  const link = element("a", className, text);
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !link.hasAttribute("href")) return;
    event.preventDefault();
    go(view, link.step);
  });
  return link;
}

function show(view) {
  const { names, current } = view.data;
  view.tabs.forEach((tab, k) => {
    lead(view, tab, k + 1);
    if (k + 1 === current) tab.setAttribute("aria-current", "step");
    else tab.removeAttribute("aria-current");
  });
  lead(view, view.back, current > 1 ? current - 1 : null);
  lead(view, view.next, current < names.length ? current + 1 : null);
}

function lead(view, link, step) {
  link.step = step;
  if (step) link.href = `?${view.data.parameter}=${view.data.links[step - 1]}`;
  else link.removeAttribute("href");
}

function go(view, step) {
  view.awaited = step;
  view.trigger("go", step);
}

// Handles arrow keys that nothing else on the page uses. Each of several in a row continues from the last.
function key(view, event) {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  if (!view.root.getClientRects().length) return; // another page is displayed
  const [target] = event.composedPath();
  if (target.closest?.("input, textarea, select, [contenteditable=true], [role=dialog], [role=radiogroup]")) return;
  const next = (view.awaited ?? view.data.current) + step;
  if (next < 1 || next > view.data.names.length) return;
  event.preventDefault();
  go(view, next);
}
