"""Choose the bundled sample images that pages open with.

    python -m precomputed.makers.samples opening
    python -m precomputed.makers.samples waves

`opening` writes precomputed/default_picture.json, by rules on the predictions of two small networks. The picture: the
first bundled sample that the small CLIP and the small CNN both get right. The story takes the first automobile among
them that its wave makes a ship for the CLIP and leaves right for the CNN; how many it misleads for one of them alone
is stored, and said beside it. The pairs to mix: of the pairs of different classes that `core.sweep hybrids` draws with
this seed, the first six of which both networks recognise both pictures, each shown first at the first network's
crossover cutoff. What networks predict of all these is made after it: python -m core.reproduce.profile --parts
predictions.

`waves` writes precomputed/waves/: what the bundled networks say of each bundled picture under every wave of its map.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import PRECOMPUTED, SAMPLE_SETS, ImageDataset, usual_epsilon
from core.shared import paper
from core.shared.device import class_probabilities, prepare_torch
from core.shared.files import write_json
from core.sweep.answers import answers_on_samples
from core.sweep.hybrids import draw_pairs
from core.sweep.predict import hybrid_cutoffs, predict_hybrids, wave_on_image
from core.sweep.story import STORY_CHOICE
from core.sweep.waves import usual_map_side

_DRAW_SEED = 0
TURNED, KEPT, PAINTED = "mini-clip", "mini-resnet", "cifar10-samples"
WAVE = (0, 1)
STORY = ("automobile", "ship")
MIXED, DRAWN = 6, 40


def default_picture() -> dict[str, Any]:
    """Return the choice and its reasons, as JSON.

    Raises:
        RuntimeError: no sample fits, no automobile becomes a ship, or too few pairs are recognised.
        IndexError: no network has a crossover cutoff for a pair.
    """
    data = load_samples(PAINTED)
    images = data.images.astype(np.float32) / 255
    epsilon = paper.EPSILON[data.image_size]
    perturbed = np.stack(
        [wave_on_image(image, WAVE, epsilon, seed=_DRAW_SEED, position=k) for k, image in enumerate(images)]
    )
    classifiers = {name: load_classifier(name, data.classes) for name in (TURNED, KEPT)}
    clean, under_wave = (
        {name: class_probabilities(classifier, batch).argmax(1) for name, classifier in classifiers.items()}
        for batch in (images, perturbed)
    )
    recognised = np.all([predictions == data.labels for predictions in clean.values()], axis=0)
    misled = {name: recognised & (predictions != data.labels) for name, predictions in under_wave.items()}
    fits = misled[TURNED] & ~misled[KEPT]
    label, wrong_label = (data.classes.names.index(name) for name in STORY)
    story_fits = fits & (data.labels == label) & (under_wave[TURNED] == wrong_label)
    if not story_fits.any():
        raise RuntimeError(f"the wave {WAVE} makes no {STORY[0]} of {PAINTED} a {STORY[1]} for {TURNED} alone")
    return {
        "rule": "first sample that both networks recognise",
        "samples": PAINTED,
        "position": int(recognised.argmax()),
        "wave": list(WAVE),
        "epsilon": epsilon,
        "seed": _DRAW_SEED,
        "turned": TURNED,
        "kept": KEPT,
        "sha256": {name: classifier.sha256 for name, classifier in classifiers.items()},
        "story": {
            "rule": f"first recognised {STORY[0]} that the wave makes a {STORY[1]} for `turned`, not for `kept`",
            "position": int(story_fits.argmax()),
            "recognised": int(recognised.sum()),
            "misled_alone": {TURNED: int(fits.sum()), KEPT: int((misled[KEPT] & ~misled[TURNED]).sum())},
        },
        "mixtures": _mixtures(data, recognised, list(classifiers.values())),
    }


def _mixtures(data: ImageDataset, recognised: np.ndarray, classifiers: list[Classifier]) -> dict[str, Any]:
    """Choose the pairs to mix; recognised: (N,) bool, whether both networks predict a picture's class."""
    images, drawn = data.images.astype(np.float32) / 255, draw_pairs(data.labels, DRAWN, seed=_DRAW_SEED)
    pairs = drawn[recognised[drawn].all(axis=1)][:MIXED].tolist()
    if len(pairs) < MIXED:
        raise RuntimeError(f"only {len(pairs)} of {DRAWN} pairs are recognised by {TURNED} and {KEPT}")
    cutoffs, starts = hybrid_cutoffs(data.image_size), []
    for low, high in pairs:
        predictions = [predict_hybrids(classifier, images[low], images[high], cutoffs) for classifier in classifiers]
        switches = [hybrids.switches_at(*data.labels[[low, high]]) or len(cutoffs) for hybrids in predictions]
        starts.append(cutoffs[min(switches)])
    rule = f"the first {MIXED} pairs drawn with seed {_DRAW_SEED} of which both networks recognise both pictures"
    return {"rule": rule, "pairs": pairs, "starts": starts}


_ANSWERING = {
    "cifar10": ("mini-clip", "mini-clip-robust", "mini-clip-vit", "mini-resnet", "mini-resnet-robust"),
    "photographs": ("efficientnet-lite0",),
}


def answers_under_waves() -> None:
    """Write what each network says of each bundled picture under every wave of its map."""
    prepare_torch()
    for name, networks in _ANSWERING.items():
        row = SAMPLE_SETS[name]
        for network in networks:
            classifier = load_classifier(network, row.classes)
            answers = answers_on_samples(
                classifier, load_samples(row.dataset), usual_map_side(row.side), usual_epsilon(row.side)
            )
            answers.save(PRECOMPUTED / "waves" / f"{network}.npz")


def main() -> None:
    """Make what is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=("opening", "waves"))
    if parser.parse_args().which == "opening":
        write_json(STORY_CHOICE, default_picture(), indent=None)
    else:
        answers_under_waves()


if __name__ == "__main__":
    main()
