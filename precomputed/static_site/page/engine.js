// The networks in this browser: loaded when a visitor asks, run by one worker, let go when its page is left.

(() => {
  // @ts-expect-error: components.js, which is made with the folder, defines it
  const lab = laboratory;
  // A module of WebAssembly with one instruction of SIMD: v128.const, then i8x16.popcnt.
  const SIMD = Uint8Array.of(
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
  );
  const LEAST_MEMORY = 1; // GB that the browser says the device has
  const TOO_LITTLE = "This device has too little memory to run the networks: take another one, or the full app.";
  /** @type {any} */
  let worker = null;
  let gone = "The networks were let go"; // why there is no worker
  let count = 0, ready = new Set(), loading = Promise.resolve();
  const waiting = new Map(); // id -> { resolve, reject, tell }

  // Why this browser cannot; empty where it can.
  function refusal() {
    const instead = "take a current Chrome, Edge, Firefox or Safari, or the full app.";
    if (!globalThis.WebAssembly || !WebAssembly.validate(SIMD)) return `This browser has no WebAssembly with SIMD: ${instead}`;
    if (!globalThis.DecompressionStream || !globalThis.Worker) return `This browser is too old to run the networks: ${instead}`;
    const memory = /** @type {any} */ (navigator).deviceMemory;
    if (memory < LEAST_MEMORY) return TOO_LITTLE;
    return "";
  }

  /** @type {(what: string, given?: any, options?: { tell?: (part: any) => void }) => Promise<any>} */
  const ask = (what, given = {}, { tell = () => {} } = {}) => new Promise((resolve, reject) => {
    if (!worker) return reject(new Error(gone));
    const id = ++count;
    waiting.set(id, { resolve, reject, tell });
    worker.postMessage({ id, ask: what, ...given });
  });

  // A pack and how long it is unpacked, which the worker does.
  const sized = async (name, blob) => ({ blob: await blob(name), size: lab.packs[name].size });

  async function begin(blob) {
    const source = new Blob([await lab.unpacked(await blob("worker")).blob()], { type: "text/javascript" });
    const url = URL.createObjectURL(source);
    try {
      worker = new Worker(url);
    } catch {
      throw new Error("A rule of this server (its content security policy) forbids the networks to run: open the page from a file.");
    }
    worker.onmessage = ({ data: { id, part, error, memory, ...answer } }) => {
      const { resolve, reject, tell } = waiting.get(id);
      if (part) return tell(part);
      waiting.delete(id);
      error ? reject(new Error(memory ? TOO_LITTLE : error)) : resolve(answer);
      if (memory) close(TOO_LITTLE); // what it holds may be half done
    };
    worker.onerror = (event) => {
      event.preventDefault();
      close("The networks could not be started: this browser or the server's content security policy forbids it.");
    };
    await ask("start", { wasm: await sized("wasm", blob) });
  }

  function close(why = "The networks were let go") {
    gone = why;
    worker?.terminate();
    worker = null;
    ready = new Set();
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  }

  const packsOf = (name, { networks }) => [`${name}.weights`, ...Object.values(networks[name].graphs)];

  async function load(names, report) {
    const why = refusal();
    if (why) throw new Error(why);
    const facts = await lab.load("engine"), wanted = names.filter((name) => !ready.has(name));
    const packs = [...(worker ? [] : ["worker", "wasm"]), ...wanted.flatMap((name) => packsOf(name, facts))];
    const total = lab.sizeOf(packs);
    let done = 0;
    const blob = (name) => lab.blob(name, { keep: true, report: (length) => report((done += length) / total) });
    if (!worker) await begin(blob);
    for (const name of wanted) {
      const weights = await sized(`${name}.weights`, blob), graphs = {};
      for (const [graph, pack] of Object.entries(facts.networks[name].graphs)) graphs[graph] = await sized(pack, blob);
      await ask("add", { name, weights, graphs });
      ready.add(name);
    }
    lab.sweep();
    lab.forgetOthers();
  }

  lab.engine = {
    ask,
    close,
    refusal,
    // Load networks; report(share from 0 to 1). One load at a time; what has come is kept if it fails.
    load(names, report = (_) => {}) {
      loading = loading.catch(() => {}).then(() => load(names, report));
      return loading;
    },
    control: (to) => worker?.postMessage({ ask: "control", to }),
    has: (names) => names.every((name) => ready.has(name)),
    // MB that are to come, as a visitor is told.
    megabytes(names, facts) {
      const packs = [...(worker ? [] : ["worker", "wasm"]), ...names.filter((name) => !ready.has(name)).flatMap((name) => packsOf(name, facts))];
      return Math.max(1, Math.round(lab.sizeOf(packs) / 1e6));
    },
  };
  addEventListener("pagehide", () => close());
})();
