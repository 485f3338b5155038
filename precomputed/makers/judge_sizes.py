"""Ask how recognition rests on detail, and a judge of another family: write precomputed/views/judge_sizes.json.

    OMP_NUM_THREADS=1 python -m precomputed.makers.judge_sizes --work FOLDER --photographs DIR

Pictures are the gallery's words in FOLDER, of precomputed.makers.recognition, and a photograph of each word in DIR. The
first judge sees each shrunk to some sizes and enlarged again. ResNet-56 knows ten classes at 32 pixels. It sees the
pictures whose word is one of them or, by WordNet, a kind of one, and the bare sketches of such words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_dataset
from core.data.sample_sets import CIFAR10, imagenet
from core.data.sketches import SKETCHES, draw_sketch
from core.data.stored import classifier_facts
from core.data.words import find_word
from core.pgd.drawings import JUDGE_SIZES, SIZE
from core.pgd.live import run_source
from core.pgd.methods import METHODS
from core.pgd.starts import draw_starts
from core.shared.device import class_probabilities
from core.shared.files import write_json
from precomputed.makers.plans import SEED, drawn_classes, maker_parser, prepare_painter
from precomputed.makers.recognition import JUDGE

SIZES = (224, 112, 64, 32)
OTHER_FAMILY = "resnet-56"
# ImageNet's words that stand for all kinds of each of CIFAR-10's classes; it has no deer.
WORDS = {"airplane": "airplane", "automobile": "car", "bird": "bird", "cat": "cat", "dog": "dog", "frog": "frog",
         "horse": "horse", "ship": "ship", "truck": "truck"}  # fmt: skip


def main() -> None:
    """Ask both judges; write the file."""
    parser = maker_parser(__doc__)
    parser.add_argument("--photographs", required=True, help="folder of class folders of photographs")
    args = parser.parse_args()
    prepare_painter()
    labels, names = drawn_classes(), imagenet().names
    kinds: dict[str, list[np.ndarray]] = {}
    for method in METHODS:
        kinds[method] = [_result(args.work / f"draw-{method}-{label}.npz") for label in labels]
    photographs = load_dataset(args.photographs, image_size=SIZE)
    known = {photographs.classes.names[label]: image for image, label in
             zip(photographs.images, photographs.labels, strict=True)}  # fmt: skip
    kinds["photographs"] = [known[names[label]] for label in labels]
    kinds["start"] = [_bytes(draw_starts([names[label]], 1, "photographs", SEED, "grey")[0]) for label in labels]
    judge, other = load_classifier(JUDGE), load_classifier(OTHER_FAMILY)
    sizes = {
        kind: {size: _recognised(judge, [_seen(picture, size, SIZE) for picture in pictures], labels) for size in SIZES}
        for kind, pictures in kinds.items()
        if kind in ("views", "paper", "photographs")
    }
    classes = [_small_class(label) for label in labels]
    chosen = [k for k, label in enumerate(classes) if label is not None]
    small = {
        kind: _recognised(other, [_seen(pictures[k], 32, 32) for k in chosen], [classes[k] for k in chosen])
        for kind, pictures in kinds.items()
    }
    bare = {name: find_word(row.word, imagenet()) for name, row in SKETCHES.items()}
    sketched = {name: _small_class(members[0]) for name, members in bare.items()}
    drawn = {name: draw_sketch(name).transpose(2, 0, 1) for name, label in sketched.items() if label is not None}
    facts: dict[str, Any] = {
        "judges": [classifier_facts(judge), classifier_facts(other)],
        "n": len(labels),
        "recognised": sizes,
        "other_family": {"words": [names[labels[k]] for k in chosen], "recognised": small},
        "sketches": {
            "names": list(drawn),
            "recognised": _recognised(other, list(drawn.values()), [sketched[name] for name in drawn]),
        },
        "source": run_source(judge.device),
    }
    write_json(JUDGE_SIZES, facts)


def _small_class(label: int) -> int | None:
    """Return the class of CIFAR-10 that one of ImageNet's is a kind of; None if there is none."""
    names = [name for name, word in WORDS.items() if label in find_word(word, imagenet())]
    return CIFAR10.names.index(names[0]) if names else None


def _result(path: Any) -> np.ndarray:
    with np.load(path, allow_pickle=False) as file:
        return np.asarray(file["result"])


def _bytes(picture: np.ndarray) -> np.ndarray:
    return np.rint(picture * 255).astype(np.uint8)


def _seen(picture: np.ndarray, size: int, final: int) -> np.ndarray:
    """Return a (3, H, W) uint8 picture shrunk to a size, then at the final size."""
    image = Image.fromarray(picture.transpose(1, 2, 0))
    for width, how in ((size, Image.Resampling.BOX), (final, Image.Resampling.BICUBIC)):
        image = image if image.width == width else image.resize((width, width), how)
    return np.asarray(image).transpose(2, 0, 1)


def _recognised(judge: Classifier, pictures: Sequence[np.ndarray], labels: Sequence[int | None]) -> int:
    """Return how many pictures have their class as the judge's first guess."""
    first = [
        int(class_probabilities(judge, picture[None].astype(np.float32) / np.float32(255))[0].argmax())
        for picture in pictures
    ]
    return sum(guess == label for guess, label in zip(first, labels, strict=True))


if __name__ == "__main__":
    main()
