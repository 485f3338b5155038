// A live run as the app's run file (core/runs/file.py): an .npz, which is a zip of .npy members, here uncompressed.

import { levels } from "./bytes.js";
import { checksum } from "./checksum.js";
import { differences } from "./run_record.js";
import { changes } from "./run_text.js";

function npy(dtype, shape, bytes) {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${dimensions}), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const length = header.length;
  const member = new Uint8Array(10 + length + bytes.length);
  member.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length & 255, length >> 8]);
  member.set(new TextEncoder().encode(header), 10);
  member.set(bytes, 10 + length);
  return member;
}

const number = (value, bytes) => Array.from({ length: bytes }, (_, k) => Math.floor(value / 256 ** k) & 255);

function zip(members) {
  /** @type {any[]} */
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, data] of members) {
    const path = new TextEncoder().encode(`${name}.npy`);
    // version, flags, stored, time, date (1980-01-01); sum, sizes; lengths of name and extra
    const facts = [
      ...number(20, 2),
      0,
      0,
      0,
      0,
      0,
      0,
      33,
      0,
      ...number(checksum(data), 4),
      ...number(data.length, 4),
      ...number(data.length, 4),
      ...number(path.length, 2),
      0,
      0,
    ];
    parts.push(Uint8Array.of(80, 75, 3, 4, ...facts, ...path), data);
    directory.push(
      Uint8Array.of(80, 75, 1, 2, ...number(20, 2), ...facts, ...number(0, 10), ...number(offset, 4), ...path),
    );
    offset += 30 + path.length + data.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const count = number(members.length, 2);
  const end = Uint8Array.of(
    80,
    75,
    5,
    6,
    0,
    0,
    0,
    0,
    ...count,
    ...count,
    ...number(size, 4),
    ...number(offset, 4),
    0,
    0,
  );
  return new Blob([...parts, ...directory, end]);
}

const singles = (values) => new Uint8Array(Float32Array.from(values).buffer);

// Settings in the format of core/pgd/config.py; colours follow from the views.
function configOf({ colors: _, ...config }) {
  if (config.search === "pixels") delete config.search;
  return config;
}

function metadataOf(run, k, facts) {
  const model = run.models[k];
  const filled = run.kind === "inpainting";
  const [inside, outside] = changes(run.start, model.last, run.mask, 1);
  return {
    kind: run.kind,
    config: configOf(model.config),
    objective: filled ? { kind: run.kind, weight: run.weight, penalty: model.penalty } : { kind: run.kind },
    targets: [run.target],
    class_names: run.classes,
    terms: filled && model.penalty !== "frozen" ? ["cross_entropy", "penalty"] : ["cross_entropy"],
    seed: 0,
    classifier: facts.networks[model.name].facts,
    images: {
      ...run.images,
      change: [{ inside, outside: filled ? outside : 0 }],
      sure: [model.sureAt === null ? null : { step: model.sureAt, change: model.sureChange }],
    },
    source: {
      type: "computed",
      version: facts.version,
      date: run.date,
      device: "a browser, onnxruntime-web, 1 thread",
      wall_seconds: Math.round(100 * run.seconds) / 100,
    },
    schema: 1,
  };
}

// The run of the k-th network.
export function runFile(run, k, facts) {
  const model = run.models[k];
  const side = Math.sqrt(run.start.length / 3);
  const picture = [1, 3, side, side];
  const states = run.step + 1;
  const metadata = metadataOf(run, k, facts);
  const text = Array.from(JSON.stringify(metadata));
  const count = run.frameSteps.length;
  const curves = [model.loss, model.probability, model.change, model.best];
  const terms = [model.entropy, model.term].slice(0, metadata.terms.length);
  const points = Uint32Array.from(text, (character) => Number(character.codePointAt(0)));
  const members = [
    ["metadata", npy(`<U${text.length}`, [], new Uint8Array(points.buffer))],
    ["frame_deltas", npy("|u1", [count, ...picture], differences(model.frames))],
    ["frame_steps", npy("<i8", [count], new Uint8Array(BigInt64Array.from(run.frameSteps, BigInt).buffer))],
    ["start", npy("<f4", picture, singles(run.start))],
    ["best", npy("|u1", picture, levels(model.bestImage))],
    ["curves", npy("<f4", [4, states, 1], singles(curves.flat()))],
    ["terms", npy("<f4", [terms.length, states, 1], singles(terms.flat()))],
    ["logits", npy("<f4", [2, 1, run.classes.length], singles([...model.first, ...model.logits]))],
  ];
  if (run.kind === "inpainting") {
    members.push(["original", npy("|u1", picture, run.original)], ["mask", npy("|b1", [1, 1, side, side], run.mask)]);
  }
  return zip(members);
}
