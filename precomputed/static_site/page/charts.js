// The app's charts, compiled to Vega when the site is built, with rows that only this browser has. This is a script of
// its own, which the page loads when a visitor opens a tool with such a chart.

// @ts-expect-error: installed when the site is built, and bundled with this file
import { transforms as basic } from "vega-dataflow";
// @ts-expect-error: as above
import * as encode from "vega-encode";
// @ts-expect-error: as above
import { expressionInterpreter } from "vega-interpreter";
// @ts-expect-error: as above
import { parse } from "vega-parser";
// @ts-expect-error: as above
import * as data from "vega-transforms";
// @ts-expect-error: as above
import { View } from "vega-view";
// @ts-expect-error: as above
import * as views from "vega-view-transforms";

Object.assign(basic, data, views, encode);

/** Draw a chart. It is interpreted, since a content security policy may forbid compiled expressions. */
/** @type {any} */ (globalThis).drawChart = (/** @type {HTMLElement} */ host, spec, rows) => {
  const filled = { ...spec, data: spec.data.map((part) => (part.name === "rows" ? { ...part, values: rows } : part)) };
  const view = new View(parse(filled, undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    container: host,
    hover: true,
  });
  return view.runAsync();
};
