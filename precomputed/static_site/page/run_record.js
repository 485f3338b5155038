// A live run: its recorded states, and the replay component's data, packed as in ui/components/replay.py.

import { levels, pack, softmax } from "./bytes.js";
import { lookInterval } from "./pgd/steps.js";
import { changes } from "./run_text.js";

const MAX_POINTS = 160; // of a curve

/**
 * A new run. plan: of the controls, with `kind`, `models` (a painter's `name`, `network`, `title`, `about`, `colour`,
 * `config`, `penalty`), `classes`, `targetName`, `steps` and `interval`.
 */
export function newRun(plan) {
  const models = plan.models.map((painter) => ({
    ...painter,
    probability: [],
    loss: [],
    change: [],
    entropy: [],
    term: [],
    best: [],
    frames: [],
    last: plan.start,
    bestImage: plan.start,
    first: null,
    logits: null,
    sureAt: null,
    sureChange: 0,
  }));
  const id = `live ${Date.now()}`;
  return {
    ...plan,
    models,
    startLevels: levels(plan.start),
    step: -1,
    frameSteps: [],
    seconds: 0,
    date: new Date().toISOString(),
    id,
  };
}

/** Add states from the worker: new ones, and a frame of the newest if a run was stopped. */
export function add(run, { states, pictures }, sure) {
  pictures?.forEach(({ last, best }, k) => {
    Object.assign(run.models[k], { last, bestImage: best });
  });
  for (const state of states) {
    if (state.step > run.step) addValues(run, state, sure);
    if (state.step !== run.step || !state.networks[0].frame || run.frameSteps.at(-1) === run.step) continue;
    run.frameSteps.push(run.step);
    state.networks.forEach(({ frame }, k) => run.models[k].frames.push(frame));
  }
}

function addValues(run, { step, networks }, sure) {
  run.step = step;
  networks.forEach(({ entropy, term, change, logits, images }, k) => {
    const model = run.models[k];
    const loss = entropy + term;
    const probability = Math.exp(-entropy);
    const values = { entropy, term, change, loss, probability, best: Math.min(loss, model.best.at(-1) ?? Infinity) };
    for (const [name, value] of Object.entries(values)) model[name].push(Math.fround(value));
    model.first ??= logits;
    model.logits = logits;
    if (model.sureAt === null && probability >= sure) {
      model.sureAt = step;
      model.sureChange = changes(run.start, images, run.mask, 1)[0];
    }
  });
}

const floats = (values) => pack(new Uint8Array(Float32Array.from(values).buffer));

// [first, end) of each group; the first and the last state are groups of their own.
function groups(count) {
  const points = Math.min(count, MAX_POINTS);
  const first = (k) => (k === 0 ? 0 : points === 2 ? 1 : Math.floor(1 + ((k - 1) * (count - 2)) / (points - 2)));
  return Array.from({ length: points }, (_, k) => [first(k), k === points - 1 ? count : first(k + 1)]);
}

// Lowest, mean and highest values of groups of neighbouring states.
function envelope(values) {
  const parts = groups(values.length).map(([from, to]) => values.slice(from, to));
  const mean = (part) => part.reduce((sum, value) => sum + value, 0) / part.length;
  return [parts.map((part) => Math.min(...part)), parts.map(mean), parts.map((part) => Math.max(...part))].flat();
}

/** Frames as the first one and the change of each later one, modulo 256, as in a run's file. */
export function differences(frames) {
  const length = frames[0]?.length ?? 0;
  const bytes = new Uint8Array(frames.length * length);
  frames.forEach((frame, at) => {
    const before = frames[at - 1];
    for (let k = 0; k < length; k++) bytes[at * length + k] = frame[k] - (before ? before[k] : 0);
  });
  return bytes;
}

function ranked(logits, classes) {
  const shares = softmax(logits);
  return [
    shares
      .map((share, k) => [classes[k], share])
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5),
  ];
}

// from: the first frame to send, of a run in progress. live: { state, text, seconds }; null after its end.
// If all frames are sent at once they are deflated: the component then unpacks fewer characters.
let version = 0;
const deflated = async (bytes) =>
  pack(
    new Uint8Array(
      await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"))).arrayBuffer(),
    ),
  );
/** @param {any} live */
export async function replayOf(run, sure, live = null, from = 0) {
  const hasBegun = run.step >= 0;
  const frameSteps = hasBegun ? run.frameSteps.slice(from) : [0];
  const whole = from === 0 && live?.state !== "running";
  const text = whole ? deflated : pack;
  const number = ++version;
  const models = await Promise.all(
    run.models.map(async (model) => {
      const curves = [model.probability];
      return {
        title: model.title,
        network: model.network,
        about: model.about,
        colour: model.colour,
        card: "",
        every: lookInterval(model.config.search),
        frames: await text(differences(hasBegun ? model.frames.slice(from) : [run.startLevels])),
        values: floats(hasBegun ? curves.flatMap((curve) => frameSteps.map((step) => curve[step])) : []),
        curves: floats(curves.flatMap(envelope)),
        before: hasBegun && whole ? ranked(model.first, run.classes) : [[]],
        after: hasBegun && whole ? ranked(model.logits, run.classes) : [[]],
      };
    }),
  );
  const side = Math.sqrt(run.start.length / 3);
  const curveSteps = groups(run.step + 1).map(([first, end]) => (first + end - 1) / 2);
  return {
    id: run.id,
    kind: run.kind,
    height: side,
    width: side,
    targets: [run.targetName],
    steps: live ? run.steps : Math.max(1, run.step),
    planned: run.steps,
    budget: run.models[0].config.epsilon.toPrecision(3),
    sure,
    frame_steps: frameSteps,
    packed: whole,
    start: await text(run.startLevels),
    original: run.original ? await text(run.original) : null,
    curve_steps: curveSteps,
    models,
    live,
    version: `live ${number}`,
  };
}
