// Thumbnails to choose a picture from, on a page of their own.

import { viewOf } from "../basics.js";
import { createTiles, fillTiles } from "./tiles.js";

export default function ({ data, parentElement, setTriggerValue }) {
  if (data) fillTiles(viewOf(parentElement, createTiles), data, (index) => setTriggerValue("pick", index));
}
