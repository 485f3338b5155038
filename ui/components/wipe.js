// Two pictures of the same size on top of each other, with a border that the visitor moves between them.

const wipes = new WeakMap(); // parentElement -> wipe
const places = new Map(); // data.key -> where the border stands: survives when Streamlit mounts us anew

export default function ({ data, parentElement }) {
  if (!data) return;
  if (!wipes.has(parentElement)) wipes.set(parentElement, create(parentElement));
  const wipe = wipes.get(parentElement);
  wipe.key = data.key;
  for (const side of ["before", "after"]) {
    const picture = wipe[side];
    if (picture.getAttribute("src") !== data[side]) picture.src = data[side];
    picture.alt = data[`${side}_label`];
    wipe[`${side}Label`].textContent = data[`${side}_label`];
  }
  wipe.root.classList.toggle("crisp", data.crisp);
  wipe.range.setAttribute("aria-label", `Border between ${data.before_label} and ${data.after_label}`);
  place(wipe, places.get(data.key) ?? 50);
}

function create(parentElement) {
  const root = element("div", "wipe"), stage = root.appendChild(element("div", "stage"));
  const wipe = { root, before: stage.appendChild(element("img")), after: stage.appendChild(element("img", "after")) };
  stage.appendChild(element("div", "border"));
  const range = (wipe.range = stage.appendChild(element("input")));
  Object.assign(range, { type: "range", min: 0, max: 100, step: 0.5 });
  range.addEventListener("input", () => place(wipe, Number(range.value)));
  const labels = root.appendChild(element("div", "labels"));
  wipe.beforeLabel = labels.appendChild(element("span"));
  wipe.afterLabel = labels.appendChild(element("span"));
  parentElement.appendChild(root);
  return wipe;
}

function place(wipe, percent) {
  places.set(wipe.key, percent);
  wipe.range.value = percent;
  wipe.root.style.setProperty("--at", `${percent}%`);
}

function element(tag, className = "") {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
