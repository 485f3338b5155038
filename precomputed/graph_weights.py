"""What the exported graphs compute with: a classifier's own tensors, in the order in which the graphs expect them.

`precomputed.make_graphs` writes graphs without weights, since those of precomputed/models are in the repository.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from core.data.classes import CIFAR10, PRECOMPUTED
from core.pgd.penalties import Penalty

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.kinds.base import Classifier

GRAPHS = PRECOMPUTED / "graphs"
PROVENANCE = GRAPHS / "provenance.json"
WEIGHTS = "weights.bin"  # what the graphs call the file of their initializers
PREDICT = "predict"
PENALTIES: tuple[Penalty, ...] = ("eq3", "mean_square")  # of Eq. 3 that a step graph is named after
NAMES = (PREDICT, *PENALTIES)


def named_tensors(classifier: Classifier) -> dict[str, Tensor]:
    """Every float32 tensor of a classifier, by its name in it."""
    found = {**dict(classifier.named_parameters()), **dict(classifier.named_buffers())}
    return {name: tensor.detach() for name, tensor in found.items() if tensor.is_floating_point()}


def graph_facts() -> dict[str, Any]:
    """What `precomputed/graphs/provenance.json` says of each classifier's graphs, by its name."""
    return json.loads(PROVENANCE.read_text(encoding="utf-8"))["graphs"]


def packed_weights(name: str) -> bytes:
    """The tensors that a classifier's graphs name, one after the other, little-endian float32.

    Raises:
        RuntimeError: the graphs were exported from other weights.
    """
    from core.classifiers.registry import load_classifier

    facts, classifier = graph_facts()[name], load_classifier(name, CIFAR10)
    if facts["classifier"]["sha256"] != classifier.sha256:
        raise RuntimeError(
            f"the graphs of {name!r} want weights {facts['classifier']['sha256']}, got {classifier.sha256}; "
            "run python -m precomputed.make_graphs"
        )
    tensors = named_tensors(classifier)
    return b"".join(tensors[one].contiguous().numpy().astype("<f4").tobytes() for one in facts["weights"])
