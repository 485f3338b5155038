// The app's components on this page.

import { element } from "./elements.js";
import { lab } from "./laboratory.js";

// Mount a component in a shadow tree with its own style sheet; return a function that passes data. `events`: to report.
export function mount(name, host, events, style = "") {
  const { mount, css } = lab.components[name];
  const root = host.attachShadow({ mode: "open" });
  const parentElement = element("div");
  root.append(element("style", css + style), parentElement);
  const report = (event, value) => events[event]?.(value);
  return (data) => mount({ data, parentElement, setStateValue: report, setTriggerValue: report });
}
