// You are the judge: one drawing after the other with five words to choose from, told right or wrong at once, and the
// score in a line to share.

import { button, element, viewOf } from "../basics.js";

export default function ({ data, parentElement, setTriggerValue }) {
  if (!data) return;
  const view = viewOf(parentElement, () => ({ root: parentElement.appendChild(element("div", "judge")) }));
  view.report = setTriggerValue;
  if (view.data?.seed === data.seed && view.chosen.length >= data.chosen.length) return;
  Object.assign(view, { data, chosen: [...data.chosen] });
  draw(view, view.chosen.length);
}

function draw(view, at) {
  const { data, chosen, root } = view;
  const { questions } = data;
  if (at === questions.length) return drawScore(view);
  const { picture, options, right } = questions[at];
  const name = `Drawing ${at + 1} of ${questions.length}`;
  const stage = element("div", "stage");
  stage.append(image(picture, name));
  const side = stage.appendChild(element("div", "side"));
  const question = side.appendChild(element("h3", "", `${name}: what is it?`));
  const list = side.appendChild(element("div", "options"));
  const foot = side.appendChild(element("div", "foot"));
  const dots = foot.appendChild(element("span", "dots", "", { ariaHidden: "true" }));
  const result = foot.appendChild(element("span", "result", "", { role: "status" }));
  const next = button(foot, at + 1 < questions.length ? "Next" : "Your score", () => {
    draw(view, at + 1);
    root.querySelector("button:enabled")?.focus({ preventScroll: true });
  });
  next.className = "primary next";
  const buttons = options.map((word, choice) => button(list, word, () => choose(choice)));
  const tell = () => {
    dots.replaceChildren(
      ...questions.map(({ right }, k) => element("i", k < chosen.length ? (chosen[k] === right ? "yes" : "no") : "")),
    );
    const choice = chosen[at];
    next.style.visibility = choice === undefined ? "hidden" : "visible";
    if (choice === undefined) return;
    buttons.forEach((node, k) => {
      node.disabled = true;
      if (k === right) node.className = "yes";
      else if (k === choice) node.className = "no";
    });
    result.textContent = choice === right ? "Right." : `No: ${options[right]}.`;
    question.textContent = `${name}, ${data.methods[questions[at].method]}`;
  };
  const choose = (choice) => {
    chosen.push(choice);
    view.report("choose", [...chosen]);
    tell();
    next.focus({ preventScroll: true });
  };
  tell();
  root.replaceChildren(stage);
}

function drawScore(view) {
  const { data, chosen, root } = view;
  const { questions, methods } = data;
  const groups = Object.entries(methods).map(([method, title]) => {
    const indices = [...questions.keys()].filter((k) => questions[k].method === method);
    const right = indices.filter((k) => chosen[k] === questions[k].right).length;
    return { title, indices, right, count: indices.length };
  });
  const line = groups.map(({ title, right, count }) => `${right} of ${count} ${title}`).join(", ");
  const text = `I recognised ${line}. Which do you?`;
  const score = element("div", "score");
  const head = score.appendChild(element("h3", "", `You recognised ${line}.`));
  head.tabIndex = -1;
  for (const { title, indices } of groups) {
    const row = score.appendChild(element("div", "round"));
    row.append(element("b", "", `Those ${title}`), ...indices.map((k) => figure(questions[k], chosen[k])));
  }
  const foot = score.appendChild(element("div", "foot"));
  button(foot, "Ten new drawings", () => view.report("more", true)).className = "primary";
  const copy = button(foot, "Copy this line to share", async () => {
    await navigator.clipboard?.writeText(shared.textContent).catch(() => {});
    copy.textContent = "Copied";
  });
  const shared = score.appendChild(element("p", "line", `${text} ${data.url || sameRound(data.seed)}`));
  root.replaceChildren(score);
  head.focus({ preventScroll: true });
}

// The page's address with these ten drawings, for another visitor.
function sameRound(seed) {
  const url = new URL(location.href);
  url.searchParams.set("round", seed);
  url.searchParams.delete("chosen");
  return url.href;
}

function figure({ picture, options, right }, choice) {
  const word = options[right];
  const node = element("figure");
  const caption = element("figcaption");
  caption.append(element("b", "", word), choice === right ? " ✓" : ` ✗ you: ${options[choice]}`);
  node.append(image(picture, word), caption);
  return node;
}

function image(source, alt) {
  const node = element("img", "drawing");
  return Object.assign(node, { src: source, alt, width: 224, height: 224 });
}
