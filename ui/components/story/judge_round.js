// You are the judge: one picture after the other with five words to choose from, told right or wrong immediately; then
// how you and the second network did, in a table and in a line to share.

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
  const question = questions[at];
  const { picture, options, right, sketch, method } = question;
  const name = `Picture ${at + 1} of ${questions.length}`;
  const stage = element("div", "stage");
  stage.append(image(picture, name));
  const side = stage.appendChild(element("div", "side"));
  const title = side.appendChild(element("h3", "", `${name}: what is it?`));
  const list = side.appendChild(element("div", "options"));
  const result = side.appendChild(element("div", "result", "", { role: "status" }));
  const foot = side.appendChild(element("div", "foot"));
  const dots = foot.appendChild(element("span", "dots", "", { ariaHidden: "true" }));
  const last = at + 1 === questions.length;
  const next = button(foot, last ? "Your score" : "Next picture", () => {
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
    stage.classList.add("answered");
    buttons.forEach((node, k) => {
      node.disabled = true;
      if (k === right) node.className = "yes";
      else if (k === choice) node.className = "no";
    });
    const words = element("p");
    words.append(element("b", "", choice === right ? "Right." : `No, it’s ${question.was}.`), ` ${question.second}`);
    const begun = element("p", "begun");
    if (sketch) begun.append(element("img", "", "", { src: sketch, alt: "The sketch", width: 64, height: 64 }));
    begun.append(element("span", "", sketch ? "It began as this sketch." : "It began as plain grey."));
    addOpener(begun, view, at);
    result.replaceChildren(words, begun);
    title.textContent = `${name}, ${data.methods[method]}`;
  };
  const choose = (choice) => {
    chosen.push(choice);
    view.report("choose", [...chosen]);
    tell();
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" }); // on a phone above the bar of chapters
  };
  tell();
  root.replaceChildren(stage);
}

// In the app a button, which keeps the visit; in the article a link, where it knows an app.
function addOpener(parent, { data, report }, at) {
  if (data.app === "") button(parent, "Open in Paint", () => report("open", at));
  else if (data.app) {
    const href = `${data.app}/${data.questions[at].opens}`;
    parent.append(element("a", "button", "Open in Paint", { href }));
  }
}

function drawScore(view) {
  const { data, chosen, root } = view;
  const { questions, methods } = data;
  const groups = Object.entries(methods).map(([method, title]) => {
    const indices = [...questions.keys()].filter((k) => questions[k].method === method);
    const you = indices.filter((k) => chosen[k] === questions[k].right).length;
    const second = indices.filter((k) => questions[k].recognised).length;
    return { title, indices, you, second, count: indices.length };
  });
  const sum = (name) => groups.reduce((all, group) => all + group[name], 0);
  const score = element("div", "score");
  const heading = `You recognised ${sum("you")} of ${questions.length}, the second network ${sum("second")}.`;
  const head = score.appendChild(element("h3", "", heading));
  head.tabIndex = -1;
  for (const { title, indices, you, second, count } of groups) {
    const row = score.appendChild(element("div", "round"));
    const line = row.appendChild(element("div", "line"));
    line.append(element("b", "", `${title[0].toUpperCase()}${title.slice(1)}`));
    const scores = /** @type {[string, number][]} */ ([
      ["you", you],
      ["the second network", second],
    ]);
    for (const [who, number] of scores) {
      const part = line.appendChild(element("span", "part", `${who} ${number} of ${count}`));
      part.style.setProperty("--share", `${(100 * number) / count}%`);
      part.prepend(element("i", "", "", { ariaHidden: "true" }));
    }
    row.append(...indices.map((k) => figure(questions[k], chosen[k])));
  }
  const foot = score.appendChild(element("div", "foot"));
  button(foot, "Ten new pictures", () => view.report("more", true));
  const copy = button(foot, "Copy this line to share", async () => {
    await navigator.clipboard?.writeText(shared.textContent).catch(() => {});
    copy.textContent = "Copied";
  });
  const text = `I got ${sum("you")} of ${questions.length}. How many can you get?`;
  const shared = foot.appendChild(element("p", "share", `${text} ${data.url || sameRound(data.seed)}`));
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

function figure({ picture, options, right, sketch, recognised }, choice) {
  const word = options[right];
  const node = element("figure");
  const caption = element("figcaption");
  caption.append(
    element("b", "", word),
    element("span", choice === right ? "yes" : "no", choice === right ? "you ✓" : `you ✗ ${options[choice]}`),
    element("span", recognised ? "yes" : "no", `the second network ${recognised ? "✓" : "✗"}`),
  );
  const frame = element("div", "frame");
  frame.append(image(picture, word));
  if (sketch) frame.append(element("img", "corner", "", { src: sketch, alt: "The sketch" }));
  node.append(frame, caption);
  return node;
}

function image(source, alt) {
  const node = element("img", "drawing");
  return Object.assign(node, { src: source, alt, width: 224, height: 224 });
}
