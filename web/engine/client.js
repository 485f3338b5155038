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

/** @type {Worker | null} */
let worker = null;
let endReason = UNLOADED; // why there is no worker
/** @type {{ script: Blob, wasm: any } | null} */
let runtime = null; // sources to start a worker from
const waiting = new Map(); // id of a request -> { resolve, reject, report }
const networks = new Map(); // name -> its packs
let requestCount = 0;
let loading = Promise.resolve();

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

function start(/** @type {Blob} */ script) {
  const url = URL.createObjectURL(script);
  try {
    worker = new Worker(url);
  } catch {
    throw new Error("This server’s content security policy does not let the networks run. Open the page from a file.");
  }
  worker.onmessage = ({ data: { id, part, error, memory, ...answer } }) => {
    const { resolve, reject, report } = waiting.get(id);
    if (part) return report(part);
    waiting.delete(id);
    error ? reject(new Error(memory ? TOO_LITTLE : error)) : resolve(answer);
    if (memory) close(TOO_LITTLE); // its state may be inconsistent
  };
  worker.onerror = (event) => {
    event.preventDefault();
    close("The networks could not start: this browser or the server’s content security policy forbids it.");
  };
}

/**
 * Send a request to the worker; `report` gets messages on its progress.
 *
 * @param {string} what @param {any} [values] @param {(part: any) => void} [report] @returns {Promise<any>}
 */
function request(what, values = {}, report = () => {}) {
  return new Promise((resolve, reject) => {
    if (!worker) return reject(new Error(endReason));
    const id = ++requestCount;
    waiting.set(id, { resolve, reject, report });
    worker.postMessage({ id, request: what, ...values });
  });
}

// A pack and its unpacked length; the worker unpacks it.
const sized = async (name, blob) => ({ blob: await blob(name), size: packs()[name].size });

// Start a worker and give it all networks.
async function begin() {
  const { script, wasm } = /** @type {{ script: Blob, wasm: any }} */ (runtime);
  start(script);
  const add = ([name, network]) => request("add", { name, network });
  await Promise.all([request("start", { wasm }), ...Array.from(networks, add)]);
}

function end(why) {
  endReason = why;
  worker?.terminate();
  worker = null;
  for (const { reject } of waiting.values()) reject(new Error(why));
  waiting.clear();
}

function close(why = UNLOADED) {
  end(why);
  runtime = null;
  networks.clear();
}

/** Run; a run that used much memory ends its worker, since WebAssembly memory never shrinks. */
async function run(values, report) {
  const current = worker;
  const large = values.start.length > LARGE;
  const answer = await request("run", values, (part) => {
    report(part);
    if (large) sweep(); // pictures exceed the page's own heap, which triggers collection
  });
  if (!large || worker !== current || waiting.size) return answer;
  end("The run has ended");
  await begin();
  sweep();
  return answer;
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
  run,
  // Load networks; report(share from 0 to 1). One load at a time; received pieces are kept if it fails.
  load(names, report = (_) => {}) {
    loading = loading.catch(() => {}).then(() => loadAll(names, report));
    return loading;
  },
  stop: () => worker?.postMessage({ request: "stop" }),
  has: (names) => names.every((name) => networks.has(name)),
  // MB still to load, for display.
  megabytes: (names, facts) => Math.max(1, Math.round(sizeOf(missingPacks(names, facts)) / 1e6)),
};
addEventListener("pagehide", () => close());
