"""Convert maps and other outcomes from their earlier files, of schema 1, to the one table of results.

    python -m precomputed.convert_outcomes FILE.npz...

Lives for one commit. Every array and the metadata of the earlier file follow from the table, to the bit."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes, StoredGradient
from core.fourier.table import Outcomes
from core.fourier.waves import half_plane, wave_values
from core.sweep.transforms import WAVES, StoredPredictions

Arrays = dict[str, np.ndarray]


def waves(old: Arrays, metadata: dict[str, Any]) -> Outcomes:
    half = np.array(half_plane(len(old["count"])))

    def rows(square: np.ndarray, clean: Any) -> np.ndarray:
        return np.append(np.array([clean], square.dtype), wave_values(square, half))

    counts = rows(old["count"], max(0, old["clean"][2]))
    errors = np.stack([rows(old[f"top{top}_errors"], old["clean"][k]) for k, top in enumerate((1, 5))], axis=1)
    hits = np.where(errors >= 0, counts[:, None] - errors, -1)
    clean = {"true_probability": metadata["source"].pop("clean_true_probability", None)}
    numbers: Arrays = {
        name: rows(old[name], np.nan if clean.get(name) is None else clean[name])
        for name in ("true_probability", "sampling_variance")
        if name in old
    }
    if "printed_rates" in old:
        sides = [wave_values(old["printed_rates"], sign * half).T for sign in (1, -1)]
        numbers["printed_rates"] = np.concatenate([np.full((1, 2, 2), np.nan), np.stack(sides, axis=1)])
    if "estimate" in old:
        numbers["estimate"] = np.concatenate([np.full((1, 3), np.nan), wave_values(old["estimate"], half).T])
    bits = None
    if "outcomes" in old:
        n = len(old["labels"])
        wrong = np.unpackbits(old["outcomes"], axis=1, count=n).astype(bool)
        bits = np.packbits(~wrong & (counts > 0)[:, None], axis=1)[:, None]
    return Heatmap(counts, hits, metadata, bits, old.get("labels"), numbers=numbers)


def hybrids(old: Arrays, metadata: dict[str, Any]) -> Outcomes:
    n = old["labels"].shape[1]
    says = np.unpackbits(old["says"], axis=2, count=n).astype(bool)
    alone = (old["predictions"] == old["labels"])[:, None]
    hit = np.concatenate([alone, says], axis=1).swapaxes(0, 1)
    counts = n * np.append(True, np.isfinite(old["clipped"])).astype(np.int64)
    labels, predictions = (old[name].astype(np.uint16) for name in ("labels", "predictions"))
    clipped = np.append(np.float32(np.nan), old["clipped"]).astype(np.float32)
    numbers = {"cutoffs": np.append(0.0, old["cutoffs"]), "clipped": clipped}
    hits = np.where(counts[:, None] > 0, hit.sum(axis=2), -1)
    return HybridOutcomes(counts, hits, metadata, np.packbits(hit, axis=2), labels, predictions, numbers)


def corruptions(old: Arrays, metadata: dict[str, Any]) -> Outcomes:
    n, spectrum = metadata["pictures"], old["spectrum"].reshape(-1, old["spectrum"].shape[2])
    bits = np.concatenate([old["clean"][None], old["correct"].reshape(len(spectrum), -1)])[:, None]
    counts = n * np.append(True, np.isfinite(spectrum).all(axis=1)).astype(np.int64)
    hits = np.where(counts > 0, np.bitwise_count(bits[:, 0]).sum(axis=1), -1).astype(np.int64)[:, None]
    spectrum = np.concatenate([np.full_like(spectrum[:1], np.nan), spectrum])
    return CorruptionOutcomes(counts, hits, metadata, bits, numbers={"spectrum": spectrum})


def gradients(old: Arrays, metadata: dict[str, Any]) -> Outcomes:
    rows = len(old["blocks"])
    counts = np.full(rows, metadata["dataset"]["n"] // rows)
    return StoredGradient(counts, np.zeros((rows, 0), np.int64), metadata, numbers={"energy": old["blocks"]})


def predictions(old: Arrays, metadata: dict[str, Any]) -> Outcomes:
    top1 = np.zeros((WAVES, old["mixed"].shape[2]), np.uint16)
    top1[np.arange(WAVES), old["classes"]] = old["probabilities"]
    numbers = {"probabilities": np.concatenate([top1, *old["mixed"]])}
    rows = len(numbers["probabilities"])
    return StoredPredictions(np.ones(rows, np.int64), np.zeros((rows, 0), np.int64), metadata, numbers=numbers)


CONVERTERS = {
    "top1_errors": waves,
    "says": hybrids,
    "correct": corruptions,
    "blocks": gradients,
    "classes": predictions,
}


def main() -> int:
    for path in map(Path, sys.argv[1:]):
        with np.load(path) as archive:
            old = {name: archive[name] for name in archive.files}
        if "counts" in old:
            continue
        metadata = json.loads(str(old.pop("metadata")))
        if metadata.pop("schema") != 1:
            raise ValueError(f"{path} has another schema")
        (convert,) = (convert for name, convert in CONVERTERS.items() if name in old)
        before = path.stat().st_size
        convert(old, metadata).save(path)
        print(f"{path}: {before:,} to {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
