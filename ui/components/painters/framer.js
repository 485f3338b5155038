// A photo and its frame, on a page of their own.

import { memoryOf, viewOf } from "../basics.js";
import { createFrame, showFrame } from "./frame.js";

export default function ({ data, parentElement, setStateValue }) {
  if (!data) return;
  const view = viewOf(parentElement, () => {
    /** @type {any} */
    const made = { memory: null, send: null, frame: null };
    made.frame = createFrame(parentElement, (place, ended) => {
      made.memory.place = place;
      if (ended) made.send(place);
    });
    return made;
  });
  view.memory = memoryOf(data, () => ({ place: data.value }));
  view.send = (place) => setStateValue("choice", { value: place, token: data.token, about: data.about });
  showFrame(view.frame, { ...data, place: view.memory.place });
}
