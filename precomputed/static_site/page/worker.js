// Runs the networks' graphs, behind onnxruntime-web in one script (precomputed/static_site/engine.py). One ask at a time,
// but `control`, which may come during a run. A picture is 3 planes of float32 in [0, 1].

(() => {
  const { InferenceSession, Tensor, env } = /** @type {any} */ (globalThis).ort;
  const TELL = 60; // milliseconds between two messages of a run
  const networks = new Map(); // name -> { graphs, weights }, still packed
  const sessions = new Map(); // "name graph" -> session
  let control = "go", wake = (_) => {};
  const clock = new MessageChannel(); // a turn for incoming messages, without a timer's 4 milliseconds

  const turn = () => new Promise((resolve) => {
    clock.port1.onmessage = resolve;
    clock.port2.postMessage(0);
  });

  const session = async (name, graph) => {
    const key = `${name} ${graph}`;
    if (!sessions.has(key)) {
      const { graphs, weights } = networks.get(name);
      const data = await unpacked(weights, 4), model = await unpacked(graphs[graph]);
      sessions.set(key, await InferenceSession.create(model, {
        executionProviders: ["wasm"], enableCpuMemArena: false, externalData: [{ path: "weights.bin", data }],
      }));
      free(data); // onnxruntime has its own
      free(env.wasm.wasmBinary); // it is compiled by now
      delete env.wasm.wasmBinary;
      new ArrayBuffer(2 ** 27); // as lab.sweep in packs.js
    }
    return sessions.get(key);
  };

  // Memory is let go at once: what waits for a sweep adds up to more than the networks.
  const free = (bytes) => bytes?.buffer.transfer?.(0);

  // The bytes of a pack; of numbers of so many bytes, they come plane by plane, the lowest of all numbers first.
  async function unpacked({ blob, size }, planes = 1) {
    const bytes = new Uint8Array(size), count = size / planes;
    const reader = blob.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let at = 0; ;) {
      const { done, value } = await reader.read();
      if (done) return bytes;
      if (planes === 1) bytes.set(value, at);
      else for (let k = 0, place = at; k < value.length; k++, place++) bytes[planes * (place % count) + Math.floor(place / count)] = value[k];
      at += value.length;
      free(value);
    }
  }

  async function release() {
    for (const one of sessions.values()) await one.release();
    sessions.clear();
  }

  const picture = (values, side) => new Tensor("float32", values, [1, 3, side, side]);
  const sideOf = (values) => Math.sqrt(values.length / 3);

  const asks = {
    async start({ wasm }) {
      Object.assign(env.wasm, { numThreads: 1, wasmBinary: await unpacked(wasm) });
    },

    async add({ name, graphs, weights }) {
      networks.set(name, { graphs, weights });
    },

    async predict({ names, pictures }) {
      const logits = {};
      for (const name of names) {
        const predict = await session(name, "predict");
        logits[name] = [];
        for (const values of pictures) {
          const found = await predict.run({ images: picture(values, sideOf(values)) });
          logits[name].push(found.logits.data);
        }
      }
      return { logits };
    },

    // `steps` steps of every network, side by side; tells of each state, and keeps a frame every `interval` steps.
    async run({ names, penalty, start, mask, target, size, epsilon, steps, interval, sure }, tell) {
      const side = sideOf(start), scalar = (value) => new Tensor("float32", Float32Array.of(value), []);
      const constant = {
        start: picture(start, side), mask: new Tensor("bool", mask, [1, 1, side, side]), size: scalar(size),
        target: new Tensor("int64", BigInt64Array.of(BigInt(target)), [1]), epsilon: scalar(epsilon),
      };
      /** @type {any[]} */
      const running = [];
      await release(); // nothing predicts meanwhile, and memory of WebAssembly never shrinks
      for (const name of names) running.push({ images: start, session: await session(name, penalty), best: Infinity, sure: false });
      control = "go";
      /** @type {any[]} */
      let states = [];
      let last = performance.now();
      for (let step = 0; step <= steps && control !== "stop"; step++) {
        /** @type {{ step: number, frame: boolean, networks: any[] }} */
        const state = { step, frame: step % interval === 0 || step === steps || control !== "go", networks: [] };
        for (const one of running) {
          const found = await one.session.run({ images: picture(one.images, side), ...constant });
          const [entropy, term, change] = ["cross_entropy", "penalty", "change"].map((name) => found[name].data[0]);
          const first = !one.sure && Math.exp(-entropy) >= sure; // its picture is asked for, too
          if (entropy + term < one.best) Object.assign(one, { best: entropy + term, bestImages: one.images });
          state.networks.push({ entropy, term, change, logits: found.logits.data, images: first || state.frame ? one.images : null });
          one.sure ||= first;
          one.before = one.images;
          one.images = found.next.data;
        }
        states.push(state);
        await turn();
        if (control === "step") control = "pause";
        if (control !== "go" || step === steps || performance.now() - last > TELL) {
          if (control !== "go") { // where a run halts there is something to see
            state.frame = true;
            state.networks.forEach((one, k) => { one.images ??= running[k].before; });
          }
          tell({ states, halted: control, best: running.map((one) => one.bestImages) });
          states = [];
          last = performance.now();
        }
        while (control === "pause" && step < steps) await new Promise((resolve) => (wake = resolve));
      }
      await release();
      return { ended: true };
    },
  };

  let before = Promise.resolve();
  addEventListener("message", ({ data: { id, ask, ...given } }) => {
    if (ask === "control") {
      control = given.to;
      wake(0);
      return;
    }
    before = before.then(async () => {
      try {
        postMessage({ id, ...(await asks[ask](given, (part) => postMessage({ id, part }))) });
      } catch (error) {
        const text = String(error instanceof Error ? error.message : error);
        postMessage({ id, error: text, memory: /memory|alloc/i.test(text) });
      }
    });
  });
})();
