"""Choose the rows of examples, by a rule on the judge's gain, without looking at the pictures.

    python -m precomputed.make_examples [--judge resnet-56] [--weights FILE] [--download]

writes precomputed/examples.json. Gain: the judge's probability of the class in a robust twin's result minus that in the
ordinary twin's, mean over the pairs Mini CLIP and Mini ResNet.

* Drawings: the eight classes with the largest gain over the stored drawings from blurs, in the order of the classes; of
  each the first start.
* Holes: of each class the three first bundled pictures, with the usual hole in the middle; of these the one with the
  middle gain in the judge's probability; of these ten the six with the largest gain, in the pictures' order.
* The opening: the random seed, of the first 20 by which both Mini CLIPs end confident of all classes, of the blur from
  which the robust one's drawings have the highest mean probability by two other networks.

Run it after `core.reproduce.profile --parts judgements`, and make the stored runs after it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.holes_and_sketches import middle_square, usual_side
from core.data.sample_sets import CIFAR10, EXAMPLES, SAMPLE_SETS
from core.data.stored import classifier_facts, computed_source
from core.pgd.__main__ import class_order
from core.pgd.pictures import picture_outcomes
from core.pgd.run import SURE, Run, inpainting_plan
from core.pgd.settings import paper_inpainting
from core.reproduce.profile_parts import example_run, opening_plan
from core.shared.device import class_probabilities, device_name
from core.shared.files import write_json

PAIRS = (("mini-clip", "mini-clip-robust"), ("mini-resnet", "mini-resnet-robust"))
CLASSES, PICTURES, CANDIDATES = 8, 6, 3
SEED, SEEDS = 0, 20
OTHERS = ("mini-clip-vit", "mini-resnet")  # they judge the opening


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    parser.add_argument("--weights", type=Path, help="its weight file")
    parser.add_argument("--download", action="store_true", help="allow downloading its weights")
    args = parser.parse_args()
    judge = load_classifier(args.judge, CIFAR10, weights=args.weights, download=args.download)
    content = {
        "drawn": chosen_classes(),
        "filled": chosen_pictures(judge),
        "opening": opening_seed(),
        "judge": classifier_facts(judge),
        "source": computed_source(device_name(judge.device)),
    }
    write_json(EXAMPLES, content)
    print(content)


def chosen_classes() -> list[str]:
    """Return the classes of the row of drawings."""
    order = class_order(len(CIFAR10), SEED)
    stored = picture_outcomes("blur")
    gain = np.zeros(len(CIFAR10))
    for ordinary, robust in PAIRS:
        more = [stored[name].pictures["judge_share_after"] for name in (robust, ordinary)]
        for index, difference in enumerate(more[0] - more[1]):
            gain[order[index % len(order)]] += difference
    return [CIFAR10.names[k] for k in sorted(np.argsort(-gain, kind="stable")[:CLASSES])]


def chosen_pictures(judge: Classifier) -> list[int]:
    """Return the positions of the row of holes among the bundled pictures."""
    data = load_samples("cifar10-samples")
    candidates = [np.flatnonzero(data.labels == label)[:CANDIDATES] for label in range(len(CIFAR10))]
    rows = np.concatenate(candidates)
    gain = dict(zip(rows.tolist(), _gains(judge, rows, data), strict=True))
    middle = [sorted(some.tolist(), key=gain.__getitem__)[CANDIDATES // 2] for some in candidates]
    return sorted(sorted(middle, key=gain.__getitem__)[-PICTURES:])


def _gains(judge: Classifier, rows: np.ndarray, data: Any) -> np.ndarray:
    """Return the judge's probability of the true class, robust minus ordinary, mean over the pairs, (n,)."""
    size, labels = data.image_size, data.labels[rows]
    config = paper_inpainting(size, usual_side(size))
    plan = inpainting_plan(data.images[rows], middle_square(size), labels.tolist(), config)
    names, probabilities = [name for pair in PAIRS for name in pair], {}
    for states in Run(plan, lambda: [load_classifier(name, CIFAR10) for name in names]).states():
        last = states
    for name, state in zip(names, last, strict=True):
        probabilities[name] = class_probabilities(judge, state.images.cpu().numpy())[np.arange(len(rows)), labels]
        print(name, probabilities[name].mean(), flush=True)
    return np.mean([probabilities[robust] - probabilities[ordinary] for ordinary, robust in PAIRS], axis=0)


def opening_seed() -> int:
    """Choose the random seed of the opening's blur."""
    row = SAMPLE_SETS["cifar10"]
    painters, judges = ([load_classifier(name, row.classes) for name in names] for names in (PAIRS[0], OTHERS))

    def recognised(seed: int) -> float:
        runs = [example_run(opening_plan(row, seed), painter) for painter in painters]
        if min(run.curves["target_probability"][-1].min() for run in runs) < SURE:
            return 0.0
        drawn = runs[-1].frames[-1].astype(np.float32) / 255
        return float(np.mean([np.diag(class_probabilities(judge, drawn)).mean() for judge in judges]))

    return max(range(SEEDS), key=recognised)


if __name__ == "__main__":
    main()
