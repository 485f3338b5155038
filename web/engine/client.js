// The networks in this browser: loaded when a visitor asks, run by one worker, unloaded on leaving the page.

import { LARGE, sweep } from "./bytes.js";
import { blob as loadPack, forgetOthers, load, packs, sizeOf, unpacked } from "./packs.js";

// A module of WebAssembly with one instruction of SIMD: v128.const, then i8x16.popcnt.
// biome-ignore format: bytes in rows
const SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10,
  10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
);
const LEAST_MEMORY = 1; // GB of device memory reported by the browser
const TOO_LITTLE = "This device has too little memory to run the networks; use another device or the full lab.";
const UNLOADED = "The networks were unloaded";

const FOR_TWO = 4; // GB of it that two workers of one run take at least

/**
 * A worker: `request` sends a request and returns its answer, `report` gets messages on its progress.
 *
 * @typedef {object} Thread
 * @property {(what: string, values?: any, report?: (part: any) => void) => Promise<any>} request
 * @property {() => void} stop ends its run @property {(why: string) => void} end @property {() => boolean} isBusy
 */
/** @type {Thread | null} */
let main = null;
/** @type {Thread | null} */
let second = null; // while a run by two searches lasts
let endReason = UNLOADED; // why there is no worker
/** @type {{ script: Blob, wasm: any } | null} */
let runtime = null; // sources to start a worker from
const networks = new Map(); // name -> its packs
let loading = Promise.resolve();
let stops = 0; // so far
let running = Promise.resolve(); // the latest run
let restart = Promise.resolve(); // of the worker after a run that used much memory

/** Requests whose answers may come late: `begin` starts one and returns whether it is still the latest. */
export function latest() {
  let count = 0;
  return () => {
    const number = ++count;
    return () => number === count;
  };
}

// Return why this browser cannot run networks; empty if it can.
function refusal() {
  const instead = "use a current Chrome, Edge, Firefox or Safari, or the full lab.";
  if (!globalThis.WebAssembly || !WebAssembly.validate(SIMD))
    return `This browser has no WebAssembly with SIMD: ${instead}`;
  if (!globalThis.DecompressionStream || !globalThis.Worker)
    return `This browser is too old to run the networks: ${instead}`;
  return /** @type {any} */ (navigator).deviceMemory < LEAST_MEMORY ? TOO_LITTLE : "";
}

/** @param {Blob} script @param {(why: string) => void} failed gets the reason why it cannot go on @returns {Thread} */
function thread(script, failed) {
  const waiting = new Map(); // id of a request -> { resolve, reject, report }
  let count = 0;
  let worker;
  try {
    worker = new Worker(URL.createObjectURL(script));
  } catch {
    throw new Error("This server’s content security policy does not let the networks run. Open the page from a file.");
  }
  worker.onmessage = ({ data: { id, part, error, memory, ...answer } }) => {
    const { resolve, reject, report } = waiting.get(id);
    if (part) return report(part);
    waiting.delete(id);
    error ? reject(new Error(memory ? TOO_LITTLE : error)) : resolve(answer);
    if (memory) failed(TOO_LITTLE); // its state may be inconsistent
  };
  worker.onerror = (event) => {
    event.preventDefault();
    failed("The networks could not start: this browser or the server’s content security policy forbids it.");
  };
  return {
    request: (what, values = {}, report = () => {}) =>
      new Promise((resolve, reject) => {
        const id = ++count;
        waiting.set(id, { resolve, reject, report });
        worker.postMessage({ id, request: what, ...values });
      }),
    stop: () => worker.postMessage({ request: "stop" }),
    end(why) {
      worker.terminate();
      for (const { reject } of waiting.values()) reject(new Error(why));
      waiting.clear();
    },
    isBusy: () => waiting.size > 0,
  };
}

// A pack and its unpacked length; the worker unpacks it.
const sized = async (name, blob) => ({ blob: await blob(name), size: packs()[name].size });

/** Start a worker with some networks. @param {string[]} names */
async function started(names) {
  const { script, wasm } = /** @type {{ script: Blob, wasm: any }} */ (runtime);
  const background = thread(script, close);
  const add = (name) => background.request("add", { name, network: networks.get(name) });
  await Promise.all([background.request("start", { wasm }), ...names.map(add)]);
  return background;
}

function end(why) {
  endReason = why;
  for (const background of [main, second]) background?.end(why);
  main = second = null;
}

function close(why = UNLOADED) {
  end(why);
  runtime = null;
  networks.clear();
}

async function request(...values) {
  await restart.catch(() => {});
  if (!main) throw new Error(endReason);
  return main.request(.../** @type {[string]} */ (values));
}

function stop() {
  stops += 1;
  for (const background of [main, second]) background?.stop();
}

/** Run, once an earlier run has stopped; `report` gets each painter's states, with its place. */
async function run(values, report) {
  stop();
  const before = stops;
  const run = running.then(() => runNow(values, report, before));
  running = run.catch(() => {});
  return run;
}

/**
 * Run; before: number of stops when the reader asked for it. A device with two cores and the memory runs two painters
 * side by side. A run that used much memory ends its workers, since WebAssembly memory never shrinks.
 */
async function runNow({ painters, ...values }, report, before) {
  const current = main;
  if (!current) throw new Error(endReason);
  const large = values.start.length > LARGE;
  const [first, other] = painters;
  const { hardwareConcurrency, deviceMemory = FOR_TWO } = /** @type {any} */ (navigator);
  const isSplit = large && other && hardwareConcurrency > 1 && deviceMemory >= FOR_TWO;
  if (isSplit) second = await started([other.name]).catch(() => null);
  if (stops !== before) values.stopped = true;
  const reported = (from) => (part) => {
    report({ ...part, place: part.place + from });
    if (large) sweep(); // pictures exceed the page's own heap, which triggers collection
  };
  const all = second
    ? [
        current.request("run", { ...values, painters: [first] }, reported(0)),
        second.request("run", { ...values, painters: [other] }, reported(1)),
      ]
    : [current.request("run", { ...values, painters }, reported(0))];
  const [answer] = await Promise.all(all);
  second?.end("The run has ended");
  second = null;
  if (!large || main !== current || current.isBusy()) return answer;
  end("The run has ended");
  restart = started([...networks.keys()]).then((background) => {
    main = background;
  });
  await restart;
  sweep();
  return answer;
}

// Packs that these networks still need before computing.
const missingPacks = (names, facts) => [
  ...(main ? [] : ["worker", "wasm"]),
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
  if (!main) {
    const script = new Blob([await unpacked(await blob("worker")).blob()], { type: "text/javascript" });
    runtime = { script, wasm: await sized("wasm", blob) };
    main = await started([]);
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
  run,
  // Load networks; report(share from 0 to 1). One load at a time; received pieces are kept if it fails.
  load(names, report = (_) => {}) {
    loading = loading.catch(() => {}).then(() => loadAll(names, report));
    return loading;
  },
  stop,
  has: (names) => names.every((name) => networks.has(name)),
  // MB still to load, for display.
  megabytes: (names, facts) => Math.max(1, Math.round(sizeOf(missingPacks(names, facts)) / 1e6)),
};
addEventListener("pagehide", () => close());
