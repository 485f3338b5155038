"""Store pairs of bundled pictures to mix, with what two small networks predict of them at every cutoff of the slider.

    python -m precomputed.make_hybrid_pairs

The rule: of the pairs of different classes that `core.sweep.hybrid` draws from the bundled CIFAR-10 samples with
seed 0, the first six of which both networks recognise both pictures. The page *Story* and the static edition show them
without torch, each pair first at the cutoff at which the first network changes its mind.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.classifiers.registry import load_classifier
from core.data.classes import PRECOMPUTED
from core.data.samples import load_samples
from core.shared.files import write_json
from core.sweep.hybrid.pairs import draw_pairs
from core.sweep.predictions import class_probabilities, hybrid_cutoffs, predict_hybrids

TARGET = PRECOMPUTED / "hybrids" / "pairs.json"
NETWORKS, SAMPLES = ("mini-clip", "mini-resnet"), "cifar10-samples"
PAIRS, CANDIDATES, SEED = 6, 40, 0
DECIMALS = 4  # of the stored probabilities


def hybrid_pairs() -> dict[str, Any]:
    """The rule's result with what it rests on, as JSON.

    Raises:
        RuntimeError: too few pairs are recognised.
        IndexError: no network changes its mind about a pair.
    """
    data = load_samples(SAMPLES)
    images, drawn = data.images.astype(np.float32) / 255, draw_pairs(data.labels, CANDIDATES, seed=SEED)
    classifiers = [load_classifier(name, data.classes) for name in NETWORKS]
    known = np.all(
        [class_probabilities(classifier, images).argmax(1) == data.labels for classifier in classifiers], axis=0
    )
    pairs = drawn[known[drawn].all(axis=1)][:PAIRS].tolist()
    if len(pairs) < PAIRS:
        raise RuntimeError(f"only {len(pairs)} of {CANDIDATES} pairs are recognised by {' and '.join(NETWORKS)}")
    cutoffs, starts = hybrid_cutoffs(data.image_size), []
    probabilities: dict[str, list[Any]] = {classifier.name: [] for classifier in classifiers}
    for low, high in pairs:
        switches = []
        for classifier in classifiers:
            parts = predict_hybrids(classifier, images[low], images[high], cutoffs)
            switches.append(parts.switches_at(*data.labels[[low, high]]) or len(cutoffs))
            rows = np.stack([parts.low, parts.high, *parts.mixed])
            probabilities[classifier.name].append(rows.astype(float).round(DECIMALS).tolist())
        starts.append(cutoffs[min(switches)])
    return {
        "rule": f"the first {PAIRS} pairs drawn with seed {SEED} of which both networks recognise both pictures",
        "samples": SAMPLES,
        "pairs": pairs,
        "starts": starts,
        "sha256": {classifier.name: classifier.sha256 for classifier in classifiers},
        "probabilities": probabilities,
    }


if __name__ == "__main__":
    write_json(TARGET, hybrid_pairs(), indent=None)
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
