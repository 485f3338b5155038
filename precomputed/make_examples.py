"""Chooses what the rows of examples show, by a rule that looks at the judge's gain, never at the pictures.

    python -m precomputed.make_examples [--judge resnet-56] [--weights FILE] [--download]

writes precomputed/examples.json. Gain: how much more the judge sees the class in what a robust twin made than in what
its ordinary twin made, mean of the pairs Mini CLIP and Mini ResNet.

* Drawings: the eight classes with the largest gain over the stored drawings from blurs, in the order of the classes; of
  each the first start.
* Holes: of each class the three first bundled pictures, with the usual hole in the middle; of these the one with the
  middle gain in the judge's probability; of these ten the six with the largest gain, in the pictures' order.

Run it after `precomputed.make_judgements`, and make the stored runs after it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.provenance import classifier_facts, computed_source
from core.data.sample_sets import EXAMPLES
from core.data.samples import load_samples
from core.images.masks import middle_square, usual_side
from core.pgd.config import paper_inpainting
from core.reconstruct.job import class_order
from core.runs.picture_outcomes import picture_outcomes
from core.runs.plan import inpainting_plan
from core.runs.run import Run
from core.shared.device import device_name
from core.shared.files import write_json
from core.sweep.predictions import class_probabilities
from precomputed.make_judgements import judge_options, load_judge

PAIRS = (("mini-clip", "mini-clip-robust"), ("mini-resnet", "mini-resnet-robust"))
CLASSES, PICTURES, CANDIDATES = 8, 6, 3
SEED = 0


def main() -> None:
    """Write the file."""
    parser = judge_options(__doc__)
    judge = load_judge(parser.parse_args())
    content = {
        "drawn": chosen_classes(),
        "filled": chosen_pictures(judge),
        "judge": classifier_facts(judge),
        "source": computed_source(device_name(judge)),
    }
    write_json(EXAMPLES, content)
    print(content)


def chosen_classes() -> list[str]:
    """The classes of the row of drawings."""
    order = class_order(len(CIFAR10), SEED)
    stored = picture_outcomes("blur")
    gain = np.zeros(len(CIFAR10))
    for ordinary, robust in PAIRS:
        more = [stored[name].pictures["judge_share_after"] for name in (robust, ordinary)]
        for index, difference in enumerate(more[0] - more[1]):
            gain[order[index % len(order)]] += difference
    return [CIFAR10.names[k] for k in sorted(np.argsort(-gain, kind="stable")[:CLASSES])]


def chosen_pictures(judge: Classifier) -> list[int]:
    """Positions of the pictures of the row of holes, among the bundled ones."""
    data = load_samples("cifar10-samples")
    candidates = [np.flatnonzero(data.labels == label)[:CANDIDATES] for label in range(len(CIFAR10))]
    rows = np.concatenate(candidates)
    gain = dict(zip(rows.tolist(), _gains(judge, rows, data), strict=True))
    middle = [sorted(some.tolist(), key=gain.__getitem__)[CANDIDATES // 2] for some in candidates]
    return sorted(sorted(middle, key=gain.__getitem__)[-PICTURES:])


def _gains(judge: Classifier, rows: np.ndarray, data: Any) -> np.ndarray:
    """(n,) the judge's probability of the true class: robust minus ordinary, mean of the pairs."""
    size, labels = data.image_size, data.labels[rows]
    config = paper_inpainting(size, usual_side(size))
    plan = inpainting_plan(data.images[rows], middle_square(size), labels.tolist(), config)
    names, seen = [name for pair in PAIRS for name in pair], {}
    for states in Run(plan, lambda: [load_classifier(name, CIFAR10) for name in names]).states():
        last = states
    for name, state in zip(names, last, strict=True):
        seen[name] = class_probabilities(judge, state.images.cpu().numpy())[np.arange(len(rows)), labels]
        print(name, seen[name].mean(), flush=True)
    return np.mean([seen[robust] - seen[ordinary] for ordinary, robust in PAIRS], axis=0)


if __name__ == "__main__":
    main()
