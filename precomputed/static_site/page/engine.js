// The networks in this browser: loaded when a visitor asks, run by one worker, unloaded on leaving the page.

import { LARGE, sweep } from "./bytes.js";
import { lab } from "./laboratory.js";
import { latest } from "./latest.js";
import { blob as loadPack, forgetOthers, load, sizeOf, unpacked } from "./packs.js";
import { thread, TOO_LITTLE } from "./thread.js";

// A module of WebAssembly with one instruction of SIMD: v128.const, then i8x16.popcnt.
// biome-ignore format: bytes in rows
const SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10,
  10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);
const LEAST_MEMORY = 1; // GB of device memory reported by the browser
const CHUNK = 26; // pictures that a worker of `predictAll` takes at once: 0.1 s
/** @typedef {import("./thread.js").Thread & { ready: Promise<any> }} Equipped ready: it has all networks */
/** @type {Equipped | null} */
let worker = null;
/** @type {Equipped | null} */
let second = null; // while `predictAll` works
let endReason = "The networks were unloaded"; // why there is no worker
/** @type {{ script: Blob, wasm: any } | null} */
let runtime = null; // sources to start a worker from
const networks = new Map(); // name -> its packs
let loading = Promise.resolve();
const stops = latest();

// Return why this browser cannot run networks; empty if it can.
function refusal() {
  const instead = "use a current Chrome, Edge, Firefox or Safari, or the full app.";
  if (!globalThis.WebAssembly || !WebAssembly.validate(SIMD))
    return `This browser has no WebAssembly with SIMD: ${instead}`;
  if (!globalThis.DecompressionStream || !globalThis.Worker)
    return `This browser is too old to run the networks: ${instead}`;
  const memory = /** @type {any} */ (navigator).deviceMemory;
  if (memory < LEAST_MEMORY) return TOO_LITTLE;
  return "";
}

/** Send a request to the worker. @type {import("./thread.js").Request} */
const request = (...values) => (worker ? worker.request(...values) : Promise.reject(new Error(endReason)));

// A pack and its unpacked length; the worker unpacks it.
const sized = async (name, blob) => ({ blob: await blob(name), size: lab.packs[name].size });

/** Start a worker and give it all networks. @param {(why: string) => void} failed @returns {Equipped} */
function started(failed) {
  const { script, wasm } = /** @type {{ script: Blob, wasm: any }} */ (runtime);
  const background = thread(script, failed);
  const add = ([name, network]) => background.request("add", { name, network });
  return { ...background, ready: Promise.all([background.request("start", { wasm }), ...Array.from(networks, add)]) };
}

async function begin() {
  worker = started(close);
  await worker.ready;
}

function close(why = "The networks were unloaded") {
  end(why);
  runtime = null;
  networks.clear();
}

function end(why) {
  endReason = why;
  worker?.end(why);
  endSecond(why);
  worker = null;
}

function endSecond(why) {
  second?.end(why);
  second = null;
}

/** Run; a run that used much memory ends its worker, since WebAssembly memory never shrinks. */
async function run(values, report) {
  const current = worker;
  const large = values.start.length > LARGE;
  await request("run", values, (part) => {
    report(part);
    if (large) sweep(); // pictures exceed the page's own heap, which triggers collection
  });
  if (!large || worker !== current || current?.isBusy()) return;
  end("The run has ended");
  await begin();
  sweep();
}

/**
 * Logits of many pictures by each network; null if stopped. While it lasts, a second worker helps on a device with more
 * than one core: it begins at the last network, so that it holds few.
 *
 * @param {string[]} names @param {number} count @param {(k: number) => Float32Array | null} pictureAt
 * @param {(share: number) => void} report
 * @returns {Promise<Record<string, Float32Array[]> | null>}
 */
async function predictAll(names, count, pictureAt, report) {
  const isLatest = stops.current();
  const starts = Array.from({ length: Math.ceil(count / CHUNK) }, (_, k) => k * CHUNK);
  const chunks = names.flatMap((name) => starts.map((start) => ({ name, start })));
  const total = chunks.length;
  const logits = Object.fromEntries(names.map((name) => [name, new Array(count)]));
  let done = 0;
  async function work(/** @type {() => any} */ next, /** @type {import("./thread.js").Request} */ request) {
    while (chunks.length && isLatest()) {
      const chunk = next();
      const { name, start } = chunk;
      const pictures = Array.from({ length: Math.min(CHUNK, count - start) }, (_, k) => pictureAt(start + k));
      try {
        const answer = await request("predict", { names: [name], pictures });
        logits[name].splice(start, pictures.length, ...answer.logits[name]);
      } catch (error) {
        chunks.push(chunk);
        throw error;
      }
      report(++done / total);
    }
  }
  async function help() {
    if (navigator.hardwareConcurrency < 2) return;
    second = started(endSecond);
    await second.ready;
    await work(() => chunks.pop(), second.request);
  }
  const first = () => work(() => chunks.shift(), request);
  const helped = help().catch(() => {});
  try {
    await first();
    if (done < total) await helped;
    await first(); // what a second worker that failed has left
  } finally {
    endSecond("The pictures are done");
    sweep();
  }
  return isLatest() ? logits : null;
}

// Packs that these networks still need before computing.
const missingPacks = (names, facts) => [
  ...(worker ? [] : ["worker", "wasm"]),
  ...names
    .filter((name) => !networks.has(name))
    .flatMap((name) => [`${name}.weights`, ...Object.values(facts.networks[name].graphs)]),
];

async function loadAll(names, report) {
  const why = refusal();
  if (why) throw new Error(why);
  const facts = await load("engine");
  const missing = names.filter((name) => !networks.has(name));
  const total = sizeOf(missingPacks(names, facts));
  let done = 0;
  const blob = (name) => loadPack(name, { keep: true, report: (length) => report((done += length) / total) });
  if (!worker) {
    const script = new Blob([await unpacked(await blob("worker")).blob()], { type: "text/javascript" });
    runtime = { script, wasm: await sized("wasm", blob) };
    await begin();
  }
  for (const name of missing) {
    const { bytes, graphs: names } = facts.networks[name];
    const graphs = {};
    const network = { weights: { ...(await sized(`${name}.weights`, blob)), bytes }, graphs };
    for (const [graph, pack] of Object.entries(names)) graphs[graph] = await sized(pack, blob);
    await request("add", { name, network });
    networks.set(name, network);
  }
  sweep();
  forgetOthers();
}

export const engine = {
  request,
  predictAll,
  run,
  close,
  refusal,
  // Load networks; report(share from 0 to 1). One load at a time; received pieces are kept if it fails.
  load(names, report = (_) => {}) {
    loading = loading.catch(() => {}).then(() => loadAll(names, report));
    return loading;
  },
  control(to) {
    if (to === "stop") stops.begin();
    worker?.post({ request: "control", to });
  },
  has: (names) => names.every((name) => networks.has(name)),
  // MB still to load, for display.
  megabytes: (names, facts) => Math.max(1, Math.round(sizeOf(missingPacks(names, facts)) / 1e6)),
};
addEventListener("pagehide", () => close());
