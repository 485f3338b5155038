"""Choose the pictures that the app opens with, by rules on the predictions of two small networks.

    python -m precomputed.make_default_picture

writes precomputed/default_picture.json. The picture: the first bundled sample that the small CLIP and the small CNN
both get right, that the wave of the first story turns wrong for the CLIP, and that it leaves right for the CNN; the
story takes, of those that fit, the first automobile that becomes a ship. The pairs to mix: of the pairs of different
classes that `core.sweep hybrids` draws with this seed, the first six of which both networks recognise both pictures,
each shown first at the first network's crossover cutoff. What networks predict of all these is made
after it: python -m core.reproduce.profile --parts predictions.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import ImageDataset
from core.shared import paper
from core.shared.device import class_probabilities
from core.shared.files import write_json
from core.sweep.predict import hybrid_cutoffs, predict_hybrids, wave_on_image
from core.sweep.transforms import CHOICE, draw_pairs

TURNED, KEPT, SAMPLES = "mini-clip", "mini-resnet", "cifar10-samples"
WAVE, SEED = (0, 1), 0
STORY = ("automobile", "ship")
PAIRS, CANDIDATES = 6, 40


def default_picture() -> dict[str, Any]:
    """Return the choice and its reasons, as JSON.

    Raises:
        RuntimeError: no sample fits, no automobile becomes a ship, or too few pairs are recognised.
        IndexError: no network has a crossover cutoff for a pair.
    """
    data = load_samples(SAMPLES)
    images = data.images.astype(np.float32) / 255
    epsilon = paper.EPSILON[data.image_size]
    perturbed = np.stack(
        [wave_on_image(image, WAVE, epsilon, seed=SEED, position=k).perturbed for k, image in enumerate(images)]
    )
    classifiers = {name: load_classifier(name, data.classes) for name in (TURNED, KEPT)}
    clean, under_wave = (
        {name: class_probabilities(classifier, batch).argmax(1) for name, classifier in classifiers.items()}
        for batch in (images, perturbed)
    )
    recognised = np.all([predictions == data.labels for predictions in clean.values()], axis=0)
    fits = recognised & (under_wave[TURNED] != data.labels) & (under_wave[KEPT] == data.labels)
    label, wrong_label = (data.classes.names.index(name) for name in STORY)
    story_fits = fits & (data.labels == label) & (under_wave[TURNED] == wrong_label)
    if not story_fits.any():
        raise RuntimeError(f"the wave {WAVE} makes no {STORY[0]} of {SAMPLES} a {STORY[1]} for {TURNED} alone")
    return {
        "rule": "first sample right without the wave, wrong with it for `turned`, right with it for `kept`",
        "samples": SAMPLES,
        "position": int(fits.argmax()),
        "fitting": np.flatnonzero(fits).tolist(),
        "wave": list(WAVE),
        "epsilon": epsilon,
        "seed": SEED,
        "turned": TURNED,
        "kept": KEPT,
        "sha256": {name: classifier.sha256 for name, classifier in classifiers.items()},
        "story": {
            "rule": f"first of `fitting` that is an {STORY[0]}, and with the wave a {STORY[1]} for `turned`",
            "position": int(story_fits.argmax()),
        },
        "mixtures": _mixtures(data, recognised, list(classifiers.values())),
    }


def _mixtures(data: ImageDataset, recognised: np.ndarray, classifiers: list[Classifier]) -> dict[str, Any]:
    """Choose the pairs to mix; recognised: (N,) bool, whether both networks predict a picture's class."""
    images, drawn = data.images.astype(np.float32) / 255, draw_pairs(data.labels, CANDIDATES, seed=SEED)
    pairs = drawn[recognised[drawn].all(axis=1)][:PAIRS].tolist()
    if len(pairs) < PAIRS:
        raise RuntimeError(f"only {len(pairs)} of {CANDIDATES} pairs are recognised by {TURNED} and {KEPT}")
    cutoffs, starts = hybrid_cutoffs(data.image_size), []
    for low, high in pairs:
        predictions = [predict_hybrids(classifier, images[low], images[high], cutoffs) for classifier in classifiers]
        switches = [hybrids.switches_at(*data.labels[[low, high]]) or len(cutoffs) for hybrids in predictions]
        starts.append(cutoffs[min(switches)])
    rule = f"the first {PAIRS} pairs drawn with seed {SEED} of which both networks recognise both pictures"
    return {"rule": rule, "pairs": pairs, "starts": starts}


if __name__ == "__main__":
    write_json(CHOICE, default_picture(), indent=None)
    print(CHOICE.read_text())
