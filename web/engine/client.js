// The network in this browser: loaded when a reader asks, and run by workers that end, and free memory, with a request.

import { unpacked } from "./bytes.js";
import { blob, load, sizeOf } from "./packs.js";

const TOO_LITTLE = "This device doesn’t have the memory to run the network; use another device or the full lab.";
const FORBIDDEN = "The network could not start: this browser or the server’s content security policy forbids it.";

/** @type {Promise<{ script: string, blobs: any }> | null} */
let sources = null; // to start workers from
let stop = (_) => {}; // ends the run in progress

/** Requests with answers that may come late: `begin` starts one and returns whether it is still the latest. */
export function latest() {
  let count = 0;
  return () => {
    const number = ++count;
    return () => number === count;
  };
}

/** Load the network once, with its progress in words. @param {(words: string) => void} say */
function loadNetwork(say) {
  sources ??= fetched(say).catch((error) => {
    sources = null;
    throw error;
  });
  return sources;
}

async function fetched(say) {
  const names = ["worker", "wasm", "weights", ...(await load("engine")).graphs];
  const total = sizeOf(names);
  let done = 0;
  const blobs = {};
  for (const name of names) {
    blobs[name] = await blob(name, (length) => {
      done += length;
      say(`Loading the network, ${Math.round(total / 1e6)} MB: ${Math.round((100 * done) / total)}%`);
    });
  }
  const script = new Blob([await unpacked(blobs.worker).blob()], { type: "text/javascript" });
  return { script: URL.createObjectURL(script), blobs };
}

// Answers of a worker to its only request; `report` gets messages on its progress.
function ask(worker, values, report = (_) => {}) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data: { part, error, answer } }) => {
      if (part) report(part);
      else if (error) reject(new Error(/memory|alloc/i.test(error) ? TOO_LITTLE : error));
      else resolve(answer);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(FORBIDDEN));
    };
    worker.postMessage(values);
  });
}

/** Logits of a picture. @param {Float32Array} picture @param {(words: string) => void} say */
async function predict(picture, say) {
  const { script, blobs } = await loadNetwork(say);
  const worker = new Worker(script);
  return ask(worker, { blobs, picture }).finally(() => worker.terminate());
}

/**
 * Run painters side by side, once an earlier run has ended; return how the run was stopped, if it was.
 *
 * @param {{ config: import("./steps.js").Config, penalty: string | null }[]} painters
 * @param {any} values of all of them: `start`, `mask`, `target`, `weight` (lambda), `interval` (steps between reports)
 * @param {(part: any) => void} report gets each painter's states, with its index
 * @param {(words: string) => void} say
 * @returns {Promise<"" | "stopped" | "replaced">}
 */
async function run(painters, values, report, say) {
  stop("replaced");
  /** @type {Promise<"stopped" | "replaced">} */
  const stopped = new Promise((resolve) => {
    stop = resolve;
  });
  const { script, blobs } = await loadNetwork(say);
  const workers = painters.map(() => new Worker(script));
  const done = workers.map((worker, index) =>
    ask(worker, { blobs, run: { ...values, ...painters[index] } }, (part) => report({ ...part, index })),
  );
  try {
    return await Promise.race([stopped, Promise.all(done).then(() => /** @type {const} */ (""))]);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

export const engine = { predict, run, stop: () => stop("stopped") };
