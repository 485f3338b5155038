// A worker that runs networks: requests to it, and its answers.

export const TOO_LITTLE = "This device has too little memory to run the networks. Use another device or the full app.";

/**
 * @typedef {(what: string, values?: any, report?: (part: any) => void) => Promise<any>} Request
 *   sends a request and returns its answer; `report` gets progress messages
 * @typedef {object} Thread
 * @property {Request} request @property {(message: any) => void} post @property {(why: string) => void} end
 * @property {() => boolean} isBusy
 */

/**
 * Start a worker.
 *
 * @param {Blob} script @param {(why: string) => void} failed gets the reason why it cannot go on
 * @returns {Thread}
 */
export function thread(script, failed) {
  const waiting = new Map(); // id -> { resolve, reject, report }
  const url = URL.createObjectURL(script);
  let count = 0;
  let worker;
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
    post: (message) => worker.postMessage(message),
    end(why) {
      worker.terminate();
      for (const { reject } of waiting.values()) reject(new Error(why));
      waiting.clear();
    },
    isBusy: () => waiting.size > 0,
  };
}
